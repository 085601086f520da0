"""Needs: what the AWS provider asks for to keep one kind of resource, and where.

Actions are named one by one, so that a right never grows with a new action of AWS. Places are ARN patterns in which
the account is left open; what has a name of ours is known by it, and what has none by its tag.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from components.tags import PROJECT

NAMES: Final = f"{PROJECT}-*"
"""What every physical name of a stack looks like."""

EVERYTHING: Final = "*"

Condition = Mapping[str, Mapping[str, str | Sequence[str]]]

TAGGED_AS_OURS: Final[Condition] = {"StringEquals": {"aws:ResourceTag/project": PROJECT}}
MADE_AS_OURS: Final[Condition] = {"StringEquals": {"aws:RequestTag/project": PROJECT}}
"""The provider sends the tags with the request that makes the resource."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """``reads`` and ``writes`` are names of actions of the service, apart by spaces; ``condition`` is of the writes."""

    service: str
    places: tuple[str, ...]
    reads: str = ""
    writes: str = ""
    condition: Condition | None = None


Needs = Mapping[str, Sequence[Need]]
"""By the kind of resource, as Pulumi calls it."""


def arn(service: str, resource: str) -> str:
    """Of a resource in the stacks' region."""
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{resource}"


def global_arn(service: str, resource: str) -> str:
    return f"arn:{{partition}}:{service}::{{account}}:{resource}"


def service_role(service: str) -> Need:
    """Made by AWS in the account when a service is used for the first time, and used by that service alone."""
    return Need(
        service="iam",
        places=(global_arn("iam", f"role/aws-service-role/{service}/*"),),
        writes="CreateServiceLinkedRole",
        condition={"StringEquals": {"iam:AWSServiceName": service}},
    )


def passes_roles_to(*services: str) -> Need:
    return Need(
        service="iam",
        places=(global_arn("iam", f"role/{NAMES}"),),
        writes="PassRole",
        condition={"StringEquals": {"iam:PassedToService": services}},
    )
