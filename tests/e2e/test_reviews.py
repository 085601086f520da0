"""What a person decides, and that it happens once: flags, edits, rejections, races, and commits that have to be
settled afterwards."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pymongo
import pytest

from cli import operations as ops
from cli.errors import CommandError, RemoteError
from domain.canonical_json import canonical_bytes
from models.anime import AnimeEntry, dump_entry
from models.errors import UndoImpossible
from models.ids import mint_anime_id
from models.review import Review
from tests.e2e.command import Anime
from tests.e2e.offers import Newcomer, Offers, page, record_answers, second_sample
from tests.support.local_stack import World, eventually, handled, running
from tests.support.samples import ENRICHED, FIRST
from workflows import commit, keys

pytestmark = pytest.mark.e2e

REJECTED: Final = Newcomer(990_001)
EDITED: Final = Newcomer(990_002)
RACED: Final = Newcomer(990_003)
REPEATED: Final = Newcomer(990_004)
STUCK: Final = Newcomer(990_005)
GREAT_PRETENDER: Final = 40_052
"""Its episodes are flagged, and our catalogue knows it."""

REFRESHED: Final = 47_161
MACHINE_TASKS: Final = {
    "begin",
    "fetch_source",
    "process_stage",
    "ingest_images",
    "assemble_entry",
    "request_review",
    "commit_data",
    "cleanup",
}
LOCK_BUSY: Final = 46
"""An error of the server that may pass."""

STATUS_APPROVED: Final = page(52_991)
STATUS_REJECTED: Final = page(51_553)


@dataclass
class Desk:
    """A stack in which the samples' differences wait for a person."""

    world: World
    offers: Offers
    flagged: dict[str, Any]
    """The answer of the sync that raised the flags."""

    def find(self, url: str) -> str:
        return self.world.animes.find_by_sources([url])[url]

    def entry(self, anime_id: str) -> AnimeEntry:
        found = self.world.animes.get(anime_id)
        assert found is not None
        return found

    def sync(self) -> dict[str, Any]:
        """With a release of what is offered now."""
        file, sha = self.offers.release()
        return self.world.sync(file, sha)

    def offer(self, newcomer: Newcomer) -> str:
        """Offers it, and returns the execution that the sync starts for it."""
        self.offers.add(newcomer)
        self.sync()
        return self.world.execution("new", newcomer.anime_id)

    def flag_of(self, anime_id: str) -> Review:
        return self.world.asked(self.world.execution("review_only", anime_id))


