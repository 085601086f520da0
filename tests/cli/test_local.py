"""``anime local``: what is wrong usage, told before anything is started or stopped."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app, hoist
from local.control import Status
from local.given_settings import refused

ROOT = Path(__file__).resolve().parents[2]


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
    ended = CliRunner().invoke(app, hoist(arguments.split()), prog_name="anime")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert ended.stderr.splitlines()[-1] == f"Try `anime {' '.join(arguments.split()[:2])} --help`."
    assert not (tmp_path / ".local").exists()


def test_a_stack_that_is_not_running_has_a_status_and_nothing_to_stop() -> None:
    status = CliRunner().invoke(app, hoist(["local", "status", "--json"]))
    assert status.exit_code == 0, status.stderr
    assert json.loads(status.stdout)["pid"] is None
    down = CliRunner().invoke(app, hoist(["local", "down", "--json"]))
    assert (down.exit_code, json.loads(down.stdout)) == (0, {"stack": "local", "stopped": False})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("catalogueUrls=foo", "--set catalogueUrls: "),
        ("catalogueUrl={}", "Spell it catalogueUrls"),
        ("network=full", "--set network: a laptop has no VPC"),
    ],
)
def test_a_setting_that_the_program_would_refuse_is_refused_before_anything_starts(
    given: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError(given)

    monkeypatch.setattr("cli.commands.local.project_root", lambda: ROOT)
    monkeypatch.setattr("local.control.start_foreground", started)
    ended = CliRunner().invoke(app, ["local", "up", "--set", given], prog_name="anime")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert "Pulumi.local.yaml" not in ended.stderr
    assert ended.stderr.splitlines()[-1] == "Try `anime local up --help`."


def test_settings_that_are_meant_are_not_refused() -> None:
    values = {"catalogueUrls": '{"jikan": "http://127.0.0.1:1/v4"}', "logRetentionDays": "3"}
    assert refused(values, name="local", root=ROOT) == []


def test_a_program_without_settings_of_its_own_judges_none(tmp_path: Path) -> None:
    assert refused({"anything": "x"}, name="local", root=tmp_path) == []


@pytest.mark.parametrize("detach", [[], ["--detach"]])
def test_an_interrupted_start_says_that_nothing_is_left(detach: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("local.control.start_detached", interrupted)
    monkeypatch.setattr("local.control.start_foreground", interrupted)
    ended = CliRunner().invoke(app, ["local", "up", *detach])
    assert (ended.exit_code, ended.stderr) == (130, "anime: interrupted; nothing is left running\n")


def test_an_interrupted_demo_says_that_its_stack_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("local.stack.LocalStack.__enter__", interrupted)
    ended = CliRunner().invoke(app, ["demo"])
    assert ended.exit_code == 130
    assert ended.stderr.endswith("anime: interrupted; the demo's own stack is stopped, and nothing of it is kept\n")


def test_a_stack_that_is_ready_says_what_to_do_in_lines_that_can_be_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("local.control.start_detached", lambda *_, **__: Status(name="local", state="running"))
    printed = CliRunner().invoke(app, ["local", "up", "--detach"]).stdout.splitlines()
    command = "  anime bootstrap --enriched samples/enriched/enriched_anime_database.json --source-sha 2026-04"
    assert command in printed
    for name in ("enrich", "show", "search", "review list"):
        assert [line for line in printed if line.startswith(f"  anime {name}")]


def test_a_logged_line_is_shown_with_its_figures_and_without_what_describes_them_to_machines(tmp_path: Path) -> None:
    logs = tmp_path / ".local" / "logs"
    logs.mkdir(parents=True)
    line = {
        "time": "2026-11-21T01:00:00.000Z",
        "_aws": {"CloudWatchMetrics": [{"Namespace": "Anime"}]},
        "catalogue": "jikan",
        "CatalogueRequests": 3,
    }
    (logs / "fetch.jsonl").write_text(json.dumps(line) + "\n")
    shown = CliRunner().invoke(app, ["local", "logs"]).stdout
    assert "catalogue=jikan CatalogueRequests=3" in shown
    assert "_aws" not in shown
    assert json.loads(CliRunner().invoke(app, ["--json", "local", "logs"]).stdout) == line
