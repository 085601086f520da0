"""A layer is what the lock says, is made where it is missing and read, and is whole or not there."""

import importlib.metadata
import re
import sys
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pulumi
import pytest
import uv

from components import packaging
from components.aws.lambda_functions import ARCHITECTURE, RUNTIME
from components.packages import layers
from components.packages.errors import LayerFailed, UnknownImport
from components.packages.imports import LOCAL_ONLY
from components.packages.layers import OTHER_NAMES, PLATFORM, PYTHON, ROOTS, LayerName, LockedLayer, layers_of, locked
from components.packaging import ROOT, layer_archive, layer_path
from local.program import record_program

OF_THE_COMMAND_LINE = {"rich", "typer"}
REQUIREMENTS = "six==1.17.0 \\\n    --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n"


def names(requirements: str) -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+)==", requirements, re.MULTILINE))


def project() -> Mapping[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def distribution(requirement: str) -> str:
    return re.split(r"[\[=<>; ]", requirement)[0]


# ------------------------------------------------------------------------------------------------- what is in which


def test_every_dependency_is_in_one_layer_but_the_command_lines() -> None:
    ours = {distribution(requirement) for requirement in project()["project"]["dependencies"]}
    shipped = [name for roots in ROOTS.values() for name in roots]

    assert len(shipped) == len(set(shipped))
    assert set(shipped) | OF_THE_COMMAND_LINE == ours


def test_modules_belong_to_the_distributions_that_install_them() -> None:
    installed = importlib.metadata.packages_distributions()
    for roots in ROOTS.values():
        for name in roots - set(OTHER_NAMES.values()):
            assert name in installed[name]
    for module, name in OTHER_NAMES.items():
        assert module == "pydantic_core" or name in installed[module]


def test_what_only_the_local_stack_has_is_no_dependency_of_the_functions() -> None:
    local = {distribution(r) for r in project()["dependency-groups"]["local"]}

    assert {name.replace("_", "-") for name in LOCAL_ONLY} <= local | {name.removesuffix("-py") for name in local}


def test_layers_are_for_the_functions_own_runtime() -> None:
    assert f"python{PYTHON}" == RUNTIME
    assert (PLATFORM.partition("-")[0], ARCHITECTURE) == ("aarch64", "arm64")


def test_a_function_gets_the_layers_that_it_needs() -> None:
    assert layers_of([]) == (LayerName.BASE,)
    assert layers_of(["pydantic", "bson"]) == (LayerName.BASE, LayerName.DOCUMENTS)
    assert layers_of(["qdrant_client", "PIL", "pymongo"]) == (
        LayerName.BASE,
        LayerName.DOCUMENTS,
        LayerName.IMAGES,
        LayerName.VECTORS,
    )


def test_a_library_that_no_layer_has_is_refused_by_name() -> None:
    with pytest.raises(UnknownImport, match="imports typer, which no layer has"):
        layers_of(["boto3", "typer"])


@pytest.mark.parametrize("name", list(LayerName))
def test_a_layer_brings_all_that_its_libraries_need_and_nothing_twice(name: LayerName) -> None:
    own = names(locked(name, root=ROOT).requirements)
    base = names(locked(LayerName.BASE, root=ROOT).requirements)

    assert ROOTS[name] <= own
    assert name is LayerName.BASE or not own & base
    assert not own & OF_THE_COMMAND_LINE
    for each in importlib.metadata.distributions():
        if each.name in own:
            needed = {distribution(r).lower().replace("_", "-") for r in each.requires or () if "extra ==" not in r}
            assert needed & names((ROOT / "requirements.txt").read_text()) <= own | base, each.name


def test_each_requirement_has_its_digests() -> None:
    for name in LayerName:
        requirements = locked(name, root=ROOT).requirements
        entries = re.split(r"^(?=\S)", requirements, flags=re.MULTILINE)[1:]
        assert entries
        assert all("--hash=sha256:" in entry for entry in entries)


# ---------------------------------------------------------------------------------------------------- what it is called


def test_the_name_tells_the_requirements() -> None:
    first = LockedLayer(name=LayerName.BASE, requirements="six==1.16.0\n")
    second = LockedLayer(name=LayerName.BASE, requirements="six==1.17.0\n")

    assert re.fullmatch(r"base-[0-9a-f]{16}\.zip", first.file_name)
    assert first.file_name != second.file_name
    assert first.digest == LockedLayer(name=LayerName.BASE, requirements="six==1.16.0\n").digest


@pytest.mark.parametrize("constant", ["PYTHON", "PLATFORM", "_RULES"])
def test_the_name_tells_whom_it_is_for(monkeypatch: pytest.MonkeyPatch, constant: str) -> None:
    layer = LockedLayer(name=LayerName.BASE, requirements=REQUIREMENTS)
    before = layer.digest

    monkeypatch.setattr(layers, constant, "other")

    assert layer.digest != before


# ---------------------------------------------------------------------------------------------------- what goes wrong


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a script in uv's place."""

    def put(script: str) -> None:
        path = tmp_path / "uv"
        path.write_text(f"#!{sys.executable}\nimport sys\n{dedent(script)}")
        path.chmod(0o755)
        monkeypatch.setattr(uv, "find_uv_bin", lambda: str(path))

    return put


def built(folder: Path) -> Path:
    path = folder / "layers/base.zip"
    layers.build(LockedLayer(name=LayerName.BASE, requirements=REQUIREMENTS), path)
    return path


INSTALL = """
    from pathlib import Path
    target = Path(sys.argv[sys.argv.index("--target") + 1])
    (target / "six.py").write_text("# six")
"""


def test_a_layer_holds_modules_and_nothing_of_the_installation(tmp_path: Path, stand_in: Callable[[str], None]) -> None:
    stand_in(
        INSTALL
        + """
    for name in ("bin/six", ".lock", "__pycache__/six.pyc", "a/__pycache__/b.pyc", "a/b.py", "a/RECORD",
                 "six-1.dist-info/RECORD", "six-1.dist-info/INSTALLER", "six-1.dist-info/REQUESTED",
                 "six-1.dist-info/uv_cache.json", "six-1.dist-info/direct_url.json", "six-1.dist-info/METADATA"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text("")
    """
    )
    with zipfile.ZipFile(built(tmp_path)) as archive:
        assert archive.namelist() == [
            "python/a/RECORD",
            "python/a/b.py",
            "python/six-1.dist-info/METADATA",
            "python/six.py",
        ]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (INSTALL + "\n    sys.exit('no wheel for this platform')", "no wheel for this platform"),
        (INSTALL + "\n    import os\n    os.kill(os.getpid(), 9)", "uv did not get the wheels of the layer base"),
    ],
)
def test_a_failure_says_why_and_leaves_nothing(
    tmp_path: Path, stand_in: Callable[[str], None], script: str, says: str
) -> None:
    stand_in(script)

    with pytest.raises(LayerFailed, match=says):
        built(tmp_path)

    assert list((tmp_path / "layers").iterdir()) == []


