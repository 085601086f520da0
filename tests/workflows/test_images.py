"""Re-hosting: one object a content, one download a URL, every failure on the queue, whatever crashes in between."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.base import FailedImage
from models.errors import NotFound, Permanent, Throttled, Unavailable
from tests.support.crashing import Crash, Faults, When
from tests.support.fakes import Failing, FakeImageMap, FakeObjects, FakeQueue, ManualClock
from workflows.images import (
    DOWNLOAD_ATTEMPTS,
    ImageHost,
    Rehosted,
    as_json,
    ordered,
    rehost,
    source_url_hash,
)
from workflows.ports import DownloadedImage, ImageRecord

ANIME: Final = "ani_00000000000000000000000001"
DOMAIN: Final = "d111111abcdef8.cloudfront.net"
COVER: Final = "https://cdn.myanimelist.net/images/anime/4/19644l.jpg"
SAME: Final = "https://s4.anilist.co/file/cover/1.jpg"
GONE: Final = "https://media.kitsu.app/anime/1/gone.png"
RETRY_AFTER: Final = timedelta(days=7)


@dataclass
class Web:
    """What is to be found at which URL; ``asked`` are the downloads."""

    pages: Mapping[str, bytes | Exception]
    asked: list[str] = field(default_factory=list)

    def download(self, url: str) -> DownloadedImage:
        self.asked.append(url)
        found = self.pages[url]
        if isinstance(found, Exception):
            raise found
        return DownloadedImage(
            body=found, sha256=hashlib.sha256(found).hexdigest(), extension="jpg", content_type="image/jpeg"
        )


class Stores:
    """Bucket, map and queue; ``host`` is a fresh process in front of them."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.images = FakeObjects()
        self.image_map = FakeImageMap()
        self.queue = FakeQueue()

    def host(self, web: Web, **replaced: Any) -> ImageHost:
        ports: dict[str, Any] = {
            "source": web,
            "images": self.images,
            "image_map": self.image_map,
            "dead_letters": self.queue,
            **replaced,
        }
        return ImageHost(domain=DOMAIN, clock=self.clock, retry_after=RETRY_AFTER, **{"workers": 2, **ports})

    def record(self, url: str) -> ImageRecord | None:
        return self.image_map.get_many([source_url_hash(url)]).get(source_url_hash(url))

    def messages_of(self, url: str) -> list[dict[str, Any]]:
        return [message for message in self.queue.messages() if message["image_url"] == url]


def run(host: ImageHost, *urls: str) -> Rehosted:
    return rehost(dict.fromkeys(urls, "covers.0"), host, anime_id=ANIME)


def key_of(body: bytes) -> str:
    return f"images/{hashlib.sha256(body).hexdigest()}.jpg"


def own(body: bytes) -> str:
    return f"https://{DOMAIN}/{key_of(body)}"


# ---------------------------------------------------------------------------------------------------- deduplication


def test_an_image_is_stored_under_its_content_and_remembered_under_its_url() -> None:
    stores = Stores()
    done = run(stores.host(Web({COVER: b"picture"})), COVER)
    assert done == Rehosted(results={COVER: own(b"picture")})
    assert (done.stored, done.failed) == (1, 0)
    stored = stores.images.get(key_of(b"picture"))
    assert stored is not None
    assert stored.body == b"picture"
    assert stored.info.content_type == "image/jpeg"
    assert stored.info.metadata == {"source_url": COVER, "content_type": "image/jpeg"}
    assert stores.images.cache_control(key_of(b"picture")) == "public, max-age=31536000, immutable"
    assert stores.record(COVER) == ImageRecord(
        source_url_hash=hashlib.sha256(COVER.encode()).hexdigest(),
        s3_path=key_of(b"picture"),
        last_attempt=stores.clock.now,
    )
    assert stores.queue.messages() == ()


def test_the_same_content_from_two_urls_is_one_object() -> None:
    stores = Stores()
    done = run(stores.host(Web({COVER: b"picture", SAME: b"picture"})), COVER, SAME)
    assert done.results == {COVER: own(b"picture"), SAME: own(b"picture")}
    assert stores.images.keys() == (key_of(b"picture"),)
    assert [record and record.s3_path for record in map(stores.record, (COVER, SAME))] == [key_of(b"picture")] * 2


