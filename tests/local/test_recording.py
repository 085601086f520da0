"""Programs are recorded as data, and what Pulumi's mocks would let pass is refused by name."""

from pathlib import Path
from textwrap import dedent

import pytest

from local.configuration import read_configuration
from local.errors import ProgramFailed, ResourceFailed, Unsupported
from local.program import record_program, run_program
from local.recording import Recording
from local.resources.echo import EchoRealiser

PREAMBLE = """
import json
import pulumi
import pulumi_aws as aws
config = pulumi.Config()
"""


def write_program(root: Path, source: str, *, dev: str = "config: {}") -> Path:
    (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text(dev)
    (root / "Pulumi.local.yaml").write_text("config: {shop:kind: local}")
    (root / "__main__.py").write_text(PREAMBLE + dedent(source))
    return root


def record(root: Path, source: str, *, dev: str = "config: {}") -> Recording:
    return record_program(stack="dev", root=write_program(root, source, dev=dev))


def test_parent_provider_and_options_are_recorded(tmp_path: Path) -> None:
    recording = record(
        tmp_path,
        """
        provider = aws.Provider("aws", region="eu-west-1", default_tags={"tags": {"project": "shop"}})
        class Store(pulumi.ComponentResource):
            def __init__(self, name, opts=None):
                super().__init__("shop:store:Store", name, None, opts)
                first = aws.sqs.Queue(f"{name}-first", opts=pulumi.ResourceOptions(parent=self))
                self.queue = aws.sqs.Queue(
                    f"{name}-queue",
                    name="orders",
                    opts=pulumi.ResourceOptions(
                        parent=self, protect=True, retain_on_delete=True, ignore_changes=["tags"],
                        additional_secret_outputs=["policy"], depends_on=[first],
                    ),
                )
                self.register_outputs({"url": self.queue.url})
        store = Store("store", pulumi.ResourceOptions(providers=[provider]))
        """,
    )
    component = recording.named("store")
    queue = recording.named("store-queue")
    provider = recording.named("aws", "pulumi:providers:aws")
    assert not component.custom
    assert component.id is None
    assert component.outputs == {"url": queue.outputs["url"]}
    assert component.output_registrations == 1
    assert queue.urn == "urn:pulumi:dev::shop::shop:store:Store$aws:sqs/queue:Queue::store-queue"
    assert queue.parent == component.urn
    assert queue.provider == f"{provider.urn}::{provider.id}"
    assert provider.inputs["defaultTags"] == {"tags": {"project": "shop"}}
    options = queue.options
    assert (options.protect, options.retain_on_delete) == (True, True)
    assert options.ignore_changes == ("tags",)
    assert options.additional_secret_outputs == ("policy",)
    assert recording.named("store-first").urn in options.dependencies
    assert {child.name for child in recording.children(component)} == {"store-first", "store-queue"}


def test_a_resource_on_the_stack_itself_has_the_stack_as_parent(tmp_path: Path) -> None:
    queue = record(tmp_path, 'aws.sqs.Queue("alone")').named("alone")
    assert queue.parent == "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
    assert queue.provider is None


def test_a_secret_variable_is_bare_in_the_inputs_and_the_whole_environment_counts_as_secret(tmp_path: Path) -> None:
    recording = record(
        tmp_path,
        """
        function = aws.lambda_.Function(
            "f", role="r", handler="a.b", runtime="python3.13", timeout=30,
            environment={"variables": {"OPEN": "1", "HIDDEN": pulumi.Output.secret("s3cret")}},
        )
        pulumi.export("environment", function.environment)
        pulumi.export("name", function.name)
        """,
    )
    function = recording.named("f")
    assert function.inputs["environment"] == {"variables": {"OPEN": "1", "HIDDEN": "s3cret"}}
    assert function.inputs["timeout"] == 30
    assert function.secret_inputs == {"environment"}
    assert recording.secret_exports == {"environment"}
    assert recording.exports["name"] == "f"


def test_made_up_outputs_are_those_of_the_place_and_the_same_each_time(tmp_path: Path) -> None:
    source = """
        queue = aws.sqs.Queue("q", name="orders")
        pulumi.export("arn", queue.arn)
        pulumi.export("vpc", aws.ec2.Vpc("v", cidr_block="10.0.0.0/16").id)
        pulumi.export("account", aws.get_caller_identity().account_id)
    """
    dev = "config: {aws:region: eu-west-1}"
    first = record(tmp_path, source, dev=dev)
    again = record(tmp_path, source, dev=dev)
    assert first.exports["arn"] == "arn:aws:sqs:eu-west-1:123456789012:orders"
    assert first.exports["account"] == "123456789012"
    assert first.exports["vpc"].startswith("vpc-")
    assert first.exports == again.exports


def test_an_unknown_kind_of_resource_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=r"aws:iot/thing:Thing 'gadget'"):
        record(tmp_path, 'aws.iot.Thing("gadget")')


