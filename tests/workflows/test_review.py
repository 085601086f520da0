import json
from typing import Any

import pytest

from domain.canonical_json import canonical_bytes, sha256_of
from models.anime import AnimeEntry, check_entry, dump_entry
from models.errors import AlreadyDecided, BadInput, InvalidEntry, NotFound, ReviewOutdated, Unavailable
from models.events import ExecutionRef, Mode, ReviewRequestInput
from models.ids import mint_review_id
from models.provenance import RELEASE, Origin, Provenance
from models.review import Flag, Proposal, Review, ReviewKind, ReviewRequest
from models.vocabulary import AnimeStatus
from tests.support.commits import ANIME, World, fake_world, make_entry, make_episode
from tests.support.crashing import Crash, Faults, When
from workflows import keys
from workflows.launching import flags_cause, start_unlocked, subject_of
from workflows.ports import PendingEvent
from workflows.review import decide, handle, list_reviews, raise_conflict, request_review, show
from workflows.work import keep_base, put_proposed

STATUS = Flag(field="status", stored="ONGOING", offered="FINISHED")
EPISODES = Flag(field="episodes", stored="1", offered="2")
TOKEN = "token"
PROPOSED = make_entry(synopsis="As the catalogues have it.")


@pytest.fixture
def world() -> World:
    return fake_world()


def event_of(world: World, ref: ExecutionRef, entry: AnimeEntry | None, token: str) -> ReviewRequestInput:
    put = None if entry is None else put_proposed(ref, entry, world.objects)
    world.tasks.wait(token)
    return ReviewRequestInput(
        ref=ref,
        token=token,
        proposed_key=put.proposed_key if put else None,
        sha256=put.sha256 if put else None,
        started_at="2026-11-21T01:00:00.000Z",
    )


def new_execution(world: World, mode: Mode = Mode.NEW, entry: AnimeEntry = PROPOSED) -> ExecutionRef:
    ref = world.started(mode, subject_of(entry))
    keep_base(ref, animes=world.animes, objects=world.objects)
    return ref


def pending(world: World, mode: Mode = Mode.NEW, entry: AnimeEntry = PROPOSED) -> Review:
    ref = new_execution(world, mode, entry)
    return request_review(event_of(world, ref, entry, "token"), ports=world.review_ports())


def flagged_execution(world: World, *flags: Flag) -> ExecutionRef:
    proposal = Proposal(anime_id=ANIME, flags=flags, release="2026-05")
    return world.ref(
        start_unlocked(proposal, mode=Mode.REVIEW_ONLY, cause=flags_cause(flags), ports=world.launch_ports())
    )


def flagged(world: World, *flags: Flag) -> Review:
    world.store(make_entry(status=AnimeStatus.ONGOING, episode_details=[make_episode("1")]))
    ref = flagged_execution(world, *flags)
    return request_review(event_of(world, ref, None, "token"), ports=world.review_ports())


def decision(review: Review, verdict: str = "approved", **changes: Any) -> ReviewRequest:
    values = {"action": "decide", "review_id": review.review_id, "verdict": verdict, "by": "reviewer"}
    reason = {"reason": "wrong anime"} if verdict == "rejected" else {}
    return ReviewRequest.model_validate(values | {"sha256": review.sha256} | reason | changes)


def output(world: World, token: str = TOKEN) -> dict[str, Any]:
    return dict(world.tasks.outputs[token])


# ------------------------------------------------------------------------------------------------------------ asking


def test_a_review_holds_what_a_decision_needs(world: World) -> None:
    review = pending(world)
    assert (review.state, review.kinds, review.title, review.attempt) == (
        "pending",
        (ReviewKind.NEW,),
        "Cowboy Bebop",
        1,
    )
    assert review.sha256 == sha256_of(PROPOSED)
    assert review.base_revision is None
    assert review.review_id == mint_review_id(review.execution or "")


