"""The proposed entry: what the stages found, on top of what is stored, checked strictly.

Rules:

* What a catalogue offers now replaces what is stored; what no catalogue offers any more stays. Episodes, characters
  and other items of lists are merged one by one, so a catalogue that is down takes nothing away. Nor does a word
  that is believed less replace what it said (``domain.absent``).
* What a person locked (``domain.locks``) stays as it is, whatever is offered.
* The release fills gaps only.
* The fields that the weekly comparison owns are the stored ones; the sources are those of both sides.
* What was to come is taken back when nobody says it any more, and what has aired is not to come again
  (``domain.forecasts``).
* ``episode`` mode changes one episode of the stored entry, when the next one airs, and nothing else but where that came
  from.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from domain.absent import Absent, with_names_of_characters
from domain.airing import broadcast_slot
from domain.derive import derive_entry
from domain.episode_numbers import number_order
from domain.forecasts import Forecasts
from domain.image_refs import ImageResults, as_image, replaced, settled, source_url
from domain.known_ids import identified_characters, identified_episodes, still_apart
from domain.known_people import KnownPeople, people_of
from domain.laying_over import Key, keys_of, over
from domain.locks import is_locked, kept
from domain.origins import Sides, origins, origins_of_episodes
from domain.provenance import (
    NOTED,
    last_fetched,
    merged_provenance,
    noted_for_reviewers,
    noted_origins,
    of_one_episode,
    with_new_catalogues,
)
from domain.shares import renumbered
from domain.stages import values
from models.anime import STORE_FIELDS, SYNC_OWNED_FIELDS, AnimeEntry, Provenance, check_entry, dump_entry
from models.errors import InvalidEntry, NotFound
from models.events import EnrichmentSubject, Mode, Stage
from models.ids import canonical_number, normalise_sources
from models.offline import read_offline

Part = dict[str, Any]

_NO_INFORMATION: Final = {"type": "UNKNOWN", "status": "UNKNOWN", "episodes": 0}
"""What an entry must say although nobody knows it; such values give way to any other."""

_TITLES: Final = ("title", "title_english", "title_japanese")

_RELEASED: Final = (
    "title",
    "type",
    "status",
    "episodes",
    "season",
    "year",
    "duration",
    "synonyms",
    "tags",
    "staff_data",
    "related_anime",
    "score",
    "offered_sources",
)
"""What is taken from the line of a release. Its picture is one of the catalogues'."""


_GIVEN: Final = "given"
"""Under this name, while they get their ids, characters hold at which places the stage had them."""


