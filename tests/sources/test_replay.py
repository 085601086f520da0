import html
import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import BadInput, NotRecorded
from models.events import Catalogue
from scripts.made_up_series import ANIDB_CLIENT, SOURCES, MadeUpSeries
from sources.http import Request, Response, TooLarge
from sources.manners import DAY, same_item_seconds
from sources.registry import PAGES, catalogue_clients, gives_answer
from sources.replay import (
    PARSED,
    SECRET_PARAMETERS,
    RecordTransport,
    ReplayTransport,
    recording_folder,
    recording_name,
)
from tests.support.scripted_http import Scripted, Waits, json_response
from workflows.ports import CatalogueClient, FetchedPage

BASE = "https://api.example/v4"


def jikan(path: str, *, body: bytes | None = None, method: str = "GET", base: str = BASE) -> Request:
    base_path = "/v4" if base == BASE else ""
    return Request(method=method, url=f"{base}{path}", body=body, catalogue="jikan", base_path=base_path)


def image(url: str) -> Request:
    return Request(method="GET", url=url)


def test_names_are_as_documented() -> None:
    assert recording_name(jikan("/anime/1/full")) == "GET %2Fanime%2F1%2Ffull"
    assert recording_name(jikan("/anime/1/episodes?page=2")) == "GET %2Fanime%2F1%2Fepisodes%3Fpage%3D2"
    assert recording_name(jikan("/", method="POST", body=b'{"b": 1, "a": "\xc3\xa9"}')) == "POST %2F aa58fba8483623be"
    assert recording_folder(jikan("/anime/1")) == "jikan"
    assert recording_folder(image("https://CDN.example/a.png")) == "cdn.example"


def test_the_base_url_of_a_catalogue_is_no_part_of_the_name() -> None:
    moved = jikan("/anime/1/full", base="https://elsewhere.example")
    assert recording_name(moved) == recording_name(jikan("/anime/1/full"))


def test_equal_bodies_have_one_name_however_they_are_written() -> None:
    one = jikan("/", method="POST", body=b'{"a": 1, "b": [2]}')
    other = jikan("/", method="POST", body=b'{"b":[2],"a":1}')
    different = jikan("/", method="POST", body=b'{"b":[2],"a":2}')
    assert recording_name(one) == recording_name(other) != recording_name(different)


def test_parameters_with_keys_are_left_out_and_others_stay_as_they_are_written() -> None:
    asked = jikan("/httpapi?request=anime&client=me&clientver=1&aid=23&token=abcdefgh&empty&t=a%20b")
    assert recording_name(asked) == "GET " + quote("/httpapi?request=anime&aid=23&empty&t=a%20b", safe="")


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="?#&"), min_size=1, max_size=400))
def test_every_name_is_a_file_name(tail: str) -> None:
    name = recording_name(image(f"https://cdn.example/{quote(tail)}"))
    assert len(f"{name}.webp".encode()) <= 255
    assert "/" not in name
    assert name.startswith("GET ")


def test_long_names_are_cut_and_told_apart_by_their_hash() -> None:
    one, other = (recording_name(image(f"https://cdn.example/{'x' * 400}{end}")) for end in "ab")
    assert one != other
    assert one[:150] == other[:150]
    assert "#" in one


@pytest.mark.parametrize("host", ["", "..", "a/b", "-x"])
def test_a_request_without_a_usable_host_is_refused(host: str) -> None:
    with pytest.raises(BadInput):
        recording_folder(Request(method="GET", url="https:///x", catalogue=host or None))


def test_what_is_recorded_is_replayed(tmp_path: Path) -> None:
    picture = Response(status=200, headers={"content-type": "image/png"}, body=b"\x89PNG")
    live = Scripted({"GET /v4/anime/1/full": {"data": 1}, "POST /v4/": {"data": 2}, "GET /a.png?s=1": picture})
    recorder = RecordTransport(tmp_path, live)
    requests = [
        jikan("/anime/1/full"),
        jikan("/", method="POST", body=b"{}"),
        image("https://cdn.example/a.png?s=1"),
    ]
    answers = [recorder.send(request) for request in requests]
    replayed = [ReplayTransport(tmp_path).send(request) for request in requests]
    assert [one.body for one in replayed] == [one.body for one in answers]
    assert replayed[2].content_type == "image/png"
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*") if path.is_file()) == [
        "cdn.example/GET %2Fa.png%3Fs%3D1.png",
        "jikan/GET %2Fanime%2F1%2Ffull.json",
        "jikan/POST %2F 44136fa355b3678a.json",
    ]


