"""``anime local``: what is wrong usage, told before anything is started or stopped."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app, hoist


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project of its own, so that no running stack is touched."""
    (tmp_path / "Pulumi.yaml").touch()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("local up --stack dev", "works on the local stack, not on dev"),
        ("local down --stack prod", "works on the local stack, not on prod"),
        ("local status --stack dev", "works on the local stack, not on dev"),
        ("local logs --stack dev", "works on the local stack, not on dev"),
        ("local tick --stack dev", "works on the local stack, not on dev"),
        ("local tick --at tomorrow", "not a time: tomorrow"),
        ("local tick --at 2026-11-28T01:00:00", "no time zone"),
        ("local up --detach --set maxNewPerRun", "expected KEY=VALUE"),
        ("local up --detach --set =5", "expected KEY=VALUE"),
    ],
)
def test_misuse_ends_with_2_and_says_why(arguments: str, said: str, tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, hoist(arguments.split()))
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert ended.stderr.splitlines()[-1] == "Try `anime --help`."
    assert not (tmp_path / ".local").exists()


def test_a_stack_that_is_not_running_has_a_status_and_nothing_to_stop() -> None:
    status = CliRunner().invoke(app, hoist(["local", "status", "--json"]))
    assert status.exit_code == 0, status.stderr
    assert json.loads(status.stdout)["pid"] is None
    down = CliRunner().invoke(app, hoist(["local", "down", "--json"]))
    assert (down.exit_code, json.loads(down.stdout)) == (0, {"stack": "local", "stopped": False})
