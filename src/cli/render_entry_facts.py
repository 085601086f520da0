"""The facts of an entry in rows: what it is, and what else is known of it. Long lists are counted and sampled."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

from cli.render_words import (
    count,
    counts,
    day_or_instant,
    joined,
    latin_first,
    minutes,
    moment,
    plain_name,
    sample,
    short,
    weekly,
)

Row = tuple[str, Any]
Stored = Mapping[str, Any]

_LONGEST_SYNOPSIS: Final = 1200
_LONGEST_BACKGROUND: Final = 300
_SHORT_LIST: Final = 12
_VERSIONS: Final = (("", "original"), ("sub_", "sub"), ("dub_", "dub"))
"""Prefixes of the fields of a delay, and whose delay it is."""
_OF_TIME: Final = {"jpn_time": "original", "sub_time": "sub", "dub_time": "dub"}


def what_it_is(stored: Stored, now: datetime) -> list[Row]:
    """What a reader asks first."""
    rows: list[Row] = [
        ("English", stored.get("title_english")),
        ("Japanese", stored.get("title_japanese")),
        ("other titles", sample(latin_first(stored.get("synonyms", [])))),
        ("type", stored.get("type")),
        ("status", stored.get("status")),
        ("in no release", _orphaned(stored)),
        ("episodes", _episodes(stored)),
        ("next episode", _next_episode(stored, now)),
        ("delay", _delay(stored.get("delay_information", {}))),
        ("aired", _aired(stored.get("aired_dates", {}))),
        ("season", _season(stored)),
        ("duration", minutes(stored["duration"]) if stored.get("duration") else None),
        ("score", _score(stored)),
        ("genres", sample(stored.get("genres", []), _SHORT_LIST)),
        ("themes", sample([theme["name"] for theme in stored.get("themes", [])])),
        ("demographics", sample(stored.get("demographics", []))),
        ("content warnings", sample(stored.get("content_warnings", []), _SHORT_LIST)),
        ("rating", stored.get("rating")),
        ("for adults only", {True: "yes", False: "no"}.get(stored.get("nsfw", ""))),
        ("studios", _names(stored, "studios")),
        ("source material", stored.get("source_material")),
        ("country", stored.get("country_of_origin")),
        ("synopsis", short(stored.get("synopsis") or "", _LONGEST_SYNOPSIS)),
    ]
    return [row for row in rows if row[1]]


def what_else(stored: Stored) -> list[Row]:
    """What the entry has besides."""
    staff = stored.get("staff_data", {})
    rows: list[Row] = [
        ("more numbers", "\n".join(_more_numbers(stored))),
        ("tags", sample(_other_tags(stored), 2 * _SHORT_LIST)),
        ("background", short(stored.get("background") or "", _LONGEST_BACKGROUND)),
        ("producers", _names(stored, "producers")),
        ("licensors", _names(stored, "licensors")),
        ("premieres", _moments(stored.get("premiere_dates", {}))),
        ("broadcast", _broadcast(stored.get("broadcast", {}))),
        ("weekly times", _weekly_times(stored.get("broadcast_schedule", {}))),
        ("renumbered weeks", "\n".join(_overrides(stored.get("episode_overrides", {})))),
        ("episodes listed", _span(stored.get("episode_details", []))),
        ("characters", _characters(stored.get("characters", []))),
        ("staff", _people(staff.get("production_staff", {}), "kind of work", "kinds of work")),
        ("voices", _people(staff.get("voice_actors", {}), "language", "languages")),
        ("relations", _relations(stored)),
        ("images", _images(stored)),
        *_bookkeeping(stored),
    ]
    return [row for row in rows if row[1]]


def _bookkeeping(stored: Stored) -> Iterator[Row]:
    made = stored.get("enrichment_metadata", {})
    yield "locked by a person", "\n".join(stored.get("locked_fields", []))
    told = [
        f"as of {moment(made['enriched_at'])}" if "enriched_at" in made else "",
        made.get("error_message"),
        f"written by {stored['last_saga']}" if stored.get("last_saga") else "",
    ]
    yield "enriched", joined(told) if stored.get("enriched") or made else "never"
    missing = [url for url in stored.get("offered_sources") or [] if url not in stored.get("sources", [])]
    yield "offered by a release, not a source", "\n".join(missing)


def _orphaned(stored: Stored) -> str:
    if "orphaned_at" in stored:
        return f"since {moment(stored['orphaned_at'])}"
    return "any more" if stored.get("system_status") == "ORPHANED" else ""


def regular(episodes: Sequence[Stored]) -> list[Stored]:
    """Without specials, whose numbers begin with a letter."""
    return [one for one in episodes if one["episode_number"][:1].isdigit()]


def airs_next(stored: Stored, now: datetime) -> Stored | None:
    """Of an anime that still airs, the first episode whose time has not come, or whose day is not over in Japan."""
    if stored.get("status") not in {"ONGOING", "UPCOMING"}:
        return None
    coming = [
        (at, one) for one in regular(stored.get("episode_details", [])) if (at := _end(one.get("aired"))) and at > now
    ]
    return min(coming, key=lambda pair: pair[0])[1] if coming else None


def _end(aired: Any) -> datetime | None:
    from domain.airing import JST  # costs the models, which `anime --help` does not need

    at = day_or_instant(aired)
    return datetime.combine(at, time.max, JST) if at is not None and not isinstance(at, datetime) else at


def _next_episode(stored: Stored, now: datetime) -> str | None:
    found = airs_next(stored, now)
    if found is None:
        return "nobody says when" if stored.get("status") == "ONGOING" else None
    return f"{found['episode_number']}: {_in_zones(day_or_instant(found['aired']))}"


def _in_zones(at: date | None) -> str:
    """A moment in UTC, in Japan, and here where that is another time."""
    if not isinstance(at, datetime):
        return f"{at:%a %Y-%m-%d} in Japan"
    from domain.airing import JST

    zones = [(at.astimezone(JST), "in Japan"), (at.astimezone(), "here")]
    known = {at.astimezone(UTC).utcoffset()}
    told = [f"{at.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC"]
    for there, name in zones:
        if there.utcoffset() not in known:
            known.add(there.utcoffset())
            told.append(f"{there:%a %H:%M} {name}")
    return ", ".join(told)


def _episodes(stored: Stored) -> str:
    return str(stored["episodes"]) if stored.get("episodes") else "not known"


def _delay(delay: Stored) -> str:
    told = []
    for prefix, version in _VERSIONS:
        begin, end = (delay.get(f"{prefix}delayed_{side}") for side in ("from", "until"))
        if begin or end:
            until = f"until {moment(end)}" if end else "until further notice"
            told.append(f"{version}: {f'from {moment(begin)} ' if begin else ''}{until}")
    if not told and delay.get("delayed_timetable"):
        told.append("yes")
    return "\n".join([*told, *([delay["delay_reason"]] if told and delay.get("delay_reason") else [])])


def _aired(aired: Stored) -> str:
    return aired.get("string") or " to ".join(moment(aired[end]) for end in ("from", "to") if end in aired)


def _season(stored: Stored) -> str:
    month = f"({stored['month']})" if stored.get("month") else ""
    return " ".join(str(part) for part in (stored.get("season"), stored.get("year"), month) if part)


def _score(stored: Stored) -> str:
    score = stored.get("score", {})
    if "arithmetic_geometric_mean" not in score:
        return ""
    others = ", ".join(
        f"{plain_name(name)} {score[name]:.2f}" for name in ("arithmetic_mean", "median") if name in score
    )
    return f"{score['arithmetic_geometric_mean']:.2f} (arithmetic-geometric mean of the catalogues; {others})"


def _more_numbers(stored: Stored) -> Iterator[str]:
    """What the table of numbers leaves out."""
    trends = stored.get("popularity_trends", {})
    found = stored.get("statistics", {})
    for name in dict.fromkeys((*found, *trends)):
        one = found.get(name, {})
        told = [
            count(len(one["contextual_ranks"]), "rank") if one.get("contextual_ranks") else "",
            "votes by score" if one.get("score_distribution") else "",
            "members by state" if one.get("status_distribution") else "",
            f"trend {trends[name]:,}" if name in trends else "",
        ]
        if any(told):
            yield f"{name}: {joined(told)}"


def _names(stored: Stored, kind: str) -> str:
    return sample([company["name"] for company in stored.get("staff_data", {}).get(kind, [])])


def _moments(times: Stored) -> str:
    return joined(f"{plain_name(name)} {moment(at)}" for name, at in times.items())


def _weekly_times(times: Stored) -> str:
    return joined(f"{_OF_TIME.get(name, name)} {weekly(at)}" for name, at in times.items())


def _other_tags(stored: Stored) -> list[str]:
    """What is told among genres, themes and the like is among the tags as well."""
    lists = (stored.get(name, []) for name in ("genres", "demographics", "content_warnings"))
    told = {name.casefold() for names in lists for name in names}
    told |= {theme["name"].casefold() for theme in stored.get("themes", [])}
    return [tag for tag in stored.get("tags", []) if tag.casefold() not in told]


def _broadcast(slot: Stored) -> str:
    return slot.get("string") or " ".join(str(slot[name]) for name in ("day", "time", "timezone") if name in slot)


def _overrides(overrides: Stored) -> Iterator[str]:
    for name, one in overrides.items():
        episode = f"episode {one['override_episode']}" if one.get("override_episode") else ""
        on = f"on {moment(one['override_date'])}" if "override_date" in one else ""
        aired = f"{one['episodes_aired']} at once" if one.get("episodes_aired") else ""
        if told := joined((f"{episode} {on}".strip(), aired)):
            yield f"{name.removesuffix('_override')}: {told}"


def _span(episodes: Sequence[Stored]) -> str:
    own = regular(episodes)
    specials = len(episodes) - len(own)
    parts = [
        f"{one['episode_number']} on {moment(one.get('aired') or 'a day not known')}" for one in own[:1] + own[-1:]
    ]
    told = f"{len(own):,} ({' … '.join(dict.fromkeys(parts))})" if own else ""
    return joined([told, count(specials, "special") if specials else ""])


def _characters(characters: Sequence[Stored]) -> str:
    pictured = sum(any(isinstance(image, str) for image in one.get("images", [])) for one in characters)
    return f"{len(characters):,} ({pictured:,} with an image of our own)" if characters else ""


def _people(groups: Mapping[str, Sequence[object]], one: str, more: str) -> str:
    people = sum(map(len, groups.values()))
    return f"{people:,} in {count(len(groups), one, more)}: {sample(counts(groups))}" if groups else ""


def _relations(stored: Stored) -> str:
    from domain.relations import joined as joined_relations

    pages, works = stored.get("related_anime", []), stored.get("relations", [])
    anime = f"{len(joined_relations(pages)):,} anime on {count(len(pages), 'page')}" if pages else ""
    return joined([anime, f"{count(len(works), 'page')} of other works" if works else ""])


def _images(stored: Stored) -> str:
    """Of all places in an entry where images stand, with how many were not to be had."""
    kinds = {kind: images for kind, images in stored.get("images", {}).items() if images}
    found = list(_image_values(stored))
    failed = sum(isinstance(image, Mapping) for image in found)
    named = joined(f"{kind} {len(images)}" for kind, images in kinds.items())
    return f"{len(found) - failed:,} of our own, {failed:,} failed" + (f"; {named}" if named else "") if found else ""


def _image_values(value: Any, name: str = "") -> Iterator[Any]:
    if isinstance(value, Mapping) and {"image_url", "error_message"} <= value.keys():
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _image_values(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _image_values(inner, name)
    elif isinstance(value, str) and name in _IMAGE_NAMES:
        yield value


_IMAGE_NAMES: Final = frozenset({"covers", "posters", "banners", "images", "thumbnails", "image", "thumbnail_url"})
"""Last names of ``domain.image_refs.IMAGE_PLACES``."""
