"""A stack of the small program. It ends with the module that uses it: a process holds one emulator at a time."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import LocalStack, StackOptions

PROGRAM = Path(__file__).parent / "program"


def copy_program(root: Path) -> Path:
    """A root with the small program in it, and nothing recorded."""
    shutil.copytree(PROGRAM, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "samples").mkdir()
    return root


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    root = copy_program(tmp_path_factory.mktemp("stack") / "root")
    with LocalStack("tests", root=root, options=StackOptions(wait_scale=0, retry_base_seconds=0.01)) as running:
        yield running


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_program(tmp_path / "root")