@pytest.fixture(scope="module")
def desk(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("offers")
    newcomers = (REJECTED, EDITED, RACED, REPEATED, STUCK)
    replay = record_answers(folder / "replay", GREAT_PRETENDER, REFRESHED, *(one.number for one in newcomers))
    with running(root, replay=replay) as world:
        world.bootstrap(ENRICHED, kind="enriched", sha="2026-04")
        world.bootstrap(FIRST, kind="offline", sha="2026-04")
        offers = Offers(folder, second_sample())
        file, sha = offers.release()
        yield Desk(world, offers, world.sync(file, sha))


# -------------------------------------------------------------------------------------------------------------- flags


def test_an_approved_status_is_stored_in_both_stores(desk: Desk) -> None:
    anime_id = desk.find(STATUS_APPROVED)
    before = desk.entry(anime_id)
    review = desk.flag_of(anime_id)
    [flag] = review.flags
    assert (flag.field, flag.stored) == ("status", before.status.value)
    assert flag.offered != flag.stored
    decided = desk.world.decide(review, "approved")
    assert decided["resumed"] is True
    assert review.execution is not None
    assert desk.world.ended(review.execution)["status"] == "SUCCEEDED"

    after = desk.entry(anime_id)
    assert after.status.value == flag.offered
    assert after.revision == before.revision + 1
    point = desk.world.point(anime_id)
    assert (point.payload["status"], point.payload["revision"]) == (flag.offered, after.revision)
    assert point.payload["saga"] == after.last_saga == review.execution
    kept = {"status", "revision", "last_saga"}
    assert {name: value for name, value in dump_entry(after).items() if name not in kept} == {
        name: value for name, value in dump_entry(before).items() if name not in kept
    }
    assert desk.world.lock(anime_id) is None
    assert desk.world.differences() == 0


def test_a_decided_flag_is_not_raised_again_by_another_release(desk: Desk) -> None:
    anime_id = desk.find(STATUS_REJECTED)
    review = desk.flag_of(anime_id)
    before = desk.entry(anime_id)
    desk.world.decide(review, "rejected", reason="the catalogues know better")
    assert review.execution is not None
    assert desk.world.ended(review.execution)["status"] == "SUCCEEDED"
    assert desk.entry(anime_id) == before

    again = desk.sync()
    assert (again["status_flagged"], again["episodes_flagged"]) == (0, 0)
    assert anime_id in {member["anime_id"] for member in desk.world.members(again, "unchanged")}
    assert desk.world.executions("review_only", anime_id) == [review.execution]


def test_open_flags_are_not_raised_again_either(desk: Desk) -> None:
    def waiting() -> list[str]:
        reviews = desk.world.reviews.list(state=None, kind=None, limit=1000)
        return sorted(review.review_id for review in reviews if review.flags)

    eventually(lambda: len(waiting()) == desk.flagged["status_flagged"] + desk.flagged["episodes_flagged"], "all flags")
    before = waiting()
    desk.sync()
    assert waiting() == before


def test_approving_in_bulk_decides_one_kind_and_more_episodes_start_a_refresh(desk: Desk, anime: Anime) -> None:
    members = [member["anime_id"] for member in desk.world.members(desk.flagged, "episodes_flagged")]
    flags = {anime_id: desk.flag_of(anime_id) for anime_id in members}
    before = {anime_id: desk.entry(anime_id) for anime_id in members}
    others = [review.review_id for review in desk.world.reviews.list(state="pending", kind=None, limit=1000)]
    others = [review_id for review_id in others if review_id not in {flag.review_id for flag in flags.values()}]

    decided = anime("--json", "review", "approve", "--all", "--kind", "episodes").json
    assert sorted(review["anime_id"] for review in decided["reviews"]) == sorted(members)
    still_open = [review.review_id for review in desk.world.reviews.list(state="pending", kind=None, limit=1000)]
    assert set(others) <= set(still_open)

    for anime_id, flag in flags.items():
        assert flag.execution is not None
        assert desk.world.ended(flag.execution)["status"] == "SUCCEEDED"
        assert "CommitData" not in desk.world.states(flag.execution), "the flag itself changes nothing"
        eventually(partial(desk.world.executions, "refresh", anime_id), f"the refresh of {anime_id}")
    known = desk.find(page(GREAT_PRETENDER))
    refreshed = desk.world.asked(desk.world.execution("refresh", known))
    assert [kind.value for kind in refreshed.kinds] == ["refresh"]
    assert refreshed.base_revision == before[known].revision
    for anime_id in set(members) - {known}:
        ended = desk.world.ended(desk.world.execution("refresh", anime_id))
        assert (ended["status"], ended["error"]) == ("FAILED", "NoCatalogueAnswered")
        assert desk.world.lock(anime_id) is None
        assert desk.entry(anime_id) == before[anime_id]

    desk.world.decide(refreshed, "rejected", reason="not of interest here")
    assert refreshed.execution is not None
    assert desk.world.ended(refreshed.execution)["status"] == "SUCCEEDED"
    assert desk.entry(known) == before[known]


def test_a_refresh_that_meets_a_lock_waits_for_its_end(desk: Desk, anime: Anime) -> None:
    world, anime_id = desk.world, desk.find(page(REFRESHED))
    before = desk.entry(anime_id)
    first = anime("--json", "enrich", anime_id).json["execution"]
    review = world.asked(first)
    assert world.lock(anime_id) is not None
    behind = {"execution": first, "review_id": review.review_id}
    assert anime("--json", "enrich", anime_id).json == {"execution": None, "pending": True, "behind": behind}
    assert world.executions("refresh", anime_id) == [first]

    world.decide(review, "rejected", reason="the next one will do")
    assert world.ended(first)["status"] == "SUCCEEDED"
    second = eventually(lambda: set(world.executions("refresh", anime_id)) - {first}, "the refresh that waited").pop()
    world.decide(world.asked(second), "approved")
    assert world.ended(second)["status"] == "SUCCEEDED"
    assert world.animes.pending(anime_id) == ()
    assert world.lock(anime_id) is None

    after = desk.entry(anime_id)
    assert (after.revision, after.last_saga, after.enriched) == (before.revision + 1, second, True)
    assert after.title == f"Newcomer {REFRESHED}"
    assert (after.sources, after.offered_sources) == (before.sources, before.offered_sources)
    told = {name: source.status.value for name, source in after.provenance.catalogues.items()}
    assert told["mal"] == "ok"
    assert set(told.values()) == {"ok", "not_recorded"}, "the entry goes on without those that have no answer"
    assert world.point(anime_id).payload["title"] == after.title
    assert world.differences() == 0


# ------------------------------------------------------------------------------------------------------------- reject


def test_a_rejected_anime_is_not_stored_and_not_started_again(desk: Desk) -> None:
    execution = desk.offer(REJECTED)
    review = desk.world.asked(execution)
    decided = desk.world.decide(review, "rejected", reason="an advertisement")
    assert decided["decision"]["reason"] == "an advertisement"

    assert desk.world.ended(execution)["status"] == "SUCCEEDED"
    states = desk.world.states(execution)
    assert "CleanupRejected" in states
    assert "CommitData" not in states
    assert desk.world.animes.get(REJECTED.anime_id) is None
    assert desk.world.vectors.get(REJECTED.anime_id) is None
    assert desk.world.lock(REJECTED.anime_id) is None
    assert desk.world.objects(keys.work(execution)) == desk.world.objects(f"sagas/{REJECTED.anime_id}/") == {}
    report = desk.world.report_of(execution)
    assert (report["state"], report["result"]["outcome"], report["error"]) == ("succeeded", "rejected", None)

    file, sha = desk.offers.release()
    for synced in (desk.world.sync(file, sha), desk.world.sync(file, sha)):
        assert (synced["started"], synced["pending"]) == (0, 0)
    assert desk.world.executions("new", REJECTED.anime_id) == [execution]
    assert REJECTED.anime_id not in desk.world.pending()


# -------------------------------------------------------------------------------------------------------------- edits


def test_only_a_valid_edit_of_the_version_that_was_shown_is_committed(desk: Desk, anime: Anime, tmp_path: Path) -> None:
    execution = desk.offer(EDITED)
    review = desk.world.asked(execution)
    proposed = ops.show_review(desk.world.session, review.review_id)["proposed"]

    def refused(edited: dict[str, Any], **more: Any) -> RemoteError:
        with pytest.raises(RemoteError) as caught:
            ops.decide(
                desk.world.session,
                review.review_id,
                **{"verdict": "approved", "sha256": review.sha256, "edited": edited, **more},
            )
        assert desk.world.review(review.review_id) == review, "the review is open as before"
        assert desk.world.describe(execution)["status"] == "RUNNING"
        return caught.value

    wrong = refused({**proposed, "episodes": "many", "characters": [{"role": "MAIN"}], "unheard_of": 1})
    assert wrong.kind == "InvalidEntry"
    for field in ("episodes", "characters.0.name", "unheard_of"):
        assert f"{field}: " in str(wrong)
    fixed = refused({**proposed, "revision": 7})
    assert (fixed.kind, str(fixed)) == ("InvalidEntry", "the entry is not valid: revision: cannot be edited")
    assert refused(proposed, sha256="0" * 64).kind == "ReviewOutdated"

    file = tmp_path / "edited.json"
    file.write_text(json.dumps({**proposed, "synopsis": ""}))
    by_command = anime("review", "approve", review.review_id, "--file", file)
    assert "synopsis: " in by_command.complaint
    assert desk.world.review(review.review_id).state == "pending"

    file.write_text(json.dumps({**proposed, "synopsis": "As the reviewer puts it."}))
    decided = anime("--json", "review", "approve", review.review_id, "--file", file).json
    assert decided["reviews"][0]["decision"]["edited"] is True
    assert desk.world.ended(execution)["status"] == "SUCCEEDED"
    stored = desk.entry(EDITED.anime_id)
    assert stored.synopsis == "As the reviewer puts it."
    assert desk.world.bytes(keys.audit_copy(EDITED.anime_id)) == canonical_bytes(stored)
    assert stored.locked_fields == ["synopsis"]
    assert [one.catalogue for one in stored.provenance.fields["synopsis"]] == ["reviewer"]
    assert anime("--json", "show", EDITED.anime_id).json["entry"]["locked_fields"] == ["synopsis"]
    linked = {related.url: related.anime_id for related in stored.related_anime}
    assert list(linked) == [related["url"] for related in proposed["related_anime"]]
    assert linked[page(5)] == desk.find(page(5)), "the film is in the first release"
    ours = {"revision", "last_saga", "synopsis", "offered_sources", "locked_fields", "provenance", "related_anime"}
    assert {name: value for name, value in dump_entry(stored).items() if name not in ours} == {
        name: value for name, value in proposed.items() if name not in ours
    }


def test_a_decision_stands_and_the_same_one_again_is_welcome(desk: Desk) -> None:
    [review] = [one for one in desk.world.reviews.list(state="decided", kind=None, limit=1000) if edited(one)]
    with pytest.raises(RemoteError) as caught:
        desk.world.decide(review, "rejected", reason="changed my mind")
    assert caught.value.kind == "AlreadyDecided"
    assert desk.world.review(review.review_id) == review


def edited(review: Review) -> bool:
    return review.decision is not None and review.decision.edited


def test_the_token_never_leaves_the_server(desk: Desk) -> None:
    """Of every review, open or decided: not in any answer of the review function, and in no log."""
    reviews = desk.world.reviews.list(state=None, kind=None, limit=1000)
    tokens = {review.token for review in reviews if review.token}
    assert len(tokens) > 5
    answers = [
        desk.world.session.invoke("review", {"action": "list", "state": state})
        for state in ("pending", "decided", None)
    ]
    answers += [ops.show_review(desk.world.session, review.review_id) for review in reviews]
    told = json.dumps(answers) + "".join(file.read_text() for file in desk.world.stack.places.logs.iterdir())
    stored = "".join(
        desk.world.bytes(key).decode(errors="replace")
        for key in desk.world.objects()
        if not key.startswith("releases/")
    )
    assert "token" not in json.dumps(answers)
    for token in tokens:
        assert token not in told
        assert quote(token) not in told
        assert token not in stored


# ------------------------------------------------------------------------------------------------------------ at once


def test_two_syncs_at_once_start_each_new_anime_once(desk: Desk) -> None:
    """Either both see to the end, or one of them is told that the other was faster."""
    desk.offers.add(RACED)
    file, sha = desk.offers.release()
    start = threading.Barrier(2)

    def sync(_: int) -> str:
        start.wait(30)
        try:
            return f"started {desk.world.sync(file, sha)['started']}"
        except CommandError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(sync, range(2)))
    assert set(told) <= {
        "another run moved the baseline on meanwhile; look at its report and run again",
        "started 0",
        "started 1",
    }
    assert any(text.startswith("started") for text in told)
    execution = desk.world.execution("new", RACED.anime_id)
    assert desk.world.sync_state()["sha"] == sha
    desk.world.decide(desk.world.asked(execution), "approved")
    assert desk.world.ended(execution)["status"] == "SUCCEEDED"
    assert desk.entry(RACED.anime_id).revision == 1
    stored = Counter(url for anime in desk.world.animes.summaries() for url in anime.sources)
    assert stored[page(RACED.number)] == 1


