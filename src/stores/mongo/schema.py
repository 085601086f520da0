"""Collections and indexes as ``models.collections`` lists them."""

from collections.abc import Sequence
from typing import Any, Final

from pymongo import IndexModel
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database

from models.collections import COLLECTIONS, Collection, Index
from stores.mongo.connection import majority
from stores.mongo.documents import Document
from stores.mongo.errors import translated

_PRIMARY: Final = "_id_"


class MongoSchema:
    """Port ``Schema``. Indexes that nobody lists are left alone, unless they stand in the way of a listed one."""

    def __init__(self, database: Database[Document], collections: Sequence[Collection] = COLLECTIONS) -> None:
        self._database = database
        self._collections = collections

    def migrate(self) -> tuple[str, ...]:
        changed: list[str] = []
        with translated("schema.migrate"):
            present = set(self._database.list_collection_names())
            for spec in self._collections:
                if spec.name not in present:
                    self._database.create_collection(spec.name)
                    changed.append(spec.name)
                changed.extend(_migrate_indexes(majority(self._database, spec.name), spec.indexes))
        return tuple(changed)


def _migrate_indexes(collection: MongoCollection[Document], wanted: Sequence[Index]) -> list[str]:
    changed: list[str] = []
    present = {name: _shape(about) for name, about in collection.index_information().items() if name != _PRIMARY}
    for index in wanted:
        shape = (index.keys, index.unique, index.expire_after_seconds)
        if present.get(index.name) == shape:
            continue
        # An index that was renamed has the same keys under another name, which the server refuses as a conflict.
        for name in [name for name, there in present.items() if name == index.name or there[0] == index.keys]:
            collection.drop_index(name)
            del present[name]
        collection.create_indexes([_model(index)])
        changed.append(f"{collection.name}.{index.name}")
    return changed


def _shape(about: Any) -> tuple[tuple[tuple[str, int], ...], bool, int | None]:
    keys = tuple((field, int(direction)) for field, direction in about["key"])
    return keys, bool(about.get("unique", False)), about.get("expireAfterSeconds")


def _model(index: Index) -> IndexModel:
    options: dict[str, Any] = {"name": index.name, "unique": index.unique}
    if index.expire_after_seconds is not None:
        options["expireAfterSeconds"] = index.expire_after_seconds
    return IndexModel(list(index.keys), **options)
