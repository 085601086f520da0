"""What is said of episodes to come, from the catalogues' answers to the entry, over several runs."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import airing
from domain.airing import AIRED_RULE, DELAY_RULE, NEXT_RULE
from domain.assemble import assemble
from domain.stages import run_stage
from domain.stages.priority import SHORT_NAMES
from models.anime import AnimeEntry, CatalogueProvenance, Provenance, check_entry, dump_entry
from models.errors import NotFound
from models.events import Catalogue, Mode, Stage
from models.vocabulary import ProvenanceStatus
from scripts.replayed import SUBJECT
from tests.support.commits import make_entry, make_episode

NOW = datetime(2026, 11, 23, tzinfo=UTC)  # a Monday
WEEK = timedelta(weeks=1)
SATURDAY_1_AM = {"day": "Saturdays", "time": "01:00", "timezone": "Asia/Tokyo", "string": "Saturdays at 01:00 (JST)"}
FRIDAY_16_UTC = datetime(2026, 11, 27, 16, tzinfo=UTC)
"""The first airing of that slot from now on."""

Answers = dict[str, Any]
"""By catalogue."""


def text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def mal(listed: dict[int, str], *, slot: dict[str, str] | None = None, **anime: Any) -> dict[str, Any]:
    about = {"status": "Currently Airing", "broadcast": slot or SATURDAY_1_AM, **anime}
    return {"anime": about, "episodes": [{"mal_id": number, "aired": day} for number, day in listed.items()]}


def anilist(moments: dict[int, datetime], status: str = "RELEASING") -> dict[str, Any]:
    edges = [{"node": {"episode": number, "airingAt": at.timestamp()}} for number, at in moments.items()]
    return {"anime": {"status": status, "airingSchedule": {"edges": edges}}}


def timetable(since: str | None = None, until: str | None = None, **anime: Any) -> dict[str, Any]:
    delay = {"delayedFrom": since, "delayedUntil": until or "0001-01-01T00:00:00Z"} if since else {}
    return {"anime": {"status": "Ongoing", **delay, **anime}}


def told(
    at: datetime | None = NOW,
    stage: Stage = Stage.EPISODES,
    base: AnimeEntry | None = None,
    **given: dict[str, Any],
) -> dict[str, Any]:
    answers = {Catalogue(name): kinds for name, kinds in given.items()}
    return run_stage(stage, answers, SUBJECT, at=at, stored=base)


def aired(part: dict[str, Any]) -> dict[str, str | None]:
    return {one["episode_number"]: one["aired"] for one in part.get("episode_details", []) if "aired" in one}


def conflicts(part: dict[str, Any], rule: str) -> list[dict[str, Any]]:
    return [one for one in part.get("provenance", {}).get("conflicts", []) if one["rule"] == rule]


def enriched(
    base: AnimeEntry | None,
    at: datetime,
    *,
    mode: Mode = Mode.REFRESH,
    number: str | None = None,
    failed: frozenset[str] = frozenset(),
    **given: dict[str, Any],
) -> AnimeEntry:
    """One run: the stages, and the entry that comes of them. ``failed``: catalogues that did not answer in full."""
    stages = (Stage.EPISODES,) if mode is Mode.EPISODE else tuple(Stage)
    asked = {
        SHORT_NAMES[Catalogue(name)]: CatalogueProvenance(
            status=ProvenanceStatus.OK, fetched_at=at, reason="a page is missing" if name in failed else None
        )
        for name in given
    }
    return assemble(
        parts={stage: told(at, stage, base, **given) for stage in stages},
        images={},
        subject=SUBJECT,
        base=base,
        provenance=Provenance(catalogues=asked),
        mode=mode,
        episode_number=number,
    )


def dates(entry: AnimeEntry) -> dict[str, Any]:
    return {one.episode_number: one.aired for one in entry.episode_details}


# ----------------------------------------------------------------------------------------------------- what has aired


def test_an_episode_that_aired_off_its_slot_keeps_its_date_and_the_next_number_follows() -> None:
    tuesday = {"day": "Tuesdays", "time": "23:00", "timezone": "Asia/Tokyo"}
    part = told(jikan=mal({6: "2026-11-17", 7: "2026-11-21"}, slot=tuesday))
    assert aired(part) == {"6": "2026-11-17", "7": "2026-11-21", "8": "2026-11-24T14:00:00Z"}


def test_who_counts_an_episode_again_that_has_aired_is_told_and_its_moment_is_the_next_ones() -> None:
    shown = timetable(jpnTime="2020-06-12T16:00:00Z", premier="2026-10-16T16:00:00Z")
    part = told(jikan=mal({7: "2026-11-14", 8: "2026-11-21"}), animeschedule=shown)
    assert aired(part)["8"] == "2026-11-21"
    assert aired(part)["9"] == text(FRIDAY_16_UTC)
    (conflict,) = conflicts(part, AIRED_RULE) or [{}]
    assert (conflict["items"], conflict["chosen"]) == ("7", "mal")
    assert conflict["values"] == {"mal": "2026-11-14", "animeschedule": text(FRIDAY_16_UTC)}


def test_what_has_aired_by_myanimelists_list_is_not_to_come() -> None:
    part = told(jikan=mal({6: "2026-11-14", 7: "2026-11-21"}), anilist=anilist({7: FRIDAY_16_UTC}))
    assert aired(part) == {"6": "2026-11-14", "7": "2026-11-21", "8": text(FRIDAY_16_UTC)}
    (conflict,) = conflicts(part, AIRED_RULE)
    assert (conflict["items"], conflict["chosen"]) == ("7", "mal")
    assert conflict["values"] == {"mal": "7: 2026-11-21", "anilist": f"7: {text(FRIDAY_16_UTC)}"}


def kitsu(day: str) -> dict[str, Any]:
    return {"episodes": [{"attributes": {"number": 7, "airdate": day}}]}


def anidb(day: str) -> dict[str, Any]:
    return {"anime": {"episodes": [{"epno": "7", "airdate": day}]}}


def test_an_old_plan_of_one_catalogue_does_not_make_an_episode_aired_but_that_of_most_does() -> None:
    announced = anilist({7: FRIDAY_16_UTC})
    assert aired(told(anilist=announced, anidb=anidb("2026-11-21"))) == {"7": text(FRIDAY_16_UTC)}
    part = told(anilist=announced, anidb=anidb("2026-11-21"), kitsu=kitsu("2026-11-21"))
    assert aired(part) == {"7": "2026-11-21"}


def test_a_day_next_to_an_announced_moment_is_the_same_broadcast() -> None:
    """Without a slot a late night's day is over before it airs."""
    listed = {**mal({7: "2026-11-27"}), "anime": {"status": "Currently Airing"}}
    part = told(FRIDAY_16_UTC - timedelta(minutes=30), jikan=listed, anilist=anilist({7: FRIDAY_16_UTC}))
    assert aired(part) == {"7": text(FRIDAY_16_UTC)}


