from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.anime import AnimeEntry, check_entry
from models.errors import (
    AnimeError,
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
from models.vocabulary import ProvenanceStatus
from scripts.replayed import SOURCES, SUBJECT
from scripts.replayed import fetched as recorded
from tests.support.commits import ANIME, RUNNING_LEASE, World, fake_world, make_entry, make_episode
from tests.support.crashing import Faults
from tests.support.fakes import FakeLocks
from workflows import keys
from workflows.answers import merge_answers
from workflows.enrichment import assemble, begin, fetch_source, load_outcomes, process_stage
from workflows.ports import CatalogueClient, FetchedPage
from workflows.work import load_base, load_json


@dataclass
class Scripted:
    """A catalogue whose answer to each cursor is given; an error is raised."""

    pages: Mapping[str | None, FetchedPage | AnimeError]
    asked: list[tuple[tuple[str, ...], str | None]] = field(default_factory=list)

    def fetch(self, sources: Sequence[str], *, cursor: str | None) -> FetchedPage:
        self.asked.append((tuple(sources), cursor))
        answer = self.pages[cursor]
        if isinstance(answer, AnimeError):
            raise answer
        return answer


def page(cursor: str | None = None, *, problems: tuple[str, ...] = (), **answers: Any) -> FetchedPage:
    return FetchedPage(answers=answers, cursor=cursor, problems=problems)


@pytest.fixture
def world() -> World:
    return fake_world()


def started(world: World, mode: Mode = Mode.NEW, sources: Sequence[str] = SOURCES) -> ExecutionRef:
    subject = EnrichmentSubject(anime_id=ANIME, sources=tuple(sources), title="Cowboy Bebop")
    return world.started(mode, subject)


def fetch(world: World, ref: ExecutionRef, client: CatalogueClient | None, *, cursor: str | None = None) -> FetchOutput:
    clients = {} if client is None else {Catalogue.JIKAN: client}
    event = FetchInput(ref=ref, catalogue=Catalogue.JIKAN, cursor=cursor)
    return fetch_source(event, clients=clients, objects=world.objects, clock=world.clock)


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
    client = Scripted(
        {
            None: page("2", anime={"title": "Cowboy Bebop"}, episodes=[{"n": 1}]),
            "2": page("3", episodes=[{"n": 2}]),
            "3": page(episodes=[{"n": 3}]),
        }
    )
    cursors, cursor = [], None
    while True:
        output = fetch(world, ref, client, cursor=cursor)
        cursors.append(output.cursor)
        cursor = output.cursor
        assert output.status == "ok"
        if cursor is None:
            break
    assert cursors == ["2", "3", None]
    assert client.asked[0] == (SOURCES, None)
    assert answers(world, ref).answers == {
        "anime": {"title": "Cowboy Bebop"},
        "episodes": [{"n": 1}, {"n": 2}, {"n": 3}],
    }
    assert answers(world, ref).provenance().status is ProvenanceStatus.OK
    assert answers(world, ref).fetched_at == world.clock.now


def test_a_page_of_kept_answers_was_fetched_when_they_were_given(world: World) -> None:
    ref = started(world)
    given = world.clock.now - timedelta(days=3)
    fetch(world, ref, Scripted({None: replace(page(anime={"mal_id": 1}), as_of=given)}))
    assert answers(world, ref).fetched_at == given


def test_the_same_page_twice_is_one_page(world: World) -> None:
    ref = started(world)
    client = Scripted({None: page("2", episodes=[{"n": 1}]), "2": page(episodes=[{"n": 2}])})
    for cursor in (None, "2", "2", None):
        fetch(world, ref, client, cursor=cursor)
    assert answers(world, ref).answers == {"episodes": [{"n": 1}, {"n": 2}]}
    assert answers(world, ref).status == "ok"


def test_a_late_repetition_asks_nobody_and_leaves_the_first_answer(world: World) -> None:
    ref = started(world)
    fetch(world, ref, Scripted({None: page(anime={"title": "as it was"})}))
    before = world.objects.get(keys.answers(ref.execution, Catalogue.JIKAN.value))
    world.clock.advance(timedelta(hours=1))
    again = fetch(world, ref, Scripted({}))
    assert (again.status, again.cursor) == ("ok", None)
    assert world.objects.get(keys.answers(ref.execution, Catalogue.JIKAN.value)) == before


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
    assert (output.status, output.cursor) == (status, None)
    provenance = answers(world, ref).provenance()
    assert (provenance.status.value, provenance.reason, provenance.fetched_at) == (status, str(error), None)
    assert not answers(world, ref).usable


def test_a_catalogue_that_is_not_set_up_is_recorded_as_failed(world: World) -> None:
    ref = started(world)
    assert fetch(world, ref, None).status == "failed"


@pytest.mark.parametrize("error", [Unavailable("down"), Throttled("slower")])
def test_what_may_work_later_is_left_to_the_machine(world: World, error: AnimeError) -> None:
    ref = started(world)
    with pytest.raises(type(error)):
        fetch(world, ref, Scripted({None: error}))
    assert world.objects.head(keys.answers(ref.execution, "jikan")) is None
    fetch(world, ref, Scripted({None: page(anime={})}))
    assert answers(world, ref).status == "ok"


def test_a_catalogue_that_left_nothing_behind_failed(world: World) -> None:
    provenance = answers(world, started(world)).provenance()
    assert (provenance.status, provenance.reason) == (ProvenanceStatus.FAILED, "did not answer")


def test_a_page_that_never_came_is_told(world: World) -> None:
    ref = started(world)
    output = fetch(world, ref, Scripted({None: page("2", anime={"a": 1})}))
    assert output.status == "ok"
    outcome = answers(world, ref)
    assert (outcome.status, outcome.usable, outcome.answers) == ("partial", True, {"anime": {"a": 1}})
    assert outcome.provenance().status is ProvenanceStatus.OK
    assert outcome.provenance().reason == "not all of its pages came"


def test_a_later_page_that_fails_takes_nothing_away(world: World) -> None:
    ref = started(world)
    client = Scripted({None: page("2", anime={"a": 1}), "2": Malformed("cut off")})
    fetch(world, ref, client)
    output = fetch(world, ref, client, cursor="2")
    assert (output.status, output.cursor) == ("partial", None)
    assert answers(world, ref).answers == {"anime": {"a": 1}}
    assert answers(world, ref).reason == "cut off"


def test_problems_of_a_page_make_it_partial(world: World) -> None:
    ref = started(world)
    output = fetch(world, ref, Scripted({None: page(problems=("characters: gone",), anime={})}))
    assert output.status == "partial"
    assert answers(world, ref).reason == "characters: gone"


@pytest.mark.parametrize("back_to", ["2", "3"])
def test_pages_that_lead_in_a_circle_come_to_an_end(world: World, back_to: str) -> None:
    ref = started(world)
    client = Scripted({None: page("2", n=[1]), "2": page("3", n=[2]), "3": page(back_to, n=[3])})
    for cursor, following in ((None, "2"), ("2", "3"), ("3", None)):
        assert fetch(world, ref, client, cursor=cursor).cursor == following
    outcome = answers(world, ref)
    assert outcome.status == "partial"
    assert outcome.answers == {"n": [1, 2, 3]}


def test_a_late_page_does_not_undo_one_that_came_meanwhile(world: World) -> None:
    """Two invocations at once: the slower one must not write back what it read before."""
    ref = started(world)
    client = Scripted({None: page("2", n=[1]), "2": page("3", n=[2]), "3": page(n=[3])})
    fetch(world, ref, client)

    def the_faster_one() -> None:
        fetch(world, ref, client, cursor="2")
        fetch(world, ref, client, cursor="3")

    faults = Faults(hooks={0: the_faster_one})
    fetch_source(
        FetchInput(ref=ref, catalogue=Catalogue.JIKAN, cursor="2"),
        clients={Catalogue.JIKAN: client},
        objects=faults.wrap("objects", world.objects),
        clock=world.clock,
    )
    assert faults.writes == ["objects.put", "objects.put"]
    assert answers(world, ref).answers == {"n": [1, 2, 3]}


@given(st.lists(st.sets(st.integers(0, 50), max_size=5).map(sorted), max_size=5))
def test_joined_lists_hold_each_item_once_in_order(pages: list[list[int]]) -> None:
    merged = merge_answers([{"data": {"list": items}} for items in pages])
    expected = list(dict.fromkeys(item for items in pages for item in items))
    assert merged.get("data", {}).get("list", []) == expected


def test_of_other_values_the_later_stands() -> None:
    assert merge_answers([{"a": {"x": 1, "y": 1}, "b": [1]}, {"a": {"x": 2}, "b": "text"}]) == {
        "a": {"x": 2, "y": 1},
        "b": "text",
    }


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
    assert entry.provenance.unknown_values


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
