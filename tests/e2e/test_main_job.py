"""The main job on the samples, through the deployed functions and machines, and what it leaves behind."""

import hashlib
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from cli import main_job
from cli import operations as ops
from cli.output import Output
from domain.canonical_json import canonical_bytes
from local.control import status
from local.places import Places
from models.anime import AnimeEntry, check_entry, dump_entry
from models.base import FailedImage
from models.ids import mint_anime_id
from models.vocabulary import SystemStatus
from sources.addresses import IMAGE_HOSTS
from tests.e2e.command import Anime, in_shell
from tests.support.local_stack import Handled, World, handled, make_root, running
from tests.support.samples import SAMPLES
from workflows import keys
from workflows.images import CACHE_FOREVER

pytestmark = pytest.mark.e2e

EXPECTED: Final[dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text())
COWBOY_BEBOP: Final = mint_anime_id(main_job.COWBOY_BEBOP)
FIGURES: Final = sorted(EXPECTED.keys() - {"members"})
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
MOST_OF_A_STATE: Final = 32 * 1024
"""Far below the 256 KiB that a state may carry: payloads go by reference."""


@dataclass
class Watching(Output):
    """Notes what ``look`` sees when each step of the job begins."""

    look: Any = None
    seen: list[Any] = field(default_factory=list)

    def step(self, message: str) -> None:
        super().step(message)
        self.seen.append(self.look())


@dataclass(frozen=True, kw_only=True)
class Job:
    """``shas``: of the enriched database, as each step found it."""

    world: World
    results: Mapping[str, Any]
    shas: tuple[str | None, ...]
    invocations: tuple[Handled, ...]

    @property
    def execution(self) -> str:
        return str(self.results["review"]["execution"])

    @property
    def entry(self) -> AnimeEntry:
        found = self.world.animes.get(COWBOY_BEBOP)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def job(root: Path) -> Iterator[Job]:
    with running(root) as world:

        def recorded_sha() -> str | None:
            key = keys.ENRICHED_DATABASE
            return world.metadata(key).get(keys.SOURCE_SHA_METADATA) if key in world.objects(key) else None

        out = Watching(as_json=True, look=recorded_sha)
        samples = main_job.Samples(folder=root / "samples")
        with handled(world) as invocations:
            results = main_job.run(world.session, out, samples, interactive=False)
        yield Job(world=world, results=results, shas=tuple(out.seen), invocations=tuple(invocations))


def images_of(value: object) -> Iterator[tuple[str, Any]]:
    """Every image of a dumped entry, with the name of its place: an address, or a placeholder."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in {"covers", "posters", "banners", "images", "thumbnails"} and isinstance(inner, list):
                yield from ((name, image) for image in inner)
            elif name == "thumbnail_url":
                yield name, inner
            else:
                yield from images_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from images_of(inner)


def texts_of(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text that may be an address, with the name of its field."""
    if isinstance(value, str) and value.startswith("http"):
        yield name, value
    elif isinstance(value, dict):
        for inner_name, inner in value.items():
            yield from texts_of(inner, inner_name)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner, name)


def sources(members: list[dict[str, Any]]) -> list[list[str]]:
    return sorted(member["sources"] for member in members)


# ------------------------------------------------------------------------------------------------- bootstrap and sync


def test_the_first_load_takes_the_enriched_entries_and_then_what_is_missing(job: Job) -> None:
    enriched, offline = job.results["bootstrap_enriched"], job.results["bootstrap_offline"]
    assert (enriched["loaded"], enriched["existing"], enriched["conflicts"]) == (28, 0, 0)
    assert (offline["loaded"], offline["existing"], offline["conflicts"]) == (473, 27, 0)
    assert enriched["images_stored"] > 0
    assert enriched["images_failed"] > 0


