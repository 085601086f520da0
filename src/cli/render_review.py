"""How reviews look to people. Every function takes the object that ``--json`` prints."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cli.output import Output
from cli.render_changes import changes, of_substance
from cli.render_entry import proposal
from cli.render_provenance import catalogues_table
from cli.render_words import count, moment, plain_name, sample

ONLY_BOOKKEEPING: Final = "only dates and origins"
_MOST_DECIDED: Final = 50
_MOST_FIELDS: Final = 3
"""So many changed fields are named in a list of reviews."""

Shown = Mapping[str, Any]


def reviews(out: Output, found: Sequence[Shown]) -> None:
    rows = [
        (review["review_id"], ",".join(review["kinds"]), review["title"], what(review), review["created_at"][:19])
        for review in found
    ]
    out.table(None, ("id", "kind", "title", "what", "since"), rows)
    out.text(count(len(found), "review"))


def what(review: Shown) -> str:
    """What is to be decided, in a few words."""
    flags = [f"{flag['field']}: {flag['stored']} -> {flag['offered']}" for flag in review["flags"]]
    if flags:
        return "; ".join(flags)
    changed = review.get("changed")
    told = [f"episode {review['episode_number']}"] if review.get("episode_number") else []
    if changed is not None and not of_substance(changed):
        told.append(ONLY_BOOKKEEPING)
    elif changed is not None and not told:
        fields = of_substance(changed)
        told.append(", ".join(map(plain_name, fields)) if len(fields) <= _MOST_FIELDS else f"{len(fields)} fields")
    return ", ".join(told)


def review(out: Output, shown: Shown) -> None:
    document = shown["review"]
    out.line(f"{_title(document)}: {', '.join(document['kinds'])}, {document['state']} ({document['review_id']})")
    if document.get("decision"):
        out.line(f"{decided(document)} by {document['decision']['by']}")
    if document["flags"]:
        out.table(
            "What the release says",
            ("field", "ours", "offered"),
            [(flag["field"], flag["stored"], flag["offered"]) for flag in document["flags"]],
        )
    if not shown.get("proposed"):
        return
    if shown.get("base"):
        fields = of_substance(shown["changed"])
        if not fields and not document["flags"]:
            _nothing_new(out, shown)
            return
        rows = [] if out.as_json else changes(shown["base"], shown["proposed"], fields)
        if rows:
            out.table("What would change: + added, - removed, ~ changed", ("field", "stored -> proposed"), rows)
        else:
            out.text("the proposed entry changes nothing by itself")
    out.text("Proposed entry:")
    proposal(out, shown["proposed"])


def _title(document: Shown) -> str:
    number = document.get("episode_number")
    return f"{document['title']}, episode {number}" if number else str(document["title"])


def _nothing_new(out: Output, shown: Shown) -> None:
    """Who was asked is told all the same: one that failed may be why nothing is new."""
    told = sample([plain_name(name) for name in shown["changed"]])
    out.text(f"nothing changes but bookkeeping, which is when and whence the values came ({told or 'not even that'})")
    out.line(f"the entry itself: anime show {shown['review']['anime_id']}")
    if not out.as_json:
        catalogues_table(out, shown["proposed"])


def decided(document: Shown) -> str:
    """``approved 2026-11-21 01:00 UTC``."""
    decision = document["decision"]
    return f"{decision['verdict']} {moment(decision['at'])}"


def decisions(out: Output, results: Sequence[Shown]) -> None:
    """``already``: it was decided before, and the same decision was only sent again."""
    out.table(
        None,
        ("id", "title", "verdict"),
        [
            (item["review_id"], item["title"], f"already {decided(item)}" if item.get("already") else _verdict(item))
            for item in results[:_MOST_DECIDED]
        ],
    )
    for item in results:
        for name, told in (("locked", "locked, so that no later run changes it"), ("unlocked", "no longer locked")):
            if item.get(name):
                out.line(f"{told}: {', '.join(item[name])}")
    before = sum(bool(item.get("already")) for item in results)
    out.text(f"{len(results) - before} decided" + (f", {before} decided before" if before else ""))


def _verdict(item: Shown) -> str:
    return str(item["decision"]["verdict"])
