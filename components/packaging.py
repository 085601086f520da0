"""The code of a function: a zip of what its handler may import, and the layers with the libraries that this needs.

Zips and layers lie under ``build/``, which is no source. A zip is made from the sources each time the program runs and
written where it differs; a layer is made where it is missing. Both have the same bytes whenever they are made, so that
a program that is applied twice changes nothing.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
import pulumi.runtime.settings

from components.packages.imports import imports_of
from components.packages.layers import LayerName, LockedLayer, build, layers_of, locked
from components.packages.zips import replace_if_different, zipped

ROOT: Final = Path(__file__).resolve().parent.parent
BUILD: Final = "build"


@dataclass(frozen=True, kw_only=True)
class Package:
    """``sha256_base64`` is of the zip, as Lambda tells it."""

    archive: pulumi.FileArchive
    sha256_base64: str
    layers: tuple[LayerName, ...]


@dataclass(frozen=True, kw_only=True)
class LayerArchive:
    """``digest`` (SHA-256, hexadecimal) is of what the layer is made of, so it is known before the layer is made."""

    archive: pulumi.FileArchive
    digest: str


def handler_of(task: str) -> str:
    return f"lambdas.{task}.handler.handler"


def package_of(task: str, *, root: Path = ROOT) -> Package:
    """Raises:
    PackagingError: the handler imports something that cannot be packed.
    """
    content, layers = zip_of(task, root=root)
    path = root / BUILD / "functions" / f"{task}.zip"
    replace_if_different(path, content)
    return Package(
        archive=_archive(path, root),
        sha256_base64=base64.b64encode(hashlib.sha256(content).digest()).decode(),
        layers=layers,
    )


def zip_of(task: str, *, root: Path = ROOT) -> tuple[bytes, tuple[LayerName, ...]]:
    """The zip's bytes, and the layers that it needs.

    Raises:
        PackagingError: see ``package_of``.
    """
    found = imports_of(task, root=root)
    return zipped((name, path.read_bytes()) for name, path in found.files.items()), layers_of(found.libraries)


def layer_archive(name: LayerName, *, root: Path = ROOT) -> LayerArchive:
    """Made now if it is missing and somebody is going to read it.

    Raises:
        LayerFailed: it could not be made; nothing of it is left.
    """
    layer = locked(name, root=root)
    path = layer_path(name, root=root) if _archives_are_read() else _path_of(layer, root)
    return LayerArchive(archive=_archive(path, root), digest=layer.digest)


def layer_path(name: LayerName, *, root: Path = ROOT) -> Path:
    """Where the layer's zip is, which is made now if it is missing.

    Raises:
        LayerFailed: it could not be made; nothing of it is left.
    """
    layer = locked(name, root=root)
    path = _path_of(layer, root)
    if not path.is_file():
        pulumi.log.info(f"building the layer {name}: {path.relative_to(root)}")
        build(layer, path)
    return path


def _path_of(layer: LockedLayer, root: Path) -> Path:
    return root / BUILD / "layers" / layer.file_name


def _archives_are_read() -> bool:
    """Pulumi's engine reads every archive to compare and upload it, and so may whoever stands in its place. The local
    recorder says that it does not, so a recording costs neither the minute nor the package index that layers take.
    """
    return getattr(pulumi.runtime.settings.get_monitor(), "reads_archives", True)


def _archive(path: Path, root: Path) -> pulumi.FileArchive:
    """The engine keeps paths in the state, where one of this machine would be wrong on the next, and takes relative
    ones from the project's folder, where the program runs. Elsewhere only the whole path says where the file is.
    """
    as_engine = _archives_are_read() and Path.cwd() == root
    return pulumi.FileArchive(path.relative_to(root).as_posix() if as_engine else str(path))