def test_the_same_url_twice_is_one_download() -> None:
    stores, web = Stores(), Web({COVER: b"picture"})
    first = run(stores.host(web), COVER)
    again = run(stores.host(web), COVER)
    assert first == again
    assert web.asked == [COVER]


def test_an_object_that_is_there_is_not_written_again() -> None:
    stores = Stores()
    stores.images.put(key_of(b"picture"), b"picture", metadata={"source_url": "https://first.example/1.jpg"})
    assert run(stores.host(Web({COVER: b"picture"})), COVER).results == {COVER: own(b"picture")}
    stored = stores.images.head(key_of(b"picture"))
    assert stored is not None
    assert stored.metadata["source_url"] == "https://first.example/1.jpg"


def test_many_downloads_at_a_time_each_end_where_they_belong() -> None:
    bodies = {f"https://cdn.myanimelist.net/{number}.jpg": f"picture {number % 7}".encode() for number in range(100)}
    stores, web = Stores(), Web(bodies)
    done = run(stores.host(web, workers=8), *bodies)
    assert done.results == {url: own(body) for url, body in bodies.items()}
    assert sorted(web.asked) == sorted(bodies)
    assert len(stores.images.keys()) == 7


@given(st.text(min_size=1, max_size=3000).filter(lambda text: text.isprintable() and " " not in text))
def test_any_source_url_fits_the_objects_metadata(path: str) -> None:
    url = f"https://cdn.myanimelist.net/{path}"[:3000]
    stores = Stores()
    assert run(stores.host(Web({url: b"picture"})), url).failed == 0
    stored = stores.images.head(key_of(b"picture"))
    assert stored is not None
    assert stored.metadata["source_url"].isascii()
    assert stored.metadata["source_url"].startswith("https://cdn.myanimelist.net/")


def test_a_source_url_of_other_scripts_stays_recognisable() -> None:
    url, stores = "https://cdn.myanimelist.net/画像.jpg", Stores()
    run(stores.host(Web({url: b"picture"})), url)
    stored = stores.images.head(key_of(b"picture"))
    assert stored is not None
    assert stored.metadata["source_url"] == r"https://cdn.myanimelist.net/\u753b\u50cf.jpg"
    assert stores.record(url) is not None


# --------------------------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("error", "retries"),
    [
        (NotFound("media.kitsu.app has no such image (404)"), 0),
        (Permanent("the body is not JPEG, PNG, GIF or WebP"), 0),
        (Unavailable("media.kitsu.app fails (503)"), DOWNLOAD_ATTEMPTS - 1),
        (Throttled("media.kitsu.app asks to slow down", retry_after=120), DOWNLOAD_ATTEMPTS - 1),
    ],
)
def test_a_failure_becomes_a_message_a_memory_and_a_placeholder(error: Exception, retries: int) -> None:
    stores = Stores()
    done = rehost({GONE: "characters.0.images.0"}, stores.host(Web({GONE: error})), anime_id=ANIME)
    assert done.results == {GONE: FailedImage(image_url=GONE, error_message=str(error))}
    assert (done.stored, done.failed) == (0, 1)
    assert stores.queue.messages() == (
        {
            "anime_id": ANIME,
            "image_url": GONE,
            "error_message": str(error),
            "timestamp": "2026-11-21T01:00:00+00:00",
            "retry_count": retries,
            "context": "characters.0.images.0",
        },
    )
    assert stores.record(GONE) == ImageRecord(
        source_url_hash=source_url_hash(GONE),
        s3_path=None,
        last_attempt=stores.clock.now,
        retry_at=stores.clock.now + RETRY_AFTER,
        error_message=str(error),
    )
    assert stores.images.keys() == ()


def test_a_failure_without_words_is_named_by_its_type() -> None:
    done = run(Stores().host(Web({GONE: Unavailable()})), GONE)
    assert done.results == {GONE: FailedImage(image_url=GONE, error_message="Unavailable")}


def test_one_failure_leaves_the_others_alone() -> None:
    stores = Stores()
    done = run(stores.host(Web({GONE: NotFound("gone"), COVER: b"picture"})), GONE, COVER)
    assert (done.stored, done.failed) == (1, 1)
    assert done.results[COVER] == own(b"picture")


