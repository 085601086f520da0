"""Every function starts from its own zip and layers, which hold all it needs and nothing else, in the same bytes.

The handlers are imported by an interpreter that sees the zip and the locked libraries alone, built for this machine
where the layers are built for Lambda's.
"""

import io
import os
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any, Final

import pytest

from components.packages.layers import LayerName, build, locked
from components.packaging import ROOT, handler_of, package_of, zip_of
from scripts.packages import (
    CLOUD_ENVIRONMENT,
    MOST_LAYERS,
    MOST_UNPACKED,
    MOST_UPLOADED,
    host_build,
    probed,
    size_of,
    unpacked,
)

TASKS: Final = sorted(path.parent.name for path in ROOT.glob("lambdas/*/handler.py"))

FOR_OTHER_SETTINGS: Final = {
    "stores.aws_errors": "comes with secrets",
    "stores.cache": "query has another action that asks the cache's server",
    "stores.cache_sign_in": "the cache's user signs in",
    "stores.rate_buckets": "likewise, and the stack has a table instead of a cache",
    "stores.secrets": "the stack has secrets",
    "stores.vectors.edge": "the local stack",
}
"""What ports made of ``CLOUD_ENVIRONMENT`` for an event of no kind do not need, by beginnings, and who does."""

AARCH64: Final = 183
EXTENSION: Final = re.compile(r"\.(cpython-313-aarch64-linux-gnu|abi3)\.so$")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Mapping[LayerName, bytes]:
    """The layers, made here and now."""
    return build_layers(tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Mapping[LayerName, Path]:
    return host_build(tmp_path_factory.mktemp("host") / "layers")


@pytest.fixture(scope="module")
def all_starts(
    host: Mapping[LayerName, Path], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Future[dict[str, Any]]]:
    """How each handler started and made its ports, by task; one that did not fails the tests of its own task alone."""
    folder = tmp_path_factory.mktemp("code")

    def start(task: str) -> dict[str, Any]:
        archive, layers = zip_of(task)
        members = unpacked(archive, folder / task)
        path = [folder / task, *(host[name] for name in layers)]
        found = probed(task, path, members=members, environment=CLOUD_ENVIRONMENT, compiled=True)
        return {**found, "members": set(members)}

    with ThreadPoolExecutor(2) as threads:
        return {task: threads.submit(start, task) for task in TASKS}


@pytest.fixture
def started(all_starts: Mapping[str, Future[dict[str, Any]]], task: str) -> dict[str, Any]:
    return all_starts[task].result()


def build_layers(folder: Path) -> dict[LayerName, bytes]:
    def make(name: LayerName) -> bytes:
        build(locked(name, root=ROOT), folder / f"{name}.zip")
        return (folder / f"{name}.zip").read_bytes()

    with ThreadPoolExecutor(2) as threads:
        return dict(zip(LayerName, threads.map(make, LayerName), strict=True))


# ---------------------------------------------------------------------------------------------- what a function needs


@pytest.mark.parametrize("task", TASKS)
def test_a_handler_starts_from_its_own_zip_and_layers(started: dict[str, Any], task: str) -> None:
    assert handler_of(task).rpartition(".")[0] in started["loaded"]
    assert started["unimportable"] == {}


@pytest.mark.parametrize("task", TASKS)
def test_it_gets_as_far_as_its_first_request(started: dict[str, Any], task: str) -> None:
    """Whatever it makes of the event, nothing that it imports late is missing."""
    assert "ImportError" not in started["ended_with"]
    assert "ModuleNotFoundError" not in started["ended_with"]
    assert started["clients_of_call"]


@pytest.mark.parametrize("task", TASKS)
def test_nothing_else_is_in_the_zip(started: dict[str, Any], task: str) -> None:
    unused = started["members"] - set(started["loaded_by_call"])

    assert {module for module in unused if not module.startswith(tuple(FOR_OTHER_SETTINGS))} == set()


@pytest.mark.parametrize("task", TASKS)
def test_a_zip_has_no_other_function_no_command_and_no_test(task: str) -> None:
    names = members(zip_of(task)[0])

    assert f"lambdas/{task}/handler.py" in names
    assert {name.split("/")[0] for name in names} <= {
        *("models", "domain", "sources", "stores", "workflows", "runtime", "lambdas")
    }
    assert {name.split("/")[1] for name in names if name.startswith("lambdas/")} == {"__init__.py", task}


@pytest.mark.parametrize("task", TASKS)
def test_no_client_is_made_before_the_first_call(started: dict[str, Any], task: str) -> None:
    assert started["clients"] == []


@pytest.mark.parametrize("task", TASKS)
def test_the_slow_library_is_not_imported_before_it_is_needed(started: dict[str, Any], task: str) -> None:
    assert not any(name.partition(".")[0] == "qdrant_client" for name in started["loaded"])


def test_the_probe_would_see_a_client_and_a_missing_module(host: Mapping[LayerName, Path], tmp_path: Path) -> None:
    handler = tmp_path / "lambdas/task/handler.py"
    handler.parent.mkdir(parents=True)
    handler.write_text("import boto3\nmade = boto3.client('s3', region_name='eu-central-1')\n")
    (tmp_path / "lambdas/lost.py").write_text("import pymongo")

    found = probed("task", [tmp_path, host[LayerName.BASE]], members=["lambdas.lost"])

    assert "ClientCreator" in found["clients"]
    assert found["unimportable"] == {"lambdas.lost": "ModuleNotFoundError: No module named 'pymongo'"}


def test_no_function_imports_anything_but_sources() -> None:
    """A file of another kind in ``src`` would be missing from every zip."""
    others = [p for p in (ROOT / "src").rglob("*") if p.is_file() and p.suffix not in {".py", ".pyc"}]

    assert others == []


@pytest.mark.parametrize(
    ("task", "layers"),
    [
        ("process_stage", {LayerName.BASE}),
        ("begin", {LayerName.BASE, LayerName.DOCUMENTS}),
        ("ingest_images", {LayerName.BASE, LayerName.IMAGES}),
        ("commit_data", {LayerName.BASE, LayerName.DOCUMENTS, LayerName.VECTORS}),
    ],
)
def test_a_function_has_the_layers_of_its_own_stores_alone(task: str, layers: set[LayerName]) -> None:
    assert set(package_of(task).layers) == layers


# ----------------------------------------------------------------------------------------------------------- the layers


def test_the_layers_hold_the_very_distributions_that_were_started(
    shipped: Mapping[LayerName, bytes], host: Mapping[LayerName, Path]
) -> None:
    for name in LayerName:
        there = dict(distributions(shipped[name]))
        here = {d: v for path in host[name].glob("*.dist-info/METADATA") for d, v in [described(path.read_bytes())]}
        versions = locked_versions(name)
        assert there.keys() == here.keys() <= versions.keys()
        # The lock may name another version for another Python, as numpy drops old ones early.
        assert all({there[each], here[each]} <= versions[each] for each in there)
        assert all(there[each] == here[each] for each in there if len(versions[each]) == 1)


def test_compiled_modules_are_for_the_functions_processor_and_python(shipped: Mapping[LayerName, bytes]) -> None:
    compiled = 0
    for archive in shipped.values():
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            for name in opened.namelist():
                content = opened.read(name)
                if content.startswith(b"\x7fELF"):
                    compiled += 1
                    assert int.from_bytes(content[18:20], "little") == AARCH64, name
                    assert ".libs/" in name or EXTENSION.search(name), name
                else:
                    assert not name.endswith((".so", ".pyd", ".dylib")), name
    assert compiled > 20


def test_what_lambda_would_refuse_is_far(shipped: Mapping[LayerName, bytes]) -> None:
    layers = {name: size_of(archive) for name, archive in shipped.items()}
    assert all(size.packed < MOST_UPLOADED for size in layers.values())
    for task in TASKS:
        archive, needed = zip_of(task)
        assert len(needed) <= MOST_LAYERS
        assert size_of(archive).unpacked + sum(layers[name].unpacked for name in needed) < MOST_UNPACKED


def members(archive: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.namelist()


def distributions(archive: bytes) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for name in opened.namelist():
            if re.fullmatch(r"python/[^/]+\.dist-info/METADATA", name):
                yield described(opened.read(name))


def described(metadata: bytes) -> tuple[str, str]:
    headers = BytesHeaderParser().parsebytes(metadata)
    return re.sub(r"[-_.]+", "-", headers["Name"]).lower(), headers["Version"]


def locked_versions(name: LayerName) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for distribution, version in re.findall(r"^(\S+)==(\S+)", locked(name, root=ROOT).requirements, re.MULTILINE):
        found.setdefault(distribution, set()).add(version)
    return found


# ------------------------------------------------------------------------------------------------ always the same bytes


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Path]:
    """The sources in another place, written in another order at another time by somebody with another umask."""
    before = os.umask(0o077)
    for path in sorted((*ROOT.glob("src/**/*.py"), *ROOT.glob("lambdas/**/*.py")), reverse=True):
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        os.utime(target, (1_000_000_000, 1_000_000_000))
    yield tmp_path
    os.umask(before)


def digests(root: Path) -> dict[str, str]:
    return {task: package_of(task, root=root).sha256_base64 for task in TASKS}


def test_the_same_sources_give_the_same_zips(copied: Path) -> None:
    assert {task: zip_of(task, root=copied) for task in TASKS} == {task: zip_of(task) for task in TASKS}


def test_the_same_lock_gives_the_same_layers(shipped: Mapping[LayerName, bytes], copied: Path) -> None:
    again = build_layers(copied / "layers")

    assert [name for name in LayerName if again[name] != shipped[name]] == []


def test_a_changed_handler_changes_its_own_function_alone(copied: Path) -> None:
    before = digests(copied)
    with (copied / "lambdas/begin/handler.py").open("a") as handler:
        handler.write("# changed\n")

    after = digests(copied)

    assert [task for task in TASKS if after[task] != before[task]] == ["begin"]


def test_a_changed_module_changes_the_functions_that_import_it(copied: Path) -> None:
    before = digests(copied)
    with (copied / "src/sources/image_content.py").open("a") as module:
        module.write("# changed\n")

    after = digests(copied)

    looking_at_images = {task for task in TASKS if LayerName.IMAGES in package_of(task, root=copied).layers}
    assert {task for task in TASKS if after[task] != before[task]} == looking_at_images
    assert "ingest_images" in looking_at_images
    assert "begin" not in looking_at_images


def test_a_package_is_written_where_its_digest_says(copied: Path) -> None:
    package = package_of("begin", root=copied)

    assert Path(package.archive.path) == copied / "build/functions/begin.zip"
    assert Path(package.archive.path).read_bytes() == zip_of("begin", root=copied)[0]
