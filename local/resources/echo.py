"""The realiser of recordings: nothing is created, every output is made up."""

from collections.abc import Mapping
from typing import Any

from local.errors import Unsupported
from local.resources import look_ups
from local.resources.made_up import SHAPES, Shape, make_up
from local.resources.request import Realised, Request


def shape_of(request: Request) -> Shape:
    """Raises:
    Unsupported: the kind of resource is not on the list.
    """
    shape = SHAPES.get(request.type)
    if shape is None:
        raise Unsupported(
            f"{request.type} {request.name!r}: this kind of resource is not on the list of local/resources/made_up.py"
        )
    return shape


class EchoRealiser:
    def __init__(self, *, account: str, region: str) -> None:
        self._account = account
        self._region = region

    def create(self, request: Request) -> Realised:
        return make_up(shape_of(request), request, account=self._account, region=self._region)

    def look_up(self, token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return look_ups.look_up(token, arguments, account=self._account, region=self._region)
