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
        out.text("the anime is being worked on; this is kept as pending and starts afterwards")
        return
    out.text(f"execution {result['execution']}: {result.get('status', 'started')}")
    if result.get("review_id"):
        out.text(f"waits for a decision: anime review show {result['review_id']}")


def hits(out: Output, found: Sequence[Mapping[str, Any]]) -> None:
    fields = ("title", "type", "year", "system_status", "anime_id")
    rows = [(f"{hit['score']:.3f}", *(hit.get(name) for name in fields)) for hit in found]
    out.table(None, ("score", "title", "type", "year", "", "id"), rows)


def entry(out: Output, found: Mapping[str, Any]) -> None:
    stored = found["entry"]
    out.text(f"{stored['title']}  ({stored['anime_id']}, revision {stored.get('revision', 0)})")
    _entry_table(out, stored)


PLAIN_FIELDS = (
    "title_english",
    "title_japanese",
    "type",
    "status",
    "episodes",
    "season",
    "year",
    "duration",
    "rating",
)


def _entry_table(out: Output, stored: Mapping[str, Any]) -> None:
    rows = [(name, stored[name]) for name in PLAIN_FIELDS if stored.get(name) is not None]
    rows += _list_rows(stored)
    rows += [(f"statistics: {name}", _numbers(values)) for name, values in stored.get("statistics", {}).items()]
    rows += [
        (f"from {catalogue}", ": ".join(filter(None, (source["status"], source.get("reason")))))
        for catalogue, source in _provenance(stored).items()
    ]
    rows.append(("sources", "\n".join(stored.get("sources", []))))
    rows.append(("synopsis", (stored.get("synopsis") or "")[:400]))
    out.table(None, ("", ""), [row for row in rows if row[1]])


def _list_rows(stored: Mapping[str, Any]) -> list[tuple[str, Any]]:
    episodes, characters = stored.get("episode_details", []), stored.get("characters", [])
    pictured = sum(any(isinstance(image, str) for image in c.get("images", [])) for c in characters)
    songs = [*stored.get("opening_themes", []), *stored.get("ending_themes", [])]
    images = [image for kind in stored.get("images", {}).values() for image in kind]
    own = sum(isinstance(image, str) for image in images)
    related, works = stored.get("related_anime", []), stored.get("relations", [])
    return [
        ("synonyms", _sample(stored.get("synonyms", []))),
        ("genres", _sample(stored.get("genres", []))),
        ("themes", _sample([theme["name"] for theme in stored.get("themes", [])])),
        ("episodes stored", f"{len(episodes)}{_episode_span(episodes)}"),
        ("characters", f"{len(characters)} ({pictured} with an image of our own)"),
        ("relations", f"{len(related)} anime, {len(works)} works"),
        ("theme songs", _sample([song["title"] for song in songs])),
        ("streaming", _sample([platform["platform"] for platform in stored.get("streaming_info", [])])),
        ("images", f"{own} of our own, {len(images) - own} failed"),
    ]


def _numbers(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items() if not isinstance(value, list | dict))


def _provenance(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """What each catalogue gave, by catalogue."""
    found: Mapping[str, Any] = stored.get("provenance", {}).get("catalogues", {})
    return found


def _sample(values: Sequence[object]) -> str:
    shown = ", ".join(map(str, values[:MANY]))
    return shown + (f" and {len(values) - MANY} more" if len(values) > MANY else "")


def _episode_span(episodes: Sequence[Mapping[str, Any]]) -> str:
    if not episodes:
        return ""
    first, last = episodes[0], episodes[-1]
    return f" ({first['episode_number']} on {first.get('aired')} … {last['episode_number']} on {last.get('aired')})"


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
        out.text("Proposed entry:")
        _entry_table(out, shown["proposed"])


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
    if described.get("error") or described.get("cause"):
        out.text(f"{described.get('error')}: {described.get('cause')}")
    out.table(None, ("entered", "state"), [(state["at"][11:23], state["state"]) for state in described["states"]])
