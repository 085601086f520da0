"""Settings of a stack, read once from ``Pulumi.<stack>.yaml`` (keys ``anime-infra:<camelCaseName>``).

Everything that differs between stacks stands here. A key that is unknown, missing or implausible is refused before any
resource is registered, with the key, the harm it would do and the fix; a value is never shown, for it may be a secret.
"""

import difflib
import ipaddress
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import pulumi
from pulumi.runtime import config as pulumi_config
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from components.tags import PROJECT

DAY: Final = 24 * 3600

LOG_RETENTION_DAYS: Final = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827)
"""What CloudWatch Logs accepts, up to five years."""

COMMIT_WAIT_LIMIT_SECONDS: Final = 200
"""Four stores, each retried for this long, still end within a function's 15 minutes."""


class Stage(StrEnum):
    LOCAL = "local"
    DEV = "dev"
    PROD = "prod"


class SettingsError(Exception):
    """The settings of a stack are refused; each line names a key, the harm and the fix."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    key: str
    harm: str
    fix: str

    def __str__(self) -> str:
        return f"  {PROJECT}:{self.key}: {self.harm}. {self.fix}."


def _from_json(value: object) -> object:
    """Lists and maps arrive as JSON text, as Pulumi hands over structured values."""
    return json.loads(value) if isinstance(value, str) else value


def _setting(description: str, *, harm: str, fix: str, **rules: Any) -> Any:
    return Field(description=description, json_schema_extra={"harm": harm, "fix": fix}, **rules)


Seconds = Annotated[int, Field(ge=1)]
Mode = Literal["new", "refresh", "premiere", "episode", "review_only"]
HostName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)+$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+")]
Structured = BeforeValidator(_from_json)


class StackSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    stage: Stage = _setting(
        "What the stack is for: it decides what is protected and what is allowed.",
        harm="nothing says how carefully the stack's data is to be kept",
        fix="Set it to local, dev or prod",
    )
    aws_region: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")] = _setting(
        "Region of everything but the CDN.",
        harm="resources would be made in a region that nobody chose",
        fix="Name a region such as eu-central-1",
    )
    mongo_uri: SecretStr = _setting(
        "Connection string of MongoDB, a secret; in the cloud without a password, as the functions sign in by IAM.",
        harm="no function could reach the database",
        fix="Set it: pulumi config set --secret anime-infra:mongoUri 'mongodb+srv://HOST/?authMechanism=MONGODB-AWS"
        "&authSource=$external'",
    )
    mongo_database: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,38}$")] = _setting(
        "Database of all collections.",
        harm="the functions would not agree on a database",
        fix="Set it to anime_service, or anime_service_local on a local stack",
    )
    redis_url: str | None = _setting(
        "Cache server; without it answers are not cached. The password, if any, is in Secrets Manager.",
        harm="the cache could not be reached",
        fix="Set a URL such as rediss://HOST:6379, or remove the key",
        default=None,
        pattern=r"^rediss?://[^\s/]+",
    )
    qdrant_url: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s/]+|edge:.+)")] = _setting(
        "The vector index: https://HOST:6333, or edge:FOLDER on a local stack.",
        harm="nothing could be indexed or searched",
        fix="Set it: pulumi config set anime-infra:qdrantUrl https://HOST:6333",
    )
    embedder: Annotated[str, StringConstraints(pattern=r"^(bedrock:[a-z0-9.:-]+|wordllama)$")] = _setting(
        "What makes vectors of texts: bedrock:MODEL-ID or wordllama (local). Another one needs a new index.",
        harm="vectors of two embedders cannot be compared, so search would return noise",
        fix="Set it to bedrock:amazon.titan-embed-text-v2:0, or wordllama on a local stack",
    )
    http_transport: Annotated[str, StringConstraints(pattern=r"^(live|replay:.+|record:.+)$")] = _setting(
        "How catalogues and image hosts are reached: live, or replay:FOLDER and record:FOLDER on a local stack.",
        harm="it would not be clear whether the outside world is asked",
        fix="Set it to live",
        default="live",
    )
    aws_endpoint_url: Url | None = _setting(
        "Address of the AWS emulator of a local stack.",
        harm="the functions would call an address that answers nothing",
        fix="Set a URL such as http://127.0.0.1:4566, or remove the key",
        default=None,
    )
    release_repository: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")] = _setting(
        "GitHub repository that publishes the offline database.",
        harm="the weekly sync would find no release",
        fix="Name it as OWNER/NAME",
        default="cedya77/anime-offline-database",
    )
    release_api_url: Url = _setting(
        "Where the releases are asked for.",
        harm="the weekly sync would find no release",
        fix="Set it to https://api.github.com",
        default="https://api.github.com",
    )
    release_max_compressed_mib: int = _setting(
        "A larger release is refused before it is read.",
        harm="a wrong or hostile file could fill the function's memory, or every release be refused",
        fix="Choose 8 to 512; releases of 2026 have 10",
        default=64,
        ge=8,
        le=512,
    )
    release_max_unpacked_mib: int = _setting(
        "Unpacking stops here.",
        harm="a small file could unpack to more than the function can read in its time, or every release be refused",
        fix="Choose 64 to 4096; releases of 2026 have 60",
        default=1024,
        ge=64,
        le=4096,
    )
    max_new_per_run: int = _setting(
        "New anime that one sync starts at most; the rest stay pending.",
        harm="one run would flood the catalogues and the reviewers",
        fix="Choose 0 to 5000; 200 is usual",
        default=200,
        ge=0,
        le=5000,
    )
    mass_change_percent: float = _setting(
        "A release that would orphan or flag more than this is refused.",
        harm="a broken release could orphan the whole database, or every release be refused",
        fix="Choose more than 0 and at most 100; 2 is usual",
        default=2.0,
        gt=0,
        le=100,
    )
    review_timeout_seconds: Seconds = _setting(
        "How long an execution waits for a reviewer.",
        harm="reviews would expire before anybody looks, or executions wait beyond what a state machine may",
        fix="Choose an hour to 60 days (3600 to 5184000); 864000 is usual",
        default=10 * DAY,
        le=60 * DAY,
    )
    automatic_modes: Annotated[tuple[Mode, ...], Structured] = _setting(
        "Modes whose proposals are committed without a person.",
        harm="data that nobody has seen would be committed, or the mode not be known",
        fix="List any of new, refresh, premiere, episode, review_only; [] is the careful choice",
        default=(),
    )
    schedules_enabled: bool = _setting(
        "Whether the timers fire by themselves.",
        harm="nothing would be updated, or a local stack would start runs by itself",
        fix="Set it to true in the cloud and to false on a local stack",
    )
    commit_retry_seconds: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Structured] = _setting(
        "Waits before each repetition of a store write.",
        harm="a short outage of a store would undo a commit, or the retries outlast the function",
        fix=f"List 1 to 10 waits that add up to at most {COMMIT_WAIT_LIMIT_SECONDS}; [2, 8, 30, 75] is usual",
        default=(2.0, 8.0, 30.0, 75.0),
        min_length=1,
        max_length=10,
    )
    lock_first_lease_seconds: Seconds = _setting(
        "How long an anime stays locked whose execution was never started.",
        harm="a lock could run out before its execution begins, or a crash block an anime for too long",
        fix="Choose 60 to 3600; 900 is usual",
        default=15 * 60,
        le=3600,
    )
    bulk_batch_size: int = _setting(
        "Entries that one function of the bulk machine loads.",
        harm="a batch could outlast its function, or the manifest grow beyond what a machine returns",
        fix="Choose 1 to 2000; 500 is usual",
        default=500,
        ge=1,
        le=2000,
    )
    bulk_concurrency: int = _setting(
        "Batches that the bulk machine loads at the same time.",
        harm="the stores would be overrun, or the account's functions all be taken",
        fix="Choose 1 to 100; 4 to 10 is usual",
        default=8,
        ge=1,
        le=100,
    )
    log_retention_days: int = _setting(
        "How long the functions' logs are kept.",
        harm="logs would be kept and paid for ever",
        fix="Choose one of " + ", ".join(map(str, LOG_RETENTION_DAYS)),
        default=30,
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _setting(
        "The least severe lines that are logged.",
        harm="the functions would not start",
        fix="Choose DEBUG, INFO, WARNING or ERROR",
        default="INFO",
    )
    image_hosts: Annotated[tuple[HostName, ...], Structured] = _setting(
        "Hosts that images may come from, besides the built-in ones.",
        harm="images of that host would be refused",
        fix="List bare host names such as images.example.org, without scheme, port or path",
        default=(),
    )
    image_retry_after_hours: int = _setting(
        "How long an image that could not be fetched is not asked for again.",
        harm="hosts would be asked for missing images over and over, or a repaired image never be taken",
        fix="Choose 1 to 8760; 168 is usual",
        default=7 * 24,
        ge=1,
        le=8760,
    )
    catalogue_urls: Annotated[dict[str, Url], Structured] = _setting(
        "Base URLs that replace the built-in ones, by catalogue.",
        harm="a catalogue would be asked at an address that answers nothing",
        fix="Give a map such as {jikan: https://HOST/v4}, or remove the key",
        default_factory=dict,
    )

    @property
    def keeps_state(self) -> bool:
        """Whether stateful resources are protected from deletion."""
        return self.stage is Stage.PROD

    @property
    def index_needs_key(self) -> bool:
        return self.qdrant_url.startswith("https://")

    @property
    def cache_needs_password(self) -> bool:
        return (self.redis_url or "").startswith("rediss://")

    @property
    def catalogues_need_tokens(self) -> bool:
        """A replay asks nobody, and a local stack has no tokens to give."""
        return self.stage is not Stage.LOCAL

    @property
    def machine_timeout_seconds(self) -> int:
        """Of the enrichment machine: a day for everything but the review."""
        return self.review_timeout_seconds + DAY

    @property
    def running_lease_seconds(self) -> int:
        """Beyond the machine's own timeout, so that a living execution always has a living lease."""
        return self.machine_timeout_seconds + DAY


