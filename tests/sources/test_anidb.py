import gzip
from pathlib import Path
from typing import Any

import pytest

from models.errors import BadInput, ChangedShape, Malformed, NotFound
from scripts.made_up_series import MadeUpSeries
from sources.anidb import AniDbClient, Registration, gives_answer
from sources.http import MAX_BYTES, NotSupported, Refused, Response, TooLarge
from sources.replay import PARSED
from tests.support.clients import api
from tests.support.scripted_http import Scripted
from workflows.ports import FetchedPage

ANIME = (Path(__file__).parents[1] / "data/synthetic/anidb-anime.xml").read_bytes()
PAGE = ("https://anidb.net/anime/99001",)
ASKED = "GET /httpapi?request=anime&aid=99001&protover=1&client=madeup&clientver=3"
REGISTERED = "madeup/3"


def xml(body: bytes, content_type: str = "text/xml; charset=UTF-8") -> Response:
    return Response(status=200, headers={"content-type": content_type}, body=body)


def fetched(body: bytes | Response) -> FetchedPage:
    answer = xml(body) if isinstance(body, bytes) else body
    client = AniDbClient(api=api("anidb", Scripted({ASKED: answer})), registered=REGISTERED)
    return client.fetch(PAGE, cursor=None)


def anime(body: bytes = ANIME) -> Any:
    return fetched(body).answers["anime"]


def test_the_whole_anime_comes_in_one_answer() -> None:
    page = fetched(ANIME)
    assert (page.cursor, page.problems, page.unknown) == (None, (), {})
    found = page.answers["anime"]
    assert {name: found[name] for name in ("anidb_id", "type", "episodecount", "startdate", "enddate", "picture")} == {
        "anidb_id": "99001",
        "type": "TV Series",
        "episodecount": "3",
        "startdate": "2031-04-05",
        "enddate": "2031-04-19",
        "picture": "300001.jpg",
    }
    assert found["ratings"]["permanent"] == {"value": 7.81, "count": 120}
    assert found["creators"][1] == {"id": "702", "name": "Umino Sora", "type": "Music"}
    assert found["related_anime"][0] == {"id": "99002", "title": "Hoshi no Tegami: Henji", "type": "Sequel"}


def test_titles_are_told_by_kind_and_language() -> None:
    titles = anime()["titles"]
    assert (titles["main"], titles["english"]) == ("Hoshi no Tegami", "Letters from a Star")
    assert titles["japanese"] == "星の手紙"
    assert titles["synonyms"] == ["Briefe von einem Stern", "LfaS", "Hoshitega"]
    assert titles["named"][4] == {"type": "short", "lang": "en", "title": "LfaS"}


def test_a_text_keeps_its_lines() -> None:
    assert anime()["description"].splitlines()[1] == "http://anidb.net/ch801 [Mio] reads them all."


def test_characters_come_with_their_voices() -> None:
    mio, post = anime()["characters"]
    assert mio["seiyuu"] == {"name": "Kawano Rin", "id": "901", "picture": "300901.jpg"}
    assert (mio["rating"], mio["rating_votes"], mio["character_type"]) == (8.42, 31, "Character")
    assert "seiyuu" not in post
    assert post["character_type_id"] == "3"


def test_episodes_come_with_titles_by_language() -> None:
    first, second, *others = anime()["episodes"]
    assert first["titles"] == {"ja": "最初の手紙", "en": "The First Letter", "x-jat": "Saisho no Tegami"}
    assert (first["epno"], first["length"], first["airdate"]) == ("1", "24", "2031-04-05")
    assert (first["recap"], second["recap"]) == (False, True)
    assert [(episode["epno"], episode["epno_type"]) for episode in others] == [("S1", 2), ("C1", 3), ("T1", 4)]


def test_pages_elsewhere_keep_their_numbers() -> None:
    resources = anime()["resources"]
    assert {"type": 44, "identifiers": ["55001", "tv"]} in resources
    assert {"type": 4, "url": "https://hoshi.example/anime/"} in resources
    assert [item["identifiers"] for item in resources if item["type"] == 2] == [["88001"], ["88002"]]


@pytest.mark.parametrize("body", [ANIME, gzip.compress(ANIME)], ids=["plain", "compressed without saying so"])
def test_a_compressed_answer_is_unpacked(body: bytes) -> None:
    assert anime(body)["anidb_id"] == "99001"


def test_an_answer_that_unpacks_to_more_than_the_cap_is_refused() -> None:
    with pytest.raises(TooLarge):
        anime(gzip.compress(b"<anime>" + b" " * MAX_BYTES + b"</anime>"))