def test_a_failure_is_believed_until_its_time_and_tried_again_then() -> None:
    stores = Stores()
    run(stores.host(Web({GONE: NotFound("gone")})), GONE)
    web = Web({GONE: b"picture"})
    stores.clock.advance(RETRY_AFTER - timedelta(microseconds=1))
    assert run(stores.host(web), GONE).results == {GONE: FailedImage(image_url=GONE, error_message="gone")}
    assert (web.asked, len(stores.queue.messages())) == ([], 1)
    stores.clock.advance(timedelta(microseconds=1))
    assert run(stores.host(web), GONE).results == {GONE: own(b"picture")}
    assert web.asked == [GONE]
    record = stores.record(GONE)
    assert record is not None
    assert (record.s3_path, record.retry_at, record.error_message) == (key_of(b"picture"), None, None)


def test_a_failure_that_comes_back_is_told_and_believed_anew() -> None:
    stores = Stores()
    run(stores.host(Web({GONE: NotFound("gone")})), GONE)
    stores.clock.advance(RETRY_AFTER)
    run(stores.host(Web({GONE: Unavailable("down")})), GONE)
    assert [message["error_message"] for message in stores.messages_of(GONE)] == ["gone", "down"]
    record = stores.record(GONE)
    assert record is not None
    assert record.retry_at == stores.clock.now + RETRY_AFTER


@pytest.mark.parametrize(
    ("port", "method"),
    [("images", "put"), ("image_map", "put"), ("image_map", "get_many"), ("dead_letters", "send")],
)
def test_a_store_that_does_not_answer_is_no_failure_of_the_image(port: str, method: str) -> None:
    stores, web = Stores(), Web({COVER: b"picture", GONE: NotFound("gone")})
    real = {"images": stores.images, "image_map": stores.image_map, "dead_letters": stores.queue}
    down = Failing(real[port]).before(method, Unavailable("down"), times=1)
    with pytest.raises(Unavailable, match="down"):
        run(stores.host(web, workers=1, **{port: down}), COVER, GONE)
    done = run(stores.host(web), COVER, GONE)
    assert done.results == {COVER: own(b"picture"), GONE: FailedImage(image_url=GONE, error_message="gone")}
    assert len(stores.messages_of(GONE)) == 1
    assert stores.messages_of(COVER) == []


def test_after_a_store_failed_no_further_download_begins() -> None:
    bodies = {f"https://cdn.myanimelist.net/{number:02d}.jpg": b"%d" % number for number in range(50)}
    stores, web = Stores(), Web(bodies)
    down = Failing(stores.images).before("put", Unavailable("down"), times=50)
    with pytest.raises(Unavailable):
        run(stores.host(web, workers=1, images=down), *bodies)
    assert web.asked == list(bodies)[:1]


# ------------------------------------------------------------------------------------------------------ crash points

PAGES: Final[Mapping[str, bytes | Exception]] = {
    COVER: b"picture",
    SAME: b"picture",
    GONE: NotFound("gone"),
    "https://s4.anilist.co/2.jpg": b"another",
}
WRITES: Final = 8
"""An object and a line for each good image, a message and a line for the bad one."""

SECOND_OF_A_KIND: Final = 2
"""The same content again: this write is refused, so there is no instant after it."""

CRASHES: Final = [
    (number, when) for number in range(WRITES) for when in When if number != SECOND_OF_A_KIND or when is When.BEFORE
]


def faulty(stores: Stores, faults: Faults, web: Web) -> ImageHost:
    return stores.host(
        web,
        images=faults.wrap("objects", stores.images),
        image_map=faults.wrap("objects", stores.image_map),  # its `put` is a write like an object's
        dead_letters=faults.wrap("queue", stores.queue),
        workers=1,
    )


def check_whole(stores: Stores) -> None:
    """Nothing lost and nothing double, but for messages: a crash may repeat those."""
    assert stores.images.keys() == tuple(sorted({key_of(b"picture"), key_of(b"another")}))
    for url, page in PAGES.items():
        record = stores.record(url)
        assert record is not None
        assert record.s3_path == (key_of(page) if isinstance(page, bytes) else None)
    assert stores.messages_of(GONE)
    assert {message["image_url"] for message in stores.queue.messages()} == {GONE}


