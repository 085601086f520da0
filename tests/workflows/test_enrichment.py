import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.stages.readers import READERS
from domain.stages.readers.base import Reader
from models.anime import AnimeEntry, check_entry
from models.errors import (
    AnimeError,
    InTrouble,
    InvalidEntry,
    LockLost,
    Malformed,
    NoCatalogueAnswered,
    NotFound,
    NotRecorded,
    Throttled,
    Unavailable,
)
from models.events import (
    Catalogue,
    EnrichmentSubject,
    ExecutionRef,
    FetchInput,
    FetchOutput,
    Mode,
    Stage,
    StageInput,
)
from models.vocabulary import AnimeStatus, ProvenanceStatus
from scripts.replayed import SOURCES, SUBJECT
from scripts.replayed import fetched as recorded
from tests.support.commits import ANIME, RUNNING_LEASE, World, fake_world, make_entry, make_episode
from tests.support.crashing import Crash, Faults, When
from tests.support.fakes import FakeLocks
from workflows import keys
from workflows.answer_pages import MOST_PAGES
from workflows.answers import MOST_FIELDS
from workflows.enrichment import (
    CALL_TIME,
    LEAST_WAIT,
    LONGEST_WAIT,
    OF_EPISODES,
    PATIENCE,
    PATIENCE_IN_TROUBLE,
    assemble,
    begin,
    fetch_source,
    is_last_attempt,
    load_outcomes,
    process_stage,
)
from workflows.ports import CatalogueClient, FetchedPage
from workflows.work import load_base, load_json


@dataclass
class Scripted:
    """A catalogue whose answer to each cursor is given; an error is raised."""

    pages: Mapping[str | None, FetchedPage | AnimeError]
    asked: list[tuple[tuple[str, ...], str | None]] = field(default_factory=list)
    episodes: list[str | None] = field(default_factory=list)
    when_asked: Callable[[str | None], object] = lambda _: None

    def fetch(self, sources: Sequence[str], *, cursor: str | None, episode: str | None = None) -> FetchedPage:
        self.asked.append((tuple(sources), cursor))
        self.episodes.append(episode)
        self.when_asked(cursor)
        answer = self.pages[cursor]
        if isinstance(answer, AnimeError):
            raise answer
        return answer


def page(cursor: str | None = None, *, problems: tuple[str, ...] = (), **answers: Any) -> FetchedPage:
    return FetchedPage(answers=answers, cursor=cursor, problems=problems)


def slow(world: World, pages: Mapping[str | None, FetchedPage | AnimeError]) -> Scripted:
    """A catalogue of which one call gets one page."""
    return Scripted(pages, when_asked=lambda _: world.clock.advance(CALL_TIME))


@pytest.fixture
def world() -> World:
    return fake_world()


def started(world: World, mode: Mode = Mode.NEW, sources: Sequence[str] = SOURCES) -> ExecutionRef:
    subject = EnrichmentSubject(anime_id=ANIME, sources=tuple(sources), title="Cowboy Bebop")
    return world.started(mode, subject)


def fetch(
    world: World, ref: ExecutionRef, client: CatalogueClient | None, *, cursor: str | None = None, **more: Any
) -> FetchOutput:
    clients = {} if client is None else {Catalogue.JIKAN: client}
    said = {name: more.pop(name) for name in ("troubled_since", "error") if name in more}
    event = FetchInput(ref=ref, catalogue=Catalogue.JIKAN, cursor=cursor, **said)
    return fetch_source(event, **{"clients": clients, "objects": world.objects, "clock": world.clock, **more})


# -------------------------------------------------------------------------------------------------------------- begin


def begun(world: World, ref: ExecutionRef) -> Any:
    return begin(ref, animes=world.animes, locks=world.locks, objects=world.objects, running_lease=RUNNING_LEASE)


def test_the_lock_lasts_as_long_as_the_execution_may(world: World) -> None:
    ref = started(world)
    assert isinstance(world.locks, FakeLocks)
    world.clock.advance(timedelta(minutes=10))
    begun(world, ref)
    assert world.locks.expires_at(ANIME) == world.clock.now + RUNNING_LEASE


def test_without_its_lock_an_execution_does_not_begin(world: World) -> None:
    ref = started(world)
    assert ref.lock is not None
    world.locks.release(ANIME, ref.lock)
    for stale in (ref, ref.model_copy(update={"lock": None})):
        with pytest.raises(LockLost):
            begun(world, stale)
    assert load_base(ref.execution, world.objects) is None


@pytest.mark.parametrize("mode", [Mode.NEW, Mode.REFRESH, Mode.PREMIERE])
def test_all_stages_and_the_known_catalogues_are_asked(world: World, mode: Mode) -> None:
    output = begun(world, started(world, mode))
    assert output.stages == tuple(Stage)
    assert set(output.catalogues) == set(Catalogue)
    assert output.base_revision is None


