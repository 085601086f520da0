"""What is valid key by key and yet cannot be meant: one value against another, and against what the stack is for."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pydantic.alias_generators import to_camel

from components.mongo.atlas import larger
from components.qdrant.regions import REGIONS as INDEX_REGIONS
from components.tags import PROJECT

if TYPE_CHECKING:
    from components.settings import StackSettings

LOG_RETENTION_DAYS: Final = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827)
"""What CloudWatch Logs accepts, up to five years."""

COMMIT_WAIT_LIMIT_SECONDS: Final = 200
"""Four stores, each retried for this long, still end within a function's 15 minutes."""

_MOST_OF_ANIDB_A_MINUTE: Final = 24
"""Its own limit is 30; requests do not travel at one speed."""

_CLOUD_STACK: Final = re.compile(r"^[a-z][a-z0-9-]{0,10}$")
_HOUR: Final = 3600
_MINUTE: Final = 60
_FEWEST_ZONES: Final = 2
_MOST_TASKS: Final = 20
_STEP_MIB: Final = 1024


@dataclass(frozen=True, kw_only=True)
class Problem:
    key: str
    harm: str
    fix: str

    def __str__(self) -> str:
        return f"  {PROJECT}:{self.key}: {self.harm}. {self.fix}."


def implausible(settings: "StackSettings", stack: str) -> Iterator[Problem]:
    if stack in {"local", "dev", "prod"} and stack != settings.stage:
        yield Problem(
            key="stage",
            harm=f"the stack is called {stack}, and another stage's rules of deletion would apply to its data",
            fix=f"Set it to {stack}",
        )
    if settings.log_retention_days not in LOG_RETENTION_DAYS:
        yield _of(settings, "log_retention_days", "not a period that CloudWatch Logs knows")
    if settings.catalogue_paces.get("anidb", 0) > _MOST_OF_ANIDB_A_MINUTE:
        yield _of(settings, "catalogue_paces", "AniDB bans whoever asks it more often than once in 2 seconds")
    if sum(settings.commit_retry_seconds) > COMMIT_WAIT_LIMIT_SECONDS:
        yield _of(settings, "commit_retry_seconds", "the waits add up to more than the function lives")
    if settings.redis_url and urlsplit(settings.redis_url).password:
        yield Problem(
            key="redisUrl",
            harm="holds a password, which anybody could read who may list the functions",
            fix="Take it out: a local cache has none, and the one in the cloud is signed in to by IAM",
        )
    yield from _network(settings)
    yield from _services(settings)
    addresses = [address.casefold() for address in settings.alarm_emails]
    if len(set(addresses)) < len(addresses):
        yield _of(settings, "alarm_emails", "an address named twice")
    if settings.in_cloud:
        if not _CLOUD_STACK.fullmatch(stack):
            yield Problem(
                key="stage",
                harm=f"the stack is called {stack}, and Atlas cuts names of clusters after 23 letters",
                fix="Make a stack with a name of 1 to 11 of a-z, 0-9 and -",
            )
        if stack.startswith("prod") and settings.stage != "prod":
            yield Problem(
                key="stage",
                harm=f"the stack is called {stack}, and its data would not be protected",
                fix="Set it to prod, or call the stack otherwise",
            )
        yield from _cloud(settings)
    else:
        yield from _local(settings)


def _network(settings: "StackSettings") -> Iterator[Problem]:
    zones = settings.availability_zones
    if len(set(zones)) < len(zones):
        yield _of(settings, "availability_zones", "a zone named twice")
    elif settings.in_vpc and len(zones) < _FEWEST_ZONES:
        yield _of(settings, "availability_zones", "fewer than two zones")
    if any(zone[:-1] != settings.aws_region for zone in zones):
        yield _of(settings, "availability_zones", "not all of them in the stack's region")
    for key in ("vpc_cidr", "atlas_cidr"):
        if not _is_private(getattr(settings, key)):
            yield _of(settings, key, "no private range")
    if settings.in_vpc:
        if settings.atlas_network == "peering" and _overlap(settings.vpc_cidr, settings.atlas_cidr):
            yield _of(settings, "atlas_cidr", "it overlaps vpcCidr")
        return
    for key, wanted in (
        ("services", settings.services),
        ("cache_node", settings.cache_node is not None),
        ("availability_zones", bool(zones)),
        ("atlas_network", settings.atlas_network != "open"),
    ):
        if wanted:
            yield Problem(
                key=to_camel(key),
                harm="stands in a VPC, and with network none there is none",
                fix="Set network to full, or remove this key",
            )


def _services(settings: "StackSettings") -> Iterator[Problem]:
    for service in ("bff", "agent"):
        cpu, memory = getattr(settings, f"{service}_cpu"), getattr(settings, f"{service}_memory_mib")
        whole = memory == _STEP_MIB // 2 or memory % _STEP_MIB == 0
        if not (2 * cpu <= memory <= 8 * cpu and whole):
            yield _of(settings, f"{service}_memory_mib", "no size that Fargate has with this processor")
        least, most = getattr(settings, f"{service}_tasks")
        if not 1 <= least <= most <= _MOST_TASKS:
            yield _of(settings, f"{service}_tasks", "not a least and a most number")


