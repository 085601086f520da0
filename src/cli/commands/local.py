"""``anime local up | down | status | logs | tick``."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.context import interrupted, options, project_root, reporting
from cli.errors import CommandError, UsageError
from cli.output import Output

if TYPE_CHECKING:
    from local.logs import LogLine

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The local stack: the same program, applied to an emulator."
)

_SHOWN_BEFORE = frozenset({"time", "level", "function", "message", "request_id"})
_LEFT_OUT = _SHOWN_BEFORE | {"_aws"}
"""``_aws`` describes a line's figures to CloudWatch; the figures themselves are fields of the line."""

_FILLING = (
    "bootstrap --enriched samples/enriched/enriched_anime_database.json --source-sha 2026-04",
    "bootstrap --offline samples/releases/2026-04.jsonl.zst --source-sha 2026-04",
    "sync --file samples/releases/2026-05.jsonl.zst --source-sha 2026-05",
)
_LOOKING = (
    "search 'bounty hunters in space'     # finds ids",
    "show ANIME_ID",
    "enrich ANIME_ID --wait               # asks the catalogues, up to the review",
    "review list",
)
NOT_KEPT = "nothing is kept: the databases were emptied"


@app.command()
@reporting
def up(
    context: typer.Context,
    detach: Annotated[bool, typer.Option("--detach", help="Return when it is ready.")] = False,
    replay: Annotated[Path | None, typer.Option(help="Recorded answers of the catalogues; default samples/.")] = None,
    record: Annotated[Path | None, typer.Option(help="Ask the live catalogues, and record what they answer.")] = None,
    mongo_uri: Annotated[str | None, typer.Option(envvar="MONGO_URI", help="A MongoDB of your own.")] = None,
    redis_url: Annotated[str | None, typer.Option(envvar="REDIS_URL", help="A Redis of your own.")] = None,
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="Let those two be elsewhere.")] = False,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="A setting of the stack, as in Pulumi.*.yaml; lists and maps as JSON."
        ),
    ] = None,
) -> None:
    """Start the local stack, empty, and keep it running until Ctrl-C."""
    from local.control import start_detached, start_foreground
    from local.stack import StackOptions

    chosen = options(context)
    _require_local(chosen.stack)
    wanted = StackOptions(
        replay=replay,
        record=record,
        mongo_uri=mongo_uri,
        redis_url=redis_url,
        allow_remote=allow_remote,
        values=_settings(values or []),
    )
    with _local_errors(), _nothing_left():
        _check_settings(wanted.values, chosen.stack)
        if detach:
            status = start_detached(chosen.stack, root=project_root(), options=wanted, progress=chosen.out.progress)
            chosen.out.result(dict(status.description or {}))
            _greet(chosen.out)
        else:
            start_foreground(
                chosen.stack,
                root=project_root(),
                options=wanted,
                progress=chosen.out.progress,
                ready=lambda stack: _ready(chosen.out, stack.description),
            )
            chosen.out.progress(f"stopped; {NOT_KEPT}")


@app.command()
@reporting
def down(context: typer.Context) -> None:
    """Stop the local stack and drop everything it holds."""
    from local.control import stop

    chosen = options(context)
    _require_local(chosen.stack)
    with _local_errors():
        stopped = stop(chosen.stack, root=project_root())
    chosen.out.result({"stack": chosen.stack, "stopped": stopped})
    chosen.out.text(f"stopped; {NOT_KEPT}" if stopped else "the local stack was not running")


@app.command()
@reporting
def status(context: typer.Context) -> None:
    """Whether the local stack runs, and where."""
    from local.control import status as read_status

    chosen = options(context)
    _require_local(chosen.stack)
    with _local_errors():
        found = read_status(chosen.stack, root=project_root())
    description = dict(found.description or {})
    chosen.out.result({"stack": found.name, "state": found.state, "pid": found.pid, **description})
    rows = [("state", found.state), ("process", found.pid)]
    rows += [(name, description[name]) for name in ("aws_endpoint", "mongo_uri", "redis_url", "region") if description]
    chosen.out.table(f"Stack {found.name}", ("", ""), rows)


@app.command()
@reporting
def logs(
    context: typer.Context,
    execution: Annotated[str | None, typer.Option(help="Only of this execution.")] = None,
    anime_id: Annotated[str | None, typer.Option(help="Only of this anime.")] = None,
    function: Annotated[str | None, typer.Option(help="Only of this function.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more until Ctrl-C.")] = False,
) -> None:
    """What the functions logged, by time."""
    from local.logs import read_logs

    chosen = options(context)
    _require_local(chosen.stack)
    with _local_errors():
        for line in read_logs(
            name=chosen.stack,
            root=project_root(),
            execution=execution,
            anime_id=anime_id,
            function=function,
            follow=follow,
        ):
            typer.echo(json.dumps(line.fields) if chosen.out.as_json else _plain(line))


@app.command()
@reporting
def tick(
    context: typer.Context,
    at: Annotated[
        str | None, typer.Option("--at", help="Fire what is due until then (ISO 8601, UTC); default now.")
    ] = None,
) -> None:
    """Fire the stack's schedules that are due: they do not fire by themselves here."""
    from local.clock import tick as fire

    chosen = options(context)
    _require_local(chosen.stack)
    with _local_errors():
        fired = fire(_time(at), name=chosen.stack, root=project_root())
    chosen.out.result({"fired": [{"name": one.name, "due": one.due.isoformat()} for one in fired]})
    chosen.out.table("Fired", ("schedule", "due"), [(one.name, one.due.isoformat()) for one in fired])


def _plain(line: "LogLine") -> str:
    fields = " ".join(f"{name}={value}" for name, value in line.fields.items() if name not in _LEFT_OUT)
    return f"{line.time[11:23]} {line.level:8}{line.function}: {line.message} {fields}"


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"not a time: {text}; expected something like 2026-11-28T01:00:00Z") from None
    if found.tzinfo is None:
        raise UsageError(f"{text} has no time zone; write it with Z for UTC")
    return found


def _require_local(stack: str) -> None:
    if stack not in {"local", "demo"}:
        raise UsageError(f"`anime local` works on the local stack, not on {stack}")


def _settings(pairs: list[str]) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise UsageError(f"not a setting: {pair}; expected KEY=VALUE")
        values[name] = value
    return values


def _check_settings(values: Mapping[str, str | None], stack: str) -> None:
    from local.given_settings import refused

    problems = refused(values, name=stack, root=project_root())
    if problems:
        raise UsageError(f"{' '.join(f'--set {problem}' for problem in problems)} Lists and maps are given as JSON.")


@contextmanager
def _local_errors() -> Iterator[None]:
    from local.errors import LocalStackError

    try:
        yield
    except LocalStackError as error:
        raise CommandError(str(error)) from None


@contextmanager
def _nothing_left() -> Iterator[None]:
    """Around a start, which stops again what it started when it is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        raise interrupted("nothing is left running") from None


def _ready(out: Output, description: dict[str, Any]) -> None:
    out.result(description)
    _greet(out)
    out.text("Ctrl-C stops it and drops everything")


def _greet(out: Output) -> None:
    out.text("the local stack is ready, and empty. Fill it, for example:")
    for command in _FILLING:
        out.line(f"  anime {command}")
    out.text("then look into it:")
    for command in _LOOKING:
        out.line(f"  anime {command}")
