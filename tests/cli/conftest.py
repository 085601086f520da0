"""What the tests of the command line do not want from whoever runs them."""

import pytest


@pytest.fixture(autouse=True)
def width_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The output is as wide as that to a file is, whatever the shell or a test runner says of its own terminal."""
    monkeypatch.delenv("COLUMNS", raising=False)
