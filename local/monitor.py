"""Stands where Pulumi's engine stands: takes each registration, has it realised, and records it.

Pulumi's mocks hand ``new_resource`` only type, name and inputs; parent and options are in the request, which is why the
monitor itself is subclassed. ``new_resource`` runs in several threads at once.
"""

import json
import threading
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2

from local.errors import ResourceFailed, Unsupported
from local.recording import RecordedOptions, RecordedResource
from local.resources.request import Realised, Realiser, Request

_STACK_TYPE: Final = "pulumi:pulumi:Stack"
_PROVIDER_PREFIX: Final = "pulumi:providers:"
_MISSING: Final = "<<missing output of "


def plain(value: Any) -> Any:
    """Without secret wrapping, at every depth; whole numbers are ints (the wire knows floats alone)."""
    if rpc.is_rpc_secret(value):
        return plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def holds_secret(value: Any) -> bool:
    if rpc.is_rpc_secret(value):
        return True
    if isinstance(value, Mapping):
        return any(holds_secret(item) for item in value.values())
    return isinstance(value, list | tuple) and any(holds_secret(item) for item in value)


def missing_output(value: Any) -> str | None:
    """What a value was made from that its resource does not give, or None."""
    if isinstance(value, str) and _MISSING in value:
        return value.split(_MISSING, 1)[1].split(">>", 1)[0]
    items: Iterator[Any] = iter(())
    if isinstance(value, Mapping):
        items = iter(value.values())
    elif isinstance(value, list | tuple):
        items = iter(value)
    return next((found for found in map(missing_output, items) if found), None)


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text


def text_outputs(resource_class: type) -> frozenset[str]:
    """The outputs that a resource class declares as text that is always there, by Pulumi's names."""
    names = []
    for item in vars(resource_class).values():
        if isinstance(item, property) and item.fget is not None and hasattr(item.fget, "_pulumi_name"):
            hint = typing.get_type_hints(item.fget).get("return")
            if typing.get_args(hint) == (str,):
                names.append(item.fget._pulumi_name)
    return frozenset(names)


