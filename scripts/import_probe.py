"""What importing a handler does, in an interpreter that has the standard library and the given folders alone.

    python -I -S scripts/import_probe.py '{"handler": "lambdas.begin.handler", "path": ["code", "layer"]}'

Prints one JSON object. It is run as a file, and imports nothing of ours before the handler does. With ``environment``
it calls the handler with an event that has every field, so that it makes its ports and goes as far as its first
request, for which there is no network. With ``members`` (modules of the package) it imports those too, at the end.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import os
import resource
import sys
import time
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

CLIENTS: Final[Mapping[str, tuple[str, str]]] = {
    "botocore.client": ("ClientCreator", "create_client"),
    "pymongo.synchronous.mongo_client": ("MongoClient", "__init__"),
    "qdrant_client.qdrant_client": ("QdrantClient", "__init__"),
    "redis.client": ("Redis", "__init__"),
    "urllib3.poolmanager": ("PoolManager", "__init__"),
}
"""Module, class and method that make clients of the outside world."""

REQUESTS: Final[Mapping[str, tuple[str, str]]] = {"pymongo.synchronous.topology": ("Topology", "select_servers")}
"""What waits for an answer that threads of its own ask for; every other library asks in the caller's thread."""

_NETWORK: Final = frozenset({"socket.connect", "socket.getaddrinfo", "socket.sendto"})
_MIB: Final = 2**20


class NoNetwork(BaseException):
    """Raised at the first attempt to reach anything; no ``except Exception`` may take it for a reason to try again."""


class _Watched(importlib.abc.MetaPathFinder):
    """Calls ``seen`` before the methods of ``CLIENTS`` and ``REQUESTS``, from the moment their module is loaded."""

    def __init__(self, seen: Callable[[str, str], None]) -> None:
        self._seen = seen

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        watched = CLIENTS.get(name) or REQUESTS.get(name)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target) if watched else None
        if watched is not None and spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: types.ModuleType) -> None:
                execute(module)
                self._watch(name, getattr(module, watched[0]), watched[1])

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def _watch(self, module: str, owner: type, method: str) -> None:
        original = getattr(owner, method)

        def observed(*args: Any, **kwargs: Any) -> Any:
            self._seen(module, owner.__name__)
            return original(*args, **kwargs)

        setattr(owner, method, observed)


def probe(handler: str, path: Sequence[str], members: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
    sys.path[:0] = path
    made: list[str] = []

    def seen(module: str, owner: str) -> None:
        if module in REQUESTS:
            raise NoNetwork(module)
        made.append(owner)

    sys.meta_path.insert(0, _Watched(seen))
    before = set(sys.modules)
    started = time.perf_counter()
    module = importlib.import_module(handler)
    found: dict[str, Any] = {
        "seconds": time.perf_counter() - started,
        "peak_mib": peak_mib(),
        "loaded": sorted(set(sys.modules) - before),
        "clients": list(made),
    }
    if environment:
        found["ended_with"] = _call(module.handler, environment)
        found["loaded_by_call"] = sorted(set(sys.modules) - before)
        found["clients_of_call"] = made[len(found["clients"]) :]
        found["peak_mib_of_call"] = peak_mib()
    found["unimportable"] = {name: why for name in members if (why := _why_not(name)) is not None}
    return found


def _why_not(member: str) -> str | None:
    try:
        importlib.import_module(member)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is the answer)
        return f"{type(error).__name__}: {error}"
    return None


def _call(function: Any, environment: Mapping[str, str]) -> str:
    """The names of the errors that ended the call, the first cause last."""
    from unittest.mock import MagicMock

    os.environ.update(environment)  # where the role's credentials are looked for
    _cut_off()
    # A time is compared, which a stand-in cannot be; an error would only be written down.
    event = MagicMock(started_at=None, error=None)
    function.event = types.SimpleNamespace(model_validate=lambda _: event)
    context = types.SimpleNamespace(
        aws_request_id="probe", function_name="probe", get_remaining_time_in_millis=lambda: 60_000
    )
    try:
        function.invoke({}, environment=environment, context=context, log_stream=io.StringIO())
    except BaseException as error:  # noqa: BLE001 (whatever it is, it is the answer)
        return " < ".join(_chain(error))
    return ""


def _chain(error: BaseException | None) -> list[str]:
    names = []
    while error is not None:
        names.append(type(error).__name__)
        error = error.__cause__ or error.__context__
    return names


def _cut_off() -> None:
    def refuse(event: str, _: tuple[Any, ...]) -> None:
        if event in _NETWORK:
            raise NoNetwork(event)

    sys.addaudithook(refuse)


def peak_mib() -> float:
    """The most that the process ever held; the kernel's rusage also counts what it was before it became Python."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / _MIB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (peak if sys.platform == "darwin" else peak * 1024) / _MIB


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    answer = probe(wanted["handler"], wanted["path"], wanted.get("members", []), wanted.get("environment", {}))
    print(json.dumps(answer))
