"""Every policy there is. To add one: write it in the module of its kind, name it here, and test what it lets pass and
what it rejects."""

from typing import Final

from pulumi_policy import Policy

from policies.caching import NO_CACHED_ANSWERS
from policies.credentials import NO_PLAIN_SECRETS
from policies.dead_letters import FAILURES_KEPT, QUEUES_END, UNDELIVERED
from policies.encryption import ENCRYPTED_BUCKETS, ENCRYPTED_STORES
from policies.iam import LEAST_RIGHTS, OWN_RIGHTS
from policies.logs import LOGS_END, LOGS_KEPT
from policies.network import NO_OPEN_DOOR, NO_PUBLIC_BUCKET, NO_PUBLIC_POLICY
from policies.protection import PROTECTED_STATE
from policies.regions import ALLOWED_REGIONS
from policies.sizes import ALLOWED_SIZES
from policies.tags import REQUIRED_TAGS

NAME: Final = "anime-infra"

ALL: Final[tuple[Policy, ...]] = (
    REQUIRED_TAGS,
    ENCRYPTED_STORES,
    ENCRYPTED_BUCKETS,
    NO_PUBLIC_BUCKET,
    NO_PUBLIC_POLICY,
    NO_OPEN_DOOR,
    NO_CACHED_ANSWERS,
    LOGS_END,
    LOGS_KEPT,
    UNDELIVERED,
    FAILURES_KEPT,
    QUEUES_END,
    LEAST_RIGHTS,
    OWN_RIGHTS,
    NO_PLAIN_SECRETS,
    ALLOWED_REGIONS,
    ALLOWED_SIZES,
    PROTECTED_STATE,
)