def test_where_anilist_counts_one_behind_the_list_holds_and_the_next_number_follows() -> None:
    plan = {number: FRIDAY_16_UTC + (number - 9) * WEEK for number in (7, 8, 9)}
    part = told(jikan=mal({8: "2026-11-14", 9: "2026-11-21"}), anilist=anilist(plan))
    assert (aired(part)["9"], aired(part)["10"]) == ("2026-11-21", text(FRIDAY_16_UTC))


@pytest.mark.parametrize("seconds", [0, -86400, 1e11])
def test_an_announcement_for_no_time_of_ours_is_none(seconds: float) -> None:
    edges = [{"node": {"episode": 8, "airingAt": seconds}}]
    given: Answers = {"anime": {"status": "RELEASING", "airingSchedule": {"edges": edges}}}
    assert "episode_details" not in told(anilist=given)


@pytest.mark.parametrize("overridden", ["2026-12-25T16:00:00Z", "2026-11-20T16:00:00Z"])
def test_an_override_counts_from_its_date_on(overridden: str) -> None:
    shown = timetable(
        jpnTime="2020-06-12T16:00:00Z",
        premier="2026-10-09T16:00:00Z",
        episodeOverride={"overrideDate": overridden, "overrideEpisode": 20},
    )
    begun = overridden < text(FRIDAY_16_UTC)
    assert aired(told(animeschedule=shown)) == {"21" if begun else "8": text(FRIDAY_16_UTC)}


@pytest.mark.parametrize(
    ("last", "coming"),
    [("2026-11-21", "8"), ("2026-11-14", "9"), ("2026-11-07", None), ("2026-08-18", None)],
)
def test_numbers_are_counted_over_a_short_gap_only(last: str, coming: str | None) -> None:
    found = aired(told(jikan=mal({7: last})))
    assert found == {"7": last, **({coming: text(FRIDAY_16_UTC)} if coming else {})}


def test_a_long_gap_is_not_counted_by_a_timetable_either() -> None:
    shown = timetable(jpnTime="2020-06-12T16:00:00Z", premier="2026-07-03T16:00:00Z")
    assert aired(told(jikan=mal({7: "2026-08-15"}), animeschedule=shown)) == {"7": "2026-08-15"}


def test_weeks_are_not_counted_from_a_month() -> None:
    vague = {"from": "2026-11-14T00:00:00+00:00", "string": "Nov 2026 to ?"}
    assert "episode_details" not in told(jikan=mal({}, aired=vague))
    named = {**vague, "string": "Nov 14, 2026 to ?"}
    assert aired(told(jikan=mal({}, aired=named))) == {"3": text(FRIDAY_16_UTC)}


@pytest.mark.parametrize("status", ["HIATUS", "CANCELLED"])
def test_a_break_that_any_catalogue_knows_of_means_that_nobody_knows(status: str) -> None:
    given: Answers = {"jikan": mal({7: "2026-11-21"}), "anilist": anilist({8: FRIDAY_16_UTC}, status)}
    part = told(**given)
    assert aired(part) == {"7": "2026-11-21", "8": None}
    (conflict,) = conflicts(part, DELAY_RULE)
    assert conflict["values"]["anilist"] == f"8: {text(FRIDAY_16_UTC)}; on a break"
    assert (conflict["chosen"], conflict["items"]) == ("anilist", "8")
    assert aired(told(jikan=given["jikan"], anisearch={"anime": {"status": "On Hold"}})) == {"7": "2026-11-21"}


# --------------------------------------------------------------------------------------------------------------- delays