def test_a_review_says_which_fields_would_change(world: World) -> None:
    assert pending(world).changed is None
    other = fake_world()
    other.store(make_entry(synopsis="Before."))
    assert pending(other, Mode.REFRESH, entry=make_entry(synopsis="After.")).changed == ("synopsis",)


def test_a_review_of_an_episode_says_of_which(world: World) -> None:
    ref = new_execution(world).model_copy(update={"episode_number": "5"})
    asked = event_of(world, ref, PROPOSED, "token")
    assert request_review(asked, ports=world.review_ports()).episode_number == "5"


def test_a_later_attempt_replaces_the_token(world: World) -> None:
    ref = new_execution(world)
    for token, attempt in (("first", 1), ("first", 1), ("second", 2)):
        review = request_review(event_of(world, ref, PROPOSED, token), ports=world.review_ports())
        assert (review.token, review.attempt) == (token, attempt)
    decide(decision(review), ports=world.review_ports())
    assert set(world.tasks.outputs) == {"second"}


def test_a_review_without_a_proposal_is_refused(world: World) -> None:
    event = event_of(world, new_execution(world), None, "token")
    with pytest.raises(BadInput):
        request_review(event, ports=world.review_ports())


def test_a_task_that_asks_about_a_decided_review_hears_so_at_once(world: World) -> None:
    ref = new_execution(world)
    review = request_review(event_of(world, ref, PROPOSED, "first"), ports=world.review_ports())
    decide(decision(review), ports=world.review_ports())
    again = request_review(event_of(world, ref, PROPOSED, "second"), ports=world.review_ports())
    assert again.state == "decided"
    assert output(world, "second") == output(world, "first")


def test_a_flagged_status_is_proposed_on_the_stored_entry(world: World) -> None:
    review = flagged(world, STATUS)
    assert review.kinds == (ReviewKind.STATUS,)
    assert (review.flags, review.release, review.base_revision) == ((STATUS,), "2026-05", 0)
    stored = world.objects.get(review.proposed_key or "")
    assert stored is not None
    base = world.animes.get(ANIME)
    assert base is not None
    released = Provenance(fields={"status": [Origin(catalogue=RELEASE)]})
    assert check_entry(stored.body) == base.model_copy(update={"status": AnimeStatus.FINISHED, "provenance": released})


def test_more_episodes_offered_change_nothing_by_themselves(world: World) -> None:
    review = flagged(world, EPISODES)
    assert review.kinds == (ReviewKind.EPISODES,)
    assert review.sha256 == sha256_of(world.animes.get(ANIME))


def test_the_proposal_of_flags_is_the_same_at_each_attempt(world: World) -> None:
    first = flagged(world, STATUS)
    changed = make_entry(status=AnimeStatus.ONGOING, synopsis="Changed since.")
    world.change_stored(changed, by="another")
    ref = world.ref(first.execution or "")
    again = request_review(event_of(world, ref, None, "later"), ports=world.review_ports())
    assert (again.sha256, again.base_revision) == (first.sha256, first.base_revision)


def test_a_flag_with_an_unknown_status_is_refused(world: World) -> None:
    with pytest.raises(InvalidEntry, match="status"):
        flagged(world, Flag(field="status", stored="ONGOING", offered="SOMETIMES"))


# ---------------------------------------------------------------------------------------------------------- deciding


def test_an_approval_tells_the_waiting_task_what_to_commit(world: World) -> None:
    review = pending(world)
    answer = decide(decision(review), ports=world.review_ports())
    assert answer["resumed"] is True
    assert answer["decision"]["by"] == "reviewer"
    told = output(world)
    assert (told["verdict"], told["commit"], told["sha256"]) == ("approved", True, review.sha256)
    stored = world.objects.get(told["approved_key"])
    assert stored is not None
    assert check_entry(stored.body) == PROPOSED


