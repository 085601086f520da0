"""Settings of a stack, read once from ``Pulumi.<stack>.yaml`` (keys ``anime-infra:<camelCaseName>``).

Everything that differs between stacks stands here. A key that is unknown, missing or implausible is refused before any
resource is registered, with the key, the harm it would do and the fix; a value is never shown, for it may be a secret.
"""

import difflib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import pulumi
from pulumi.runtime import config as pulumi_config
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from components.mongo.atlas import Reach, Tier
from components.plausibility import (
    COMMIT_WAIT_LIMIT_SECONDS,
    LOG_RETENTION_DAYS,
    Problem,
    implausible,
    problem_of_field,
)
from components.tags import PROJECT

DAY: Final = 24 * 3600


class Stage(StrEnum):
    LOCAL = "local"
    DEV = "dev"
    PROD = "prod"


class SettingsError(Exception):
    """The settings of a stack are refused; each line names a key, the harm and the fix."""


def _from_json(value: object) -> object:
    """Lists and maps arrive as JSON text, as Pulumi hands over structured values."""
    return json.loads(value) if isinstance(value, str) else value


def _setting(description: str, *, harm: str, fix: str, **rules: Any) -> Any:
    return Field(description=description, json_schema_extra={"harm": harm, "fix": fix}, **rules)


class NetworkKind(StrEnum):
    NONE = "none"
    FULL = "full"


Seconds = Annotated[int, Field(ge=1)]
Mode = Literal["new", "refresh", "premiere", "episode", "review_only"]
HostName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)+$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+")]
Structured = BeforeValidator(_from_json)
VpcCidr = Annotated[str, StringConstraints(pattern=r"^(10|172|192)(\.\d{1,3}){3}/(1[6-9]|20)$")]
AtlasCidr = Annotated[str, StringConstraints(pattern=r"^(10|172|192)(\.\d{1,3}){3}/2[1-4]$")]
ZoneName = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d[a-h]$")]
ImageByDigest = Annotated[str, StringConstraints(pattern=r"^[^\s@]+@sha256:[0-9a-f]{64}$")]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Origin = Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9.-]+(:\d+)?$")]
CatalogueName = Literal["jikan", "anilist", "kitsu", "anidb", "animeplanet", "anisearch", "animeschedule"]
Contact = Annotated[str, StringConstraints(pattern=r"^(https://|[!-'*-?A-~]+@)[!-'*-?A-~]+\.[!-'*-?A-~]+$")]
"""ASCII without blanks, for it goes into a header, and without round brackets, which stand around it there."""