def test_images_of_a_load_are_fetched_by_a_function_of_their_own_and_only_where_they_are_wanted(job: Job) -> None:
    rehosted = {one.event["batch_key"]: one.answers[0] for one in job.invocations if one.task == "rehost_batch"}
    loaded = [one.event for one in job.invocations if one.task == "index_batch"]
    assert sorted(rehosted) == sorted(event["batch_key"] for event in loaded if event["images"])
    assert {event["images"] for event in loaded} == {False, True}
    enriched = job.results["bootstrap_enriched"]
    assert sum(answer["stored"] for answer in rehosted.values()) == enriched["images_stored"]
    assert sum(answer["failed"] for answer in rehosted.values()) == enriched["images_failed"]


def test_entries_say_whether_they_were_ever_enriched(job: Job) -> None:
    stored = Counter(anime.enriched for anime in job.world.animes.summaries())
    assert stored == {True: 28 + 1, False: 473}


@pytest.mark.parametrize("figure", FIGURES)
def test_the_sync_reports_the_figures_that_the_samples_promise(job: Job, figure: str) -> None:
    assert job.results["sync"][figure] == EXPECTED[figure]


@pytest.mark.parametrize("figure", sorted(EXPECTED["members"]))
def test_the_stored_report_names_the_members_of_each_figure(job: Job, figure: str) -> None:
    members = job.world.members(job.results["sync"], figure)
    assert sources(members) == sorted(EXPECTED["members"][figure])
    assert all(set(member) == {"anime_id", "sources"} for member in members)


def test_the_syncs_answer_says_what_it_did(job: Job) -> None:
    synced = job.results["sync"]
    assert (synced["release"], synced["dry_run"]) == ("2026-05", False)
    assert (synced["started"], synced["pending"]) == (1, 0)
    assert "members" not in synced
    report = job.world.json(synced["report"])
    assert (report["state"], report["kind"]) == ("succeeded", "sync")
    assert {name: value for name, value in report["result"].items() if name != "members"} == {
        name: value for name, value in synced.items() if name != "run_id"
    }


def test_the_baseline_is_the_second_release_and_remembers_the_new_anime(job: Job) -> None:
    state = job.world.sync_state()
    [new] = EXPECTED["members"]["new"]
    assert (state["release"], state["sha"]) == ("2026-05", "2026-05")
    assert state["pending"] == [{"anime_id": COWBOY_BEBOP, "sources": new}]
    assert "releases/2026-05.jsonl.zst" in job.world.objects("releases/")


def test_the_enriched_database_carries_the_release_that_was_compared_last(job: Job) -> None:
    before_bootstrap, before_sync, after_sync, *later = job.shas
    assert (before_bootstrap, before_sync) == (None, "2026-04")
    assert {after_sync, *later} == {"2026-05"}
    assert job.world.metadata(keys.ENRICHED_DATABASE)["source-commit-sha"] == "2026-05"


def test_what_vanished_is_orphaned_and_what_returned_is_not(job: Job) -> None:
    orphaned = {anime.anime_id for anime in job.world.animes.summaries() if anime.orphaned}
    gone = {member["anime_id"] for member in job.world.members(job.results["sync"], "orphaned")}
    assert orphaned == gone
    assert len(gone) == 3
    for anime_id in gone:
        assert job.world.point(anime_id).payload["system_status"] == "ORPHANED"
    [returned] = job.world.members(job.results["sync"], "resurrected")
    assert job.world.point(returned["anime_id"]).payload["system_status"] == "ACTIVE"


def test_what_moved_keeps_its_old_addresses_and_its_revision(job: Job) -> None:
    for member in job.world.members(job.results["sync"], "moved"):
        entry = job.world.animes.get(member["anime_id"])
        assert entry is not None
        assert set(member["sources"]) < set(entry.sources)
        assert entry.offered_sources == member["sources"]
        assert entry.revision == job.world.point(entry.anime_id).payload["revision"]
        assert job.world.point(entry.anime_id).payload["sources"] == entry.sources


# ---------------------------------------------------------------------------------------------------------- the entry


