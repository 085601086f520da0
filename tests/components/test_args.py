"""Arguments of the components are judged before any resource is registered: each check refuses and accepts."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.aws.grants import Grant
from components.aws.lambda_functions import FunctionArgs
from components.aws.queues import DeadLetterQueueArgs
from components.aws.review import ReviewArgs
from components.aws.s3_buckets import PrivateBucketArgs
from components.aws.schedules import Overdue, SchedulesArgs, Timer
from components.aws.step_functions import MachineArgs, PlaceholderError, placeholders, render_definition
from components.site import Site
from components.tags import Service

FUNCTION = FunctionArgs(
    function_name="anime-infra-dev-begin",
    description="Begins",
    handler="lambdas.begin.handler.handler",
    code=pulumi.AssetArchive({}),
    code_sha256="",
    layer_arns=(),
    memory_mib=512,
    timeout_seconds=60,
    environment={"STACK": "dev"},
    grants=(),
    log_retention_days=14,
    service=Service.PIPELINE,
)
TIMER = Timer(
    role="weekly",
    expression="cron(0 1 ? * SAT *)",
    function_name="f",
    function_arn="arn",
    meaning="weekly",
    overdue=Overdue(hours=26),
)
SCHEDULES = SchedulesArgs(
    name_prefix="anime-infra-dev",
    stack="dev",
    timers=[TIMER],
    enabled=True,
    dead_letter_queue_arn="arn",
    alarm_topic_arn="arn",
    account="1",
)
BUCKET = PrivateBucketArgs(bucket_name="b", service=Service.PIPELINE, protect=False, expire_after_days={"work/": 24})
QUEUE = DeadLetterQueueArgs(queue_name="q", meaning="why", service=Service.PIPELINE, alarm_topic_arn="arn")
REVIEW = ReviewArgs(
    name_prefix="anime-infra-dev",
    stack="dev",
    function_names={"decides": "f"},
    remind_after_hours=72,
    alarm_topic_arn="arn",
)
GRANT = Grant(actions=("s3:GetObject",), resources=("arn:aws:s3:::b/work/*",))

NO_OUTPUT: Any = None
"""An output needs a running program; what is checked here comes before."""

REFUSED: list[tuple[Any, dict[str, Any], str]] = [
    (FUNCTION, {"function_name": "a_b"}, "no name for a function"),
    (FUNCTION, {"function_name": "a" * 65}, "no name for a function"),
    (FUNCTION, {"memory_mib": 64}, "MiB would be refused"),
    (FUNCTION, {"timeout_seconds": 901}, "lives 1 to 900 s"),
    (FUNCTION, {"timeout_seconds": 0}, "lives 1 to 900 s"),
    (FUNCTION, {"layer_arns": ("arn",) * 6}, "at most 5 layers"),
    (FUNCTION, {"environment": {"AWS_REGION": "x"}}, "AWS_REGION is reserved"),
    (FUNCTION, {"environment": {"stack": "x"}}, "stack is reserved or malformed"),
    (TIMER, {"expression": "Saturday"}, "would never fire"),
    (SCHEDULES, {"timers": [TIMER, TIMER]}, "would replace each other"),
    (BUCKET, {"expire_after_days": {"work": 24}}, "more than one folder"),
    (BUCKET, {"expire_after_days": {"/": 24}}, "more than one folder"),
    (BUCKET, {"expire_after_days": {"work/": 0}}, "at once"),
    (QUEUE, {"meaning": ""}, "what to do"),
    (REVIEW, {"function_names": {"requests": "f"}}, "nobody could decide"),
    (GRANT, {"actions": ()}, "allows nothing"),
    (GRANT, {"resources": ()}, "allows nothing"),
    (GRANT, {"actions": ("s3:*",)}, "more than one thing"),
    (GRANT, {"actions": ("*",)}, "more than one thing"),
]


@pytest.mark.parametrize(("good", "changes", "message"), REFUSED, ids=lambda part: str(part)[:40])
def test_arguments_are_refused(good: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(good, **changes)


@pytest.mark.parametrize(
    ("good", "changes"),
    [
        (FUNCTION, {"function_name": "a" * 64, "memory_mib": 10240, "timeout_seconds": 900}),
        (FUNCTION, {"environment": {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}}),
        (TIMER, {"expression": "rate(1 hour)"}),
        (BUCKET, {"expire_after_days": {}}),
        (REVIEW, {"function_names": {"decides": "f", "requests": "g"}}),
    ],
    ids=lambda part: str(part)[:40],
)
def test_arguments_are_taken(good: Any, changes: dict[str, Any]) -> None:
    assert dataclasses.replace(good, **changes)


@pytest.mark.parametrize("stack", ["Prod", "prod_eu", "", "a" * 17])
def test_a_stack_name_that_fits_no_physical_name_is_refused(stack: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of every physical name"):
        Site(stack=stack, region="eu-central-1", account=NO_OUTPUT, partition=NO_OUTPUT)


class TestRendering:
    @pytest.fixture
    def definition(self, tmp_path: Path) -> Callable[[Any], Path]:
        def write(content: Any) -> Path:
            path = tmp_path / "machine.asl.json"
            path.write_text(json.dumps(content))
            return path

        return write

    def test_values_keep_their_type(self, definition: Callable[[Any], Path]) -> None:
        path = definition(
            {"TimeoutSeconds": "${seconds}", "States": [{"FunctionName": "${begin}", "Share": "${share}"}]}
        )

        rendered = json.loads(render_definition(path, {"seconds": 60, "begin": "arn:begin", "share": 0.0}))

        assert rendered == {"TimeoutSeconds": 60, "States": [{"FunctionName": "arn:begin", "Share": 0.0}]}
        assert type(rendered["States"][0]["Share"]) is float

    def test_a_path_of_the_language_is_no_placeholder(self, definition: Callable[[Any], Path]) -> None:
        path = definition({"token.$": "$$.Task.Token", "ref.$": "$.ref"})

        assert placeholders(path) == frozenset()

    def test_a_placeholder_without_a_value_is_refused(self, definition: Callable[[Any], Path]) -> None:
        with pytest.raises(PlaceholderError, match=r"no value for \['begin'\]"):
            render_definition(definition({"FunctionName": "${begin}"}), {})

    def test_a_value_without_a_placeholder_is_refused(self, definition: Callable[[Any], Path]) -> None:
        with pytest.raises(PlaceholderError, match=r"no placeholder for \['begin'\]"):
            render_definition(definition({}), {"begin": "arn"})

    @pytest.mark.parametrize("text", ["arn:${region}", "${Begin}", "${ begin }", "${begin"])
    def test_a_placeholder_inside_other_text_is_refused(self, definition: Callable[[Any], Path], text: str) -> None:
        with pytest.raises(PlaceholderError, match="only a whole string is replaced"):
            placeholders(definition({"FunctionName": text}))

    def test_a_machine_is_refused_before_it_is_registered(self, definition: Callable[[Any], Path]) -> None:
        path = definition({"FunctionName": "${begin}"})

        def args(**changes: Any) -> MachineArgs:
            given: dict[str, Any] = {"functions": {"begin": "arn"}, "parameters": {}, **changes}
            return MachineArgs(machine_name="m", definition=path, account="1", alarm_topic_arn="arn", **given)

        assert args()
        with pytest.raises(PlaceholderError, match="no value for"):
            args(functions={})
        with pytest.raises(PlaceholderError, match="one would hide the other"):
            args(parameters={"begin": 1})
