"""What each kind of resource in the stacks needs of AWS, to be read and to be kept."""

from collections.abc import Mapping
from typing import Final

from bootstrap.needs.compute import COMPUTE
from bootstrap.needs.edge import EDGE
from bootstrap.needs.making import Need, Needs
from bootstrap.needs.network import NETWORK
from bootstrap.needs.operations import OPERATIONS
from bootstrap.needs.storage import STORAGE

NEEDS: Final[Mapping[str, Needs]] = {
    "storage": STORAGE,
    "compute": COMPUTE,
    "network": NETWORK,
    "edge": EDGE,
    "operations": OPERATIONS,
}
"""A kind of resource stands in one area."""

AREAS: Final[Mapping[str, tuple[Need, ...]]] = {
    area: tuple(need for each in needs.values() for need in each) for area, needs in NEEDS.items()
}
"""Each becomes a policy of its own, as AWS limits how long one may be."""

ALL: Final = tuple(need for needs in AREAS.values() for need in needs)