def test_a_delay_without_end_takes_back_what_anilist_announces() -> None:
    plan = {number: FRIDAY_16_UTC + (number - 20) * WEEK for number in (19, 20, 21)}
    part = told(anilist=anilist(plan), animeschedule=timetable("2026-11-24T00:00:00Z"))
    assert aired(part) == {"19": text(plan[19]), "20": None, "21": None}
    (conflict,) = conflicts(part, DELAY_RULE)
    assert conflict["values"] == {
        "anilist": f"20: {text(plan[20])}, 21: {text(plan[21])}",
        "animeschedule": "delayed from 2026-11-24T00:00:00Z until further notice",
    }
    assert (conflict["chosen"], conflict["items"]) == ("animeschedule", "20-21")


def test_a_delay_with_an_end_moves_all_that_was_announced_without_it() -> None:
    plan = {number: FRIDAY_16_UTC + (number - 20) * WEEK for number in range(19, 24)}
    part = told(anilist=anilist(plan), animeschedule=timetable("2026-11-24T00:00:00Z", "2026-12-09T00:00:00Z"))
    moved = {str(number): text(plan[number] + 2 * WEEK) for number in range(20, 24)}
    assert aired(part) == {"19": text(plan[19]), **moved}
    assert conflicts(part, DELAY_RULE)[0]["items"] == "20-23"


def test_what_the_slot_says_within_a_delay_is_told() -> None:
    part = told(jikan=mal({7: "2026-11-21"}), animeschedule=timetable("2026-11-24T00:00:00Z"))
    assert aired(part) == {"7": "2026-11-21"}
    (conflict,) = conflicts(part, DELAY_RULE)
    assert conflict["values"]["mal"] == f"8: {text(FRIDAY_16_UTC)}"


def test_of_an_episode_that_has_aired_no_delay_is_told() -> None:
    shown = timetable("2026-11-24T00:00:00Z", jpnTime="2020-06-12T16:00:00Z", premier="2026-10-23T16:00:00Z")
    part = told(jikan=mal({7: "2026-11-14", 8: "2026-11-21"}), animeschedule=shown)
    (conflict,) = conflicts(part, DELAY_RULE)
    assert conflict["values"]["mal"] == f"9: {text(FRIDAY_16_UTC)}"
    assert not conflict["values"]["animeschedule"].startswith("6")


def test_a_catalogue_that_knows_of_the_delay_is_believed() -> None:
    plan = {8: FRIDAY_16_UTC + 2 * WEEK, 9: FRIDAY_16_UTC + 3 * WEEK}
    delay = timetable("2026-11-24T00:00:00Z", "2026-12-09T00:00:00Z")
    part = told(anilist=anilist(plan), animeschedule=delay)
    assert aired(part) == {str(number): text(at) for number, at in plan.items()}
    assert conflicts(part, DELAY_RULE) == []


STALE = {8: FRIDAY_16_UTC, 9: FRIDAY_16_UTC + WEEK}
"""What AniList announced before it was known that the series pauses."""


@pytest.mark.parametrize(
    ("until", "weeks"), [(None, None), ("2026-12-10T00:00:00Z", 2), ("2200-12-31T00:00:00Z", None)]
)
@pytest.mark.parametrize("days", [1, 5, 10, 12])
def test_what_was_announced_since_a_delay_began_has_not_aired_when_its_time_passes(
    until: str | None, weeks: int | None, days: int
) -> None:
    given: Answers = {"jikan": mal({7: "2026-11-21"}), "anilist": anilist(STALE)}
    moved = {number: None if weeks is None else at + weeks * WEEK for number, at in STALE.items()}
    expected = {"7": date(2026, 11, 21), **{str(number): at for number, at in moved.items()}}
    base = enriched(None, NOW, **given)
    given["animeschedule"] = timetable("2026-11-25T00:00:00Z", until)
    known = enriched(base, NOW + timedelta(days=1), **given)
    assert dates(known) == expected
    later = enriched(known, NOW + timedelta(days=days), **given)
    assert dates(later) == expected
    assert [one.items for one in later.provenance.conflicts if one.rule == DELAY_RULE] == ["8-9"]


def test_a_moved_episode_has_aired_when_its_new_time_passes() -> None:
    given: Answers = {"anilist": anilist(STALE)}
    given["animeschedule"] = timetable("2026-11-25T00:00:00Z", "2026-12-10T00:00:00Z")
    entry = None
    for days in (1, 10, 20, 30):
        entry = enriched(entry, NOW + timedelta(days=days), **given)
        assert dates(entry) == {str(number): at + 2 * WEEK for number, at in STALE.items()}


def test_what_another_list_has_aired_within_a_delay() -> None:
    listed = mal({7: "2026-11-21", 8: "2026-11-28"})
    delay = timetable("2026-11-25T00:00:00Z", "2026-12-10T00:00:00Z")
    at = FRIDAY_16_UTC + timedelta(days=1)
    for base in (None, enriched(None, NOW, jikan=mal({7: "2026-11-21"}))):
        part = told(at, base=base, jikan=listed, anilist=anilist(STALE), animeschedule=delay)
        assert aired(part)["8"] == text(FRIDAY_16_UTC)
        assert aired(part)["9"] == text(FRIDAY_16_UTC + 2 * WEEK)


