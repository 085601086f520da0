"""Makes every write of a workflow a point at which something goes wrong.

``Faults`` wraps ports and counts their writes over all of them, in order. At a planned write the process dies before
or after it (``Crash``, which nothing catches), or the answer is lost: the write took place and the caller sees
``Unavailable``. Besides, a kind of write can be made to fail always, and a hook can run something else just before one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NoReturn, TypeVar, cast

from models.errors import Unavailable

Port = TypeVar("Port")


class Crash(BaseException):
    """The process ends here. No handler of ours may stop it, so it is no Exception."""


def crash(where: str) -> NoReturn:
    raise Crash(where)


class When(StrEnum):
    BEFORE = "before"
    AFTER = "after"
    LOST_REPLY = "lost reply"


WRITES: Final[Mapping[str, frozenset[str]]] = {
    "objects": frozenset({"put", "copy", "delete", "delete_prefix"}),
    "animes": frozenset({"commit", "add_pending", "remove_pending"}),
    "locks": frozenset({"acquire", "take_over", "extend", "release"}),
    "reviews": frozenset({"request", "decide", "expire"}),
    "vectors": frozenset({"upsert", "restore", "delete", "set_payload"}),
    "cache": frozenset({"set", "delete"}),
    "executions": frozenset({"start"}),
    "tasks": frozenset({"succeed"}),
    "queue": frozenset({"send", "delete"}),
}


@dataclass(kw_only=True)
class Faults:
    """``planned``: what goes wrong at which write, counted from 0. ``always_failing``: calls such as
    ``animes.commit``, reads too, that never succeed. ``hooks`` run once, before the write of that number.

    ``writes`` holds the names of the writes so far. ``die`` ends the process, or stands for its end.
    """

    planned: dict[int, When] = field(default_factory=dict)
    die: Callable[[str], NoReturn] = crash
    always_failing: frozenset[str] = frozenset()
    hooks: dict[int, Callable[[], object]] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)

    def wrap(self, name: str, port: Port) -> Port:
        """``name`` is a key of ``WRITES``."""
        return cast("Port", _Wrapped(name, port, self))

    def call(self, name: str, action: Callable[[], Any], *, writes: bool) -> Any:
        if not writes:
            self._refuse(name)
            return action()
        number = len(self.writes)
        self.writes.append(name)
        when = self.planned.get(number)
        if when is When.BEFORE:
            self.die(f"before {name}")
        hook = self.hooks.pop(number, None)
        if hook is not None:
            hook()
        self._refuse(name)
        result = action()
        if when is When.AFTER:
            self.die(f"after {name}")
        if when is When.LOST_REPLY:
            raise Unavailable(f"{name}: the answer was lost")
        return result

    def _refuse(self, name: str) -> None:
        if {name, name.partition(".")[0]} & self.always_failing:
            raise Unavailable(f"{name} fails always")


class _Wrapped:
    def __init__(self, name: str, port: Any, faults: Faults) -> None:
        self._name = name
        self._port = port
        self._faults = faults

    def __getattr__(self, method: str) -> Any:
        attribute = getattr(self._port, method)
        if not callable(attribute):
            return attribute

        def call(*args: Any, **kwargs: Any) -> Any:
            writes = method in WRITES.get(self._name, frozenset())
            return self._faults.call(f"{self._name}.{method}", lambda: attribute(*args, **kwargs), writes=writes)

        return call