def assemble(
    *,
    parts: Mapping[Stage, Mapping[str, Any]],
    images: ImageResults,
    subject: EnrichmentSubject,
    base: AnimeEntry | None,
    provenance: Provenance,
    mode: Mode,
    episode_number: str | None = None,
    at: datetime | None = None,
) -> AnimeEntry:
    """``at``: when the catalogues were asked, which tells what is to come from what has aired; without it the time of
    their answers does.

    ``images``: by source URL, our own URL or a placeholder; a URL that is missing there becomes a placeholder.

    The same arguments give the same entry; the time of enrichment is that of the latest answer.

    Raises:
        InvalidEntry: the result is no valid entry; ``problems`` name the fields.
        NotFound: ``episode`` mode, and the anime is not stored, or no catalogue tells of the episode. One that is
            stored may wait for them, as long as they tell of the next.
    """
    offered = _joined_parts(parts, images)
    stored = dump_entry(base) if base is not None else {}
    before = replaced(stored, lambda image: _retried(image, images))
    told = noted_origins(parts)
    locked = stored.get("locked_fields", ())
    earlier = base.provenance if base is not None else Provenance()
    forecasts = Forecasts(
        before=earlier,
        now=provenance,
        after=at or last_fetched(provenance),
        slot=broadcast_slot(offered.get("broadcast") or stored.get("broadcast") or {}),
        locked=locked,
    )
    firsts, refused = forecasts.without_second_airings(
        before.get("episode_details", []), offered.get("episode_details", []), told
    )
    offered = {**offered, "episode_details": firsts} if firsts else offered
    if mode is not Mode.EPISODE:
        before = _without_forecasts(before, offered, forecasts)
        offered, told = _identified(before, offered, told, subject, locked)
    person = KnownPeople(people_of(offered), people_of(before)).key
    absent = Absent(
        before=earlier,
        told=told,
        now=provenance,
        keys=keys_of(person),
        slot=forecasts.slot,
        after=forecasts.after,
    )
    standing = absent.standing(before, offered)
    if mode is Mode.EPISODE:
        entry = _with_episode(before, standing, subject, episode_number, forecasts)
    else:
        entry = _enriched(before, standing, subject, locked, person)
    entry = _kept(entry, stored)
    if mode is not Mode.EPISODE and not is_locked(locked, "synonyms"):
        entry = _without_titles(entry, offered)
    is_episode = mode is Mode.EPISODE
    sides = Sides(
        offered=offered,
        told=told,
        stored=before,
        before=earlier,
        released={} if is_episode else _released(subject),
        answered=provenance,
        now=(with_new_catalogues if is_episode else merged_provenance)(earlier, provenance),
    )
    noted: Part = noted_for_reviewers(parts)
    noted["conflicts"] += refused
    if is_episode:
        number = canonical_number(str(episode_number))
        noted = {"conflicts": of_one_episode(earlier.conflicts, noted["conflicts"], number)}
        noted["fields"] = origins_of_episodes(entry, sides, number, locked=locked)
    else:
        noted["fields"] = origins(entry, sides, keys=keys_of(person), locked=locked)
    entry["provenance"] = dump_entry(sides.now.model_copy(update=noted))
    enriched_at = last_fetched(provenance)
    if enriched_at is not None:
        entry["enrichment_metadata"] = {
            "source": "multi-source",
            "enriched_at": values.days(enriched_at),
            "success": True,
        }
    return check_entry(entry)