def test_only_good_answers_of_known_types_are_recorded(tmp_path: Path) -> None:
    odd = Response(status=200, headers={"content-type": "image/gif"}, body=b"GIF89a")
    recorder = RecordTransport(tmp_path, Scripted({"GET /v4/gif": odd}))
    assert recorder.send(jikan("/nothing")).status == 404
    assert recorder.send(jikan("/gif")).body == b"GIF89a"
    assert list(tmp_path.rglob("*")) == []


def test_credentials_that_a_server_echoes_are_not_recorded(tmp_path: Path) -> None:
    echo = json_response({"you": "abcdefgh", "key": "ijklmnop", "title": "Bearer of news"})
    live = Scripted({"GET /v4/me?token=ijklmnop": echo})
    request = Request(
        method="GET",
        url=f"{BASE}/me?token=ijklmnop",
        headers={"Authorization": "Bearer abcdefgh"},
        catalogue="jikan",
        base_path="/v4",
    )
    assert RecordTransport(tmp_path, live).send(request).body == echo.body
    (written,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert json.loads(written.read_bytes()) == {"you": "REDACTED", "key": "REDACTED", "title": "Bearer of news"}
    assert "ijklmnop" not in written.name


KEY = 'a"b/cdef+1<2é'


@pytest.mark.parametrize(
    "echo",
    [
        KEY,
        json.dumps(KEY),
        json.dumps(KEY).replace("/", "\\/"),
        quote(KEY),
        quote(KEY, safe=""),
        html.escape(KEY),
        json.dumps(KEY, ensure_ascii=False),
    ],
)
def test_a_credential_is_taken_out_however_it_is_escaped(tmp_path: Path, echo: str) -> None:
    live = Scripted({"GET /v4/me": json_response(f"<{echo}>".encode())})
    request = Request(method="GET", url=f"{BASE}/me", headers={"X-Server-Key": KEY}, catalogue="jikan")
    RecordTransport(tmp_path, live).send(request)
    (written,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert b"REDACTED" in written.read_bytes()
    assert b"cdef" not in written.read_bytes()


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Api-Key", "X-MAL-Client-ID", "X-Server-Key"])
def test_no_header_that_says_who_asks_is_recorded(tmp_path: Path, name: str) -> None:
    live = Scripted({"GET /v4/me": json_response({"you": "abcdefgh"})})
    request = Request(method="GET", url=f"{BASE}/me", headers={name: "abcdefgh"}, catalogue="jikan", base_path="/v4")
    RecordTransport(tmp_path, live).send(request)
    (written,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert json.loads(written.read_bytes()) == {"you": "REDACTED"}


@pytest.mark.parametrize("name", sorted(SECRET_PARAMETERS))
def test_no_parameter_that_holds_a_key_is_recorded(tmp_path: Path, name: str) -> None:
    live = Scripted({f"GET /v4/me?{name}=abcdefgh": json_response({"you": "abcdefgh"})})
    request = Request(method="GET", url=f"{BASE}/me?{name}=abcdefgh", catalogue="jikan", base_path="/v4")
    RecordTransport(tmp_path, live).send(request)
    (written,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert json.loads(written.read_bytes()) == {"you": "REDACTED"}
    assert "abcdefgh" not in written.name


def test_a_public_name_that_is_a_word_of_the_answer_leaves_the_answer_as_it_is(tmp_path: Path) -> None:
    """AniDB's client is registered under a name that anybody may look up."""
    body = b"<anime><episodes><episode/></episodes></anime>"
    document = Response(status=200, headers={"content-type": "text/xml"}, body=body)
    url = f"{BASE}/httpapi?client=episode&clientver=1&aid=23"
    live = Scripted({"GET /v4/httpapi?client=episode&clientver=1&aid=23": document})
    request = Request(method="GET", url=url, catalogue="anidb", base_path="/v4")
    RecordTransport(tmp_path, live).send(request)
    (written,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written.read_bytes() == body
    assert written.name == "GET %2Fhttpapi%3Faid%3D23.xml"


def anidb(number: int = 23) -> Request:
    return Request(method="GET", url=f"{BASE}/{number}", catalogue="anidb", base_path="/v4")


def test_who_minds_being_asked_again_is_answered_from_a_young_recording(tmp_path: Path) -> None:
    """Also by a recorder of the next local stack, which knows of no earlier request."""
    live = Scripted({f"GET /v4/{number}": {"data": number} for number in (23, 24)})
    recorded_at = time.time()

    def recorder(seconds_later: float) -> RecordTransport:
        return RecordTransport(tmp_path, live, again_after=same_item_seconds(), now=lambda: recorded_at + seconds_later)

    first = recorder(0).send(anidb())
    assert recorder(DAY - 60).send(anidb()).body == first.body
    assert live.asked == ["GET /v4/23"]
    recorder(DAY - 60).send(anidb(24))
    recorder(DAY + 60).send(anidb())
    assert live.asked == ["GET /v4/23", "GET /v4/24", "GET /v4/23"]


@pytest.mark.parametrize(
    ("catalogue", "refusal", "answer"),
    [
        (
            "anidb",
            Response(status=200, headers={"content-type": "text/xml"}, body=b'<error code="302">client</error>'),
            Response(status=200, headers={"content-type": "text/xml"}, body=b'<anime id="23"/>'),
        ),
        ("anilist", json_response({"errors": [{"message": "turned off"}]}), json_response({"data": {"Media": {}}})),
        ("anilist", json_response(b'{"data"'), json_response({"data": {"Media": {}}})),
    ],
    ids=["AniDB", "AniList", "cut off"],
)
def test_a_refusal_with_a_good_status_is_given_and_not_recorded(
    tmp_path: Path, catalogue: str, refusal: Response, answer: Response
) -> None:
    """It would be given again, for AniDB a whole day, after a wrong registration is mended."""
    request = Request(method="GET", url=f"{BASE}/23", catalogue=catalogue, base_path="/v4")
    for said in (refusal, answer):
        live = Scripted({"GET /v4/23": said})
        recorder = RecordTransport(tmp_path, live, keeps=gives_answer, again_after=same_item_seconds())
        assert recorder.send(request) is said
        assert len(live.asked) == 1
        assert [path.read_bytes() for path in tmp_path.rglob("GET*")] == ([answer.body] if said is answer else [])


def test_others_are_recorded_anew_each_time(tmp_path: Path) -> None:
    live = Scripted({"GET /v4/anime/1": {"data": 1}})
    for _ in range(2):
        RecordTransport(tmp_path, live, again_after=same_item_seconds()).send(jikan("/anime/1"))
    assert len(live.asked) == 2


def test_what_is_not_recorded_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotRecorded, match="jikan GET /v4/anime/2: no recorded answer"):
        ReplayTransport(tmp_path).send(jikan("/anime/2?token=abcdefgh"))


def test_a_recording_over_the_cap_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cdn.example").mkdir()
    (tmp_path / "cdn.example" / "GET %2Fa.jpg").with_suffix(".jpg.jpg").write_bytes(b"x" * 11)
    with pytest.raises(TooLarge):
        ReplayTransport(tmp_path).send(Request(method="GET", url="https://cdn.example/a.jpg", max_bytes=10))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no folder of recorded answers at"):
        ReplayTransport(tmp_path / "none")


def pages_of(client: CatalogueClient) -> list[FetchedPage]:
    pages = [client.fetch(SOURCES, cursor=None)]
    while pages[-1].cursor is not None:
        pages.append(client.fetch(SOURCES, cursor=pages[-1].cursor))
    return pages


@pytest.mark.parametrize("catalogue", list(Catalogue))
def test_what_a_client_was_told_live_it_is_told_again_by_the_recording(tmp_path: Path, catalogue: Catalogue) -> None:
    """XML and pages too, through the same parsers, and on a stack on which the catalogue is off."""
    series = MadeUpSeries(episodes=130, characters=30, staff=3)
    live = catalogue_clients(
        RecordTransport(tmp_path, series),
        {},
        {"jikan": "abcdefgh", "animeschedule": "ijklmnop", "anidb": ANIDB_CLIENT},
        sleep=Waits(),
        page_catalogues=PAGES,
    )
    told = pages_of(live[catalogue])
    replayed = catalogue_clients(ReplayTransport(tmp_path), {}, {}, sleep=Waits())
    assert pages_of(replayed[catalogue]) == told
    names = [path.name for path in (tmp_path / catalogue).iterdir()]
    assert len(names) == len(series.asked)
    assert not [name for name in names if "madeup" in name or "client" in name]


def test_a_recording_in_json_is_parsed_before_where_none_is_taken(tmp_path: Path) -> None:
    (tmp_path / "jikan").mkdir()
    (tmp_path / "jikan" / "GET %2Fa.json").write_text("{}")
    request = Request(method="GET", url="https://example.com/a", catalogue="jikan", headers={"Accept": "text/xml"})
    assert ReplayTransport(tmp_path).send(request).content_type == PARSED
    assert ReplayTransport(tmp_path).send(jikan("/a", base="https://x.example")).content_type == "application/json"
