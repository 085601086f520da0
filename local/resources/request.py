"""What a realiser gets and gives: the boundary between the program's runner and whoever creates resources."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Request:
    """A custom resource as the program asks for it. ``name`` is the logical name; secrets in ``inputs`` are bare."""

    type: str
    name: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True)
class Realised:
    """``outputs`` include the inputs that a provider echoes."""

    id: str
    outputs: Mapping[str, Any]


class Realiser(Protocol):
    """Called from several threads at once."""

    def create(self, request: Request) -> Realised:
        """Raises:
        Unsupported: the kind of resource is not known.
        ResourceFailed: it could not be created.
        """
        ...

    def look_up(self, token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answers a provider function such as ``aws:index/getCallerIdentity:getCallerIdentity``.

        Raises:
            Unsupported: the function is not known.
        """
        ...
