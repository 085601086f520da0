"""``anime bootstrap | sync | enrich | show | search | snapshot | restore | reconcile | redrive | schedule``."""

import re
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import operations as ops
from cli import render, render_entry
from cli.context import options, reporting
from cli.errors import CommandError, RemoteError, UsageError
from cli.session import Session

Sha = Annotated[str | None, typer.Option("--source-sha", help="Commit (or tag) that the file was made from.")]
Digest = Annotated[str | None, typer.Option("--sha256", help="Digest of the file as given, compressed.")]


SHA_FORM = re.compile(r"[A-Za-z0-9._-]{1,64}")
DIGEST_FORM = re.compile(r"[0-9a-f]{64}")


def _check_identity(source_sha: str | None, sha256: str | None) -> None:
    """A run is started without waiting for its answer, so what it would refuse has to be found here."""
    if source_sha is not None and not SHA_FORM.fullmatch(source_sha):
        raise UsageError("--source-sha takes 1 to 64 letters, digits, dots, hyphens and underscores")
    if sha256 is not None and not DIGEST_FORM.fullmatch(sha256):
        raise UsageError("--sha256 takes the 64 hexadecimal digits of the file's SHA-256, in lower case")


def _check_anime_id(text: str) -> None:
    from pydantic import TypeAdapter, ValidationError

    from models.ids import AnimeId

    try:
        TypeAdapter[str](AnimeId).validate_python(text)
    except ValidationError:
        about = "TEXT" if text.startswith("ani_") else shlex.quote(text)
        raise UsageError(f"{text} is not an id of an anime; `anime search {about}` finds ids") from None


@reporting
def bootstrap(
    context: typer.Context,
    enriched: Annotated[Path | None, typer.Option(help="An enriched database (JSON).")] = None,
    offline: Annotated[Path | None, typer.Option(help="A release of anime-offline-database (.jsonl.zst).")] = None,
    release: Annotated[str | None, typer.Option(help="A release's tag to download, or `latest`.")] = None,
    source_sha: Sha = None,
    sha256: Digest = None,
    images: Annotated[
        bool | None, typer.Option("--images/--no-images", help="Re-host images; on for --enriched, else off.")
    ] = None,
) -> None:
    """Fill the stores for the first time, or add what is missing; nothing is ever overwritten."""
    if sum(given is not None for given in (enriched, offline, release)) != 1:
        raise UsageError("give exactly one of --enriched FILE, --offline FILE and --release TAG")
    file = enriched or offline
    if file is not None and source_sha is None:
        raise UsageError("a file needs --source-sha SHA: the commit or tag of the release that it was made from")
    _check_identity(source_sha, sha256)
    chosen = options(context)
    result = ops.bootstrap(
        chosen.session(),
        chosen.out,
        kind="enriched" if enriched else "offline",
        file=file,
        source_sha=source_sha,
        sha256=sha256,
        release=release,
        images=bool(enriched) if images is None else images,
    )
    render.bootstrap(chosen.out, result)


@reporting
def sync(
    context: typer.Context,
    file: Annotated[Path | None, typer.Option(help="A release (.jsonl.zst) instead of a download.")] = None,
    source_sha: Sha = None,
    sha256: Digest = None,
    release: Annotated[str | None, typer.Option(help="A release's tag; without it the newest.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare and report; write nothing else.")] = False,
    accept_mass_change: Annotated[
        bool, typer.Option("--accept-mass-change", help="Write although implausibly much would change.")
    ] = False,
) -> None:
    """Compare a release with the database: start new anime, flag changes, mark vanished ones."""
    if file is not None and source_sha is None:
        raise UsageError("--file needs --source-sha SHA: the commit or tag of the release")
    if file is not None and release is not None:
        raise UsageError("give --file or --release, not both")
    _check_identity(source_sha, sha256)
    chosen = options(context)
    result = ops.sync(
        chosen.session(),
        chosen.out,
        file=file,
        source_sha=source_sha,
        sha256=sha256,
        release=release,
        dry_run=dry_run,
        accept_mass_change=accept_mass_change,
    )
    render.sync(chosen.out, result)


