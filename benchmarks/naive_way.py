"""What one would write first: the whole file at once, and for each entry one look-up. Nothing of the product is used.

python -m benchmarks.naive_way STORE RELEASE
"""

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any, Protocol

import zstandard

from benchmarks.measuring import measure_here

FILE = "file:"
DATABASE = "anime_service_benchmark"
WATCHED = ("sources", "status", "episodes")


class Store(Protocol):
    def look_up(self, urls: list[str]) -> dict[str, Any] | None:
        """The anime that has one of these URLs."""
        ...

    def ids(self) -> set[str]: ...


class FileStore:
    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(path)

    def look_up(self, urls: list[str]) -> dict[str, Any] | None:
        marks = ", ".join("?" * len(urls))
        query = (
            "SELECT animes.anime_id, animes.sources, status, episodes FROM sources JOIN animes USING (anime_id) "  # noqa: S608 - question marks only
            f"WHERE url IN ({marks}) LIMIT 1"
        )
        row = self._database.execute(query, urls).fetchone()
        if row is None:
            return None
        return {"_id": row[0], "sources": json.loads(row[1]), "status": row[2], "episodes": row[3]}

    def ids(self) -> set[str]:
        found = {row[0] for row in self._database.execute("SELECT anime_id FROM animes")}
        self._database.close()
        return found


class ServerStore:
    def __init__(self, uri: str) -> None:
        from pymongo import MongoClient  # the file store is measured without the driver

        self._client = MongoClient[dict[str, Any]](uri)
        self._animes = self._client[DATABASE]["animes"]

    def look_up(self, urls: list[str]) -> dict[str, Any] | None:
        return self._animes.find_one({"sources": {"$in": urls}}, dict.fromkeys(WATCHED, 1))

    def ids(self) -> set[str]:
        found = {one["_id"] for one in self._animes.find({}, {"_id": 1})}
        self._client.close()
        return found


def compare_all(store: Store, release: Path) -> dict[str, int]:
    with release.open("rb") as packed:
        text = zstandard.ZstdDecompressor().stream_reader(packed).read().decode()
    entries: list[dict[str, Any]] = json.loads("[" + ",".join(text.splitlines()[1:]) + "]")
    counts = dict.fromkeys(["new", "orphaned", "status_flagged", "episodes_flagged", "episodes_fewer", "moved"], 0)
    seen = set()
    for entry in entries:
        anime = store.look_up(entry["sources"])
        if anime is None:
            counts["new"] += 1
            continue
        seen.add(anime["_id"])
        counts["status_flagged"] += entry["status"] not in {"UNKNOWN", anime["status"]}
        counts["episodes_flagged"] += entry["episodes"] > anime["episodes"]
        counts["episodes_fewer"] += 0 < entry["episodes"] < anime["episodes"]
        counts["moved"] += set(entry["sources"]) != set(anime["sources"])
    counts["orphaned"] = len(store.ids() - seen)
    return {"entries": len(entries), **counts}


def open_store(name: str) -> Store:
    return FileStore(name.removeprefix(FILE)) if name.startswith(FILE) else ServerStore(name)


if __name__ == "__main__":
    measure_here(lambda: compare_all(open_store(sys.argv[1]), Path(sys.argv[2])))
