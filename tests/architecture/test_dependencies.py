"""Dependencies point inward, and every public function says its types."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = frozenset(
    {
        "models",
        "domain",
        "sources",
        "stores",
        "workflows",
        "runtime",
        "cli",
        "local",
        "components",
        "lambdas",
        "services",
        "policies",
        "bootstrap",
    }
)
ALLOWED: dict[str, frozenset[str]] = {
    "models": frozenset({"models"}),
    "domain": frozenset({"models", "domain"}),
    "workflows": frozenset({"models", "domain", "workflows"}),
    "sources": frozenset({"models", "domain", "workflows", "sources"}),
    "stores": frozenset({"models", "domain", "workflows", "stores"}),
    "runtime": frozenset({"models", "domain", "workflows", "stores", "sources", "runtime"}),
    "lambdas": frozenset({"models", "domain", "workflows", "runtime"}),
    "cli": frozenset({"models", "domain", "workflows", "cli", "local"}),
    "local": frozenset({"models", "stores", "runtime", "local"}),
    "components": frozenset({"components", "models.collections"}),
    "policies": frozenset({"policies"}),
    "bootstrap": frozenset({"bootstrap", "components"}),
}
NO_IO = frozenset({"boto3", "botocore", "pymongo", "redis", "urllib3", "qdrant_client", "socket", "subprocess", "os"})
"""Libraries that the pure layers leave to the adapters."""
ENVIRONMENT_READERS = frozenset({"src/runtime/handler.py"})


def _folder(layer: str) -> Path:
    inside = ROOT / "src" / layer
    return inside if inside.is_dir() else ROOT / layer


def _modules(layer: str) -> list[Path]:
    return sorted(_folder(layer).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_allowed(name: str, allowed: frozenset[str]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in allowed)


@pytest.mark.parametrize("layer", sorted(ALLOWED))
def test_a_layer_imports_only_what_lies_further_in(layer: str) -> None:
    modules = _modules(layer)
    assert modules, f"the layer {layer} has no modules; the rule would prove nothing"
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules
        for name in _imports(path)
        if name.partition(".")[0] in OURS and not _is_allowed(name, ALLOWED[layer])
    ]
    assert wrong == []


@pytest.mark.parametrize("layer", ["models", "domain", "workflows"])
def test_the_pure_layers_touch_nothing_outside(layer: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in _modules(layer)
        for name in _imports(path)
        if name.partition(".")[0] in NO_IO
    ]
    assert wrong == []


@pytest.mark.parametrize("layer", ["models", "domain", "workflows", "sources", "stores", "runtime", "lambdas"])
def test_only_the_handler_decorator_reads_the_environment(layer: str) -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in _modules(layer)
        if ("os.environ" in path.read_text() or "getenv" in path.read_text())
        and str(path.relative_to(ROOT)) not in ENVIRONMENT_READERS
    ]
    assert wrong == []


@pytest.mark.parametrize("layer", sorted(ALLOWED))
def test_every_function_says_its_types(layer: str) -> None:
    wrong = []
    for path in _modules(layer):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                untyped = [a.arg for a in arguments if a.annotation is None and a.arg not in {"self", "cls"}]
                if node.returns is None or untyped:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {untyped}")
    assert wrong == []


def test_every_test_function_is_in_a_file_that_is_collected() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if not path.name.startswith("test_")
        and any(
            isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            for node in ast.parse(path.read_text()).body
        )
    ]
    assert wrong == []