def test_a_compressed_answer_that_is_cut_off_is_malformed() -> None:
    with pytest.raises(Malformed, match="cut off"):
        anime(gzip.compress(ANIME)[:-20])
    with pytest.raises(Malformed, match="cannot be unpacked"):
        anime(b"\x1f\x8b no gzip at all")


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ("<error>Banned</error>", Refused, "banned"),
        ('<error code="500">banned</error>', Refused, "banned"),
        ('<error code="302">client version missing or invalid</error>', Refused, "secret catalogue-anidb"),
        ("<error>Anime not found</error>", NotFound, "does not know"),
        ("<error>aid Missing or Invalid</error>", NotFound, "does not know"),
        ('<error code="330">no such anime</error>', Refused, "gives no answer"),
        ("<error/>", Refused, "no reason given"),
        ("<main><hotanime/></main>", Malformed, "expected an anime, got <main>"),
    ],
)
def test_errors_that_come_as_answers_are_typed(answer: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        fetched(answer.encode())


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ((b'id="99001"', b'id="99002"'), r"anime\.@id: expected 99001, got 99002"),
        ((b'<anime id="99001"', b"<anime"), r"anime\.@id: expected digits, got nothing"),
        ((b"titles>", b"names>"), r"anime\.titles: expected an object, got nothing"),
        ((b'type="main"', b'type="card"'), r"anime\.titles: expected a title of type main"),
    ],
)
def test_a_changed_shape_of_what_is_needed_names_the_place(change: tuple[bytes, bytes], path: str) -> None:
    with pytest.raises(ChangedShape, match=f"^anidb {path}"):
        fetched(ANIME.replace(*change))


def test_what_nobody_knows_is_counted() -> None:
    body = ANIME.replace(b"<gender>", b'<mood v="1">calm</mood><gender>').replace(b"<epno ", b'<epno next="2" ')
    assert fetched(body).unknown == {"anime.characters.character.mood": 2, "anime.episodes.episode.epno.@next": 5}


def test_numbers_that_are_none_are_left_out() -> None:
    found = anime(ANIME.replace(b">7.81<", b">nan<").replace(b'count="120"', b'count="many"'))
    assert "permanent" not in found["ratings"] or found["ratings"]["permanent"] == {}


def test_a_series_of_1100_episodes_comes_whole() -> None:
    transport = MadeUpSeries(episodes=1100)
    client = AniDbClient(api=api("anidb", transport), registered=REGISTERED)  # type: ignore[arg-type]
    page = client.fetch(("https://anidb.net/anime/7",), cursor=None)
    assert len(page.answers["anime"]["episodes"]) == 1100


@pytest.mark.parametrize("registered", [None, ""], ids=["not set", "blank"])
def test_without_a_registered_client_nothing_is_sent(registered: str | None) -> None:
    live = Scripted({"GET /httpapi?request=anime&aid=99001&protover=1": NotSupported("off")})
    client = AniDbClient(api=api("anidb", live), registered=registered)
    with pytest.raises(NotSupported, match="put NAME/VERSION of one into the secret catalogue-anidb"):
        client.fetch(PAGE, cursor=None)
    assert live.requests[0].recorded_only


def test_an_answer_parsed_before_is_taken_from_a_replay_and_from_nowhere_else() -> None:
    recorded = fetched(xml(b'{"anidb_id": "99001", "titles": {"main": "a"}}', PARSED))
    assert recorded.answers["anime"]["titles"] == {"main": "a"}
    assert recorded.problems == ("episodes: the answer has none",)
    with pytest.raises(Malformed, match="answers application/json where"):
        fetched(xml(b"{}", "application/json"))


@pytest.mark.parametrize("text", ["", "name", "Name/1", "name/", "name/0", "name/x", "na me/1", "abc/1", "name/1/2"])
def test_a_client_is_written_as_registered(text: str) -> None:
    with pytest.raises(BadInput, match="expected NAME/VERSION"):
        Registration.parse(text)
    assert Registration.parse(REGISTERED) == Registration(name="madeup", version=3)


def test_a_client_that_is_none_is_told_when_anidb_is_asked_and_never_repeated() -> None:
    """It may be a key of another catalogue that went into the wrong secret."""
    live = Scripted({})
    client = AniDbClient(api=api("anidb", live), registered="token-abcdef123456")
    with pytest.raises(BadInput, match="the secret catalogue-anidb is no client of AniDB") as error:
        client.fetch(PAGE, cursor=None)
    assert "abcdef" not in str(error.value) + repr(client)
    assert live.asked == []


@pytest.mark.parametrize(
    ("body", "answers"),
    [
        (ANIME, True),
        (gzip.compress(ANIME), True),
        (b"<error>Anime not found</error>", True),
        (b'<error code="302">client version missing or invalid</error>', False),
        (gzip.compress(b'<error code="500">banned</error>'), False),
        (ANIME[:-20], False),
    ],
    ids=["anime", "compressed", "unknown anime", "unknown client", "banned", "cut off"],
)
def test_a_refusal_is_told_from_an_answer(body: bytes, answers: bool) -> None:
    assert gives_answer(xml(body)) is answers
