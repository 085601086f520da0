"""Builds the package of every function and every layer, and says how large they are and how fast they start::

    python -m scripts.packages [--json] [--runs N]

The handlers are imported from their own zips, beside the same locked libraries built for this machine, by an
interpreter that sees nothing else and finds nothing compiled, as at a cold start. Exits 1 where Lambda would refuse a
function, or where an import does what belongs to the first call.
"""

import argparse
import io
import json
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from components.application.pipeline import FUNCTIONS
from components.packages.layers import THIS_MACHINE, LayerName, install, locked
from components.packaging import ROOT, layer_path, package_of, zip_of

MIB: Final = 2**20
MOST_UNPACKED: Final = 250 * MIB
MOST_UPLOADED: Final = 50 * MIB
MOST_LAYERS: Final = 5
"""Of Lambda: of a function with its layers, of one zip sent with the request, and of layers a function."""

SLOW_LIBRARY: Final = "qdrant_client"
"""Takes longer to import than all the others together, and not every invocation needs it."""

CLOUD_ENVIRONMENT: Final = {
    "STACK": "prod",
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "made-up",
    "AWS_SECRET_ACCESS_KEY": "made-up",
    "DATA_BUCKET": "data",
    "IMAGES_BUCKET": "images",
    "IMAGES_DOMAIN": "images.example.org",
    "IMAGE_MAP_TABLE": "image-map",
    "IMAGE_DLQ_URL": "https://sqs.example.org/images",
    "MONGO_URI": "mongodb://documents.example.org",
    "MONGO_DATABASE": "anime_service",
    "QDRANT_URL": "https://vectors.example.org:6333",
    "EMBEDDER": "bedrock:amazon.titan-embed-text-v2:0",
    "REDIS_URL": "rediss://cache.example.org:6379",
    "HTTP_TRANSPORT": "live",
    "ENRICHMENT_MACHINE_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:enrichment",
    "BULK_INDEX_MACHINE_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:bulk-index",
    "COMMIT_DLQ_URL": "https://sqs.example.org/commits",
    "SCHEDULE_GROUP": "episodes",
    "SCHEDULE_ROLE_ARN": "arn:aws:iam::123456789012:role/schedules",
    "EPISODE_FUNCTION_ARN": "arn:aws:lambda:eu-central-1:123456789012:function:episode",
    "SCHEDULE_DLQ_ARN": "arn:aws:sqs:eu-central-1:123456789012:schedules",
}
"""Of a stack in the cloud, for whatever function: each takes what it knows."""

_PROBE: Final = Path(__file__).with_name("import_probe.py")
_PROBE_SECONDS: Final = 120.0


@dataclass(frozen=True, kw_only=True)
class Size:
    """In bytes."""

    packed: int
    unpacked: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """``unpacked`` is with the layers; ``import_ms`` the median of some runs."""

    task: str
    packed: int
    unpacked: int
    layers: tuple[LayerName, ...]
    import_ms: int
    problems: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description="Build all packages and layers, and measure them.")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="imports of each handler (default 3)")
    asked = parser.parse_args()
    layers = {name: layer_size(name) for name in LayerName}
    with tempfile.TemporaryDirectory() as folder:
        build = host_build(Path(folder) / "layers")
        rows = [measured(spec.task, layers, build, Path(folder) / spec.task, asked.runs) for spec in FUNCTIONS]
    problems = [f"layer {name}: {problem}" for name, size in layers.items() for problem in too_large(size)]
    problems += [f"{row.task}: {problem}" for row in rows for problem in row.problems]
    if asked.json:
        described = {
            "functions": [asdict(row) for row in rows],
            "layers": {name: asdict(size) for name, size in layers.items()},
            "problems": problems,
        }
        print(json.dumps(described, indent=2))
    else:
        print_tables(rows, layers, problems)
    return int(bool(problems))


def layer_size(name: LayerName) -> Size:
    """Builds the layer if it is missing."""
    return size_of(layer_path(name).read_bytes())


