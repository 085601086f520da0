"""The Qdrant engine in this process. It locks its folder to one process, so there is one engine a folder, shared by all
adapters of the process.
"""

import atexit
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from models.errors import AnimeError, Permanent, Unavailable

_FLUSH_SECONDS: Final = 5
_CONFIG_FILE: Final = "edge_config.json"


class Engine:
    """The engine of one folder; ``mutex`` guards opening it and makes a write and its check one.

    Its log keeps every write over a crash of the process, so segments are flushed only now and then and at the end.
    """

    def __init__(self, folder: Path) -> None:
        self.mutex = threading.RLock()
        self.shard: Any = None
        self._folder = folder
        self._flushed = 0.0

    def open(self, edge: Any) -> bool:
        """False where the folder holds no collection yet."""
        with self.mutex:
            if self.shard is None and self._folder.is_dir():
                try:
                    self.shard = edge.EdgeShard.load(str(self._folder))
                except Exception as error:  # noqa: BLE001 - the engine raises nothing narrower
                    raise Unavailable(f"cannot open {self._folder.name}: {error}") from None
            return self.shard is not None

    def create(self, edge: Any, config: Any) -> None:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        self.shard = edge.EdgeShard.create(str(self._folder), config)

    def vectors(self) -> dict[str, tuple[int, str]]:
        """Dimensions and distance by name. The engine tells them in a file of its folder alone."""
        config = json.loads((self._folder / _CONFIG_FILE).read_text())
        return {name: (about["size"], about["distance"].lower()) for name, about in config["vectors"].items()}

    def flush_if_due(self) -> None:
        if time.monotonic() - self._flushed >= _FLUSH_SECONDS:
            self.shard.flush()
            self._flushed = time.monotonic()

    def close(self) -> None:
        with self.mutex:
            if self.shard is not None:
                if self._folder.is_dir():  # else there is nothing to keep, and the engine could not write
                    self.shard.flush()
                self.shard.close()
                self.shard = None


_engines: Final[dict[Path, Engine]] = {}
_engines_mutex: Final = threading.Lock()


def close_engines(folder: Path | None = None) -> None:
    """Closes the engines under ``folder``, or all; the next use opens them again."""
    with _engines_mutex:
        under = [path for path in _engines if folder is None or path.is_relative_to(folder.resolve())]
        for path in under:
            _engines[path].close()


def engine_of(folder: Path) -> Engine:
    with _engines_mutex:
        return _engines.setdefault(folder, Engine(folder))


@contextmanager
def translated(operation: str) -> Iterator[None]:
    try:
        yield
    except AnimeError:
        raise
    except Exception as error:  # noqa: BLE001 - the engine raises nothing narrower
        raise Permanent(f"vectors {operation}: {error}") from None


atexit.register(close_engines)
