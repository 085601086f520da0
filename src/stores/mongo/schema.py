"""Collections and indexes as ``models.collections`` lists them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import pymongo
from pymongo import IndexModel
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from models.collections import COLLECTIONS, MARKER, Collection, Index
from models.errors import SchemaConflict, Unavailable
from stores.mongo.connection import majority
from stores.mongo.documents import Document
from stores.mongo.errors import DUPLICATE_KEY, translated
from stores.mongo.index_plan import Create, Drop, IndexPlan, SetExpiry, Step, plan, read_index
from workflows.ports import Migration

BUILD_TIME: Final = timedelta(minutes=2)
"""For a whole migration: an index over 40,000 anime takes seconds."""

_PRIMARY: Final = "_id_"
_NOT_KNOWN_YET: Final = frozenset({13, 18, 8000})
"""Unauthorized, AuthenticationFailed, and AtlasError, which is what Atlas says in place of both."""


class MongoSchema:
    """Port ``Schema``."""

    def __init__(self, database: Database[Document], collections: Sequence[Collection] = COLLECTIONS) -> None:
        self._database = database
        self._collections = collections

    def check(self) -> None:
        """A user who was made a moment ago is not known to every node of a cluster yet."""
        with translated("schema.check"):
            try:
                self._present()
            except OperationFailure as error:
                if error.code in _NOT_KNOWN_YET:
                    raise Unavailable(f"mongodb schema.check: the caller may not sign in ({error.code})") from None
                raise

    def migrate(self) -> Migration:
        with pymongo.timeout(BUILD_TIME.total_seconds()), translated("schema.migrate"):
            present = self._present()
            created, changed, left_over = [], [], []
            for spec in self._collections:
                if spec.name not in present:
                    self._database.create_collection(spec.name)
                    created.append(spec.name)
                collection = majority(self._database, spec.name)
                steps = _plan(collection, spec.indexes)
                for step in steps.steps:
                    _carry_out(collection, step)
                created += [f"{spec.name}.{name}" for name in steps.created]
                changed += [f"{spec.name}.{name}" for name in steps.changed]
                left_over += [f"{spec.name}.{name}" for name in steps.left_over]
        listed = {MARKER, *(spec.name for spec in self._collections)}
        left_over += sorted(present - listed)
        return Migration(created=tuple(created), changed=tuple(changed), left_over=tuple(left_over))

    def _present(self) -> set[str]:
        return {name for name in self._database.list_collection_names() if not name.startswith("system.")}


def _plan(collection: MongoCollection[Document], wanted: Sequence[Index]) -> IndexPlan:
    information = collection.index_information()
    return plan([read_index(name, about) for name, about in information.items() if name != _PRIMARY], wanted)


def _carry_out(collection: MongoCollection[Document], step: Step) -> None:
    match step:
        case Create(index=index, name=name):
            _create(collection, index, name)
        case Drop(name=name):
            collection.drop_index(name)
        case SetExpiry(name=name, seconds=seconds):
            change = {"name": name, "expireAfterSeconds": seconds}
            collection.database.command({"collMod": collection.name, "index": change})


def _create(collection: MongoCollection[Document], index: Index, name: str) -> None:
    """Raises:
    SchemaConflict: documents share what must be unique; what was there before still is.
    """
    options: dict[str, Any] = {"name": name, "unique": index.unique}
    if index.expire_after_seconds is not None:
        options["expireAfterSeconds"] = index.expire_after_seconds
    try:
        collection.create_indexes([IndexModel(list(index.keys), **options)])
    except OperationFailure as error:
        if error.code != DUPLICATE_KEY:
            raise
        fields = ", ".join(field for field, _ in index.keys)
        raise SchemaConflict(
            f"{collection.name}.{index.name}: several documents have the same {fields}, which the schema wants to be "
            "unique; merge or remove them and migrate again"
        ) from None
