"""What a function may import, found in the sources without running them.

A module's own level is followed whole, with the methods of its classes. A function at that level counts only where
something that counts names it: ``runtime.clients`` can make every client there is, and a handler that asks it for one
does not need the libraries of the others. Imports for type checkers do not count.

Where a name cannot be followed the answer is too much, not too little: a module that is handed on as a value counts
with all its functions. An import by a name that is made at run time is refused.
"""

import ast
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from components.packages.errors import UnknownImport

HANDLERS: Final = "lambdas"
LIBRARIES: Final = "src"

LOCAL_ONLY: Final = frozenset({"qdrant_edge", "wordllama"})
"""Libraries of the local stack's adapters, which no setting of a stack in the cloud leads to."""

_COMPUTED: Final = frozenset({("__import__",), ("import_module",), ("importlib", "import_module")})

Chain = tuple[str, ...]
"""A dotted name, as far as it is written out."""


@dataclass(frozen=True)
class Imports:
    """``files`` by their names inside the package; ``libraries`` are top-level modules of other people's."""

    files: Mapping[str, Path]
    libraries: frozenset[str]


def imports_of(task: str, *, root: Path) -> Imports:
    """Raises:
    UnknownImport: a module of ours is not there, or is looked up at run time.
    """
    folder = root / HANDLERS / task
    if not (folder / "handler.py").is_file():
        raise UnknownImport(
            f"there is no {folder / 'handler.py'}; a function is a folder of {HANDLERS}/ with a handler"
        )
    graph = _Graph(root)
    for path in sorted(folder.rglob("*.py")):
        graph.load(_module_name(path.relative_to(root)))
    graph.reach(f"{HANDLERS}.{task}.handler", "handler")
    graph.follow()
    beside = {str(p.relative_to(root).as_posix()): p for p in folder.rglob("*") if p.is_file() and _is_data(p)}
    return Imports(files=graph.files() | beside, libraries=frozenset(graph.libraries))


def _module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_data(path: Path) -> bool:
    return path.suffix not in {".py", ".pyc"} and not path.name.startswith(".")


@dataclass(frozen=True)
class _Import:
    """``from module import name as bound``; without a name ``import module as bound``."""

    module: str
    name: str | None
    bound: str
    level: int = 0


@dataclass
class _Block:
    """Code that runs as one: a module's own level, or the body of one of its functions."""

    imports: list[_Import] = field(default_factory=list)
    uses: set[Chain] = field(default_factory=set)


@dataclass(frozen=True)
class _Module:
    top: _Block
    functions: Mapping[str, _Block]
    defined: frozenset[str]

    @cached_property
    def bindings(self) -> "Bindings":
        return _bindings(self.top)

    @cached_property
    def names(self) -> frozenset[str]:
        return self.defined | self.bindings.keys()


class _Reader(ast.NodeVisitor):
    """Fills a block; of nested functions and classes too, since they run with what holds them."""

    def __init__(self, block: _Block) -> None:
        self._block = block

    def visit_If(self, node: ast.If) -> None:
        if _is_for_type_checkers(node):
            self._visit_all(node.orelse)
        else:
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.asname is None and "." in alias.name:
                # Binds the first part, and loads the rest besides.
                self._block.imports.append(_Import(alias.name, None, ""))
            self._block.imports.append(
                _Import(
                    alias.name if alias.asname else alias.name.partition(".")[0],
                    None,
                    alias.asname or alias.name.partition(".")[0],
                )
            )

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._block.imports.append(_Import(node.module or "", alias.name, alias.asname or alias.name, node.level))

    def visit_Name(self, node: ast.Name) -> None:
        self._block.uses.add((node.id,))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        parts = [node.attr]
        value = node.value
        while isinstance(value, ast.Attribute):
            parts.append(value.attr)
            value = value.value
        if isinstance(value, ast.Name):
            self._block.uses.add((value.id, *reversed(parts)))
        else:
            self.visit(value)

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def _is_for_type_checkers(node: ast.If) -> bool:
    test = node.test
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


@cache
def _read(source: bytes) -> _Module:
    """By content, so that a source that changed is read anew and the others are not."""
    top = _Block()
    functions: dict[str, _Block] = {}
    defined: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            defined.add(node.name)
            _read_function(node, top, functions.setdefault(node.name, _Block()))
        else:
            defined.update(_names_of(node))
            _Reader(top).visit(node)
    return _Module(top=top, functions=functions, defined=frozenset(defined))


def _read_function(node: ast.FunctionDef | ast.AsyncFunctionDef, top: _Block, own: _Block) -> None:
    """Decorators, defaults and annotations are evaluated where the function is defined."""
    for evaluated in (*node.decorator_list, node.args, *([node.returns] if node.returns else [])):
        _Reader(top).visit(evaluated)
    for statement in node.body:
        _Reader(own).visit(statement)


