"""Adapters from settings: which one a setting means, made once, and how a run's end is told to Lambda."""

import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials
from redis import Redis
from redis.credentials import CredentialProvider

from models.errors import BadInput, Malformed, Throttled, Unavailable
from models.events import Catalogue
from runtime import clients
from runtime.ports import run_as_report
from runtime.settings import (
    CacheServer,
    Catalogues,
    DataBucket,
    Embeddings,
    Images,
    OutsideWorld,
    RateLimits,
    VectorIndex,
)
from sources.addresses import IMAGE_HOSTS
from sources.http import HttpTransport, LiveTransport
from sources.image_transports import HttpOverImages, ImagesOverHttp
from sources.images import ImageDownloader, PinnedTransport
from sources.json_api import JsonApi
from sources.politeness import PoliteTransport
from sources.registry import gives_answer
from sources.replay import RecordTransport, ReplayTransport
from stores.answer_cache import RedisAnswerCache
from stores.cache import NoCache, RedisCache
from stores.rate_buckets_dynamodb import DynamoRateBuckets
from stores.rate_buckets_redis import RedisRateBuckets
from stores.vectors.qdrant import QdrantVectors
from stores.vectors.qdrant_schema import QdrantSchema
from workflows.catalogue_counts import CatalogueCounts
from workflows.catalogue_ports import RateBuckets

