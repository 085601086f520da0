"""``anime review list | show | approve | reject``."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import operations as ops
from cli import render_review
from cli.context import Options, options, reporting
from cli.errors import CommandError, UsageError
from cli.session import Session

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Decide what waits for a person.")

BULK_KINDS = ("status", "episodes")


@app.command("list")
@reporting
def list_reviews(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="pending, decided or expired.")] = "pending",
    kind: Annotated[
        str | None, typer.Option(help="new, refresh, premiere, episode, status, episodes, conflict.")
    ] = None,
) -> None:
    """Reviews, oldest first."""
    chosen = options(context)
    reviews = list(ops.review_pages(chosen.session(), state=state, kind=kind))
    chosen.out.result({"state": state, "count": len(reviews), "reviews": reviews})
    render_review.reviews(chosen.out, reviews)


@app.command()
@reporting
def show(context: typer.Context, review_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """One review with the proposed entry; --json prints it whole."""
    chosen = options(context)
    shown = ops.show_review(chosen.session(), review_id)
    chosen.out.result(shown)
    render_review.review(chosen.out, shown)


@app.command()
@reporting
def approve(
    context: typer.Context,
    review_ids: Annotated[list[str] | None, typer.Argument(metavar="ID...")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All pending reviews of --kind.")] = False,
    kind: Annotated[str | None, typer.Option(help="status or episodes, with --all.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", exists=True, dir_okay=False, help="The edited entry (JSON), for one ID; its changes are locked."
        ),
    ] = None,
    unlock: Annotated[
        list[str] | None,
        typer.Option("--unlock", metavar="FIELD", help="A locked field that later runs may change again, for one ID."),
    ] = None,
) -> None:
    """Approve reviews, as proposed or edited."""
    chosen = options(context)
    if everything:
        if review_ids or file or unlock or kind not in BULK_KINDS:
            raise UsageError("--all goes with --kind status or --kind episodes, and nothing else")
        _approve_all(chosen, chosen.session(), kind)
        return
    if not review_ids:
        raise UsageError("name at least one review, or give --all --kind status|episodes")
    if (file is not None or unlock) and len(review_ids) != 1:
        raise UsageError("--file and --unlock change exactly one review")
    session = chosen.session()
    edited = _read_edit(file) if file is not None else None
    results = [_approve_one(session, review_id, edited, unlock or []) for review_id in review_ids]
    _show_decisions(chosen, results)


@app.command()
@reporting
def reject(
    context: typer.Context,
    review_id: Annotated[str, typer.Argument(metavar="ID")],
    reason: Annotated[str, typer.Option(help="Why; kept with the decision.")],
) -> None:
    """Reject a review."""
    chosen = options(context)
    session = chosen.session()
    shown = ops.show_review(session, review_id)["review"]
    _refuse_other(shown, "rejected")
    result = ops.decide(session, review_id, verdict="rejected", sha256=shown["sha256"], reason=reason)
    _show_decisions(chosen, [{**result, "already": shown["state"] == "decided"}])


def _approve_one(session: Session, review_id: str, edited: dict[str, Any] | None, unlock: list[str]) -> dict[str, Any]:
    # The version approved is the one shown now; the server refuses it if another one comes in between.
    shown = ops.show_review(session, review_id)
    review = shown["review"]
    _refuse_other(review, "approved")
    # One that is decided is sent all the same: an execution that never heard of the decision then does.
    result = ops.decide(session, review_id, verdict="approved", sha256=review["sha256"], edited=edited, unlock=unlock)
    locks = _locks(session, shown["proposed"], result) if edited is not None or unlock else {}
    return {**result, "already": review["state"] == "decided", **locks}


def _refuse_other(review: dict[str, Any], verdict: str) -> None:
    """Raises:
    CommandError: it was decided otherwise; says how and when.
    """
    if review["state"] == "decided" and review["decision"]["verdict"] != verdict:
        told = f"{render_review.decided(review)} by {review['decision']['by']}"
        raise CommandError(f"{review['review_id']} is decided already: {told}")


def _locks(session: Session, proposed: dict[str, Any] | None, result: dict[str, Any]) -> dict[str, list[str]]:
    """What the approval locked and unlocked, by the entry that was approved; nothing where that is gone."""
    key = result["decision"]["approved_key"]
    approved = session.read_json(key) if key else None
    if approved is None or proposed is None:
        return {}
    before, after = (entry.get("locked_fields", []) for entry in (proposed, approved))
    return {
        "locked": [path for path in after if path not in before],
        "unlocked": [path for path in before if path not in after],
    }


def _approve_all(chosen: Options, session: Session, kind: str) -> None:
    reviews = list(ops.review_pages(session, kind=kind))
    results, failures = [], []
    with chosen.out.waiting(f"approving {len(reviews)} reviews") as waiting:
        for number, review in enumerate(reviews, start=1):
            waiting.update(f"{number}/{len(reviews)}")
            try:
                results.append(ops.decide(session, review["review_id"], verdict="approved", sha256=review["sha256"]))
            except CommandError as error:
                failures.append(f"{review['review_id']}: {error}")
    _show_decisions(chosen, results)
    if failures:
        raise CommandError(f"{len(failures)} of {len(reviews)} could not be approved; first: {failures[0]}")


def _show_decisions(chosen: Options, results: list[dict[str, Any]]) -> None:
    anew = sum(not result.get("already") for result in results)
    chosen.out.result({"decided": anew, "reviews": results})
    render_review.decisions(chosen.out, results)


def _read_edit(file: Path) -> dict[str, Any]:
    try:
        edited = json.loads(file.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} is not JSON: {error}") from None
    if not isinstance(edited, dict):
        raise CommandError(f"{file} must hold one entry, a JSON object")
    return edited
