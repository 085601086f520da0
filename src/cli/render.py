"""How results look to people. Every function takes the object that ``--json`` prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.output import Output
from cli.render_entry import proposal

SYNC_FIGURES = (
    ("entries", "entries in the release"),
    ("new", "new anime"),
    ("started", "of them started"),
    ("pending", "of them still waiting to be started"),
    ("unchanged", "unchanged"),
    ("changed", "changed in some way"),
    ("status_flagged", "status differs: to review"),
    ("episodes_flagged", "more episodes offered: to review"),
    ("episodes_fewer", "fewer episodes offered: left alone"),
    ("moved", "source URLs moved"),
    ("resurrected", "returned"),
    ("orphaned", "vanished: marked orphaned"),
    ("conflicts", "conflicts: to review"),
)
MANY = 8
BOOKKEEPING = frozenset({"provenance", "enrichment_metadata", "revision", "last_saga"})


def bootstrap(out: Output, result: Mapping[str, Any]) -> None:
    out.result(result)
    facts(out, "Bootstrap", result)


def sync(out: Output, result: Mapping[str, Any]) -> None:
    out.result(result)
    if result.get("message"):
        out.text(str(result["message"]))
    rows = [(text, result[name]) for name, text in SYNC_FIGURES if name in result]
    title = f"Sync with {result.get('release')}" + (" (dry run: nothing was written)" if result.get("dry_run") else "")
    out.table(title, ("", ""), rows)
    out.text(f"members of each figure: {result.get('report')}")


def facts(out: Output, title: str, result: Mapping[str, Any]) -> None:
    """Plain figures of a result; long lists become their length."""
    rows = []
    for name, value in result.items():
        if isinstance(value, Mapping):
            rows += [(f"{name} {key}".replace("_", " "), _short(inner)) for key, inner in value.items()]
        else:
            rows.append((name.replace("_", " "), _short(value)))
    out.table(title, ("", ""), rows)


def _short(value: object) -> str:
    if isinstance(value, list):
        return f"{len(value)}" if len(value) > MANY else ", ".join(map(str, value)) or "none"
    return "-" if value is None else str(value)


def enrich(out: Output, result: Mapping[str, Any]) -> None:
    out.result(result)
    if result["execution"] is None:
        out.text("the anime is being worked on; this is kept as pending and starts afterwards")
        return
    out.text(f"execution {result['execution']}: {result.get('status', 'started')}")
    if result.get("review_id"):
        out.text(f"waits for a decision: anime review show {result['review_id']}")


def hits(out: Output, found: Sequence[Mapping[str, Any]]) -> None:
    fields = ("title", "type", "year", "system_status", "anime_id")
    rows = [(f"{hit['score']:.3f}", *(hit.get(name) for name in fields)) for hit in found]
    out.table(None, ("score", "title", "type", "year", "", "id"), rows)


def reviews(out: Output, found: Sequence[Mapping[str, Any]]) -> None:
    rows = [
        (review["review_id"], ",".join(review["kinds"]), review["title"], _flags(review), review["created_at"][:19])
        for review in found
    ]
    out.table(None, ("id", "kind", "title", "what", "since"), rows)
    out.text(f"{len(found)} reviews")


def _flags(review: Mapping[str, Any]) -> str:
    return "; ".join(f"{flag['field']}: {flag['stored']} -> {flag['offered']}" for flag in review.get("flags", []))


def review(out: Output, shown: Mapping[str, Any]) -> None:
    document = shown["review"]
    out.text(f"{document['title']}: {', '.join(document['kinds'])}, {document['state']} ({document['review_id']})")
    if document["flags"]:
        out.table(
            "What the release says",
            ("field", "ours", "offered"),
            [(flag["field"], flag["stored"], flag["offered"]) for flag in document["flags"]],
        )
    if shown.get("proposed"):
        changed = [name for name in shown["changed"] if name not in BOOKKEEPING]
        if shown.get("base"):
            out.text(f"changes: {', '.join(changed) or 'nothing'}")
        out.text("Proposed entry:")
        proposal(out, shown["proposed"])


def decisions(out: Output, results: Sequence[Mapping[str, Any]]) -> None:
    out.table(
        None,
        ("id", "title", "verdict"),
        [(item["review_id"], item["title"], item["decision"]["verdict"]) for item in results[:50]],
    )
    out.text(f"{len(results)} decided")


def executions(out: Output, rows: Sequence[Mapping[str, Any]]) -> None:
    out.table(
        None,
        ("name", "machine", "status", "started"),
        [(row["name"], row["machine"], row["status"], row["started"][:19]) for row in rows],
    )


def execution(out: Output, described: Mapping[str, Any]) -> None:
    out.text(f"{described['name']}: {described['status']}")
    if described.get("reason"):
        out.text(described["reason"])
    out.table(None, ("entered", "state"), [(state["at"][11:23], state["state"]) for state in described["states"]])