def test_an_old_plan_of_one_catalogue_within_a_delay_is_none_either() -> None:
    at, delay = FRIDAY_16_UTC + timedelta(days=1), timetable("2026-11-25T00:00:00Z")
    given: Answers = {"anilist": anilist({7: FRIDAY_16_UTC}), "anidb": anidb("2026-11-27"), "animeschedule": delay}
    assert aired(told(at, **given)) == {"7": None}
    assert aired(told(at, **given, kitsu=kitsu("2026-11-27"))) == {"7": text(FRIDAY_16_UTC)}


def test_a_delay_that_is_told_too_late_does_not_unsay_what_has_aired() -> None:
    at = FRIDAY_16_UTC + timedelta(days=1)
    first = enriched(None, at, anilist=anilist({8: FRIDAY_16_UTC}))
    delay = timetable("2026-11-25T00:00:00Z")
    second = enriched(first, at, anilist=anilist({8: FRIDAY_16_UTC}), animeschedule=delay)
    assert dates(second) == {"8": FRIDAY_16_UTC}


def test_an_end_that_lies_too_far_ahead_is_none_though_no_begin_is_told() -> None:
    delay = timetable(delayedUntil="2200-12-31T00:00:00Z")
    part = told(jikan=mal({7: "2026-11-21"}), anilist=anilist({8: FRIDAY_16_UTC}), animeschedule=delay)
    assert aired(part) == {"7": "2026-11-21", "8": None}


@pytest.mark.parametrize(
    ("since", "coming"),
    [("2026-01-01", text(FRIDAY_16_UTC)), ("2026-11-20", text(FRIDAY_16_UTC)), ("2026-11-22", None)],
)
def test_a_delay_without_end_is_over_when_an_episode_has_aired_after_it_began(since: str, coming: str | None) -> None:
    plan = {7: FRIDAY_16_UTC - WEEK, 8: FRIDAY_16_UTC}
    delay = timetable(f"{since}T00:00:00Z")
    part = told(jikan=mal({7: "2026-11-21"}), anilist=anilist(plan), animeschedule=delay)
    assert aired(part) == {"7": text(plan[7]), "8": coming}


moments = st.integers(-40, 60).map(lambda days: NOW + timedelta(days=days, hours=16))
days = st.integers(-40, 60).map(lambda count: (date(2026, 11, 23) + timedelta(days=count)).isoformat())
series = st.fixed_dictionaries(
    {},
    optional={
        "jikan": st.builds(
            lambda listed, weekday, late, begin: mal(
                listed,
                slot={"day": weekday, "time": "01:00" if late else "23:00", "timezone": "Asia/Tokyo"},
                aired={"from": begin},
            ),
            st.dictionaries(st.integers(1, 12), days, max_size=5),
            st.sampled_from(["Mondays", "Tuesdays", "Saturdays"]),
            st.booleans(),
            days,
        ),
        "anilist": st.builds(
            anilist, st.dictionaries(st.integers(1, 14), moments, max_size=5), st.sampled_from(["RELEASING", "HIATUS"])
        ),
        "kitsu": st.dictionaries(st.integers(1, 14), days, max_size=4).map(
            lambda listed: {
                "anime": {"attributes": {"status": "current"}},
                "episodes": [{"attributes": {"number": number, "airdate": day}} for number, day in listed.items()],
            }
        ),
        "anidb": st.dictionaries(st.integers(1, 14), days, max_size=4).map(
            lambda listed: {
                "anime": {"episodes": [{"epno": str(number), "airdate": day} for number, day in listed.items()]}
            }
        ),
        "animeschedule": st.builds(
            lambda premiere, shown, since, length: timetable(
                text(since),
                None if length is None else text(since + timedelta(days=length)),
                premier=text(premiere),
                jpnTime=text(shown),
            ),
            moments,
            moments,
            moments,
            st.none() | st.integers(1, 30),
        ),
    },
)


def past(part: dict[str, Any], slot: airing.WeeklySlot | None) -> dict[str, str]:
    found = {number: (at, airing.date_of_entry(at)) for number, at in aired(part).items() if at is not None}
    return {n: at for n, (at, when) in found.items() if when is not None and airing.has_aired(when, NOW, slot)}


def slot_in(given: Answers) -> airing.WeeklySlot | None:
    return airing.broadcast_slot(given.get("jikan", {}).get("anime", {}).get("broadcast", {}))


def delay_in(given: Answers) -> airing.Delay | None:
    anime = given.get("animeschedule", {}).get("anime", {})
    since, until = (airing.instant_of_record(anime.get(name)) for name in ("delayedFrom", "delayedUntil"))
    return None if since is None else airing.Delay(start=since, until=until)


def announced_since_a_delay_began(given: Answers) -> set[str]:
    delay = delay_in(given)
    found = aired(told(None, **{name: kinds for name, kinds in given.items() if name == "anilist"}))
    moments = {number: airing.instant_of_record(at) for number, at in found.items()}
    return {number for number, at in moments.items() if delay is not None and at is not None and at >= delay.start}


@given(series)
def test_nothing_that_has_aired_changes(given: Answers) -> None:
    slot = slot_in(given)
    before, after = told(None, **given), told(NOW, **given)
    known = {
        number: at for number, at in past(before, slot).items() if number not in announced_since_a_delay_began(given)
    }
    assert {number: aired(after)[number] for number in known} == known


