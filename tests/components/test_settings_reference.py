"""The reference of the settings is made from the settings, and the checked-in stacks fit the schema."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from components.tags import PROJECT
from local.configuration import REPOSITORY
from scripts.make_settings_reference import STACKS, fields, files, main, reference, schema

DOCS = REPOSITORY / "docs"
CHECK = (sys.executable, "-m", "check_jsonschema", "--schemafile")


@pytest.mark.parametrize("name", files())
def test_the_committed_files_are_those_of_the_settings(name: str) -> None:
    assert (DOCS / name).read_text() == files()[name], "run: make diagrams"


def test_every_key_has_a_section_with_its_harm_and_its_fix() -> None:
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", reference(), flags=re.DOTALL | re.MULTILINE))
    assert list(sections) == list(fields())
    for key, field in fields().items():
        extra = field.json_schema_extra
        assert isinstance(extra, dict)
        for text in (str(field.description), str(extra["harm"]), str(extra["fix"])):
            assert text in sections[key], key


def test_the_overview_has_what_each_stack_sets() -> None:
    (row,) = [line for line in reference().splitlines() if line.startswith("| [`stage`]")]
    assert [cell.strip() for cell in row.split("|")[2:-1]] == ["–", *(f"`{stack}`" for stack in STACKS)]


def test_values_are_told_in_words() -> None:
    page = reference()
    assert "* Value: `DEBUG` or `INFO` or `WARNING` or `ERROR`." in page
    assert "* Value: a whole number of at least 1 and at most 2000." in page
    assert "* Value: `true` or `false`." in page
    assert "* Default: none; the key must be set." in page


@pytest.mark.parametrize("stack", STACKS)
def test_the_checked_in_stacks_fit_the_schema(stack: str) -> None:
    run = subprocess.run(
        [*CHECK, str(DOCS / "settings.schema.json"), str(REPOSITORY / f"Pulumi.{stack}.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    "change",
    [
        {"maxNewPerRn": 5},
        {"maxNewPerRun": 5001},
        {"maxNewPerRun": "many"},
        {"schedulesEnabled": "yes"},
        {"logLevel": "LOUD"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_the_program_would_refuse_does_not_fit_it(change: dict[str, object], tmp_path: Path) -> None:
    settings = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())
    settings["config"] |= {f"{PROJECT}:{key}": value for key, value in change.items()}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "schema.json").write_text(schema())
    run = subprocess.run(
        [*CHECK, str(tmp_path / "schema.json"), str(tmp_path / "Pulumi.dev.yaml")], capture_output=True, check=False
    )
    assert run.returncode == 1


def test_a_required_key_may_be_encrypted_but_not_left_out(tmp_path: Path) -> None:
    required = json.loads(schema())["properties"]["config"]["required"]
    assert f"{PROJECT}:stage" in required
    settings = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())
    (tmp_path / "schema.json").write_text(schema())
    codes = []
    for value in ({"secure": "abc"}, None):
        changed = {**settings["config"], f"{PROJECT}:stage": value}
        config = {key: given for key, given in changed.items() if given is not None}
        (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
        command = [*CHECK, str(tmp_path / "schema.json"), str(tmp_path / "Pulumi.dev.yaml")]
        codes.append(subprocess.run(command, capture_output=True, check=False).returncode)
    assert codes == [0, 1]


class TestCommand:
    def test_what_was_made_is_up_to_date(self, tmp_path: Path) -> None:
        assert main(["--out", str(tmp_path)]) == 0
        assert main(["--out", str(tmp_path), "--check"]) == 0

    def test_a_check_finds_what_is_stale_and_writes_nothing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "settings.md").write_text("old")
        assert main(["--out", str(tmp_path), "--check"]) == 1
        assert "settings.md is out of date; run: make diagrams" in capsys.readouterr().err
        assert {path.name for path in tmp_path.iterdir()} == {"settings.md"}
