"""The nightly comparison, with a program in Pulumi's place that answers as it is told."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".github" / "drift.sh"
STACK = "team/prod"
COMMON = f"--expect-no-changes --diff --non-interactive --color never --stack {STACK}"
REFRESH = f"refresh --preview-only --exclude **aws:secretsmanager/secretVersion:SecretVersion::** {COMMON}"
PREVIEW = f"preview --policy-pack policies {COMMON}"


@dataclass(frozen=True)
class Ended:
    code: int
    said: str
    summary: str
    asked: list[str]


def _compare(place: Path, *, refresh: int, preview: int) -> Ended:
    program = place / "pulumi"
    program.write_text(
        '#!/bin/sh\necho "$@" >> "$ASKED"\necho "output of $1"\necho "error of $1" >&2\n'
        f'case "$1" in refresh) exit {refresh};; preview) exit {preview};; *) exit 70;; esac\n'
    )
    program.chmod(0o755)
    summary, asked = place / "summary.md", place / "asked"
    environment = {
        "PATH": f"{place}:{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(summary),
        "ASKED": str(asked),
        "TMPDIR": str(place),
    }
    done = subprocess.run([SCRIPT, STACK], env=environment, capture_output=True, text=True, timeout=30, check=False)
    return Ended(done.returncode, done.stdout, summary.read_text(), asked.read_text().splitlines())


def test_a_stack_as_it_should_be_ends_well_and_says_so(tmp_path: Path) -> None:
    ended = _compare(tmp_path, refresh=0, preview=0)

    assert ended.code == 0
    assert ended.asked == [REFRESH, PREVIEW]
    assert ended.summary == ("team/prod: nobody changed it but Pulumi.\n\nteam/prod: it is as this commit says.\n\n")


@pytest.mark.parametrize(
    ("refresh", "preview", "heading"),
    [
        (1, 0, "### team/prod: changed by something else than Pulumi"),
        (0, 1, "### team/prod: not as this commit says"),
        (255, 255, "### team/prod: changed by something else than Pulumi"),
    ],
)
def test_a_difference_fails_and_is_shown(tmp_path: Path, refresh: int, preview: int, heading: str) -> None:
    ended = _compare(tmp_path, refresh=refresh, preview=preview)

    assert ended.code == 1
    assert heading in ended.summary
    failed = "refresh" if refresh else "preview"
    assert f"```\noutput of {failed}\nerror of {failed}\n```" in ended.summary


def test_both_comparisons_are_made_whatever_the_first_one_says(tmp_path: Path) -> None:
    assert _compare(tmp_path, refresh=1, preview=0).asked == [REFRESH, PREVIEW]


def test_the_log_holds_all_that_pulumi_said(tmp_path: Path) -> None:
    said = _compare(tmp_path, refresh=0, preview=1).said

    assert said == "output of refresh\nerror of refresh\noutput of preview\nerror of preview\n"
