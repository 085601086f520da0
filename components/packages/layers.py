"""Layers: other people's code, exactly as locked, for the functions' processor.

uv resolves wheels for another machine than its own, so no compiler and no container is needed. A layer's file is named
after what it is made of, and is made once.
"""

import hashlib
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from components.packages.errors import LayerFailed, UnknownImport
from components.packages.zips import write_deflated


class LayerName(StrEnum):
    """Every function has ``BASE``; the others stand on it."""

    BASE = "base"
    DOCUMENTS = "documents"
    IMAGES = "images"
    MARKUP = "markup"
    VECTORS = "vectors"


ROOTS: Final[Mapping[LayerName, frozenset[str]]] = {
    LayerName.BASE: frozenset(
        {"boto3", "botocore", "msgspec", "orjson", "pydantic", "redis", "structlog", "urllib3", "zstandard"}
    ),
    LayerName.DOCUMENTS: frozenset({"pymongo"}),
    LayerName.IMAGES: frozenset({"pillow"}),
    LayerName.MARKUP: frozenset({"lxml"}),
    LayerName.VECTORS: frozenset({"qdrant-client"}),
}
"""The project's own dependencies, by the layer that brings them along with all that they need. boto3 is among them
because the one in Lambda's runtime has another version, which changes by itself.
"""

OTHER_NAMES: Final[Mapping[str, str]] = {
    "PIL": "pillow",
    "bson": "pymongo",
    "pydantic_core": "pydantic",
    "qdrant_client": "qdrant-client",
}
"""Modules that are not called like what is installed for them."""

PYTHON: Final = "3.13"
PLATFORM: Final = "aarch64-manylinux_2_28"
"""Lambda's Amazon Linux 2023 has glibc 2.34; the newest numpy and pillow want 2.28."""

_RULES: Final = 1
"""Raised when a layer of the same requirements has to look otherwise."""

_FOLDER: Final = "python"
"""Where Lambda looks for a layer's modules."""

_OF_THE_INSTALLATION: Final = frozenset(
    {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"}
)
"""What an installer writes beside a wheel's own metadata: it tells of the machine and the day."""

_EXPORT_SECONDS: Final = 60.0
_INSTALL_SECONDS: Final = 600.0


@dataclass(frozen=True, kw_only=True)
class Target:
    """Whose wheels are wanted; without a platform those of the running interpreter."""

    python: str | None = None
    platform: str | None = None

    def options(self) -> list[str]:
        version = ["--python-version", self.python] if self.python else []
        return version + (["--python-platform", self.platform] if self.platform else [])


FUNCTIONS: Final = Target(python=PYTHON, platform=PLATFORM)
THIS_MACHINE: Final = Target()


@dataclass(frozen=True, kw_only=True)
class LockedLayer:
    """``requirements`` has versions and digests of all that the layer brings, and nothing that ``BASE`` brings."""

    name: LayerName
    requirements: str

    @property
    def digest(self) -> str:
        """SHA-256 of everything that decides what is in the layer, hexadecimal."""
        parts = (str(_RULES), PYTHON, PLATFORM, self.requirements)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.digest[:16]}.zip"


def layers_of(libraries: Iterable[str]) -> tuple[LayerName, ...]:
    """Those that bring the modules, ``BASE`` first.

    Raises:
        UnknownImport: no layer brings one of them.
    """
    wanted = {LayerName.BASE}
    for module in sorted(libraries):
        distribution = OTHER_NAMES.get(module, module)
        bringing = [name for name, roots in ROOTS.items() if distribution in roots]
        if not bringing:
            raise UnknownImport(
                f"a function imports {module}, which no layer has: name its distribution in ROOTS of {__name__}"
            )
        wanted.update(bringing)
    return tuple(sorted(wanted, key=list(LayerName).index))


def locked(name: LayerName, *, root: Path) -> LockedLayer:
    """What the lock says of a layer.

    Raises:
        LayerFailed: uv is not there, or cannot read the lock.
    """
    return _locked(name, root, _sha256(root / "uv.lock"), _sha256(root / "pyproject.toml"))