def test_the_entry_is_rich(job: Job) -> None:
    entry = job.entry
    assert check_entry(dump_entry(entry)) == entry
    assert (entry.title, entry.title_japanese) == ("Cowboy Bebop", "カウボーイビバップ")
    assert (entry.enriched, entry.revision, entry.last_saga) == (True, 1, job.execution)
    assert entry.system_status is SystemStatus.ACTIVE
    assert len(entry.synonyms) > 5
    assert len(entry.characters) >= 100
    assert sum(bool(character.voice_actors) for character in entry.characters) > 10
    assert entry.statistics.keys() >= {"mal", "anilist", "kitsu", "animeplanet", "anidb", "animeschedule"}
    assert all(numbers.score is not None for numbers in entry.statistics.values())
    assert entry.opening_themes
    assert entry.ending_themes
    assert entry.streaming_info
    assert len(entry.related_anime) > 2
    assert entry.genres
    assert entry.synopsis
    assert entry.offered_sources == entry.sources == EXPECTED["members"]["new"][0]


def test_its_episodes_have_days_and_no_midnights(job: Job) -> None:
    episodes = [dump_entry(episode) for episode in job.entry.episode_details]
    assert [episode["episode_number"] for episode in episodes] == [str(number) for number in range(1, 27)]
    assert all(DAY.fullmatch(episode["aired"]) for episode in episodes)
    assert all(episode["title"] for episode in episodes)
    assert episodes[0]["aired"] < episodes[-1]["aired"]


def test_its_provenance_tells_how_each_catalogue_answered(job: Job) -> None:
    told = {name: source.status.value for name, source in job.entry.provenance.catalogues.items()}
    assert told == {
        "mal": "ok",
        "anilist": "ok",
        "kitsu": "ok",
        "anidb": "ok",
        "animeplanet": "ok",
        "anisearch": "not_recorded",
        "animeschedule": "ok",
    }


def test_every_image_is_on_our_domain_or_a_placeholder(job: Job) -> None:
    ours = f"https://{job.world.session.endpoints['images_domain']}/images/"
    images = [(place, image) for place, image in images_of(dump_entry(job.entry)) if image is not None]
    stored = Counter(place for place, image in images if isinstance(image, str))
    assert stored["covers"] >= 1
    assert stored["images"] >= 3, "pictures of characters"
    for _, image in images:
        if isinstance(image, str):
            assert re.fullmatch(re.escape(ours) + r"[0-9a-f]{64}\.(jpg|png|webp)", image)
        else:
            assert set(image) == {"image_url", "error_message"}
            assert all(image.values())


def test_no_address_of_an_image_host_is_left_outside_of_placeholders(job: Job) -> None:
    left = [
        text
        for name, text in texts_of(dump_entry(job.entry))
        if name != "image_url"
        and urlsplit(text).hostname in IMAGE_HOSTS
        and urlsplit(text).path.endswith((".jpg", ".png", ".webp"))
    ]
    assert left == []


def test_the_cover_is_an_object_named_after_its_content(job: Job) -> None:
    cover = next(image for image in job.entry.images.covers if not isinstance(image, FailedImage))
    key = urlsplit(str(cover)).path[1:]
    found = job.world.session.s3.get_object(Bucket=job.world.session.endpoints["buckets"]["images"], Key=key)
    assert hashlib.sha256(found["Body"].read()).hexdigest() == Path(key).stem
    assert found["ContentType"] == found["Metadata"]["content_type"] == "image/jpeg"
    assert found["Metadata"]["source_url"].startswith("https://")
    assert found["CacheControl"] == CACHE_FOREVER


def test_failed_images_are_in_the_queue_with_what_a_person_needs(job: Job) -> None:
    messages = job.world.messages("image_dlq")
    placeholders = {
        image["image_url"] for _, image in images_of(dump_entry(job.entry)) if image and not isinstance(image, str)
    }
    fields = {"anime_id", "image_url", "error_message", "timestamp", "retry_count", "context"}
    assert all(set(message) == fields for message in messages)
    told = [message["image_url"] for message in messages]
    assert len(told) == len(set(told)), "each failure is told once"
    assert placeholders <= set(told)