def test_a_rejection_needs_a_reason_and_commits_nothing(world: World) -> None:
    review = pending(world)
    for reason in (None, "  "):
        with pytest.raises(BadInput, match="reason"):
            decide(decision(review, "rejected", reason=reason), ports=world.review_ports())
    decide(decision(review, "rejected"), ports=world.review_ports())
    told = output(world)
    assert (told["verdict"], told["commit"], told["approved_key"]) == ("rejected", False, None)
    assert world.reviews.rejected_anime() == {ANIME}


@pytest.mark.parametrize("missing", ["review_id", "verdict", "by"])
def test_a_decision_that_lacks_something_is_refused(world: World, missing: str) -> None:
    review = pending(world)
    with pytest.raises(BadInput, match=missing):
        decide(decision(review).model_copy(update={missing: None}), ports=world.review_ports())


def test_a_decision_on_an_unknown_review_is_refused(world: World) -> None:
    with pytest.raises(NotFound):
        decide(decision(pending(world), review_id="rev_none"), ports=world.review_ports())


def test_a_decision_on_another_version_is_refused_and_the_review_stays_open(world: World) -> None:
    ref = new_execution(world)
    old = request_review(event_of(world, ref, PROPOSED, "token"), ports=world.review_ports())
    request_review(event_of(world, ref, make_entry(synopsis="Newer."), "token"), ports=world.review_ports())
    for seen in (old.sha256, None):
        with pytest.raises(ReviewOutdated):
            decide(decision(old, sha256=seen), ports=world.review_ports())
    assert state(world, old) == "pending"
    assert world.tasks.outputs == {}


def test_a_proposal_that_is_not_what_was_hashed_is_refused(world: World) -> None:
    review = pending(world)
    world.objects.put(review.proposed_key or "", canonical_bytes(make_entry(title="Swapped")))
    with pytest.raises(ReviewOutdated):
        decide(decision(review), ports=world.review_ports())


def test_the_same_decision_again_tells_the_task_again(world: World) -> None:
    review = pending(world)
    first = decide(decision(review), ports=world.review_ports())
    world.objects.delete_prefix(keys.work(review.execution or ""))
    world.tasks.wait("token")
    again = decide(decision(review), ports=world.review_ports())
    assert again == first
    again = decide(decision(review), ports=world.review_ports())
    assert again == {**first, "resumed": False}


def test_the_opposite_decision_afterwards_is_refused(world: World) -> None:
    review = pending(world)
    decide(decision(review), ports=world.review_ports())
    with pytest.raises(AlreadyDecided):
        decide(decision(review, "rejected"), ports=world.review_ports())


def test_an_expired_review_takes_no_decision(world: World) -> None:
    review = pending(world)
    world.reviews.expire(review.review_id)
    with pytest.raises(AlreadyDecided):
        decide(decision(review), ports=world.review_ports())
    assert world.tasks.outputs == {}


def test_a_decision_is_recorded_before_anybody_hears_of_it_and_after_what_it_approves(world: World) -> None:
    review = pending(world)
    faults = Faults()
    decide(decision(review), ports=world.review_ports(faults))
    assert faults.writes == ["objects.put", "reviews.decide", "tasks.succeed"]


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("point", range(4))
def test_a_decision_that_dies_anywhere_is_carried_on_by_sending_it_again(world: World, point: int, when: When) -> None:
    review = flagged(world, STATUS, EPISODES)
    faults = Faults(planned={point: when})
    with pytest.raises((Crash, Unavailable)):
        decide(decision(review), ports=world.review_ports(faults))
    assert faults.writes[-1] == ["objects.put", "reviews.decide", "animes.add_pending", "tasks.succeed"][point]
    decide(decision(review), ports=world.review_ports())
    assert output(world)["verdict"] == "approved"
    assert state(world, review) == "decided"
    assert len(world.animes.pending(ANIME)) == 1


def state(world: World, review: Review) -> str:
    stored = world.reviews.get(review.review_id)
    assert stored is not None
    return stored.state


# ------------------------------------------------------------------------------------------------------------- edits


