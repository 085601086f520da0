"""The functions' lines are read as one, in the order of time."""

import json
from collections.abc import Callable
from pathlib import Path

from local.logs import LogLine, read_logs
from local.places import Places


def write(root: Path, function: str, *lines: object) -> None:
    logs = Places(root, "local").logs
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{function}.jsonl").open("a") as file:
        for line in lines:
            file.write((line if isinstance(line, str) else json.dumps(line)) + "\n")


def at(second: int, message: str, **fields: str) -> dict[str, str]:
    return {"time": f"2026-05-13T12:00:{second:02}Z", "level": "info", "message": message} | fields


def messages(root: Path, **wanted: str) -> list[str]:
    return [line.message for line in read_logs(root=root, **wanted)]  # type: ignore[arg-type]


def test_lines_of_all_functions_are_merged_by_time(tmp_path: Path) -> None:
    write(tmp_path, "anime-infra-local-begin", at(1, "one"), at(4, "four"))
    write(tmp_path, "anime-infra-local-cleanup", at(2, "two"), at(3, "three"))
    assert messages(tmp_path) == ["one", "two", "three", "four"]


def test_lines_of_one_execution_anime_or_function(tmp_path: Path) -> None:
    write(tmp_path, "anime-infra-local-begin", at(1, "a", execution="e1", anime_id="x"), at(2, "b", execution="e2"))
    write(tmp_path, "anime-infra-local-process-stage", at(3, "c", execution="e1", anime_id="y"))
    assert messages(tmp_path, execution="e1") == ["a", "c"]
    assert messages(tmp_path, anime_id="y") == ["c"]
    assert messages(tmp_path, execution="e1", anime_id="x") == ["a"]
    assert messages(tmp_path, function="begin") == ["a", "b"]
    assert messages(tmp_path, function="anime-infra-local-process-stage") == ["c"]
    assert messages(tmp_path, function="stage") == ["c"]
    assert messages(tmp_path, function="tage") == []


def test_what_is_no_json_keeps_its_place(tmp_path: Path) -> None:
    write(tmp_path, "f", at(1, "one"), "printed by a library", '"text"', at(2, "two"))
    assert messages(tmp_path) == ["one", "printed by a library", '"text"', "two"]


def test_there_are_no_lines_before_the_first_function_ran(tmp_path: Path) -> None:
    assert messages(tmp_path) == []


def test_following_gives_what_is_added_and_only_whole_lines(tmp_path: Path) -> None:
    write(tmp_path, "f", at(1, "one"))
    path = Places(tmp_path, "local").logs / "f.jsonl"
    half = json.dumps(at(2, "two")) + "\n"

    def add_half() -> None:
        with path.open("a") as file:
            file.write(half[:20])

    def add_rest() -> None:
        with path.open("a") as file:
            file.write(half[20:])
        write(tmp_path, "g", at(3, "three"))

    def start_anew() -> None:
        path.write_text(json.dumps(at(4, "four")) + "\n")

    steps: list[Callable[[], None]] = [add_half, add_rest, start_anew]

    def wait() -> bool:
        if steps:
            steps.pop(0)()
            return True
        return False

    lines: list[LogLine] = list(read_logs(root=tmp_path, follow=True, wait=wait))
    assert [(line.function, line.message) for line in lines] == [
        ("f", "one"),
        ("f", "two"),
        ("g", "three"),
        ("f", "four"),
    ]