def test_a_catalogue_that_cannot_know_the_anime_is_not_asked(world: World) -> None:
    output = begun(world, started(world, sources=["https://kitsu.app/anime/1", "https://livechart.me/anime/1"]))
    assert output.catalogues == (Catalogue.KITSU, Catalogue.ANIMESCHEDULE)


def test_an_episode_is_one_stage_beside_any_lock(world: World) -> None:
    world.store(make_entry(revision=4))
    ref = started(world, Mode.EPISODE)
    output = begun(world, ref)
    assert output.stages == (Stage.EPISODES,)
    assert output.base_revision == 4
    assert world.locks.holder(ANIME) is None


def test_a_proposal_asks_nobody(world: World) -> None:
    world.store(make_entry(revision=4))
    ref = ExecutionRef(execution="review", anime_id=ANIME, mode=Mode.REVIEW_ONLY, entry_key="work/review/proposal.json")
    output = begun(world, ref)
    assert (output.catalogues, output.stages, output.base_revision) == ((), (), 4)


def test_what_an_execution_began_with_stays_its_base(world: World) -> None:
    world.store(make_entry())
    ref = started(world, Mode.EPISODE)
    first = begun(world, ref)
    world.change_stored(make_entry(title="Changed since"), by="another")
    assert begun(world, ref) == first
    base = load_base(ref.execution, world.objects)
    assert base == make_entry()


# -------------------------------------------------------------------------------------------------------------- fetch


def answers(world: World, ref: ExecutionRef) -> Any:
    return load_outcomes(ref, world.objects)[Catalogue.JIKAN]


def test_pages_are_fetched_one_after_the_other_and_joined(world: World) -> None:
    ref = started(world)
    client = slow(
        world,
        {
            None: page("2", anime={"title": "Cowboy Bebop"}, episodes=[{"n": 1}]),
            "2": page("3", episodes=[{"n": 2}]),
            "3": page(episodes=[{"n": 3}]),
        },
    )
    cursors, cursor = [], None
    while True:
        output = fetch(world, ref, client, cursor=cursor)
        cursors.append(output.cursor)
        cursor = output.cursor
        assert output.status == "ok"
        if output.done:
            break
    assert cursors == ["2", "3", None]
    assert client.asked[0] == (SOURCES, None)
    assert answers(world, ref).answers == {
        "anime": {"title": "Cowboy Bebop"},
        "episodes": [{"n": 1}, {"n": 2}, {"n": 3}],
    }
    assert answers(world, ref).provenance().status is ProvenanceStatus.OK
    assert (answers(world, ref).fetched_at, answers(world, ref).asked_at) == (world.clock.now, world.clock.now)


def test_one_call_gets_as_many_pages_as_it_has_time_for(world: World) -> None:
    ref = started(world)
    seconds = CALL_TIME / 3
    client = Scripted(
        {None: page("1", n=[0]), **{str(n): page(str(n + 1), n=[n]) for n in range(1, 7)}, "7": page(n=[7])},
        when_asked=lambda _: world.clock.advance(seconds),
    )
    outputs = [fetch(world, ref, client)]
    while not outputs[-1].done:
        outputs.append(fetch(world, ref, client, cursor=outputs[-1].cursor))
    assert [output.cursor for output in outputs] == ["3", "6", None]
    assert {output.wait_seconds for output in outputs} == {0}
    assert answers(world, ref).answers == {"n": list(range(8))}


def test_a_page_of_kept_answers_was_fetched_when_they_were_given(world: World) -> None:
    ref = started(world)
    given = world.clock.now - timedelta(days=3)
    fetch(world, ref, Scripted({None: replace(page(anime={"mal_id": 1}), as_of=given)}))
    assert (answers(world, ref).fetched_at, answers(world, ref).asked_at) == (given, world.clock.now)


def test_the_same_page_twice_is_one_page(world: World) -> None:
    ref = started(world)
    client = slow(world, {None: page("2", episodes=[{"n": 1}]), "2": page(episodes=[{"n": 2}])})
    for cursor in (None, "2", "2", None):
        fetch(world, ref, client, cursor=cursor)
    assert [cursor for _, cursor in client.asked] == [None, "2"]
    assert answers(world, ref).answers == {"episodes": [{"n": 1}, {"n": 2}]}
    assert answers(world, ref).status == "ok"


def test_a_late_repetition_asks_nobody_and_leaves_the_first_answer(world: World) -> None:
    ref = started(world)
    fetch(world, ref, Scripted({None: page(anime={"title": "as it was"})}))
    before = everything(world)
    world.clock.advance(timedelta(hours=1))
    again = fetch(world, ref, Scripted({}))
    assert (again.status, again.done) == ("ok", True)
    assert everything(world) == before


