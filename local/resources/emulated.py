"""The realiser of local stacks: creates in the emulator what it has, makes up the rest of the written list."""

from collections.abc import Mapping
from typing import Any, Final

from local.resources import compute, identity, look_ups, messages, storage
from local.resources.creators import Creator, Order, Workshop
from local.resources.echo import shape_of
from local.resources.made_up import make_up, physical_name
from local.resources.request import Realised, Request

CREATORS: Final[Mapping[str, Creator]] = {
    **storage.CREATORS,
    **messages.CREATORS,
    **identity.CREATORS,
    **compute.CREATORS,
}


class EmulatorRealiser:
    def __init__(self, workshop: Workshop, *, account: str) -> None:
        self._workshop = workshop
        self._account = account

    def create(self, request: Request) -> Realised:
        shape = shape_of(request)
        creator = CREATORS.get(request.type)
        name = physical_name(shape, request)
        real = creator(Order(request=request, name=name, workshop=self._workshop)) if creator else {}
        return make_up(shape, request, account=self._account, region=self._workshop.aws.region, real=real)

    def look_up(self, token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return look_ups.look_up(token, arguments, account=self._account, region=self._workshop.aws.region)