def _names_of(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.ClassDef):
        return {node.name}
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


class _Graph:
    """What has been found to be loaded and run so far."""

    def __init__(self, root: Path) -> None:
        self.libraries: set[str] = set()
        self._root = root
        self._ours = {HANDLERS, *(path.stem for path in (root / LIBRARIES).iterdir())}
        self._located: dict[str, tuple[str, Path] | None] = {}
        self._modules: dict[str, _Module] = {}
        self._paths: dict[str, tuple[str, Path]] = {}
        self._reached: set[tuple[str, str]] = set()
        self._waiting: list[tuple[str, _Block]] = []

    def files(self) -> dict[str, Path]:
        return dict(self._paths.values())

    def follow(self) -> None:
        while self._waiting:
            module, block = self._waiting.pop()
            self._run(module, block)

    def load(self, module: str) -> bool:
        """With the packages above it; False where the module is not ours."""
        if module in self._modules:
            return True
        if module.partition(".")[0] not in self._ours:
            return False
        parent, _, _ = module.rpartition(".")
        if parent and not self.load(parent):
            return False
        found = self._locate(module)
        if found is None:
            return False
        self._paths[module] = found
        self._modules[module] = _read(found[1].read_bytes())
        self._waiting.append((module, self._modules[module].top))
        return True

    def reach(self, module: str, name: str) -> None:
        """Code that counts names this attribute of a loaded module."""
        if (module, name) in self._reached:
            return
        self._reached.add((module, name))
        known = self._modules[module]
        if name in known.functions:
            self._waiting.append((module, known.functions[name]))
        for binding in known.bindings.get(name, ()):
            self._follow_binding(module, binding, ())

    def _locate(self, module: str) -> tuple[str, Path] | None:
        if module not in self._located:
            self._located[module] = self._look_for(module)
        return self._located[module]

    def _look_for(self, module: str) -> tuple[str, Path] | None:
        root = self._root if module.partition(".")[0] == HANDLERS else self._root / LIBRARIES
        path = module.replace(".", "/")
        for name in (f"{path}/__init__.py", f"{path}.py"):
            if (root / name).is_file():
                return name, root / name
        return None

    def _run(self, module: str, block: _Block) -> None:
        for each in block.imports:
            self._import(module, each)
        known, own = self._modules[module].bindings, _bindings(block)
        for first, *rest in block.uses:
            if (first, *rest[:1]) in _COMPUTED or (first,) in _COMPUTED:
                where = self._paths[module][0]
                raise UnknownImport(
                    f"{where} imports by a name made at run time, so nobody can tell what to pack; write the import out"
                )
            bindings = own.get(first) or known.get(first)
            if bindings is None:
                self.reach(module, first)
            for binding in bindings or ():
                self._follow_binding(module, binding, rest)

    def _import(self, module: str, wanted: _Import) -> None:
        target = self._absolute(module, wanted)
        if not self.load(target):
            self._outside(module, target)
        elif wanted.name == "*":
            self._whole(target)
        elif wanted.name is not None and wanted.name not in self._modules[target].names:
            # A package gives its modules too, though it does not name them.
            self.load(f"{target}.{wanted.name}")

    def _absolute(self, module: str, wanted: _Import) -> str:
        if not wanted.level:
            return wanted.module
        parts = module.split(".")
        above = parts[: len(parts) - wanted.level + self._paths[module][0].endswith("/__init__.py")]
        return ".".join([*above, *([wanted.module] if wanted.module else [])])

    def _outside(self, module: str, target: str) -> None:
        first = target.partition(".")[0]
        if first in self._ours:
            raise UnknownImport(f"{self._paths[module][0]} imports {target}, which does not exist")
        if first not in sys.stdlib_module_names and first not in LOCAL_ONLY:
            self.libraries.add(first)

    def _follow_binding(self, module: str, binding: _Import, rest: Sequence[str]) -> None:
        """``rest`` is what is asked of the imported thing."""
        target = self._absolute(module, binding)
        for part in (*([binding.name] if binding.name else []), *rest):
            if not self.load(target):
                return
            if part in self._modules[target].names or self._locate(f"{target}.{part}") is None:
                self.reach(target, part)
                return
            target = f"{target}.{part}"
        if self.load(target):
            self._whole(target)

    def _whole(self, module: str) -> None:
        for name in sorted(self._modules[module].names):
            self.reach(module, name)


Bindings = Mapping[str, Sequence[_Import]]


def _bindings(block: _Block) -> Bindings:
    """By name; a name may be bound in more than one branch."""
    found: dict[str, list[_Import]] = {}
    for each in block.imports:
        found.setdefault(each.bound, []).append(each)
    return found