def parse_settings(values: Mapping[str, object], *, stack: str) -> StackSettings:
    """``values`` are the stack's keys without their namespace.

    Raises:
        SettingsError: names every key that is unknown, missing or implausible, with its harm and its fix.
    """
    try:
        settings = StackSettings.model_validate(values)
    except ValidationError as error:
        problems = [_problem(str(e["loc"][0]), e["type"], e["msg"]) for e in error.errors(include_input=False)]
    else:
        problems = list(_implausible(settings, stack))
        if not problems:
            return settings
    raise SettingsError("\n".join([f"Pulumi.{stack}.yaml is refused:", *map(str, problems)]))


def read_settings() -> StackSettings:
    """From the configuration of the running program."""
    namespace = pulumi.Config(PROJECT)
    given = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    keys = [key.partition(":")[2] for key in given if key.startswith(f"{PROJECT}:")]
    return parse_settings({key: namespace.get(key) for key in keys}, stack=pulumi.get_stack())


_FIELDS: Final = {to_camel(name): field for name, field in StackSettings.model_fields.items()}


def _problem(key: str, kind: str, message: str) -> Problem:
    field = _FIELDS.get(key)
    if field is None:
        close = difflib.get_close_matches(key, _FIELDS, n=1)
        meant = f"Spell it {close[0]}" if close else "Remove it"
        return Problem(key=key, harm="unknown, so what it was meant to change would stay as it is", fix=meant)
    extra = field.json_schema_extra
    assert isinstance(extra, dict)  # noqa: S101  every field is made by _setting
    what = "missing" if kind == "missing" else message.lower()
    return Problem(key=key, harm=f"{what}; {extra['harm']}", fix=str(extra["fix"]))