# --------------------------------------------------------------------------------------------------- what is left over


def test_the_execution_leaves_its_records_and_nothing_else(job: Job) -> None:
    world, name = job.world, job.execution
    assert world.lock(COWBOY_BEBOP) is None
    assert world.objects(keys.work(name)) == {}
    assert world.json(keys.saga(COWBOY_BEBOP, name))["state"] == "done"
    assert world.bytes(keys.audit_copy(COWBOY_BEBOP)) == canonical_bytes(job.entry)
    assert world.queued("commit_dlq") == world.queued("async_dlq") == 0


def test_nothing_is_committed_without_a_recorded_decision(job: Job) -> None:
    review = job.world.review(job.results["review"]["review_id"])
    assert review.state == "decided"
    assert review.decision is not None
    assert (review.decision.verdict, review.decision.sha256) == ("approved", review.sha256)
    assert review.decision.by.startswith("arn:aws:")


def test_every_run_left_its_report(job: Job) -> None:
    reports = {key: job.world.json(key) for key in job.world.objects("reports/")}
    for step in ("bootstrap_enriched", "bootstrap_offline", "sync", "snapshot", "reconcile"):
        kind = step.partition("_")[0]
        report = reports[f"reports/{kind}/{job.results[step]['run_id']}.json"]
        assert (report["state"], report["error"]) == ("succeeded", None)
        assert job.results[step]["report"] == f"reports/{kind}/{job.results[step]['run_id']}.json"
    enriched = reports[f"reports/enrichment/{job.execution}.json"]
    assert (enriched["state"], enriched["result"]["outcome"]) == ("succeeded", "succeeded")


def test_both_stores_agree(job: Job) -> None:
    found = job.results["reconcile"]
    assert (found["differences"], found["entries"], found["points"]) == (0, 502, 502)


def test_states_carry_references_only(job: Job) -> None:
    """The largest input or output of the richest execution stays far below what a state may carry."""
    events = job.world.history(job.execution)
    carried = [
        text
        for event in events
        for details in event.values()
        if isinstance(details, dict)
        for text in (details.get("input"), details.get("output"))
        if text
    ]
    ours = [one for one in job.invocations if one.event.get("ref", {}).get("execution") == job.execution]
    carried += [json.dumps(value) for one in ours for value in (one.event, *one.answers)]
    assert {"FetchSources", "Stages", "IngestImages", "AssembleEntry", "CommitData", "CleanupSucceeded"} <= set(
        job.world.states(job.execution)
    )
    assert len(ours) > 15
    assert len(carried) > 2 * len(ours)
    assert max(len(text.encode()) for text in carried) < MOST_OF_A_STATE


def test_the_logs_tell_of_the_execution_and_hold_no_payload(job: Job, anime: Anime) -> None:
    shown = anime("--json", "local", "logs", "--execution", job.execution)
    lines = [json.loads(line) for line in shown.out.splitlines()]
    functions = {line["function"].removeprefix("anime-infra-local-") for line in lines}
    assert functions >= {"begin", "fetch-source", "process-stage", "assemble-entry", "commit-data", "cleanup"}
    assert {line["anime_id"] for line in lines} == {COWBOY_BEBOP}
    logged = "".join(file.read_text() for file in job.world.stack.places.logs.iterdir())
    token = job.world.review(job.results["review"]["review_id"]).token
    assert token
    for secret in (token, "Crime is timeless", "mongodb://"):
        assert secret not in logged


# ------------------------------------------------------------------------------------------------------------- search


def test_the_search_finds_it_first(job: Job) -> None:
    hits = ops.search(job.world.session, main_job.SEARCH, include_orphaned=False, limit=10)
    assert (hits[0]["anime_id"], hits[0]["title"]) == (COWBOY_BEBOP, "Cowboy Bebop")
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)