def everything(world: World) -> dict[str, bytes]:
    found = {info.key: world.objects.get(info.key) for info in world.objects.list("work/")}
    return {key: stored.body for key, stored in found.items() if stored is not None}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("no page there"), "missing"),
        (NotRecorded("no answer recorded"), "not_recorded"),
        (Malformed("no JSON"), "failed"),
    ],
)
def test_what_goes_wrong_for_good_is_recorded_with_its_reason(world: World, error: AnimeError, status: str) -> None:
    ref = started(world)
    output = fetch(world, ref, Scripted({None: error}))
    assert (output.status, output.done) == (status, True)
    provenance = answers(world, ref).provenance()
    assert (provenance.status.value, provenance.reason, provenance.fetched_at) == (status, str(error), None)
    assert not answers(world, ref).usable


def test_a_catalogue_that_is_not_set_up_is_recorded_as_failed(world: World) -> None:
    ref = started(world)
    assert fetch(world, ref, None).status == "failed"


def test_what_may_work_later_is_left_to_the_machine(world: World) -> None:
    ref = started(world)
    with pytest.raises(Unavailable):
        fetch(world, ref, Scripted({None: Unavailable("down")}))
    assert kept_pages(world, ref) == 0
    fetch(world, ref, Scripted({None: page(anime={})}))
    assert answers(world, ref).status == "ok"


def kept_pages(world: World, ref: ExecutionRef) -> int:
    return len(list(world.objects.list(f"{keys.work(ref.execution)}sources/jikan/")))


def test_a_catalogue_that_left_nothing_behind_failed(world: World) -> None:
    provenance = answers(world, started(world)).provenance()
    assert (provenance.status, provenance.reason) == (ProvenanceStatus.FAILED, "did not answer")


def test_a_page_that_never_came_is_told(world: World) -> None:
    ref = started(world)
    output = fetch(world, ref, slow(world, {None: page("2", anime={"a": 1})}))
    assert output.status == "ok"
    outcome = answers(world, ref)
    assert (outcome.status, outcome.usable, outcome.answers) == ("partial", True, {"anime": {"a": 1}})
    assert outcome.provenance().status is ProvenanceStatus.OK
    assert outcome.provenance().reason == "not all of its pages came"


def test_a_later_page_that_fails_takes_nothing_away(world: World) -> None:
    ref = started(world)
    output = fetch(world, ref, Scripted({None: page("2", anime={"a": 1}), "2": Malformed("cut off")}))
    assert (output.status, output.done) == ("partial", True)
    assert answers(world, ref).answers == {"anime": {"a": 1}}
    assert answers(world, ref).reason == "cut off"


def test_problems_of_a_page_make_it_partial(world: World) -> None:
    ref = started(world)
    client = slow(world, {None: page("2", problems=("characters: gone",), anime={}), "2": page(n=[1])})
    assert fetch(world, ref, client).status == "partial"
    assert fetch(world, ref, client, cursor="2").status == "partial"
    assert answers(world, ref).reason == "characters: gone"


# ----------------------------------------------------------------------------------------------------- late turns


def test_a_late_turn_is_waited_for_and_is_no_failure(world: World) -> None:
    ref = started(world)
    client = Scripted({None: page("2", n=[1]), "2": Throttled("many are waiting", retry_after=60)})
    output = fetch(world, ref, client)
    assert (output.cursor, output.status, output.done) == ("2", "waiting", False)
    assert output.wait_seconds == LEAST_WAIT
    assert fetch(world, ref, Scripted({"2": page(n=[2])}), cursor="2").status == "ok"
    assert answers(world, ref).answers == {"n": [1, 2]}
    assert answers(world, ref).reason is None


def test_the_first_page_may_be_waited_for_too(world: World) -> None:
    ref = started(world)
    output = fetch(world, ref, Scripted({None: Throttled("later")}))
    assert (output.cursor, output.done) == (None, False)
    assert output.wait_seconds == LEAST_WAIT
    assert kept_pages(world, ref) == 0


@pytest.mark.parametrize(
    ("wanted", "least", "most"),
    [
        (None, LEAST_WAIT, 2 * LEAST_WAIT),
        (1.0, LEAST_WAIT, 2 * LEAST_WAIT),
        (400.2, 401, 400 + LEAST_WAIT + 1),
        (86400.0, LONGEST_WAIT, LONGEST_WAIT + LEAST_WAIT),
    ],
)
def test_those_who_wait_come_back_spread_and_not_before_they_may(
    world: World, wanted: float | None, least: float, most: float
) -> None:
    """A catalogue that asks for a day is looked at again: it may turn out to be one that is left alone."""
    ref = started(world)
    client = Scripted({None: Throttled("later", retry_after=wanted)})
    waits = [fetch(world, ref, client, jitter=lambda share=share: share).wait_seconds for share in (0.0, 0.5, 1.0)]
    assert least <= waits[0] < waits[1] < waits[2] <= most


