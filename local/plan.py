"""Everything the program registers for a stack, and what for: ``python -m local.plan --stack dev [--json]``.

It records the program, so it needs neither an account nor the network, and shows what is *wanted*; what would change
in an account is what ``pulumi preview`` shows.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from local.errors import LocalStackError
from local.plan_purposes import STACK_ROOT, purpose_of
from local.program import record_program
from local.recording import RecordedResource, Recording

WIDTH_OF_FILES: Final = 140
"""Columns where the output is no terminal."""

_NARROW: Final = 90
"""Below this three columns leave no room for the sentences."""

_WIDEST_TYPE: Final = 36


@dataclass(frozen=True, kw_only=True)
class Line:
    """One resource. ``depth`` counts the components it stands in; ``guides`` draw its place in the tree."""

    resource: RecordedResource
    parent: str | None
    purpose: str
    depth: int
    guides: str

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "type": self.resource.type,
            "name": self.resource.name,
            "parent": self.parent,
            "component": not self.resource.custom,
            "protected": self.resource.options.protect,
            "purpose": self.purpose,
        }


@dataclass(frozen=True, kw_only=True)
class Plan:
    stack: str
    lines: tuple[Line, ...]

    @property
    def components(self) -> int:
        return sum(not line.resource.custom for line in self.lines)

    @property
    def resources(self) -> int:
        return len(self.lines) - self.components

    @property
    def protected(self) -> int:
        return sum(line.resource.options.protect for line in self.lines)

    def by_service(self) -> dict[str, int]:
        """How many resources each service has, most first."""
        counted = Counter(service_of(line.resource.type) for line in self.lines if line.resource.custom)
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "stack": self.stack,
            "resources": self.resources,
            "components": self.components,
            "protected": self.protected,
            "services": self.by_service(),
            "registered": [line.as_json for line in self.lines],
        }


def plan_of(recording: Recording) -> Plan:
    """In the order of the tree: providers, then components by name, each before its parts.

    Raises:
        NoPurpose: see ``purpose_of``.
    """
    known = {resource.urn for resource in recording if resource.type != STACK_ROOT}
    roots = [r for r in recording if r.type != STACK_ROOT and r.parent not in known]
    return Plan(stack=recording.stack, lines=tuple(_lines(roots, recording, parent=None, depth=0, above="")))


def _lines(
    siblings: Sequence[RecordedResource], recording: Recording, *, parent: str | None, depth: int, above: str
) -> Iterator[Line]:
    ordered = sorted(siblings, key=_place)
    for number, resource in enumerate(ordered, start=1):
        last = number == len(ordered)
        branch = "" if depth == 0 else above + ("└─ " if last else "├─ ")
        below = "" if depth == 0 else above + ("   " if last else "│  ")
        yield Line(
            resource=resource, parent=parent, purpose=purpose_of(resource, recording), depth=depth, guides=branch
        )
        children = recording.children(resource)
        yield from _lines(children, recording, parent=resource.name, depth=depth + 1, above=below)


def _place(resource: RecordedResource) -> tuple[bool, bool, str, str]:
    """Not as recorded: what completes first is a matter of chance."""
    return (not resource.type.startswith("pulumi:providers:"), not resource.custom, resource.name, resource.type)


def service_of(type_token: str) -> str:
    """``aws s3`` of ``aws:s3/bucket:Bucket``; the package alone where it has one module only."""
    package, module, _name = type_token.split(":")
    if package == "pulumi":
        return "providers"
    service = module.partition("/")[0]
    return package if service == "index" else f"{package} {service}"


def short_type(type_token: str) -> str:
    """``aws s3 Bucket`` of ``aws:s3/bucket:Bucket``."""
    package, _, name = type_token.split(":")
    if package == "pulumi":
        return f"provider {name}"
    return f"{service_of(type_token)} {name}"


def show(plan: Plan, console: Console) -> None:
    """As a table; on a narrow screen each sentence stands under its resource."""
    if console.width < _NARROW:
        _show_stacked(plan, console)
    else:
        _show_table(plan, console)
    console.print()
    for row in _counts(plan):
        console.print(row, markup=False)


def _show_table(plan: Plan, console: Console) -> None:
    table = Table(box=None, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("resource", no_wrap=True)
    table.add_column("type", overflow="fold", max_width=_WIDEST_TYPE, style="dim")
    table.add_column("what for", overflow="fold", ratio=1)
    for line in plan.lines:
        table.add_row(_named(line), Text(short_type(line.resource.type)), Text(line.purpose))
    console.print(table)


def _show_stacked(plan: Plan, console: Console) -> None:
    for line in plan.lines:
        name = _named(line)
        name.append(f"  {short_type(line.resource.type)}", style="dim")
        console.print(name, overflow="fold")
        indent = " " * (3 * line.depth + 2)
        console.print(Padding(Text(line.purpose, overflow="fold"), (0, 0, 0, len(indent))))


def _named(line: Line) -> Text:
    name = Text(line.guides, style="dim")
    name.append(line.resource.name, style="" if line.resource.custom else "bold")
    if line.resource.options.protect:
        name.append(" *", style="yellow")
    return name


def _counts(plan: Plan) -> Iterator[str]:
    kept = f"; {plan.protected} (with *) protected from deletion" if plan.protected else ""
    yield f"{plan.stack}: {plan.resources} resources in {plan.components} components{kept}"
    yield ", ".join(f"{service} {count}" for service, count in plan.by_service().items())


def console_for(stream: IO[str]) -> Console:
    """Without colours, and of a fixed width, where nobody looks at a terminal."""
    return Console(file=stream, highlight=False, width=None if stream.isatty() else WIDTH_OF_FILES)


def values_of(pairs: Sequence[str]) -> Mapping[str, str]:
    """Of ``KEY=VALUE``.

    Raises:
        LocalStackError: one is not of that form.
    """
    values = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key:
            raise LocalStackError(f"not a setting: {pair}; expected KEY=VALUE")
        values[key] = value
    return values


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.plan", description="What a stack is made of, and what for.")
    parser.add_argument("--stack", default="dev", help="dev, prod, local ...; default dev")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting to try")
    given = parser.parse_args(arguments)
    try:
        plan = plan_of(record_program(stack=given.stack, overrides=values_of(given.set)))
    except LocalStackError as error:
        sys.stderr.write(f"plan: {error}\n")
        return 1
    if given.json:
        sys.stdout.write(json.dumps(plan.as_json, indent=2, ensure_ascii=False) + "\n")
    else:
        show(plan, console_for(sys.stdout))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