def _joined_parts(parts: Mapping[Stage, Mapping[str, Any]], images: ImageResults) -> Part:
    """One mapping out of the stages' parts; stages that tell of the same mapping tell of different keys."""
    joined: Part = {}
    for stage in Stage:
        for name, value in settled(parts.get(stage, {}), images).items():
            if name in NOTED:
                continue
            known = joined.get(name)
            joined[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    return joined


def _retried(image: Any, images: ImageResults) -> Any:
    """A stored placeholder gives way to what the image is now."""
    return image if isinstance(image, str) else as_image(images.get(source_url(image) or ""), image)


def _identified(
    stored: Part, offered: Part, told: Part, subject: EnrichmentSubject, locked: Collection[str]
) -> tuple[Part, Part]:
    """What is offered, its episodes and characters with ids, and where it comes from."""
    anime_id = subject.anime_id
    listed = offered.get("characters", [])
    characters = identified_characters(
        anime_id,
        [{**one, _GIVEN: [at]} for at, one in enumerate(listed, 1)],
        stored.get("characters", []),
        joined=lambda first, second: {**over(second, first), _GIVEN: [*first[_GIVEN], *second[_GIVEN]]},
        locked=locked,
    )
    given = [one.pop(_GIVEN) for one in characters]
    episodes = identified_episodes(anime_id, offered.get("episode_details", []), stored.get("episode_details", []))
    named = [(listed[at - 1]["name"], one) for one, places in zip(characters, given, strict=True) for at in places]
    offered = with_names_of_characters(offered, named)
    identified = values.filled({**offered, "episode_details": episodes, "characters": characters})
    return identified, renumbered(told, "characters", list(zip(characters, given, strict=True)))


def _enriched(stored: Part, offered: Part, subject: EnrichmentSubject, locked: Collection[str], person: Key) -> Part:
    known_characters = stored.get("characters", [])
    if known_characters:
        stored = {**stored, "characters": still_apart(known_characters, offered.get("characters", []), locked)}
    released = _released(subject)
    entry = over(released, over(_informative(stored), offered, person), person)
    if "episode_details" in entry:
        entry["episode_details"] = _by_number(entry["episode_details"])
    return {
        "title": subject.title,
        **_NO_INFORMATION,
        **{name: value for name, value in entry.items() if name not in SYNC_OWNED_FIELDS | STORE_FIELDS},
        **_owned_by_others(stored, released),
        "anime_id": subject.anime_id,
        "sources": list(normalise_sources([*subject.sources, *stored.get("sources", ())])),
        "enriched": True,
    }


def _informative(part: Part) -> Part:
    return {name: value for name, value in part.items() if _NO_INFORMATION.get(name) != value}


def _by_number(episodes: list[Part]) -> list[Part]:
    return sorted(episodes, key=lambda episode: number_order(episode["episode_number"]))


def _without_titles(entry: Part, offered: Part) -> Part:
    """Without synonyms that are titles, such as a release lists; what is offered beside the very title stays."""
    titles, beside = _titles(entry), _titles(offered)
    meant = {name for name in offered.get("synonyms", ()) if values.folded(name) in beside}
    kept_names = [name for name in entry.get("synonyms", ()) if name in meant or values.folded(name) not in titles]
    return {**entry, "synonyms": kept_names}


def _titles(part: Part) -> set[str]:
    return {values.folded(part[name]) for name in _TITLES if name in part}


def _released(subject: EnrichmentSubject) -> Part:
    """What the line of the release says.

    Raises:
        InvalidEntry: the line is none of a release.
    """
    if subject.offered is None:
        return {}
    line = dump_entry(derive_entry(read_offline(orjson.dumps(subject.offered)), subject.anime_id))
    return _informative(values.filled({name: line.get(name) for name in _RELEASED}))


def _owned_by_others(stored: Part, released: Part) -> Part:
    """The sync's and the stores' fields as they are. The release that a new anime comes from is its first offer."""
    if stored:
        return {name: stored[name] for name in SYNC_OWNED_FIELDS | STORE_FIELDS if name in stored}
    return {"offered_sources": released["offered_sources"]} if "offered_sources" in released else {}


def _without_forecasts(
    stored: Part, offered: Part, forecasts: Forecasts, *, numbers: Collection[str] | None = None
) -> Part:
    """What is stored, without what was to come and nobody says now."""
    if "episode_details" not in stored:
        return stored
    known, told = stored["episode_details"], offered.get("episode_details", [])
    return {**stored, "episode_details": forecasts.still_said(known, told, numbers=numbers)}


def _with_episode(
    stored: Part, offered: Part, subject: EnrichmentSubject, number: str | None, forecasts: Forecasts
) -> Part:
    if not stored:
        raise NotFound(f"{subject.anime_id} is not stored, so no episode of it can be brought up to date")
    if number is None:
        raise InvalidEntry(["episode_number: needed to bring one episode up to date"])
    wanted = canonical_number(number)
    known, told = stored.get("episode_details", []), offered.get("episode_details", [])
    found = [episode for episode in told if episode["episode_number"] == wanted]
    coming = {one for one in map(forecasts.next_number, (known, told)) if one not in {None, wanted}}
    following = [
        {"episode_number": one["episode_number"], "aired": one["aired"]}
        for one in told
        if one["episode_number"] in coming and "aired" in one
    ]
    if not found and not (following and any(one["episode_number"] == wanted for one in known)):
        raise NotFound(f"no catalogue tells of episode {wanted} of {subject.anime_id}")
    left = _without_forecasts(stored, offered, forecasts, numbers=coming)
    changed = identified_episodes(subject.anime_id, [*found, *following], known)
    entry = over(left, {"episode_details": changed})
    return {**entry, "episode_details": _by_number(entry["episode_details"])}


def _kept(entry: Part, stored: Part) -> Part:
    """The entry with each locked place as it is stored."""
    result = kept(entry, stored, stored.get("locked_fields", ()))
    if "episode_details" in result:
        result["episode_details"] = _by_number(result["episode_details"])
    return result