def test_a_call_whose_own_time_is_over_goes_on_at_once_if_it_came_to_anything(world: World) -> None:
    ref = started(world)
    out_of_time = Throttled("too late for another request in this call", retry_after=0.0)
    output = fetch(world, ref, Scripted({None: page("2", n=[1]), "2": out_of_time}))
    assert (output.cursor, output.wait_seconds) == ("2", 0)
    assert fetch(world, ref, Scripted({"2": out_of_time}), cursor="2").wait_seconds == LEAST_WAIT


def test_a_catalogue_that_fails_after_some_pages_is_given_time(world: World) -> None:
    ref = started(world)
    output = fetch(world, ref, Scripted({None: page("2", n=[1]), "2": Unavailable("down")}))
    assert (output.cursor, output.wait_seconds) == ("2", LEAST_WAIT)


def test_a_catalogue_that_fails_again_and_again_is_left_to_the_machine_when_patience_is_over(world: World) -> None:
    """Or it would be asked for as long as it gives a page between two failures."""
    ref = started(world)
    client = Scripted({None: page("2", n=[1]), "2": Unavailable("down")})
    with pytest.raises(Unavailable):
        fetch(world, ref, client, last_attempt=True)
    assert kept_pages(world, ref) == 1


def test_a_page_that_cannot_be_kept_is_no_late_turn(world: World) -> None:
    ref = started(world)
    client = Scripted({None: page("2", n=[1]), "2": page(n=[2])})
    faults = Faults(planned={1: When.LOST_REPLY})
    with pytest.raises(Unavailable):
        fetch(world, ref, client, objects=faults.wrap("objects", world.objects))
    assert fetch(world, ref, Scripted({})).status == "ok"


def test_at_its_end_patience_gives_up_the_rest_and_says_so(world: World) -> None:
    ref = started(world)
    late = Throttled("many are waiting", retry_after=60)
    output = fetch(world, ref, Scripted({None: page("2", n=[1]), "2": late}), last_attempt=True)
    assert (output.status, output.done) == ("partial", True)
    assert answers(world, ref).reason == "its turn did not come within 10 hours: many are waiting"
    assert answers(world, ref).answers == {"n": [1]}

    other = started(world, Mode.EPISODE)
    assert fetch(world, other, Scripted({None: late}), last_attempt=True).status == "failed"


def test_the_last_attempt_takes_as_many_calls_as_bring_pages(world: World) -> None:
    ref = started(world)
    out_of_time = Throttled("too late for another request in this call", retry_after=0.0)
    output = fetch(world, ref, Scripted({None: page("2", n=[1]), "2": out_of_time}), last_attempt=True)
    assert (output.cursor, output.wait_seconds) == ("2", 0)
    assert fetch(world, ref, Scripted({"2": out_of_time}), cursor="2", last_attempt=True).done


def test_patience_is_counted_from_the_start_of_the_execution(world: World) -> None:
    event = FetchInput(ref=started(world), catalogue=Catalogue.JIKAN, started_at=world.clock.now)
    assert not is_last_attempt(event, world.clock.now + PATIENCE - timedelta(seconds=1))
    assert is_last_attempt(event, world.clock.now + PATIENCE)
    assert not is_last_attempt(event.model_copy(update={"started_at": None}), world.clock.now + PATIENCE)


# ------------------------------------------------------------------------------------- what the machine itself met


def stopped(cause: str, error: str = "Unavailable") -> dict[str, str]:
    return {"Error": error, "Cause": cause}


def test_what_the_machine_met_is_the_reason_of_a_catalogue_that_failed(world: World) -> None:
    ref = started(world)
    cause = json.dumps({"errorType": "Unavailable", "errorMessage": "jikan GET /anime/1: answers 503", "trace": []})
    client = Scripted({})
    output = fetch(world, ref, client, error=stopped(cause))
    assert (output.status, output.done) == ("failed", True)
    assert client.asked == []
    provenance = answers(world, ref).provenance()
    assert provenance.status is ProvenanceStatus.FAILED
    assert provenance.reason == "Unavailable: jikan GET /anime/1: answers 503"


