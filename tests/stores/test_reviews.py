"""The contract of ``Reviews``."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Literal

import pytest

from models.errors import AlreadyDecided, NotFound, ReviewOutdated
from models.ids import mint_review_id
from models.review import Decision, Flag, RaisedFlag, Review, ReviewKind
from stores.mongo.reviews import MongoReviews
from tests.support.contracts.samples import AT, anime_id
from tests.support.fakes import FakeReviews
from workflows.ports import Reviews

OLD, NEW = "a" * 64, "b" * 64


@pytest.fixture(params=["fake", "mongo"])
def reviews(request: pytest.FixtureRequest) -> Reviews:
    return FakeReviews() if request.param == "fake" else MongoReviews(request.getfixturevalue("mongo_database"))


def review(number: int = 1, **fields: Any) -> Review:
    values: dict[str, Any] = {
        "review_id": mint_review_id(f"new-{number}"),
        "anime_id": anime_id(number),
        "title": f"Anime {number}",
        "kinds": (ReviewKind.NEW,),
        "state": "pending",
        "execution": f"new-{number}",
        "token": f"token-{number}",
        "proposed_key": f"work/new-{number}/entry.json",
        "sha256": OLD,
        "created_at": AT,
    }
    return Review.model_validate(values | fields)


def decision(
    verdict: Literal["approved", "rejected"] = "approved", sha256: str | None = OLD, **fields: Any
) -> Decision:
    return Decision(verdict=verdict, by="ana", at=AT, sha256=sha256, **fields)


FLAG = Flag(field="status", stored="ONGOING", offered="FINISHED")


def test_an_absent_review_is_none(reviews: Reviews) -> None:
    assert reviews.get("rev_x") is None
    assert reviews.list(state=None, kind=None, limit=10) == ()


def test_a_requested_review_reads_back_equal(reviews: Reviews) -> None:
    wanted = review(flags=(FLAG,), kinds=(ReviewKind.STATUS, ReviewKind.EPISODES), release="2026-05", base_revision=3)

    assert reviews.request(wanted) == wanted
    assert reviews.get(wanted.review_id) == wanted


def test_a_repeated_request_overwrites_token_attempt_and_what_is_proposed_alone(reviews: Reviews) -> None:
    first = review()
    reviews.request(first)

    stored = reviews.request(
        review(
            token="second",
            attempt=2,
            sha256=NEW,
            proposed_key="k2",
            changed=("score",),
            title="Other",
            created_at=AT + timedelta(1),
        )
    )

    anew = {"token": "second", "attempt": 2, "sha256": NEW, "proposed_key": "k2", "changed": ("score",)}
    expected = first.model_copy(update=anew)
    assert stored == expected
    assert reviews.get(first.review_id) == expected


@pytest.mark.parametrize("end", ["decided", "expired"])
def test_a_request_leaves_a_review_that_ended(reviews: Reviews, end: str) -> None:
    identifier = reviews.request(review()).review_id
    if end == "decided":
        reviews.decide(identifier, decision())
    else:
        reviews.expire(identifier)
    before = reviews.get(identifier)

    stored = reviews.request(review(token="second", attempt=2))

    assert stored.state == end
    assert stored == before == reviews.get(identifier)


def test_decide_records_the_decision(reviews: Reviews) -> None:
    identifier = reviews.request(review()).review_id
    made = decision(reason="fine", approved_key="work/x", approved_sha256=NEW, edited=True)

    decided = reviews.decide(identifier, made)

    assert decided == review(state="decided", decision=made)
    assert reviews.get(identifier) == decided


def test_the_same_decision_again_is_the_first(reviews: Reviews) -> None:
    identifier = reviews.request(review()).review_id
    first = reviews.decide(identifier, decision())

    again = reviews.decide(identifier, decision().model_copy(update={"by": "ben"}))

    assert again == first


@pytest.mark.parametrize("other", [decision("rejected"), decision("approved", NEW)])
def test_another_decision_is_refused(reviews: Reviews, other: Decision) -> None:
    identifier = reviews.request(review()).review_id
    first = reviews.decide(identifier, decision())

    with pytest.raises(AlreadyDecided):
        reviews.decide(identifier, other)

    assert reviews.get(identifier) == first


def test_a_decision_on_another_proposal_is_outdated(reviews: Reviews) -> None:
    identifier = reviews.request(review()).review_id
    reviews.request(review(sha256=NEW))

    with pytest.raises(ReviewOutdated):
        reviews.decide(identifier, decision(sha256=OLD))

    assert reviews.get(identifier) == review(sha256=NEW)


def test_an_expired_review_cannot_be_decided(reviews: Reviews) -> None:
    identifier = reviews.request(review()).review_id
    reviews.expire(identifier)

    with pytest.raises(AlreadyDecided):
        reviews.decide(identifier, decision())


def test_an_absent_review_cannot_be_decided(reviews: Reviews) -> None:
    with pytest.raises(NotFound):
        reviews.decide("rev_x", decision())


def test_a_review_without_a_proposal_is_decided_without_a_digest(reviews: Reviews) -> None:
    conflict = review(execution=None, token=None, proposed_key=None, sha256=None, kinds=(ReviewKind.CONFLICT,))
    identifier = reviews.request(conflict).review_id

    with pytest.raises(ReviewOutdated):
        reviews.decide(identifier, decision())
    decided = reviews.decide(identifier, decision("rejected", None))

    assert decided.state == "decided"


def test_of_many_decisions_exactly_one_is_recorded(reviews: Reviews) -> None:
    identifier = reviews.request(review()).review_id
    barrier = threading.Barrier(8)

    def decide(number: int) -> bool:
        made = decision("approved" if number % 2 else "rejected").model_copy(update={"by": str(number)})
        barrier.wait()
        try:
            stored = reviews.decide(identifier, made)
        except AlreadyDecided:
            return False
        return stored.decision == made

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(decide, range(8))).count(True) == 1


def test_expire_ends_pending_reviews_alone(reviews: Reviews) -> None:
    pending, decided = reviews.request(review(1)), reviews.request(review(2))
    reviews.decide(decided.review_id, decision())

    for identifier in (pending.review_id, pending.review_id, decided.review_id, "rev_x"):
        reviews.expire(identifier)

    states = {one.anime_id: one.state for one in reviews.list(state=None, kind=None, limit=10)}
    assert states == {anime_id(1): "expired", anime_id(2): "decided"}


def test_list_goes_by_id_and_page(reviews: Reviews) -> None:
    stored = sorted((reviews.request(review(number)) for number in range(5)), key=lambda one: one.review_id)

    first = reviews.list(state=None, kind=None, limit=2)
    rest = reviews.list(state="pending", kind=None, limit=10, after=first[-1].review_id)

    assert [*first, *rest] == stored


def test_list_by_state(reviews: Reviews) -> None:
    for number in range(3):
        reviews.request(review(number))
    reviews.decide(review(0).review_id, decision())
    reviews.expire(review(1).review_id)

    def listed(state: str) -> list[str]:
        return [one.anime_id for one in reviews.list(state=state, kind=None, limit=10)]

    assert listed("decided") == [anime_id(0)]
    assert listed("expired") == [anime_id(1)]
    assert listed("pending") == [anime_id(2)]


def test_list_by_kind_wants_all_kinds_to_be_this_one(reviews: Reviews) -> None:
    kinds = {
        1: (ReviewKind.STATUS,),
        2: (ReviewKind.STATUS, ReviewKind.EPISODES),
        3: (ReviewKind.EPISODES,),
        4: (ReviewKind.STATUS, ReviewKind.STATUS),
        5: (),
    }
    for number, of in kinds.items():
        reviews.request(review(number, kinds=of))

    found = reviews.list(state=None, kind=ReviewKind.STATUS, limit=10)

    assert {one.anime_id for one in found} == {anime_id(1), anime_id(4)}


def test_rejected_anime_are_those_whose_new_review_was_rejected(reviews: Reviews) -> None:
    reviews.request(review(1))
    reviews.decide(review(1).review_id, decision("rejected"))
    reviews.request(review(2))
    reviews.decide(review(2).review_id, decision("approved"))
    reviews.request(review(3, kinds=(ReviewKind.REFRESH,)))
    reviews.decide(review(3).review_id, decision("rejected"))
    reviews.request(review(4))

    assert reviews.rejected_anime() == {anime_id(1)}


def test_raised_flags_are_those_of_open_and_decided_reviews(reviews: Reviews) -> None:
    other = Flag(field="episodes", stored="12", offered="13")
    reviews.request(review(1, flags=(FLAG, other), release="r1"))
    reviews.request(review(2, flags=(FLAG,)))
    reviews.decide(review(2).review_id, decision("rejected"))
    reviews.request(review(3, flags=(FLAG,)))
    reviews.expire(review(3).review_id)
    reviews.request(review(4))

    found = sorted(reviews.raised_flags(), key=lambda one: (one.anime_id, one.field))

    expected = [
        RaisedFlag(anime_id=anime_id(1), field="status", offered="FINISHED", release="r1"),
        RaisedFlag(anime_id=anime_id(1), field="episodes", offered="13", release="r1"),
        RaisedFlag(anime_id=anime_id(2), field="status", offered="FINISHED", release=None),
    ]
    assert found == sorted(expected, key=lambda one: (one.anime_id, one.field))


def test_the_token_is_stored_and_not_shown(reviews: Reviews) -> None:
    stored = reviews.request(review(token="secret-token"))

    assert stored.token == "secret-token"
    assert "secret-token" not in repr(stored)
    assert "secret-token" not in str(stored.public())