def test_every_event_may_be_handled_twice(desk: Desk) -> None:
    """Each function gets each event twice, the sync's as well: one execution, one review, one entry."""
    world = desk.world
    with handled(world, times=2) as seen:
        execution = desk.offer(REPEATED)
        review = world.asked(execution)
        world.decide(review, "approved")
        assert world.ended(execution)["status"] == "SUCCEEDED"
    assert (
        len([one for one in world.reviews.list(state=None, kind=None, limit=1000) if one.execution == execution]) == 1
    )
    assert world.review(review.review_id).attempt == 1

    ours = [one for one in seen if one.event.get("ref", {}).get("execution") == execution]
    assert {one.task for one in ours} == MACHINE_TASKS
    # Images that the first time has settled are known the second time, and not counted.
    assert [one for one in ours if one.answers[0] != one.answers[1] and one.task != "ingest_images"] == []
    [synced] = [one for one in seen if one.task == "weekly_sync_starter"]
    assert synced.answers[0] == synced.answers[1]
    stored, point = desk.entry(REPEATED.anime_id), world.point(REPEATED.anime_id)
    assert (stored.revision, point.payload["revision"]) == (1, 1)
    saga = world.json(keys.saga(REPEATED.anime_id, execution))
    assert saga["state"] == "done"

    for one in ours[-2:]:  # late ones, when all is over
        assert world.session.invoke(one.task, one.event) == one.answers[-1]
    assert {one.task for one in ours[-2:]} == {"commit_data", "cleanup"}
    assert (desk.entry(REPEATED.anime_id), world.point(REPEATED.anime_id)) == (stored, point)
    assert world.json(keys.saga(REPEATED.anime_id, execution)) == saga
    assert world.lock(REPEATED.anime_id) is None
    assert world.objects(keys.work(execution)) == {}
    assert world.differences() == 0