@given(series)
def test_what_is_added_follows_on_all_that_has_aired(given: Answers) -> None:
    before, after = told(None, **given), told(NOW, **given)
    added = aired(after).keys() - aired(before).keys()
    last = max((int(number) for number in past(after, slot_in(given))), default=0)
    assert all(int(number) > last for number in added)
    assert len(added) <= 1


@given(series)
def test_nothing_airs_within_a_delay(given: Answers) -> None:
    delay, slot, part = delay_in(given), slot_in(given), told(NOW, **given)
    if delay is not None and delay.until is None:
        known = map(airing.date_of_entry, past(part, slot).values())
        is_over = any(when is not None and airing.airs_at(when, slot)[0] > delay.start for when in known)
        delay = None if is_over else delay
    for at in aired(part).values():
        when = airing.date_of_entry(at)
        if when is not None and not airing.has_aired(when, NOW, slot):
            assert given.get("anilist", {}).get("anime", {}).get("status") != "HIATUS"
            assert delay is None or not delay.covers(airing.airs_at(when, slot)[0])


# ----------------------------------------------------------------------------------------------------------- run by run


def test_a_counted_episode_that_nobody_tells_of_any_more_is_dropped() -> None:
    listed = mal({6: "2026-11-07", 7: "2026-11-14"})
    first = enriched(None, NOW, jikan=listed)
    assert list(dates(first)) == ["6", "7", "9"]
    second = enriched(first, NOW + WEEK, jikan=listed)
    assert list(dates(second)) == ["6", "7"]
    assert "9" not in str(dump_entry(second)["provenance"]["fields"])


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, False),
        ({"title": "Nine"}, True),
        ({"streaming": {"Crunchyroll": "https://crunchyroll.com/9"}}, True),
        ({"thumbnails": ["https://x.example/9.jpg"]}, True),
        ({"filler": True}, True),
    ],
)
def test_only_an_episode_of_which_nothing_else_is_known_is_dropped(change: dict[str, Any], *, kept: bool) -> None:
    listed = mal({7: "2026-11-14"})
    first = dump_entry(enriched(None, NOW, jikan=listed))
    first["episode_details"][1] |= change
    second = enriched(check_entry(first), NOW + WEEK, jikan=listed)
    assert ("9" in dates(second)) == kept


@pytest.mark.parametrize("path", ["episode_details", "episode_details/9", "episode_details/9/aired"])
def test_a_locked_episode_is_not_dropped(path: str) -> None:
    listed = mal({7: "2026-11-14"})
    first = check_entry({**dump_entry(enriched(None, NOW, jikan=listed)), "locked_fields": [path]})
    second = enriched(first, NOW + WEEK, jikan=listed)
    assert dates(second)["9"] == dates(first)["9"] == FRIDAY_16_UTC


def test_a_catalogue_that_does_not_answer_in_full_takes_no_episode_away() -> None:
    listed = mal({7: "2026-11-14"})
    first = enriched(None, NOW, jikan=listed)
    assert "9" in dates(enriched(first, NOW + WEEK, anilist=anilist({})))
    assert "9" in dates(enriched(first, NOW + WEEK, jikan=listed, failed=frozenset({"jikan"})))


def test_a_counted_episode_that_is_over_stays_while_a_later_one_is_told() -> None:
    listed = mal({7: "2026-11-21"})
    first = enriched(None, NOW, jikan=listed)
    assert dates(first)["8"] == FRIDAY_16_UTC
    lagging = enriched(first, NOW + WEEK, jikan=listed)
    assert dates(lagging) == {"7": date(2026, 11, 21), "8": FRIDAY_16_UTC, "9": FRIDAY_16_UTC + WEEK}
    over = enriched(lagging, NOW + WEEK, jikan=mal({7: "2026-11-21"}, status="Finished Airing"))
    assert list(dates(over)) == ["7"]


LISTED = mal({1: "2026-10-03", **{week + 2: (date(2026, 10, 3) + week * WEEK).isoformat() for week in range(8)}})
"""The first two episodes on one day, so that weeks are counted to one number less; the ninth on 21 November."""
SHOWN = timetable(jpnTime="2020-06-12T16:00:00Z", premier="2026-10-02T16:00:00Z")


@pytest.mark.parametrize("days", [0, 1, 8, 42, 84])
def test_who_counts_by_the_week_goes_on_from_what_is_stored(days: int) -> None:
    first = enriched(None, NOW, jikan=LISTED, animeschedule=SHOWN)
    assert (dates(first)["9"], dates(first)["10"]) == (date(2026, 11, 21), FRIDAY_16_UTC)
    alone = enriched(first, NOW + timedelta(days=days), animeschedule=SHOWN)
    assert dates(alone) == dates(first)


def test_a_list_that_is_missing_does_not_start_the_count_anew() -> None:
    about = {"from": "2026-11-14T00:00:00+00:00", "string": "Nov 14, 2026 to ?"}
    listed = mal({1: "2026-11-14", 2: "2026-11-14", 3: "2026-11-21"}, aired=about)
    first = enriched(None, NOW, jikan=listed)
    assert dates(first)["4"] == FRIDAY_16_UTC
    second = enriched(first, NOW, jikan={"anime": listed["anime"]}, failed=frozenset({"jikan"}))
    assert dates(second) == dates(first)


