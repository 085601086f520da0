"""What an estimate is made of: items, and what a rule may ask for."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from local.costs_usage import Usage
from local.errors import LocalStackError
from local.prices import PRICES, Price
from local.recording import Recording


class NoPrice(LocalStackError):
    """A registered type, or a size of one, that nobody has a price for."""


class Basis(StrEnum):
    """Why something costs: for standing there by the hour, for being kept, or for being used."""

    HOURS = "by the hour"
    KEPT = "kept"
    USED = "used"


@dataclass(frozen=True, kw_only=True)
class Item:
    """``settings`` are those of the stack that make it larger or smaller."""

    what: str
    quantity: float
    price_name: str
    basis: Basis
    settings: tuple[str, ...] = ()

    @property
    def price(self) -> Price:
        return PRICES[self.price_name]

    @property
    def usd(self) -> float:
        return self.quantity * self.price.usd

    @property
    def as_json(self) -> dict[str, Any]:
        price = self.price
        return {
            "what": self.what,
            "quantity": round(self.quantity, 4),
            "per": price.per,
            "unit_price_usd": price.usd,
            "usd": round(self.usd, 4),
            "basis": self.basis.value,
            "settings": list(self.settings),
            "source": {"page": price.page, "read": price.read, "confirmed": price.confirmed, "note": price.note},
        }


@dataclass(frozen=True, kw_only=True)
class CostSettings:
    """What cannot be read from a recording. ``budget_usd`` None: none is set."""

    budget_usd: float | None = None
    qdrant_max_usd: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Context:
    recording: Recording
    settings: CostSettings
    usage: Usage


def item(what: str, quantity: float, price_name: str, basis: Basis, *settings: str) -> Item:
    """Raises:
    NoPrice: there is no such price.
    """
    if price_name not in PRICES:
        raise NoPrice(f"{what} has no price {price_name}: add it to PRICES in local/prices.py")
    return Item(what=what, quantity=quantity, price_name=price_name, basis=basis, settings=settings)
