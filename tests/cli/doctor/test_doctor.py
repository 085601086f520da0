"""``anime doctor`` as it is typed: before a deployment, after one, and on a laptop."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.exceptions import NoCredentialsError
from typer.testing import CliRunner

from cli.doctor import ask_laptop, diagnosis
from cli.doctor.asking import Clients
from cli.main import app, hoist
from local.control import Status
from tests.support.fake_aws import ACCOUNT, FakeAws, coded, refusal
from tests.support.fake_stack import FakeS3, FakeStack

SECRET: Final = "a-secret-that-nobody-may-see"
PREFIX: Final = "anime-infra-dev-"
NOW: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
CREDENTIALS: Final = dict.fromkeys(
    (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "MONGODB_ATLAS_CLIENT_ID",
        "MONGODB_ATLAS_CLIENT_SECRET",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_CONFIG_PASSPHRASE",
        "QDRANT_CLOUD_ACCOUNT_ID",
        "QDRANT_CLOUD_API_KEY",
    ),
    SECRET,
)
DEV: Final = """config:
  anime-infra:stage: dev
  anime-infra:awsRegion: eu-central-1
  anime-infra:embedder: bedrock:amazon.titan-embed-text-v2:0
  anime-infra:schedulesEnabled: true
"""
ENDPOINTS: Final = {
    "buckets": {"data": "anime-data"},
    "functions": {"query": f"{PREFIX}query", "review": f"{PREFIX}review"},
    "machines": {"enrichment": "arn"},
    "region": "eu-central-1",
}
AVAILABLE: Final = {
    "agreementAvailability": {"status": "AVAILABLE"},
    "authorizationStatus": "AUTHORIZED",
    "entitlementAvailability": "AVAILABLE",
    "regionAvailability": "AVAILABLE",
}
ACCOUNT_ANSWERS: Final[Mapping[str, Any]] = {
    "sts.get_caller_identity": {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/me"},
    "ssm.get_parameter": refusal("ParameterNotFound"),
    "bedrock.get_foundation_model_availability": AVAILABLE,
    "lambda.get_account_settings": {
        "AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
    },
    "lambda.get_function_concurrency": coded("ResourceNotFoundException"),
}
CALM: Final[Mapping[str, Any]] = {
    "catalogues": [{"catalogue": "jikan", "paused_until": None, "reason": None}],
    "problem": None,
}
REPORT: Final[Mapping[str, Any]] = {"state": "succeeded", "updated_at": "x", "result": {}, "error": None}


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed

    def states(self) -> dict[str, str]:
        return {finding["check"]: finding["state"] for finding in self.json["findings"]}


Doctor = Callable[..., Ended]


@dataclass
class Outside:
    """What the doctor finds; a test changes it before it asks."""

    root: Path
    environment: dict[str, str]
    answers: dict[str, Any]
    status: Status
    made: list[FakeAws]

    def clients(self, region: str, endpoint_url: str | None) -> Clients:
        self.made.append(FakeAws(self.answers, region=region, endpoint_url=endpoint_url))
        return self.made[-1]


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outside:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    (tmp_path / "Pulumi.yaml").write_text("name: anime-infra\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(DEV)
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool, version in (("pulumi", "v9.0.0"), ("uv", "uv 9.0.0")):
        (tools / tool).write_text(f"#!/bin/sh\necho {version}\n")
        (tools / tool).chmod(0o700)
    return Outside(
        root=tmp_path,
        environment={"PATH": str(tools), "AWS_REGION": "eu-central-1", **CREDENTIALS},
        answers=dict(ACCOUNT_ANSWERS),
        status=Status(name="local", state="stopped"),
        made=[],
    )


@pytest.fixture
def doctor(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    real = diagnosis.World

    def world(*, root: Path) -> diagnosis.World:
        return real(
            root=root,
            home=root,
            environment=outside.environment,
            clients=outside.clients,
            local_status=lambda _name, _root: outside.status,
            now=lambda: NOW,
        )

    monkeypatch.setattr(diagnosis, "World", world)
    monkeypatch.chdir(outside.root)

    def run(*arguments: str) -> Ended:
        ended = CliRunner().invoke(app, hoist(["doctor", *arguments]))
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    return run


def deployed(outside: Outside, different: Mapping[str, Any] | None = None, *, calm: Mapping[str, Any] = CALM) -> None:
    """The answers of a stack that is well, but for those that are given."""
    stack = FakeStack()
    stack.objects.put("reports/sync/r.json", json.dumps(dict(REPORT)).encode())
    contents = [{"Key": "reports/sync/r.json", "LastModified": NOW - timedelta(hours=3)}]

    def invoke(*, FunctionName: str, Payload: bytes, **_more: Any) -> Any:  # noqa: N803 - boto3's names
        if json.loads(Payload)["action"] == "catalogues":
            return {"Payload": io.BytesIO(json.dumps(dict(calm)).encode())}
        session = stack.session()
        return session.functions.invoke(
            FunctionName=f"anime-local-{FunctionName.removeprefix(PREFIX)}", Payload=Payload
        )

    outside.answers |= {
        "ssm.get_parameter": {"Parameter": {"Value": json.dumps(ENDPOINTS)}},
        "lambda.get_function_configuration": {"State": "Active", "LastUpdateStatus": "Successful"},
        "lambda.invoke": invoke,
        "secretsmanager.list_secrets": {
            "SecretList": [{"Name": f"{PREFIX}catalogue-jikan", "SecretVersionsToStages": {"v": ["AWSCURRENT"]}}]
        },
        "sns.list_subscriptions_by_topic": {"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:x"}]},
        "cloudwatch.describe_alarms": {"MetricAlarms": []},
        "scheduler.list_schedules": {"Schedules": [{"Name": f"{PREFIX}weekly-sync", "State": "ENABLED"}]},
        "sqs.list_queues": {"QueueUrls": [f"https://sqs/{ACCOUNT}/{PREFIX}commit-dlq"]},
        "sqs.get_queue_attributes": {"Attributes": {"ApproximateNumberOfMessages": "0"}},
        "s3.list_objects_v2": lambda **query: {"Contents": contents if "sync" in query["Prefix"] else []},
        "s3.get_object": lambda **query: _object(stack, query),
        **(different or {}),
    }


def _object(stack: FakeStack, query: Mapping[str, Any]) -> Any:
    try:
        return FakeS3(stack).get_object(**query)
    except FakeS3.exceptions.NoSuchKey:
        raise coded("NoSuchKey") from None


# ------------------------------------------------------------------------------------------------ before a deployment


def test_all_that_a_deployment_needs_is_there(doctor: Doctor) -> None:
    ended = doctor("--stack", "dev", "--json")
    assert ended.code == 0, ended.out
    assert ended.json["deployed"] is False
    assert ended.json["region"] == "eu-central-1"
    assert {check: state for check, state in ended.states().items() if state != "ok"} == {"deployment": "warning"}


def test_without_credentials_it_ends_with_1_and_says_what_to_do(doctor: Doctor, outside: Outside) -> None:
    outside.environment = {"PATH": "/nowhere"}
    outside.answers["sts.get_caller_identity"] = NoCredentialsError()
    ended = doctor("--stack", "dev")
    assert ended.code == 1
    for said in (
        "AWS_ACCESS_KEY_ID",
        "AWS_REGION=eu-central-1",
        "MONGODB_ATLAS_CLIENT_ID",
        "QDRANT_CLOUD_API_KEY",
        "PULUMI_ACCESS_TOKEN",
        "https://www.pulumi.com/docs/install/",
        ".venv/bin/activate",
        "6 missing, 2 warnings",
    ):
        assert said in ended.out


def test_aws_is_asked_no_further_until_one_has_signed_in(doctor: Doctor, outside: Outside) -> None:
    outside.answers["sts.get_caller_identity"] = NoCredentialsError()
    doctor("--stack", "dev")
    assert [name for aws in outside.made for name, _ in aws.asked] == ["sts.get_caller_identity"]


def test_a_stack_without_settings_is_told_how_to_get_them(doctor: Doctor) -> None:
    ended = doctor("--stack", "staging")
    assert ended.code == 1
    assert "copy Pulumi.dev.yaml to Pulumi.staging.yaml" in ended.out


def test_a_settings_file_and_an_environment_without_a_region_end_in_words(doctor: Doctor, outside: Outside) -> None:
    outside.environment.pop("AWS_REGION")
    ended = doctor("--stack", "staging")
    assert ended.code == 1
    assert "no region is known" in ended.out
    assert outside.made == []


@pytest.mark.parametrize("stack", ["../dev", "Dev", "dev/x", "a" * 17])
def test_what_is_no_name_of_a_stack_is_misuse(doctor: Doctor, outside: Outside, stack: str) -> None:
    ended = doctor("--stack", stack)
    assert (ended.code, ended.out) == (2, "")
    assert outside.made == []


def test_the_region_of_the_settings_is_asked_whatever_is_typed(doctor: Doctor, outside: Outside) -> None:
    ended = doctor("--stack", "dev", "--region", "eu-west-1", "--json")
    assert ended.states()["AWS region"] == "warning"
    assert [aws.region for aws in outside.made] == ["eu-central-1"]


def test_a_network_of_ones_own_needs_room_under_three_quotas(doctor: Doctor, outside: Outside) -> None:
    (outside.root / "Pulumi.dev.yaml").write_text(
        DEV + "  anime-infra:network: full\n  anime-infra:availabilityZones: [eu-central-1a, eu-central-1b]\n"
    )
    outside.answers |= {
        "service-quotas.get_service_quota": {"Quota": {"Value": 5.0}},
        "ec2.describe_addresses": {"Addresses": [{}] * 5},
        "ec2.describe_vpcs": {"Vpcs": [{}]},
        "ec2.describe_nat_gateways": {"NatGateways": []},
    }
    ended = doctor("--stack", "dev", "--json")
    assert ended.code == 1
    states = ended.states()
    assert (states["Elastic IPs"], states["VPCs"], states["NAT gateways"]) == ("missing", "ok", "ok")


def test_without_a_network_of_ones_own_its_quotas_are_nobodys_business(doctor: Doctor, outside: Outside) -> None:
    doctor("--stack", "dev")
    (aws,) = outside.made
    assert not [name for name, _ in aws.asked if name.startswith(("ec2.", "service-quotas."))]


def test_a_boundary_that_the_settings_name_must_exist(doctor: Doctor, outside: Outside) -> None:
    (outside.root / "Pulumi.dev.yaml").write_text(DEV + "  anime-infra:permissionsBoundary: anime-ci-boundary\n")
    outside.answers["iam.get_policy"] = refusal("NoSuchEntity")
    assert doctor("--stack", "dev", "--json").states()["permissions boundary"] == "missing"


def test_whoever_may_look_at_nothing_gets_warnings_that_name_the_rights(doctor: Doctor, outside: Outside) -> None:
    identity = "sts.get_caller_identity"
    outside.answers = {identity: outside.answers[identity]}
    ended = doctor("--stack", "dev")
    assert ended.code == 0
    for right in ("ssm:GetParameter", "bedrock:GetFoundationModelAvailability", "lambda:GetAccountSettings"):
        assert f"allow {right}" in ended.out


# ----------------------------------------------------------------------------------------------------------- a probe


def test_no_model_is_called_unless_a_probe_is_asked_for(doctor: Doctor, outside: Outside) -> None:
    outside.answers["bedrock-runtime.invoke_model"] = {}
    doctor("--stack", "dev")
    doctor("--stack", "dev", "--probe")
    called = [[name for name, _ in aws.asked if name.startswith("bedrock-runtime.")] for aws in outside.made]
    assert called == [[], ["bedrock-runtime.invoke_model"]]


def test_a_probe_that_is_refused_ends_with_1(doctor: Doctor, outside: Outside) -> None:
    outside.answers["bedrock-runtime.invoke_model"] = refusal("AccessDeniedException")
    assert doctor("--stack", "dev", "--probe").code == 1


def test_a_deployed_stack_is_probed_by_its_own_search(doctor: Doctor, outside: Outside) -> None:
    deployed(outside)
    ended = doctor("--stack", "dev", "--probe", "--json")
    assert ended.states()["search"] == "ok"
    assert not [name for aws in outside.made for name, _ in aws.asked if name.startswith("bedrock-runtime.")]


# ------------------------------------------------------------------------------------------------- after a deployment


def test_a_stack_that_is_well_has_nothing_to_do(doctor: Doctor, outside: Outside) -> None:
    deployed(outside)
    ended = doctor("--stack", "dev")
    assert ended.code == 0
    assert ended.out.endswith("all is well\n")


def test_what_only_a_deployment_needs_does_not_block_whoever_uses_the_stack(doctor: Doctor, outside: Outside) -> None:
    deployed(outside)
    outside.environment = {"PATH": "/nowhere", "AWS_REGION": "eu-central-1"}
    ended = doctor("--stack", "dev", "--json")
    assert ended.code == 0
    assert ended.json["state"] == "warning"


@pytest.mark.parametrize(
    ("answer", "value", "check", "state"),
    [
        ("lambda.get_function_configuration", {"State": "Failed"}, "functions", "missing"),
        (
            "secretsmanager.list_secrets",
            {"SecretList": [{"Name": f"{PREFIX}catalogue-animeschedule"}]},
            f"secret {PREFIX}catalogue-animeschedule",
            "warning",
        ),
        ("sns.list_subscriptions_by_topic", {"Subscriptions": []}, "alarms", "warning"),
        ("cloudwatch.describe_alarms", {"MetricAlarms": [{"AlarmName": "a"}]}, "alarms ringing", "warning"),
        ("scheduler.list_schedules", {"Schedules": [{"Name": "a", "State": "DISABLED"}]}, "schedules", "warning"),
        (
            "sqs.get_queue_attributes",
            {"Attributes": {"ApproximateNumberOfMessages": "2"}},
            f"queue {PREFIX}commit-dlq",
            "warning",
        ),
        ("s3.list_objects_v2", {"Contents": []}, "first load", "warning"),
    ],
)
def test_each_trouble_of_a_stack_has_its_line(
    doctor: Doctor, outside: Outside, answer: str, value: Any, check: str, state: str
) -> None:
    deployed(outside, {answer: value})
    ended = doctor("--stack", "dev", "--json")
    assert {check: state} == {name: found for name, found in ended.states().items() if found != "ok"}
    assert ended.code == (1 if state == "missing" else 0)


def test_whoever_may_not_call_functions_learns_less_and_which_right_it_takes(doctor: Doctor, outside: Outside) -> None:
    deployed(outside, {"lambda.invoke": refusal("AccessDenied")})
    ended = doctor("--stack", "dev", "--json")
    assert ended.code == 0
    untold = [finding for finding in ended.json["findings"] if finding["state"] != "ok"]
    assert {finding["check"] for finding in untold} == {"reviews", "catalogues"}
    assert all("lambda:InvokeFunction" in finding["do"] for finding in untold)


def test_a_catalogue_that_is_banned_has_its_line(doctor: Doctor, outside: Outside) -> None:
    until = (NOW + timedelta(hours=5)).isoformat()
    states = {"catalogues": [{"catalogue": "anidb", "paused_until": until, "reason": "ban"}], "problem": None}
    deployed(outside, calm=states)
    assert doctor("--stack", "dev", "--json").states()["catalogue anidb"] == "warning"


def test_every_question_may_fail_and_none_ends_the_doctor(doctor: Doctor, outside: Outside) -> None:
    deployed(outside)
    whole = len(doctor("--stack", "dev", "--json").json["findings"])
    for name in sorted(outside.answers.keys() - {"sts.get_caller_identity"}):
        deployed(outside, {name: RuntimeError(SECRET)})
        ended = doctor("--stack", "dev", "--json")
        assert ended.code == 0, name
        assert ended.json["state"] == "warning", name
        assert name == "ssm.get_parameter" or len(ended.json["findings"]) >= whole - 1, name
        assert SECRET not in ended.out + ended.err


def test_a_schema_that_the_stack_tells_is_compared(doctor: Doctor, outside: Outside) -> None:
    document = json.dumps({**ENDPOINTS, "schema_hash": "of long ago"})
    deployed(outside, {"ssm.get_parameter": {"Parameter": {"Value": document}}})
    assert doctor("--stack", "dev", "--json").states()["schema"] == "warning"


# ----------------------------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--probe"]])
def test_no_credential_is_ever_shown(doctor: Doctor, outside: Outside, arguments: list[str]) -> None:
    (outside.root / ".pulumi").mkdir()
    login = {"current": f"https://{SECRET}@example.org", "accounts": {"x": {"accessToken": SECRET}}}
    (outside.root / ".pulumi" / "credentials.json").write_text(json.dumps(login))
    (outside.root / "Pulumi.dev.yaml").write_text(DEV + f"  qdrant-cloud:apiKey: {SECRET}\n")
    failures = {name: refusal("Teapot", SECRET) for name in ("bedrock-runtime.invoke_model", "sqs.list_queues")}
    for change in ({}, failures, dict.fromkeys(failures, RuntimeError(SECRET))):
        for token in (True, False):
            outside.environment = {**CREDENTIALS, "PATH": outside.environment["PATH"]}
            if not token:
                outside.environment.pop("PULUMI_ACCESS_TOKEN")
            deployed(outside, change)
            ended = doctor("--stack", "dev", *arguments)
            assert ended.out
            assert SECRET not in ended.out + ended.err


def test_of_a_local_stack_no_password_is_shown(
    doctor: Doctor, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask_laptop, "_MILLISECONDS", 100)
    described = {
        "aws_endpoint": "http://127.0.0.1:1",
        "region": "us-east-1",
        "mongo_uri": f"mongodb://me:{SECRET}@127.0.0.1:1",
        "redis_url": f"redis://:{SECRET}@127.0.0.1:1",
        "endpoints": ENDPOINTS,
    }
    outside.status = Status(name="local", state="running", pid=7, description=described)
    ended = doctor()
    assert ended.code == 1
    assert SECRET not in ended.out + ended.err


# --------------------------------------------------------------------------------------------------------- a laptop


def test_a_local_stack_that_does_not_run_is_told_how_to_start(doctor: Doctor) -> None:
    ended = doctor("--json")
    assert ended.code == 1
    (finding,) = ended.json["findings"]
    assert finding["do"] == "`anime local up --detach`"


def test_a_local_stack_that_starts_is_waited_for(doctor: Doctor, outside: Outside) -> None:
    outside.status = Status(name="local", state="starting", pid=7)
    assert doctor("--json").states() == {"local stack": "warning"}


def test_a_local_stack_that_runs_is_looked_at_like_any_other(
    doctor: Doctor, outside: Outside, mongo_uri: str, aws_endpoint: str
) -> None:
    deployed(outside)
    outside.answers["scheduler.list_schedules"] = {"Schedules": [{"Name": "a", "State": "DISABLED"}]}
    described = {
        "aws_endpoint": aws_endpoint,
        "region": "us-east-1",
        "mongo_uri": mongo_uri,
        "redis_url": None,
        "endpoints": ENDPOINTS,
    }
    outside.status = Status(name="local", state="running", pid=7, description=described)
    ended = doctor("--json")
    assert ended.code == 0, ended.out
    states = ended.states()
    assert {check for check, state in states.items() if state != "ok"} == {"cache"}
    assert {"AWS emulator", "MongoDB", "functions", "schedules", "reviews"} <= states.keys()
    assert not {"Atlas credentials", "secrets", "alarms"} & states.keys()


# ----------------------------------------------------------------------------------------------------------- output


def test_with_json_one_object_is_on_stdout_and_progress_is_not(doctor: Doctor) -> None:
    ended = doctor("--stack", "dev", "--json")
    assert len(ended.out.splitlines()) == 1
    assert set(ended.json) == {"stack", "region", "deployed", "state", "findings"}
    assert "looking at dev" in ended.err


def test_commands_stay_on_one_line_to_be_copied(
    doctor: Doctor, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    empty = {"SecretList": [{"Name": f"{PREFIX}catalogue-animeschedule"}]}
    deployed(outside, {"secretsmanager.list_secrets": empty})
    command = (
        f"aws secretsmanager put-secret-value --secret-id {PREFIX}catalogue-animeschedule "
        "--secret-string file://token.txt --region eu-central-1"
    )
    assert f"         -> {command}" in doctor("--stack", "dev").out.splitlines()
