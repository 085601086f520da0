"""Which package the nodes of the vector index are booked in: the cheapest that is large enough.

A package is a size of a node with a price. As the definition of Qdrant Cloud's API says
(https://github.com/qdrant/qdrant-cloud-public-api, booking.proto), the price is that of one node in thousandths of a
cent an hour, and memory and disk are quantities such as 4Gi or 4GiB; G without an i is taken for 10^9 bytes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Protocol

HOURS_A_MONTH: Final = 730
MILLICENTS_A_DOLLAR: Final = 100_000

_QUANTITY: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")
_GIB: Final = {
    "ki": Fraction(1, 2**20),
    "mi": Fraction(1, 2**10),
    "gi": Fraction(1),
    "ti": Fraction(2**10),
    "k": Fraction(10**3, 2**30),
    "m": Fraction(10**6, 2**30),
    "g": Fraction(10**9, 2**30),
    "t": Fraction(10**12, 2**30),
}
"""GiB that a unit is; the byte's own letter has been cut off."""

_ACTIVE: Final = "PACKAGE_STATUS_ACTIVE"
_PREMIUM: Final = "PACKAGE_TIER_PREMIUM"


class NoFittingPackage(Exception):
    """No package meets the settings; the message lists what there is."""


class Resources(Protocol):
    """A size as the provider tells it; so is ``Offer``, both without the parts that nobody reads."""

    @property
    def ram(self) -> str | None: ...
    @property
    def disk(self) -> str | None: ...
    @property
    def cpu(self) -> str | None: ...


class Offer(Protocol):
    @property
    def id(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def type(self) -> str | None: ...
    @property
    def status(self) -> str | None: ...
    @property
    def tier(self) -> str | None: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def multi_az(self) -> bool | None: ...
    @property
    def unit_int_price_per_hour(self) -> float | None: ...
    @property
    def resource_configurations(self) -> Sequence[Resources] | None: ...


@dataclass(frozen=True, kw_only=True)
class Package:
    """Of one node."""

    id: str
    name: str
    ram_gib: Fraction
    disk_gib: Fraction
    millicents_an_hour: Fraction

    @property
    def free(self) -> bool:
        return self.millicents_an_hour == 0

    def monthly_usd(self, nodes: int) -> Fraction:
        return self.millicents_an_hour * HOURS_A_MONTH * nodes / MILLICENTS_A_DOLLAR


@dataclass(frozen=True, kw_only=True)
class Needs:
    """``max_monthly_usd`` is for all nodes. A free package has one node and no backups."""

    nodes: int
    min_ram_gib: float
    min_disk_gib: float
    max_monthly_usd: float
    backups: bool


def choose(offers: Sequence[Offer], needs: Needs) -> Package:
    """The same for offers in any order.

    Raises:
        NoFittingPackage: none is large and cheap enough.
    """
    packages = [package for package in map(read, offers) if package is not None]
    fitting = [package for package in packages if not any(_lacks(package, needs))]
    if not fitting:
        raise NoFittingPackage(_explained(packages, len(offers), needs))
    return min(fitting, key=_preference)


def read(offer: Offer) -> Package | None:
    """None for what cannot be booked here: retired, in another currency, of the premium tier, spread over zones (which
    needs that tier), or told in a way that nobody here understands.
    """
    sizes = offer.resource_configurations or ()
    ram, disk = (_gib(sizes[0].ram), _gib(sizes[0].disk)) if sizes else (None, None)
    bookable = (
        offer.status in {None, "", _ACTIVE}
        and offer.tier != _PREMIUM
        and not offer.multi_az
        and (offer.currency or "USD").upper() == "USD"
    )
    price = Fraction(0) if offer.type == "free" else _price(offer.unit_int_price_per_hour)
    if not bookable or not offer.id or ram is None or disk is None or price is None:
        return None
    return Package(id=offer.id, name=offer.name or offer.id, ram_gib=ram, disk_gib=disk, millicents_an_hour=price)


def _price(millicents: float | None) -> Fraction | None:
    return None if millicents is None or millicents < 0 else Fraction(millicents)


def _gib(quantity: str | None) -> Fraction | None:
    found = _QUANTITY.fullmatch(quantity or "")
    unit = _GIB.get(found[2].lower().removesuffix("b")) if found else None
    return Fraction(found[1]) * unit if found and unit is not None else None


def _preference(package: Package) -> tuple[Fraction, Fraction, Fraction, str]:
    """Cheap first; of equally cheap ones the larger, and the id at last, so that it is always the same one."""
    return (package.millicents_an_hour, -package.ram_gib, -package.disk_gib, package.id)


def _lacks(package: Package, needs: Needs) -> Iterator[str]:
    if package.ram_gib < _exact(needs.min_ram_gib):
        yield "too little memory"
    if package.disk_gib < _exact(needs.min_disk_gib):
        yield "too little disk"
    if package.monthly_usd(needs.nodes) > _exact(needs.max_monthly_usd):
        yield "too dear"
    if package.free and needs.nodes > 1:
        yield "one node only"
    if package.free and needs.backups:
        yield "no backups"


def _exact(setting: float) -> Fraction:
    """As it was written: the float nearest to 27.74 is less."""
    return Fraction(str(setting))


def _explained(packages: Sequence[Package], offered: int, needs: Needs) -> str:
    backups = " with backups" if needs.backups else ""
    wanted = (
        f"no package of Qdrant Cloud has {needs.min_ram_gib:g} GiB of memory and {needs.min_disk_gib:g} GiB of disk "
        f"for at most {needs.max_monthly_usd:.2f} USD a month for {needs.nodes} node(s){backups}; "
        "change qdrantMinRamGib, qdrantMinDiskGib, qdrantNodes, qdrantBackupDays or qdrantMaxMonthlyUsd. There are:"
    )
    lines = [
        f"  {package.name}: {float(package.ram_gib):g} GiB of memory, {float(package.disk_gib):g} GiB of disk, "
        f"{float(package.monthly_usd(needs.nodes)):.2f} USD a month ({', '.join(_lacks(package, needs))})"
        for package in sorted(packages, key=_preference)
    ]
    if offered > len(packages):
        lines.append(f"  and {offered - len(packages)} that cannot be booked here")
    return "\n".join([wanted, *(lines or ["  none at all in this region"])])
