"""The enrichment machine in the emulator: every route, every Catch, every loop."""

import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.errors import (
    AnimeError,
    InvalidEntry,
    LockHeld,
    LockLost,
    Malformed,
    NoCatalogueAnswered,
    Throttled,
    Unavailable,
)
from models.events import (
    AssembleOutput,
    BeginOutput,
    Catalogue,
    CommitOutput,
    EnrichmentInput,
    FetchOutput,
    ImagesOutput,
    LockRef,
    Mode,
    Stage,
    StageOutput,
)
from tests.statemachines.harness import SHA, Behaviour, Crash, Harness, Run, fails, gives
from workflows.failures import reason

ANIME = "ani_" + "0" * 26
CATALOGUES = (Catalogue.JIKAN, Catalogue.ANILIST)
PROPOSED = AssembleOutput(proposed_key="work/x/entry.json", sha256=SHA)


def given(mode: Mode, **more: Any) -> dict[str, Any]:
    lock = LockRef(owner="new-1", token="t") if mode in {Mode.NEW, Mode.PREMIERE, Mode.REFRESH} else None
    event = EnrichmentInput(anime_id=ANIME, mode=mode, entry_key="work/x/subject.json", lock=lock, **more)
    return event.model_dump(mode="json")


def fetched(event: Any, _number: int) -> Any:
    return fetched_of(event)


def fetched_of(
    event: Any, *, cursor: str | None = None, wait: int = 0, since: datetime | None = None, status: Any = "ok"
) -> dict[str, Any]:
    output = FetchOutput(
        catalogue=event.catalogue, cursor=cursor, wait_seconds=wait, troubled_since=since, status=status
    )
    return output.model_dump(mode="json")


def ended(catalogue: str, status: str) -> dict[str, Any]:
    """A branch as the machine keeps it when nothing more is to come."""
    return {"catalogue": catalogue, "cursor": None, "wait_seconds": 0, "troubled_since": None, "status": status}


def staged(event: Any, _number: int) -> Any:
    return StageOutput(stage=event.stage, key=f"work/x/stages/{event.stage}.json").model_dump(mode="json")


def committed(event: Any, _number: int) -> Any:
    result = "committed" if event.action == "commit" else "undone"
    return CommitOutput(result=result, revision=1).model_dump(mode="json")


