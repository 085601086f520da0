"""How results look to people. Every function takes the object that ``--json`` prints."""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.output import Output

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
        out.line(f"{_worked_on(result.get('behind'))}; this is kept as pending and starts afterwards")
        return
    out.line(f"execution {result['execution']}: {result.get('status', 'started')}")
    if result.get("review_id"):
        out.line(f"waits for a decision: anime review show {result['review_id']}")


def _worked_on(behind: Mapping[str, Any] | None) -> str:
    if behind is None:
        return "the anime is being worked on"
    if behind["review_id"] is None:
        return f"execution {behind['execution']} works on the anime"
    return f"execution {behind['execution']} waits for a decision (anime review show {behind['review_id']})"


def hits(out: Output, found: Sequence[Mapping[str, Any]]) -> None:
    fields = ("title", "type", "year", "system_status", "anime_id")
    rows = [(f"{hit['score']:.3f}", *(hit.get(name) for name in fields)) for hit in found]
    out.table(None, ("score", "title", "type", "year", "", "id"), rows)


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
