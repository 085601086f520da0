"""Which addresses each subnet has.

A subnet's place follows from the letter of its zone, so a zone that comes, goes or changes its place in the list moves
no other. Private subnets share the lower half of the network and public ones the third quarter; the last quarter is
free for what comes.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LARGEST_PREFIX: Final = 16
"""The largest VPC that AWS makes."""

SMALLEST_PREFIX: Final = 20

_PRIVATE_RANGES: Final = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_LETTERS: Final = "abcdefgh"
"""More than any region has zones (us-east-1 has six)."""

_PLACES_BITS: Final = 3
_FEWEST_ZONES: Final = 2


@dataclass(frozen=True, kw_only=True)
class AddressPlan:
    """``zones`` are names such as ``eu-central-1a``, all of ``region``."""

    cidr: str
    region: str
    zones: tuple[str, ...]

    def __post_init__(self) -> None:
        self._check_range()
        self._check_zones()

    def _check_range(self) -> None:
        try:
            network = ipaddress.IPv4Network(self.cidr)
        except ValueError:
            raise ValueError(f"{self.cidr} is no network, so AWS would refuse it: write it as 10.20.0.0/16") from None
        if not any(network.subnet_of(private) for private in _PRIVATE_RANGES):
            raise ValueError(
                f"{self.cidr} belongs to others, who could not be reached any more: choose a range inside of "
                f"{', '.join(map(str, _PRIVATE_RANGES))}"
            )
        if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
            raise ValueError(
                f"{self.cidr} is larger than AWS allows or too small for functions, services and stores in every zone: "
                f"choose /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}"
            )

    def _check_zones(self) -> None:
        if len(self.zones) < _FEWEST_ZONES:
            raise ValueError(f"the outage of zone {', '.join(self.zones)} would take everything down: name two or more")
        if len(set(self.zones)) < len(self.zones):
            raise ValueError(
                f"zones {', '.join(self.zones)}: the second subnet of a zone would stand in the place of the first, "
                "and nothing be safer for it: name each zone once"
            )
        for zone in self.zones:
            if not re.fullmatch(f"{re.escape(self.region)}[{_LETTERS}]", zone):
                raise ValueError(f"{self.region} has no zone {zone}, so no subnet would be made: write {self.region}a")

    @property
    def private(self) -> Mapping[str, str]:
        """Ranges by the letter of the zone; ``zone_of`` tells the zone."""
        lower, _ = self._halves()
        return self._places(lower)

    @property
    def public(self) -> Mapping[str, str]:
        _, upper = self._halves()
        return self._places(next(upper.subnets()))

    def zone_of(self, letter: str) -> str:
        return self.region + letter

    def _halves(self) -> tuple[ipaddress.IPv4Network, ipaddress.IPv4Network]:
        lower, upper = ipaddress.IPv4Network(self.cidr).subnets()
        return lower, upper

    def _places(self, network: ipaddress.IPv4Network) -> Mapping[str, str]:
        places = list(network.subnets(prefixlen_diff=_PLACES_BITS))
        return {zone[-1]: str(places[_LETTERS.index(zone[-1])]) for zone in self.zones}
