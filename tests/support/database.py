"""A small world of fakes for the runs over the whole database, and a bootstrap driven as its machine drives it."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import orjson
import zstandard

from domain.enriched_file import portable
from models.anime import AnimeEntry, EpisodeDetailEntry
from models.base import FailedImage
from models.errors import Retryable
from models.events import BatchInput, BatchOutput, BootstrapInput, FinishBulkInput, RehostInput, RehostOutput
from models.ids import mint_anime_id, mint_character_id, mint_episode_id
from models.people import CharacterEntry
from models.vocabulary import AnimeStatus, AnimeType, CharacterRole
from tests.support.crashing import Crash, Faults
from tests.support.fakes import (
    FakeAnimes,
    FakeEmbedder,
    FakeExecutions,
    FakeLocks,
    FakeObjects,
    FakeVectors,
    ManualClock,
)
from tests.support.samples import FIRST, release_lines
from workflows import keys
from workflows.bootstrap import BootstrapLimits, BootstrapPorts, plan_bootstrap
from workflows.bulk_index import SettledImages, finish_bulk, load_batch, rehost_batch
from workflows.data_ports import DataPorts
from workflows.indexing import embed_points
from workflows.ports import ObjectWriter
from workflows.release_intake import ReleaseSource

BUCKET: Final = "data-bucket"


def make_entry(number: int, **changes: Any) -> AnimeEntry:
    """Valid entries, each with sources, an episode and a character of its own."""
    sources = changes.pop("sources", [f"https://anilist.co/anime/{number}", f"https://myanimelist.net/anime/{number}"])
    anime_id = mint_anime_id(f"https://myanimelist.net/anime/{number}")
    values: dict[str, Any] = {
        "anime_id": anime_id,
        "sources": sources,
        "offered_sources": sources,
        "title": f"Anime {number}",
        "type": AnimeType.TV,
        "status": AnimeStatus.FINISHED,
        "episodes": 1,
        "synopsis": f"What happens in story {number}.",
        "enriched": True,
        "revision": 1,
        "last_saga": "bootstrap-earlier",
        "episode_details": [
            EpisodeDetailEntry(
                episode_id=mint_episode_id(anime_id, "1"), episode_number="1", title=f"First of {number}"
            )
        ],
        "characters": [
            CharacterEntry(
                character_id=mint_character_id(anime_id, f"mal:{number}"),
                name=f"Hero {number}",
                role=CharacterRole.MAIN,
                character_ids={"mal": number},
            )
        ],
    }
    return AnimeEntry(**(values | changes))


def settle_nothing(entry: AnimeEntry) -> SettledImages:
    """Images stay as they are; covers are counted."""
    failed = sum(isinstance(image, FailedImage) for image in entry.images.covers)
    return SettledImages(entry=entry, stored=len(entry.images.covers) - failed, failed=failed)


@dataclass(kw_only=True)
class Database:
    """``machine`` is ``bulk_index``, ``enrichment`` the machine whose executions hold locks."""

    clock: ManualClock = field(default_factory=ManualClock)
    objects: FakeObjects = field(default_factory=FakeObjects)
    vectors: FakeVectors = field(default_factory=FakeVectors)
    embedder: FakeEmbedder = field(default_factory=FakeEmbedder)
    machine: FakeExecutions = field(default_factory=FakeExecutions)
    enrichment: FakeExecutions = field(default_factory=FakeExecutions)

    def __post_init__(self) -> None:
        self.locks = FakeLocks(clock=self.clock)
        self.animes = FakeAnimes(locks=self.locks)

    def ports(self, faults: Faults | None = None, **changes: Any) -> DataPorts:
        values: dict[str, Any] = {
            "objects": self.objects,
            "animes": self.animes,
            "vectors": self.vectors,
            "embedder": self.embedder,
            "embedder_name": "fake",
            "clock": self.clock,
        } | changes
        if faults is not None:
            for name in ("objects", "animes", "vectors"):
                values[name] = crashing(name, values[name], faults)
        return DataPorts(**values)

    def fill(self, entries: Sequence[AnimeEntry]) -> None:
        """Both stores in step."""
        self.animes.restore(entries)
        self.vectors.overwrite(embed_points(entries, self.embedder))

    def entries(self) -> list[AnimeEntry]:
        with self.animes.snapshot() as reader:
            return list(reader.entries())

    def json(self, key: str) -> Any:
        stored = self.objects.get(key)
        assert stored is not None, f"no object {key}"
        return orjson.loads(stored.body)

    def report(self, kind: str, run_id: str) -> Any:
        return self.json(keys.report(kind, run_id))

    def metadata(self, key: str) -> Mapping[str, str]:
        info = self.objects.head(key)
        assert info is not None, f"no object {key}"
        return info.metadata


@dataclass(kw_only=True)
class BootstrapRun:
    """One bootstrap, with faults. ``step`` by ``step`` as Lambda and the machine would, repeating what crashed."""

    database: Database
    event: BootstrapInput
    faults: Faults = field(default_factory=Faults)
    limits: BootstrapLimits = field(default_factory=lambda: BootstrapLimits(batch_size=3))
    releases: ReleaseSource | None = None
    settle_images: Callable[[AnimeEntry], SettledImages] = settle_nothing

    def plan(self) -> dict[str, Any]:
        return plan_bootstrap(
            self.event,
            ports=BootstrapPorts(
                objects=crashing("objects", self.database.objects, self.faults),
                bucket=BUCKET,
                animes=crashing("animes", self.database.animes, self.faults),
                vectors=self.database.vectors,
                releases=cast("ReleaseSource", self.releases),
                executions=crashing("executions", self.database.machine, self.faults),
                clock=self.database.clock,
            ),
            limits=self.limits,
        )

    def batches(self) -> list[BatchInput]:
        """As the Distributed Map makes them of its input and the manifest."""
        [event] = self.database.machine.started.values()
        assert event["bucket"] == BUCKET
        return [
            BatchInput(run_id=event["run_id"], images=event["images"], batch_key=item["batch_key"])
            for item in self.database.json(event["manifest_key"])
        ]

    def rehost(self, batch: BatchInput) -> RehostOutput:
        return rehost_batch(
            RehostInput(run_id=batch.run_id, batch_key=batch.batch_key),
            objects=crashing("objects", self.database.objects, self.faults),
            settle_images=self.settle_images,
        )

    def load(self, batch: BatchInput) -> BatchOutput:
        return load_batch(batch, ports=self.database.ports(self.faults))

    def finish(self, error: dict[str, Any] | None = None) -> dict[str, Any]:
        return finish_bulk(
            FinishBulkInput(run_id=self.event.run_id, error=error),
            objects=crashing("objects", self.database.objects, self.faults),
            animes=crashing("animes", self.database.animes, self.faults),
            clock=self.database.clock,
        )

    def go(self) -> dict[str, Any]:
        """The report's result, whatever crashes on the way."""
        repeated(self.plan)
        if self.database.machine.started:
            for batch in self.batches():
                if batch.images:
                    repeated(partial(self.rehost, batch))
                repeated(partial(self.load, batch))
            repeated(self.finish)
        report = self.database.report("bootstrap", self.event.run_id)
        assert report["state"] == "succeeded", report
        result: dict[str, Any] = report["result"]
        return result