def _cloud(settings: "StackSettings") -> Iterator[Problem]:
    for key, wrong, fix in (
        ("awsEndpointUrl", settings.aws_endpoint_url is not None, "Remove it"),
        ("httpTransport", settings.http_transport != "live", "Set it to live"),
        ("mongoUri", settings.mongo_uri is not None, "Remove it: the program makes the cluster"),
        ("qdrantUrl", settings.qdrant_url is not None, "Remove it: the program makes the cluster"),
        ("redisUrl", settings.redis_url is not None, "Remove it, and set cacheNode to have a cache"),
        ("embedder", not settings.embedder.startswith("bedrock:"), "Set it to bedrock:amazon.titan-embed-text-v2:0"),
    ):
        if wrong:
            yield Problem(key=key, harm="only a local stack can have this; in the cloud it would not work", fix=fix)
    for key, url in (("releaseApiUrl", settings.release_api_url), *_catalogue_urls(settings)):
        if not url.startswith("https://") or _is_address(url):
            yield Problem(
                key=key, harm="anybody on the way could change what it answers", fix="Use https:// and a name"
            )
    if settings.review_timeout_seconds < _HOUR:
        yield _of(settings, "review_timeout_seconds", "shorter than an hour")
    if settings.lock_first_lease_seconds < _MINUTE:
        yield _of(settings, "lock_first_lease_seconds", "shorter than a minute")
    if settings.review_reminder_hours * _HOUR >= settings.review_timeout_seconds:
        yield _of(settings, "review_reminder_hours", "later than the review expires")
    if settings.monthly_budget_usd is None:
        yield _of(settings, "monthly_budget_usd", "missing")
    yield from _qdrant(settings)
    yield from _atlas(settings)


def _qdrant(settings: "StackSettings") -> Iterator[Problem]:
    if settings.aws_region not in INDEX_REGIONS:
        yield Problem(
            key="awsRegion",
            harm="Qdrant Cloud has no clusters there, so the vector index would stand far from the functions",
            fix=f"Choose one of {', '.join(sorted(INDEX_REGIONS))}",
        )
    if settings.qdrant_max_monthly_usd == 0:
        for key, wanted in (
            ("qdrantNodes", settings.qdrant_nodes > 1),
            ("qdrantBackupDays", settings.qdrant_backup_days is not None),
        ):
            if wanted:
                yield Problem(
                    key=key,
                    harm="the free package has one node and no backups, so no package would fit",
                    fix="Set qdrantMaxMonthlyUsd to what you are ready to pay, or remove this key",
                )


def _atlas(settings: "StackSettings") -> Iterator[Problem]:
    if settings.atlas_tier is None:
        yield _of(settings, "atlas_tier", "missing")
    elif not settings.atlas_tier.dedicated:
        if settings.atlas_network in {"peering", "private-endpoint"}:
            yield Problem(
                key="atlasNetwork",
                harm=f"a cluster of tier {settings.atlas_tier} has neither peering nor private endpoints, so none of "
                "the functions would reach it",
                fix="Set it to nat, or atlasTier to M10 or larger",
            )
        if settings.atlas_max_tier is not None:
            yield _of(settings, "atlas_max_tier", f"a cluster of tier {settings.atlas_tier} cannot grow")
        if settings.keeps_state:
            yield Problem(
                key="atlasTier",
                harm=f"a cluster of tier {settings.atlas_tier} has no backups to go back to a point in time",
                fix="Set it to M10 or larger in prod",
            )
    elif settings.atlas_max_tier and not (
        settings.atlas_max_tier.dedicated and larger(settings.atlas_max_tier, settings.atlas_tier)
    ):
        yield _of(settings, "atlas_max_tier", "not above atlasTier")
    if settings.keeps_state and (settings.atlas_open_access or settings.atlas_network == "open"):
        yield Problem(
            key="atlasOpenAccess" if settings.atlas_open_access else "atlasNetwork",
            harm="the whole internet could knock at the database of production",
            fix="Remove atlasOpenAccess, and set atlasNetwork to nat, peering or private-endpoint",
        )
    elif settings.atlas_network == "open" and not settings.atlas_open_access:
        yield _of(settings, "atlas_open_access", "not decided, and atlasNetwork is open")
    elif settings.atlas_open_access and settings.atlas_network != "open":
        yield Problem(
            key="atlasOpenAccess",
            harm=f"without effect, as the database is reached by {settings.atlas_network}; whoever reads it is misled",
            fix="Remove it",
        )


def _local(settings: "StackSettings") -> Iterator[Problem]:
    for key in ("mongo_uri", "qdrant_url"):
        if getattr(settings, key) is None:
            yield _of(settings, key, "missing")
    if settings.in_vpc:
        yield Problem(key="network", harm="a laptop has no VPC", fix="Set it to none on a local stack")


def _of(settings: "StackSettings", name: str, what: str) -> Problem:
    return problem_of_field(type(settings), name, what)


def problem_of_field(model: "type[StackSettings]", name: str, what: str) -> Problem:
    """With the harm and the fix that stand with the field."""
    extra = model.model_fields[name].json_schema_extra
    assert isinstance(extra, dict)  # noqa: S101  every field is made with them
    return Problem(key=to_camel(name), harm=f"{what}; {extra['harm']}", fix=str(extra["fix"]))


def _catalogue_urls(settings: "StackSettings") -> Iterator[tuple[str, str]]:
    for url in settings.catalogue_urls.values():
        yield "catalogueUrls", url


def _is_address(url: str) -> bool:
    try:
        ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return True


def _is_private(cidr: str) -> bool:
    try:
        return ipaddress.ip_network(cidr).is_private
    except ValueError:
        return False


def _overlap(one: str, other: str) -> bool:
    return _is_private(one) and _is_private(other) and ipaddress.ip_network(one).overlaps(ipaddress.ip_network(other))
