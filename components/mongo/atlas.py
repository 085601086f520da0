"""What Atlas calls things, and what it can do on which tier."""

from enum import StrEnum
from typing import Final


class Tier(StrEnum):
    """``M0`` is free and ``FLEX`` shared with others; the rest are machines of our own."""

    M0 = "M0"
    FLEX = "FLEX"
    M10 = "M10"
    M20 = "M20"
    M30 = "M30"

    @property
    def dedicated(self) -> bool:
        """Only those have backups of our own choosing, a window for maintenance, peering and private endpoints."""
        return self in _DEDICATED


_DEDICATED: Final = (Tier.M10, Tier.M20, Tier.M30)
"""From small to large."""


class Reach(StrEnum):
    """The way by which functions and services come to the database."""

    OPEN = "open"
    NAT = "nat"
    PEERING = "peering"
    PRIVATE_ENDPOINT = "private-endpoint"


def atlas_region(aws_region: str) -> str:
    """``eu-central-1`` -> ``EU_CENTRAL_1``."""
    return aws_region.upper().replace("-", "_")


def larger(tier: Tier, other: Tier) -> bool:
    """Of two dedicated ones."""
    return _DEDICATED.index(tier) > _DEDICATED.index(other)
