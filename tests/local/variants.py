"""Stacks that are not checked in: settings that make other resources than those of dev, prod and local."""

import functools
from collections.abc import Mapping
from typing import Final

from local.recording import Recording
from tests.components.recordings import record_with

_ZONES: Final = '["eu-central-1a", "eu-central-1b", "eu-central-1c"]'

VARIANTS: Final[Mapping[str, tuple[str, Mapping[str, str | None]]]] = {
    "dev with a network of its own": (
        "dev",
        {
            "network": "full",
            "availabilityZones": _ZONES,
            "nat": "zone",
            "services": "true",
            "atlasTier": "FLEX",
            "atlasNetwork": "nat",
            "atlasOpenAccess": None,
            "cacheNode": "cache.t4g.small",
            "cacheNodes": "2",
            "alarmEmails": '["you@example.org", "others@example.org"]',
            "applicationReader": "arn:aws:iam::123456789012:role/web",
            "fetchConcurrency": "5",
        },
    ),
    "prod by a private endpoint": (
        "prod",
        {
            "availabilityZones": _ZONES,
            "atlasTier": "M30",
            "atlasNetwork": "private-endpoint",
            "qdrantBackupDays": None,
            "schedulesEnabled": "false",
            "services": "false",
            "cacheNode": None,
        },
    ),
}
"""By what is different: the stack it starts from, and the settings."""


@functools.cache
def recorded_variant(name: str) -> Recording:
    stack, values = VARIANTS[name]
    return record_with(stack, **values)
