import json
from typing import Any, Literal

import pytest

from models.errors import Unavailable
from models.events import CleanupInput, CommitInput, LockRef, Mode, ReviewRequestInput
from models.ids import mint_review_id
from tests.support.commits import ANIME, RUNNING_LEASE, Scenario, World, fake_world, make_entry
from tests.support.crashing import Crash, Faults, When
from workflows import keys
from workflows.cleanup import clean_up
from workflows.commit import commit
from workflows.launching import start_event, subject_of
from workflows.ports import PendingEvent
from workflows.review import request_review
from workflows.work import put_proposed

Outcome = Literal["succeeded", "rejected", "failed", "expired", "undo_failed"]
OUTCOMES: tuple[Outcome, ...] = ("succeeded", "rejected", "failed", "expired", "undo_failed")
ERROR = {
    "Error": "NoCatalogueAnswered",
    "Cause": '{"errorMessage": "jikan:\\n missing", "errorType": "NoCatalogueAnswered"}',
}


@pytest.fixture
def world() -> World:
    return fake_world()


def ended(event: CommitInput, outcome: Outcome, error: dict[str, Any] | None = None) -> CleanupInput:
    return CleanupInput(ref=event.ref, outcome=outcome, error=error)


def report(world: World, event: CommitInput) -> dict[str, Any]:
    stored = world.objects.get(keys.report("enrichment", event.ref.execution))
    assert stored is not None
    loaded: dict[str, Any] = json.loads(stored.body)
    return loaded


@pytest.mark.parametrize("scenario", [Scenario.UPDATE, Scenario.STATUS])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_end_releases_the_lock_and_leaves_a_report(world: World, scenario: Scenario, outcome: Outcome) -> None:
    event = world.prepared(scenario)
    commit(event, ports=world.commit_ports())
    assert world.locks.holder(ANIME) is not None
    clean_up(ended(event, outcome), ports=world.cleanup_ports())
    assert world.locks.holder(ANIME) is None
    told = report(world, event)
    assert told["run_id"] == event.ref.execution
    assert told["state"] == ("succeeded" if outcome in {"succeeded", "rejected"} else "failed")
    assert told["result"]["outcome"] == outcome
    assert told["result"]["anime_id"] == ANIME


def test_a_lock_of_somebody_else_stays(world: World) -> None:
    event = world.prepared(Scenario.STATUS)
    rival = LockRef(owner="rival", token="T")
    world.locks.acquire(ANIME, rival, lease=RUNNING_LEASE)
    clean_up(ended(event, "failed"), ports=world.cleanup_ports())
    assert world.locks.holder(ANIME) == rival


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_was_temporary_is_removed_unless_a_person_has_to_carry_on(world: World, outcome: Outcome) -> None:
    event = world.prepared(Scenario.CREATE)
    neighbour = keys.work(event.ref.execution + "0") + "kept.json"
    world.objects.put(neighbour, b"{}")
    clean_up(ended(event, outcome), ports=world.cleanup_ports())
    left = list(world.objects.list(keys.work(event.ref.execution)))
    assert bool(left) == (outcome == "undo_failed")
    assert world.objects.head(neighbour) is not None


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_only_a_failed_undo_goes_to_the_dead_letters(world: World, outcome: Outcome) -> None:
    event = world.prepared(Scenario.CREATE)
    clean_up(ended(event, outcome), ports=world.cleanup_ports())
    assert len(world.dead_letters.messages()) == (outcome == "undo_failed")


def test_the_dead_letter_comes_first_and_says_where_the_entry_is(world: World) -> None:
    event = world.prepared(Scenario.UPDATE)
    with pytest.raises(Crash):
        commit(event, ports=world.commit_ports(Faults(planned={2: When.BEFORE})))
    faults = Faults()
    clean_up(ended(event, "undo_failed", ERROR), ports=world.cleanup_ports(faults))
    assert faults.writes[0] == "queue.send"
    [message] = world.dead_letters.messages()
    assert message["execution"] == event.ref.execution
    assert message["payload_key"] == keys.saga(ANIME, event.ref.execution)
    assert world.objects.head(message["payload_key"]) is not None
    assert message["error"]["Error"] == "NoCatalogueAnswered"


