"""Adapters for the settings at hand, each made once a process.

Every function here takes the settings mixin that names what it needs, so a handler that builds a port it has no
settings for does not type-check. What is expensive to make (a client, a pool, an engine) is cached by the values it
was made of; in the local stack many functions with different settings live in one process. Local-only adapters are
imported where their scheme is met, and so is whatever is slow to import.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial, wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from domain.releases import ReleaseLimits
from models.errors import BadInput
from models.events import Catalogue
from runtime import settings as on
from workflows.catalogue_counts import CatalogueCounts
from workflows.catalogue_ports import RateBuckets
from workflows.images import ImageHost
from workflows.ports import (
    Animes,
    Cache,
    CatalogueClient,
    Clock,
    Embedder,
    Executions,
    ImageSource,
    Locks,
    Objects,
    Queue,
    Reviews,
    Schedules,
    Schema,
    Tasks,
    Vectors,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.database import Database
    from qdrant_client import QdrantClient
    from redis import Redis

    from sources.http import HttpTransport
    from sources.kept_answers import SharedAnswers
    from sources.politeness import CarefulBuckets
    from stores.cache_sign_in import IamSignIn
    from workflows.release_intake import ReleaseSource

P = ParamSpec("P")
R = TypeVar("R")

_making = threading.RLock()
_caches: Final[list[Callable[[], None]]] = []
_closings: Final[list[Callable[[], None]]] = []
_DOWNLOAD_SECONDS: Final = 300.0


def _once(make: Callable[P, R]) -> Callable[P, R]:
    """Cached by its arguments, and made by one thread while the others wait."""
    cached = lru_cache(maxsize=None)(make)
    _caches.append(cached.cache_clear)

    @wraps(make)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with _making:
            return cached(*args, **kwargs)  # type: ignore[arg-type]  # every argument is hashable by construction

    return wrapped


def close_all() -> None:
    """Forgets everything made so far and closes connections and engines: for a process that outlives its stack, as the
    demo and tests do."""
    with _making:
        for clear in _caches:
            clear()
        while _closings:
            _closings.pop()()


# -------------------------------------------------------------------------------------------------------------- AWS


@_once
def _aws(service: str, region: str, endpoint: str | None, *, attempts: int = 4, read_seconds: float = 30) -> Any:
    import boto3
    from botocore.config import Config

    # The emulator takes any credentials; in the cloud the function's role provides them.
    local: dict[str, Any] = {"aws_access_key_id": "test", "aws_secret_access_key": "test"} if endpoint else {}
    config = Config(
        connect_timeout=5,
        read_timeout=read_seconds,
        retries={"max_attempts": attempts, "mode": "standard"},
        max_pool_connections=32,
        s3={"addressing_style": "path"} if endpoint else None,
        proxies={} if endpoint else None,  # a proxy of the environment must not catch loopback
    )
    session = boto3.Session(region_name=region, **local)
    return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]


def _client(service: str, settings: on.FunctionSettings) -> Any:
    return _aws(service, settings.aws_region, settings.aws_endpoint_url)


_SECRET_SECONDS: Final = 60.0
"""How long a secret's value is believed: one that is replaced, or set at last, is noticed by processes that live on."""

_secrets: Final[dict[tuple[str, str, str | None], tuple[float, str | None]]] = {}
_caches.append(_secrets.clear)


def _secret(arn: str, region: str, endpoint: str | None) -> str | None:
    from stores.secrets import read_secret

    with _making:
        read_at, value = _secrets.get((arn, region, endpoint), (-math.inf, None))
        if time.monotonic() - read_at >= _SECRET_SECONDS:
            value = read_secret(_aws("secretsmanager", region, endpoint), arn)
            _secrets[arn, region, endpoint] = (time.monotonic(), value)
        return value


def _secret_of(arn: str | None, settings: on.FunctionSettings) -> str | None:
    return None if arn is None else _secret(arn, settings.aws_region, settings.aws_endpoint_url)


def _key_of(arn: str | None, settings: on.FunctionSettings) -> str | None:
    """A secret that the service cannot do without.

    Raises:
        BadInput: it has no value yet.
    """
    value = _secret_of(arn, settings)
    if arn is not None and value is None:
        raise BadInput(f"the secret {arn} has no value; set it with `aws secretsmanager put-secret-value`")
    return value


def objects(settings: on.DataBucket) -> Objects:
    from stores.objects import S3Objects

    return S3Objects(_client("s3", settings), settings.data_bucket)


