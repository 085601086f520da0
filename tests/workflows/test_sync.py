"""One weekly sync from the release to the baseline: figures, writes, refusals, repetitions, races."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

import pytest

from domain.releases import ReleaseLimits, ResolvedRelease
from models.errors import AlreadyExists, BadInput, ImplausibleChange, NotFound, Unavailable
from models.ids import canonical_source, mint_anime_id
from models.vocabulary import SystemStatus
from tests.support.fakes import Failing
from tests.support.samples import SAMPLES, SECOND
from tests.support.sync_world import World, line, new_id, pack, url
from workflows import keys
from workflows.ports import SyncUpdate
from workflows.sync import SyncResult
from workflows.sync_state import PendingAnime

EXPECTED: Final[dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text())
NUMBERS: Final = [name for name in EXPECTED if name != "members"]


@pytest.fixture
def world() -> World:
    return World()


def numbers(result: SyncResult) -> dict[str, int]:
    return {name: value for name, value in asdict(result).items() if isinstance(value, int) and name != "dry_run"}


def members(world: World, result: SyncResult, figure: str) -> list[str]:
    return [member["anime_id"] for member in world.report(result).result["members"][figure]]


# ------------------------------------------------------------------------------------------------------ the samples


def test_the_samples_give_the_expected_figures_and_members(world: World) -> None:
    world.bootstrap_samples()
    result = world.sync(SECOND, percent=2)
    assert {name: getattr(result, name) for name in NUMBERS} == {name: EXPECTED[name] for name in NUMBERS}
    assert (result.started, result.pending) == (1, 0)
    stored = world.report(result).result
    for figure, wanted in EXPECTED["members"].items():
        assert sorted(member["sources"] for member in stored["members"][figure]) == sorted(wanted), figure
    assert {name: len(listed) for name, listed in stored["members"].items()} == {
        name: number for name, number in numbers(result).items() if name != "entries"
    }
    by_id = {one.anime_id: set(one.sources) for one in world.animes.summaries()}
    for member in stored["members"]["changed"] + stored["members"]["orphaned"]:
        assert by_id[member["anime_id"]].issuperset(member["sources"])


def test_the_samples_a_second_time_change_nothing(world: World) -> None:
    world.bootstrap_samples()
    world.sync(SECOND, percent=2)
    before = world.content()
    result = world.sync(SECOND, sha="third", percent=2)
    assert (result.new, result.orphaned, result.started) == (1, 0, 0)
    assert result.changed == result.episodes_fewer == EXPECTED["episodes_fewer"]
    after = world.content()
    changed = {"state", "sha", "objects"}
    assert {name: after[name] for name in after.keys() - changed} == {
        name: before[name] for name in before.keys() - changed
    }


# -------------------------------------------------------------------------------------------------------- the writes


def test_an_anime_that_is_not_offered_is_marked_in_both_stores(world: World) -> None:
    world.bootstrap(line(1), line(2))
    result = world.sync(pack([line(2)]))
    assert (result.orphaned, members(world, result, "orphaned")) == (1, [world.anime(1).anime_id])
    assert (world.anime(1).system_status, world.anime(1).orphaned_at) == (SystemStatus.ORPHANED, world.clock())
    assert (world.payload(1)["system_status"], world.payload(2)["system_status"]) == ("ORPHANED", "ACTIVE")


def test_a_commit_between_the_writes_of_both_stores_does_not_bring_the_old_fields_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.bootstrap(line(1), line(2))
    commit_point = {world.anime(1).anime_id: {"system_status": "ACTIVE"}}
    apply = world.animes.apply_sync

    def commit_comes_first(updates: Sequence[SyncUpdate]) -> tuple[str, ...]:
        world.vectors.set_payload(commit_point)
        return apply(updates)

    monkeypatch.setattr(world.animes, "apply_sync", commit_comes_first)
    world.sync(pack([line(2)]))
    assert world.payload(1)["system_status"] == world.anime(1).system_status == "ORPHANED"


def test_an_orphan_that_is_offered_again_is_active_in_both_stores(world: World) -> None:
    world.bootstrap(line(1), line(2))
    world.sync(pack([line(2)]))
    result = world.sync(pack([line(1), line(2)]), sha="third")
    assert (result.resurrected, result.changed, result.unchanged) == (1, 1, 1)
    assert (world.anime(1).system_status, world.anime(1).orphaned_at) == (SystemStatus.ACTIVE, None)
    assert world.payload(1)["system_status"] == "ACTIVE"


def test_a_moved_anime_keeps_all_its_sources_in_both_stores(world: World) -> None:
    world.bootstrap(line(1, 2))
    result = world.sync(pack([line(2, 3)]))
    assert result.moved == 1
    assert set(world.anime(1).sources) == set(world.payload(1)["sources"]) == {url(1), url(2), url(3)}
    assert world.anime(1).offered_sources == [url(2), url(3)]


def test_a_first_offer_is_recorded_and_the_anime_is_unchanged(world: World) -> None:
    world.bootstrap()
    world.bootstrap_first_offer()
    result = world.sync(pack([line(1, 2)]))
    assert (result.moved, result.unchanged, result.changed) == (0, 1, 0)
    assert world.anime(1).offered_sources == [url(1), url(2)]


def test_sync_touches_neither_revision_nor_enriched_fields(world: World) -> None:
    world.bootstrap(line(1, 2), line(3))
    before = world.anime(1)
    world.sync(pack([line(2, 4, status="ONGOING", episodes=30)]))
    owned = {"sources", "offered_sources", "system_status", "orphaned_at"}
    assert world.anime(1).model_dump(exclude=owned) == before.model_dump(exclude=owned)
    assert world.payload(1)["revision"] == before.revision


@pytest.mark.parametrize(("store", "write"), [("vectors", "set_payload"), ("animes", "apply_sync")])
def test_a_store_that_fails_leaves_nothing_half_done_for_good(world: World, store: str, write: str) -> None:
    """Vectors come first: the next run still sees the old documents, and does both again."""
    world.bootstrap(line(1, 2), line(3))
    release = pack([line(2, 4)])
    failing = Failing(getattr(world, store)).before(write, Unavailable("gone"))
    with pytest.raises(Unavailable):
        world.sync(release, ports=world.with_ports(**{store: failing}))
    assert world.anime(1).sources == [url(1), url(2)]
    result = world.sync(release)
    assert (result.moved, result.orphaned) == (1, 1)
    assert set(world.anime(1).sources) == set(world.payload(1)["sources"]) == {url(1), url(2), url(4)}
    assert world.payload(3)["system_status"] == "ORPHANED"


# --------------------------------------------------------------------------------------------------------- reviews


def test_one_anime_with_two_flags_gets_one_item_and_counts_twice(world: World) -> None:
    world.bootstrap(line(1, status="ONGOING", episodes=12), line(2))
    result = world.sync(pack([line(1, status="FINISHED", episodes=13), line(2)]))
    (proposal,) = world.proposals
    assert [(flag.field, flag.stored, flag.offered) for flag in proposal.flags] == [
        ("status", "ONGOING", "FINISHED"),
        ("episodes", "12", "13"),
    ]
    assert (proposal.anime_id, proposal.release) == (world.anime(1).anime_id, "second")
    assert (result.status_flagged, result.episodes_flagged, result.changed) == (1, 1, 1)


def test_a_flag_is_not_raised_again_by_a_later_release(world: World) -> None:
    world.bootstrap(line(1, episodes=12))
    world.sync(pack([line(1, episodes=13)]))
    again = world.sync(pack([line(1, episodes=13)]), sha="third")
    assert (again.episodes_flagged, again.unchanged, len(world.proposals)) == (0, 1, 1)
    higher = world.sync(pack([line(1, episodes=14)]), sha="fourth")
    assert (higher.episodes_flagged, len(world.proposals)) == (1, 2)


def test_a_conflict_is_one_review_and_nothing_else(world: World) -> None:
    world.bootstrap(line(1, status="ONGOING"), line(2), line(3))
    before = world.content()["animes"]
    result = world.sync(pack([line(1, 2), line(3), line(7, 8), line(8, 9)]))
    assert (result.conflicts, result.entries, result.unchanged, result.orphaned) == (3, 4, 1, 0)
    assert [len(conflict.members) for conflict in world.conflicts] == [1, 2]
    assert world.content()["animes"] == before
    assert (world.proposals, world.started, world.state().pending) == ([], [], ())


def test_a_conflict_is_raised_once(world: World) -> None:
    world.bootstrap(line(1), line(2))
    world.sync(pack([line(1, 2)]))
    again = world.sync(pack([line(1, 2)]), sha="third")
    assert (again.conflicts, len(world.conflicts)) == (1, 1)


def test_a_source_that_another_anime_takes_meanwhile_makes_a_conflict(world: World) -> None:
    """Between the comparison and the write, somebody commits an anime that owns the URL."""
    world.bootstrap(line(1), line(2, 3))

    class Late:
        def __init__(self) -> None:
            self.animes = world.animes

        def __getattr__(self, name: str) -> Any:
            return getattr(self.animes, name)

        def apply_sync(self, updates: list[SyncUpdate]) -> tuple[str, ...]:
            world.bootstrap_late(line(5))
            return self.animes.apply_sync(updates)

    result = world.sync(pack([line(1, 5, status="ONGOING"), line(2)]), ports=world.with_ports(animes=Late()))
    assert (result.conflicts, result.moved, result.status_flagged, result.changed) == (1, 1, 0, 1)
    assert result.entries == result.new + result.changed + result.unchanged + result.conflicts == 2
    (conflict,) = world.conflicts
    assert set(conflict.ours) == {new_id(1), new_id(5)}
    assert world.proposals == []
    assert world.payload(1) == {"sources": [url(1)], "system_status": "ACTIVE", "revision": 0}


# ------------------------------------------------------------------------------------------------------- new anime


def test_new_anime_start_with_their_whole_line(world: World) -> None:
    world.bootstrap(line(1))
    result = world.sync(pack([line(1), line(5, 4)]))
    (subject,) = world.started
    assert subject.anime_id == mint_anime_id(canonical_source([url(4), url(5)]))
    assert (subject.sources, subject.title, subject.offered) == ((url(4), url(5)), "Anime 5", line(5, 4))
    assert (result.new, result.started, result.pending) == (1, 1, 0)
    assert world.state().pending == (PendingAnime(anime_id=subject.anime_id, sources=(url(4), url(5))),)


def test_at_most_so_many_start_in_one_run_and_the_next_goes_on(world: World) -> None:
    world.bootstrap(line(1))
    release = pack([line(1), *(line(number) for number in range(10, 15))])
    first = world.sync(release, max_new=2)
    assert (first.new, first.started, first.pending) == (5, 2, 3)
    second = world.sync(release, max_new=2)
    assert (second.new, second.started, second.pending) == (0, 2, 1)
    third = world.sync(release, max_new=2)
    assert (third.started, third.pending) == (1, 0)
    assert [subject.anime_id for subject in world.started] == [new_id(number) for number in range(10, 15)]
    assert world.prepared == [subject.sources for subject in world.started]
    assert [subject.offered for subject in world.started] == [line(number) for number in range(10, 15)]
    assert members(world, second, "started") == [new_id(12), new_id(13)]
    assert members(world, second, "pending") == [new_id(14)]


def test_what_failed_is_started_again_after_what_was_never_tried(world: World) -> None:
    world.bootstrap(line(1))
    release = pack([line(1), *(line(number) for number in range(10, 13))])
    world.sync(release, max_new=2)
    world.machine_fails(new_id(10))
    result = world.sync(release, max_new=2)
    assert [subject.anime_id for subject in world.started] == [new_id(n) for n in (10, 11, 12, 10)]
    assert (result.started, result.pending) == (2, 0)


def test_committed_and_rejected_anime_are_not_started_again(world: World) -> None:
    world.bootstrap(line(1))
    release = pack([line(1), line(10), line(11), line(12)])
    world.sync(release)
    world.machine_commits(new_id(10))
    world.reviewer_rejects(new_id(11))
    world.machine_fails(new_id(12))
    result = world.sync(release)
    assert (result.started, result.pending) == (1, 0)
    assert world.state().pending == (PendingAnime(anime_id=new_id(12), sources=(url(12),)),)
    later = world.sync(pack([line(1), line(10), line(11), line(12)]), sha="third")
    assert (later.new, later.started, later.unchanged) == (2, 0, 2)


def test_an_anime_in_review_is_the_same_when_a_release_drops_the_url_its_id_comes_from(world: World) -> None:
    world.bootstrap(line(1))
    world.sync(pack([line(1), line(10, 11)]))
    result = world.sync(pack([line(1), line(11, 12)]), sha="third")
    assert (result.new, result.started, result.pending) == (1, 0, 0)
    assert world.state().pending == (PendingAnime(anime_id=new_id(10), sources=(url(11), url(12))),)


def test_running_anime_stay_in_the_list_and_are_neither_started_nor_pending(world: World) -> None:
    world.bootstrap(line(1))
    release = pack([line(1), line(10)])
    world.sync(release)
    result = world.sync(release)
    assert (result.started, result.pending, len(world.state().pending)) == (0, 0, 1)
    assert "1 running already" in result.message


def test_a_lock_that_is_taken_meanwhile_counts_as_running(world: World) -> None:
    world.bootstrap(line(1))
    world.running.add(new_id(10))
    result = world.sync(pack([line(1), line(10)]), ports=world.with_ports(is_running=lambda _: False))
    assert (result.started, result.pending, len(world.state().pending)) == (0, 0, 1)


def test_a_failed_start_leaves_the_anime_pending_and_says_so(world: World) -> None:
    world.bootstrap(line(1))
    ports = Failing(world.ports).before("start_new", Unavailable("no machines"))
    result = world.sync(pack([line(1), line(10), line(11)]), ports=world.with_ports(start_new=ports.start_new))
    assert (result.started, result.pending) == (1, 1)
    assert result.problems == (f"{new_id(10)} was not started: no machines",)
    again = world.sync(pack([line(1), line(10), line(11)]))
    assert (again.started, again.pending) == (1, 0)


def test_a_service_that_is_down_is_not_asked_for_every_anime(world: World) -> None:
    world.bootstrap(line(1))
    ports = Failing(world.ports).before("start_new", Unavailable("no machines"), times=100)
    release = pack([line(1), *(line(number) for number in range(10, 30))])
    result = world.sync(release, ports=world.with_ports(start_new=ports.start_new))
    assert (result.started, result.pending, len(ports.calls)) == (0, 20, 3)
    assert len(world.state().pending) == 20


# -------------------------------------------------------------------------------------------------- the same release


def test_the_same_release_with_nothing_pending_says_so_and_does_nothing(world: World) -> None:
    world.bootstrap(line(1))
    world.sync(pack([line(1)]))
    before = world.content()
    result = world.sync(pack([line(2)]))
    assert "nothing is pending" in result.message
    assert sum(numbers(result).values()) == 0
    assert world.content() == before
    assert world.report(result).state == "succeeded"


def test_the_mark_on_the_enriched_database_follows_the_baseline(world: World) -> None:
    world.bootstrap(line(1))
    failing = Failing(world.objects).before("copy", Unavailable("gone"))
    failing._planned["copy"].appendleft(("after", Unavailable("lost")))  # the second copy
    with pytest.raises(Unavailable):
        world.sync(pack([line(1)]), ports=world.with_ports(objects=failing))
    world.sync(pack([line(1)]))
    assert (world.source_sha(), world.state().sha, world.state().release) == ("second", "second", "2026-05")


# ---------------------------------------------------------------------------------------------- the newest release


def published(body: bytes, *, sha: str = "c" * 40) -> ResolvedRelease:
    return ResolvedRelease(tag="2026-05", sha=sha, asset_url="https://x.test", asset_bytes=len(body), sha256=None)


def test_without_a_file_the_newest_release_is_downloaded(world: World) -> None:
    world.bootstrap(line(1))
    world.releases.body = pack([line(1), line(2)])
    world.releases.release = published(world.releases.body)
    result = world.sync(None)
    assert (result.release, result.sha, result.new) == ("2026-05", "c" * 40, 1)
    assert world.objects.keys() == (
        keys.ENRICHED_DATABASE,
        keys.SYNC_STATE,
        keys.release("c" * 40),
        result.report,
    )
    assert result.report.startswith("reports/sync/20261121T010000Z-")


def test_a_release_that_is_the_baseline_is_not_downloaded(world: World) -> None:
    world.bootstrap(line(1), sha="c" * 40)
    world.releases.release = published(b"", sha="c" * 40)
    assert "nothing is pending" in world.sync(None).message
    assert world.releases.downloads == 0


def test_a_download_is_held_against_the_published_digest_again(world: World) -> None:
    world.bootstrap(line(1))
    world.releases.body = pack([line(1)])
    world.releases.release = replace(published(world.releases.body), sha256="0" * 64)
    with pytest.raises(BadInput, match="SHA-256"):
        world.sync(None)


# --------------------------------------------------------------------------------------------------------- refusals

REFUSED: Final[dict[str, tuple[bytes, dict[str, Any], str]]] = {
    "truncated": (pack([line(1)])[:-3], {}, "truncated"),
    "no zstd": (b"hello", {}, "not zstd"),
    "digest": (pack([line(1)]), {"sha256": "0" * 64}, "SHA-256"),
    "schema": (pack([{**line(1), "status": "AIRING"}]), {}, "line 2"),
    "too large": (pack([line(1)]), {"limits": ReleaseLimits(max_unpacked_bytes=100)}, "too large"),
    "implausible": (pack([line(9)]), {"percent": 2}, "implausible change.*--accept-mass-change"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_refused_release_changes_nothing_and_is_reported(world: World, case: str) -> None:
    body, given, message = REFUSED[case]
    world.bootstrap(line(1), line(2))
    before = world.content()
    with pytest.raises(BadInput, match=message) as raised:
        world.sync(body, **given)
    assert world.content() == before
    (report,) = world.reports()
    assert (report.state, report.error) == ("failed", str(raised.value))


def test_an_implausible_change_can_be_accepted(world: World) -> None:
    world.bootstrap(line(1), line(2))
    with pytest.raises(ImplausibleChange):
        world.sync(pack([line(9)]), percent=2)
    result = world.sync(pack([line(9)]), percent=2, accept_mass_change=True)
    assert (result.orphaned, result.new) == (2, 1)


def test_there_has_to_be_a_baseline(world: World) -> None:
    with pytest.raises(BadInput, match="anime bootstrap"):
        world.sync(pack([line(1)]))


@pytest.mark.parametrize(
    ("request_fields", "message"),
    [
        ({"upload_key": "work/uploads/x"}, "--source-sha"),
        ({"upload_key": "work/uploads/x", "source_sha": "s", "release": "2026-05"}, "either --file or --release"),
        ({"source_sha": "s"}, "--file"),
        ({"upload_key": "work/uploads/missing", "source_sha": "s"}, "no upload"),
    ],
)
def test_wrong_inputs_are_told(world: World, request_fields: dict[str, Any], message: str) -> None:
    world.bootstrap(line(1))
    with pytest.raises(BadInput, match=message):
        world.sync(None, **request_fields)


def test_an_unknown_release_is_not_found(world: World) -> None:
    world.bootstrap(line(1))
    with pytest.raises(NotFound):
        world.sync(None, release="1999-01")
    assert [report.state for report in world.reports()] == ["failed"]


# ---------------------------------------------------------------------------------------------------------- dry run


def test_a_dry_run_reports_and_changes_nothing(world: World) -> None:
    world.bootstrap_samples()
    before = world.content()
    result = world.sync(SECOND, percent=2, dry_run=True)
    assert {name: getattr(result, name) for name in NUMBERS} == {name: EXPECTED[name] for name in NUMBERS}
    assert (result.dry_run, result.started, result.pending) == (True, 0, 1)
    assert world.content() == before
    assert world.report(result).result["dry_run"] is True
    assert world.sync(SECOND, percent=2).changed == EXPECTED["changed"]


def test_a_dry_run_of_the_baseline_starts_nothing(world: World) -> None:
    world.bootstrap(line(1))
    world.sync(pack([line(1), line(10)]), max_new=0)
    before = world.content()
    result = world.sync(pack([line(1), line(10)]), dry_run=True)
    assert (result.started, result.pending) == (0, 1)
    assert world.content() == before


# -------------------------------------------------------------------------------------------- repetitions and races


def test_the_same_event_twice_has_one_effect_and_one_report(world: World) -> None:
    world.bootstrap(line(1, episodes=1))
    first = world.sync(pack([line(1, episodes=2), line(10)]), run_id="run-7")
    world.machine_fails(new_id(10))
    before = world.content()
    assert world.sync(pack([line(1, episodes=2), line(10)]), run_id="run-7") == first
    assert world.content() == before
    assert world.report(first).result["new"] == 1


def test_a_failed_run_may_be_repeated_under_its_id(world: World) -> None:
    world.bootstrap(line(1))
    failing = Failing(world.vectors).before("set_payload", Unavailable("gone"))
    with pytest.raises(Unavailable):
        world.sync(pack([line(2)]), run_id="run-7", ports=world.with_ports(vectors=failing))
    assert [report.state for report in world.reports()] == ["failed"]
    assert world.sync(pack([line(2)]), run_id="run-7").orphaned == 1
    assert [report.state for report in world.reports()] == ["succeeded"]


def test_of_two_runs_at_once_one_moves_the_baseline_on(world: World) -> None:
    """The second one compares and acts while the first is about to finish: every effect happens once."""
    world.bootstrap(line(1, episodes=1), line(2))
    release = pack([line(1, episodes=2), line(10)])
    inner: list[SyncResult] = []

    def start(*args: Any, **kwargs: Any) -> None:
        if not inner:
            inner.append(world.sync(release))
        world.ports.start_new(*args, **kwargs)

    with pytest.raises(AlreadyExists, match="another run moved the baseline on"):
        world.sync(release, ports=world.with_ports(start_new=start))
    assert inner[0].sha == world.state().sha == "second"
    assert [subject.anime_id for subject in world.started] == [new_id(10)]
    assert len(world.reviews.list(state=None, kind=None, limit=100)) == 1
    assert sorted(report.state for report in world.reports()) == ["failed", "succeeded"]


class Crash(BaseException):
    """As if the process ended."""


class Crashing:
    """Ends the process before or after the n-th write to any of the ports."""

    WRITES: Final = frozenset(
        {"put", "copy", "delete", "set_payload", "apply_sync", "start_new", "start_flagged", "raise_conflict"}
    )

    def __init__(self, at: int, *, after: bool) -> None:
        self._left = at
        self._after = after

    def around(self, target: Any) -> Any:
        return _Wrapped(target, self)

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            if self._after:
                function(*args, **kwargs)
            raise Crash
        return function(*args, **kwargs)


class _Wrapped:
    def __init__(self, target: Any, crashing: Crashing) -> None:
        self._target = target
        self._crashing = crashing

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._target, name)
        if name not in Crashing.WRITES:
            return attribute
        return lambda *args, **kwargs: self._crashing.call(attribute, *args, **kwargs)


@pytest.mark.parametrize("after", [False, True], ids=["before the write", "after the write"])
def test_a_run_that_crashes_anywhere_is_made_good_by_the_next(after: bool) -> None:
    """Both stores end as a run without a crash leaves them, every start and review happened, none twice."""
    untroubled = crash_world()
    untroubled.sync(CRASH_RELEASE)
    points = 0
    while (world := crashed_at(points, after=after)) is not None:
        assert world.state().sha in {"first", "second"}
        world.sync(CRASH_RELEASE)
        expected, found = untroubled.content(), world.content()
        for name in ("animes", "vectors", "reviews", "objects", "sha"):
            assert found[name] == expected[name], (points, name)
        assert sorted(one.anime_id for one in world.started) == sorted(one.anime_id for one in untroubled.started)
        assert set(world.state().pending) == set(untroubled.state().pending)
        points += 1
    assert points >= 14


CRASH_RELEASE: Final = pack([line(2, 9), line(3, episodes=20), line(5, 6), line(20), line(21)])
"""One anime moved, one is flagged, one gone, two are in conflict, two are new."""


def crash_world() -> World:
    world = World()
    world.bootstrap(line(1, 2), line(3, status="ONGOING"), line(4), line(5), line(6))
    return world


def crashed_at(point: int, *, after: bool) -> World | None:
    """A world in which a sync ended at its n-th write; None where it has fewer."""
    world = crash_world()
    crashing = Crashing(point, after=after)
    ports = crashing.around(world.ports)
    wrapped = world.with_ports(
        **{name: crashing.around(getattr(world, name)) for name in ("objects", "vectors", "animes")},
        **{name: getattr(ports, name) for name in ("start_new", "start_flagged", "raise_conflict")},
    )
    try:
        world.sync(CRASH_RELEASE, ports=wrapped)
    except Crash:
        return world
    return None
