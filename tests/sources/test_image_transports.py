"""Images by the same recordings as catalogues: replayed for the downloader, recorded through the checked connection."""

from pathlib import Path

import pytest

from models.errors import NotRecorded, Permanent, Unavailable
from sources.addresses import CheckedUrl, RefusedAddress
from sources.http import Request
from sources.image_transports import HttpOverImages, ImagesOverHttp
from sources.images import ImageDownloader, ImageResponse
from sources.replay import RecordTransport, ReplayTransport
from tests.support.pictures import animation, picture
from tests.support.samples import SAMPLES

HOST = "cdn.myanimelist.net"
URL = f"https://{HOST}/images/anime/4/19644l.jpg"
JPEG = picture()


class Connection:
    """The checked connection: answers by URL and keeps what it was asked."""

    def __init__(self, answers: dict[str, ImageResponse]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, float, int]] = []

    def get(self, url: CheckedUrl, *, seconds: float, max_bytes: int) -> ImageResponse:
        self.asked.append((url.url, seconds, max_bytes))
        return self.answers[url.url]


def answer(body: bytes, *, status: int = 200, content_type: str = "image/jpeg", **more: str) -> ImageResponse:
    return ImageResponse(status=status, headers={"content-type": content_type, **more}, body=body)


def downloader(transport: ImagesOverHttp) -> ImageDownloader:
    return ImageDownloader(
        transport=transport, hosts=frozenset({HOST, "media.kitsu.app"}), clock=lambda: 0.0, sleep=lambda _seconds: None
    )


def replaying(folder: Path) -> ImageDownloader:
    return downloader(ImagesOverHttp(ReplayTransport(folder)))


def recording(folder: Path, connection: Connection) -> ImageDownloader:
    return downloader(ImagesOverHttp(RecordTransport(folder, HttpOverImages(connection))))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_recorded_image_is_replayed_byte_for_byte(tmp_path: Path) -> None:
    connection = Connection({URL: answer(JPEG)})
    live = recording(tmp_path, connection).download(URL)
    assert files(tmp_path) == [f"{HOST}/GET %2Fimages%2Fanime%2F4%2F19644l.jpg.jpg"]
    assert replaying(tmp_path).download(URL) == live
    assert len(connection.asked) == 1


@pytest.mark.parametrize(
    ("kind", "content_type", "extension"),
    [("JPEG", "image/jpeg", "jpg"), ("PNG", "image/png", "png"), ("WEBP", "image/webp", "webp")],
)
def test_each_kind_of_image_comes_back_as_what_it_is(
    tmp_path: Path, kind: str, content_type: str, extension: str
) -> None:
    connection = Connection({URL: answer(picture(kind), content_type=content_type)})
    recording(tmp_path, connection).download(URL)
    again = replaying(tmp_path).download(URL)
    assert (again.extension, again.content_type) == (extension, content_type)


def test_the_query_is_part_of_what_is_asked_and_of_the_recordings_name(tmp_path: Path) -> None:
    small, large = picture(size=(8, 8)), picture(size=(64, 64))
    connection = Connection({f"{URL}?s=small": answer(small), f"{URL}?s=large": answer(large)})
    live = recording(tmp_path, connection)
    downloaded = [live.download(f"{URL}?s={size}") for size in ("small", "large")]
    assert [asked[0] for asked in connection.asked] == [f"{URL}?s=small", f"{URL}?s=large"]
    replay = replaying(tmp_path)
    assert [replay.download(f"{URL}?s={size}") for size in ("small", "large")] == downloaded


def test_an_address_in_another_script_is_recorded_as_it_is_sent(tmp_path: Path) -> None:
    sent = f"https://{HOST}/%E7%94%BB%E5%83%8F.jpg"
    connection = Connection({sent: answer(JPEG)})
    recording(tmp_path, connection).download(f"https://{HOST}/画像.jpg")
    assert replaying(tmp_path).download(sent).body == replaying(tmp_path).download(f"https://{HOST}/画像.jpg").body