def commit_dead_letters(settings: on.CommitQueue) -> Queue:
    return _queue(settings.commit_dlq_url, settings)


def _queue(url: str, settings: on.FunctionSettings) -> Queue:
    from stores.queues import SqsQueue

    return SqsQueue(_client("sqs", settings), url)


def enrichment_machine(settings: on.EnrichmentMachine) -> Executions:
    return _machine(settings.enrichment_machine_arn, settings)


def bulk_machine(settings: on.BulkMachine) -> Executions:
    return _machine(settings.bulk_index_machine_arn, settings)


def _machine(arn: str, settings: on.FunctionSettings) -> Executions:
    from stores.executions import StepFunctionsExecutions

    return StepFunctionsExecutions(_client("stepfunctions", settings), arn)


def tasks(settings: on.FunctionSettings) -> Tasks:
    from stores.executions import StepFunctionsTasks

    return StepFunctionsTasks(_client("stepfunctions", settings))


def schedules(settings: on.EpisodeSchedules) -> Schedules:
    from stores.schedules import SchedulerSchedules

    return SchedulerSchedules(
        _client("scheduler", settings),
        group=settings.schedule_group,
        role_arn=settings.schedule_role_arn,
        target_arn=settings.episode_function_arn,
        dead_letter_arn=settings.schedule_dlq_arn,
    )


# ---------------------------------------------------------------------------------------------------------- MongoDB


@_once
def _mongo(uri: str, name: str) -> "Database[dict[str, Any]]":
    from stores.mongo.connection import connect

    client = connect(uri)
    _closings.append(client.close)
    return client[name]


def animes(settings: on.Documents) -> Animes:
    from stores.mongo.animes import MongoAnimes

    return MongoAnimes(_mongo(settings.mongo_uri, settings.mongo_database))


def locks(settings: on.Documents) -> Locks:
    from stores.mongo.locks import MongoLocks

    return MongoLocks(_mongo(settings.mongo_uri, settings.mongo_database))


def reviews(settings: on.Documents) -> Reviews:
    from stores.mongo.reviews import MongoReviews

    return MongoReviews(_mongo(settings.mongo_uri, settings.mongo_database))


def document_schema(settings: on.Documents) -> Schema:
    from stores.mongo.schema import MongoSchema

    return MongoSchema(_mongo(settings.mongo_uri, settings.mongo_database))


# ---------------------------------------------------------------------------------------------------------- vectors

EDGE_SCHEME = "edge:"


def vectors(settings: on.VectorIndex) -> Vectors:
    if settings.qdrant_url.startswith(EDGE_SCHEME):
        from stores.vectors.edge import EdgeVectors

        return EdgeVectors(_edge_folder(settings))
    from stores.vectors.qdrant import QdrantVectors

    return QdrantVectors(_qdrant_of(settings))


def vector_schema(settings: on.VectorIndex) -> Schema:
    if settings.qdrant_url.startswith(EDGE_SCHEME):
        from stores.vectors.edge_schema import EdgeSchema

        return EdgeSchema(_edge_folder(settings))
    from stores.vectors.qdrant_schema import QdrantSchema

    return QdrantSchema(_qdrant_of(settings))


def _edge_folder(settings: on.VectorIndex) -> "Path":
    return _edge(settings.qdrant_url.removeprefix(EDGE_SCHEME))


def _qdrant_of(settings: on.VectorIndex) -> "QdrantClient":
    return _qdrant(settings.qdrant_url, _key_of(settings.qdrant_secret_arn, settings))


@_once
def _edge(folder: str) -> "Path":
    """Whose engines are closed with everything else."""
    from pathlib import Path

    from stores.vectors.edge_engine import close_engines

    _closings.append(partial(close_engines, Path(folder)))
    return Path(folder)


@_once
def _qdrant(url: str, api_key: str | None) -> "QdrantClient":
    from stores.vectors.qdrant import connect_qdrant

    return connect_qdrant(url, api_key=api_key)


# ------------------------------------------------------------------------------------------------- embeddings, cache


def embedder(settings: on.Embeddings) -> Embedder:
    kind, _, model = settings.embedder.partition(":")
    if kind == "wordllama":
        return _wordllama()
    if kind == "bedrock" and model:
        from stores.embedders import BedrockEmbedder

        return BedrockEmbedder(_client("bedrock-runtime", settings), model_id=model)
    raise BadInput(f"unknown embedder {settings.embedder!r}; expected wordllama or bedrock:<model id>")


@_once
def _wordllama() -> Embedder:
    from stores.embedders import WordLlamaEmbedder

    return WordLlamaEmbedder()