def _implausible(settings: StackSettings, stack: str) -> Iterator[Problem]:
    """What is valid by itself and yet cannot be meant."""
    if stack in set(Stage) and stack != settings.stage:
        yield Problem(
            key="stage",
            harm=f"the stack is called {stack}, and another stage's rules of deletion would apply to its data",
            fix=f"Set it to {stack}",
        )
    if settings.log_retention_days not in LOG_RETENTION_DAYS:
        yield _problem("logRetentionDays", "value", "not a period that CloudWatch Logs knows")
    if sum(settings.commit_retry_seconds) > COMMIT_WAIT_LIMIT_SECONDS:
        yield _problem("commitRetrySeconds", "value", "the waits add up to more than the function lives")
    if settings.redis_url and urlsplit(settings.redis_url).password:
        yield Problem(
            key="redisUrl",
            harm="holds a password, which anybody could read who may list the functions",
            fix="Take it out and store it in the secret redis-auth",
        )
    if settings.stage is not Stage.LOCAL:
        yield from _only_local(settings)


def _only_local(settings: StackSettings) -> Iterator[Problem]:
    """What a stack in the cloud must not have."""
    uri = urlsplit(settings.mongo_uri.get_secret_value())
    if uri.password:
        yield Problem(
            key="mongoUri",
            harm="holds a password, which anybody could read who may see the functions' environment",
            fix="Let the functions sign in by IAM: authMechanism=MONGODB-AWS&authSource=$external",
        )
    for key, wrong, fix in (
        ("awsEndpointUrl", settings.aws_endpoint_url is not None, "Remove it"),
        ("httpTransport", settings.http_transport != "live", "Set it to live"),
        ("qdrantUrl", not settings.qdrant_url.startswith("https://"), "Set an https:// address"),
        ("embedder", not settings.embedder.startswith("bedrock:"), "Set it to bedrock:amazon.titan-embed-text-v2:0"),
        ("redisUrl", not (settings.redis_url or "rediss:").startswith("rediss:"), "Use rediss://, which is encrypted"),
    ):
        if wrong:
            yield Problem(key=key, harm="only a local stack can have this; in the cloud it would not work", fix=fix)
    for key, url in (("releaseApiUrl", settings.release_api_url), *_catalogue_urls(settings)):
        if not url.startswith("https://") or _is_address(url):
            yield Problem(
                key=key, harm="anybody on the way could change what it answers", fix="Use https:// and a name"
            )
    if settings.review_timeout_seconds < 3600:  # noqa: PLR2004  an hour, as the setting's fix says
        yield _problem("reviewTimeoutSeconds", "value", "shorter than an hour")
    if settings.lock_first_lease_seconds < 60:  # noqa: PLR2004  a minute, as the setting's fix says
        yield _problem("lockFirstLeaseSeconds", "value", "shorter than a minute")


def _catalogue_urls(settings: StackSettings) -> Iterator[tuple[str, str]]:
    for url in settings.catalogue_urls.values():
        yield "catalogueUrls", url


def _is_address(url: str) -> bool:
    try:
        ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return True
