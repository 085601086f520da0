"""How long the bootstrap of a whole release takes, with vectors, through a running local stack.

    anime local up --detach
    python benchmarks/bootstrap.py anime-offline-database.jsonl.zst
    anime local down

The clock runs around the command, so the upload, the planner, the machine, both stores and the emulator between them
are in it. Afterwards both stores are compared, which is not. Ends with 1 where the limit is not kept or an entry is
missing.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

LIMIT_SECONDS = 300.0


def anime(stack: str, *arguments: str) -> dict[str, Any]:
    """What the command prints with ``--json``; its progress goes to the terminal."""
    command = [str(Path(sys.executable).with_name("anime")), "--stack", stack, "--json", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, text=True)
    if done.returncode != 0:
        sys.exit(done.returncode)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description="Times the bootstrap of a whole release through a local stack.")
    parser.add_argument("release", type=Path, help="a release of anime-offline-database, .jsonl.zst")
    parser.add_argument("--source-sha", default="benchmark")
    parser.add_argument("--stack", default="local")
    parser.add_argument("--limit", type=float, default=LIMIT_SECONDS, metavar="SECONDS")
    chosen = parser.parse_args()

    started = time.perf_counter()
    loaded = anime(chosen.stack, "bootstrap", "--offline", str(chosen.release), "--source-sha", chosen.source_sha)
    seconds = time.perf_counter() - started
    compared = anime(chosen.stack, "reconcile")

    complete = loaded["loaded"] == loaded["entries"] == compared["points"] and compared["differences"] == 0
    print(f"{'entries in the release':32}{loaded['entries']:>10,}")
    print(f"{'loaded, with vectors':32}{loaded['loaded']:>10,}")
    print(f"{'there before, or in conflict':32}{loaded['existing'] + loaded['conflicts']:>10,}")
    print(f"{'differences between the stores':32}{compared['differences']:>10,}")
    print(f"{'seconds':32}{seconds:>10.1f}   limit {chosen.limit:.0f}, on {os.cpu_count()} cores")
    print(f"{'entries a second':32}{loaded['entries'] / seconds:>10,.0f}")
    if not complete:
        print("not every entry was loaded into both stores; begin with an empty stack", file=sys.stderr)
    return 0 if complete and seconds <= chosen.limit else 1


if __name__ == "__main__":
    sys.exit(main())
