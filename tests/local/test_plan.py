"""The plan: every resource with what it is for, in the order of the tree, at any width."""

import dataclasses
import io
import json

import pytest
from rich.console import Console

from local import plan
from local.errors import LocalStackError, ProgramFailed
from local.plan import WIDTH_OF_FILES, console_for, main, plan_of, short_type, show, values_of
from local.plan_purposes import COMPONENTS, RESOURCES, NoPurpose, purpose_of
from local.recording import Recording
from tests.components.recordings import STACKS, recorded
from tests.local.registered import recording_of, registered
from tests.local.variants import VARIANTS, recorded_variant

BUCKET = "aws:s3/bucket:Bucket"
QUEUE = "aws:sqs/queue:Queue"

data = registered("anime:aws:PrivateBucket", "data")
objects = registered(BUCKET, "data-bucket", parent=data, protect=True)
versions = registered("aws:s3/bucketVersioning:BucketVersioning", "data-versioning", parent=data)
failures = registered("anime:aws:DeadLetterQueue", "failures")
queue = registered(QUEUE, "failures-queue", parent=failures, inputs={"messageRetentionSeconds": 1209600})
SMALL = recording_of(versions, queue, objects, failures, data)


def shown(recording: Recording, width: int) -> str:
    stream = io.StringIO()
    show(plan_of(recording), Console(file=stream, width=width, highlight=False))
    return stream.getvalue()


class TestPurposes:
    @pytest.mark.parametrize("stack", STACKS)
    def test_every_resource_of_every_stack_has_one(self, stack: str) -> None:
        assert all(line.purpose.strip() for line in plan_of(recorded(stack)).lines)

    @pytest.mark.parametrize("variant", VARIANTS)
    def test_so_has_every_resource_that_other_settings_make(self, variant: str) -> None:
        assert all(line.purpose.strip() for line in plan_of(recorded_variant(variant)).lines)

    @pytest.mark.parametrize("stack", STACKS)
    def test_no_two_components_of_a_stack_have_the_same(self, stack: str) -> None:
        said: dict[str, str] = {}
        for line in plan_of(recorded(stack)).lines:
            if not line.resource.custom:
                other = said.setdefault(line.purpose, line.resource.name)
                assert other == line.resource.name, f"add {line.resource.name} to INSTANCES of local/plan_purposes.py"

    def test_a_resources_own_description_stands_above_the_tables(self) -> None:
        described = registered(QUEUE, "queue", inputs={"description": "Mail of Tuesday", "messageRetentionSeconds": 1})
        assert purpose_of(described, recording_of(described)) == "Mail of Tuesday"

    def test_a_function_says_what_its_component_is_for(self) -> None:
        component = registered("anime:aws:Function", "begin")
        function = registered(
            "aws:lambda/function:Function", "begin-function", parent=component, inputs={"description": "Begins"}
        )
        assert purpose_of(component, recording_of(component, function)) == "Begins"

    def test_a_template_tells_of_the_resource_and_of_its_component(self) -> None:
        assert purpose_of(queue, SMALL) == "Keeps messages of failures for 14 days"

    @pytest.mark.parametrize(
        ("type_token", "table"), [("anime:aws:Clock", "COMPONENTS"), ("aws:iot/thing:Thing", "RESOURCES")]
    )
    def test_a_type_that_nobody_described_is_an_error_that_says_where_to(self, type_token: str, table: str) -> None:
        unknown = registered(type_token, "new")
        with pytest.raises(NoPurpose, match=rf"{type_token} is for: add it to {table} in local/plan_purposes.py"):
            plan_of(recording_of(unknown))

    def test_a_template_that_asks_for_an_input_that_is_not_there_is_an_error(self) -> None:
        nameless = registered("aws:ssm/parameter:Parameter", "names")
        with pytest.raises(NoPurpose, match="'names' has no input name"):
            purpose_of(nameless, recording_of(nameless))

    def test_the_texts_are_sentences_without_a_full_stop(self) -> None:
        texts = [text for text in (*COMPONENTS.values(), *RESOURCES.values()) if isinstance(text, str)]
        assert [text for text in texts if not text[0].isupper() or text.endswith(".")] == []


