"""What reaches MongoDB and how: the methods of the adapters that each function can come to, by reading its code, and
the commands that each method sends, by watching the driver.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, GeneratorType
from typing import Any, Final

from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from components.mongo.users import DATABASE, Action

ROOT: Final = Path(__file__).resolve().parents[2]
ADAPTERS: Final = ROOT / "src" / "stores" / "mongo"

Method = tuple[str, str]
"""Of a port: ``("locks", "release")``."""

Need = tuple[str, Action]
"""An action on a collection, or on the database."""


# ------------------------------------------------------------------------------------------- what a function comes to

PORTS: Final[Mapping[str, str]] = {
    "animes": "animes",
    "locks": "locks",
    "reviews": "reviews",
    "schema": "schema",
    "document_schema": "schema",
}
"""Names under which the code holds a port."""

_Part = tuple[str, str]
"""A module, and a name at its top level."""


def methods_of(task: str) -> set[Method]:
    """Of the ports of MongoDB, whatever the handler can come to; rather too many than too few."""
    handler = f"lambdas.{task}.handler"
    waiting = [(handler, name) for name in _parts(handler)]
    seen: set[_Part] = set()
    found: set[Method] = set()
    while waiting:
        part = waiting.pop()
        if part in seen:
            continue
        seen.add(part)
        code = _parts(part[0]).get(part[1])
        if code is not None:
            found |= set(_port_methods(code))
            waiting.extend(_mentioned(part[0], code))
    return found


@cache
def _parts(module: str) -> Mapping[str, ast.AST]:
    """Functions, classes and constants of a module of ours that is above the ports."""
    path = _path(module)
    if path is None:
        return {}
    found: dict[str, ast.AST] = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: node for target in targets if isinstance(target, ast.Name)}
    return found


def _path(module: str) -> Path | None:
    if not module.startswith(("lambdas.", "workflows.")):
        return None
    path = (ROOT if module.startswith("lambdas.") else ROOT / "src") / Path(*module.split(".")).with_suffix(".py")
    return path if path.exists() else None


@cache
def _imported(module: str) -> Mapping[str, tuple[str, str | None]]:
    """Local name -> module and name in it, or a whole module."""
    path = _path(module)
    assert path is not None
    found: dict[str, tuple[str, str | None]] = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = _path(f"{node.module}.{alias.name}") is not None
                target = (f"{node.module}.{alias.name}", None) if whole else (node.module, alias.name)
                found[alias.asname or alias.name] = target
    return found


def _mentioned(module: str, code: ast.AST) -> Iterator[_Part]:
    for node in ast.walk(code):
        if isinstance(node, ast.Name):
            imported, name = _imported(module).get(node.id, (module, node.id))
            if name is not None:
                yield imported, name
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            imported, name = _imported(module).get(node.value.id, (module, ""))
            if name is None:
                yield imported, node.attr


def _port_methods(code: ast.AST) -> Iterator[Method]:
    for node in ast.walk(code):
        if isinstance(node, ast.Attribute):
            port = PORTS.get(_last_name(node.value))
            if port is not None:
                yield port, node.attr


_TYPES: Final = {"Animes": "animes", "Locks": "locks", "Reviews": "reviews", "Schema": "schema"}


def renamed_ports() -> Iterator[str]:
    """Where a workflow holds a port under another name, so that what is called on it could not be read."""
    for path in sorted((ROOT / "src" / "workflows").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            held = _held(node)
            if held is not None and held[0] != held[1]:
                yield f"{path.name}: {held[0]} holds {held[1]}"


def _held(node: ast.AST) -> tuple[str, str] | None:
    """A name, and the port that it is declared or assigned to be."""
    if isinstance(node, ast.arg | ast.AnnAssign) and isinstance(node.annotation, ast.Name):
        name = node.arg if isinstance(node, ast.arg) else _last_name(node.target)
        return (name, _TYPES[node.annotation.id]) if node.annotation.id in _TYPES else None
    if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Call):
        port = PORTS.get(_last_name(node.value))
        return (_last_name(node.targets[0]), port) if port else None
    return None


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


# ---------------------------------------------------------------------------------------------- what a method sends

WITHOUT_RIGHT: Final = frozenset(
    {"getMore", "killCursors", "commitTransaction", "abortTransaction", "endSessions", "ping"}
)
"""Commands on what the user has begun itself."""

_SIMPLE: Final[Mapping[str, Action]] = {
    "find": Action.FIND,
    "aggregate": Action.FIND,
    "insert": Action.INSERT,
    "delete": Action.REMOVE,
    "collMod": Action.COLL_MOD,
    "create": Action.CREATE_COLLECTION,
    "createIndexes": Action.CREATE_INDEX,
    "dropIndexes": Action.DROP_INDEX,
    "listIndexes": Action.LIST_INDEXES,
}
_READING_STAGES: Final = frozenset({"$match", "$group"})
"""Stages of an aggregation that look at its own collection alone."""


def needs_of(name: str, command: Mapping[str, Any]) -> set[Need]:
    """What the server asks for before it does the command
    (https://www.mongodb.com/docs/manual/reference/privilege-actions/).

    Raises:
        KeyError: nobody has said what the command needs.
    """
    if name in WITHOUT_RIGHT:
        return set()
    if name == "listCollections":
        return {(DATABASE, Action.LIST_COLLECTIONS)}
    collection = str(command[name])
    if name == "aggregate":
        assert {stage for each in command["pipeline"] for stage in each} <= _READING_STAGES
    if name == "update":
        return {(collection, action) for each in command["updates"] for action in _of_update(each)}
    if name == "findAndModify":
        changes = {Action.REMOVE} if command.get("remove") else _of_update(command)
        return {(collection, action) for action in {Action.FIND, *changes}}
    return {(collection, _SIMPLE[name])}


def _of_update(statement: Mapping[str, Any]) -> set[Action]:
    return {Action.UPDATE, Action.INSERT} if statement.get("upsert") else {Action.UPDATE}


class Watch(CommandListener):
    """``needs`` by method, of the calls that were made through ``watched``; ``sent`` has where in the adapters each
    command came from: file, function, command.
    """

    def __init__(self) -> None:
        self.needs: defaultdict[Method, set[Need]] = defaultdict(set)
        self.sent: set[tuple[str, str, str]] = set()
        self._method: Method | None = None

    def started(self, event: CommandStartedEvent) -> None:
        if self._method is None:
            return
        self.needs[self._method] |= needs_of(event.command_name, event.command)
        self.sent |= {(*place, event.command_name) for place in _places()}

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass

    @contextmanager
    def calling(self, *method: str) -> Iterator[None]:
        port, name = method
        self.needs[port, name] |= set()
        self._method = (port, name)
        try:
            yield
        finally:
            self._method = None

    def watched(self, port: str, adapter: Any) -> Any:
        """The adapter, whose calls count; what it streams is read to the end."""
        return _Watched(self, port, adapter)


class _Watched:
    def __init__(self, watch: Watch, port: str, adapter: Any) -> None:
        self._watch, self._port, self._adapter = watch, port, adapter

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            with self._watch.calling(self._port, name):
                result = getattr(self._adapter, name)(*args, **kwargs)
                return list(result) if isinstance(result, GeneratorType) else result

        return call


def _places() -> Iterator[tuple[str, str]]:
    frame = sys._getframe()
    while frame is not None:
        code: CodeType = frame.f_code
        path = Path(code.co_filename)
        if path.parent == ADAPTERS:
            yield path.stem, code.co_qualname.replace("<locals>.", "")
        if frame.f_back is None:
            return
        frame = frame.f_back


DRIVER: Final[Mapping[str, frozenset[str]]] = {
    "find": frozenset({"find"}),
    "find_one": frozenset({"find"}),
    "aggregate": frozenset({"aggregate"}),
    "count_documents": frozenset({"aggregate"}),
    "insert_one": frozenset({"insert"}),
    "insert_many": frozenset({"insert"}),
    "update_one": frozenset({"update"}),
    "bulk_write": frozenset({"insert", "update"}),
    "delete_one": frozenset({"delete"}),
    "delete_many": frozenset({"delete"}),
    "find_one_and_update": frozenset({"findAndModify"}),
    "command": frozenset({"collMod"}),
    "create_collection": frozenset({"create"}),
    "create_indexes": frozenset({"createIndexes"}),
    "drop_index": frozenset({"dropIndexes"}),
    "index_information": frozenset({"listIndexes"}),
    "list_collection_names": frozenset({"listCollections"}),
}
"""Calls of the driver, each with the commands of which it sends one."""

_SENDS_NOTHING: Final = frozenset({"get_collection"})


def driver_calls() -> Iterator[tuple[str, str, str]]:
    """Each call of the driver in the adapters: file, function, method."""
    known = set(dir(Collection)) | set(dir(Database))
    for path in sorted(ADAPTERS.glob("*.py")):
        for function, call in _calls(ast.parse(path.read_text()), ""):
            if call in known - _SENDS_NOTHING and not call.startswith("_"):
                yield path.stem, function, call


def _calls(node: ast.AST, around: str) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        inside = around
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inside = f"{around}.{child.name}".removeprefix(".")
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute):
            yield inside, child.func.attr
        yield from _calls(child, inside)