def test_the_dead_letter_needs_no_documents_and_names_the_approved_entry_where_no_record_is(world: World) -> None:
    event = world.prepared(Scenario.UPDATE)
    down = Faults(always_failing=frozenset({"animes", "reviews", "locks"}))
    with pytest.raises(Unavailable):
        clean_up(ended(event, "undo_failed"), ports=world.cleanup_ports(down))
    [message] = world.dead_letters.messages()
    assert message["payload_key"] == event.outcome.approved_key


@pytest.mark.parametrize("outcome", ["failed", "expired", "undo_failed"])
def test_a_review_that_nobody_waits_for_any_more_is_closed(world: World, outcome: Outcome) -> None:
    ref = world.started(Mode.NEW, subject_of(make_entry()))
    put = put_proposed(ref, make_entry(), world.objects)
    request = ReviewRequestInput(
        ref=ref, token="t", proposed_key=put.proposed_key, sha256=put.sha256, started_at="2026-11-21T01:00:00Z"
    )
    review = request_review(request, ports=world.review_ports())
    clean_up(CleanupInput(ref=ref, outcome=outcome), ports=world.cleanup_ports())
    stored = world.reviews.get(review.review_id)
    assert stored is not None
    assert stored.state == "expired"


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_recorded_decision_stays(world: World, outcome: Outcome) -> None:
    event = world.prepared(Scenario.CREATE)
    clean_up(ended(event, outcome), ports=world.cleanup_ports())
    stored = world.reviews.get(mint_review_id(event.ref.execution))
    assert stored is not None
    assert stored.state == "decided"


def test_what_waited_for_the_lock_is_started(world: World) -> None:
    event = world.prepared(Scenario.UPDATE)
    assert start_event(ANIME, Mode.REFRESH, "run-2", ports=world.launch_ports()).pending
    clean_up(ended(event, "succeeded"), ports=world.cleanup_ports())
    [name] = [name for name in world.executions.started if name != event.ref.execution]
    holder = world.locks.holder(ANIME)
    assert holder is not None
    assert holder.owner == name
    assert world.animes.pending(ANIME) == ()


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_it_may_die_anywhere(outcome: Outcome) -> None:
    for point in range(9):
        for when in When:
            world = fake_world()
            event = world.prepared(Scenario.UPDATE)
            world.animes.add_pending(ANIME, PendingEvent(mode="refresh", cause="run-2"))
            ports = world.cleanup_ports(Faults(planned={point: when}))
            for _ in range(2):
                try:
                    clean_up(ended(event, outcome), ports=ports)
                except (Crash, Unavailable):
                    continue
            assert report(world, event)["result"]["outcome"] == outcome
            assert len(world.executions.started) == 2, (point, when)
            assert world.animes.pending(ANIME) == (), (point, when)
            holder = world.locks.holder(ANIME)
            assert holder is not None
            assert holder.owner != event.ref.execution
            assert bool(world.dead_letters.messages()) == (outcome == "undo_failed")
            assert bool(list(world.objects.list(keys.work(event.ref.execution)))) == (outcome == "undo_failed")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (None, None),
        ({}, None),
        (ERROR, "NoCatalogueAnswered: jikan: missing"),
        ({"Error": "E", "Cause": "x" * 40_000}, f"E: {'x' * 997}"),
    ],
)
def test_a_report_tells_an_error_in_one_line_of_reasonable_length(
    world: World, error: dict[str, Any] | None, line: str | None
) -> None:
    event = world.prepared(Scenario.UPDATE)
    clean_up(ended(event, "failed", error), ports=world.cleanup_ports())
    assert report(world, event)["error"] == line