def test_what_the_machine_met_after_some_pages_takes_nothing_away(world: World) -> None:
    ref = started(world)
    fetch(world, ref, slow(world, {None: page("2", n=[1])}))
    fetch(world, ref, slow(world, {"2": page("3", n=[2])}), cursor="2")
    output = fetch(world, ref, None, cursor="2", error=stopped("Task timed out", "Sandbox.Timedout"))
    assert (output.status, output.done) == ("partial", True)
    assert answers(world, ref).answers == {"n": [1, 2]}
    assert answers(world, ref).reason == "Sandbox.Timedout: Task timed out"


def test_what_the_machine_met_after_the_last_page_is_no_problem(world: World) -> None:
    """As where the function's reply was lost."""
    ref = started(world)
    fetch(world, ref, Scripted({None: page(n=[1])}))
    assert fetch(world, ref, None, error=stopped("no reply")).status == "ok"
    assert answers(world, ref).reason is None


# ----------------------------------------------------------------------------------- without the shared count


UNCOUNTED = InTrouble("anidb: not asked while the shared count cannot be had", retry_after=15)


def test_while_requests_cannot_be_counted_a_catalogue_holds_up_nothing_for_long(world: World) -> None:
    ref, since = started(world), world.clock.now
    output = fetch(world, ref, Scripted({None: UNCOUNTED}))
    waited = [output]
    while not output.done:
        assert len(waited) < 20
        world.clock.advance(timedelta(seconds=output.wait_seconds))
        output = fetch(world, ref, Scripted({None: UNCOUNTED}), troubled_since=output.troubled_since)
        waited.append(output)
    assert {one.troubled_since for one in waited[:-1]} == {since}
    assert (output.status, output.troubled_since) == ("failed", None)
    assert PATIENCE_IN_TROUBLE <= world.clock.now - since < PATIENCE_IN_TROUBLE + timedelta(seconds=2 * LEAST_WAIT)
    assert answers(world, ref).reason == str(UNCOUNTED)


@pytest.mark.parametrize(
    "pages",
    [{None: Throttled("many are waiting")}, {None: page("2", n=[1]), "2": UNCOUNTED}],
    ids=["a late turn", "a page since"],
)
def test_a_store_that_counted_meanwhile_is_waited_for_anew(
    world: World, pages: Mapping[str | None, FetchedPage | AnimeError]
) -> None:
    ref, since = started(world), world.clock.now
    world.clock.advance(PATIENCE_IN_TROUBLE)
    output = fetch(world, ref, Scripted(pages), troubled_since=since)
    assert (output.status, output.done) == ("waiting", False)
    assert output.troubled_since != since


# ------------------------------------------------------------------------------------------------------ episodes


def test_an_episode_asks_for_nothing_but_itself(world: World) -> None:
    for mode, number in ((Mode.EPISODE, "12"), (Mode.REFRESH, None)):
        ref = started(world, mode).model_copy(update={"episode_number": "12"})
        client = Scripted({None: page("2", n=[1]), "2": page(n=[2])})
        fetch(world, ref, client)
        assert client.episodes == [number] * 2


def test_an_episode_asks_only_catalogues_that_have_a_say_in_it(world: World) -> None:
    output = begun(world, started(world, Mode.EPISODE))
    assert set(output.catalogues) == set(Catalogue) - {Catalogue.ANIMEPLANET}


def test_catalogues_that_know_episodes_are_those_that_the_stage_reads() -> None:
    telling = {catalogue for catalogue, reader in READERS.items() if reader.episodes is not Reader().episodes}
    assert telling | {Catalogue.ANIMESCHEDULE} == OF_EPISODES


# ------------------------------------------------------------------------------------------------- unknown fields


def test_fields_that_nobody_knows_are_told_by_name_up_to_the_provenance(world: World) -> None:
    ref = started(world)
    client = Scripted(
        {
            None: replace(page("2", n=[1]), unknown={"anime.avif": 2, "anime.old": 1}),
            "2": replace(page(n=[2]), unknown={"anime.avif": 3}),
        }
    )
    seen: Counter[str] = Counter()
    fetch(world, ref, client, unknown=seen)
    assert seen == {"anime.avif": 5, "anime.old": 1}
    fields = answers(world, ref).provenance().unknown_fields
    assert [(one.path, one.times) for one in fields] == [("anime.avif", 5), ("anime.old", 1)]


def test_a_catalogue_that_sends_nothing_but_unknown_fields_fills_no_provenance(world: World) -> None:
    ref = started(world)
    many = {f"anime.{n}{'x' * 1000}": n for n in range(1, 101)}
    fetch(world, ref, Scripted({None: replace(page(n=[1]), unknown=many)}))
    fields = answers(world, ref).provenance().unknown_fields
    assert [one.times for one in fields] == list(range(100, 100 - MOST_FIELDS, -1))
    assert max(len(one.path) for one in fields) <= 200