class Enrichment:
    """The machine with functions that all do well, but for what a test says otherwise."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.good: dict[str, Behaviour] = {
            "begin": gives(BeginOutput(catalogues=CATALOGUES, stages=tuple(Stage), base_revision=None)),
            "fetch_source": fetched,
            "process_stage": staged,
            "ingest_images": gives(ImagesOutput(stored=1, failed=0, remaining=0)),
            "assemble_entry": gives(PROPOSED),
            "request_review": harness.decide("approved"),
            "commit_data": committed,
            "cleanup": gives(),
        }

    def run(self, mode: Mode = Mode.NEW, **otherwise: Behaviour) -> Run:
        return self.run_with(otherwise, mode=mode)

    def run_with(self, otherwise: dict[str, Behaviour], *, mode: Mode = Mode.NEW, timeout: int = 600) -> Run:
        return self.harness.run(
            "enrichment",
            given(mode, episode_number="5" if mode is Mode.EPISODE else None),
            {**self.good, **otherwise},
            parameters={"review_timeout_seconds": timeout},
        )


@pytest.fixture
def enrichment(harness: Harness) -> Enrichment:
    return Enrichment(harness)


def cleaned(run: Run) -> tuple[str, str | None]:
    """How the one clean-up was told that the execution ended, and the error it was given."""
    (event,) = run.events("cleanup")
    return event.outcome, event.error and event.error["Error"]


def test_a_new_anime_goes_all_the_way(enrichment: Enrichment) -> None:
    run = enrichment.run()

    assert run.status == "SUCCEEDED"
    assert Counter(run.tasks()) == {
        "begin": 1,
        "fetch_source": 2,
        "process_stage": 5,
        "ingest_images": 1,
        "assemble_entry": 1,
        "request_review": 1,
        "commit_data": 1,
        "cleanup": 1,
    }
    assert {event.catalogue for event in run.events("fetch_source")} == set(CATALOGUES)
    assert {event.stage for event in run.events("process_stage")} == set(Stage)
    assert cleaned(run) == ("succeeded", None)


def test_every_task_knows_its_execution_and_the_whole_input(enrichment: Enrichment) -> None:
    run = enrichment.run()

    refs = {call.event.ref.model_dump_json() for call in run.calls}
    assert len(refs) == 1
    ref = json.loads(refs.pop())
    assert ref.pop("execution").startswith("run-")
    assert ref == given(Mode.NEW)


def test_the_review_sees_the_assembled_entry_and_the_commit_what_was_approved(enrichment: Enrichment) -> None:
    run = enrichment.run(
        begin=gives(BeginOutput(catalogues=CATALOGUES, stages=tuple(Stage), base_revision=7)),
    )

    (asked,) = run.events("request_review")
    assert (asked.proposed_key, asked.sha256) == (PROPOSED.proposed_key, SHA)
    assert asked.started_at.startswith("20")
    (commit,) = run.events("commit_data")
    assert (commit.action, commit.base_revision, commit.error) == ("commit", 7, None)
    assert (commit.outcome.approved_key, commit.outcome.sha256) == (PROPOSED.proposed_key, SHA)


def test_states_carry_references_only(enrichment: Enrichment) -> None:
    run = enrichment.run(begin=gives(BeginOutput(catalogues=tuple(Catalogue), stages=tuple(Stage), base_revision=1)))

    assert run.status == "SUCCEEDED"
    assert run.history_bytes < 8 * 1024


def test_the_stages_run_at_the_same_time(enrichment: Enrichment) -> None:
    together = threading.Barrier(5, timeout=10)

    def meet(event: Any, number: int) -> Any:
        together.wait()
        return staged(event, number)

    assert enrichment.run(process_stage=meet).status == "SUCCEEDED"


def test_a_long_series_is_fetched_page_by_page(enrichment: Enrichment) -> None:
    def page(event: Any, _number: int) -> Any:
        return fetched_of(event, cursor={None: "2", "2": "3", "3": None}[event.cursor])

    run = enrichment.run(
        begin=gives(BeginOutput(catalogues=(Catalogue.JIKAN,), stages=tuple(Stage), base_revision=None)),
        fetch_source=page,
    )

    assert [event.cursor for event in run.events("fetch_source")] == [None, "2", "3"]
    assert run.output["fetched"] == [ended("jikan", "ok")]


def test_a_late_turn_is_waited_for_and_costs_no_attempt(enrichment: Enrichment) -> None:
    """At the first page and later, and more often than any error is repeated."""

    def late(event: Any, number: int) -> Any:
        if number <= 150:
            return fetched_of(event, cursor=event.cursor, wait=360, status="waiting")
        if number == 151:
            return fetched_of(event, cursor="2")
        return fetched_of(event, cursor=None if number > 300 else "2", wait=0 if number > 300 else 180)

    run = enrichment.run(
        begin=gives(BeginOutput(catalogues=(Catalogue.JIKAN,), stages=tuple(Stage), base_revision=None)),
        fetch_source=late,
    )

    assert run.status == "SUCCEEDED"
    assert [event.cursor for event in run.events("fetch_source")] == [None] * 151 + ["2"] * 150
    assert run.output["fetched"] == [ended("jikan", "ok")]


def test_a_fetch_knows_when_its_execution_began(enrichment: Enrichment) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    run = enrichment.run()

    started = {event.started_at for event in run.events("fetch_source")}
    assert len(started) == 1
    assert before < started.pop() < datetime.now(UTC)


@pytest.mark.parametrize(
    "error", [Malformed("no JSON"), Unavailable("answers 503")], ids=lambda error: type(error).__name__
)
def test_why_a_catalogue_failed_is_recorded_where_it_stopped(enrichment: Enrichment, error: AnimeError) -> None:
    def broken(event: Any, number: int) -> Any:
        if event.catalogue is Catalogue.ANILIST or event.error is not None:
            return fetched_of(event, status="failed" if event.error is not None else "ok")
        if event.cursor == "2":
            raise error
        return fetched_of(event, cursor="2")

    run = enrichment.run(fetch_source=broken)

    assert run.status == "SUCCEEDED"
    assert run.output["fetched"] == [ended("jikan", "failed"), ended("anilist", "ok")]
    (recorded,) = (event for event in run.events("fetch_source") if event.error is not None)
    assert (recorded.catalogue, recorded.cursor) == (Catalogue.JIKAN, "2")
    assert reason(recorded.error["Error"], recorded.error["Cause"]) == f"{type(error).__name__}: {error}"


def test_a_catalogue_whose_failure_cannot_be_recorded_does_not_stop_the_others(enrichment: Enrichment) -> None:
    def broken(event: Any, number: int) -> Any:
        if event.catalogue is Catalogue.JIKAN:
            raise Malformed("no JSON")
        return fetched(event, number)

    run = enrichment.run(fetch_source=broken)

    assert run.status == "SUCCEEDED"
    assert run.output["fetched"] == [ended("jikan", "failed"), ended("anilist", "ok")]


def test_since_when_nothing_could_be_counted_goes_from_call_to_call(enrichment: Enrichment) -> None:
    since = datetime(2026, 11, 21, 1, tzinfo=UTC)

    def uncounted(event: Any, number: int) -> Any:
        if number == 1:
            return fetched_of(event, wait=180, since=since, status="waiting")
        return fetched_of(event, cursor="2" if number == 2 else None)

    run = enrichment.run(
        begin=gives(BeginOutput(catalogues=(Catalogue.ANIDB,), stages=tuple(Stage), base_revision=None)),
        fetch_source=uncounted,
    )

    assert [event.troubled_since for event in run.events("fetch_source")] == [None, since, None]


def test_an_anime_that_no_catalogue_has_fails_at_its_stages(enrichment: Enrichment) -> None:
    run = enrichment.run(
        begin=gives(BeginOutput(catalogues=(), stages=tuple(Stage), base_revision=None)),
        process_stage=fails(NoCatalogueAnswered("none")),
    )

    assert (run.status, run.error) == ("FAILED", "NoCatalogueAnswered")
    assert "fetch_source" not in run.tasks()
    assert cleaned(run) == ("failed", "NoCatalogueAnswered")


def test_an_episode_runs_its_stage_alone(enrichment: Enrichment) -> None:
    run = enrichment.run(Mode.EPISODE)

    assert run.status == "SUCCEEDED"
    assert [event.stage for event in run.events("process_stage")] == [Stage.EPISODES]
    assert run.events("begin")[0].ref.episode_number == "5"


def test_a_flag_goes_straight_to_review(enrichment: Enrichment) -> None:
    run = enrichment.run(Mode.REVIEW_ONLY)

    assert run.tasks() == ["begin", "request_review", "commit_data", "cleanup"]
    assert (run.events("request_review")[0].proposed_key, run.events("request_review")[0].sha256) == (None, None)


def test_images_are_ingested_in_rounds(enrichment: Enrichment) -> None:
    def some(_event: Any, number: int) -> Any:
        return ImagesOutput(stored=10, failed=0, remaining=30 - 10 * number).model_dump(mode="json")

    run = enrichment.run(ingest_images=some)

    assert run.tasks().count("ingest_images") == 3
    assert run.status == "SUCCEEDED"


TASKS = ("begin", "fetch_source", "process_stage", "ingest_images", "assemble_entry", "request_review", "cleanup")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "error",
    [Unavailable("down"), Throttled("slow down"), Crash("Lambda.TooManyRequestsException"), Crash("Sandbox.Timedout")],
    ids=lambda error: getattr(error, "error_type", type(error).__name__),
)
def test_what_may_pass_is_tried_again(enrichment: Enrichment, task: str, error: Exception) -> None:
    good = enrichment.good[task]
    usual = {"fetch_source": 2, "process_stage": 5}.get(task, 1)

    run = enrichment.run_with({task: fails(error, times=2, then=good)})

    assert run.status == "SUCCEEDED"
    assert run.tasks().count(task) == usual + 2


@pytest.mark.parametrize("task", ["begin", "process_stage", "ingest_images", "assemble_entry", "request_review"])
def test_what_cannot_pass_ends_in_a_clean_up(enrichment: Enrichment, task: str) -> None:
    run = enrichment.run_with({task: fails(InvalidEntry(["title: Field required"]))})

    assert (run.status, run.error) == ("FAILED", "InvalidEntry")
    assert run.cause is not None
    assert "title: Field required" in run.cause
    assert run.tasks().count(task) == (5 if task == "process_stage" else 1)
    assert "commit_data" not in run.tasks()
    assert cleaned(run) == ("failed", "InvalidEntry")


def test_what_does_not_pass_after_all_ends_in_a_clean_up(enrichment: Enrichment) -> None:
    run = enrichment.run(assemble_entry=fails(Unavailable("down")))

    assert (run.status, run.error) == ("FAILED", "Unavailable")
    assert run.tasks().count("assemble_entry") == 5
    assert cleaned(run) == ("failed", "Unavailable")


def test_a_failed_stage_of_an_episode_ends_in_a_clean_up(enrichment: Enrichment) -> None:
    run = enrichment.run(Mode.EPISODE, process_stage=fails(LockLost("gone")))

    assert (run.status, cleaned(run)) == ("FAILED", ("failed", "LockLost"))


def test_a_rejected_entry_is_not_committed(enrichment: Enrichment) -> None:
    run = enrichment.run(request_review=enrichment.harness.decide("rejected", commit=False))

    assert run.status == "SUCCEEDED"
    assert "commit_data" not in run.tasks()
    assert cleaned(run) == ("rejected", None)


def test_an_approval_that_changes_nothing_is_not_committed(enrichment: Enrichment) -> None:
    run = enrichment.run(Mode.REVIEW_ONLY, request_review=enrichment.harness.decide("approved", commit=False))

    assert run.status == "SUCCEEDED"
    assert "commit_data" not in run.tasks()
    assert cleaned(run) == ("succeeded", None)


def test_a_verdict_that_nobody_knows_is_not_committed(enrichment: Enrichment) -> None:
    run = enrichment.run(request_review=enrichment.harness.decide("perhaps"))

    assert "commit_data" not in run.tasks()
    assert cleaned(run) == ("rejected", None)


def test_a_review_that_nobody_decides_expires(enrichment: Enrichment) -> None:
    run = enrichment.run_with({"request_review": gives()}, timeout=1)

    assert (run.status, run.error) == ("FAILED", "ReviewExpired")
    assert run.tasks().count("request_review") == 1
    assert "commit_data" not in run.tasks()
    assert cleaned(run) == ("expired", "States.Timeout")


def test_a_failed_commit_is_undone(enrichment: Enrichment) -> None:
    def refuse(event: Any, number: int) -> Any:
        if event.action == "commit":
            raise LockLost("another owner")
        return committed(event, number)

    run = enrichment.run(commit_data=refuse)

    assert (run.status, run.error) == ("FAILED", "LockLost")
    assert [event.action for event in run.events("commit_data")] == ["commit", "undo"]
    undo = run.events("commit_data")[1]
    assert undo.error["Error"] == "LockLost"
    assert undo.outcome == run.events("commit_data")[0].outcome
    assert cleaned(run) == ("failed", "LockLost")


def test_a_commit_that_turns_out_to_be_done_is_a_success(enrichment: Enrichment) -> None:
    def lost_reply(event: Any, _number: int) -> Any:
        if event.action == "commit":
            raise Unavailable("no reply")
        return CommitOutput(result="rolled_forward", revision=2).model_dump(mode="json")

    run = enrichment.run(commit_data=lost_reply)

    assert run.status == "SUCCEEDED"
    assert [event.action for event in run.events("commit_data")] == ["commit", "undo"]
    assert cleaned(run) == ("succeeded", None)


def test_an_undo_waits_for_its_stores(enrichment: Enrichment) -> None:
    def slow(event: Any, number: int) -> Any:
        if event.action == "commit" or number < 4:
            raise Unavailable("down")
        return committed(event, number)

    run = enrichment.run(commit_data=slow)

    assert [event.action for event in run.events("commit_data")] == ["commit", "undo", "undo", "undo"]
    assert cleaned(run) == ("failed", "Unavailable")


def test_an_undo_that_fails_is_told_apart(enrichment: Enrichment) -> None:
    def broken(event: Any, _number: int) -> Any:
        raise LockLost("commit") if event.action == "commit" else Malformed("undo")

    run = enrichment.run(commit_data=broken)

    assert (run.status, run.error) == ("FAILED", "UndoFailed")
    assert cleaned(run) == ("undo_failed", "Malformed")


def test_the_commit_waits_for_the_lock(enrichment: Enrichment) -> None:
    run = enrichment.run(Mode.REVIEW_ONLY, commit_data=fails(LockHeld(ANIME, "another"), times=20, then=committed))

    assert run.status == "SUCCEEDED"
    assert [event.action for event in run.events("commit_data")] == ["commit"] * 21


def test_the_commit_leaves_retries_of_its_stores_to_the_saga(enrichment: Enrichment) -> None:
    def down(event: Any, number: int) -> Any:
        if event.action == "commit":
            raise Unavailable("down")
        return committed(event, number)

    run = enrichment.run(commit_data=down)

    assert [event.action for event in run.events("commit_data")] == ["commit", "undo"]


def test_a_commit_whose_function_died_is_taken_up_again(enrichment: Enrichment) -> None:
    run = enrichment.run(commit_data=fails(Crash("Sandbox.Timedout"), times=2, then=committed))

    assert run.status == "SUCCEEDED"
    assert [event.action for event in run.events("commit_data")] == ["commit"] * 3


@pytest.mark.parametrize(
    ("otherwise", "outcome"),
    [
        ({}, "succeeded"),
        ({"request_review": "rejected"}, "rejected"),
        ({"request_review": "expired"}, "expired"),
        ({"begin": "failed"}, "failed"),
        ({"commit_data": "failed"}, "undo_failed"),
    ],
)
def test_a_clean_up_that_fails_shows(enrichment: Enrichment, otherwise: dict[str, str], outcome: str) -> None:
    ways: dict[str, Behaviour] = {
        "rejected": enrichment.harness.decide("rejected"),
        "expired": gives(),
        "failed": fails(LockLost("gone")),
    }

    run = enrichment.run_with(
        {"cleanup": fails(Malformed("broken")), **{task: ways[way] for task, way in otherwise.items()}},
        timeout=1 if outcome == "expired" else 600,
    )

    assert (run.status, run.error) == ("FAILED", "NotCleaned")
    assert cleaned(run)[0] == outcome