class Monitor(mocks.MockMonitor):
    """Answers the registrations of one run of a program.

    An output that the program may read but the realiser does not give would silently be None. Texts that should be
    there are answered with a mark instead, and whatever is built from a mark is refused by name.
    """

    reads_archives: Final = False
    """Asked by ``components.packaging``: functions run from the source tree here, so no archive needs its content."""

    def __init__(self, realiser: Realiser, *, stack: str, project: str, progress: Callable[[str], None]) -> None:
        super().__init__(_Mocks(self))
        self._realiser = realiser
        self._prefix = f"urn:pulumi:{stack}::{project}::"
        self._progress = progress
        self._lock = threading.Lock()
        self._current = threading.local()
        self._recorded: dict[str, RecordedResource] = {}
        self._order: list[str] = []
        self._outputs: dict[str, list[Mapping[str, Any]]] = {}
        self._texts: dict[str, frozenset[str]] = {}
        self.failure: Exception | None = None
        """The first one: the program sees only what follows from it."""

    def recorded(self) -> tuple[RecordedResource, ...]:
        """Components as they are after their last ``register_outputs``."""
        with self._lock:
            return tuple(self._with_outputs(self._recorded[urn]) for urn in self._order)

    def learn(self, args: pulumi.ResourceTransformationArgs) -> None:
        """A stack transformation that changes nothing: the one place where a resource's class can be seen."""
        with self._lock:
            if args.type_ not in self._texts:
                self._texts[args.type_] = text_outputs(type(args.resource))

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As the engine does: the whole chain of parent types, without the stack's."""
        chain = parent.split("::")[2] if parent else ""
        return f"{self._prefix}{f'{chain}$' if chain and chain != _STACK_TYPE else ''}{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 (the name of the call)
        if request.type == _STACK_TYPE:
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]
        self._current.request = request
        try:
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]
        except Exception as error:
            self._failed(error)
            raise

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 (the name of the call)
        error = Unsupported(f"{request.type} {request.name!r}: reading a resource that exists already is not supported")
        self._failed(error)
        raise error

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 (the name of the call)
        outputs = plain(rpc.deserialize_properties(request.outputs))
        if made_from := missing_output(outputs):
            error = ResourceFailed(f"{request.urn} registers an output made from one that does not exist: {made_from}")
            self._failed(error)
            raise error
        with self._lock:
            self._outputs.setdefault(request.urn, []).append(outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        request = self._current.request
        urn = self.make_urn(request.parent, request.type, request.name)
        with self._lock:
            if urn in self._recorded:
                raise ResourceFailed(f"two resources have the URN {urn}; give one of them another name")
        secrets = frozenset(name for name, value in args.inputs.items() if holds_secret(value))
        inputs = plain(args.inputs)
        if made_from := missing_output(inputs):
            raise ResourceFailed(f"{args.typ} {args.name!r} uses an output that does not exist: {made_from}")
        if args.typ.startswith(_PROVIDER_PREFIX):
            inputs = {name: _parsed(value) for name, value in inputs.items()}
        realised = self._realise(Request(type=args.typ, name=args.name, inputs=inputs)) if request.custom else None
        self._record(_recorded(request, urn, inputs, secrets, realised))
        if realised is None:
            return "", {}
        secret = secrets | set(request.additionalSecretOutputs)
        return realised.id, self._answer(args.typ, realised, secret)

    def look_up(self, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return dict(self._realiser.look_up(token, plain(arguments)))
        except Exception as error:
            self._failed(error)
            raise

    def _realise(self, request: Request) -> Realised:
        self._progress(f"{request.type} {request.name}")
        try:
            return self._realiser.create(request)
        except ResourceFailed:
            raise
        except Exception as error:
            raise ResourceFailed(f"{request.type} {request.name!r}: {type(error).__name__}: {error}") from error

    def _answer(self, type_token: str, realised: Realised, secret: frozenset[str]) -> dict[str, Any]:
        outputs = dict(realised.outputs)
        with self._lock:
            expected = self._texts.get(type_token, frozenset())
        for name in expected - outputs.keys():
            outputs[name] = f"{_MISSING}{type_token}: {name}>>"
        return {
            name: rpc.wrap_rpc_secret(value) if name in secret else value
            for name, value in outputs.items()
            if value is not None
        }

    def _record(self, resource: RecordedResource) -> None:
        with self._lock:
            if resource.urn in self._recorded:
                raise ResourceFailed(f"two resources have the URN {resource.urn}; give one of them another name")
            self._recorded[resource.urn] = resource
            self._order.append(resource.urn)

    def _with_outputs(self, resource: RecordedResource) -> RecordedResource:
        registered = self._outputs.get(resource.urn)
        if not registered:
            return resource
        fields = {**vars(resource), "outputs": registered[-1], "output_registrations": len(registered)}
        return RecordedResource(**fields)

    def _failed(self, error: Exception) -> None:
        with self._lock:
            self.failure = self.failure or error


class _Mocks(mocks.Mocks):
    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return self._monitor.new_resource(args)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return self._monitor.look_up(args.token, args.args), []


def _recorded(
    request: resource_pb2.RegisterResourceRequest,
    urn: str,
    inputs: Mapping[str, Any],
    secrets: frozenset[str],
    realised: Realised | None,
) -> RecordedResource:
    return RecordedResource(
        type=request.type,
        name=request.name,
        urn=urn,
        parent=request.parent or None,
        provider=request.provider or None,
        custom=request.custom,
        id=None if realised is None else realised.id,
        inputs=inputs,
        outputs={} if realised is None else dict(realised.outputs),
        secret_inputs=secrets,
        options=RecordedOptions(
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            delete_before_replace=request.deleteBeforeReplace,
            ignore_changes=tuple(request.ignoreChanges),
            replace_on_changes=tuple(request.replaceOnChanges),
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            dependencies=tuple(request.dependencies),
            import_id=request.importId or None,
        ),
    )
