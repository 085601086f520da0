"""Policy documents made of needs and denials."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bootstrap.names import BOUNDARY, ISSUER
from bootstrap.needs.making import Condition, Need
from components.aws.grants import Grant

MANAGED_LIMIT: Final = 6144
"""Characters of a managed policy, white space apart; AWS refuses a longer one."""

INLINE_LIMIT: Final = 10_240
"""Characters of all inline policies of a role together, white space apart."""


class Part(StrEnum):
    READS = "reads"
    WRITES = "writes"


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where the stacks stand."""

    partition: str
    number: str
    region: str

    @property
    def boundary(self) -> str:
        return self.fill(f"arn:{{partition}}:iam::{{account}}:policy/{BOUNDARY}")

    @property
    def issuer(self) -> str:
        return self.fill(f"arn:{{partition}}:iam::{{account}}:oidc-provider/{ISSUER}")

    def fill(self, pattern: str) -> str:
        """ARNs are known before what they name is made, so a preview shows whole documents."""
        filled = pattern.replace("{partition}", self.partition).replace("{account}", self.number)
        filled = filled.replace("{region}", self.region)
        return filled.replace("{boundary}", self.boundary) if "{boundary}" in filled else filled


@dataclass(frozen=True, kw_only=True)
class Denial:
    """What stays forbidden whatever else is allowed, so patterns are welcome. ``reason`` becomes the statement's id."""

    reason: str
    actions: tuple[str, ...]
    places: tuple[str, ...]


def allowing(needs: Iterable[Need], part: Part, account: Account) -> str:
    """Needs of the same place and condition become one statement."""
    grouped: dict[tuple[tuple[str, ...], str], set[str]] = {}
    for need in needs:
        actions = {f"{need.service}:{name}" for name in getattr(need, part).split()}
        condition = json.dumps(need.condition if part is Part.WRITES else None, sort_keys=True)
        grouped.setdefault((need.places, condition), set()).update(actions)
    return _policy(
        _statement(actions, places, json.loads(condition), account)
        for (places, condition), actions in sorted(grouped.items())
        if actions
    )


def denying(denials: Iterable[Denial], account: Account) -> str:
    return _policy(
        {
            "Sid": each.reason,
            "Effect": "Deny",
            "Action": list(each.actions),
            "Resource": [account.fill(place) for place in each.places],
        }
        for each in denials
    )


def _statement(
    actions: Iterable[str], places: Iterable[str], condition: Condition | None, account: Account
) -> dict[str, Any]:
    made = Grant(actions=tuple(actions), resources=tuple(map(account.fill, places))).statement()
    return made | ({"Condition": _filled(condition, account)} if condition else {})


def _filled(condition: Condition, account: Account) -> dict[str, dict[str, str | list[str]]]:
    return {
        operator: {key: _filled_value(value, account) for key, value in keys.items()}
        for operator, keys in condition.items()
    }


def _filled_value(value: str | Sequence[str], account: Account) -> str | list[str]:
    return account.fill(value) if isinstance(value, str) else [account.fill(each) for each in value]


def _policy(statements: Iterable[Mapping[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
