"""One stack a module: a process holds one emulator at a time."""

from pathlib import Path

import pytest

from tests.e2e.command import Anime, in_process
from tests.support.local_stack import make_root


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module's stack keeps its files."""
    return make_root(tmp_path_factory.mktemp("project") / "root")


@pytest.fixture
def anime(root: Path, monkeypatch: pytest.MonkeyPatch) -> Anime:
    """The command, typed in the folder of the module's stack."""
    monkeypatch.chdir(root)
    return in_process