# ----------------------------------------------------------------------------------------------- pages without end


@pytest.mark.parametrize("back_to", ["2", "3"])
def test_pages_that_lead_in_a_circle_come_to_an_end(world: World, back_to: str) -> None:
    ref = started(world)
    client = Scripted({None: page("2", n=[1]), "2": page("3", n=[2]), "3": page(back_to, n=[3])})
    assert fetch(world, ref, client).done
    outcome = answers(world, ref)
    assert (outcome.status, outcome.reason) == ("partial", "its pages lead in a circle")
    assert outcome.answers == {"n": [1, 2, 3]}


class Endless:
    """Says at every page that another follows; ``items`` are those of each."""

    def __init__(self, items: Callable[[int], list[int]]) -> None:
        self.asked = 0
        self._items = items

    def fetch(self, _: Sequence[str], *, cursor: str | None, episode: str | None = None) -> FetchedPage:
        self.asked += 1
        return FetchedPage(answers={"n": self._items(self.asked)}, cursor=f"list:{self.asked}")


def test_a_server_that_ignores_the_pages_number_comes_to_an_end(world: World) -> None:
    ref = started(world)
    client = Endless(lambda _: [1, 2])
    assert fetch(world, ref, client).done
    assert client.asked == 2
    outcome = answers(world, ref)
    assert outcome.reason == "list:2: not asked for, since the page before it brought nothing new"
    assert outcome.answers == {"n": [1, 2]}


def test_a_server_that_makes_up_pages_comes_to_an_end(world: World) -> None:
    ref = started(world)
    client = Endless(lambda number: [number])
    assert fetch(world, ref, client).done
    assert client.asked == MOST_PAGES
    assert answers(world, ref).reason == f"list:{MOST_PAGES}: not asked for, nor what follows, after {MOST_PAGES} pages"
    assert len(answers(world, ref).answers["n"]) == MOST_PAGES


def test_a_page_that_brings_nothing_new_may_lead_to_the_next_list(world: World) -> None:
    ref = started(world)
    client = Scripted(
        {None: page("one:1", n=[1]), "one:1": page("two:1", n=[1]), "two:1": page("two:2"), "two:2": page(n=[2])}
    )
    fetch(world, ref, client)
    assert answers(world, ref).reason is None
    assert answers(world, ref).answers == {"n": [1, 2]}


# ---------------------------------------------------------------------------------------------------- one by one


def test_of_two_calls_at_once_the_first_page_stands_for_both(world: World) -> None:
    """The slower one's answer and the cursor behind it are of another time."""
    ref = started(world)
    faster = Scripted({"2": page("3", n=[2]), "3": page(n=[3])})
    slower = Scripted({None: page("2", n=[1]), "2": page("4", n=[20])})

    def overtake(cursor: str | None) -> None:
        if cursor == "2":
            fetch(world, ref, faster, cursor="2")

    slower.when_asked = overtake
    assert fetch(world, ref, slower).done
    assert answers(world, ref).answers == {"n": [1, 2, 3]}


def test_each_page_is_written_once_and_all_are_joined_at_the_end(world: World) -> None:
    ref = started(world)
    pages: dict[str | None, FetchedPage | AnimeError] = {str(n): page(str(n + 1), n=[n]) for n in range(1, 50)}
    faults = Faults()
    fetch(
        world,
        ref,
        Scripted({**pages, None: page("1", n=[0]), "50": page(n=[50])}),
        objects=faults.wrap("objects", world.objects),
    )
    assert len(faults.writes) == 51 + 1
    assert kept_pages(world, ref) == 51
    largest = max(len(body) for key, body in everything(world).items() if "/sources/jikan/" in key)
    assert largest < 250


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("write", range(4))
def test_whoever_dies_at_any_write_leaves_the_beginning_and_the_next_call_the_rest(
    world: World, write: int, when: When
) -> None:
    ref = started(world)
    pages: dict[str | None, FetchedPage | AnimeError] = {
        None: page("2", n=[1]),
        "2": page("3", n=[2]),
        "3": page(n=[3]),
    }
    undisturbed = fake_world()
    fetch(undisturbed, started(undisturbed), Scripted(pages))
    client = Scripted(pages)
    faults = Faults(planned={write: when})
    with pytest.raises((Crash, Unavailable)):
        fetch(world, ref, client, objects=faults.wrap("objects", world.objects))
    if answers(world, ref).status != "failed":
        assert answers(world, ref).answers["n"] == [1, 2, 3][: len(answers(world, ref).answers["n"])]
    assert fetch(world, ref, client).done
    assert len(client.asked) == 3 + (when is When.BEFORE and write < 3)
    assert everything(world) == everything(undisturbed)


# -------------------------------------------------------------------------------------------------- stages, assembling