def test_a_uv_that_hangs_is_given_up(
    tmp_path: Path, stand_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in("sys.stdin.read() or __import__('time').sleep(3600)")
    monkeypatch.setattr(layers, "_INSTALL_SECONDS", 0.5)

    with pytest.raises(LayerFailed, match="did not get the wheels of the layer base in 0"):
        built(tmp_path)

    assert list((tmp_path / "layers").iterdir()) == []


def test_an_interruption_leaves_nothing(
    tmp_path: Path, stand_in: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(INSTALL)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(layers, "write_deflated", interrupt)
    with pytest.raises(KeyboardInterrupt):
        built(tmp_path)

    assert list((tmp_path / "layers").iterdir()) == []


def no_uv_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)


def no_uv_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found() -> str:
        raise FileNotFoundError("nowhere")

    monkeypatch.setattr(uv, "find_uv_bin", not_found)


def broken_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv, "find_uv_bin", lambda: "/dev/null")


@pytest.mark.parametrize("absent", [no_uv_package, no_uv_binary, broken_uv])
def test_without_uv_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, absent: Callable[[pytest.MonkeyPatch], None]
) -> None:
    absent(monkeypatch)

    with pytest.raises(LayerFailed, match="uv sync"):
        built(tmp_path)

    assert list((tmp_path / "layers").iterdir()) == []


# ------------------------------------------------------------------------------------------------ when it is made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of its own, so that what others have built does not show."""
    for name in ("pyproject.toml", "uv.lock"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[LayerName]:
    """The layers that are built, in name only."""
    made: list[LayerName] = []

    def build(layer: LockedLayer, path: Path) -> None:
        made.append(layer.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")

    monkeypatch.setattr(packaging, "build", build)
    return made


def test_a_layer_is_made_once(root: Path, builds: list[LayerName]) -> None:
    first = layer_path(LayerName.IMAGES, root=root)

    assert layer_path(LayerName.IMAGES, root=root) == first
    assert builds == [LayerName.IMAGES]


def test_another_lock_makes_another_layer(root: Path, builds: list[LayerName]) -> None:
    first = layer_archive(LayerName.IMAGES, root=root)
    lock = (root / "uv.lock").read_text()
    pillow = lock.index('[[package]]\nname = "pillow"')
    digest = lock.index("sha256:", pillow)
    (root / "uv.lock").write_text(lock[:digest] + "sha256:" + "0" * 64 + lock[digest + len("sha256:") + 64 :])

    second = layer_archive(LayerName.IMAGES, root=root)

    assert first.digest != second.digest
    assert builds == [LayerName.IMAGES] * 2


def test_a_recording_names_a_layer_and_makes_none(root: Path, builds: list[LayerName]) -> None:
    (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text("config: {}")
    (root / "__main__.py").write_text(
        dedent(f"""
        from pathlib import Path
        import pulumi
        from components.packaging import LayerName, layer_archive
        layer = layer_archive(LayerName.IMAGES, root=Path({str(root)!r}))
        pulumi.export("path", layer.archive.path)
        pulumi.export("digest", layer.digest)
        """)
    )

    exports = record_program(stack="dev", root=root).exports

    assert builds == []
    assert not Path(exports["path"]).exists()
    assert Path(exports["path"]) == layer_path(LayerName.IMAGES, root=root)
    assert exports["digest"] == locked(LayerName.IMAGES, root=root).digest


def test_whoever_else_stands_in_the_engines_place_gets_the_layer(
    root: Path, builds: list[LayerName], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Monitor:
        """One that says nothing about archives: Pulumi's engine, or another's mocks."""

    monkeypatch.setattr(pulumi.runtime.settings, "get_monitor", Monitor)

    layer_archive(LayerName.IMAGES, root=root)

    assert builds == [LayerName.IMAGES]


def test_the_engine_gets_paths_that_mean_the_same_on_every_machine(
    root: Path, builds: list[LayerName], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    layer = locked(LayerName.IMAGES, root=root)

    assert layer_archive(LayerName.IMAGES, root=root).archive.path == f"build/layers/{layer.file_name}"
