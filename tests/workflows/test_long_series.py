"""A series of 1,100 episodes through FetchSources as the machine runs it: in several calls, and over crashes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from models.errors import Unavailable
from models.events import Catalogue, EnrichmentSubject, ExecutionRef, FetchInput, FetchOutput, Mode
from scripts.made_up_series import ANIDB_CLIENT, SOURCES, MadeUpSeries
from sources.http import HttpTransport, Request, Response
from sources.json_api import RetryPolicy
from sources.registry import PAGES, catalogue_clients
from tests.support.commits import ANIME, World, fake_world
from tests.support.crashing import Crash, Faults, When
from tests.support.fakes import ManualClock
from workflows.enrichment import CALL_TIME, fetch_source, load_outcomes
from workflows.ports import CatalogueClient, FetchedPage

EPISODES = 1100
MOST_REQUESTS_A_STEP = 20
"""A catalogue bears one a second, and a function call must not take more than a few minutes."""

MOST_STEPS = 300

COUNTED = {
    Catalogue.JIKAN: ("episodes", EPISODES),
    Catalogue.ANILIST: ("schedule", EPISODES),
    Catalogue.KITSU: ("episodes", EPISODES),
    Catalogue.ANISEARCH: ("episodes", EPISODES),
}


class Failing:
    """Passes on to the series, and fails once at each request whose number is given."""

    def __init__(self, inner: HttpTransport, *failures: int) -> None:
        self._inner = inner
        self._failures = set(failures)
        self._sent = 0

    def send(self, request: Request) -> Response:
        self._sent += 1
        if self._sent in self._failures:
            self._failures.remove(self._sent)
            raise Unavailable("the connection broke off")
        return self._inner.send(request)


@dataclass(frozen=True)
class Timed:
    """A ``CatalogueClient`` whose pages take their time."""

    client: CatalogueClient
    clock: ManualClock
    takes: timedelta

    def fetch(self, sources: Sequence[str], *, cursor: str | None, episode: str | None = None) -> FetchedPage:
        self.clock.advance(self.takes)
        return self.client.fetch(sources, cursor=cursor, episode=episode)


def slow(world: World, made: Mapping[Catalogue, CatalogueClient]) -> dict[Catalogue, CatalogueClient]:
    """One page a call."""
    return {name: Timed(client, world.clock, CALL_TIME) for name, client in made.items()}


def clients(transport: HttpTransport) -> dict[Catalogue, CatalogueClient]:
    def sleep(seconds: float) -> None:
        raise AssertionError(f"waits {seconds} seconds")

    made = catalogue_clients(
        transport,
        {},
        {"anidb": ANIDB_CLIENT},
        sleep=sleep,
        clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        policy=RetryPolicy(attempts=1),
        page_catalogues=PAGES,
    )
    return dict(made)


def started(world: World) -> ExecutionRef:
    return world.started(Mode.NEW, EnrichmentSubject(anime_id=ANIME, sources=SOURCES, title="Long"))


def step(
    world: World, ref: ExecutionRef, made: dict[Catalogue, CatalogueClient], catalogue: Catalogue, cursor: str | None
) -> FetchOutput:
    event = FetchInput(ref=ref, catalogue=catalogue, cursor=cursor)
    return fetch_source(event, clients=made, objects=world.objects, clock=world.clock)


@pytest.mark.parametrize("catalogue", list(Catalogue))
def test_a_series_of_1100_episodes_comes_whole_in_bounded_steps(catalogue: Catalogue) -> None:
    world, series = fake_world(), MadeUpSeries(episodes=EPISODES, characters=60, staff=30)
    ref, made = started(world), slow(world, clients(series))
    cursor, steps, done = None, 0, False
    while not done:
        before = len(series.asked)
        output = step(world, ref, made, catalogue, cursor)
        cursor, done = output.cursor, output.done
        steps += 1
        assert len(series.asked) - before <= MOST_REQUESTS_A_STEP
        assert steps < MOST_STEPS
    outcome = load_outcomes(ref, world.objects)[catalogue]
    assert (outcome.status, outcome.reason) == ("ok", None)
    if catalogue in COUNTED:
        kind, count = COUNTED[catalogue]
        assert len(outcome.answers[kind]) == count
    assert len(set(series.asked)) == len(series.asked)


@pytest.mark.parametrize("catalogue", [Catalogue.JIKAN, Catalogue.ANILIST, Catalogue.KITSU])
def test_a_call_takes_no_longer_than_its_time_and_one_page(catalogue: Catalogue) -> None:
    """With a second a request, as the catalogues bear."""
    world, series = fake_world(), MadeUpSeries(episodes=EPISODES, characters=60, staff=30)
    ref = started(world)

    class Second:
        def send(self, request: Request) -> Response:
            world.clock.advance(timedelta(seconds=1))
            return series.send(request)

    made, cursor, done, calls = clients(Second()), None, False, 0
    while not done:
        began = world.clock()
        output = step(world, ref, made, catalogue, cursor)
        cursor, done, calls = output.cursor, output.done, calls + 1
        assert world.clock() - began <= CALL_TIME + timedelta(seconds=MOST_REQUESTS_A_STEP)
    assert calls <= len(series.asked) / CALL_TIME.total_seconds() + 1


@pytest.mark.parametrize("catalogue", [Catalogue.JIKAN, Catalogue.KITSU])
def test_what_a_page_costs_does_not_grow_with_those_before_it(catalogue: Catalogue) -> None:
    """All pages of a long series take no more room than they have content."""
    world, series = fake_world(), MadeUpSeries(episodes=EPISODES, characters=60, staff=30)
    ref = started(world)
    step(world, ref, clients(series), catalogue, None)
    stored = {info.key: info.size for info in world.objects.list(f"work/{ref.execution}/sources/")}
    joined = stored.pop(f"work/{ref.execution}/sources/{catalogue.value}.json")
    assert len(stored) > 20
    assert sum(stored.values()) < 1.3 * joined


def test_a_server_that_ignores_the_pages_number_costs_one_request_more() -> None:
    """And says at every page that another follows."""
    world, series = fake_world(), MadeUpSeries(episodes=EPISODES)

    class Ignoring:
        def send(self, request: Request) -> Response:
            return series.send(replace(request, url=re.sub(r"page=\d+", "page=1", request.url)))

    ref = started(world)
    assert step(world, ref, clients(Ignoring()), Catalogue.JIKAN, None).done
    outcome = load_outcomes(ref, world.objects)[Catalogue.JIKAN]
    assert outcome.status == "partial"
    assert len(outcome.answers["episodes"]) == 100
    assert series.asked.count("jikan GET /anime/7/episodes?page=1") == 2


def test_anidb_tells_1100_episodes_in_one_answer() -> None:
    world, series = fake_world(), MadeUpSeries(episodes=EPISODES)
    ref = started(world)
    assert step(world, ref, clients(series), Catalogue.ANIDB, None).done
    assert len(load_outcomes(ref, world.objects)[Catalogue.ANIDB].answers["anime"]["episodes"]) == EPISODES


@pytest.mark.parametrize("catalogue", [Catalogue.JIKAN, Catalogue.ANILIST, Catalogue.KITSU])
def test_after_a_failure_the_machine_goes_on_at_that_page(catalogue: Catalogue) -> None:
    world, series = fake_world(), MadeUpSeries(episodes=EPISODES)
    ref, made = started(world), clients(Failing(series, 2, 9, 16))
    cursor, failures, done = None, 0, False
    while not done:
        try:
            output = step(world, ref, made, catalogue, cursor)
        except Unavailable:
            failures += 1
        else:
            cursor, done = output.cursor, output.done
            failures += output.wait_seconds > 0
    assert failures == 3
    kind, count = COUNTED[catalogue]
    outcome = load_outcomes(ref, world.objects)[catalogue]
    assert (outcome.status, len(outcome.answers[kind])) == ("ok", count)
    repeated = len(series.asked) - len(set(series.asked))
    assert repeated <= failures * MOST_REQUESTS_A_STEP


@pytest.mark.parametrize(("when", "asked"), [(When.BEFORE, 2), (When.AFTER, 1), (When.LOST_REPLY, 1)])
def test_after_a_crash_no_page_is_lost_and_a_written_one_is_not_asked_for_again(when: When, asked: int) -> None:
    world, series = fake_world(), MadeUpSeries(episodes=250)
    ref, made = started(world), clients(series)
    cursor = None
    while cursor is None or not cursor.startswith("episodes:2"):
        cursor = step(world, ref, slow(world, made), Catalogue.JIKAN, cursor).cursor
    faults = Faults(planned={0: when})
    with pytest.raises((Crash, Unavailable)):
        fetch_source(
            FetchInput(ref=ref, catalogue=Catalogue.JIKAN, cursor=cursor),
            clients=made,
            objects=faults.wrap("objects", world.objects),
            clock=world.clock,
        )
    assert step(world, ref, made, Catalogue.JIKAN, cursor).done
    outcome = load_outcomes(ref, world.objects)[Catalogue.JIKAN]
    assert [item["mal_id"] for item in outcome.answers["episodes"]] == list(range(1, 251))
    assert series.asked.count("jikan GET /anime/7/episodes?page=2") == asked
