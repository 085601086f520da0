"""Objects in memory, as far as the states of an enrichment use them: they read, and they write."""

import itertools
import threading
import time
from typing import cast

from models.errors import AlreadyExists
from workflows.ports import ObjectInfo, Objects, StoredObject


def memory_objects(*, seconds: float) -> Objects:
    """Each read and each write takes so long."""
    return cast(Objects, _MemoryObjects(seconds))


class _MemoryObjects:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._mutex = threading.Lock()
        self._objects: dict[str, StoredObject] = {}
        self._etags = map(str, itertools.count())

    def get(self, key: str) -> StoredObject | None:
        time.sleep(self._seconds)
        return self._objects.get(key)

    def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        time.sleep(self._seconds)
        with self._mutex:
            there = self._objects.get(key)
            if if_absent and there is not None:
                raise AlreadyExists(f"{key} exists")
            if if_match is not None and (there is None or there.info.etag != if_match):
                raise AlreadyExists(f"{key} is another one")
            info = ObjectInfo(key=key, size=len(body), etag=next(self._etags))
            self._objects[key] = StoredObject(info=info, body=body)
            return info.etag
