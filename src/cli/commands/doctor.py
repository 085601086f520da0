"""``anime doctor``: whether a stack can be deployed, whether one that is deployed is well, and what to do."""

import re
from typing import Annotated

import typer

from cli.context import FAILED, options, project_root, reporting
from cli.errors import UsageError

_STACK = re.compile(r"^[a-z][a-z0-9-]{0,15}$")
"""As in ``components.site``; it becomes part of file names here."""


@reporting
def doctor(
    context: typer.Context,
    probe: Annotated[
        bool, typer.Option("--probe", help="Also make one real call of the embedding model, by a search if deployed.")
    ] = False,
) -> None:
    """Look at credentials, tools, quotas, access and the deployed stack; fails if something is missing."""
    from cli.doctor.diagnosis import World, diagnose
    from cli.doctor.findings import State, worst
    from cli.doctor.rendering import show

    chosen = options(context)
    if not _STACK.fullmatch(chosen.stack):
        raise UsageError(f"no name of a stack: {chosen.stack}")
    chosen.out.progress(f"looking at {chosen.stack}")
    found = diagnose(chosen.stack, region=chosen.region, probe=probe, world=World(root=project_root()))
    chosen.out.result(found.as_json)
    show(chosen.out, found)
    if worst(found.findings) is State.MISSING:
        raise typer.Exit(FAILED)
