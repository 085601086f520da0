"""``anime executions list | show``."""

from typing import Annotated

import typer

from cli import operations as ops
from cli import render
from cli.context import options, reporting

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Executions of the state machines.")


@app.command("list")
@reporting
def list_executions(
    context: typer.Context,
    status: Annotated[str | None, typer.Option(help="RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """Newest first."""
    chosen = options(context)
    rows = ops.list_executions(chosen.session(), status=status, limit=limit)
    chosen.out.result({"count": len(rows), "executions": rows})
    render.executions(chosen.out, rows)


@app.command()
@reporting
def show(context: typer.Context, name: str) -> None:
    """One execution: how it stands, which states it went through, and why it failed."""
    chosen = options(context)
    session = chosen.session()
    described = ops.describe_execution(session, name)
    described["states"] = ops.execution_states(session, name, described["machine"])
    described["report"] = session.read_json(f"reports/enrichment/{name}.json")
    chosen.out.result(described)
    render.execution(chosen.out, described)
