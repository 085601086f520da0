"""The main job, end to end, on the samples: what ``anime demo`` runs against a stack of its own.

Every step goes through the deployed functions and machines by the AWS API, exactly as the single commands do.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cli import operations as ops
from cli import render_review
from cli.errors import CommandError
from cli.output import Output
from cli.session import Session
from models.ids import mint_anime_id

FIRST_RELEASE: Final = "2026-04"
SECOND_RELEASE: Final = "2026-05"
COWBOY_BEBOP: Final = "https://myanimelist.net/anime/1"
SEARCH: Final = "bounty hunters in space"
NEXT_STEPS: Final = (
    ("make dev", "the same stack, kept running until Ctrl-C"),
    ("source .venv/bin/activate", "in a second terminal: puts `anime` on the PATH"),
    ("anime bootstrap --offline FILE --source-sha SHA", "fill it with a whole release, or with the samples"),
    ("anime review list", "decide what waits for a person"),
    ("anime --help", "everything else"),
)


@dataclass(frozen=True, kw_only=True)
class Samples:
    folder: Path

    @property
    def enriched(self) -> Path:
        return self.folder / "enriched" / "enriched_anime_database.json"

    def release(self, name: str) -> Path:
        return self.folder / "releases" / f"{name}.jsonl.zst"

    def digest(self, name: str) -> str:
        """SHA-256 of the release's compressed file."""
        described = json.loads((self.folder / "releases" / "releases.json").read_text())
        return str(described[name]["compressed_sha256"])


def run(session: Session, out: Output, samples: Samples, *, interactive: bool) -> dict[str, Any]:
    """Returns the figures of every step.

    Raises:
        CommandError: a step failed or did not give what the samples promise.
    """
    results: dict[str, Any] = {}
    out.step("1/6  bootstrap: 28 enriched entries with their images, then the rest of the first release")
    results["bootstrap_enriched"] = _bootstrap(session, out, "enriched", samples.enriched, images=True)
    first = samples.release(FIRST_RELEASE)
    results["bootstrap_offline"] = _bootstrap(session, out, "offline", first, sha256=samples.digest(FIRST_RELEASE))
    out.step("2/6  sync: compare the next release, start what is new, flag what differs")
    results["sync"] = _sync(session, out, samples)
    out.step("3/6  enrichment: Cowboy Bebop through the machine, up to the review")
    review = _proposal(session, out, results["sync"])
    out.step("4/6  review and commit")
    results["review"] = _review(session, out, review, interactive=interactive)
    out.step("5/6  snapshot, and a comparison of both stores")
    results["snapshot"] = ops.simple_run(
        session, out, kind="snapshot", task="create_database_snapshot", title="snapshot"
    )
    results["reconcile"] = ops.simple_run(session, out, kind="reconcile", task="reconcile", title="reconcile")
    out.step(f"6/6  search: {SEARCH}")
    results["search"] = ops.search(session, SEARCH, include_orphaned=False, limit=3)
    _check(results)
    _summary(out, results)
    return results


def _bootstrap(
    session: Session, out: Output, kind: str, file: Path, *, sha256: str | None = None, images: bool = False
) -> dict[str, Any]:
    return ops.bootstrap(
        session,
        out,
        kind=kind,
        file=file,
        source_sha=FIRST_RELEASE,
        sha256=sha256,
        release=None,
        images=images,
    )


def _sync(session: Session, out: Output, samples: Samples) -> dict[str, Any]:
    return ops.sync(
        session,
        out,
        file=samples.release(SECOND_RELEASE),
        source_sha=SECOND_RELEASE,
        sha256=samples.digest(SECOND_RELEASE),
        release=None,
        dry_run=False,
        accept_mass_change=False,
    )


def _proposal(session: Session, out: Output, synced: Mapping[str, Any]) -> dict[str, Any]:
    """The review of the one new anime, once its execution asks for it."""
    if synced["started"] != 1:
        raise CommandError(f"the sync started {synced['started']} anime instead of 1; see {synced['report']}")
    anime_id = mint_anime_id(COWBOY_BEBOP)
    running = [row for row in ops.list_executions(session, status=None, limit=200) if f"new-{anime_id}" in row["name"]]
    if not running:
        raise CommandError(f"no execution for {anime_id} was started")
    name = str(running[0]["name"])
    waited = ops.wait_for_end_or_review(session, out, name)
    if waited["review_id"] is None:
        raise CommandError(f"execution {name} ended {waited['status']}{ops.execution_reason(session, name)}")
    return ops.show_review(session, waited["review_id"])


def _review(session: Session, out: Output, shown: Mapping[str, Any], *, interactive: bool) -> dict[str, Any]:
    render_review.review(out, shown)
    document = shown["review"]
    if interactive and not _confirmed():
        decided = ops.decide(
            session, document["review_id"], verdict="rejected", sha256=document["sha256"], reason="declined in the demo"
        )
    else:
        out.progress("approving the entry as proposed")
        decided = ops.decide(session, document["review_id"], verdict="approved", sha256=document["sha256"])
    ended = ops.wait_for_execution(session, out, str(document["execution"]))
    if ended["status"] != "SUCCEEDED":
        reason = ops.execution_reason(session, str(document["execution"]))
        raise CommandError(f"the execution ended {ended['status']}{reason}")
    return {
        "review_id": document["review_id"],
        "anime_id": document["anime_id"],
        "execution": document["execution"],
        "verdict": decided["decision"]["verdict"],
        "episodes": len(shown["proposed"]["episode_details"]),
        "characters": len(shown["proposed"]["characters"]),
    }


def _confirmed() -> bool:
    import typer

    return typer.confirm("Approve this entry?", err=True)


def _check(results: Mapping[str, Any]) -> None:
    if results["reconcile"]["differences"]:
        raise CommandError(f"the stores differ: {results['reconcile']}")
    if results["review"]["verdict"] != "approved":
        return
    found = results["search"]
    if not found or found[0]["anime_id"] != results["review"]["anime_id"]:
        raise CommandError(f"the search for {SEARCH!r} does not find Cowboy Bebop first")


def _summary(out: Output, results: Mapping[str, Any]) -> None:
    enriched, offline = results["bootstrap_enriched"], results["bootstrap_offline"]
    synced, review = results["sync"], results["review"]
    rows = [
        ("bootstrap", f"{enriched['loaded']} enriched entries and {offline['loaded']} of the first release loaded"),
        ("images", f"{enriched['images_stored']} re-hosted, {enriched['images_failed']} placeholders"),
        ("sync", f"{synced['entries']} entries compared: {synced['new']} new, {synced['changed']} changed"),
        ("", f"{synced['status_flagged'] + synced['episodes_flagged']} differences wait for a review"),
        ("", f"{synced['resurrected']} returned, {synced['orphaned']} vanished and marked, {synced['moved']} moved"),
        (
            "review",
            f"Cowboy Bebop {review['verdict']}: {review['episodes']} episodes, {review['characters']} characters",
        ),
        ("stores", f"{results['reconcile']['differences']} differences between MongoDB and Qdrant"),
        ("snapshot", str(results["snapshot"]["snapshot"])),
        ("search", f"“{SEARCH}” finds {results['search'][0]['title'] if results['search'] else 'nothing'}"),
    ]
    out.table("What changed", ("", ""), rows)
    out.table("What to try next", ("", ""), NEXT_STEPS)
