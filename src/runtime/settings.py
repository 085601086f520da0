"""Typed settings of the functions: one mixin a concern, one class a function.

The infrastructure sets the variables and the handler decorator reads them; nothing deeper asks the environment. A
function's own class is what a test holds against the environment that the program gives it.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, HttpUrl, ValidationError

from models.errors import BadInput
from models.events import Catalogue, Mode


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _decode(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


CommaSeparated = BeforeValidator(_split)
JsonText = BeforeValidator(_decode)


class FunctionSettings(BaseModel):
    """What every function has. Field names are the variables' names in lower case; unknown variables are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stack: str
    aws_region: str
    aws_endpoint_url: str | None = None
    """Set by the local stack alone."""
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises:
        BadInput: names the variables that are missing or wrong, never their values.
        """
        values = {name.lower(): value for name, value in environment.items() if value != ""}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = ", ".join(f"{'.'.join(map(str, e['loc'])).upper()} ({e['type']})" for e in error.errors())
            raise BadInput(f"environment of the function is not valid: {problems}") from None


class DataBucket(FunctionSettings):
    data_bucket: str


class Images(FunctionSettings):
    """``image_hosts`` extends the built-in list of hosts that images may come from."""

    images_bucket: str
    images_domain: str
    image_map_table: str
    image_dlq_url: str
    image_hosts: Annotated[tuple[str, ...], CommaSeparated] = ()
    image_retry_after_hours: int = Field(default=24 * 7, ge=1)


class Documents(FunctionSettings):
    mongo_uri: str = Field(repr=False)
    mongo_database: str


class VectorIndex(FunctionSettings):
    """``qdrant_url`` is https://... of a cluster, or ``edge:<folder>`` of the local stack."""

    qdrant_url: str
    qdrant_secret_arn: str | None = None


class Embeddings(FunctionSettings):
    """``embedder``: ``bedrock:<model id>`` or ``wordllama``."""

    embedder: str


class CacheServer(FunctionSettings):
    """``redis_user`` signs in by IAM to the replication group ``redis_cluster``; without both nobody signs in, as in
    the local stack."""

    redis_url: str | None = Field(default=None, repr=False)
    redis_user: str | None = None
    redis_cluster: str | None = None


class RateLimits(CacheServer):
    """The catalogues' requests are counted in the cache, or in ``rate_table`` where the stack has none."""

    rate_table: str | None = None


class OutsideWorld(FunctionSettings):
    """``http_transport``: ``live``, ``replay:<folder>`` or ``record:<folder>``; the last two are the local stack's.
    ``catalogue_urls`` override the built-in base URLs, by catalogue, and ``catalogue_paces`` how often they are asked:
    requests a minute of all workers together. ``contact`` is shown to those who are asked."""

    http_transport: str = "live"
    catalogue_urls: Annotated[dict[str, HttpUrl], JsonText] = Field(default_factory=dict)
    catalogue_paces: Annotated[dict[Catalogue, Annotated[float, Field(gt=0)]], JsonText] = Field(default_factory=dict)
    contact: str | None = None


class Catalogues(OutsideWorld, RateLimits):
    """ARNs of secrets, by catalogue. ``page_catalogues``: those without an interface for programs whose pages are
    asked for."""

    catalogue_secret_arns: Annotated[dict[Catalogue, str], JsonText] = Field(default_factory=dict)
    page_catalogues: Annotated[tuple[Catalogue, ...], CommaSeparated] = ()


class Releases(FunctionSettings):
    release_repository: str = "cedya77/anime-offline-database"
    release_api_url: str = "https://api.github.com"
    release_max_compressed_mib: int = 64
    release_max_unpacked_mib: int = 1024


class EnrichmentMachine(FunctionSettings):
    enrichment_machine_arn: str


class BulkMachine(FunctionSettings):
    bulk_index_machine_arn: str
    bulk_batch_size: int = Field(default=500, ge=1, le=2000)


class CommitQueue(FunctionSettings):
    commit_dlq_url: str


class SyncLimits(FunctionSettings):
    max_new_per_run: int = Field(default=200, ge=0)
    mass_change_percent: float = Field(default=2.0, gt=0, le=100)


class LockTimes(FunctionSettings):
    """``first_lease``: until Begin extends it; ``running_lease``: beyond the machine's own timeout."""

    lock_first_lease_seconds: int = 15 * 60
    lock_running_lease_seconds: int = 15 * 24 * 3600

    @property
    def first_lease(self) -> timedelta:
        return timedelta(seconds=self.lock_first_lease_seconds)

    @property
    def running_lease(self) -> timedelta:
        return timedelta(seconds=self.lock_running_lease_seconds)


class CommitRetries(FunctionSettings):
    """Seconds to wait before each repetition of a store write: 5 attempts over about 2 minutes."""

    commit_retry_seconds: Annotated[tuple[float, ...], CommaSeparated] = (2.0, 8.0, 30.0, 75.0)


class ReviewPolicy(FunctionSettings):
    """Modes whose proposals are decided without a person; none unless the stack says so."""

    automatic_modes: Annotated[tuple[Mode, ...], CommaSeparated] = ()


class EpisodeSchedules(FunctionSettings):
    schedule_group: str
    schedule_role_arn: str
    episode_function_arn: str
    schedule_dlq_arn: str