def build(layer: LockedLayer, path: Path) -> None:
    """Writes the layer's zip; while it is made it has another name, so that a file of this name is whole.

    Raises:
        LayerFailed: and nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{layer.name}-") as folder:
        unpacked, archive = Path(folder) / "unpacked", Path(folder) / path.name
        install(layer, unpacked, target=FUNCTIONS)
        write_deflated(archive, members(unpacked))
        archive.replace(path)


def install(layer: LockedLayer, folder: Path, *, target: Target) -> None:
    """Raises:
    LayerFailed: a wheel is missing, cannot be had, or is not the one that was locked.
    """
    folder.mkdir(parents=True)
    wanted = folder.with_name(f"{folder.name}.txt")
    wanted.write_text(layer.requirements)
    _uv(
        [
            *("pip", "install", "--python", sys.executable, "--target", str(folder), *target.options()),
            *("--only-binary", ":all:", "--no-deps", "--require-hashes", "--no-compile-bytecode"),
            *("--requirements", str(wanted)),
        ],
        what=f"the wheels of the layer {layer.name}",
        cwd=folder.parent,
        seconds=_INSTALL_SECONDS,
    )


def members(unpacked: Path) -> Iterator[tuple[str, bytes]]:
    """What belongs into the layer of what was installed: modules, and the wheels' own metadata."""
    for path in unpacked.rglob("*"):
        inside = PurePosixPath(path.relative_to(unpacked).as_posix())
        if path.is_file() and _belongs(inside):
            yield f"{_FOLDER}/{inside}", path.read_bytes()


def _belongs(path: PurePosixPath) -> bool:
    if path.parts[0] == "bin" or path.parts[0].startswith("."):
        return False  # commands, which bear the path of an interpreter; uv's own files
    if path.parent.suffix == ".dist-info" and path.name in _OF_THE_INSTALLATION:
        return False
    return "__pycache__" not in path.parts


@lru_cache(maxsize=64)
def _locked(name: LayerName, root: Path, _lock: str, _project: str) -> LockedLayer:
    """The digests stand for the files that uv reads."""
    own = _export(ROOTS[name], root)
    if name is LayerName.BASE:
        return LockedLayer(name=name, requirements=own)
    base = {_distribution(entry) for entry in _entries(locked(LayerName.BASE, root=root).requirements)}
    return LockedLayer(
        name=name, requirements="".join(entry for entry in _entries(own) if _distribution(entry) not in base)
    )


def _export(roots: frozenset[str], root: Path) -> str:
    pruned = sorted(_own_dependencies(root) - roots)
    return _uv(
        [
            *(
                "export",
                "--python",
                sys.executable,
                "--frozen",
                "--no-dev",
                "--no-emit-local",
                "--no-header",
                "--no-annotate",
            ),
            *(part for name in pruned for part in ("--prune", name)),
        ],
        what="the locked requirements",
        cwd=root,
        seconds=_EXPORT_SECONDS,
    )


def _own_dependencies(root: Path) -> frozenset[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return frozenset(_distribution(requirement) for requirement in project["dependencies"])


def _entries(requirements: str) -> Iterator[str]:
    """Each requirement with the lines of its digests."""
    entry = ""
    for line in requirements.splitlines(keepends=True):
        if entry and not line.startswith(" "):
            yield entry
            entry = ""
        entry += line
    if entry:
        yield entry


def _distribution(requirement: str) -> str:
    return requirement.partition("==")[0].partition("[")[0].strip()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _uv(arguments: Sequence[str], *, what: str, cwd: Path, seconds: float) -> str:
    command = [_uv_path(), *arguments, "--quiet", "--no-python-downloads"]
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603 (uv's own path, arguments of ours)
    except subprocess.TimeoutExpired:
        raise LayerFailed(f"uv did not get {what} in {seconds:.0f} s; check the way to the package index") from None
    except OSError as error:
        raise LayerFailed(f"uv could not be run: {error}; `uv sync` installs it anew") from None
    if done.returncode:
        raise LayerFailed(
            f"uv did not get {what}. It said:\n{done.stderr.strip()}\n"
            "Check the way to the package index; after a change of pyproject.toml run `uv lock`."
        )
    return done.stdout


def _uv_path() -> str:
    try:
        import uv  # of the deploy group: only whoever builds layers needs it

        return uv.find_uv_bin()
    except (ImportError, FileNotFoundError):
        raise LayerFailed(
            "layers are built by uv, which is not installed here; `make check` or `uv sync` installs it"
        ) from None
