"""One entry whole, and a search."""

import pytest

from models.anime import RelatedAnime
from models.errors import BadInput, NotFound
from models.events import QueryInput
from models.vocabulary import RelationType, SystemStatus
from tests.support.database import Database, make_entry
from workflows.query import answer_query

SPACE = make_entry(1, title="Cowboy Bebop", synopsis="Bounty hunters in space.", year=1998)
SCHOOL = make_entry(2, title="Azumanga", synopsis="Girls at a high school.")
GONE = make_entry(3, title="Lost", synopsis="More bounty hunters in space.", system_status=SystemStatus.ORPHANED)


def ask(**event: object) -> dict[str, object]:
    database = Database()
    database.fill([SPACE, SCHOOL, GONE])
    return answer_query(
        QueryInput.model_validate(event),
        animes=database.animes,
        vectors=database.vectors,
        embedder=database.embedder,
    )


def hits(**event: object) -> list[dict[str, object]]:
    found = ask(action="search", text="bounty hunters in space", **event)["hits"]
    assert isinstance(found, list)
    return found


def test_a_search_finds_what_the_text_is_about_first() -> None:
    first = hits()[0]
    assert {name: first[name] for name in ("anime_id", "title", "type", "year", "status", "system_status")} == {
        "anime_id": SPACE.anime_id,
        "title": "Cowboy Bebop",
        "type": "TV",
        "year": 1998,
        "status": "FINISHED",
        "system_status": "ACTIVE",
    }
    scores = [hit["score"] for hit in hits()]
    assert scores == sorted(scores, key=lambda score: -float(str(score)))


def test_orphans_are_left_out_unless_asked_for() -> None:
    assert {hit["anime_id"] for hit in hits()} == {SPACE.anime_id, SCHOOL.anime_id}
    assert GONE.anime_id in {hit["anime_id"] for hit in hits(include_orphaned=True)}


def test_the_limit_is_kept() -> None:
    assert len(hits(limit=1)) == 1


def test_show_gives_the_entry_whole_and_what_the_index_has() -> None:
    shown = ask(action="show", anime_id=SPACE.anime_id)
    entry = shown["entry"]
    assert isinstance(entry, dict)
    assert entry["title"] == "Cowboy Bebop"
    assert entry["revision"] == 1
    assert len(entry["episode_details"]) == len(entry["characters"]) == 1
    assert shown["indexed"] == {"revision": 1, "saga": "bootstrap-earlier"}


def test_a_related_anime_is_linked_when_it_arrives() -> None:
    database = Database()
    pages = ["https://anilist.co/anime/2", "https://myanimelist.net/anime/5"]
    related = [RelatedAnime(url=page, relation_type=RelationType.SEQUEL) for page in pages]
    database.fill([make_entry(1, related_anime=related)])

    def links() -> list[str | None]:
        shown = answer_query(
            QueryInput(action="show", anime_id=SPACE.anime_id),
            animes=database.animes,
            vectors=database.vectors,
            embedder=database.embedder,
        )
        return [one.get("anime_id") for one in shown["entry"]["related_anime"]]

    assert links() == [None, None]
    database.fill([SCHOOL])
    assert links() == [SCHOOL.anime_id, None]


def test_show_tells_that_the_index_has_nothing() -> None:
    database = Database()
    database.animes.restore([SPACE])
    shown = answer_query(
        QueryInput(action="show", anime_id=SPACE.anime_id),
        animes=database.animes,
        vectors=database.vectors,
        embedder=database.embedder,
    )
    assert shown["indexed"] is None


def test_an_unknown_anime_is_not_found() -> None:
    with pytest.raises(NotFound, match=make_entry(9).anime_id):
        ask(action="show", anime_id=make_entry(9).anime_id)


@pytest.mark.parametrize("event", [{"action": "show"}, {"action": "search"}, {"action": "search", "text": "  "}])
def test_a_question_without_its_object_is_bad_input(event: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="needs"):
        ask(**event)