PerMinute = Annotated[int, Field(ge=1, le=6000)]
Cpu = Annotated[Literal[256, 512, 1024, 2048], Structured]
CacheNode = Literal["cache.t4g.micro", "cache.t4g.small", "cache.t4g.medium"]


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
    mongo_uri: SecretStr | None = _setting(
        "Connection string of a local stack's MongoDB; in the cloud the program makes the cluster itself.",
        harm="the functions would reach no database, or another one than the program makes",
        fix="Set it to mongodb://127.0.0.1:27017 on a local stack, and remove it elsewhere",
        default=None,
    )
    mongo_database: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,38}$")] = _setting(
        "Database of all collections.",
        harm="the functions would not agree on a database",
        fix="Set it to anime_service, or anime_service_local on a local stack",
    )
    redis_url: str | None = _setting(
        "A local stack's cache server; in the cloud cacheNode makes one. Without any, answers are not cached.",
        harm="the cache could not be reached",
        fix="Set it to redis://127.0.0.1:6379 on a local stack, and remove it elsewhere",
        default=None,
        pattern=r"^rediss?://[^\s/]+",
    )
    qdrant_url: Annotated[str, StringConstraints(pattern=r"^edge:.+")] | None = _setting(
        "Folder of a local stack's vector index, edge:FOLDER; in the cloud the program makes the cluster.",
        harm="nothing could be indexed or searched, or elsewhere than in the cluster that the program makes",
        fix="Set it to edge:.local/vectors on a local stack, and remove it elsewhere",
        default=None,
    )
    embedder: Literal["bedrock:amazon.titan-embed-text-v2:0", "wordllama"] = _setting(
        "What makes vectors of texts: a model of Bedrock, or wordllama (local). Another one needs a new index.",
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
        harm="one run would flood the reviewers; above about 350 the catalogues' turns do not come within 10 hours",
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
    catalogue_urls: Annotated[dict[CatalogueName, Url], Structured] = _setting(
        "Base URLs that replace the built-in ones, by catalogue.",
        harm="a catalogue would be asked at an address that answers nothing",
        fix="Give a map such as {jikan: https://HOST/v4}, or remove the key",
        default_factory=dict,
    )
    catalogue_paces: Annotated[dict[CatalogueName, PerMinute], Structured] = _setting(
        "Requests a minute that replace the built-in pace, by catalogue: of a server of your own, or 300 for a key of "
        "Jikan's.",
        harm="a catalogue would be asked more often than it bears, and ban the stack",
        fix="Give a map such as {jikan: 300} of 1 to 6000 a minute, or remove the key",
        default_factory=dict,
    )
    contact: Contact | None = _setting(
        "Whom a catalogue can turn to, a web page or an e-mail address; it is sent with each request to a "
        "catalogue or an image host.",
        harm="a catalogue that minds could do nothing but ban the stack",
        fix="Set it to https://HOST/PAGE or to you@HOST, without spaces or brackets, or remove the key",
        default=None,
    )

    network: NetworkKind = _setting(
        "none: functions outside a VPC, no cache and no services. full: a VPC with private subnets for all of them.",
        harm="functions, cache and services would stand in no network or in one that nobody needs",
        fix="Set it to none or full",
        default=NetworkKind.NONE,
    )
    availability_zones: Annotated[tuple[ZoneName, ...], Structured] = _setting(
        "Zones of the VPC. Append a zone to add one; another order or name moves subnets and all that is in them.",
        harm="the outage of one zone would take everything down, or subnets be placed where there is no zone",
        fix="List two or three of the region, such as [eu-central-1a, eu-central-1b]",
        default=(),
        max_length=4,
    )
    vpc_cidr: VpcCidr = _setting(
        "Addresses of the VPC.",
        harm="the network would collide with another one, or be too small for its subnets",
        fix="Choose a private range of /16 to /20 such as 10.20.0.0/16",
        default="10.20.0.0/16",
    )
    nat: Literal["one", "zone"] = _setting(
        "Ways out of the private subnets: one for all zones, or one in each zone, which costs as often.",
        harm="private subnets would have no way out, or more than are paid for",
        fix="Set it to one or zone",
        default="one",
    )
    atlas_tier: Tier | None = _setting(
        "Size of the MongoDB cluster: M0 is free, FLEX shared, M10 and larger dedicated with backups.",
        harm="no cluster would be made, so no function had a database, or one of a size nobody chose",
        fix="Choose M0, FLEX, M10, M20 or M30 in the cloud, and remove it on a local stack",
        default=None,
    )
    atlas_max_tier: Tier | None = _setting(
        "How far a dedicated cluster grows by itself under load; without it, it keeps its size.",
        harm="the cluster could grow beyond what anybody wants to pay, or not at all",
        fix="Choose a tier above atlasTier, M20 or M30, or remove the key",
        default=None,
    )
    atlas_network: Reach = _setting(
        "How MongoDB is reached: open to any address (IAM users only), from the NAT's address, by peering or by a "
        "private endpoint.",
        harm="the functions would not reach the database, or the whole internet could knock at it",
        fix="Choose open, nat, peering or private-endpoint",
        default=Reach.OPEN,
    )
    atlas_open_access: bool = _setting(
        "Says that the database may be knocked at from any address; only IAM roles of the stack get in.",
        harm="the database's only wall would be its sign-in, without anybody having decided so",
        fix="Set it to true with network none, and remove it elsewhere",
        default=False,
    )
    atlas_cidr: AtlasCidr = _setting(
        "Addresses of the cluster's network, for peering. It cannot be changed once the cluster stands.",
        harm="the two networks could not be joined",
        fix="Choose a private range of /21 to /24 that does not overlap vpcCidr, such as 192.168.248.0/21",
        default="192.168.248.0/21",
    )
    atlas_org_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")] | None = _setting(
        "Organisation of Atlas; without it, the one that the API key belongs to.",
        harm="the project would be made in an organisation that does not exist",
        fix="Copy the 24 letters and digits from the organisation's settings, or remove the key",
        default=None,
    )
    mongo_version: Literal["7.0", "8.0"] = _setting(
        "Major version of a dedicated MongoDB cluster.",
        harm="no cluster of that version could be made",
        fix="Set it to 8.0 or 7.0",
        default="8.0",
    )
    atlas_backup_days: int = _setting(
        "How long daily backups of a dedicated cluster are kept.",
        harm="data could not be brought back when an error is found late, or backups be paid for without use",
        fix="Choose 2 to 365; 14 is usual",
        default=14,
        ge=2,
        le=365,
    )
    application_reader: RoleArn | None = _setting(
        "IAM role of your applications that may read anime, episodes and characters in MongoDB.",
        harm="the role could not sign in",
        fix="Give a whole ARN such as arn:aws:iam::123456789012:role/web, or remove the key",
        default=None,
    )
    qdrant_nodes: int = _setting(
        "Nodes of the vector index.",
        harm="the index would have no node, or more than the data needs",
        fix="Choose 1 to 3; 1 is enough for 40,000 anime",
        default=1,
        ge=1,
        le=3,
    )
    qdrant_min_ram_gib: float = _setting(
        "Memory that a node of the vector index has at least; the cheapest package that has it is taken.",
        harm="the index would not fit",
        fix="Choose 0.5 to 64; 1 is enough for 40,000 anime",
        default=1.0,
        ge=0.5,
        le=64,
    )
    qdrant_min_disk_gib: float = _setting(
        "Disk that a node of the vector index has at least.",
        harm="the index would not fit",
        fix="Choose 1 to 512; 4 is enough for 40,000 anime",
        default=4.0,
        ge=1,
        le=512,
    )
    qdrant_max_monthly_usd: float = _setting(
        "What all nodes of the vector index may cost in a month of 730 hours; 0 takes the free package alone.",
        harm="a package could be taken that nobody wants to pay for",
        fix="Choose 0 to 2000",
        default=0.0,
        ge=0,
        le=2000,
    )
    qdrant_backup_days: int | None = _setting(
        "How long daily backups of a paid vector index are kept; without it there are none.",
        harm="backups would be kept for a time that the service refuses",
        fix="Choose 1 to 365, or remove the key",
        default=None,
        ge=1,
        le=365,
    )
    cache_node: CacheNode | None = _setting(
        "Size of the cache server; without it answers are not cached, and rates are counted in DynamoDB.",
        harm="no cache of that size could be made",
        fix="Choose cache.t4g.micro, cache.t4g.small or cache.t4g.medium, or remove the key",
        default=None,
    )
    cache_nodes: int = _setting(
        "Nodes of the cache; with two, one takes over when the other fails.",
        harm="the cache would have no node, or more than anybody asks",
        fix="Choose 1 to 3",
        default=1,
        ge=1,
        le=3,
    )
    services: bool = _setting(
        "Whether the GraphQL server and the search agent run.",
        harm="containers would be paid for that nobody asks, or the API be missing",
        fix="Set it to true with network full, else to false",
        default=False,
    )
    bff_image: ImageByDigest | None = _setting(
        "Container of the GraphQL server, by digest; without it a placeholder answers the health checks.",
        harm="a tag can be moved, so nobody would know what runs",
        fix="Give REPOSITORY@sha256:DIGEST, or remove the key",
        default=None,
    )
    bff_cpu: Cpu = _setting(
        "Processor of a task of the GraphQL server, in 1/1024.",
        harm="no task of that size could be started",
        fix="Choose 256, 512, 1024 or 2048",
        default=256,
    )
    bff_memory_mib: int = _setting(
        "Memory of a task of the GraphQL server.",
        harm="no task of that size could be started",
        fix="Choose 2 to 8 times bffCpu, in steps of 1024 from 1024 on",
        default=512,
        ge=512,
        le=16384,
    )
    bff_tasks: Annotated[tuple[int, int], Structured] = _setting(
        "Least and most tasks of the GraphQL server.",
        harm="nobody would answer, or a flood of requests become a bill",
        fix="Give two numbers of 1 to 20 such as [1, 4]",
        default=(1, 2),
    )
    bff_requests_per_second: int = _setting(
        "Requests that the public API lets through; twice as many for a moment.",
        harm="the API would refuse its users, or a flood reach the database",
        fix="Choose 1 to 10000; 50 is usual",
        default=50,
        ge=1,
        le=10000,
    )
    bff_origins: Annotated[tuple[Origin, ...], Structured] = _setting(
        "Web pages that may call the API from a browser.",
        harm="a page could not call the API, or any page call it in a user's name",
        fix="List origins such as https://www.example.org, without a path",
        default=(),
    )
    agent_image: ImageByDigest | None = _setting(
        "Container of the search agent, by digest; without it a placeholder answers the health checks.",
        harm="a tag can be moved, so nobody would know what runs",
        fix="Give REPOSITORY@sha256:DIGEST, or remove the key",
        default=None,
    )
    agent_cpu: Cpu = _setting(
        "Processor of a task of the search agent, in 1/1024.",
        harm="no task of that size could be started",
        fix="Choose 256, 512, 1024 or 2048",
        default=256,
    )
    agent_memory_mib: int = _setting(
        "Memory of a task of the search agent.",
        harm="no task of that size could be started",
        fix="Choose 2 to 8 times agentCpu, in steps of 1024 from 1024 on",
        default=512,
        ge=512,
        le=16384,
    )
    agent_tasks: Annotated[tuple[int, int], Structured] = _setting(
        "Least and most tasks of the search agent.",
        harm="nobody would answer, or a flood of requests become a bill",
        fix="Give two numbers of 1 to 20 such as [1, 2]",
        default=(1, 2),
    )
    alarm_emails: Annotated[tuple[Email, ...], Structured] = _setting(
        "Who gets the alarms; each address is asked once to confirm.",
        harm="an alarm would reach nobody",
        fix="List addresses such as [you@example.org]",
        default=(),
    )
    review_reminder_hours: int = _setting(
        "A review that waits longer rings an alarm.",
        harm="reviews would expire unseen, or ring before anybody could look",
        fix="Choose 1 to 1440, below reviewTimeoutSeconds; 72 is usual",
        default=72,
        ge=1,
        le=1440,
    )
    fetch_concurrency: int | None = _setting(
        "Functions that ask catalogues at the same time at most, set aside from the account's concurrency.",
        harm="the catalogues would be asked by more workers than they bear, or the account have none left: AWS keeps "
        "10 for all other functions, and a new account has 10 in all",
        fix="Choose 1 to 100, or remove the key until the account's quota is above 10 (see anime doctor)",
        default=None,
        ge=1,
        le=100,
    )
    permissions_boundary: Annotated[str, StringConstraints(pattern=r"^[\w+=,.@-]{1,128}$")] | None = _setting(
        "Policy of the account that bounds every role of the stack. The workflow's deploy role asks for it.",
        harm="no role could be made, as the policy does not exist",
        fix="Set it to anime-ci-boundary once bootstrap/ is applied, or remove the key",
        default=None,
    )
    monthly_budget_usd: float | None = _setting(
        "What the stack may cost a month; anime cost fails above it.",
        harm="nobody would notice when a change of settings becomes a bill",
        fix="Set the sum that you are ready to pay, more than 0",
        default=None,
        gt=0,
        le=100_000,
    )

    page_catalogues: Annotated[tuple[Literal["animeplanet", "anisearch"], ...], Structured] = _setting(
        "Catalogues without an interface for programs whose pages are asked for. Read the terms and robots.txt of each "
        "before you list it.",
        harm="a site would be asked that does not want programs, and might ban the stack's address",
        fix="List animeplanet or anisearch, or [] for none",
        default=(),
    )

    @property
    def keeps_state(self) -> bool:
        """Whether stateful resources are protected from deletion."""
        return self.stage is Stage.PROD

    @property
    def catalogues_need_tokens(self) -> bool:
        """A replay asks nobody, and a local stack has no tokens to give."""
        return self.in_cloud

    @property
    def in_cloud(self) -> bool:
        return self.stage is not Stage.LOCAL

    @property
    def replays(self) -> bool:
        """Whether recorded answers stand in for the outside world, which then is shown no credentials."""
        return self.http_transport.startswith("replay:")

    @property
    def in_vpc(self) -> bool:
        return self.network is NetworkKind.FULL

    @property
    def mongo_cidr(self) -> str | None:
        """Where MongoDB stands, as seen from the VPC; None behind an endpoint of the VPC's own."""
        by_reach = {Reach.PEERING: self.atlas_cidr, Reach.PRIVATE_ENDPOINT: None}
        return by_reach.get(self.atlas_network, "0.0.0.0/0")

    @property
    def local_mongo_uri(self) -> pulumi.Output[str]:
        """A secret, for whoever brings a database of their own may give a password."""
        return pulumi.Output.secret(self.mongo_uri.get_secret_value() if self.mongo_uri else "")

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
        problems = list(implausible(settings, stack))
        if not problems:
            return settings
    raise SettingsError("\n".join([f"Pulumi.{stack}.yaml is refused:", *map(str, problems)]))


def read_settings() -> StackSettings:
    """From the configuration of the running program."""
    namespace = pulumi.Config(PROJECT)
    given = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    keys = [key.partition(":")[2] for key in given if key.startswith(f"{PROJECT}:")]
    return parse_settings({key: namespace.get(key) for key in keys}, stack=pulumi.get_stack())


_NAMES: Final = {to_camel(name): name for name in StackSettings.model_fields}


def _problem(key: str, kind: str, message: str) -> Problem:
    if key not in _NAMES:
        close = difflib.get_close_matches(key, _NAMES, n=1)
        meant = f"Spell it {close[0]}" if close else "Remove it"
        return Problem(key=key, harm="unknown, so what it was meant to change would stay as it is", fix=meant)
    return problem_of_field(StackSettings, _NAMES[key], "missing" if kind == "missing" else message.lower())