def test_a_list_that_lags_behind_does_not_hide_what_is_stored() -> None:
    first = enriched(None, NOW, anilist=anilist({7: FRIDAY_16_UTC - WEEK}))
    second = enriched(first, NOW, jikan=mal({6: "2026-11-07"}))
    assert dates(second) == {"6": date(2026, 11, 7), "7": FRIDAY_16_UTC - WEEK, "8": FRIDAY_16_UTC}


@pytest.mark.parametrize("missing", ["all", "part"])
@pytest.mark.parametrize(("mode", "number"), [(Mode.REFRESH, None), (Mode.EPISODE, "10")])
def test_what_has_aired_is_not_to_come_while_who_said_so_is_away(mode: Mode, number: str | None, missing: str) -> None:
    first = enriched(None, NOW, jikan=LISTED)
    given: Answers = {"anilist": anilist({9: FRIDAY_16_UTC, 10: FRIDAY_16_UTC + WEEK})}
    if missing == "part":
        given["jikan"] = {"anime": {"status": "Currently Airing"}}
    second = enriched(first, NOW, mode=mode, number=number, failed=frozenset({"jikan"}), **given)
    assert dates(second) == {**dates(first), "10": FRIDAY_16_UTC + WEEK}
    (conflict,) = [one for one in second.provenance.conflicts if one.rule == AIRED_RULE]
    assert (conflict.items, conflict.chosen) == ("9", "mal")
    assert conflict.values == {"mal": "2026-11-21", "anilist": text(FRIDAY_16_UTC)}


@pytest.mark.parametrize(("mode", "number"), [(Mode.REFRESH, None), (Mode.EPISODE, "9")])
def test_who_gave_a_date_that_has_passed_may_correct_it(mode: Mode, number: str | None) -> None:
    first = enriched(None, NOW, anilist=anilist({9: FRIDAY_16_UTC - WEEK}))
    second = enriched(first, NOW, mode=mode, number=number, anilist=anilist({9: FRIDAY_16_UTC}))
    assert dates(second) == {"9": FRIDAY_16_UTC}
    assert [one for one in second.provenance.conflicts if one.rule == AIRED_RULE] == []


def test_what_a_catalogue_listed_stays_when_it_is_over() -> None:
    first = enriched(None, NOW, anilist=anilist({1: NOW - WEEK, 2: FRIDAY_16_UTC}))
    second = enriched(first, NOW + 2 * WEEK, anilist=anilist({}))
    assert dates(second) == dates(first)


def test_a_date_to_come_that_its_catalogue_takes_back_is_nobodys() -> None:
    listed = mal({7: "2026-11-21"})
    first = enriched(None, NOW, jikan=listed, anilist=anilist({9: FRIDAY_16_UTC + WEEK}))
    assert dates(first)["9"] == FRIDAY_16_UTC + WEEK
    second = enriched(first, NOW + timedelta(days=1), jikan=listed, anilist=anilist({}))
    assert dates(second)["9"] is None


@pytest.mark.parametrize("until", [None, "2026-12-02T00:00:00Z"])
@pytest.mark.parametrize("known", ["jikan", "anilist", "animeschedule"])
def test_a_delay_reaches_what_is_stored(known: str, until: str | None) -> None:
    shown: dict[str, Any] = {"jpnTime": "2020-06-12T16:00:00Z", "premier": "2026-10-09T16:00:00Z"}
    given: Answers = {
        "jikan": {"jikan": mal({7: "2026-11-21"})},
        "anilist": {"anilist": anilist({7: FRIDAY_16_UTC - WEEK, 8: FRIDAY_16_UTC})},
        "animeschedule": {},
    }[known]
    first = enriched(None, NOW, **given, animeschedule=timetable(**shown if known == "animeschedule" else {}))
    assert dates(first)["8"] == FRIDAY_16_UTC
    delay = timetable("2026-11-24T00:00:00Z", until, **shown if known == "animeschedule" else {})
    second = enriched(first, NOW + timedelta(hours=1), **given, animeschedule=delay)
    assert dates(second).get("8") == (FRIDAY_16_UTC + WEEK if until else None)
    (conflict,) = [one for one in second.provenance.conflicts if one.rule == DELAY_RULE]
    assert (conflict.chosen, conflict.items) == ("animeschedule", "8")
    third = enriched(second, NOW + timedelta(hours=2), **given, animeschedule=delay)
    assert dates(third) == dates(second)


@given(
    st.integers(0, 10),
    st.sampled_from(["Mondays", "Tuesdays", "Wednesdays", "Saturdays"]),
    st.booleans(),
    st.lists(st.integers(1, 20), min_size=2, max_size=5),
)
def test_refreshes_during_a_break_leave_no_episode_behind_that_nobody_lists(
    age: int, weekday: str, late: bool, pauses: list[int]
) -> None:
    slot = {"day": weekday, "time": "01:00" if late else "23:00", "timezone": "Asia/Tokyo"}
    last = date(2026, 11, 22) - timedelta(days=age)
    listed = mal({6: (last - WEEK).isoformat(), 7: last.isoformat()}, slot=slot)
    at, entry = NOW, None
    for pause in [0, *pauses]:
        at += timedelta(days=pause)
        entry = enriched(entry, at, jikan=listed)
        invented = {number: when for number, when in dates(entry).items() if number not in {"6", "7"}}
        coming = {number for number, when in invented.items() if when > at}
        assert len(coming) <= 1
        assert coming == set(list(invented)[-1:]), "one that is over stays only while the next one is told"
    assert entry is not None
    over = enriched(entry, at + 6 * WEEK, jikan=listed)
    assert set(dates(over)) == {"6", "7"}