def test_orphans_are_found_only_where_they_are_asked_for(job: Job) -> None:
    gone = next(
        member
        for member in job.world.members(job.results["sync"], "orphaned")
        if "https://myanimelist.net/anime/477" in member["sources"]
    )
    text = "Aria the Animation"
    usual = ops.search(job.world.session, text, include_orphaned=False, limit=20)
    everything = ops.search(job.world.session, text, include_orphaned=True, limit=20)
    assert gone["anime_id"] in {hit["anime_id"] for hit in everything}
    assert {hit["system_status"] for hit in usual} == {"ACTIVE"}


# ------------------------------------------------------------------------------------------------------------ repeated


def test_the_same_release_again_changes_nothing_and_says_so(job: Job) -> None:
    before = job.world.fingerprint()
    synced = job.world.sync(SAMPLES / "releases/2026-05.jsonl.zst", "2026-05")
    assert synced["message"] == "release 2026-05 (2026-05) is the baseline already and nothing is pending"
    assert {name: synced[name] for name in (*FIGURES, "started", "pending")} == dict.fromkeys(
        (*FIGURES, "started", "pending"), 0
    )
    after = job.world.fingerprint()
    # The entry is stored by now, so it is not remembered as pending any more.
    assert job.world.pending() == set()
    assert {**after, keys.SYNC_STATE: ""} == {**before, keys.SYNC_STATE: ""}


def test_a_dry_run_reports_and_writes_nothing(job: Job) -> None:
    before = job.world.fingerprint()
    synced = job.world.sync(SAMPLES / "releases/2026-04.jsonl.zst", "older", dry_run=True)
    assert synced["dry_run"] is True
    assert synced["message"].startswith("dry run, nothing was changed: 500 entries")
    assert (synced["orphaned"], synced["resurrected"], synced["started"]) == (2, 3, 0)
    assert job.world.fingerprint() == before
    assert job.world.objects(keys.UPLOADS) == {}


def test_a_first_load_again_overwrites_nothing(job: Job) -> None:
    before = job.world.fingerprint()
    again = job.world.bootstrap(SAMPLES / "releases/2026-04.jsonl.zst", kind="offline", sha="2026-04")
    assert (again["loaded"], again["existing"], again["baseline"]) == (0, 500, "2026-05")
    after = job.world.fingerprint()
    made_by_the_run = {"executions", keys.ENRICHED_DATABASE}
    assert {name: value for name, value in after.items() if name not in made_by_the_run} == {
        name: value for name, value in before.items() if name not in made_by_the_run
    }
    assert job.world.metadata(keys.ENRICHED_DATABASE)["source-commit-sha"] == "2026-05"


# ---------------------------------------------------------------------------------------------------- the command line


JSON_COMMANDS: Final[Mapping[str, tuple[tuple[str, ...], set[str]]]] = {
    "bootstrap": (
        ("bootstrap", "--offline", "samples/releases/2026-04.jsonl.zst", "--source-sha", "2026-04"),
        {"loaded", "existing", "conflicts", "report", "run_id"},
    ),
    "sync": (
        ("sync", "--file", "samples/releases/2026-05.jsonl.zst", "--source-sha", "2026-05"),
        {*FIGURES, "started", "pending", "release", "dry_run", "report"},
    ),
    "executions show": (("executions", "show", "EXECUTION"), {"name", "status", "states", "report"}),
    "review list": (("review", "list"), {"state", "count", "reviews"}),
    "snapshot": (("snapshot",), {"snapshot", "entries", "sha256", "sha"}),
    "reconcile": (("reconcile",), {"differences", "entries", "points"}),
    "search": (("search", main_job.SEARCH), {"text", "hits"}),
}


@pytest.mark.parametrize("command", sorted(JSON_COMMANDS))
def test_json_prints_one_object_and_nothing_else(job: Job, root: Path, command: str) -> None:
    arguments, fields = JSON_COMMANDS[command]
    ended = in_shell(root, "--json", *(job.execution if one == "EXECUTION" else one for one in arguments))
    assert ended.json.keys() >= fields
    assert "Traceback" not in ended.err


