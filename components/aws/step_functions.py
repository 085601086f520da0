"""State machines from ``statemachines/<name>.asl.json``.

The files are valid JSON on their own. A whole string ``"${name}"`` is a placeholder and is replaced by a typed value,
so that a timeout becomes a number; the placeholders of a file and the values given must be the same set.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.aws.alarms import Watch, alarm_above_zero
from components.aws.grants import Grant, policy_document, trust_document
from components.tags import Service, service_tags

FOLDER: Final = Path(__file__).resolve().parents[2] / "statemachines"

_PLACEHOLDER = re.compile(r"^\$\{([a-z][a-z0-9_]*)\}$")
_FAILURES: Final = {
    "ExecutionsFailed": "failed",
    "ExecutionsTimedOut": "timed-out",
    "ExecutionsAborted": "aborted",
}


class PlaceholderError(Exception):
    """A definition and the values given for it do not fit."""


def definition_file(machine: str) -> Path:
    return FOLDER / f"{machine}.asl.json"


def placeholders(path: Path) -> frozenset[str]:
    """Raises:
    PlaceholderError: the file holds ``${`` in a string that is not a placeholder as a whole.
    """
    found: set[str] = set()

    def collect(name: str) -> str:
        found.add(name)
        return name

    _replace(_load(path), collect)
    return frozenset(found)


def render_definition(path: Path, values: Mapping[str, object]) -> str:
    """The definition with every placeholder replaced by its value.

    Raises:
        PlaceholderError: a placeholder has no value, or a value no placeholder.
    """
    _check(path, frozenset(values))
    return json.dumps(_replace(_load(path), lambda name: values[name]))


def _check(path: Path, given: frozenset[str]) -> None:
    wanted = placeholders(path)
    if wanted != given:
        raise PlaceholderError(
            f"{path.name}: no value for {sorted(wanted - given)}, no placeholder for {sorted(given - wanted)}"
        )


def _load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _replace(node: Any, value_of: Any) -> Any:
    if isinstance(node, dict):
        return {key: _replace(value, value_of) for key, value in node.items()}
    if isinstance(node, list):
        return [_replace(value, value_of) for value in node]
    if not isinstance(node, str) or "${" not in node:
        return node
    match = _PLACEHOLDER.fullmatch(node)
    if match is None:
        raise PlaceholderError(f"{node!r} holds a placeholder inside other text: only a whole string is replaced")
    return value_of(match[1])


@dataclass(frozen=True, kw_only=True)
class MachineArgs:
    """``functions`` maps placeholders to the ARNs of the functions that the machine calls; its role may call no other.

    ``parameters`` are the other placeholders' values, ``grants`` what the machine does besides calling functions.
    """

    machine_name: str
    definition: Path
    functions: Mapping[str, pulumi.Input[str]]
    parameters: Mapping[str, int | float | str]
    account: pulumi.Input[str]
    alarm_topic_arn: pulumi.Input[str]
    grants: Sequence[Grant] = field(default=())

    def __post_init__(self) -> None:
        both = self.functions.keys() & self.parameters.keys()
        if both:
            raise PlaceholderError(f"{sorted(both)} are given as function and as parameter: one would hide the other")
        _check(self.definition, frozenset(self.functions) | frozenset(self.parameters))


class Machine(pulumi.ComponentResource):
    """A standard state machine, with an alarm for each way its executions can end badly."""

    def __init__(self, name: str, args: MachineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("anime:aws:Machine", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = service_tags(Service.PIPELINE)
        role = aws.iam.Role(
            f"{name}-role",
            name=f"{args.machine_name}-machine",
            assume_role_policy=trust_document("states.amazonaws.com", account=args.account),
            tags=tags,
            opts=child,
        )
        calls = Grant(actions=("lambda:InvokeFunction",), resources=tuple(args.functions.values()))
        policy = aws.iam.RolePolicy(
            f"{name}-policy",
            name="grants",
            role=role.name,
            policy=policy_document([calls, *args.grants]),
            opts=child,
        )
        machine = aws.sfn.StateMachine(
            f"{name}-machine",
            name=args.machine_name,
            type="STANDARD",
            role_arn=role.arn,
            definition=pulumi.Output.all(**args.functions).apply(
                lambda functions: render_definition(args.definition, {**functions, **args.parameters})
            ),
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        for metric, end in _FAILURES.items():
            alarm_above_zero(
                f"{name}-{end}-alarm",
                Watch(
                    alarm_name=f"{args.machine_name}-{end}",
                    namespace="AWS/States",
                    metric=metric,
                    statistic="Sum",
                    dimensions={"StateMachineArn": machine.arn},
                    meaning=f"Executions of {args.machine_name} {end}: see which by `anime executions list`",
                ),
                topic_arn=args.alarm_topic_arn,
                parent=self,
            )
        self.arn = machine.arn
        self.register_outputs({"arn": self.arn})
