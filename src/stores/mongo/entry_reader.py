"""Reading whole entries out of the three collections."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database

from models.anime import AnimeEntry
from models.collections import ANIMES, CHARACTERS, EPISODES
from stores.batches import in_batches
from stores.mongo.connection import majority
from stores.mongo.documents import PENDING, Document, put_together
from stores.mongo.errors import translated

_BATCH: Final = 500


class EntryReader:
    """Reads within ``session``, a transaction's or a snapshot's: everything as of the first read."""

    def __init__(self, database: Database[Document], session: ClientSession) -> None:
        self._animes = majority(database, ANIMES)
        self._episodes = majority(database, EPISODES)
        self._characters = majority(database, CHARACTERS)
        self._session = session

    def read(self, anime_ids: Iterable[str]) -> Iterator[AnimeEntry]:
        """Those that are there. Lets pymongo's errors through, by which a transaction knows what to repeat."""
        for ids in in_batches(anime_ids, _BATCH):
            yield from self._stream({"_id": {"$in": ids}})

    def entries(self) -> Iterator[AnimeEntry]:
        """All, by id."""
        with translated("animes.snapshot"):
            yield from self._stream({})

    def _stream(self, wanted: Document) -> Iterator[AnimeEntry]:
        animes = self._animes.find(wanted, {PENDING: 0}, session=self._session, batch_size=_BATCH).sort("_id", 1)
        for batch in in_batches(animes, _BATCH):
            yield from self._whole(batch)

    def _whole(self, animes: Sequence[Document]) -> Iterator[AnimeEntry]:
        ids = [anime["_id"] for anime in animes]
        episodes = self._by_anime(self._episodes, ids)
        characters = self._by_anime(self._characters, ids)
        for anime in animes:
            yield put_together(anime, episodes[anime["_id"]], characters[anime["_id"]])

    def _by_anime(self, collection: Collection[Document], ids: Sequence[str]) -> defaultdict[Any, list[Document]]:
        found: defaultdict[Any, list[Document]] = defaultdict(list)
        for document in collection.find({"anime_id": {"$in": ids}}, session=self._session):
            found[document["anime_id"]].append(document)
        return found