def test_integer_figures_are_integers(anime: Anime, job: Job) -> None:
    release = SAMPLES / "releases/2026-05.jsonl.zst"
    synced = anime("--json", "sync", "--file", release, "--source-sha", "2026-05").json
    assert {type(synced[name]) for name in (*FIGURES, "started", "pending")} == {int}


def test_a_stack_that_does_not_run_is_told_how_to_start(tmp_path: Path) -> None:
    ended = in_shell(make_root(tmp_path / "idle"), "snapshot")
    assert ended.complaint == "the local stack is not running; start it with `anime local up --detach`"


def test_wrong_usage_ends_with_2_and_names_the_help(tmp_path: Path) -> None:
    ended = in_shell(tmp_path, "sync", "--file", "release.jsonl.zst")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1] == "Try `anime sync --help`."


def test_the_demo_runs_beside_a_running_stack_and_leaves_nothing(job: Job, root: Path) -> None:
    before = job.world.fingerprint()
    ended = in_shell(root, "--json", "demo")
    told = ended.json
    assert {name: told["sync"][name] for name in FIGURES} == {name: EXPECTED[name] for name in FIGURES}
    assert told["review"]["verdict"] == "approved"
    assert told["reconcile"]["differences"] == 0
    assert told["search"][0]["anime_id"] == COWBOY_BEBOP
    assert "Traceback" not in ended.err
    assert status("demo", root=root).state == "stopped"
    assert not Places(root, "demo").data.exists()
    assert job.world.fingerprint() == before


# ----------------------------------------------------------------------------------------------- snapshot and restore


@pytest.fixture(scope="module")
def second_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of a second, empty stack that runs in a process of its own."""
    folder = make_root(tmp_path_factory.mktemp("second") / "root")
    started = in_shell(folder, "local", "up", "--detach")
    try:
        assert started.code == 0, started.err
        yield folder
    finally:
        in_shell(folder, "local", "down")


def local_copy(job: Job, folder: Path) -> Path:
    """The job's snapshot, downloaded."""
    time = job.results["snapshot"]["snapshot"]
    folder.mkdir()
    for name in ops.SNAPSHOT_FILES:
        (folder / name).write_bytes(job.world.bytes(f"{keys.snapshot(time)}{name}"))
    return folder


def test_a_snapshot_rebuilds_an_empty_stack(job: Job, second_root: Path, tmp_path: Path) -> None:
    """Both stores come out the same: a snapshot of the second stack has the first one's content hashes."""
    copy = local_copy(job, tmp_path / "copy")
    taken = job.results["snapshot"]
    restored = in_shell(second_root, "--json", "restore", copy).json
    figures = ("entries", "episodes", "characters", "vectors", "sha")
    assert {name: restored[name] for name in figures} == {name: taken[name] for name in figures}
    again = in_shell(second_root, "--json", "snapshot").json
    assert again["sha256"] == taken["sha256"]
    assert again["vectors_made"] == 0
    assert in_shell(second_root, "--json", "reconcile").json["differences"] == 0
    assert in_shell(second_root, "--json", "search", main_job.SEARCH).json["hits"][0]["anime_id"] == COWBOY_BEBOP
    synced = in_shell(second_root, "--json", *JSON_COMMANDS["sync"][0]).json
    assert "is the baseline already" in synced["message"]

    refused = in_shell(second_root, "restore", copy)
    assert "the stack holds 502 anime and 502 points" in refused.complaint
    assert "a restore fills an empty stack only" in refused.complaint


def test_the_enriched_file_of_a_snapshot_holds_every_entry(job: Job) -> None:
    document = job.world.json(keys.ENRICHED_DATABASE)
    ids = [entry["anime_id"] for entry in document["data"]]
    assert len(ids) == len(set(ids)) == 502
    assert COWBOY_BEBOP in ids
    assert all(first < second for first, second in itertools.pairwise(ids))