BASE = {"STACK": "local", "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
IMAGES = {
    "IMAGES_BUCKET": "images",
    "IMAGES_DOMAIN": "images.example",
    "IMAGE_MAP_TABLE": "image-deduplication-map",
    "IMAGE_DLQ_URL": "http://127.0.0.1:1/000000000000/images",
}


class ImageSettings(Images, OutsideWorld):
    pass


class Warming(OutsideWorld, RateLimits):
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


def test_an_image_host_is_told_whom_to_turn_to(tmp_path: Path) -> None:
    live = downloader(CONTACT="you@example.org").transport
    recording = downloader(CONTACT="you@example.org", HTTP_TRANSPORT=f"record:{tmp_path}").transport
    assert isinstance(recording, ImagesOverHttp)
    assert isinstance(recording.transport, RecordTransport)
    over_http = recording.transport._live
    assert isinstance(over_http, HttpOverImages)
    for transport in (live, over_http.transport):
        assert isinstance(transport, PinnedTransport)
        assert transport.contact == "you@example.org"


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


# ---------------------------------------------------------------------------------------- how catalogues are asked

REDIS = {"REDIS_URL": "redis://127.0.0.1:1/0"}
TABLE = {"RATE_TABLE": "rates"}


def asked(last_attempt: bool = False, /, **variables: str) -> JsonApi:
    """The way to one catalogue."""
    settings = Catalogues.from_environment({**BASE, **variables})
    client = clients.catalogues(settings, last_attempt=last_attempt)[Catalogue.JIKAN]
    api = client.api  # type: ignore[attr-defined]  # every client of ours holds its API
    assert isinstance(api, JsonApi)
    return api


def shared_store(**variables: str) -> RateBuckets | None:
    transport = asked(**variables).transport
    assert isinstance(transport, PoliteTransport)
    return transport._buckets._shared


def test_live_catalogues_wait_for_their_turn_and_are_asked_for_what_is_not_kept() -> None:
    api = asked(**REDIS)
    assert isinstance(api.transport, PoliteTransport)
    assert isinstance(api.transport._inner, LiveTransport)
    assert api.answers is not None
    assert isinstance(api.answers._shared.cache, RedisAnswerCache)


def test_a_replay_neither_waits_nor_keeps(tmp_path: Path) -> None:
    api = asked(HTTP_TRANSPORT=f"replay:{tmp_path}", **REDIS)
    assert isinstance(api.transport, ReplayTransport)
    assert api.answers is None


def test_a_recording_waits_and_writes_down_what_the_catalogue_says_now(tmp_path: Path) -> None:
    api = asked(HTTP_TRANSPORT=f"record:{tmp_path}", **REDIS)
    assert isinstance(api.transport, RecordTransport)
    assert isinstance(api.transport._live, PoliteTransport)
    assert api.answers is None


def test_requests_are_counted_in_the_cache_else_in_the_table_else_in_the_process() -> None:
    assert isinstance(shared_store(**REDIS), RedisRateBuckets)
    assert isinstance(shared_store(**REDIS, **TABLE), RedisRateBuckets)
    assert isinstance(shared_store(**TABLE), DynamoRateBuckets)
    assert shared_store() is None
    assert clients.rate_buckets(RateLimits.from_environment(BASE)) is None
    assert isinstance(clients.rate_buckets(RateLimits.from_environment({**BASE, **TABLE})), DynamoRateBuckets)


def test_every_function_asks_at_the_pace_that_the_stack_gives() -> None:
    """A bucket is shared, and would be given out by whoever knows of no pace as by one who does."""
    paced = asked(CATALOGUE_PACES='{"jikan": 300}', **TABLE).transport
    assert isinstance(paced, PoliteTransport)
    assert paced._manners["jikan"].pace.per_second == pytest.approx(299 / 60)

    settings = Warming.from_environment({**BASE, **REDIS, "CATALOGUE_PACES": '{"anilist": 90}'})
    warm = clients.anilist_warmer(settings, settings, counts=CatalogueCounts(), remaining=lambda: 0.0)
    transport = warm.__self__.api.transport  # type: ignore[attr-defined]
    assert transport._manners["anilist"].pace.per_second == pytest.approx(89 / 60)


def test_who_is_asked_is_shown_the_stacks_contact() -> None:
    transport = asked(CONTACT="https://anime.example/contact", **TABLE).transport
    assert isinstance(transport, PoliteTransport)
    assert isinstance(transport._inner, LiveTransport)
    assert transport._inner.contact == "https://anime.example/contact"


def test_a_recorder_gives_what_anidb_was_asked_today(tmp_path: Path) -> None:
    transport = asked(HTTP_TRANSPORT=f"record:{tmp_path}", **REDIS).transport
    assert isinstance(transport, RecordTransport)
    assert transport._again_after == {"anidb": 24 * 3600}
    assert transport._keeps is gives_answer


def test_without_a_cache_nothing_is_kept() -> None:
    answers = asked(**TABLE).answers
    assert answers is not None
    assert answers._shared.cache is None


def test_calls_of_one_process_share_its_count_and_its_flights() -> None:
    one, other = asked(**REDIS), asked(**REDIS)
    assert isinstance(one.transport, PoliteTransport)
    assert isinstance(other.transport, PoliteTransport)
    assert one.transport._buckets is other.transport._buckets
    assert one.answers is not None
    assert other.answers is not None
    assert one.answers._shared is other.answers._shared
    assert one.answers is not other.answers


def test_the_last_attempt_has_the_same_answers_as_those_before_it() -> None:
    last, other = asked(True, **REDIS).answers, asked(**REDIS).answers
    assert last is not None
    assert other is not None
    assert (last._shared.last_attempt, other._shared.last_attempt) == (True, False)
    assert last._shared.cache is other._shared.cache
    assert last._shared.flights is other._shared.flights
    assert last._shared.resting is other._shared.resting


def test_each_call_has_its_own_time_and_counts() -> None:
    settings, counts = Catalogues.from_environment({**BASE, **TABLE}), CatalogueCounts()
    client = clients.catalogues(settings, counts=counts, remaining=lambda: 10.0)[Catalogue.KITSU]
    with pytest.raises(Throttled, match="too late for another request"):
        client.fetch(("https://kitsu.app/anime/1",), cursor=None)


# ------------------------------------------------------------------------------------------------------------ secrets


class Vault:
    """In place of Secrets Manager: values by ARN; ``reads`` are the ARNs in the order of asking."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.values: dict[str, str] = {}
        self.reads: list[str] = []
        self.now = 1000.0
        monkeypatch.setattr("stores.secrets.read_secret", self.read)
        monkeypatch.setattr("runtime.clients.time.monotonic", lambda: self.now)

    def read(self, client: object, arn: str) -> str | None:
        self.reads.append(arn)
        return self.values.get(arn)


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    clients._secrets.clear()
    yield Vault(monkeypatch)
    clients._secrets.clear()


ARNS = {"animeschedule": "arn:token", "jikan": "arn:key"}


def catalogue_headers(tmp_path: Path) -> dict[str, str]:
    """Of every catalogue, together."""
    environment = {**BASE, "HTTP_TRANSPORT": f"replay:{tmp_path}", "CATALOGUE_SECRET_ARNS": json.dumps(ARNS)}
    found = clients.catalogues(Catalogues.from_environment(environment)).values()
    return {name: value for client in found for name, value in client.api.headers.items()}  # type: ignore[attr-defined]


def test_each_catalogue_is_shown_its_own_secret_alone(vault: Vault, tmp_path: Path) -> None:
    vault.values = {"arn:token": "abcdefgh\n", "arn:key": "ijklmnop"}

    headers = catalogue_headers(tmp_path)

    assert headers["Authorization"] == "Bearer abcdefgh"
    assert headers["X-Server-Key"] == "ijklmnop"
    assert vault.reads == ["arn:token", "arn:key"]


def test_a_secret_that_nobody_has_set_yet_is_left_out_and_noticed_when_it_is(vault: Vault, tmp_path: Path) -> None:
    assert "Authorization" not in catalogue_headers(tmp_path)

    vault.values = {"arn:token": "abcdefgh"}
    vault.now += clients._SECRET_SECONDS

    assert catalogue_headers(tmp_path)["Authorization"] == "Bearer abcdefgh"


def test_a_secret_is_not_read_again_at_each_invocation(vault: Vault, tmp_path: Path) -> None:
    for _ in range(3):
        catalogue_headers(tmp_path)

    assert vault.reads == ["arn:token", "arn:key"]


def test_a_key_of_the_index_that_was_replaced_is_taken_up_by_a_process_that_lives_on(vault: Vault) -> None:
    settings = VectorIndex.from_environment(
        {**BASE, "QDRANT_URL": "https://127.0.0.1:1", "QDRANT_SECRET_ARN": "arn:index"}
    )
    vault.values = {"arn:index": "old"}
    old = clients._qdrant_of(settings)
    vault.values = {"arn:index": "new"}

    assert clients._qdrant_of(settings) is old
    vault.now += clients._SECRET_SECONDS
    assert clients._qdrant_of(settings) is not old


def test_a_key_of_the_index_that_has_no_value_is_bad_input(vault: Vault) -> None:
    settings = VectorIndex.from_environment(
        {**BASE, "QDRANT_URL": "https://127.0.0.1:1", "QDRANT_SECRET_ARN": "arn:index"}
    )
    with pytest.raises(BadInput, match="has no value"):
        clients.vectors(settings)


def test_the_index_and_its_schema_are_of_the_same_folder_or_server(tmp_path: Path) -> None:
    embedded = VectorIndex.from_environment({**BASE, "QDRANT_URL": f"edge:{tmp_path}"})
    assert clients.vector_schema(embedded).migrate().created[0] == "animes"
    assert clients.vectors(embedded).count() == 0
    clients.close_all()

    server = VectorIndex.from_environment({**BASE, "QDRANT_URL": "http://127.0.0.1:1"})
    assert isinstance(clients.vectors(server), QdrantVectors)
    assert isinstance(clients.vector_schema(server), QdrantSchema)


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


SIGNED_IN = {
    "REDIS_URL": "rediss://cache.example.org:6379",
    "REDIS_USER": "anime-infra-prod-functions",
    "REDIS_CLUSTER": "anime-infra-prod-cache",
}


def with_credentials(monkeypatch: pytest.MonkeyPatch, credentials: Credentials | None) -> None:
    monkeypatch.setattr("boto3.Session.get_credentials", lambda _: credentials)
    clients.close_all()


def test_a_cache_is_signed_in_to_with_the_role_of_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[CredentialProvider | None] = []

    def connect(_: str, *, sign_in: CredentialProvider | None = None) -> Redis:
        made.append(sign_in)
        return Redis()

    with_credentials(monkeypatch, Credentials("AKIDEXAMPLE", "key"))
    monkeypatch.setattr("stores.cache.connect_redis", connect)
    clients.cache(CacheServer.from_environment({**BASE, **SIGNED_IN}))
    (sign_in,) = made
    assert sign_in is not None
    user, token = sign_in.get_credentials()  # type: ignore[misc]  # of this provider there are always two
    assert user == "anime-infra-prod-functions"
    assert token.startswith("anime-infra-prod-cache/?Action=connect&User=anime-infra-prod-functions&")
    assert "%2Feu-central-1%2Felasticache%2F" in token


@pytest.mark.parametrize("left_out", ["REDIS_USER", "REDIS_CLUSTER"])
def test_half_of_a_sign_in_is_bad_input(left_out: str) -> None:
    given = {name: value for name, value in SIGNED_IN.items() if name != left_out}
    with pytest.raises(BadInput, match="takes both REDIS_USER and REDIS_CLUSTER"):
        clients.cache(CacheServer.from_environment({**BASE, **given}))


def test_nobody_signs_in_over_an_open_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with_credentials(monkeypatch, Credentials("AKIDEXAMPLE", "key"))
    with pytest.raises(BadInput, match="set REDIS_URL to rediss://"):
        clients.cache(CacheServer.from_environment({**BASE, **SIGNED_IN, "REDIS_URL": "redis://cache.example.org"}))


def test_a_function_without_credentials_learns_it_before_it_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    with_credentials(monkeypatch, None)
    with pytest.raises(BadInput, match="no AWS credentials"):
        clients.cache(CacheServer.from_environment({**BASE, **SIGNED_IN}))


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