# ------------------------------------------------------------------------------------------------------------ redrive


def fail_writes(world: World, *, on: bool) -> None:
    """The server refuses updates, and so the first write of every commit."""
    how: dict[str, Any] = {"mode": "off"}
    if on:
        how = {"mode": "alwaysOn", "data": {"failCommands": ["update"], "errorCode": LOCK_BUSY}}
    with pymongo.MongoClient[dict[str, Any]](world.stack.description["mongo_uri"]) as client:
        client.admin.command({"configureFailPoint": "failCommand", **how})


def test_a_commit_that_could_not_be_undone_is_settled_by_redrive(
    desk: Desk, anime: Anime, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = desk.world
    execution = desk.offer(STUCK)
    review = world.asked(execution)

    def impossible(*_: object, **__: object) -> None:
        fail_writes(world, on=False)
        raise UndoImpossible("the stores do not answer")

    with monkeypatch.context() as broken:
        broken.setattr(commit, "undo", impossible)
        fail_writes(world, on=True)
        try:
            world.decide(review, "approved")
            ended = world.ended(execution)
        finally:
            fail_writes(world, on=False)
    assert (ended["status"], ended["error"]) == ("FAILED", "UndoFailed")
    assert world.report_of(execution)["error"] == "UndoImpossible: the stores do not answer"
    [message] = world.messages("commit_dlq")
    assert (message["execution"], message["anime_id"]) == (execution, STUCK.anime_id)
    assert message["payload_key"] == keys.saga(STUCK.anime_id, execution)
    assert datetime.fromisoformat(message["failed_at"]).tzinfo is not None
    assert world.lock(STUCK.anime_id) is None
    assert world.animes.get(STUCK.anime_id) is None
    assert world.point(STUCK.anime_id).payload["saga"] == execution, "the point was written and is still there"
    assert world.differences() == 1

    settled = anime("--json", "redrive").json
    assert (settled["messages"], settled["undone"], settled["left"]) == (1, 1, 0)
    assert world.queued("commit_dlq") == 0
    assert world.vectors.get(STUCK.anime_id) is None
    assert world.objects(keys.work(execution)) == {}
    assert world.differences() == 0

    state = world.sync_state()
    assert STUCK.anime_id in world.pending()
    file = desk.offers.folder / f"{state['sha']}.jsonl.zst"
    assert world.sync(file, state["sha"])["started"] == 1
    second = next(name for name in world.executions("new", STUCK.anime_id) if name != execution)
    world.decide(world.asked(second), "approved")
    assert world.ended(second)["status"] == "SUCCEEDED"
    assert desk.entry(STUCK.anime_id).last_saga == second
    assert world.differences() == 0


def test_an_anime_is_found_by_its_source_whoever_made_it(desk: Desk) -> None:
    """Ids are minted from the canonical source: the one that a test works out is the one under which it is stored."""
    assert desk.find(page(RACED.number)) == mint_anime_id(page(RACED.number)) == RACED.anime_id