# --------------------------------------------------------------------------------------------------------- episode mode


def stored(*episodes: Any, **more: Any) -> AnimeEntry:
    return make_entry(anime_id=SUBJECT.anime_id, sources=list(SUBJECT.sources), episode_details=list(episodes), **more)


def test_an_update_of_an_episode_tells_when_the_next_one_airs_and_nothing_else_of_it() -> None:
    base = enriched(None, NOW, jikan=mal({7: "2026-11-21"}))
    at = FRIDAY_16_UTC + timedelta(minutes=30)
    given = mal({7: "2026-11-21", 8: "2026-11-28"})
    given["episodes"] += [{"mal_id": 9, "title": "Of the next"}]
    entry = enriched(base, at, mode=Mode.EPISODE, number="8", jikan=given)
    assert dates(entry) == {"7": date(2026, 11, 21), "8": date(2026, 11, 28), "9": FRIDAY_16_UTC + WEEK}
    assert entry.episode_details[2].title is None
    assert entry.episode_details[0] == base.episode_details[0]
    later = enriched(entry, at + WEEK, mode=Mode.EPISODE, number="9", jikan=given)
    assert later.episode_details[2].title == "Of the next"


def test_the_chain_of_updates_goes_on_where_the_list_lags_behind() -> None:
    """The catalogue lists an episode days after it aired; its update tells of the next one all the same."""
    entry, at = enriched(None, NOW, jikan=mal({7: "2026-11-21"})), FRIDAY_16_UTC
    for number in range(8, 12):
        assert dates(entry)[str(number)] == at
        listed = mal({one: (date(2026, 11, 21) + (one - 7) * WEEK).isoformat() for one in range(7, number)})
        entry = enriched(entry, at, mode=Mode.EPISODE, number=str(number), jikan=listed)
        at += WEEK
    assert dates(entry)["12"] == at


def test_an_update_of_an_episode_moves_the_next_one_by_a_delay_and_says_so() -> None:
    plan = {8: FRIDAY_16_UTC, 9: FRIDAY_16_UTC + WEEK, 10: FRIDAY_16_UTC + 2 * WEEK}
    base = enriched(None, NOW, anilist=anilist(plan))
    delay = timetable("2026-12-01T00:00:00Z")
    entry = enriched(base, FRIDAY_16_UTC, mode=Mode.EPISODE, number="8", anilist=anilist(plan), animeschedule=delay)
    assert dates(entry) == {"8": plan[8], "9": None, "10": plan[10]}, "the one after the next is a refresh's to change"
    (conflict,) = entry.provenance.conflicts
    assert (conflict.rule, conflict.items) == (DELAY_RULE, "9-10")
    told_again = enriched(entry, FRIDAY_16_UTC + WEEK, mode=Mode.EPISODE, number="8", anilist=anilist(plan))
    assert told_again.provenance.conflicts == []


def test_a_next_episode_that_was_counted_otherwise_is_not_left_beside_the_right_one() -> None:
    base = enriched(None, NOW, jikan=mal({7: "2026-11-14"}))
    assert dates(base)["9"] == FRIDAY_16_UTC
    entry = enriched(base, NOW, mode=Mode.EPISODE, number="8", jikan=mal({7: "2026-11-14", 8: "2026-11-21"}))
    assert list(dates(entry)) == ["7", "8", "9"]
    base = enriched(None, NOW, jikan=mal({6: "2026-11-14"}))
    assert list(dates(base)) == ["6", "8"]
    entry = enriched(base, NOW, mode=Mode.EPISODE, number="8", jikan=mal({7: "2026-11-14", 8: "2026-11-21"}))
    assert dates(entry)["9"] == FRIDAY_16_UTC


def test_an_update_of_an_episode_takes_back_a_next_one_that_nobody_announces_any_more() -> None:
    base = enriched(None, NOW, anilist=anilist({8: FRIDAY_16_UTC, 9: FRIDAY_16_UTC + WEEK}))
    left = anilist({8: FRIDAY_16_UTC})
    entry = enriched(base, FRIDAY_16_UTC, mode=Mode.EPISODE, number="8", anilist=left)
    assert dates(entry) == {"8": FRIDAY_16_UTC, "9": None}
    partly = enriched(base, FRIDAY_16_UTC, mode=Mode.EPISODE, number="8", anilist=left, failed=frozenset({"anilist"}))
    assert dates(partly) == dates(base)


def test_the_others_origins_stay_and_the_next_ones_is_told() -> None:
    base = enriched(None, NOW, jikan=mal({7: "2026-11-21"}))
    entry = enriched(
        base,
        FRIDAY_16_UTC,
        mode=Mode.EPISODE,
        number="8",
        jikan=mal({7: "2026-11-21", 8: "2026-11-28"}),
        anilist=anilist({9: FRIDAY_16_UTC + WEEK}),
    )
    told_of = {
        (one.catalogue, one.items)
        for path in ("episode_details", "episode_details/aired")
        for one in entry.provenance.fields.get(path, [])
    }
    assert told_of == {("mal", "7"), ("mal", "8"), ("anilist", "9")}


