"""Tokens for the cache: signed as ElastiCache checks them, renewed in time, and typed where there is nothing to sign
with."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import CredentialRetrievalError
from redis import Redis

from models.errors import BadInput, Unavailable
from stores.cache import RedisCache, connect_redis
from stores.cache_sign_in import RENEWAL, TOKEN_LIFE, IamSignIn
from tests.support.fakes import ManualClock

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
STATIC = Credentials("AKIDEXAMPLE", SECRET)
TEMPORARY = Credentials("ASIAEXAMPLE", SECRET, "session+token/==")
EMPTY_BODY = hashlib.sha256(b"").hexdigest()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """Also that of the signature."""
    clock = ManualClock(datetime(2026, 11, 21, 8, 30, tzinfo=UTC))
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: clock().replace(tzinfo=None))
    return clock


def sign_in(clock: ManualClock, credentials: Credentials | None = STATIC) -> IamSignIn:
    return IamSignIn(
        user="anime-infra-prod-functions",
        cluster="anime-infra-prod-cache",
        region="eu-central-1",
        credentials=credentials,
        clock=clock,
    )


def parameters(token: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(f"//{token}").query))


def signature(token: str, *, secret: str) -> str:
    """As the other side works it out, by the rules of AWS alone
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
    """
    given = parameters(token)
    signed = {name: value for name, value in given.items() if name != "X-Amz-Signature"}
    query = "&".join(f"{quote(name, safe='')}={quote(signed[name], safe='')}" for name in sorted(signed))
    host = token.partition("/")[0]
    request = "\n".join(["GET", "/", query, f"host:{host}", "", "host", EMPTY_BODY])
    _, _, scope = given["X-Amz-Credential"].partition("/")
    text = "\n".join(["AWS4-HMAC-SHA256", given["X-Amz-Date"], scope, hashlib.sha256(request.encode()).hexdigest()])
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


class TestToken:
    def test_it_asks_to_connect_to_the_cluster_as_the_user_for_a_quarter_of_an_hour(self, clock: ManualClock) -> None:
        user, token = sign_in(clock).get_credentials()

        assert user == "anime-infra-prod-functions"
        assert token.startswith("anime-infra-prod-cache/?Action=connect&User=anime-infra-prod-functions&")
        given = parameters(token)
        assert given.pop("X-Amz-Signature")
        assert given == {
            "Action": "connect",
            "User": "anime-infra-prod-functions",
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": "AKIDEXAMPLE/20261121/eu-central-1/elasticache/aws4_request",
            "X-Amz-Date": "20261121T083000Z",
            "X-Amz-Expires": "900",
            "X-Amz-SignedHeaders": "host",
        }

    @pytest.mark.parametrize("credentials", [STATIC, TEMPORARY], ids=["static", "temporary"])
    def test_the_other_side_finds_the_same_signature(self, clock: ManualClock, credentials: Credentials) -> None:
        _, token = sign_in(clock, credentials).get_credentials()

        assert parameters(token)["X-Amz-Signature"] == signature(token, secret=SECRET)
        assert parameters(token).get("X-Amz-Security-Token") == credentials.token

    def test_the_same_moment_gives_the_same_token(self, clock: ManualClock) -> None:
        assert sign_in(clock).get_credentials() == sign_in(clock).get_credentials()

    def test_it_does_not_hold_the_key(self, clock: ManualClock) -> None:
        _, token = sign_in(clock).get_credentials()

        assert SECRET not in token
        assert quote(SECRET, safe="") not in token


class TestRenewal:
    def test_a_young_token_is_used_again(self, clock: ManualClock) -> None:
        provider = sign_in(clock)
        first = provider.get_credentials()

        clock.advance(RENEWAL - timedelta(seconds=1))

        assert provider.get_credentials() == first

    def test_an_old_one_is_replaced_before_it_ends(self, clock: ManualClock) -> None:
        provider = sign_in(clock)
        _, first = provider.get_credentials()

        clock.advance(RENEWAL)
        _, second = provider.get_credentials()

        assert second != first
        assert parameters(second)["X-Amz-Date"] == "20261121T084000Z"
        assert RENEWAL < TOKEN_LIFE

    def test_credentials_that_were_replaced_are_the_ones_that_sign(self, clock: ManualClock) -> None:
        credentials = Credentials("AKIDEXAMPLE", SECRET)
        provider = sign_in(clock, credentials)
        provider.get_credentials()

        credentials.access_key = "AKIDSECOND"
        clock.advance(RENEWAL)

        _, token = provider.get_credentials()
        assert parameters(token)["X-Amz-Credential"].startswith("AKIDSECOND/")


class Failing(Credentials):
    """Cannot be had until ``mended``."""

    mended = False

    def get_frozen_credentials(self):  # type: ignore[no-untyped-def]  # botocore has no type to name
        if not self.mended:
            raise CredentialRetrievalError(provider="container-role", error_msg="no answer")
        return super().get_frozen_credentials()


@pytest.fixture
def guarded(valkey_url: str, clock: ManualClock) -> Iterator[str]:
    """The URL of a server that knows the user by the token of this moment, and nobody else."""
    user, token = sign_in(clock).get_credentials()
    with Redis.from_url(valkey_url) as administrator:
        administrator.execute_command("ACL", "SETUSER", user, "reset", "on", f">{token}", "~*", "+@all")
        administrator.execute_command("ACL", "SETUSER", "default", "off", "resetpass")
        yield valkey_url
        administrator.execute_command("ACL", "SETUSER", "default", "on", "nopass")
        administrator.execute_command("ACL", "DELUSER", user)


class TestConnecting:
    def test_a_server_lets_in_the_user_with_the_token(self, guarded: str, clock: ManualClock) -> None:
        with connect_redis(guarded, sign_in=sign_in(clock)) as client:
            cache = RedisCache(client)
            cache.set("a", b"1", ttl=timedelta(minutes=1))
            assert cache.get("a") == b"1"

    def test_whoever_does_not_sign_in_is_refused(self, guarded: str) -> None:
        with connect_redis(guarded) as client, pytest.raises(Unavailable):
            RedisCache(client).get("a")

    def test_a_token_of_another_moment_is_refused(self, guarded: str, clock: ManualClock) -> None:
        clock.advance(timedelta(hours=1))
        with connect_redis(guarded, sign_in=sign_in(clock)) as client, pytest.raises(Unavailable):
            RedisCache(client).get("a")

    def test_without_credentials_there_is_nothing_to_sign_with(self, clock: ManualClock) -> None:
        with pytest.raises(BadInput, match="no AWS credentials to sign in to the cache with"):
            sign_in(clock, None)

    def test_credentials_that_cannot_be_had_for_a_while_are_asked_for_again(
        self, guarded: str, clock: ManualClock
    ) -> None:
        credentials = Failing("AKIDEXAMPLE", SECRET)
        with connect_redis(guarded, sign_in=sign_in(clock, credentials)) as client:
            cache = RedisCache(client)
            with pytest.raises(Unavailable):
                cache.get("a")

            credentials.mended = True

            assert cache.get("absent") is None
