from domain.vector_points import payload_of, point_of, sync_owned_payload
from models.anime import Score
from models.collections import TEXT_VECTOR
from models.vocabulary import Season, SystemStatus
from tests.support.commits import ANIME, SOURCE, make_entry

FULL = {
    "season": Season.SPRING,
    "year": 1998,
    "genres": ["Action"],
    "nsfw": False,
    "revision": 3,
    "score": Score(arithmetic_geometric_mean=8.7, arithmetic_mean=8.75, median=8.8),
}


def test_a_point_carries_what_search_filters_by_and_what_the_saga_checks() -> None:
    point = point_of(make_entry(**FULL), [0.6, 0.8], "refresh-x")
    assert point.anime_id == ANIME
    assert point.vectors == {TEXT_VECTOR: [0.6, 0.8]}
    assert point.payload == {
        "anime_id": ANIME,
        "revision": 3,
        "saga": "refresh-x",
        "system_status": "ACTIVE",
        "sources": [SOURCE],
        "title": "Cowboy Bebop",
        "type": "TV",
        "status": "FINISHED",
        "year": 1998,
        "season": "SPRING",
        "genres": ["Action"],
        "score": 8.75,
        "nsfw": False,
    }


def test_what_is_not_known_is_left_out() -> None:
    payload = payload_of(make_entry(), None)
    assert {"saga", "year", "season", "score", "nsfw"}.isdisjoint(payload)
    assert payload["revision"] == 0
    assert payload["genres"] == []


def test_the_fields_of_the_sync_are_those_of_the_payload() -> None:
    entry = make_entry(system_status=SystemStatus.ORPHANED)
    owned = sync_owned_payload(entry)
    assert owned == {"system_status": "ORPHANED", "sources": [SOURCE]}
    assert owned.items() <= payload_of(entry, "s").items()
