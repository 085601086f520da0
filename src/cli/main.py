"""The ``anime`` command: a client of a stack's functions and machines through the AWS API."""

import sys
from typing import Annotated

import typer

from cli.commands import cost, data, demo, doctor, executions, local, review
from cli.context import Options
from cli.output import Output

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(local.app, name="local")
app.add_typer(review.app, name="review")
app.add_typer(executions.app, name="executions")
app.command("demo")(demo.demo)
app.command("cost")(cost.cost)
app.command("doctor")(doctor.doctor)
data.register(app)

GLOBAL_FLAGS = frozenset({"--json"})
GLOBAL_OPTIONS = frozenset({"--stack", "--region"})


def _show_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"anime {version('anime-infra')}")
        raise typer.Exit


@app.callback()
def anime(
    context: typer.Context,
    stack: Annotated[str, typer.Option(help="local, demo, dev, prod ...")] = "local",
    region: Annotated[str | None, typer.Option(help="AWS region of a deployed stack.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else there.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version.")
    ] = False,
) -> None:
    """An enriched anime database that keeps itself up to date."""
    context.obj = Options(stack=stack, region=region, out=Output(as_json=as_json))


def hoist(arguments: list[str]) -> list[str]:
    """Global options may stand anywhere: ``anime sync --json`` is ``anime --json sync``."""
    front: list[str] = []
    rest: list[str] = []
    queue = iter(arguments)
    for argument in queue:
        if argument == "--":
            rest += [argument, *queue]
        elif argument in GLOBAL_FLAGS or (argument.partition("=")[0] in GLOBAL_OPTIONS and "=" in argument):
            front.append(argument)
        elif argument in GLOBAL_OPTIONS:
            front += [argument, *([value] if (value := next(queue, None)) is not None else [])]
        else:
            rest.append(argument)
    return front + rest


def main() -> None:
    app(args=hoist(sys.argv[1:]), prog_name="anime")
