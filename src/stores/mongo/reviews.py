"""Reviews, one document each under ``_id`` = ``review_id``; times are BSON dates."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pymongo import ReturnDocument
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from models.collections import REVIEWS
from models.errors import AlreadyDecided, Malformed, NotFound, ReviewOutdated
from models.review import Decision, RaisedFlag, Review, ReviewKind
from stores.mongo.connection import majority
from stores.mongo.documents import Document
from stores.mongo.errors import translated

_OVERWRITTEN = ("token", "attempt", "proposed_key", "sha256", "changed")


class MongoReviews:
    def __init__(self, database: Database[Document]) -> None:
        self._reviews = majority(database, REVIEWS)

    def request(self, review: Review) -> Review:
        document = _document(review)
        anew = {"$set": {name: document.pop(name) for name in _OVERWRITTEN}}
        with translated("reviews.request"):
            try:
                there = self._reviews.find_one_and_update(
                    {"_id": review.review_id, "state": "pending"},
                    anew | {"$setOnInsert": {key: document[key] for key in document if key not in {"_id", "state"}}},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:
                there = self._reviews.find_one({"_id": review.review_id})
        return _review(there) if there is not None else review

    def get(self, review_id: str) -> Review | None:
        with translated("reviews.get"):
            there = self._reviews.find_one({"_id": review_id})
        return None if there is None else _review(there)

    def list(
        self, *, state: str | None, kind: ReviewKind | None, limit: int, after: str | None = None
    ) -> tuple[Review, ...]:
        wanted: Document = {}
        if state is not None:
            wanted["state"] = state
        if kind is not None:
            wanted["kinds"] = {"$not": {"$elemMatch": {"$ne": kind.value}}, "$ne": []}
        if after is not None:
            wanted["_id"] = {"$gt": after}
        with translated("reviews.list"):
            return tuple(map(_review, self._reviews.find(wanted).sort("_id", 1).limit(limit)))

    def decide(self, review_id: str, decision: Decision) -> Review:
        with translated("reviews.decide"):
            decided = self._reviews.find_one_and_update(
                {"_id": review_id, "state": "pending", "sha256": decision.sha256},
                {"$set": {"state": "decided", "decision": decision.model_dump()}},
                return_document=ReturnDocument.AFTER,
            )
            if decided is not None:
                return _review(decided)
            there = self.get(review_id)
        if there is None:
            raise NotFound(f"no review {review_id}")
        if there.state == "pending":
            raise ReviewOutdated(f"{review_id} proposes something else by now")
        made = there.decision
        if made is None or (made.verdict, made.sha256) != (decision.verdict, decision.sha256):
            raise AlreadyDecided(f"{review_id} is {there.state}")
        return there

    def expire(self, review_id: str) -> None:
        with translated("reviews.expire"):
            self._reviews.update_one({"_id": review_id, "state": "pending"}, {"$set": {"state": "expired"}})

    def rejected_anime(self) -> frozenset[str]:
        rejected = {"state": "decided", "kinds": ReviewKind.NEW.value, "decision.verdict": "rejected"}
        with translated("reviews.rejected_anime"):
            return frozenset(one["anime_id"] for one in self._reviews.find(rejected, {"anime_id": 1}))

    def raised_flags(self) -> Iterator[RaisedFlag]:
        raised = {"state": {"$in": ["pending", "decided"]}, "flags.0": {"$exists": True}}
        with translated("reviews.raised_flags"):
            for one in self._reviews.find(raised, {"anime_id": 1, "flags": 1, "release": 1}, batch_size=1000):
                for flag in one["flags"]:
                    yield RaisedFlag(
                        anime_id=one["anime_id"],
                        field=flag["field"],
                        offered=flag["offered"],
                        release=one.get("release"),
                    )


def _document(review: Review) -> Document:
    document: dict[str, Any] = review.model_dump()
    document["_id"] = document.pop("review_id")
    document["kinds"] = [kind.value for kind in review.kinds]
    return document


def _review(document: Document) -> Review:
    data = {key: value for key, value in document.items() if key != "_id"}
    try:
        return Review.model_validate({"review_id": document["_id"], **data})
    except ValidationError:
        raise Malformed(f"the stored review {document['_id']} is not of the expected shape") from None
