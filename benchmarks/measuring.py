"""Time and memory of a Python process of its own."""

import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Measured:
    """``seconds`` of the work itself, by the clock and of the processor (another program may have kept it waiting);
    ``peak_bytes`` of the process from its start, imports included."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    result: dict[str, int]


def peak_bytes() -> int:
    """The most memory that this process ever held."""
    status = Path("/proc/self/status")
    if status.exists():  # the kernel's rusage also counts what the process was before exec
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024


def measure_here(work: Callable[[], dict[str, int]]) -> None:
    """Run the work and print what it took, for ``measure_module`` to read."""
    start, cpu_start = time.perf_counter(), time.process_time()
    result = work()
    times = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu_start}
    print(json.dumps({**times, "peak_bytes": peak_bytes(), "result": result}))


def measure_module(module: str, arguments: Sequence[str | Path]) -> Measured:
    """Run a module that calls ``measure_here`` in a process of its own."""
    return _measured([sys.executable, "-m", module, *map(str, arguments)])


def idle_peak_bytes() -> int:
    """What an interpreter holds that has done nothing but look at itself."""
    here = "from benchmarks.measuring import measure_here; measure_here(dict)"
    return _measured([sys.executable, "-c", here]).peak_bytes


def _measured(command: Sequence[str]) -> Measured:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    printed: dict[str, Any] = json.loads(done.stdout)
    return Measured(**printed)
