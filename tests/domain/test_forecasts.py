from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.airing import AIRED_RULE
from domain.assemble import assemble
from domain.forecasts import Forecasts
from models.anime import AnimeEntry
from models.events import EnrichmentSubject, Mode, Stage
from models.provenance import CatalogueProvenance, Origin, Provenance
from models.vocabulary import ProvenanceStatus
from scripts.replayed import ANIME_ID, SOURCES

NOW = datetime(2026, 11, 23, tzinfo=UTC)
OVER = "2026-11-20T16:00:00Z"
COMING = "2026-11-27T16:00:00Z"
TOLD = {"episode_details/aired": {"keys": {"8": "animeschedule"}}}


def forecasts(sayers: str, answered: str, *, partly: str = "", after: datetime | None = NOW) -> Forecasts:
    """``sayers`` of when a stored episode 8 airs, those who ``answered`` now, and those who did so ``partly``."""
    origins = [Origin(catalogue=name, items="8") for name in sayers.split()]
    answers = {name: CatalogueProvenance(status=ProvenanceStatus.OK, fetched_at=NOW) for name in answered.split()}
    answers |= {
        name: CatalogueProvenance(status=ProvenanceStatus.OK, fetched_at=NOW, reason="episodes: failed")
        for name in partly.split()
    }
    return Forecasts(
        before=Provenance(fields={"episode_details/aired": origins}),
        now=Provenance(catalogues=answers),
        after=after,
        slot=None,
        locked=(),
    )


def eighth(aired: str | None, **more: Any) -> dict[str, Any]:
    return {"episode_number": "8", "aired": aired, **more}


@pytest.mark.parametrize(
    ("sayers", "answered", "taken_back"),
    [
        ("anilist", "anilist", True),
        ("anilist kitsu", "anilist kitsu", True),
        ("anilist kitsu", "anilist", False),
        ("anilist kitsu", "kitsu mal", False),
        ("", "anilist", False),
    ],
)
def test_a_date_is_taken_back_when_all_who_said_it_have_answered(
    sayers: str, answered: str, *, taken_back: bool
) -> None:
    stored = [eighth(COMING, title="Eight")]
    (left,) = forecasts(sayers, answered).still_said(stored, [])
    assert ("aired" not in left) is taken_back


@pytest.mark.parametrize(
    ("sayers", "answered", "partly", "refused"),
    [
        ("mal", "animeschedule", "", True),
        ("mal", "animeschedule", "mal", True),
        ("mal", "animeschedule mal", "", False),
        ("mal kitsu", "animeschedule kitsu", "", False),
        ("reviewer", "animeschedule mal", "", True),
        ("", "animeschedule mal", "", True),
    ],
)
@pytest.mark.parametrize("again", [COMING, None])
def test_what_has_aired_is_to_come_again_only_where_one_who_said_so_has_answered(
    sayers: str, answered: str, partly: str, again: str | None, *, refused: bool
) -> None:
    made = forecasts(sayers, answered, partly=partly)
    (left,), conflicts = made.without_second_airings([eighth(OVER)], [eighth(again, title="Eight")], TOLD)
    assert left == {"episode_number": "8", "title": "Eight"} | ({} if refused else {"aired": again})
    assert [one.rule for one in conflicts] == ([AIRED_RULE] if refused and again and sayers else [])


@pytest.mark.parametrize(
    ("stored", "offered"),
    [
        (eighth(OVER), eighth("2026-11-19T16:00:00Z")),
        (eighth(COMING), eighth("2026-12-04T16:00:00Z")),
        (eighth(None), eighth(COMING)),
        (eighth(OVER), {"episode_number": "8", "title": "Eight"}),
        ({"episode_number": "7", "aired": OVER}, eighth(COMING)),
    ],
)
def test_other_new_dates_are_taken(stored: dict[str, Any], offered: dict[str, Any]) -> None:
    assert forecasts("mal", "").without_second_airings([stored], [offered], TOLD) == ([offered], [])


def test_the_refused_date_is_told_beside_that_which_stays() -> None:
    _, (conflict,) = forecasts("mal", "").without_second_airings([eighth(OVER)], [eighth(COMING)], TOLD)
    assert (conflict.field, conflict.items, conflict.chosen) == ("episode_details/aired", "8", "mal")
    assert conflict.values == {"mal": OVER, "animeschedule": COMING}


@pytest.mark.parametrize("number", ["9", "S1", "7"])
@pytest.mark.parametrize("passed", [timedelta(), timedelta(weeks=-1)])
def test_a_counted_episode_stays_only_if_it_is_over_and_a_higher_number_is_to_come(
    number: str, passed: timedelta
) -> None:
    aired = (datetime.fromisoformat(COMING) + passed).isoformat()
    next_one = {"episode_number": number, "aired": "2026-12-04T16:00:00Z"}
    left = forecasts("mal", "mal").still_said([eighth(aired)], [next_one])
    assert bool(left) == (number == "9" and passed < timedelta())


def test_what_aired_between_an_old_answer_and_the_question_is_no_forecast_any_more() -> None:
    """Kept answers are older than the run that is given them."""
    asked = NOW + timedelta(minutes=1)
    said = {"mal": CatalogueProvenance(status=ProvenanceStatus.OK, fetched_at=NOW - timedelta(minutes=40))}
    episode = {"episode_number": "8", "title": "Eight", "aired": NOW.isoformat()}
    notes = {"origins": {"episode_details/aired": {"keys": {"8": "mal"}}}}

    def assembled(base: AnimeEntry | None, episodes: list[dict[str, Any]], at: datetime) -> AnimeEntry:
        return assemble(
            parts={Stage.EPISODES: {"episode_details": episodes, "provenance": notes}},
            images={},
            subject=EnrichmentSubject(anime_id=ANIME_ID, sources=SOURCES, title="Cowboy Bebop"),
            base=base,
            provenance=Provenance(catalogues=said),
            mode=Mode.REFRESH,
            at=at,
        )

    first = assembled(None, [episode], asked)
    without_date = [{"episode_number": "8", "title": "Eight"}]
    [kept] = assembled(first, without_date, asked).episode_details
    [gone] = assembled(first, without_date, NOW - timedelta(minutes=1)).episode_details
    assert (kept.aired, gone.aired) == (NOW, None)