def repeated(action: Callable[[], Any], attempts: int = 3) -> Any:
    """As Lambda and the machine repeat a task that died or may succeed later."""
    for _ in range(attempts - 1):
        try:
            return action()
        except (Crash, Retryable):
            continue
    return action()


def run_bootstrap(
    database: Database, file: Path | bytes, *, kind: str, sha: str, run_id: str | None = None, **changes: Any
) -> dict[str, Any]:
    return prepare_bootstrap(database, file, kind=kind, sha=sha, run_id=run_id, **changes).go()


def prepare_bootstrap(
    database: Database,
    file: Path | bytes,
    *,
    kind: str,
    sha: str,
    run_id: str | None = None,
    sha256: str | None = None,
    images: bool = False,
    **changes: Any,
) -> BootstrapRun:
    run_id = run_id or f"{kind}-{sha}"
    key = f"{keys.UPLOADS}{run_id}/file"
    database.objects.put(key, file if isinstance(file, bytes) else file.read_bytes())
    database.machine = FakeExecutions()
    event = BootstrapInput.model_validate(
        {
            "run_id": run_id,
            "kind": kind,
            "upload_key": key,
            "source_sha": sha,
            "sha256": sha256,
            "images": images,
        }
    )
    return BootstrapRun(database=database, event=event, **changes)