def test_an_image_that_was_not_recorded_fails_for_good(tmp_path: Path) -> None:
    with pytest.raises(NotRecorded):
        replaying(tmp_path).download(URL)


def test_a_recording_that_is_no_image_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / HOST
    folder.mkdir()
    (folder / "GET %2Fimages%2Fanime%2F4%2F19644l.jpg.jpg").write_bytes(b"<svg/>")
    with pytest.raises(Permanent, match="not JPEG"):
        replaying(tmp_path).download(URL)


def test_a_replay_weakens_no_check_of_addresses(tmp_path: Path) -> None:
    for url in (f"http://{HOST}/1.jpg", "https://169.254.169.254/1.jpg", f"https://{HOST}:8443/1.jpg"):
        with pytest.raises(RefusedAddress):
            replaying(tmp_path).download(url)


def test_what_the_downloader_allows_reaches_the_connection(tmp_path: Path) -> None:
    connection = Connection({URL: answer(JPEG)})
    recording(tmp_path, connection).download(URL)
    ((_, seconds, max_bytes),) = connection.asked
    assert (seconds, max_bytes) == (20.0, 15 * 2**20)


def test_a_recording_larger_than_an_image_may_be_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / HOST
    folder.mkdir()
    with (folder / "GET %2Fimages%2Fanime%2F4%2F19644l.jpg.jpg").open("wb") as huge:
        huge.truncate(15 * 2**20 + 1)
    with pytest.raises(Permanent, match="longer than"):
        replaying(tmp_path).download(URL)


@pytest.mark.parametrize("status", [404, 503])
def test_failures_are_passed_on_and_not_recorded(tmp_path: Path, status: int) -> None:
    connection = Connection({URL: answer(b"no", status=status, content_type="text/html")})
    with pytest.raises((Permanent, Unavailable)):
        recording(tmp_path, connection).download(URL)
    assert files(tmp_path) == []


def test_a_redirect_is_followed_by_the_downloader_and_checked_there(tmp_path: Path) -> None:
    target = "https://media.kitsu.app/1.jpg"
    connection = Connection({URL: answer(b"", status=302, location=target), target: answer(JPEG)})
    assert recording(tmp_path, connection).download(URL).extension == "jpg"
    assert files(tmp_path) == ["media.kitsu.app/GET %2F1.jpg.jpg"]
    inward = Connection({URL: answer(b"", status=302, location="https://127.0.0.1/1.jpg")})
    with pytest.raises(RefusedAddress):
        recording(tmp_path, inward).download(URL)


def test_a_request_becomes_one_for_the_checked_connection_and_its_answer_a_response() -> None:
    connection = Connection({f"https://{HOST}/1.jpg?s=1&t=2": answer(b"body", etag='"1"')})
    response = HttpOverImages(connection).send(
        Request(method="GET", url=f"https://{HOST}/1.jpg?s=1&t=2", max_bytes=1000)
    )
    assert (response.status, response.body, response.content_type) == (200, b"body", "image/jpeg")
    assert response.headers["etag"] == '"1"'
    assert connection.asked == [(f"https://{HOST}/1.jpg?s=1&t=2", 20.0, 1000)]


def test_the_samples_hold_images_that_the_downloader_accepts() -> None:
    recorded = sorted((SAMPLES / "replay" / HOST).glob("GET *"))
    assert recorded
    image = replaying(SAMPLES / "replay").download(URL)
    assert (image.extension, image.content_type) == ("jpg", "image/jpeg")


def test_an_animation_is_downloaded_though_recordings_have_no_form_for_it(tmp_path: Path) -> None:
    connection = Connection({URL: answer(animation(2), content_type="image/gif")})
    assert recording(tmp_path, connection).download(URL).extension == "gif"
    assert files(tmp_path) == []