@pytest.mark.parametrize(("number", "when"), CRASHES)
def test_a_crash_at_any_write_is_made_good_by_the_same_call(number: int, when: When) -> None:
    stores = Stores()
    with pytest.raises(Unavailable if when is When.LOST_REPLY else Crash):
        run(faulty(stores, Faults(planned={number: when}), Web(PAGES)), *PAGES)
    remembered = {url for url in PAGES if stores.record(url)}
    web = Web(PAGES)
    done = run(stores.host(web), *PAGES)
    assert set(web.asked) == set(PAGES) - remembered
    assert done.results == {
        url: own(page) if isinstance(page, bytes) else FailedImage(image_url=url, error_message="gone")
        for url, page in PAGES.items()
    }
    assert len(stores.messages_of(GONE)) <= 2
    check_whole(stores)


def test_without_a_crash_there_are_exactly_these_writes() -> None:
    stores, faults = Stores(), Faults()
    run(faulty(stores, faults, Web(PAGES)), *PAGES)
    assert len(faults.writes) == WRITES
    assert len(stores.messages_of(GONE)) == 1
    check_whole(stores)


@given(st.lists(st.sampled_from(CRASHES), max_size=5))
def test_several_crashes_one_after_the_other_are_made_good(crashes: list[tuple[int, When]]) -> None:
    stores = Stores()
    for number, when in crashes:
        try:
            run(faulty(stores, Faults(planned={number: when}), Web(PAGES)), *PAGES)
        except (Crash, Unavailable):
            continue
    run(stores.host(Web(PAGES)), *PAGES)
    check_whole(stores)
    assert 1 <= len(stores.messages_of(GONE)) <= len(crashes) + 1


# --------------------------------------------------------------------------------------------------------- deadline


def test_no_download_begins_after_the_time_is_over_and_the_next_round_does_the_rest() -> None:
    bodies = {f"https://cdn.myanimelist.net/{number:02d}.jpg": b"%d" % number for number in range(20)}
    stores, web = Stores(), Web(bodies)
    done = rehost(
        dict.fromkeys(bodies, "covers.0"),
        stores.host(web, workers=1),
        anime_id=ANIME,
        out_of_time=lambda: len(web.asked) >= 3,
    )
    assert web.asked == list(done.results) == list(bodies)[:3]
    assert done.remaining == tuple(list(bodies)[3:])
    rest = run(stores.host(web), *bodies)
    assert (len(rest.results), rest.remaining) == (20, ())
    assert sorted(web.asked) == sorted(bodies)


def test_downloads_that_go_on_side_by_side_when_the_time_ends_are_kept() -> None:
    bodies = {f"https://cdn.myanimelist.net/{number:02d}.jpg": b"%d" % number for number in range(20)}
    stores, web = Stores(), Web(bodies)
    urls = dict.fromkeys(bodies, "covers.0")
    done = rehost(urls, stores.host(web, workers=4), anime_id=ANIME, out_of_time=lambda: len(web.asked) >= 3)
    assert set(done.results) == set(web.asked)
    assert 3 <= len(done.results) <= 6
    assert set(done.remaining) == set(bodies) - set(done.results)


def test_what_is_known_costs_no_time() -> None:
    stores, web = Stores(), Web({COVER: b"picture", GONE: NotFound("gone"), SAME: b"picture"})
    run(stores.host(web), COVER, GONE)
    urls = dict.fromkeys((COVER, GONE, SAME), "covers.0")
    done = rehost(urls, stores.host(web), anime_id=ANIME, out_of_time=lambda: True)
    assert set(done.results) == {COVER, GONE}
    assert done.remaining == (SAME,)


def test_nothing_to_do_is_done_at_once() -> None:
    assert rehost({}, Stores().host(Web({})), anime_id=ANIME, out_of_time=lambda: True) == Rehosted()


# ------------------------------------------------------------------------------------------------------------ shapes


def test_the_first_context_of_a_url_stands() -> None:
    pairs = [(COVER, "images.covers.0"), (GONE, "images.covers.1"), (COVER, "trailers.0")]
    assert ordered(pairs) == {COVER: "images.covers.0", GONE: "images.covers.1"}


def test_results_are_kept_as_json() -> None:
    failed = FailedImage(image_url=GONE, error_message="gone")
    assert as_json({COVER: own(b"picture"), GONE: failed}) == {
        COVER: own(b"picture"),
        GONE: {"image_url": GONE, "error_message": "gone"},
    }
