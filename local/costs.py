"""What a stack costs in a month, item by item, from what the program registers.

Pure: a recording and a few settings in, items out. A type that has no rule in ``local.costs_rules`` and is not listed
as free in ``local.prices`` is an error that names it, so that nothing is left out unnoticed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from local.configuration import Configuration
from local.costs_items import Basis, Context, CostSettings, Item, NoPrice
from local.costs_rules import RULES
from local.costs_usage import usage_of
from local.prices import FREE, REGION
from local.recording import RecordedResource, Recording

_SHOWN_OF_LARGEST: Final = 4


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """``items`` by what they cost, most first. ``region`` is the stack's; prices are always those of ``REGION``."""

    stack: str
    region: str
    items: tuple[Item, ...]
    settings: CostSettings

    @property
    def usd(self) -> float:
        return math.fsum(item.usd for item in self.items)

    @property
    def idle_usd(self) -> float:
        """What it costs while nobody uses it."""
        return math.fsum(item.usd for item in self.items if item.basis is not Basis.USED)

    @property
    def above_budget(self) -> bool:
        return self.settings.budget_usd is not None and self.usd > self.settings.budget_usd

    @property
    def largest(self) -> tuple[Item, ...]:
        """The items that make up most of the sum and that a setting can change."""
        return tuple(item for item in self.items if item.settings and item.usd > 0)[:_SHOWN_OF_LARGEST]

    @property
    def unconfirmed(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if not item.price.confirmed)

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "stack": self.stack,
            "region": self.region,
            "prices_of": REGION,
            "usd": round(self.usd, 2),
            "idle_usd": round(self.idle_usd, 2),
            "budget_usd": self.settings.budget_usd,
            "above_budget": self.above_budget,
            "items": [item.as_json for item in self.items],
        }


def settings_of(configuration: Configuration) -> CostSettings:
    """Raises:
    NoPrice: a sum is not a number.
    """
    return CostSettings(
        budget_usd=_number(configuration, "monthlyBudgetUsd"),
        qdrant_max_usd=_number(configuration, "qdrantMaxMonthlyUsd") or 0.0,
    )


def _number(configuration: Configuration, key: str) -> float | None:
    text = configuration.values.get(f"{configuration.project}:{key}")
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise NoPrice(f"{key} of stack {configuration.stack} is not a number") from None


def estimate(recording: Recording, settings: CostSettings) -> Estimate:
    """Raises:
    NoPrice: a type has no rule and is not listed as free, or a size has no price.
    """
    context = Context(recording=recording, settings=settings, usage=usage_of(recording))
    items = [item for item in _items(context) if item.quantity > 0]
    items.sort(key=lambda item: (-item.usd, item.what, item.price_name))
    providers = recording.of_type("pulumi:providers:aws")
    region = str(providers[0].inputs.get("region", REGION)) if providers else REGION
    return Estimate(stack=recording.stack, region=region, items=tuple(items), settings=settings)


def _items(context: Context) -> Iterator[Item]:
    by_type: dict[str, list[RecordedResource]] = {}
    for resource in sorted(context.recording, key=lambda each: each.urn):
        if resource.custom and not resource.type.startswith("pulumi:"):
            by_type.setdefault(resource.type, []).append(resource)
    for type_token, resources in sorted(by_type.items()):
        if type_token in RULES:
            yield from RULES[type_token](resources, context)
        elif type_token not in FREE:
            raise NoPrice(
                f"nobody has said what a {type_token} costs ({resources[0].name!r} is one): add a rule to RULES in "
                "local/costs_rules.py, or the type with a reason to FREE in local/prices.py"
            )