# --------------------------------------------------------------------------------------------------------- crashing

BULK_WRITES: Final[Mapping[str, frozenset[str]]] = {
    "objects": frozenset({"put", "copy", "delete", "delete_prefix"}),
    "animes": frozenset({"insert_missing", "restore"}),
    "vectors": frozenset({"insert_missing", "overwrite", "remove", "set_payload"}),
    "locks": frozenset({"acquire", "release"}),
    "executions": frozenset({"start"}),
}


def crashing(name: str, port: Any, faults: Faults) -> Any:
    """As ``Faults.wrap``, for the writes of the runs over the whole database; the end of a streamed object is one."""
    return _Crashing(name, port, faults)


class _Crashing:
    def __init__(self, name: str, port: Any, faults: Faults) -> None:
        self._name = name
        self._port = port
        self._faults = faults

    def __getattr__(self, method: str) -> Any:
        attribute = getattr(self._port, method)
        if (self._name, method) == ("objects", "writer"):
            return self._writer

        def call(*args: Any, **kwargs: Any) -> Any:
            writes = method in BULK_WRITES[self._name]
            return self._faults.call(f"{self._name}.{method}", lambda: attribute(*args, **kwargs), writes=writes)

        return call

    @contextmanager
    def _writer(self, key: str, **kwargs: Any) -> Iterator[ObjectWriter]:
        inner: AbstractContextManager[ObjectWriter] = self._port.writer(key, **kwargs)
        sink = inner.__enter__()
        try:
            yield sink
        except BaseException:
            inner.__exit__(*sys.exc_info())
            raise
        self._faults.call(f"objects.writer {key}", lambda: inner.__exit__(None, None, None), writes=True)


def enriched_file(*entries: AnimeEntry | Mapping[str, Any]) -> bytes:
    """Entries as dictionaries stay as they are, so that they may be of the first enriched file's shape, or wrong."""
    return orjson.dumps(
        {"data": [portable(entry) if isinstance(entry, AnimeEntry) else dict(entry) for entry in entries]}
    )


def offline_line(number: int, **changes: Any) -> dict[str, Any]:
    """A line of a release that offers the anime of ``make_entry(number)``."""
    return {
        "sources": [f"https://anilist.co/anime/{number}", f"https://myanimelist.net/anime/{number}"],
        "title": f"Anime {number}",
        "type": "TV",
        "episodes": 12,
        "status": "FINISHED",
        "animeSeason": {"season": "SPRING", "year": 1998},
        "picture": f"https://cdn.myanimelist.net/images/{number}.jpg",
        "thumbnail": f"https://cdn.myanimelist.net/images/{number}t.jpg",
        "synonyms": [],
        "studios": ["sunrise"],
        "producers": [],
        "relatedAnime": [],
        "tags": ["space"],
    } | changes


def release_file(*lines: Mapping[str, Any]) -> bytes:
    body = b"\n".join([release_lines(FIRST)[0], *map(orjson.dumps, lines)]) + b"\n"
    return zstandard.ZstdCompressor().compress(body)