def fetch_all(world: World, ref: ExecutionRef, *, only: Catalogue | None = None) -> None:
    """Everything that is recorded of Cowboy Bebop, a catalogue a page."""
    found, _ = recorded()
    for catalogue in Catalogue:
        if only in {None, catalogue}:
            answer = page(**found[catalogue]) if catalogue in found else NotRecorded("no answer recorded")
            fetch_source(
                FetchInput(ref=ref, catalogue=catalogue),
                clients={catalogue: Scripted({None: answer})},
                objects=world.objects,
                clock=world.clock,
            )


def all_stages(world: World, ref: ExecutionRef, *stages: Stage) -> None:
    for stage in stages or tuple(Stage):
        output = process_stage(StageInput(ref=ref, stage=stage), objects=world.objects)
        assert output.key == keys.stage(ref.execution, stage.value)
    world.objects.put(keys.images(ref.execution), b"{}")


def proposed(world: World, ref: ExecutionRef) -> AnimeEntry:
    output = assemble(ref, objects=world.objects)
    stored = world.objects.get(output.proposed_key)
    assert stored is not None
    return check_entry(stored.body)


def test_the_recorded_answers_become_a_proposed_entry(world: World) -> None:
    ref = world.started(Mode.NEW, SUBJECT)
    begun(world, ref)
    fetch_all(world, ref)
    all_stages(world, ref)
    entry = proposed(world, ref)
    assert entry.anime_id == SUBJECT.anime_id
    assert entry.title == "Cowboy Bebop"
    assert len([one for one in entry.episode_details if one.episode_number.isdecimal()]) == 26
    assert entry.characters
    assert entry.provenance.catalogues["mal"].status is ProvenanceStatus.OK
    assert entry.provenance.catalogues["anisearch"].status is ProvenanceStatus.NOT_RECORDED
    assert [one.catalogue for one in entry.provenance.fields["title"]] == ["mal"]
    assert {one.field for one in entry.provenance.conflicts} == {"broadcast", "episode_details/aired"}
    assert entry.provenance.doubtful_matches
    assert entry.provenance.unknown_values == []


def test_the_next_episode_is_told_as_of_the_answers(world: World) -> None:
    slot = {"day": "Saturdays", "time": "01:00", "timezone": "Asia/Tokyo"}
    anime = {"title": "Bebop", "status": "Currently Airing", "broadcast": slot}
    ref = started(world)
    fetch(world, ref, Scripted({None: page(anime=anime, episodes=[{"mal_id": 1, "aired": "2026-11-14"}])}))
    process_stage(StageInput(ref=ref, stage=Stage.EPISODES), objects=world.objects)
    details = load_json(keys.stage(ref.execution, "episodes"), world.objects)["episode_details"]
    assert [(one["episode_number"], one["aired"]) for one in details] == [
        ("1", "2026-11-14"),
        ("3", "2026-11-27T16:00:00Z"),
    ]


def test_assembling_twice_proposes_the_same(world: World) -> None:
    ref = world.started(Mode.NEW, SUBJECT)
    fetch_all(world, ref)
    all_stages(world, ref)
    first = assemble(ref, objects=world.objects)
    world.clock.advance(timedelta(hours=1))
    all_stages(world, ref)
    assert assemble(ref, objects=world.objects) == first


def test_one_catalogue_is_enough_and_the_others_are_told(world: World) -> None:
    ref = world.started(Mode.NEW, SUBJECT)
    fetch_all(world, ref, only=Catalogue.KITSU)
    all_stages(world, ref)
    statuses = {name: one.status for name, one in proposed(world, ref).provenance.catalogues.items()}
    assert statuses.pop("kitsu") is ProvenanceStatus.OK
    assert set(statuses.values()) == {ProvenanceStatus.FAILED}
    assert len(statuses) == len(Catalogue) - 1


@pytest.mark.parametrize("stage", list(Stage))
def test_without_any_answer_no_stage_begins(world: World, stage: Stage) -> None:
    ref = started(world)
    fetch(world, ref, Scripted({None: NotFound("no page there")}))
    with pytest.raises(NoCatalogueAnswered, match="jikan: missing; anilist: failed"):
        process_stage(StageInput(ref=ref, stage=stage), objects=world.objects)
    assert world.objects.head(keys.stage(ref.execution, stage.value)) is None


def test_an_episode_is_put_on_top_of_the_stored_entry(world: World) -> None:
    world.store(make_entry(sources=list(SOURCES), anime_id=SUBJECT.anime_id, episode_details=[make_episode("1")]))
    ref = world.started(Mode.EPISODE, SUBJECT)
    begun(world, ref)
    fetch_all(world, ref)
    all_stages(world, ref, Stage.EPISODES)
    entry = proposed(world, ref)
    assert [one.episode_number for one in entry.episode_details] == ["1", "2"]
    assert entry.synopsis == make_entry().synopsis