def test_an_unknown_look_up_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="aws:index/getIpRanges:getIpRanges"):
        record(tmp_path, 'aws.get_ip_ranges(services=["ec2"])')


def test_reading_what_exists_already_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="aws:sqs/queue:Queue 'old'"):
        record(tmp_path, 'aws.sqs.Queue.get("old", "https://sqs/old")')


@pytest.mark.parametrize(
    "use",
    [
        'aws.sqs.Queue("q", name=topic.beginning_archive_time)',
        'aws.sqs.Queue("q", tags={"x": pulumi.Output.json_dumps({"deep": [topic.beginning_archive_time]})})',
        'pulumi.export("x", topic.beginning_archive_time)',
        'pulumi.ComponentResource("a:b:C", "c").register_outputs({"x": topic.beginning_archive_time})',
    ],
)
def test_an_output_that_nobody_gives_is_refused_by_name_and_not_silently_none(tmp_path: Path, use: str) -> None:
    with pytest.raises(ResourceFailed, match=r"aws:sns/topic:Topic: beginningArchiveTime"):
        record(tmp_path, f'topic = aws.sns.Topic("t")\n{use}\n')


def test_two_resources_of_one_urn_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ResourceFailed, match="two resources have the URN"):
        record(tmp_path, 'aws.sqs.Queue("q")\naws.sqs.Queue("q", name="another")')


def test_what_the_program_raises_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match=r"ValueError: the stage is wrong"):
        record(tmp_path, 'raise ValueError("the stage is wrong")')


def test_the_first_failure_is_told_and_not_what_follows_from_it(tmp_path: Path) -> None:
    source = """
    thing = aws.iot.Thing("gadget")
    aws.sqs.Queue("q", name=thing.arn)
    """
    with pytest.raises(Unsupported, match="gadget"):
        record(tmp_path, source)


def test_runs_after_each_other_do_not_meet(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed):
        record(tmp_path, 'aws.sqs.Queue("q")\nraise ValueError')
    recording = record(tmp_path, 'aws.sqs.Queue("q")')
    assert [resource.name for resource in recording] == ["q"]


def test_configuration_is_text_with_the_projects_prefix_and_overrides(tmp_path: Path) -> None:
    dev = (
        "config:\n  shop:flag: true\n  shop:count: 3\n  shop:list: [a, b]\n  shop:gone: x\n  shop:given: from the file"
    )
    source = """
    for name in ("flag", "count", "list", "gone", "given"):
        pulumi.export(name, config.get(name))
    """
    root = write_program(tmp_path, source, dev=dev)
    exports = record_program(stack="dev", root=root, overrides={"given": "here", "shop:gone": None}).exports
    assert exports == {"flag": "true", "count": "3", "list": '["a", "b"]', "gone": None, "given": "here"}


def test_encrypted_values_are_made_up_in_recordings_and_refused_elsewhere(tmp_path: Path) -> None:
    dev = "config:\n  shop:token: {secure: v1:abcdef}"
    root = write_program(tmp_path, 'pulumi.export("token", config.require_secret("token"))', dev=dev)
    recording = record_program(stack="dev", root=root)
    assert recording.exports["token"] == "made-up-secret-of-shop:token"
    assert recording.secret_exports == {"token"}
    realiser = EchoRealiser(account="1", region="us-east-1")
    with pytest.raises(ProgramFailed, match="shop:token"):
        run_program(root / "__main__.py", read_configuration(root, "dev"), realiser)


def test_a_stack_without_a_file_uses_the_local_ones(tmp_path: Path) -> None:
    root = write_program(tmp_path, 'pulumi.export("is", f"{pulumi.get_stack()} {config.get(\'kind\')}")')
    assert record_program(stack="demo", root=root).exports["is"] == "demo local"


def test_policy_documents_are_rendered(tmp_path: Path) -> None:
    recording = record(
        tmp_path,
        """
        document = aws.iam.get_policy_document(statements=[{
            "actions": ["s3:GetObject"], "resources": ["*"],
            "principals": [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}],
            "conditions": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["1"]}],
        }])
        pulumi.export("statement", json.loads(document.json)["Statement"][0])
        """,
    )
    assert recording.exports["statement"] == {
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": ["*"],
        "Principal": {"Service": ["lambda.amazonaws.com"]},
        "Condition": {"StringEquals": {"aws:SourceAccount": ["1"]}},
    }
