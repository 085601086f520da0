"""Tags. Project and environment come once, from the provider; ``service`` from the one helper here.

Components never take tags: they name the service they belong to, so a missing or misspelt cost tag cannot be passed in.
"""

from enum import StrEnum
from typing import Final

PROJECT: Final = "anime-infra"


class Service(StrEnum):
    """What a bill is split by."""

    PIPELINE = "pipeline"
    IMAGES = "images"
    REVIEW = "review"
    SCHEDULES = "schedules"
    OPERATIONS = "operations"
    NETWORK = "network"
    STORES = "stores"
    BFF = "bff"
    AGENT = "agent"


def default_tags(*, environment: str) -> dict[str, str]:
    """Of the explicit provider, which puts them on every taggable resource."""
    return {"project": PROJECT, "environment": environment}


def service_tags(service: Service) -> dict[str, str]:
    return {"service": service.value}