def test_a_lock_on_the_next_episode_holds_against_an_update() -> None:
    base = stored(
        make_episode("7"),
        make_episode("8", aired=FRIDAY_16_UTC),
        make_episode("9", aired=date(2026, 12, 24)),
        locked_fields=["episode_details/9/aired"],
    )
    plan = {8: FRIDAY_16_UTC, 9: FRIDAY_16_UTC + WEEK}
    entry = enriched(base, FRIDAY_16_UTC, mode=Mode.EPISODE, number="8", anilist=anilist(plan))
    assert dates(entry)["9"] == date(2026, 12, 24)


def test_an_episode_that_nobody_tells_of_and_that_is_not_stored_is_not_found() -> None:
    base = enriched(None, NOW, jikan=mal({7: "2026-11-21"}))
    with pytest.raises(NotFound, match="no catalogue tells of episode 99"):
        enriched(base, FRIDAY_16_UTC, mode=Mode.EPISODE, number="99", jikan=mal({7: "2026-11-21", 8: "2026-11-28"}))


def test_an_episode_is_not_found_where_nobody_tells_of_a_next_one_either() -> None:
    base = enriched(None, NOW, jikan=mal({7: "2026-11-21"}))
    over = mal({7: "2026-11-21"}, status="Finished Airing")
    with pytest.raises(NotFound, match="no catalogue tells of episode 8"):
        enriched(base, FRIDAY_16_UTC, mode=Mode.EPISODE, number="8", jikan=over)


def test_what_catalogues_disagree_on_about_the_next_episode_is_replaced_with_each_update() -> None:
    base = enriched(None, NOW, jikan=mal({7: "2026-11-21"}), anilist=anilist({8: FRIDAY_16_UTC + timedelta(days=1)}))
    assert [one.rule for one in base.provenance.conflicts if one.rule == NEXT_RULE] == [NEXT_RULE]
    listed = mal({7: "2026-11-21", 8: "2026-11-28"})
    entry = enriched(base, FRIDAY_16_UTC, mode=Mode.EPISODE, number="8", jikan=listed)
    assert [one for one in entry.provenance.conflicts if one.rule == NEXT_RULE] == []


# -------------------------------------------------------------------------------------------------- dates of the series


def test_a_known_first_day_counts_before_a_month() -> None:
    month = {"from": "2026-10-01T00:00:00+00:00", "string": "Oct 2026 to ?"}
    start = {"startDate": {"year": 2026, "month": 10, "day": 5}}
    part = told(stage=Stage.METADATA, jikan={"anime": {"aired": month}}, anilist={"anime": start})
    assert part["aired_dates"] == {"from": "2026-10-05"}
    assert part["provenance"]["origins"]["aired_dates"] == "anilist"
    assert "conflicts" not in part["provenance"], "a day of that month is no other date"
    alone = told(stage=Stage.METADATA, jikan={"anime": {"aired": month}})
    assert alone["aired_dates"] == {"from": "2026-10-01", "string": "Oct 2026 to ?"}


@pytest.mark.parametrize("wording", ["Nov 2026 to ?", "2027 to ?"])
def test_a_first_day_out_of_the_month_or_year_that_another_names_is_a_conflict(wording: str) -> None:
    start = {"startDate": {"year": 2026, "month": 10, "day": 5}}
    first = f"{'2027-01' if wording.startswith('2027') else '2026-11'}-01T00:00:00+00:00"
    part = told(
        stage=Stage.METADATA, jikan={"anime": {"aired": {"from": first, "string": wording}}}, anilist={"anime": start}
    )
    (conflict,) = part["provenance"]["conflicts"]
    assert (conflict["field"], conflict["chosen"]) == ("aired_dates", "anilist")
    assert conflict["values"] == {"anilist": "2026-10-05", "mal": wording}


@pytest.mark.parametrize(
    ("premiere", "differs"),
    [("2026-10-05T16:00:00Z", False), ("2026-10-04T16:00:00Z", False), ("2026-10-25T16:00:00Z", True)],
)
def test_a_premiere_weeks_from_the_first_day_is_a_conflict(premiere: str, *, differs: bool) -> None:
    first = {"from": "2026-10-05T00:00:00+00:00", "string": "Oct 5, 2026 to ?"}
    part = told(stage=Stage.METADATA, jikan={"anime": {"aired": first}}, animeschedule={"anime": {"premier": premiere}})
    found = [one for one in part["provenance"].get("conflicts", []) if one["field"] == "premiere_dates"]
    assert bool(found) is differs
    for conflict in found:
        assert conflict["chosen"] == "animeschedule"
        assert conflict["values"] == {"animeschedule": premiere, "mal": "Oct 5, 2026 to ?"}


def test_a_date_that_one_of_three_catalogues_has_wrong_does_not_win() -> None:
    part = told(
        None,
        jikan={"anime": {"aired": {"from": "2019-04-01"}}, "episodes": [{"mal_id": 7, "aired": "2020-05-10"}]},
        anidb={"anime": {"episodes": [{"epno": "7", "airdate": "2020-05-10"}]}},
        kitsu={"episodes": [{"attributes": {"number": 7, "airdate": "2019-05-10"}}]},
    )
    assert aired(part) == {"7": "2020-05-10"}
    (conflict,) = part["provenance"]["conflicts"]
    assert (conflict["rule"], conflict["values"]["kitsu"]) == (airing.MAJORITY_RULE, "7: 2019-05-10")