def test_an_edited_entry_is_what_gets_approved(world: World) -> None:
    review = pending(world)
    edited = dump_entry(PROPOSED) | {"synopsis": "As the reviewer has it."}
    decide(decision(review, edited=edited), ports=world.review_ports())
    told = output(world)
    stored = world.objects.get(told["approved_key"])
    assert stored is not None
    approved = json.loads(stored.body)
    assert {**approved, "provenance": {}, "locked_fields": []} == {**edited, "provenance": {}, "locked_fields": []}
    assert told["sha256"] == sha256_of(approved) != review.sha256


def approved_entry(world: World) -> AnimeEntry:
    stored = world.objects.get(output(world)["approved_key"])
    assert stored is not None
    return check_entry(stored.body)


def test_what_a_reviewer_changes_is_locked_and_marked_as_a_persons(world: World) -> None:
    base = make_entry(episode_details=[make_episode("1", title="One"), make_episode("2", title="Two")])
    review = pending(world, entry=base)
    episodes = [dump_entry(one) for one in base.episode_details]
    episodes[1]["title"] = "Stray Dog Strut"
    edited = dump_entry(base) | {"synopsis": "A person's words.", "episode_details": episodes}
    decide(decision(review, edited=edited), ports=world.review_ports())
    approved = approved_entry(world)
    assert approved.locked_fields == ["episode_details/2/title", "synopsis"]
    told = {path: [dump_entry(one) for one in found] for path, found in approved.provenance.fields.items()}
    assert told["synopsis"] == [{"catalogue": "reviewer"}]
    assert told["episode_details/title"] == [{"catalogue": "reviewer", "items": "2"}]


def test_an_approval_as_proposed_locks_nothing(world: World) -> None:
    review = pending(world)
    decide(decision(review, edited=dump_entry(PROPOSED)), ports=world.review_ports())
    assert approved_entry(world).locked_fields == []


def locked_review(world: World) -> Review:
    world.store(make_entry(locked_fields=["synopsis", "title_english"]))
    return pending(world, Mode.REFRESH, make_entry(locked_fields=["synopsis", "title_english"]))


def test_a_decision_takes_a_lock_off_and_leaves_the_value(world: World) -> None:
    review = locked_review(world)
    decide(decision(review, unlock=("synopsis",)), ports=world.review_ports())
    approved = approved_entry(world)
    assert approved.locked_fields == ["title_english"]
    assert approved == make_entry(locked_fields=["title_english"])


def test_what_is_not_locked_cannot_be_unlocked(world: World) -> None:
    review = locked_review(world)
    with pytest.raises(BadInput, match="not locked: background"):
        decide(decision(review, unlock=("background",)), ports=world.review_ports())
    assert state(world, review) == "pending"


@pytest.mark.parametrize("path", ["mood", "revision", "sources", "synopsis/1", "episode_details/1/mood", "provenance"])
def test_a_lock_on_nothing_that_can_be_locked_is_refused(world: World, path: str) -> None:
    edited = dump_entry(PROPOSED) | {"locked_fields": [path]}
    with pytest.raises(InvalidEntry, match="locked_fields"):
        decide(decision(pending(world), edited=edited), ports=world.review_ports())


def test_an_unlocking_does_not_pass_for_another_decision(world: World) -> None:
    review = locked_review(world)
    decide(decision(review, unlock=("synopsis",)), ports=world.review_ports())
    decide(decision(review, unlock=("synopsis",)), ports=world.review_ports())
    for other in ((), ("title_english",)):
        with pytest.raises(AlreadyDecided):
            decide(decision(review, unlock=other), ports=world.review_ports())


