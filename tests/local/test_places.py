"""Whether a stack runs is told by a lock, and which process it is by number and start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.errors import AlreadyRunning
from local.places import (
    Places,
    ProcessMark,
    held,
    is_alive,
    is_running,
    read_json,
    read_process,
    remove_logs,
    remove_state,
    start_mark,
    write_json,
    write_process,
)


def test_the_main_stacks_description_is_beside_the_others_folders(tmp_path: Path) -> None:
    assert Places(tmp_path, "local").stack_file == tmp_path / ".local" / "stack.json"
    assert Places(tmp_path, "demo").stack_file == tmp_path / ".local" / "demo" / "stack.json"
    assert Places(tmp_path, "local").logs == tmp_path / ".local" / "logs"


def test_the_lock_is_held_by_one_and_free_afterwards(tmp_path: Path) -> None:
    places = Places(tmp_path, "local")
    assert not is_running(places)
    with held(places):
        write_process(places)
        assert is_running(places)
        with pytest.raises(AlreadyRunning, match=f"running already \\(process {os.getpid()}\\)"), held(places):
            pytest.fail("held twice")
        assert is_running(places)
    assert not is_running(places)


def test_names_do_not_meet(tmp_path: Path) -> None:
    with held(Places(tmp_path, "local")), held(Places(tmp_path, "demo")):
        assert is_running(Places(tmp_path, "demo"))
        assert not is_running(Places(tmp_path, "third"))


def test_our_own_process_is_alive_and_one_with_its_number_but_another_start_is_not(tmp_path: Path) -> None:
    places = Places(tmp_path, "local")
    write_process(places)
    mark = read_process(places)
    assert mark is not None
    assert mark.pid == os.getpid()
    assert is_alive(mark)
    assert not is_alive(ProcessMark(pid=mark.pid, started=mark.started + "0"))


def test_a_process_that_has_ended_has_no_start_also_before_its_code_is_collected() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert ended.stdout is not None
    with ended.stdout:
        ended.stdout.read()
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert start_mark(ended.pid) == ""
    ended.wait()
    assert start_mark(ended.pid) == ""
    assert not is_alive(ProcessMark(pid=ended.pid, started=""))


def test_state_goes_and_logs_stay_until_they_are_removed(tmp_path: Path) -> None:
    places = Places(tmp_path, "local")
    places.data.mkdir(parents=True)
    places.logs.mkdir(parents=True)
    (places.data / "file").touch()
    (places.logs / "f.jsonl").touch()
    for file in (places.stack_file, places.clock_file, places.process_file):
        write_json(file, {})
    remove_state(places)
    assert not places.data.exists()
    assert not places.stack_file.exists()
    assert not places.clock_file.exists()
    assert not places.process_file.exists()
    assert (places.logs / "f.jsonl").exists()
    remove_logs(places)
    assert not places.logs.exists()


def test_files_are_for_their_owner_alone_and_half_a_file_is_none(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.json"
    write_json(path, {"mongo_uri": "mongodb://user:password@127.0.0.1"})
    assert path.stat().st_mode & 0o077 == 0
    assert read_json(path) == json.loads(path.read_text())
    assert [each.name for each in path.parent.iterdir()] == ["file.json"]
    path.write_text('{"half":')
    assert read_json(path) is None
    assert read_json(tmp_path / "nothing") is None
