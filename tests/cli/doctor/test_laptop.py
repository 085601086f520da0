"""A local stack and its servers."""

from pathlib import Path

import pytest

from cli.doctor import ask_laptop
from cli.doctor.errors import NoAnswer, Unreachable
from cli.doctor.findings import State
from cli.doctor.laptop import cache, local_stack, server
from tests.support.servers import free_port


def test_a_stack_runs_starts_or_has_to_be_started() -> None:
    assert local_stack("running", pid=7, cleaned=False).state is State.OK
    assert local_stack("starting", pid=7, cleaned=False).state is State.WARNING
    stopped = local_stack("stopped", pid=None, cleaned=False)
    assert stopped.state is State.MISSING
    assert "anime local up" in stopped.do
    assert "killed" in local_stack("stopped", pid=None, cleaned=True).found


def test_a_server_that_does_not_answer_blocks() -> None:
    assert server("MongoDB", "127.0.0.1:1").state is State.OK
    assert server("MongoDB", Unreachable()).state is State.MISSING


def test_without_a_cache_a_stack_is_slower_and_works() -> None:
    assert cache(None).state is State.WARNING
    assert cache("127.0.0.1:1").state is State.OK
    assert cache(Unreachable()).state is State.MISSING


def test_of_an_address_only_host_and_port_are_shown() -> None:
    assert ask_laptop.place("mongodb://me:secret@db:27017/anime?tls=true") == "db:27017"
    assert ask_laptop.place("redis://:secret@127.0.0.1:6379/0") == "127.0.0.1:6379"


def test_servers_that_run_answer(mongo_uri: str, valkey_url: str, aws_endpoint: str) -> None:
    assert ask_laptop.mongo(mongo_uri) == ask_laptop.place(mongo_uri)
    assert ask_laptop.redis(valkey_url) == ask_laptop.place(valkey_url)
    assert ask_laptop.emulator(aws_endpoint) == ask_laptop.place(aws_endpoint)


@pytest.mark.parametrize("kind", ["redis", "emulator"])
def test_a_port_where_nobody_listens_does_not_answer(kind: str) -> None:
    scheme = {"redis": "redis", "emulator": "http"}[kind]
    with pytest.raises(NoAnswer):
        getattr(ask_laptop, kind)(f"{scheme}://127.0.0.1:{free_port()}")


def test_a_database_where_nobody_listens_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask_laptop, "_MILLISECONDS", 100)
    with pytest.raises(Unreachable):
        ask_laptop.mongo(f"mongodb://127.0.0.1:{free_port()}")


def test_a_socket_file_is_no_place_that_holds_a_password(tmp_path: Path) -> None:
    assert "secret" not in ask_laptop.place(f"unix://:secret@{tmp_path}/redis.sock")
