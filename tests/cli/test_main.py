"""The command itself: global options anywhere, help that costs nothing, exit codes of misuse."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import GLOBAL_FLAGS, GLOBAL_OPTIONS, app, hoist

ROOT = Path(__file__).resolve().parents[2]

plain = st.text(st.characters(codec="ascii", exclude_characters="="), min_size=1, max_size=8).filter(
    lambda word: word not in GLOBAL_FLAGS | GLOBAL_OPTIONS | {"--"}
)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ([], []),
        (["sync"], ["sync"]),
        (["sync", "--json"], ["--json", "sync"]),
        (["--json", "sync"], ["--json", "sync"]),
        (["review", "list", "--stack", "dev", "--kind", "new"], ["--stack", "dev", "review", "list", "--kind", "new"]),
        (["search", "x", "--stack=dev", "--json"], ["--stack=dev", "--json", "search", "x"]),
        (["search", "x", "--region=eu-west-1"], ["--region=eu-west-1", "search", "x"]),
        (["search", "--", "--json", "--stack"], ["search", "--", "--json", "--stack"]),
        (["search", "--jsonish", "--stacked=1"], ["search", "--jsonish", "--stacked=1"]),
        (["sync", "--stack"], ["--stack", "sync"]),
    ],
)
def test_global_options_may_stand_anywhere(given_: list[str], expected: list[str]) -> None:
    assert hoist(given_) == expected


@given(st.lists(plain))
def test_other_arguments_keep_their_order(arguments: list[str]) -> None:
    assert hoist(arguments) == arguments


@given(st.lists(plain), st.lists(plain), st.sampled_from([["--json"], ["--stack", "dev"], ["--region=eu-west-1"]]))
def test_a_global_option_comes_first_from_wherever_it_stands(
    before: list[str], after: list[str], option: list[str]
) -> None:
    assert hoist([*before, *option, *after]) == [*option, *before, *after]


@given(st.lists(plain), st.lists(st.one_of(plain, st.sampled_from(["--json", "--stack", "--"]))))
def test_what_follows_two_hyphens_is_left_alone(before: list[str], after: list[str]) -> None:
    assert hoist([*before, "--", *after]) == [*before, "--", *after]


def test_the_version_is_that_of_the_package() -> None:
    shown = CliRunner().invoke(app, ["--version"])
    assert (shown.exit_code, shown.stdout) == (0, f"anime {version('anime-infra')}\n")


def test_help_imports_nothing_that_is_slow_to_import() -> None:
    slow = ("boto3", "botocore", "pydantic", "pydantic_core", "rich", "local", "httpx", "ministack", "pulumi")
    program = f"""
import sys
sys.argv = ["anime", "--help"]
from cli.main import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
sys.stderr.write(" ".join(name for name in {slow!r} if name in sys.modules))
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": "", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stderr == ""
    for command in ("local", "demo", "bootstrap", "sync", "review", "executions", "restore", "schedule"):
        assert f"\n  {command} " in run.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["sync", "--nonsense"],
        ["sync", "--stack"],
        ["review"],
        ["review", "reject", "rev_1"],
        ["executions"],
        ["local"],
        ["show"],
        ["search", "x", "--limit", "0"],
        ["search", "x", "--limit", "many"],
        ["review", "approve", "rev_1", "--file", "no-such-file.json"],
    ],
)
def test_what_is_no_command_ends_with_2_and_says_how_to_get_help(arguments: list[str]) -> None:
    ended = CliRunner().invoke(app, hoist(arguments))
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert "Usage: " in ended.stderr
    assert "--help" in ended.stderr
