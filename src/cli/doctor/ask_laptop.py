"""Whether the servers of a local stack answer. Only loopback is asked, or what its user has named."""

import urllib.request
from typing import Any, Final
from urllib.parse import urlsplit

from cli.doctor.asking import CALL_SECONDS
from cli.doctor.errors import Unreachable

_HEALTH: Final = "/_ministack/health"
_MILLISECONDS: Final = int(CALL_SECONDS * 1000)


def emulator(endpoint: str) -> str:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{endpoint}{_HEALTH}", timeout=CALL_SECONDS):
            return place(endpoint)
    except OSError:
        raise Unreachable from None


def mongo(uri: str) -> str:
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    limits: Any = dict.fromkeys(("serverSelectionTimeoutMS", "connectTimeoutMS", "socketTimeoutMS"), _MILLISECONDS)
    try:
        with MongoClient[dict[str, object]](uri, **limits) as client:
            client.admin.command("ping")
    except PyMongoError:
        raise Unreachable from None
    return place(uri)


def redis(url: str) -> str:
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(url, socket_timeout=CALL_SECONDS, socket_connect_timeout=CALL_SECONDS) as client:
            client.ping()
    except (RedisError, OSError):
        raise Unreachable from None
    return place(url)


def place(uri: str) -> str:
    """Hosts and ports; a URI may hold a password before them and more behind."""
    return urlsplit(uri).netloc.rpartition("@")[2]
