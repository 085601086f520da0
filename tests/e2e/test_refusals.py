"""What a stack does not take, and what it does when nobody answers: bad releases, silent catalogues, silent reviewers.
And the weekly timer, which nobody waits for."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from cli.errors import CommandError
from models.ids import mint_anime_id
from tests.e2e.command import Anime
from tests.e2e.offers import (
    Newcomer,
    Offers,
    Publisher,
    first_sample,
    pack,
    publisher,
    record_answers,
    write_release,
)
from tests.support.local_stack import World, eventually, handled, running
from tests.support.samples import FIRST, SECOND, release_lines
from workflows import keys

pytestmark = pytest.mark.e2e

UNKNOWN: Final = (Newcomer(990_011), Newcomer(990_012), Newcomer(990_013))
"""No catalogue has an answer about these."""
IGNORED: Final = Newcomer(990_014)
"""Its review is left alone until it expires."""
PUBLISHED: Final = Newcomer(990_015)
MOST_NEW_A_RUN: Final = 2
TIMED: Final = {"weekly_sync_starter", "daily_scheduler", "create_database_snapshot", "watch"}
COMMIT: Final = "878793685943" + "a" * 28


@dataclass(frozen=True)
class Stack:
    world: World
    offers: Offers
    publisher: Publisher
    before_bootstrap: str
    """What a sync said while the stack was empty."""


@pytest.fixture(scope="module")
def stack(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("offers")
    replay = record_answers(folder / "replay", IGNORED.number, PUBLISHED.number)
    with (
        publisher() as published,
        running(
            root,
            replay=replay,
            releaseApiUrl=published.url,
            reviewTimeoutSeconds="4",
            maxNewPerRun=str(MOST_NEW_A_RUN),
        ) as world,
    ):
        with pytest.raises(CommandError) as refused:
            world.sync(SECOND, "2026-05")
        world.bootstrap(FIRST, kind="offline", sha="2026-04")
        yield Stack(world, Offers(folder, first_sample()), published, str(refused.value))


def test_a_sync_of_an_empty_stack_says_what_to_do_first(stack: Stack) -> None:
    assert stack.before_bootstrap == (
        "there is nothing to compare with yet; load a first release with: anime bootstrap"
    )


# ------------------------------------------------------------------------------------------------------- bad releases


def _line(**changes: Any) -> bytes:
    return json.dumps({**json.loads(first_sample()[0]), **changes}).encode()


BAD: Final[dict[str, tuple[Callable[[bytes], bytes], Sequence[str], str]]] = {
    "truncated": (lambda whole: whole[:-2000], (), "the file is truncated: it ends after"),
    "not zstd": (lambda _: b"<html>rate limit exceeded</html>" * 10, (), "the file is not zstd-compressed; give the"),
    "damaged": (lambda whole: whole[:3000] + b"\0" * 64 + whole[3064:], (), "the file is damaged (zstd:"),
    "wrong digest": (
        lambda whole: whole,
        ("--sha256", "0" * 64),
        f"the file's SHA-256 is {'{digest}'}, not {'0' * 64}",
    ),
    "wrong schema": (
        lambda _: pack([*first_sample()[1:], _line(episodes="twelve")]),
        (),
        "line 501 of the release does not fit its schema: Expected `int`, got `str` - at `$.episodes`",
    ),
    "not a release": (lambda _: pack(first_sample(), metadata=b'{"license": {}}'), (), "line 1 is not the metadata"),
    "no entries": (lambda _: pack([]), (), "the release holds no entries"),
    "implausible": (
        lambda _: pack(release_lines(SECOND)[1::2]),
        (),
        "implausible change: ",
    ),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_a_bad_release_is_refused_in_one_line_before_anything_is_written(
    stack: Stack, anime: Anime, tmp_path: Path, case: str
) -> None:
    spoil, options, complaint = BAD[case]
    file = tmp_path / "release.jsonl.zst"
    file.write_bytes(spoil(SECOND.read_bytes()))
    before, uploads = stack.world.fingerprint(), stack.world.objects(keys.UPLOADS).keys()
    ended = anime("sync", "--file", file, "--source-sha", "2026-05", *options)
    expected = complaint.format(digest=hashlib.sha256(file.read_bytes()).hexdigest())
    assert ended.complaint[: len(expected)] == expected
    assert stack.world.fingerprint() == before
    [left] = stack.world.objects(keys.UPLOADS).keys() - uploads
    assert left.endswith("/release.jsonl.zst")


def test_a_bad_release_does_not_become_a_first_load_either(stack: Stack, anime: Anime, tmp_path: Path) -> None:
    file = tmp_path / "release.jsonl.zst"
    file.write_bytes(SECOND.read_bytes()[:-2000])
    before = stack.world.fingerprint()
    ended = anime("bootstrap", "--offline", file, "--source-sha", "2026-05")
    assert ended.complaint.startswith("the file is truncated")
    assert stack.world.fingerprint() == before


# ------------------------------------------------------------------------------------------------ nobody answers


def test_an_anime_that_no_catalogue_knows_fails_and_is_started_again(stack: Stack) -> None:
    """At most so many in a run; the same release again starts those that wait, the untried ones first."""
    world, ids = stack.world, [newcomer.anime_id for newcomer in UNKNOWN]
    stack.offers.add(*UNKNOWN)
    file, sha = stack.offers.release()
    first = world.sync(file, sha)
    assert (first["new"], first["started"], first["pending"]) == (3, MOST_NEW_A_RUN, 1)
    started = [member["anime_id"] for member in world.members(first, "started")]
    [waiting] = set(ids) - set(started)
    for anime_id in started:
        execution = world.execution("new", anime_id)
        ended = world.ended(execution)
        assert (ended["status"], ended["error"]) == ("FAILED", "NoCatalogueAnswered")
        report = world.report_of(execution)
        assert report["state"] == "failed"
        assert report["error"].startswith("NoCatalogueAnswered: jikan: not_recorded")
        assert world.lock(anime_id) is None
        assert world.objects(keys.work(execution)) == {}
        assert world.animes.get(anime_id) is None
        assert "RequestReview" not in world.states(execution)
    assert world.pending() >= set(ids)

    second = world.sync(file, sha)
    assert (second["entries"], second["started"], second["pending"]) == (0, MOST_NEW_A_RUN, 1)
    again = {member["anime_id"] for member in world.members(second, "started")}
    assert waiting in again
    for anime_id in again:
        newest = world.executions("new", anime_id)[0]
        assert world.ended(newest)["error"] == "NoCatalogueAnswered"
    assert sorted(len(world.executions("new", anime_id)) for anime_id in ids) == [1, 1, 2]
    assert world.differences() == 0


def test_a_review_that_nobody_decides_expires_and_the_anime_is_started_again(stack: Stack) -> None:
    world = stack.world
    stack.offers.lines = first_sample()
    stack.offers.add(IGNORED)
    file, sha = stack.offers.release()
    assert world.sync(file, sha)["started"] == 1
    execution = world.execution("new", IGNORED.anime_id)
    review = world.asked(execution)
    ended = world.ended(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", "ReviewExpired")
    assert "CleanupExpired" in world.states(execution)
    assert world.review(review.review_id).state == "expired"
    assert world.lock(IGNORED.anime_id) is None
    assert world.objects(keys.work(execution)) == {}
    assert world.animes.get(IGNORED.anime_id) is None
    assert world.report_of(execution)["result"]["outcome"] == "expired"
    with pytest.raises(CommandError):
        world.decide(review, "approved")

    assert IGNORED.anime_id in world.pending()
    assert world.sync(file, sha)["started"] == 1
    second = next(name for name in world.executions("new", IGNORED.anime_id) if name != execution)
    world.decide(world.asked(second), "approved")
    assert world.ended(second)["status"] == "SUCCEEDED"
    stored = world.animes.get(IGNORED.anime_id)
    assert stored is not None
    assert stored.last_saga == second


# ----------------------------------------------------------------------------------------------------- the week's timer


def next_sync(now: datetime) -> datetime:
    """The next Saturday, 01:00 UTC."""
    days = (5 - now.weekday()) % 7
    found = now.replace(hour=1, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return found if found > now else found + timedelta(days=7)


def test_the_saturday_timer_syncs_with_the_newest_published_release(stack: Stack, anime: Anime) -> None:
    world = stack.world
    stack.offers.add(PUBLISHED)
    body = pack(stack.offers.lines)
    stack.publisher.publish(body, tag="2026-06", sha=COMMIT)
    before = world.objects("reports/sync/").keys()
    due = next_sync(datetime.now(UTC))
    at = due + timedelta(minutes=30)
    with handled(world) as seen:
        fired = anime("--json", "local", "tick", "--at", at.isoformat()).json["fired"]
        eventually(lambda: sum(one.task in TIMED for one in seen) == len(fired), "the end of what the timers started")
    assert {"name": "anime-infra-local-weekly-sync", "due": due.isoformat()} in fired

    [key] = world.objects("reports/sync/").keys() - before
    left = world.json(key)
    assert (left["state"], left["error"]) == ("succeeded", None)
    assert left["result"]["report"] == key
    assert (left["result"]["sha"], left["result"]["release"]) == (COMMIT, "2026-06")
    assert (left["result"]["new"], left["result"]["started"]) == (1, 1)
    assert [member["anime_id"] for member in left["result"]["members"]["new"]] == [PUBLISHED.anime_id]
    assert world.sync_state()["sha"] == COMMIT
    assert world.bytes(keys.release(COMMIT)) == body
    assert stack.publisher.asked[0].endswith("/releases/latest")
    execution = world.execution("new", PUBLISHED.anime_id)
    world.decide(world.asked(execution), "approved")
    assert world.ended(execution)["status"] == "SUCCEEDED"

    again = anime("--json", "local", "tick", "--at", at.isoformat()).json
    assert again == {"fired": []}


def test_a_published_release_with_another_digest_is_refused(stack: Stack, anime: Anime) -> None:
    body = pack(stack.offers.lines)
    stack.publisher.publish(body, tag="2026-07", sha="b" * 40)
    asset = next(path for path in stack.publisher.answers if "/download/2026-07/" in path)
    stack.publisher.answers[asset] = body[:-1] + b"\0"
    before = stack.world.fingerprint()
    ended = anime("sync")
    assert ended.complaint.startswith("the asset of release 2026-07 has SHA-256 ")
    assert stack.world.fingerprint() == before


# --------------------------------------------------------------------------------------------------------- mass change


def test_an_implausible_release_passes_where_a_person_says_so(stack: Stack, anime: Anime, tmp_path: Path) -> None:
    """The last test of its stack: half of the anime are orphaned afterwards."""
    world = stack.world
    active = {summary.anime_id for summary in world.animes.summaries() if not summary.orphaned}
    kept = stack.offers.lines[::2]
    file = write_release(tmp_path / "half.jsonl.zst", kept)
    arguments = ("--json", "sync", "--file", file, "--source-sha", "half", "--accept-mass-change")
    synced = anime(*arguments).json
    orphaned = {summary.anime_id for summary in world.animes.summaries() if summary.orphaned}
    assert synced["orphaned"] == len(orphaned & active) > 200
    assert synced["entries"] == len(kept)
    assert world.sync_state()["sha"] == "half"
    assert world.differences() == 0
    assert mint_anime_id("https://myanimelist.net/anime/1") not in orphaned
