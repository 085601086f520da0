import time
from pathlib import Path
from typing import Any

import pytest

from models.errors import BadInput, ChangedShape
from sources.anisearch import AniSearchClient
from sources.anisearch_page import parsed_anime, parsed_characters, parsed_episodes, parsed_relations
from sources.http import NotSupported, Response
from tests.support.clients import api, fetch_all
from tests.support.scripted_http import Scripted

FOLDER = Path(__file__).parents[1] / "data/synthetic"
SOURCES = ("https://anisearch.com/anime/99101",)


def page(name: str) -> bytes:
    return (FOLDER / f"anisearch-{name}.html").read_bytes()


def anime(body: bytes | None = None) -> Any:
    return parsed_anime(body or page("anime"), number="99101")[0]


def test_facts_of_the_original_version_are_taken_and_not_those_of_an_edition() -> None:
    found = anime()
    assert (found["name"], found["type"], found["minutes"], found["status"]) == (
        "Hoshi no Tegami",
        "TV-Series",
        24,
        "Completed",
    )
    assert found["released"] == ["2031-04-05", "2031-04-19"]
    assert (found["source_material"], found["studios"]) == ("Light Novel", [{"name": "Studio Kumo", "id": "71"}])
    assert found["licensors"] == [{"name": "North Press", "id": "72"}]
    assert found["websites"] == [{"name": "hoshi.example", "url": "https://hoshi.example/"}]


def test_titles_are_told_by_language() -> None:
    found = anime()
    assert found["titles"] == [
        {"lang": "ja", "title": "Hoshi no Tegami", "native": "星の手紙"},
        {"lang": "en", "title": "Letters from a Star"},
        {"lang": "de", "title": "Briefe von einem Stern"},
    ]
    assert found["synonyms"] == ["LfaS", "Hoshitega"]


def test_a_role_is_of_all_names_before_it() -> None:
    assert [(person["name"], person["role"]) for person in anime()["staff"]] == [
        ("Aoi YAMANO", "Original Work"),
        ("Hoshi TEGAMI", "Original Work"),
        ("Sora UMINO", "Music"),
    ]


def test_descriptions_come_without_their_hidden_source() -> None:
    assert anime()["descriptions"] == {"en": "Mio reads letters. She answers none.", "de": "Mio liest Briefe."}


def test_words_and_ranks_are_read() -> None:
    found = anime()
    assert (found["genres"], found["tags"]) == (["Drama", "Slice of Life"], ["Post Office"])
    assert (found["rank"], found["trending_rank"]) == (1234, 56)


def test_relations_episodes_and_characters_have_pages_of_their_own() -> None:
    assert [(item["kind"], item["id"], item["relation_type"]) for item in parsed_relations(page("relations"))] == [
        ("anime", "99102", "Sequel"),
        ("manga", "5001", "Adaption"),
    ]
    first, second = parsed_episodes(page("episodes"))
    assert (first["title"], first["title_romaji"], first["title_japanese"]) == (
        "The First Letter",
        "Saisho no Tegami",
        "最初の手紙",
    )
    assert (first["aired"], first["minutes"], first["filler"]) == ("2031-04-05", 24, False)
    assert second == {"number": "2", "filler": True, "recap": False, "title_romaji": "Onaji Tegami"}
    mio, clerk = parsed_characters(page("characters"))
    assert (mio["role"], mio["favorites"], mio["image"]) == (
        "main",
        12,
        "https://cdn.anisearch.com/images/character/cover/5.webp",
    )
    assert (clerk["role"], clerk["url"]) == ("supporting", "https://www.anisearch.com/character/6,the-clerk")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Saisho no Tegami (最初の手紙)", ("Saisho no Tegami", "最初の手紙")),
        ("Tegami (2) (二通目)", ("Tegami (2)", "二通目")),
        ("Tegami (2)", ("Tegami (2)", None)),
        ("Tegami (二 (2))", ("Tegami (二 (2))", None)),
        ("二通目)", ("二通目)", None)),
        ("Tegami", ("Tegami", None)),
    ],
)
def test_a_title_has_its_japanese_spelling_in_the_last_brackets(title: str, expected: tuple[str, str | None]) -> None:
    [found] = parsed_episodes(page_of_one_episode(title))
    assert (found["title_romaji"], found.get("title_japanese")) == expected


