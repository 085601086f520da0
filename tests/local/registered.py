"""Recordings made by hand: a few resources of a stack, with what a test says of them and nothing else."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from local.recording import RecordedOptions, RecordedResource, Recording

STACK = "dev"


def urn_of(type_token: str, name: str) -> str:
    return f"urn:pulumi:{STACK}::shop::{type_token}::{name}"


def registered(
    type_token: str,
    name: str,
    *,
    parent: RecordedResource | None = None,
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    needs: Sequence[RecordedResource] = (),
    protect: bool = False,
) -> RecordedResource:
    return RecordedResource(
        type=type_token,
        name=name,
        urn=urn_of(type_token, name),
        parent=parent.urn if parent else None,
        provider=None,
        custom=not type_token.startswith("anime:"),
        id=name,
        inputs=inputs or {},
        outputs=outputs or {},
        secret_inputs=frozenset(),
        options=RecordedOptions(protect=protect, dependencies=tuple(each.urn for each in needs)),
    )


def recording_of(*resources: RecordedResource) -> Recording:
    return Recording(project="shop", stack=STACK, resources=resources, exports={})


def policy(*statements: tuple[Sequence[str], Sequence[str]]) -> str:
    """Allows each list of actions on each list of ARNs."""
    allowed = [{"Effect": "Allow", "Action": list(what), "Resource": list(on)} for what, on in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})
