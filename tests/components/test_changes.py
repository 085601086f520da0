"""What a change of one handler changes of the stack: its code and the hash of its code, and nothing else."""

import dataclasses
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.packaging import ROOT
from local.recording import RecordedResource, Recording
from tests.components.recordings import changed

PARTS = ("components", "lambdas", "local", "src", "statemachines")

RECORD = """
import pickle, sys
from local.program import record_program
pickle.dump(record_program(stack="dev"), sys.stdout.buffer)
"""


def _recorded(root: Path) -> Recording:
    """By a process of its own, in which every module is the copy's."""
    done = subprocess.run(
        [sys.executable, "-c", RECORD],
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root}:{root / 'src'}"},
        capture_output=True,
        check=True,
        timeout=120,
    )
    found = pickle.loads(done.stdout)  # noqa: S301  of our own process
    assert isinstance(found, Recording)
    return found


def _copy(to: Path) -> Path:
    for part in PARTS:
        shutil.copytree(ROOT / part, to / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("__main__.py", "Pulumi.yaml", "Pulumi.dev.yaml", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / file, to / file)
    return to


def _facts(resource: RecordedResource) -> dict[str, Any]:
    options = dataclasses.asdict(resource.options)
    options["dependencies"] = frozenset(options["dependencies"])
    return {
        **{f"input {name}": value for name, value in resource.inputs.items() if name != "code"},
        "options": options,
        "parent": resource.parent,
        "type": resource.type,
    }


def differences(one: Recording, other: Recording) -> set[tuple[str, str]]:
    """Names of resources with what is not the same of them. Archives are compared by the hash beside them."""
    left, right = ({r.urn: r for r in recording} for recording in (one, other))
    assert left.keys() == right.keys()
    found = set()
    for urn, resource in left.items():
        before, after = _facts(resource), _facts(right[urn])
        found |= {(resource.name, fact) for fact in before | after if before.get(fact) != after.get(fact)}
    return found


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, Recording]:
    root = _copy(tmp_path_factory.mktemp("stack"))
    before = _recorded(root)
    handler = root / "lambdas" / "begin" / "handler.py"
    handler.write_text(handler.read_text() + "\n# changed\n")
    return before, _recorded(root)


def test_a_changed_handler_changes_its_code_alone(recordings: tuple[Recording, Recording]) -> None:
    assert differences(*recordings) == {("begin-function", "input sourceCodeHash")}


def test_a_hash_in_a_tag_would_be_seen(recordings: tuple[Recording, Recording]) -> None:
    before, after = recordings
    role = after.named("begin-role")
    spoilt = changed(after, lambda r: r.urn == role.urn, inputs={**role.inputs, "tags": {"code": "another"}})

    assert ("begin-role", "input tags") in differences(before, spoilt)