def test_a_title_of_brackets_alone_is_read_at_once() -> None:
    title = "(あ" * 200_000
    before = time.process_time()
    [found] = parsed_episodes(page_of_one_episode(title))
    assert found["title_romaji"] == title
    assert time.process_time() - before < 5


def page_of_one_episode(title: str) -> bytes:
    cell = f'<td data-title="Title"><div lang="ja"><span itemprop="name">{title}</span></div></td>'
    row = f'<tr><th itemprop="episodeNumber">1</th>{cell}</tr>'
    return f'<html><body><section id="episodes"><table>{row}</table></section></body></html>'.encode()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (page("anime").replace(b"99101", b"99102"), r"anime\.@id: expected 99101, got 99102"),
        (page("anime").replace(b"ld+json", b"ld"), r"anime\.json_ld: expected an object, got nothing"),
        (b"<html><title>Just a moment...</title></html>", r"anime\.json_ld: expected an object, got nothing"),
    ],
)
def test_a_page_of_another_shape_names_the_place(body: bytes, path: str) -> None:
    with pytest.raises(ChangedShape, match=f"^anisearch {path}$"):
        anime(body)


@pytest.mark.parametrize(
    ("parse", "kind"),
    [(parsed_relations, "relations"), (parsed_episodes, "episodes"), (parsed_characters, "characters")],
)
def test_a_page_without_its_section_is_an_error(parse: Any, kind: str) -> None:
    with pytest.raises(ChangedShape, match=f"^anisearch {kind}: expected a section of {kind}, got nothing$"):
        parse(b"<html><body><p>Just a moment...</p></body></html>")


# ------------------------------------------------------------------------------------------------------------ client


def html(body: bytes) -> Response:
    return Response(status=200, headers={"content-type": "text/html"}, body=body)


def pages() -> dict[str, Any]:
    below = {f"GET /anime/99101/{name}": html(page(name)) for name in ("relations", "episodes", "characters")}
    return {"GET /anime/99101": html(page("anime")), **below}


def client(answers: dict[str, Any], *, live: bool = True) -> AniSearchClient:
    return AniSearchClient(api=api("anisearch", Scripted(answers)), live=live)


def test_four_pages_are_four_steps() -> None:
    fetched = fetch_all(client(pages()), SOURCES)
    assert {kind: len(found) for kind, found in fetched.answers.items() if isinstance(found, list)} == {
        "relations": 2,
        "episodes": 2,
        "characters": 2,
    }
    assert (len(fetched.pages), fetched.problems) == (4, [])


def test_a_page_that_is_missing_is_a_problem_and_the_next_follows() -> None:
    answers = pages()
    del answers["GET /anime/99101/relations"]
    fetched = fetch_all(client(answers), SOURCES)
    assert fetched.problems == ["relations: anisearch GET /anime/99101/relations: answers 404"]
    assert len(fetched.answers["episodes"]) == 2


def test_a_redirect_to_the_same_page_with_its_title_is_allowed_for() -> None:
    transport = Scripted(pages())
    AniSearchClient(api=api("anisearch", transport), live=True).fetch(SOURCES, cursor=None)
    assert [request.redirects for request in transport.requests] == [1]


def test_no_page_is_asked_for_unless_the_stack_says_so() -> None:
    with pytest.raises(NotSupported, match="only where pageCatalogues names it; read the site's terms"):
        client({"GET /anime/99101": NotSupported("off")}, live=False).fetch(SOURCES, cursor=None)


@pytest.mark.parametrize("cursor", ["", "anime", "relations:2", "staff"])
def test_a_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput):
        client(pages()).fetch(SOURCES, cursor=cursor)