class TestOrder:
    def test_components_come_by_name_each_before_its_parts(self) -> None:
        names = [line.resource.name for line in plan_of(SMALL).lines]
        assert names == ["data", "data-bucket", "data-versioning", "failures", "failures-queue"]

    def test_it_does_not_depend_on_what_completed_first(self) -> None:
        other = dataclasses.replace(SMALL, resources=SMALL.resources[::-1])
        assert plan_of(other) == plan_of(SMALL)

    def test_every_resource_is_shown_once(self) -> None:
        recording = recorded("dev")
        assert sorted(line.resource.urn for line in plan_of(recording).lines) == sorted(r.urn for r in recording)


class TestScreen:
    @pytest.mark.parametrize("width", [40, 60, 89, 90, 140])
    def test_no_line_is_wider_than_the_screen(self, width: int) -> None:
        assert max(len(line) for line in shown(recorded("dev"), width).splitlines()) <= width

    @pytest.mark.parametrize("width", [60, 140])
    def test_names_types_and_purposes_are_all_there(self, width: int) -> None:
        text = shown(SMALL, width)
        for expected in ("└─ failures-queue", "aws sqs Queue", "Keeps messages of failures for 14 days"):
            assert expected in text

    def test_what_is_protected_is_marked(self) -> None:
        assert "data-bucket *" in shown(SMALL, 140)

    def test_it_ends_with_how_many_there_are(self) -> None:
        assert shown(SMALL, 140).splitlines()[-2:] == [
            "dev: 3 resources in 2 components; 1 (with *) protected from deletion",
            "aws s3 2, aws sqs 1",
        ]

    def test_it_is_plain_where_nobody_looks_at_a_terminal(self) -> None:
        stream = io.StringIO()
        console = console_for(stream)
        show(plan_of(SMALL), console)
        assert "\x1b" not in stream.getvalue()
        assert console.width == WIDTH_OF_FILES

    @pytest.mark.parametrize(
        ("type_token", "short"),
        [
            (BUCKET, "aws s3 Bucket"),
            ("qdrant-cloud:index/accountsCluster:AccountsCluster", "qdrant-cloud AccountsCluster"),
            ("anime:aws:Function", "anime aws Function"),
            ("pulumi:providers:aws", "provider aws"),
        ],
    )
    def test_types_are_short(self, type_token: str, short: str) -> None:
        assert short_type(type_token) == short


class TestCommand:
    def test_json_is_one_object_with_every_resource(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(plan, "record_program", lambda **_: SMALL)

        assert main(["--stack", "dev", "--json"]) == 0

        told = json.loads(capsys.readouterr().out)
        assert {"stack": told["stack"], "resources": told["resources"], "protected": told["protected"]} == {
            "stack": "dev",
            "resources": 3,
            "protected": 1,
        }
        assert told["registered"][1] == {
            "type": BUCKET,
            "name": "data-bucket",
            "parent": "data",
            "component": False,
            "protected": True,
            "purpose": "Holds the objects of data",
        }

    def test_a_program_that_fails_is_one_line_and_exit_code_1(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fails(**_: object) -> Recording:
            raise ProgramFailed("no settings")

        monkeypatch.setattr(plan, "record_program", fails)

        assert main(["--stack", "dev"]) == 1
        assert capsys.readouterr().err == "plan: no settings\n"

    def test_a_value_that_is_none_is_refused(self) -> None:
        assert values_of(["nat=zone", "url=a=b"]) == {"nat": "zone", "url": "a=b"}
        for pair in ("nat", "=zone"):
            with pytest.raises(LocalStackError, match="expected KEY=VALUE"):
                values_of([pair])