@reporting
def enrich(
    context: typer.Context,
    anime_id: str,
    mode: Annotated[
        str, typer.Option(metavar="[refresh|episode]", help="The whole anime anew, or one episode.")
    ] = "refresh",
    episode: Annotated[str | None, typer.Option(help="Episode number, for --mode episode.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Until the machine ends or waits for a review.")] = False,
) -> None:
    """Run the enrichment machine for one anime."""
    if mode not in {"refresh", "episode"}:
        raise UsageError(f"unknown mode {mode}; it is refresh or episode")
    if (mode == "episode") != (episode is not None):
        raise UsageError("--mode episode and --episode N go together")
    _check_anime_id(anime_id)
    chosen = options(context)
    session = chosen.session()
    event = {"anime_id": anime_id, "mode": mode, "episode_number": episode, "cause": ops.new_run_id()}
    result = _start_enrichment(session, event)
    if result["execution"] is None:
        result["behind"] = ops.execution_at_work(session, anime_id)
    elif wait:
        result |= ops.wait_for_end_or_review(session, chosen.out, result["execution"])
    render.enrich(chosen.out, result)
    if wait and result["execution"] is None:
        raise CommandError("--wait did not wait: this enrichment has not begun, and starts when the other one is over")
    if result.get("status") not in {None, "RUNNING", "SUCCEEDED"}:
        reason = f": {result['reason']}" if result.get("reason") else ""
        raise CommandError(f"the execution ended {result['status']}{reason}")


def _start_enrichment(session: Session, event: dict[str, Any]) -> dict[str, Any]:
    try:
        started: dict[str, Any] = session.invoke("enrich", event)
    except RemoteError as error:
        if error.kind == "NotFound":
            raise CommandError(f"no anime {event['anime_id']}; `anime search TEXT` finds ids") from None
        raise
    return started


@reporting
def show(context: typer.Context, anime_id: str) -> None:
    """Print an entry; --json prints it whole."""
    _check_anime_id(anime_id)
    chosen = options(context)
    entry = ops.show(chosen.session(), anime_id)
    chosen.out.result(entry)
    render_entry.entry(chosen.out, entry)


@reporting
def search(
    context: typer.Context,
    text: str,
    include_orphaned: Annotated[bool, typer.Option("--include-orphaned", help="Orphaned anime too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
) -> None:
    """Find anime by what they are about."""
    chosen = options(context)
    hits = ops.search(chosen.session(), text, include_orphaned=include_orphaned, limit=limit)
    chosen.out.result({"text": text, "hits": hits})
    render.hits(chosen.out, hits)


@reporting
def snapshot(context: typer.Context) -> None:
    """Write a portable snapshot of the whole database, with vectors."""
    chosen = options(context)
    result = ops.simple_run(
        chosen.session(), chosen.out, kind="snapshot", task="create_database_snapshot", title="snapshot"
    )
    chosen.out.result(result)
    render.facts(chosen.out, "Snapshot", result)


@reporting
def restore(context: typer.Context, snapshot_time: Annotated[str, typer.Argument(metavar="SNAPSHOT")]) -> None:
    """Rebuild this stack's empty stores from a snapshot: a <time> under snapshots/, or a folder with a local copy."""
    chosen = options(context)
    session = chosen.session()
    copy = Path(snapshot_time)
    if copy.is_dir():
        snapshot_time = ops.upload_snapshot(session, chosen.out, copy)
    elif not ops.SNAPSHOT_NAME.fullmatch(snapshot_time):
        raise UsageError(f"{snapshot_time} is neither a time under snapshots/ nor a folder with a copy of a snapshot")
    result = ops.simple_run(
        session, chosen.out, kind="restore", task="restore_snapshot", title="restore", snapshot=snapshot_time
    )
    chosen.out.result(result)
    render.facts(chosen.out, "Restored", result)


@reporting
def reconcile(
    context: typer.Context, fix: Annotated[bool, typer.Option("--fix", help="Repair Qdrant from MongoDB.")] = False
) -> None:
    """Compare MongoDB and Qdrant."""
    chosen = options(context)
    result = ops.simple_run(
        chosen.session(), chosen.out, kind="reconcile", task="reconcile", title="reconcile", fix=fix
    )
    chosen.out.result(result)
    render.facts(chosen.out, "Reconcile", result)


@reporting
def redrive(context: typer.Context) -> None:
    """Finish or undo the commits in the dead-letter queue."""
    chosen = options(context)
    result = ops.simple_run(chosen.session(), chosen.out, kind="redrive", task="redrive", title="redrive")
    chosen.out.result(result)
    render.facts(chosen.out, "Redrive", result)


@reporting
def schedule(
    context: typer.Context,
    at: Annotated[str | None, typer.Option("--at", help="Begin of the 24 hours, ISO 8601; default now.")] = None,
) -> None:
    """Schedule the episodes that air in the next 24 hours, and start premieres and what fell silent."""
    chosen = options(context)
    result = chosen.session().invoke("daily_scheduler", {"at": at})
    chosen.out.result(result)
    render.facts(chosen.out, "Scheduled", result)


def register(app: typer.Typer) -> None:
    for command in (bootstrap, sync, enrich, show, search, snapshot, restore, reconcile, redrive, schedule):
        app.command()(command)
