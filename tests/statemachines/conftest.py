"""One emulator for the tests of the machines, whose waits take no time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.emulator import Emulator, EmulatorOptions
from tests.statemachines.harness import REGION, Harness, in_place_of_executor


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    log: Path = tmp_path_factory.mktemp("emulator") / "emulator.log"
    with (
        Emulator(EmulatorOptions(region=REGION, log_file=log, wait_scale=0)) as emulator,
        in_place_of_executor(Harness(emulator.url)) as harness,
    ):
        yield harness