def test_a_rejection_unlocks_nothing(world: World) -> None:
    with pytest.raises(BadInput, match="go with an approval"):
        decide(decision(locked_review(world), "rejected", unlock=("synopsis",)), ports=world.review_ports())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"episodes": "two"}, "episodes"),
        ({"titel": "x"}, "titel"),
        ({"status": "SOMETIMES"}, "status"),
        ({"anime_id": "ani_00000000000000000000000000"}, "anime_id: cannot be edited"),
        ({"revision": 7}, "revision: cannot be edited"),
        ({"system_status": "ORPHANED"}, "system_status: cannot be edited"),
        ({"provenance": {"catalogues": {"mal": {"status": "ok"}}}}, "provenance: cannot be edited"),
    ],
)
def test_an_edit_that_is_not_valid_is_refused_by_field_and_the_review_stays_open(
    world: World, change: dict[str, Any], named: str
) -> None:
    review = pending(world)
    with pytest.raises(InvalidEntry) as refused:
        decide(decision(review, edited=dump_entry(PROPOSED) | change), ports=world.review_ports())
    assert any(problem.startswith(named) for problem in refused.value.problems)
    assert state(world, review) == "pending"
    decide(decision(review), ports=world.review_ports())
    assert output(world)["commit"] is True


def test_sources_may_be_edited_of_a_new_anime_only(world: World) -> None:
    sources = {"sources": [*PROPOSED.sources, "https://anilist.co/anime/1"]}
    decide(decision(pending(world), edited=dump_entry(PROPOSED) | sources), ports=world.review_ports())
    world = fake_world()
    world.store(make_entry())
    review = pending(world, Mode.REFRESH)
    with pytest.raises(InvalidEntry, match="sources"):
        decide(decision(review, edited=dump_entry(PROPOSED) | sources), ports=world.review_ports())


def test_two_edits_of_one_review_do_not_pass_for_each_other(world: World) -> None:
    review = pending(world)
    first, second = (dump_entry(PROPOSED) | {"synopsis": text} for text in ("First.", "Second."))
    decide(decision(review, edited=first), ports=world.review_ports())
    decide(decision(review, edited=first), ports=world.review_ports())
    for other in (second, None):
        with pytest.raises(AlreadyDecided):
            decide(decision(review, edited=other), ports=world.review_ports())


def test_a_rejection_takes_no_edit(world: World) -> None:
    review = pending(world)
    with pytest.raises(BadInput):
        decide(decision(review, "rejected", edited=dump_entry(PROPOSED)), ports=world.review_ports())


# ----------------------------------------------------------------------------------------------------- what follows


def test_approved_episodes_ask_for_a_refresh_before_the_task_hears(world: World) -> None:
    review = flagged(world, EPISODES)
    faults = Faults()
    decide(decision(review), ports=world.review_ports(faults))
    assert faults.writes == ["reviews.decide", "animes.add_pending", "tasks.succeed"]
    told = output(world)
    assert (told["verdict"], told["commit"], told["approved_key"]) == ("approved", False, None)
    assert world.animes.pending(ANIME) == (PendingEvent(mode="refresh", cause=f"review:{review.review_id}"),)


def test_a_status_with_episodes_is_committed_and_refreshed(world: World) -> None:
    review = flagged(world, STATUS, EPISODES)
    assert review.kinds == (ReviewKind.STATUS, ReviewKind.EPISODES)
    decide(decision(review), ports=world.review_ports())
    assert output(world)["commit"] is True
    assert len(world.animes.pending(ANIME)) == 1


def test_rejected_episodes_ask_for_nothing(world: World) -> None:
    decide(decision(flagged(world, EPISODES), "rejected"), ports=world.review_ports())
    assert world.animes.pending(ANIME) == ()


def test_there_is_nothing_to_edit_where_nothing_is_committed(world: World) -> None:
    review = flagged(world, EPISODES)
    with pytest.raises(BadInput, match="nothing to edit"):
        decide(decision(review, edited=dump_entry(make_entry())), ports=world.review_ports())
    assert state(world, review) == "pending"


# --------------------------------------------------------------------------------------------------------- automatic


def test_nothing_is_decided_without_a_person_by_default(world: World) -> None:
    assert world.review_ports().automatic_modes == frozenset()
    assert pending(world).state == "pending"