def cache(settings: on.CacheServer) -> Cache:
    """Raises:
    BadInput: only half of a sign-in is given, or it would go over an open connection.
    """
    from stores.cache import NoCache, RedisCache

    client = _redis_of(settings)
    return NoCache() if client is None else RedisCache(client)


def _redis_of(settings: on.CacheServer) -> "Redis | None":
    if settings.redis_url is None:
        return None
    return _redis(settings.redis_url, settings.redis_user, settings.redis_cluster, settings.aws_region)


@_once
def _redis(url: str, user: str | None, cluster: str | None, region: str) -> "Redis":
    from stores.cache import connect_redis

    if user is None and cluster is None:
        return connect_redis(url)
    if user is None or cluster is None:
        raise BadInput("signing in to the cache takes both REDIS_USER and REDIS_CLUSTER; set the other one too")
    if not url.startswith("rediss://"):
        raise BadInput("whoever listens could sign in to the cache; set REDIS_URL to rediss://HOST:PORT")
    return connect_redis(url, sign_in=_cache_sign_in(user, cluster, region))


def _cache_sign_in(user: str, cluster: str, region: str) -> "IamSignIn":
    import boto3

    from stores.cache_sign_in import IamSignIn

    credentials = boto3.Session(region_name=region).get_credentials()
    return IamSignIn(user=user, cluster=cluster, region=region, credentials=credentials, clock=_now)


def _now() -> datetime:
    return datetime.now(UTC)


# ------------------------------------------------------------------------------------------------ the outside world


def catalogues(
    settings: on.Catalogues,
    *,
    counts: CatalogueCounts | None = None,
    remaining: Callable[[], float] = lambda: math.inf,
    last_attempt: bool = False,
) -> Mapping[Catalogue, CatalogueClient]:
    """For one call of a function, which has ``remaining`` seconds left. A catalogue whose secret nobody has set yet is
    asked without one. In the ``last_attempt`` an old answer stands in for a turn that does not come.

    Only what goes out is counted and waits for its turn. Kept answers are given where all is live: a replay answers
    from its folder and from nowhere else, and a recording has to be of what the catalogue says.
    """
    from sources.registry import catalogue_clients

    found = ((name, _secret_of(arn, settings)) for name, arn in settings.catalogue_secret_arns.items())
    return catalogue_clients(
        _http(settings, settings, counts or CatalogueCounts(), remaining),
        base_urls={Catalogue(name): str(url).rstrip("/") for name, url in settings.catalogue_urls.items()},
        secrets={name: value.strip() for name, value in found if value is not None},
        sleep=time.sleep,
        answers=_answers_of(settings, last_attempt=last_attempt),
        counts=counts,
        remaining=remaining,
        page_catalogues=settings.page_catalogues,
    )


def anilist_warmer(
    world: on.OutsideWorld, rates: on.RateLimits, *, counts: CatalogueCounts, remaining: Callable[[], float]
) -> Callable[[Sequence[Sequence[str]]], object]:
    """Asks AniList for many anime in few requests, whose answers are kept for the executions to come; does nothing
    where no answers are kept."""
    from sources.registry import anilist_warmer as make

    url = world.catalogue_urls.get(Catalogue.ANILIST)
    if world.http_transport != LIVE:
        return lambda _animes: 0
    return make(
        _http(world, rates, counts, remaining),
        None if url is None else str(url).rstrip("/"),
        sleep=time.sleep,
        answers=_answers(_redis_of(rates)),
        counts=counts,
        remaining=remaining,
    )


LIVE: Final = "live"


def _transport(text: str) -> tuple[str, str]:
    """Kind and folder; the folder of ``live`` is empty."""
    kind, _, folder = text.partition(":")
    if text != LIVE and not (kind in {"replay", "record"} and folder):
        raise BadInput(f"unknown HTTP transport {text!r}; expected live, replay:<folder> or record:<folder>")
    return kind, folder


