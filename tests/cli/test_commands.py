"""Every command, typed as a user types it, against a stack whose functions check their events.

What each one must hold to: with ``--json`` one object on stdout and nothing else there, progress on stderr, exit code
0, 1 or 2, and a failure that is told in one line.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.exceptions import EndpointConnectionError
from typer.testing import CliRunner

from cli.context import Options
from cli.main import app, hoist
from models.review import Flag, ReviewKind
from tests.support.fake_stack import CALLER, FakeExecution, FakeStack, some_entry

ENTRY: Final = some_entry()
ANIME: Final = ENTRY.anime_id
DIGEST: Final = "0123456789abcdef" * 4
SNAPSHOT: Final = "2026-11-21T010000.000Z"
SYNCED: Final = {"release": "2026-05", "dry_run": False, "new": 1, "changed": 6, "report": "reports/sync/x.json"}


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Exactly one object, and nothing else."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        assert self.out.count("\n") == 1
        return found


Anime = Callable[..., Ended]


def failed_in_a_function(stack: FakeStack) -> FakeExecution:
    """As Lambda tells it to a machine, and the machine to who asks."""
    cause = {
        "errorType": "NotFound",
        "errorMessage": "no catalogue tells of episode 99",
        "stackTrace": ['  File "assemble.py", line 1, in handler\n'],
    }
    return FakeExecution(
        "enrichment", "FAILED", stack.clock(), ("Begin", "AssembleEntry", "Failed"), "NotFound", json.dumps(cause)
    )


@pytest.fixture
def stack() -> FakeStack:
    """Two reviews of an entry that is stored, an execution that waits for one of them, one that failed."""
    results: dict[str, dict[str, Any]] = {
        "bootstrap": {"loaded": 28, "existing": 0, "conflicts": [f"ani_{n}" for n in range(20)]},
        "weekly_sync_starter": SYNCED,
        "create_database_snapshot": {"snapshot": SNAPSHOT, "files": {"animes": 28}},
        "restore_snapshot": {"entries": 28},
        "reconcile": {"differences": 0},
        "redrive": {"committed": 1, "left": None},
    }
    made = FakeStack(results=results)
    made.store(ENTRY)
    made.ask_for_review(ENTRY, execution="new-a-1", kind=ReviewKind.NEW)
    for name in ("review_only-b-1", "review_only-c-1"):
        flag = Flag(field="status", stored="ONGOING", offered="FINISHED")
        made.ask_for_review(ENTRY, execution=name, kind=ReviewKind.STATUS, flag=flag)
    started = datetime(2026, 11, 21, tzinfo=UTC)
    made.machines.known = {
        "new-a-1": FakeExecution("enrichment", "RUNNING", started, ("Begin", "RequestReview")),
        "bootstrap-1": FakeExecution(
            "bulk_index", "FAILED", started + timedelta(hours=1), ("Plan",), "Unavailable", "MongoDB does not answer"
        ),
    }
    return made


@pytest.fixture
def anime(stack: FakeStack, monkeypatch: pytest.MonkeyPatch) -> Anime:
    monkeypatch.setattr(Options, "session", lambda _options: stack.session())
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Ended:
        ended = CliRunner().invoke(app, hoist(list(arguments)), prog_name="anime")
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def release(tmp_path: Path) -> str:
    file = tmp_path / "release.jsonl.zst"
    file.write_bytes(b"not looked at here")
    return str(file)


def snapshot_copy(folder: Path) -> str:
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"time": SNAPSHOT}))
    (folder / "animes.jsonl.zst").write_bytes(b"animes")
    (folder / "vectors.jsonl.zst").write_bytes(b"vectors")
    return str(folder)


# ---------------------------------------------------------------------------------------------------- every command

FILE: Final = "<file>"
COPY: Final = "<copy>"
COMMANDS: Final[Sequence[tuple[list[str], list[str]]]] = [
    (["bootstrap", "--enriched", FILE, "--source-sha", "abc"], ["bootstrap"]),
    (["bootstrap", "--offline", FILE, "--source-sha", "2026-04", "--sha256", DIGEST, "--images"], ["bootstrap"]),
    (["bootstrap", "--release", "latest"], ["bootstrap"]),
    (["sync"], ["weekly_sync_starter"]),
    (["sync", "--release", "2026-17"], ["weekly_sync_starter"]),
    (
        ["sync", "--file", FILE, "--source-sha", "x", "--sha256", DIGEST, "--dry-run", "--accept-mass-change"],
        ["weekly_sync_starter"],
    ),
    (["enrich", ANIME], ["enrich"]),
    (["enrich", ANIME, "--mode", "episode", "--episode", "3"], ["enrich"]),
    (["show", ANIME], ["query"]),
    (["search", "bounty hunters in space"], ["query"]),
    (["search", "bounty hunters", "--include-orphaned", "--limit", "3"], ["query"]),
    (["snapshot"], ["create_database_snapshot"]),
    (["restore", SNAPSHOT], ["restore_snapshot"]),
    (["restore", COPY], ["restore_snapshot"]),
    (["reconcile"], ["reconcile"]),
    (["reconcile", "--fix"], ["reconcile"]),
    (["redrive"], ["redrive"]),
    (["schedule"], ["daily_scheduler"]),
    (["schedule", "--at", "2026-11-28T01:00:00Z"], ["daily_scheduler"]),
    (["review", "list"], ["review"]),
    (["review", "list", "--state", "decided", "--kind", "new"], ["review"]),
    (["review", "show", "rev_new-a-1"], ["review"]),
    (["review", "approve", "rev_new-a-1", "rev_review_only-b-1"], ["review"] * 4),
    (["review", "approve", "--all", "--kind", "status"], ["review"] * 3),
    (["review", "reject", "rev_new-a-1", "--reason", "a duplicate"], ["review"] * 2),
    (["executions", "list"], []),
    (["executions", "list", "--status", "FAILED", "--limit", "5"], []),
    (["executions", "show", "bootstrap-1"], []),
]


def typed(arguments: Sequence[str], release: str, tmp_path: Path) -> list[str]:
    replaced = {FILE: release, COPY: snapshot_copy(tmp_path / "copy") if COPY in arguments else ""}
    return [replaced.get(argument, argument) for argument in arguments]


@pytest.mark.parametrize(("arguments", "tasks"), COMMANDS, ids=lambda value: " ".join(value)[:60])
def test_with_json_a_command_prints_one_object_and_sends_events_that_its_functions_accept(
    arguments: list[str], tasks: list[str], stack: FakeStack, anime: Anime, release: str, tmp_path: Path
) -> None:
    ended = anime(*typed(arguments, release, tmp_path), "--json")
    assert ended.code == 0, ended.err
    assert ended.json
    assert [one.task for one in stack.invoked] == tasks
    assert all(one.event is not None for one in stack.invoked)


@pytest.mark.parametrize(("arguments", "tasks"), COMMANDS, ids=lambda value: " ".join(value)[:60])
def test_without_json_a_command_shows_its_result_to_people(
    arguments: list[str], tasks: list[str], stack: FakeStack, anime: Anime, release: str, tmp_path: Path
) -> None:
    ended = anime(*typed(arguments, release, tmp_path))
    assert ended.code == 0, ended.err
    assert ended.out.strip()
    assert not ended.out.startswith("{")
    assert [one.task for one in stack.invoked] == tasks


def test_every_command_of_the_stack_is_tried_above() -> None:
    groups: dict[str, Any] = {group.name: group.typer_instance for group in app.registered_groups if group.name}
    names = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    for group in ("review", "executions"):
        names |= {
            f"{group} {command.name or command.callback.__name__}"
            for command in groups[group].registered_commands
            if command.callback
        }
    tried = {" ".join(arguments[:2]) if arguments[0] in groups else arguments[0] for arguments, _ in COMMANDS}
    assert names - {"cost", "demo", "doctor"} == tried


@pytest.mark.parametrize("command", ["bootstrap --release latest", "sync", "snapshot", "reconcile", "redrive"])
def test_progress_of_a_run_goes_to_stderr(command: str, anime: Anime) -> None:
    ended = anime(*command.split(), "--json")
    assert "half way through" in ended.err
    assert "half way through" not in ended.out


# ------------------------------------------------------------------------------------------------- what the events say


def sent(stack: FakeStack) -> dict[str, Any]:
    return stack.invoked[0].event


def test_an_enriched_file_is_uploaded_and_its_images_are_wanted(stack: FakeStack, anime: Anime, release: str) -> None:
    result = anime("bootstrap", "--enriched", release, "--source-sha", "abc", "--json").json
    event = sent(stack)
    assert result["run_id"] == event["run_id"]
    assert event["upload_key"] == f"work/uploads/{event['run_id']}/release.jsonl.zst"
    assert stack.objects.get(event["upload_key"]) is not None
    assert (event["kind"], event["source_sha"], event["images"]) == ("enriched", "abc", True)


@pytest.mark.parametrize(
    ("options", "images"),
    [
        (["--enriched", FILE, "--source-sha", "x", "--no-images"], False),
        (["--offline", FILE, "--source-sha", "x"], False),
        (["--offline", FILE, "--source-sha", "x", "--images"], True),
        (["--release", "latest"], False),
    ],
)
def test_images_are_rehosted_for_an_enriched_file_unless_told_otherwise(
    options: list[str], images: bool, stack: FakeStack, anime: Anime, release: str
) -> None:
    anime("bootstrap", *(release if option == FILE else option for option in options))
    assert sent(stack)["images"] is images


def test_a_sync_says_what_it_may_do(stack: FakeStack, anime: Anime) -> None:
    anime("sync")
    anime("sync", "--dry-run", "--accept-mass-change", "--release", "2026-17")
    plain, bold = (one.event for one in stack.invoked)
    assert (plain["dry_run"], plain["accept_mass_change"], plain["release"]) == (False, False, None)
    assert (bold["dry_run"], bold["accept_mass_change"], bold["release"]) == (True, True, "2026-17")


def test_each_run_is_another_one(stack: FakeStack, anime: Anime) -> None:
    anime("reconcile")
    anime("reconcile", "--fix")
    first, second = (one.event for one in stack.invoked)
    assert first["run_id"] != second["run_id"]
    assert (first["fix"], second["fix"]) == (False, True)


def test_a_local_copy_of_a_snapshot_is_uploaded_first(stack: FakeStack, anime: Anime, tmp_path: Path) -> None:
    anime("restore", snapshot_copy(tmp_path / "copy"))
    assert sent(stack)["snapshot"] == SNAPSHOT
    assert stack.objects.get(f"snapshots/{SNAPSHOT}/manifest.json") is not None


def test_an_enrichment_asked_for_twice_is_two_causes(stack: FakeStack, anime: Anime) -> None:
    anime("enrich", ANIME, "--mode", "episode", "--episode", "1")
    anime("enrich", ANIME, "--mode", "episode", "--episode", "1")
    assert len({one.event["cause"] for one in stack.invoked}) == 2
    assert len(stack.executions.started) == 2


def test_waiting_for_an_enrichment_ends_at_its_review(stack: FakeStack, anime: Anime) -> None:
    def asks(name: str) -> None:
        stack.machines.known[name] = FakeExecution("enrichment", "RUNNING", stack.clock(), ("Begin", "RequestReview"))
        stack.ask_for_review(ENTRY, execution=name, kind=ReviewKind.REFRESH)

    stack.when_started = asks
    waited = anime("enrich", ANIME, "--wait", "--json").json
    assert (waited["status"], waited["review_id"]) == ("RUNNING", f"rev_{waited['execution']}")


def test_the_review_that_an_enrichment_waits_for_is_named(stack: FakeStack, anime: Anime) -> None:
    def asks(name: str) -> None:
        stack.machines.known[name] = FakeExecution("enrichment", "RUNNING", stack.clock(), ("Begin", "RequestReview"))
        stack.ask_for_review(ENTRY, execution=name, kind=ReviewKind.REFRESH)

    stack.when_started = asks
    assert "anime review show rev_refresh-" in anime("enrich", ANIME, "--wait").out.replace("\n", "")


def test_an_enrichment_of_a_locked_anime_is_pending(stack: FakeStack, anime: Anime) -> None:
    first = anime("enrich", ANIME, "--json").json
    second = anime("enrich", ANIME, "--json").json
    assert (first["pending"], second["pending"], second["execution"]) == (False, True, None)
    assert second["behind"] == {"execution": first["execution"], "review_id": None}
    assert f"execution {first['execution']} works on the anime; this is kept as pending" in anime("enrich", ANIME).out


def test_a_pending_enrichment_is_not_waited_for_and_says_which_decision_it_waits_behind(
    stack: FakeStack, anime: Anime
) -> None:
    name = anime("enrich", ANIME, "--json").json["execution"]
    stack.ask_for_review(ENTRY, execution=name, kind=ReviewKind.REFRESH)
    ended = anime("enrich", ANIME, "--wait")
    assert ended.code == 1
    assert f"waits for a decision (anime review show rev_{name}); this is kept as pending" in ended.out
    assert one_line(ended).startswith("--wait did not wait: ")


def test_an_anime_that_is_worked_on_by_who_cannot_be_told_is_pending_all_the_same(
    stack: FakeStack, anime: Anime
) -> None:
    name = anime("enrich", ANIME, "--json").json["execution"]
    stack.machines.known[name] = FakeExecution("enrichment", "SUCCEEDED", stack.clock())
    assert anime("enrich", ANIME, "--json").json["behind"] is None
    assert "the anime is being worked on; this is kept as pending" in anime("enrich", ANIME).out


def test_search_finds_and_shows_what_is_stored(anime: Anime) -> None:
    found = anime("search", "Cowboy Bebop", "--json").json
    assert [hit["anime_id"] for hit in found["hits"]] == [ANIME]
    assert "Cowboy Bebop" in anime("search", "Cowboy Bebop").out


def test_an_entry_is_shown_whole_with_json_and_in_its_main_points_without(anime: Anime) -> None:
    whole = anime("show", ANIME, "--json").json
    assert whole["entry"]["characters"][0]["name"] == "Spike Spiegel"
    shown = anime("show", ANIME).out
    for text in (
        "Cowboy Bebop",
        "revision 3",
        "1998-10-24",
        "Tank!",
        "2 of our own, 1 failed",
        "Genre 9",
    ):
        assert text in shown, text


def test_a_reviewer_is_shown_which_catalogues_failed(anime: Anime) -> None:
    shown = anime("review", "show", "rev_new-a-1").out
    assert re.search(r"failed\W+it does not answer", shown)
    assert "Proposed entry" in shown


def test_a_review_never_shows_its_token(anime: Anime) -> None:
    for arguments in (["review", "list"], ["review", "show", "rev_new-a-1"], ["review", "approve", "rev_new-a-1"]):
        assert "token of" not in anime(*arguments, "--json").out


def test_approving_sends_the_digest_that_was_shown_and_wakes_the_execution(stack: FakeStack, anime: Anime) -> None:
    ended = anime("review", "approve", "rev_new-a-1", "--json").json
    assert (ended["decided"], ended["reviews"][0]["state"]) == (1, "decided")
    assert set(stack.tasks.outputs) == {"token of new-a-1"}
    review = stack.reviews.get("rev_new-a-1")
    assert review is not None
    assert stack.invoked[-1].event["sha256"] == review.sha256


def test_approving_with_unlock_sends_the_fields(stack: FakeStack, anime: Anime) -> None:
    anime("review", "approve", "rev_new-a-1", "--unlock", "synopsis", "--unlock", "episode_details/1/title")
    assert stack.invoked[-1].event["unlock"] == ["synopsis", "episode_details/1/title"]


def test_unlocking_is_for_one_review(anime: Anime) -> None:
    assert anime("review", "approve", "rev_new-a-1", "rev_review_only-b-1", "--unlock", "synopsis").code == 2
    assert anime("review", "approve", "--all", "--kind", "status", "--unlock", "synopsis").code == 2


def test_approving_an_edited_entry_sends_the_edit(stack: FakeStack, anime: Anime, tmp_path: Path) -> None:
    edited = tmp_path / "edited.json"
    entry = ENTRY.model_dump(mode="json", exclude_none=True) | {"synopsis": "Hunters of bounties."}
    edited.write_text(json.dumps(entry))
    ended = anime("review", "approve", "rev_new-a-1", "--file", str(edited), "--json")
    assert ended.code == 0, ended.err
    assert stack.invoked[-1].event["edited"]["synopsis"] == "Hunters of bounties."
    assert ended.json["reviews"][0]["decision"]["edited"] is True
    assert (ended.json["reviews"][0]["locked"], ended.json["reviews"][0]["unlocked"]) == (["synopsis"], [])


def test_approving_an_edited_entry_says_what_it_locked(anime: Anime, tmp_path: Path) -> None:
    edited = tmp_path / "edited.json"
    entry = ENTRY.model_dump(mode="json", exclude_none=True) | {"synopsis": "Hunters of bounties."}
    edited.write_text(json.dumps(entry))
    assert (
        "locked, so that no later run changes it: synopsis"
        in anime("review", "approve", "rev_new-a-1", "--file", str(edited)).out
    )


def test_an_edit_that_is_refused_names_the_fields_and_leaves_the_review_open(
    stack: FakeStack, anime: Anime, tmp_path: Path
) -> None:
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(ENTRY.model_dump(mode="json", exclude_none=True) | {"type": "OPERA"}))
    ended = anime("review", "approve", "rev_new-a-1", "--file", str(edited))
    assert (ended.code, ended.out) == (1, "")
    assert "type" in ended.err
    review = stack.reviews.get("rev_new-a-1")
    assert review is not None
    assert review.state == "pending"


def test_approving_all_of_a_kind_leaves_the_others_open(stack: FakeStack, anime: Anime) -> None:
    assert anime("review", "approve", "--all", "--kind", "status", "--json").json["decided"] == 2
    states = {review.review_id: review.state for review in stack.reviews.list(state=None, kind=None, limit=10)}
    assert states == {"rev_new-a-1": "pending", "rev_review_only-b-1": "decided", "rev_review_only-c-1": "decided"}


def test_approving_all_goes_on_after_a_failure_and_tells_it(stack: FakeStack, anime: Anime) -> None:
    review = stack.reviews.get("rev_review_only-b-1")
    assert review is not None
    assert review.proposed_key is not None
    stack.objects.delete(review.proposed_key)
    ended = anime("review", "approve", "--all", "--kind", "status", "--json")
    assert ended.code == 1
    assert ended.json["decided"] == 1
    assert "1 of 2 could not be approved; first: rev_review_only-b-1" in ended.err


def test_a_days_schedule_is_shown(stack: FakeStack, anime: Anime) -> None:
    result = anime("schedule", "--at", "2026-11-28T01:00:00+01:00", "--json").json
    assert (result["begin"], result["scheduled"], result["failed"]) == ("2026-11-28T00:00:00+00:00", 0, 0)


def test_an_execution_is_shown_with_its_states_and_its_end(anime: Anime) -> None:
    shown = anime("executions", "show", "bootstrap-1", "--json").json
    assert [state["state"] for state in shown["states"]] == ["Plan"]
    assert (shown["status"], shown["error"], shown["report"]) == ("FAILED", "Unavailable", None)
    assert "Unavailable: MongoDB does not answer" in anime("executions", "show", "bootstrap-1").out


def test_why_an_execution_failed_is_shown_without_its_stack_trace_and_whole_with_json(
    stack: FakeStack, anime: Anime
) -> None:
    stack.machines.known["episode-x-1"] = failed_in_a_function(stack)
    assert "\nNotFound: no catalogue tells of episode 99\n" in anime("executions", "show", "episode-x-1").out
    shown = anime("executions", "show", "episode-x-1", "--json").json
    assert (shown["error"], shown["reason"]) == ("NotFound", "NotFound: no catalogue tells of episode 99")
    assert json.loads(shown["cause"])["errorType"] == "NotFound"


# ------------------------------------------------------------------------------------------------------- exit code 1


def one_line(ended: Ended) -> str:
    """The complaint, which comes after any progress."""
    *_, last = ended.err.splitlines()
    assert last.startswith("anime: ")
    return last.removeprefix("anime: ")


@pytest.mark.parametrize("as_json", [[], ["--json"]])
@pytest.mark.parametrize(
    ("arguments", "task"),
    [
        ("sync", "weekly_sync_starter"),
        ("bootstrap --release latest", "bootstrap"),
        ("snapshot", "create_database_snapshot"),
    ],
)
def test_a_run_that_fails_ends_with_1_and_its_reason_in_one_line(
    arguments: str, task: str, as_json: list[str], stack: FakeStack, anime: Anime
) -> None:
    stack.run_failures[task] = "the release is truncated; download it again"
    ended = anime(*arguments.split(), *as_json)
    assert (ended.code, ended.out) == (1, "")
    assert one_line(ended) == "the release is truncated; download it again"


def test_a_function_that_fails_ends_with_1_and_its_words_in_one_line(stack: FakeStack, anime: Anime) -> None:
    stack.failures["query"] = ("Unavailable", "MongoDB does\nnot answer:\n  no primary")
    ended = anime("search", "x", "--json")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == ["anime: MongoDB does not answer: no primary"]


def test_an_anime_that_is_not_there_ends_with_1_and_says_how_to_find_one(anime: Anime) -> None:
    for command in ("show", "enrich"):
        ended = anime(command, "ani_00000000000000000000000000")
        assert ended.code == 1
        assert one_line(ended) == "no anime ani_00000000000000000000000000; `anime search TEXT` finds ids"


@pytest.mark.parametrize("arguments", [["executions", "show", "nobody"], ["review", "show", "rev_0"]])
def test_what_is_not_there_ends_with_1(arguments: list[str], anime: Anime) -> None:
    ended = anime(*arguments)
    assert (ended.code, ended.out) == (1, "")
    assert one_line(ended).startswith("no ")


def test_a_review_that_was_decided_otherwise_ends_with_1(anime: Anime) -> None:
    assert anime("review", "reject", "rev_new-a-1", "--reason", "no").code == 0
    ended = anime("review", "approve", "rev_new-a-1")
    assert ended.code == 1
    assert one_line(ended).startswith("rev_new-a-1 is decided already: rejected 20")
    assert one_line(ended).endswith(f" by {CALLER}")


def test_the_same_decision_again_says_that_it_was_made_and_when(stack: FakeStack, anime: Anime) -> None:
    assert anime("review", "approve", "rev_new-a-1", "--json").json["reviews"][0]["already"] is False
    when = f"{stack.clock():%Y-%m-%d %H:%M} UTC"
    again = anime("review", "approve", "rev_new-a-1", "rev_review_only-b-1").out
    assert f"already approved {when}" in again
    assert "1 decided, 1 decided before" in again
    assert f"approved {when} by {CALLER}" in anime("review", "show", "rev_new-a-1").out
    assert anime("review", "approve", "rev_new-a-1", "--json").json["decided"] == 0


@pytest.mark.parametrize("content", ["{", "[]", '"text"', "\udcff"])
def test_an_edited_entry_that_is_no_json_object_ends_with_1(content: str, anime: Anime, tmp_path: Path) -> None:
    edited = tmp_path / "edited.json"
    edited.write_text(content, errors="surrogateescape")
    ended = anime("review", "approve", "rev_new-a-1", "--file", str(edited))
    assert ended.code == 1
    assert str(edited) in one_line(ended)


def test_an_enrichment_that_failed_while_waited_for_ends_with_1(stack: FakeStack, anime: Anime) -> None:
    def fails(name: str) -> None:
        stack.machines.known[name] = FakeExecution(
            "enrichment", "FAILED", stack.clock(), ("Begin", "Fail"), "NoCatalogueAnswered", "no catalogue answered"
        )

    stack.when_started = fails
    ended = anime("enrich", ANIME, "--wait", "--json")
    assert ended.code == 1
    assert ended.json["status"] == "FAILED"
    assert "ended FAILED: NoCatalogueAnswered: no catalogue answered" in one_line(ended)


def test_a_function_that_failed_while_waited_for_is_told_without_its_stack_trace(
    stack: FakeStack, anime: Anime
) -> None:
    stack.when_started = lambda name: stack.machines.known.update({name: failed_in_a_function(stack)})
    ended = anime("enrich", ANIME, "--mode", "episode", "--episode", "99", "--wait")
    assert ended.code == 1
    assert one_line(ended).endswith("ended FAILED: NotFound: no catalogue tells of episode 99")


def test_an_execution_that_ended_without_a_reason_names_none(stack: FakeStack, anime: Anime) -> None:
    stack.when_started = lambda name: stack.machines.known.update(
        {name: FakeExecution("enrichment", "ABORTED", stack.clock(), ("Begin",))}
    )
    assert one_line(anime("enrich", ANIME, "--wait")).endswith("ended ABORTED")


def test_a_stack_that_does_not_run_ends_with_1_and_says_how_to_start_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(app, hoist(["search", "x", "--json"]))
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr == "anime: the local stack is not running; start it with `anime local up --detach`\n"


def test_a_stack_that_does_not_answer_ends_with_1(anime: Anime, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_options: Options) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(Options, "session", unreachable)
    ended = anime("search", "x")
    assert ended.code == 1
    assert one_line(ended) == "the stack cannot be reached (EndpointConnectionError); is it running?"


def test_an_interruption_says_what_goes_on(anime: Anime, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_options: Options) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Options, "session", interrupted)
    ended = anime("sync")
    assert ended.code == 130
    assert "goes on in the stack" in one_line(ended)


def test_an_error_of_our_own_making_keeps_its_trace(anime: Anime, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_options: Options) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Options, "session", broken)
    with pytest.raises(ZeroDivisionError):
        anime("sync")


# ------------------------------------------------------------------------------------------------------- exit code 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("bootstrap", "exactly one of"),
        (f"bootstrap --enriched {FILE} --offline {FILE} --source-sha x", "exactly one of"),
        (f"bootstrap --release latest --offline {FILE} --source-sha x", "exactly one of"),
        (f"bootstrap --offline {FILE}", "--source-sha"),
        ("bootstrap --offline no-such-file --source-sha x", "no such file: no-such-file"),
        (f"bootstrap --offline {FILE} --source-sha a/b", "--source-sha takes"),
        (f"bootstrap --offline {FILE} --source-sha {'x' * 65}", "--source-sha takes"),
        (f"bootstrap --offline {FILE} --source-sha x --sha256 12ab", "--sha256 takes"),
        (f"sync --file {FILE}", "--source-sha"),
        (f"sync --file {FILE} --source-sha x --release y", "not both"),
        (f"sync --file {FILE} --source-sha x!", "--source-sha takes"),
        (f"sync --file {FILE} --source-sha x --sha256 {DIGEST.upper()}", "--sha256 takes"),
        (f"enrich {ANIME} --mode new", "unknown mode new"),
        ("enrich ani_XXXX", "ani_XXXX is not an id of an anime; `anime search TEXT` finds ids"),
        ("show Cowboy's", """Cowboy's is not an id of an anime; `anime search 'Cowboy'"'"'s'` finds ids"""),
        (f"enrich {ANIME} --mode episode", "go together"),
        (f"enrich {ANIME} --episode 3", "go together"),
        ("restore ../processed", "neither a time"),
        (f"restore {'x' * 65}", "neither a time"),
        ("review approve", "at least one review"),
        ("review approve --all", "--kind"),
        ("review approve --all --kind new", "--kind"),
        ("review approve rev_1 --all --kind status", "nothing else"),
        (f"review approve rev_1 rev_2 --file {FILE}", "exactly one"),
    ],
)
def test_misuse_ends_with_2_says_why_and_asks_nothing_of_the_stack(
    arguments: str, said: str, stack: FakeStack, anime: Anime, release: str
) -> None:
    ended = anime(*(release if argument == FILE else argument for argument in arguments.split()), "--json")
    assert (ended.code, ended.out) == (2, "")
    complaint, help_line = ended.err.splitlines()
    assert complaint.startswith("anime: ")
    assert said in complaint
    command = " ".join(arguments.split()[: 2 if arguments.startswith("review") else 1])
    assert help_line == f"Try `anime {command} --help`."
    assert stack.invoked == []
