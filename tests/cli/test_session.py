"""A stack as the command line sees it: finding it, calling its functions, following a run to its end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.errors import CommandError, RemoteError
from cli.session import FIRST_WORD_SECONDS, SILENCE_SECONDS, Session, open_session, session_of
from local.places import Places, held
from models.events import Report
from tests.support.fake_stack import BUCKET, CALLER, REGION, FakeStack
from workflows import keys

RUN = "20261121T010000Z-abcdef"


class Time:
    """A clock that only sleeping moves; ``then`` runs at each sleep."""

    def __init__(self, then: Callable[[float], None] = lambda _now: None) -> None:
        self.now = 0.0
        self.then = then

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds
        self.then(self.now)


def report(stack: FakeStack, state: str, *, progress: str = "", **more: Any) -> None:
    document = {"kind": "sync", "run_id": RUN, "state": state, "updated_at": "now", "progress": progress, **more}
    stack.objects.put(keys.report("sync", RUN), json.dumps(document).encode())


def follow(stack: FakeStack, time: Time, heard: list[str] | None = None) -> Report:
    update = (heard if heard is not None else []).append
    return stack.session().follow("sync", RUN, update, clock=time.clock, sleep=time.sleep)


# ----------------------------------------------------------------------------------------------------------- follow


def test_a_run_is_followed_from_before_its_first_report_to_its_end() -> None:
    stack = FakeStack()
    script = {
        3: lambda: report(stack, "running", progress="downloading"),
        6: lambda: report(stack, "running", progress="comparing"),
        9: lambda: report(stack, "succeeded", progress="done", result={"new": 1}),
    }
    steps = iter(range(1, 100))

    def then(_now: float) -> None:
        script.get(next(steps), lambda: None)()

    heard: list[str] = []
    ended = follow(stack, Time(then), heard)
    assert ended.result == {"new": 1}
    assert heard == ["downloading", "comparing", "done"]


def test_a_run_that_failed_ends_with_its_reason() -> None:
    stack = FakeStack()
    report(stack, "failed", error="the release is not zstd; give the .jsonl.zst file")
    with pytest.raises(CommandError, match="not zstd; give"):
        follow(stack, Time())


def test_a_run_that_failed_without_words_says_where_to_look() -> None:
    stack = FakeStack()
    report(stack, "failed")
    with pytest.raises(CommandError, match="logs"):
        follow(stack, Time())


def test_a_run_that_is_never_heard_of_is_given_up() -> None:
    time = Time()
    with pytest.raises(CommandError, match=rf"nothing heard of run {RUN}; look at reports/sync/{RUN}\.json"):
        follow(FakeStack(), time)
    assert FIRST_WORD_SECONDS < time.now < FIRST_WORD_SECONDS + 5


def test_a_run_is_waited_for_as_long_as_its_report_changes() -> None:
    stack = FakeStack()
    count = iter(range(10**6))

    def then(now: float) -> None:
        if now > 3 * SILENCE_SECONDS:
            report(stack, "succeeded")
        elif next(count) % 1000 == 0:
            report(stack, "running", progress=f"at {now:.0f} seconds")

    time = Time(then)
    assert follow(stack, time).state == "succeeded"
    assert time.now > 3 * SILENCE_SECONDS


def test_a_run_that_falls_silent_is_given_up() -> None:
    stack = FakeStack()
    report(stack, "running", progress="half way")
    time, heard = Time(), list[str]()
    with pytest.raises(CommandError, match="nothing heard"):
        follow(stack, time, heard)
    assert heard == ["half way"]
    assert SILENCE_SECONDS < time.now < SILENCE_SECONDS + 5


# ------------------------------------------------------------------------------------------------------- the stack


def test_a_function_that_fails_is_an_error_with_its_type() -> None:
    stack = FakeStack(failures={"query": ("NotFound", "no anime ani_1")})
    with pytest.raises(RemoteError, match="no anime ani_1") as caught:
        stack.session().invoke("query", {"action": "search", "text": "x"})
    assert caught.value.kind == "NotFound"


def test_a_function_is_started_without_waiting_for_it() -> None:
    stack = FakeStack()
    stack.session().start("reconcile", {"run_id": RUN, "fix": False})
    assert [(one.task, one.event, one.waited_for) for one in stack.invoked] == [
        ("reconcile", {"run_id": RUN, "fix": False}, False)
    ]


def test_an_upload_lies_under_its_run(tmp_path: Path) -> None:
    file = tmp_path / "release.jsonl.zst"
    file.write_bytes(b"data")
    stack = FakeStack()
    key = stack.session().upload(file, RUN)
    assert key == f"work/uploads/{RUN}/release.jsonl.zst"
    stored = stack.objects.get(key)
    assert stored is not None
    assert stored.body == b"data"


def test_an_object_that_is_not_there_is_none() -> None:
    assert FakeStack().session().read_json("reports/sync/x.json") is None


def test_names_come_from_the_endpoints() -> None:
    session = FakeStack().session()
    assert (session.data_bucket, session.caller()) == (BUCKET, CALLER)
    assert session.machine_arn("bulk_index").endswith(":stateMachine:anime-local-bulk_index")


@pytest.mark.parametrize(("stack", "file"), [("local", ".local/stack.json"), ("demo", ".local/demo/stack.json")])
def test_a_local_stack_is_found_by_its_file(tmp_path: Path, stack: str, file: str) -> None:
    described = {"aws_endpoint": "http://127.0.0.1:4566", "region": REGION, "endpoints": {"buckets": {"data": "d"}}}
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(described))
    with held(Places(tmp_path, stack)):  # as its process does while it runs
        session = open_session(stack, region=None, root=tmp_path)
    assert session == session_of(stack, described)
    assert (session.endpoint_url, session.region, session.data_bucket) == ("http://127.0.0.1:4566", REGION, "d")


@pytest.mark.parametrize("left_behind", [False, True])
def test_a_local_stack_that_does_not_run_says_how_to_start_it(tmp_path: Path, *, left_behind: bool) -> None:
    if left_behind:  # by a stack that was killed
        (tmp_path / ".local").mkdir()
        (tmp_path / ".local" / "stack.json").write_text("{}")
    with pytest.raises(CommandError, match="anime local up"):
        open_session("local", region=None, root=tmp_path)


class Cloud:
    """Stands for boto3.Session: a parameter store that answers, or fails."""

    def __init__(self, answer: str | Exception) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.region_name: str | None = None

    def __call__(self, *, region_name: str | None) -> "Cloud":
        self.region_name = region_name
        return self

    def client(self, service: str) -> "Cloud":
        assert service == "ssm"
        return self

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        self.asked.append(Name)
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Parameter": {"Value": self.answer}}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | Exception], Cloud]:
    def use(answer: str | Exception) -> Cloud:
        found = Cloud(answer)
        monkeypatch.setattr("boto3.Session", found)
        return found

    monkeypatch.delenv("AWS_REGION", raising=False)
    return use


def test_a_deployed_stack_is_found_by_its_parameter(cloud: Callable[[str | Exception], Cloud], tmp_path: Path) -> None:
    found = cloud(json.dumps({"buckets": {"data": "anime-dev-data"}}))
    session = open_session("dev", region="eu-west-1", root=tmp_path)
    assert found.asked == ["/anime-infra/dev/endpoints"]
    assert session == Session("dev", "eu-west-1", {"buckets": {"data": "anime-dev-data"}}, None)


def test_the_region_may_come_from_the_environment_as_the_message_says(
    cloud: Callable[[str | Exception], Cloud], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud("{}")
    with pytest.raises(CommandError, match="--region or set AWS_REGION"):
        open_session("dev", region=None, root=tmp_path)
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert open_session("dev", region=None, root=tmp_path).region == "eu-north-1"
    assert open_session("dev", region="eu-west-1", root=tmp_path).region == "eu-west-1"


def test_a_stack_that_is_not_deployed_says_how_to_deploy_it(
    cloud: Callable[[str | Exception], Cloud], tmp_path: Path
) -> None:
    from botocore.exceptions import ClientError, NoCredentialsError

    cloud(ClientError({"Error": {"Code": "ParameterNotFound", "Message": "x"}}, "GetParameter"))
    with pytest.raises(CommandError, match=r"ParameterNotFound.*pulumi up --stack dev"):
        open_session("dev", region="eu-west-1", root=tmp_path)
    cloud(NoCredentialsError())
    with pytest.raises(CommandError, match="sign in"):
        open_session("dev", region="eu-west-1", root=tmp_path)