def size_of(archive: bytes) -> Size:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return Size(packed=len(archive), unpacked=sum(info.file_size for info in opened.infolist()))


def too_large(size: Size) -> list[str]:
    if size.packed <= MOST_UPLOADED:
        return []
    return [f"a zip of {size.packed / MIB:.1f} MiB; Lambda takes {MOST_UPLOADED // MIB} MiB with a request"]


def host_build(folder: Path) -> dict[LayerName, Path]:
    """The layers' libraries for this machine and interpreter, one folder a layer."""
    found = {name: folder / name for name in LayerName}
    for name, path in found.items():
        install(locked(name, root=ROOT), path, target=THIS_MACHINE)
    return found


def unpacked(archive: bytes, folder: Path) -> list[str]:
    """The modules of a function's zip, which lies in the folder afterwards."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        opened.extractall(folder)
        names = [name for name in opened.namelist() if name.endswith(".py")]
    return [name.removesuffix(".py").replace("/", ".").removesuffix(".__init__") for name in names]


def probed(
    task: str,
    path: Sequence[Path],
    *,
    members: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    compiled: bool = False,
) -> dict[str, Any]:
    """What ``scripts/import_probe.py`` tells of a handler; ``compiled`` lets it keep compiled modules for the next."""
    wanted = {
        "handler": f"lambdas.{task}.handler",
        "path": [str(folder) for folder in path],
        "members": list(members),
        "environment": dict(environment or {}),
    }
    alone = ["-I", "-S", *([] if compiled else ["-B"])]
    done = subprocess.run(
        [sys.executable, *alone, str(_PROBE), json.dumps(wanted)],
        capture_output=True,
        text=True,
        timeout=_PROBE_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{task} cannot be imported from its own package:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measured(
    task: str, layer_sizes: Mapping[LayerName, Size], build: Mapping[LayerName, Path], folder: Path, runs: int
) -> Row:
    package_of(task)
    archive, layers = zip_of(task)
    unpacked(archive, folder)
    found = [probed(task, [folder, *(build[name] for name in layers)]) for _ in range(max(1, runs))]
    own = size_of(archive)
    whole = own.unpacked + sum(layer_sizes[name].unpacked for name in layers)
    problems = too_large(own)
    if whole > MOST_UNPACKED:
        problems.append(f"{whole / MIB:.0f} MiB with its layers; Lambda takes {MOST_UNPACKED // MIB} MiB")
    if len(layers) > MOST_LAYERS:
        problems.append(f"{len(layers)} layers; Lambda takes {MOST_LAYERS}")
    if SLOW_LIBRARY in found[0]["loaded"]:
        problems.append(f"imports {SLOW_LIBRARY} before it is called; import it where it is used")
    if found[0]["clients"]:
        problems.append(f"makes clients before it is called: {', '.join(found[0]['clients'])}")
    return Row(
        task=task,
        packed=own.packed,
        unpacked=whole,
        layers=layers,
        import_ms=round(statistics.median(run["seconds"] for run in found) * 1000),
        problems=tuple(problems),
    )


def print_tables(rows: Sequence[Row], layers: Mapping[LayerName, Size], problems: Sequence[str]) -> None:
    print(f"{'function':28} {'zip KiB':>8} {'unpacked MiB':>13} {'import ms':>10}  layers")
    for row in sorted(rows, key=lambda row: row.task):
        sizes = f"{row.packed / 1024:8.0f} {row.unpacked / MIB:13.1f} {row.import_ms:10}"
        print(f"{row.task:28} {sizes}  {' '.join(row.layers)}")
    print(f"\n{'layer':28} {'zip MiB':>8} {'unpacked MiB':>13}")
    for name, size in layers.items():
        print(f"{name:28} {size.packed / MIB:8.1f} {size.unpacked / MIB:13.1f}")
    for problem in problems:
        print(f"PROBLEM {problem}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