def test_a_mode_that_is_listed_is_decided_at_once_and_recorded_so(world: World) -> None:
    ref = new_execution(world)
    ports = world.review_ports(automatic=frozenset({Mode.NEW}))
    review = request_review(event_of(world, ref, PROPOSED, "token"), ports=ports)
    assert review.decision is not None
    assert review.decision.by == "automatic:new"
    assert output(world)["sha256"] == sha256_of(PROPOSED)


def test_a_flag_about_a_locked_field_waits_for_a_person_whatever_the_settings_say(world: World) -> None:
    locked = make_entry(status=AnimeStatus.ONGOING, locked_fields=["status"], episode_details=[make_episode("1")])
    world.store(locked)
    ref = flagged_execution(world, STATUS)
    ports = world.review_ports(automatic=frozenset({Mode.REVIEW_ONLY}))
    assert request_review(event_of(world, ref, None, "token"), ports=ports).state == "pending"


def test_a_mode_that_is_not_listed_waits(world: World) -> None:
    ref = new_execution(world)
    ports = world.review_ports(automatic=frozenset({Mode.EPISODE}))
    assert request_review(event_of(world, ref, PROPOSED, "token"), ports=ports).state == "pending"
    assert world.tasks.outputs == {}


# ----------------------------------------------------------------------------------------------------------- showing


def test_the_token_never_leaves(world: World) -> None:
    review = pending(world, entry=PROPOSED)
    ports = world.review_ports()
    answers = [
        list_reviews(ReviewRequest(action="list"), ports=ports),
        show(ReviewRequest(action="show", review_id=review.review_id), ports=ports),
        decide(decision(review), ports=ports),
    ]
    for answer in answers:
        assert "token" not in json.dumps(answer)
    assert "token" not in repr(review)


def test_a_review_is_shown_with_what_changes(world: World) -> None:
    world.store(make_entry())
    review = pending(world, Mode.REFRESH)
    shown = handle(ReviewRequest(action="show", review_id=review.review_id), ports=world.review_ports())
    assert shown["review"]["review_id"] == review.review_id
    assert shown["proposed"] == dump_entry(PROPOSED)
    assert shown["base"] == dump_entry(make_entry())
    assert shown["changed"] == ["synopsis"]


def test_a_review_of_an_execution_that_is_over_is_shown_without_entries(world: World) -> None:
    review = pending(world)
    world.objects.delete_prefix(keys.work(review.execution or ""))
    shown = handle(ReviewRequest(action="show", review_id=review.review_id), ports=world.review_ports())
    assert (shown["proposed"], shown["base"], shown["changed"]) == (None, None, [])


def test_an_unknown_review_is_not_shown(world: World) -> None:
    for review_id in (None, "rev_none"):
        with pytest.raises(NotFound):
            handle(ReviewRequest(action="show", review_id=review_id), ports=world.review_ports())


def test_reviews_are_listed_by_state(world: World) -> None:
    review = pending(world)
    ports = world.review_ports()
    assert [one["review_id"] for one in handle(ReviewRequest(action="list"), ports=ports)["reviews"]] == [
        review.review_id
    ]
    assert handle(ReviewRequest(action="list", state="decided"), ports=ports) == {"reviews": []}


# ---------------------------------------------------------------------------------------------------------- conflicts


def test_a_conflict_is_one_review_that_commits_nothing(world: World) -> None:
    flag = Flag(field="conflict", stored=ANIME, offered="https://anilist.co/anime/1 https://myanimelist.net/anime/1")
    raised = [
        raise_conflict(
            ANIME, title="Cowboy Bebop", flag=flag, release="2026-05", reviews=world.reviews, clock=world.clock
        )
        for _ in range(2)
    ]
    assert raised[0] == raised[1]
    assert world.reviews.list(state="pending", kind=ReviewKind.CONFLICT, limit=10) == (raised[0],)
    answer = decide(decision(raised[0]), ports=world.review_ports())
    assert answer["resumed"] is False
    assert answer["decision"]["approved_key"] is None
    assert [one.offered for one in world.reviews.raised_flags()] == [flag.offered]
