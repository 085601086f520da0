"""A stack in a process of its own: started, asked for, ended; and what is left when it is killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pymongo
import pytest
from pymongo.errors import PyMongoError

from local import control
from local.errors import AlreadyRunning, LocalStackError, StartFailed
from local.logs import read_logs
from local.places import Places, held, is_running, start_mark, write_json
from local.serve import options_as_json, options_from_json
from local.stack import StackOptions
from tests.local.conftest import copy_program

REPOSITORY = Path(__file__).resolve().parents[2]


def eventually(look: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := look()):
        assert time.monotonic() < deadline, "not in time"
        pause.wait(0.02)
    return found


def is_alive(pid: int) -> bool:
    return start_mark(pid) != ""


def children(pid: int) -> list[int]:
    """All descendants."""
    found = [child for child, parent in parents() if parent == pid]
    return found + [deeper for child in found for deeper in children(child)]


def parents() -> list[tuple[int, int]]:
    """Every process with its parent."""
    if Path("/proc/self/stat").exists():
        listed = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                listed.append((int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])))
        return listed
    told = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [(int(child), int(parent)) for child, parent in (line.split() for line in told.splitlines())]


def mongo_answers(uri: str) -> bool:
    with pymongo.MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=300) as client:
        try:
            client.admin.command("ping")
        except PyMongoError:
            return False
        return True


def aws(description: Any, service: str) -> Any:
    return boto3.Session("test", "test", region_name=description["region"]).client(
        service,  # type: ignore[call-overload]
        endpoint_url=description["aws_endpoint"],
    )


@pytest.fixture(autouse=True)
def ended(root: Path) -> Iterator[None]:
    """Whatever a test does, its stack does not outlive it."""
    yield
    control.stop(root=root)


def test_a_detached_stack_is_started_asked_for_and_ended(root: Path) -> None:
    said: list[str] = []
    assert control.status(root=root).state == "stopped"
    started = control.start_detached(root=root, options=StackOptions(values={"greeting": "hi"}), progress=said.append)
    assert started.state == "running"
    assert started.pid is not None
    assert started.pid != os.getpid()
    assert started.description is not None
    assert started.description == json.loads((root / ".local" / "stack.json").read_text())
    assert any(line.startswith("ready after") for line in said)
    assert any(line.startswith("databases: ") for line in said)

    answer = aws(started.description, "lambda").invoke(
        FunctionName=started.description["endpoints"]["function"], Payload=b'{"anime_id": "ani_1"}'
    )
    assert json.loads(answer["Payload"].read())["environment"]["GREETING"] == "hi"

    with pytest.raises(AlreadyRunning, match=f"running already \\(process {started.pid}\\)"):
        control.start_detached(root=root)

    servers = children(started.pid)
    assert servers
    assert control.stop(root=root) is True
    assert not is_alive(started.pid)
    assert not any(map(is_alive, servers))
    assert not mongo_answers(started.description["mongo_uri"])
    assert control.status(root=root) == control.Status(name="local", state="stopped")
    assert not (root / ".local" / "stack.json").exists()
    assert not Places(root, "local").data.exists()
    assert "ani_1" in [line.fields.get("anime_id") for line in read_logs(root=root)]
    assert control.stop(root=root) is False


def test_a_stack_that_was_killed_leaves_no_servers_is_recognised_and_can_be_started_again(root: Path) -> None:
    killed = control.start_detached(root=root)
    assert killed.pid is not None
    assert killed.description is not None
    servers = children(killed.pid)
    os.kill(killed.pid, signal.SIGKILL)
    eventually(lambda: not is_alive(killed.pid or 0))
    eventually(lambda: not any(map(is_alive, servers)))
    assert (root / ".local" / "stack.json").exists()

    found = control.status(root=root)
    assert (found.state, found.cleaned) == ("stopped", True)
    assert not (root / ".local" / "stack.json").exists()
    assert not Places(root, "local").data.exists()
    assert control.status(root=root).cleaned is False

    again = control.start_detached(root=root)
    assert again.state == "running"
    assert again.pid != killed.pid


def test_a_start_that_fails_says_why_and_leaves_nothing(root: Path) -> None:
    program = root / "__main__.py"
    program.write_text(program.read_text() + '\nraise ValueError("not like this")\n')
    with pytest.raises(StartFailed, match=r"ValueError: not like this"):
        control.start_detached(root=root)
    assert control.status(root=root) == control.Status(name="local", state="stopped")
    assert not Places(root, "local").data.exists()


def test_a_process_that_ends_without_a_word_is_told_with_the_end_of_its_log(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(StartFailed, match="the stack's process ended"):
        control.start_detached(root=root)


def test_another_process_with_the_number_of_a_stack_is_not_ended(root: Path) -> None:
    """The lock is held, but the process file names somebody else who got the number."""
    places = Places(root, "local")
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        with held(places):
            write_json(places.process_file, {"pid": bystander.pid, "started": "long ago"})
            with pytest.raises(LocalStackError, match="has not said which it is"):
                control.stop(root=root)
        assert bystander.poll() is None
        assert control.stop(root=root) is False
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


FOREGROUND = """
import sys
from pathlib import Path
from local.control import start_foreground
start_foreground(root=Path(sys.argv[1]), progress=lambda line: print(line, flush=True))
print("left", flush=True)
"""


def foreground(root: Path) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'src'}"}
    command = [sys.executable, "-c", FOREGROUND, str(root)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stack_in_the_foreground_ends_in_order_when_it_is_told_to(root: Path, number: signal.Signals) -> None:
    with foreground(root) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("ready"):
                break
        servers = children(process.pid)
        process.send_signal(number)
        lines += process.stdout.readlines()
        assert process.wait(20) == 0
    assert lines[-2:] == ["stopping\n", "left\n"]
    assert not is_running(Places(root, "local"))
    assert not any(map(is_alive, servers))


@pytest.mark.parametrize("moment", ["databases", "emulator"])
def test_a_start_in_the_foreground_that_is_interrupted_leaves_nothing(root: Path, moment: str) -> None:
    """While the emulator is started, and while the program is applied."""
    with foreground(root) as process:
        assert process.stdout is not None
        assert next(line for line in process.stdout if line.startswith(moment))
        servers = children(process.pid)
        assert servers
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(20) != 0
    assert "ready" not in rest
    assert not any(map(is_alive, servers))
    assert not is_running(Places(root, "local"))
    assert not Places(root, "local").process_file.exists()


def test_options_travel_whole_and_keep_their_secrets_off_the_command_line(tmp_path: Path) -> None:
    options = StackOptions(
        replay=tmp_path, mongo_uri="mongodb://u:p@127.0.0.1", wait_scale=0.5, values={"a": "b", "c": None}
    )
    assert options_from_json(options_as_json(options)) == options
    assert options_from_json(options_as_json(None)) == StackOptions()
    assert "p@" not in repr(options)


def test_two_stacks_of_different_names_run_beside_each_other(tmp_path: Path) -> None:
    root = copy_program(tmp_path / "both")
    try:
        first = control.start_detached("local", root=root)
        second = control.start_detached("demo", root=root)
        assert first.description is not None
        assert second.description is not None
        assert first.description["aws_endpoint"] != second.description["aws_endpoint"]
        assert second.description["endpoints"]["function"] == "tests-demo-probe"
        assert (root / ".local" / "demo" / "stack.json").exists()
        control.stop("demo", root=root)
        assert control.status("local", root=root).state == "running"
    finally:
        control.stop("local", root=root)
        control.stop("demo", root=root)