AIRS = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
"""Episode 7, on a Tuesday at 23:00 in Tokyo."""

ON_AIR = {
    "title": "Cowboy Bebop",
    "status": "Currently Airing",
    "broadcast": {"day": "Tuesdays", "time": "23:00", "timezone": "Asia/Tokyo"},
}
AIRED = [{"mal_id": n, "aired": (AIRS - timedelta(weeks=7 - n)).date().isoformat()} for n in range(1, 7)]
A_WHILE = timedelta(minutes=40)
NOW = AIRS + timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Told:
    """When a catalogue was asked, and when what it was asked for was answered."""

    asked: datetime
    as_of: datetime | None = None


def last_episode(world: World, told: Mapping[Catalogue, Told]) -> tuple[str, datetime]:
    """Which is the next one, and when it airs, as the stage has it; MyAnimeList tells of the slot and 6 episodes."""
    ref = started(world, Mode.EPISODE).model_copy(update={"episode_number": "7"})
    said = {Catalogue.JIKAN: page(anime=ON_AIR, episodes=AIRED), Catalogue.KITSU: page(anime={})}
    for catalogue, one in told.items():
        world.clock.now = one.asked
        fetch_source(
            FetchInput(ref=ref, catalogue=catalogue),
            clients={catalogue: Scripted({None: replace(said[catalogue], as_of=one.as_of)})},
            objects=world.objects,
            clock=world.clock,
        )
    process_stage(StageInput(ref=ref, stage=Stage.EPISODES), objects=world.objects)
    last = load_json(keys.stage(ref.execution, "episodes"), world.objects)["episode_details"][-1]
    return last["episode_number"], datetime.fromisoformat(last["aired"])


@pytest.mark.parametrize(
    "told",
    [
        {Catalogue.JIKAN: Told(asked=NOW)},
        {Catalogue.JIKAN: Told(asked=NOW, as_of=NOW - A_WHILE)},
        {Catalogue.JIKAN: Told(asked=NOW - A_WHILE), Catalogue.KITSU: Told(asked=NOW)},
        {Catalogue.JIKAN: Told(asked=NOW), Catalogue.KITSU: Told(asked=NOW, as_of=NOW - A_WHILE)},
    ],
    ids=["asked anew", "answers kept since before", "asked before the last one", "beside kept answers"],
)
def test_what_has_just_aired_is_not_the_next_episode(world: World, told: Mapping[Catalogue, Told]) -> None:
    assert last_episode(world, told) == ("8", AIRS + timedelta(weeks=1))


def test_what_airs_in_a_moment_is_the_next_episode(world: World) -> None:
    assert last_episode(world, {Catalogue.JIKAN: Told(asked=AIRS - timedelta(minutes=1))}) == ("7", AIRS)


def test_the_next_episode_follows_on_what_is_stored_where_no_list_came(world: World) -> None:
    aired = [(str(one["mal_id"]), one["aired"]) for one in AIRED]
    episodes = [make_episode(number, aired=day) for number, day in aired]
    world.store(make_entry(sources=list(SOURCES), status=AnimeStatus.ONGOING, episode_details=episodes))
    ref = started(world, Mode.EPISODE)
    begun(world, ref)
    world.clock.now = AIRS - timedelta(minutes=1)
    fetch(world, ref, Scripted({None: page(anime=ON_AIR)}))
    process_stage(StageInput(ref=ref, stage=Stage.EPISODES), objects=world.objects)
    told = load_json(keys.stage(ref.execution, "episodes"), world.objects)["episode_details"]
    assert [(one["episode_number"], datetime.fromisoformat(one["aired"])) for one in told] == [("7", AIRS)]


def test_a_result_that_is_not_valid_stops_before_the_review(world: World) -> None:
    ref = world.started(Mode.NEW, SUBJECT)
    fetch_all(world, ref)
    all_stages(world, ref)
    world.objects.put(keys.stage(ref.execution, "metadata"), b'{"title": "Cowboy Bebop", "year": "soon"}')
    with pytest.raises(InvalidEntry, match="year"):
        assemble(ref, objects=world.objects)
    assert world.objects.head(keys.proposed_entry(ref.execution)) is None


def test_a_stage_that_left_nothing_behind_stops_it(world: World) -> None:
    ref = world.started(Mode.NEW, SUBJECT)
    fetch_all(world, ref)
    all_stages(world, ref)
    world.objects.delete(keys.stage(ref.execution, "characters"))
    with pytest.raises(NotFound):
        assemble(ref, objects=world.objects)