def _http(
    world: on.OutsideWorld, rates: on.RateLimits, counts: CatalogueCounts, remaining: Callable[[], float]
) -> "HttpTransport":
    from pathlib import Path

    from sources.http import LiveTransport
    from sources.manners import manners_at, same_item_seconds
    from sources.politeness import PoliteTransport
    from sources.registry import PLAIN_HTTP_HOSTS, gives_answer
    from sources.replay import RecordTransport, ReplayTransport

    kind, folder = _transport(world.http_transport)
    if kind == "replay":
        return ReplayTransport(Path(folder))
    polite = PoliteTransport(
        LiveTransport(plain_hosts=PLAIN_HTTP_HOSTS, contact=world.contact),
        manners=manners_at({name.value: pace for name, pace in world.catalogue_paces.items()}),
        buckets=_careful(_redis_of(rates), rates.rate_table, rates.aws_region, rates.aws_endpoint_url),
        counts=counts,
        clock=_now,
        remaining=remaining,
    )
    if kind == "record":
        return RecordTransport(Path(folder), polite, keeps=gives_answer, again_after=same_item_seconds())
    return polite


def rate_buckets(settings: on.RateLimits) -> RateBuckets | None:
    """None where the stack has nothing that its workers share."""
    return _rate_buckets(_redis_of(settings), settings.rate_table, settings.aws_region, settings.aws_endpoint_url)


@_once
def _rate_buckets(redis: "Redis | None", table: str | None, region: str, endpoint: str | None) -> RateBuckets | None:
    if redis is not None:
        from stores.rate_buckets_redis import RedisRateBuckets

        return RedisRateBuckets(redis)
    if table is not None:
        from stores.rate_buckets_dynamodb import DynamoRateBuckets

        return DynamoRateBuckets(_aws("dynamodb", region, endpoint), table, clock=_now)
    return None


@_once
def _careful(redis: "Redis | None", table: str | None, region: str, endpoint: str | None) -> "CarefulBuckets":
    from sources.politeness import CarefulBuckets
    from stores.rate_buckets import ProcessRateBuckets

    return CarefulBuckets(shared=_rate_buckets(redis, table, region, endpoint), own=ProcessRateBuckets(clock=_now))


def _answers_of(settings: on.Catalogues, *, last_attempt: bool) -> "SharedAnswers | None":
    if settings.http_transport != LIVE:
        return None
    shared = _answers(_redis_of(settings))
    return replace(shared, last_attempt=True) if last_attempt else shared


@_once
def _answers(redis: "Redis | None") -> "SharedAnswers":
    from sources.kept_answers import SharedAnswers
    from stores.answer_cache import RedisAnswerCache

    return SharedAnswers(cache=None if redis is None else RedisAnswerCache(redis))


def image_host(settings: on.Images, transport: on.OutsideWorld, clock: Clock) -> ImageHost:
    """Both arguments are the same settings, seen from two sides."""
    from stores.image_map import DynamoImageMap
    from stores.objects import S3Objects

    return ImageHost(
        source=_image_source(transport.http_transport, settings.image_hosts, transport.contact),
        images=S3Objects(_client("s3", settings), settings.images_bucket),
        image_map=DynamoImageMap(_client("dynamodb", settings), settings.image_map_table),
        dead_letters=_queue(settings.image_dlq_url, settings),
        domain=settings.images_domain,
        clock=clock,
        retry_after=timedelta(hours=settings.image_retry_after_hours),
    )


@_once
def _image_source(transport: str, more_hosts: tuple[str, ...], contact: str | None) -> ImageSource:
    from pathlib import Path

    from sources.addresses import IMAGE_HOSTS
    from sources.image_transports import HttpOverImages, ImagesOverHttp
    from sources.images import ImageDownloader, PinnedTransport
    from sources.replay import RecordTransport, ReplayTransport

    hosts = IMAGE_HOSTS | frozenset(more_hosts)
    kind, folder = _transport(transport)
    if kind == "replay":
        return ImageDownloader(transport=ImagesOverHttp(ReplayTransport(Path(folder))), hosts=hosts)
    live = PinnedTransport(contact=contact)
    if kind == "record":
        recorder = RecordTransport(Path(folder), HttpOverImages(live))
        return ImageDownloader(transport=ImagesOverHttp(recorder), hosts=hosts)
    return ImageDownloader(transport=live, hosts=hosts)


def releases(settings: on.Releases, clock: Clock) -> "ReleaseSource":
    from sources.http import LiveTransport
    from sources.releases import GitHubReleases

    return GitHubReleases(
        base_url=settings.release_api_url,
        repository=settings.release_repository,
        transport=LiveTransport(total_seconds=_DOWNLOAD_SECONDS),
        sleep=time.sleep,
        clock=clock,
        limits=release_limits(settings),
    )


def release_limits(settings: on.Releases) -> ReleaseLimits:
    return ReleaseLimits(
        max_compressed_bytes=settings.release_max_compressed_mib * 2**20,
        max_unpacked_bytes=settings.release_max_unpacked_mib * 2**20,
    )
