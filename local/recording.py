"""What a Pulumi program registered, as data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class RecordedOptions:
    """The resource options that reach the engine. ``dependencies`` are URNs, explicit ones and those of the inputs."""

    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    import_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class RecordedResource:
    """``inputs`` and ``outputs`` have Pulumi's names (camelCase) and no secret wrapping.

    ``secret_inputs`` are the top-level inputs that held a secret at any depth. ``parent`` is a URN, ``provider`` is
    ``<urn>::<id>`` of an explicit provider or None. A component has no id and no inputs of interest; its ``outputs``
    are what it registered, and ``output_registrations`` counts how often it did. The inputs of a provider resource
    are parsed: the engine passes each of them as JSON text.
    """

    type: str
    name: str
    urn: str
    parent: str | None
    provider: str | None
    custom: bool
    id: str | None
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    secret_inputs: frozenset[str]
    options: RecordedOptions
    output_registrations: int = 0


@dataclass(frozen=True, kw_only=True)
class Recording:
    """``resources`` in the order of their completion; ``exports`` without secret wrapping."""

    project: str
    stack: str
    resources: tuple[RecordedResource, ...]
    exports: Mapping[str, Any]
    secret_exports: frozenset[str] = field(default_factory=frozenset)

    def __iter__(self) -> Iterator[RecordedResource]:
        return iter(self.resources)

    def of_type(self, type_token: str) -> tuple[RecordedResource, ...]:
        return tuple(resource for resource in self.resources if resource.type == type_token)

    def by_urn(self, urn: str) -> RecordedResource:
        """Raises:
        KeyError: the program registered no such resource.
        """
        for resource in self.resources:
            if resource.urn == urn:
                return resource
        raise KeyError(urn)

    def named(self, name: str, type_token: str | None = None) -> RecordedResource:
        """The one resource with this logical name (and type).

        Raises:
            KeyError: there is none, or more than one.
        """
        found = [r for r in self.resources if r.name == name and (type_token is None or r.type == type_token)]
        if len(found) != 1:
            raise KeyError(f"{len(found)} resources named {name!r}" + (f" of type {type_token}" if type_token else ""))
        return found[0]

    def children(self, resource: RecordedResource) -> tuple[RecordedResource, ...]:
        return tuple(child for child in self.resources if child.parent == resource.urn)
