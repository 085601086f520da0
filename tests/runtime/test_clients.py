"""Adapters from settings: which one a setting means, made once, and how a run's end is told to Lambda."""

import threading
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from models.errors import BadInput, Malformed, Throttled, Unavailable
from models.events import Catalogue
from runtime import clients
from runtime.ports import run_as_report
from runtime.settings import CacheServer, Catalogues, DataBucket, Embeddings, Images
from sources.addresses import IMAGE_HOSTS
from sources.http import HttpTransport
from sources.image_transports import HttpOverImages, ImagesOverHttp
from sources.images import ImageDownloader, PinnedTransport
from sources.replay import RecordTransport, ReplayTransport
from stores.cache import NoCache, RedisCache

BASE = {"STACK": "local", "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
IMAGES = {
    "IMAGES_BUCKET": "images",
    "IMAGES_DOMAIN": "images.example",
    "IMAGE_MAP_TABLE": "image-deduplication-map",
    "IMAGE_DLQ_URL": "http://127.0.0.1:1/000000000000/images",
}


class ImageSettings(Images, Catalogues):
    pass


def now() -> datetime:
    return datetime(2026, 11, 21, tzinfo=UTC)


def downloader(**variables: str) -> ImageDownloader:
    settings = ImageSettings.from_environment({**BASE, **IMAGES, **variables})
    source = clients.image_host(settings, settings, now).source
    assert isinstance(source, ImageDownloader)
    return source


def test_images_are_downloaded_over_the_checked_connection_unless_told_otherwise() -> None:
    assert isinstance(downloader().transport, PinnedTransport)


def test_images_are_replayed_or_recorded_like_catalogues(tmp_path: Path) -> None:
    replaying = downloader(HTTP_TRANSPORT=f"replay:{tmp_path}").transport
    assert isinstance(replaying, ImagesOverHttp)
    assert isinstance(replaying.transport, ReplayTransport)
    recording = downloader(HTTP_TRANSPORT=f"record:{tmp_path}").transport
    assert isinstance(recording, ImagesOverHttp)
    assert isinstance(recording.transport, RecordTransport)


def test_what_records_images_still_goes_over_the_checked_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[HttpTransport] = []

    def recorder(folder: Path, live: HttpTransport) -> RecordTransport:
        made.append(live)
        return RecordTransport(folder, live)

    monkeypatch.setattr("sources.replay.RecordTransport", recorder)
    downloader(HTTP_TRANSPORT=f"record:{tmp_path / 'new'}")
    (live,) = made
    assert isinstance(live, HttpOverImages)
    assert isinstance(live.transport, PinnedTransport)


def test_a_stack_may_add_image_hosts_and_never_loses_the_known_ones() -> None:
    assert downloader().hosts == IMAGE_HOSTS
    assert downloader(IMAGE_HOSTS="more.example,again.example").hosts == IMAGE_HOSTS | {"more.example", "again.example"}


def test_the_time_for_which_a_failed_image_is_believed_is_a_setting() -> None:
    settings = ImageSettings.from_environment({**BASE, **IMAGES, "IMAGE_RETRY_AFTER_HOURS": "2"})
    host = clients.image_host(settings, settings, now)
    assert (host.retry_after, host.domain, host.clock) == (timedelta(hours=2), "images.example", now)


def test_a_missing_folder_of_recordings_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no folder of recorded answers"):
        downloader(HTTP_TRANSPORT=f"replay:{tmp_path / 'nowhere'}")


@pytest.mark.parametrize("transport", ["replay", "replay:", "record:", "carrier pigeon", "live-ish"])
def test_an_unknown_transport_is_bad_input_for_catalogues_and_images_alike(transport: str) -> None:
    with pytest.raises(BadInput, match="expected live, replay:<folder> or record:<folder>"):
        clients.catalogues(Catalogues.from_environment({**BASE, "HTTP_TRANSPORT": transport}))
    with pytest.raises(BadInput, match="expected live, replay:<folder> or record:<folder>"):
        downloader(HTTP_TRANSPORT=transport)


def test_every_catalogue_has_a_client(tmp_path: Path) -> None:
    settings = Catalogues.from_environment({**BASE, "HTTP_TRANSPORT": f"replay:{tmp_path}"})
    assert set(clients.catalogues(settings)) == set(Catalogue)


@pytest.mark.parametrize("embedder", ["word2vec", "bedrock", "bedrock:", ""])
def test_an_unknown_embedder_is_bad_input(embedder: str) -> None:
    settings = Embeddings(stack="local", aws_region="eu-central-1", embedder=embedder)
    with pytest.raises(BadInput, match="expected wordllama or bedrock:<model id>"):
        clients.embedder(settings)


def test_a_stack_without_a_cache_remembers_nothing() -> None:
    assert isinstance(clients.cache(CacheServer.from_environment(BASE)), NoCache)


def test_a_cache_is_connected_to_on_first_use_alone() -> None:
    settings = CacheServer.from_environment({**BASE, "REDIS_URL": "redis://127.0.0.1:1/0"})
    assert isinstance(clients.cache(settings), RedisCache)


def test_equal_settings_share_a_client_and_others_do_not() -> None:
    def client_of(endpoint: str) -> object:
        settings = DataBucket.from_environment({**BASE, "AWS_ENDPOINT_URL": endpoint, "DATA_BUCKET": "data"})
        return clients._client("s3", settings)

    assert client_of("http://127.0.0.1:1") is client_of("http://127.0.0.1:1")
    assert client_of("http://127.0.0.1:1") is not client_of("http://127.0.0.1:2")


def test_what_many_threads_ask_for_at_once_is_made_once() -> None:
    made: list[str] = []
    start = threading.Barrier(8)

    @clients._once
    def make(name: str) -> object:
        made.append(name)
        return object()

    found: list[object] = []

    def ask(name: str) -> None:
        start.wait(10)
        found.append(make(name))

    name = str(uuid.uuid4())
    threads = [threading.Thread(target=ask, args=(name,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert made == [name]
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


# ------------------------------------------------------------------------------------------------------ run_as_report


@dataclass
class Figures:
    new: int
    members: tuple[str, ...]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (None, {}),
        ({"new": 1}, {"new": 1}),
        (Figures(1, ("a",)), {"new": 1, "members": ("a",)}),
        (Figures, {}),
        ("text", {}),
    ],
)
def test_a_run_that_succeeds_tells_its_figures(result: object, told: dict[str, Any]) -> None:
    assert run_as_report(lambda: result) == told


@pytest.mark.parametrize("error", [BadInput("the release is not zstd"), Malformed("it is not JSON")])
def test_a_run_that_no_repetition_mends_ends_the_invocation_normally(error: Exception) -> None:
    def work() -> None:
        raise error

    assert run_as_report(work) == {"failed": type(error).__name__, "reason": str(error)}


@pytest.mark.parametrize("error", [Unavailable("down"), Throttled("slower"), ZeroDivisionError()])
def test_a_run_that_may_succeed_later_or_is_broken_fails_the_invocation(error: Exception) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        run_as_report(work)
    assert caught.value is error
