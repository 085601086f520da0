"""Questions side by side: limits, and what becomes of foreign errors."""

import threading
import time
from pathlib import Path

import pytest
from botocore import exceptions as raised

from cli.doctor import asking
from cli.doctor.asking import Clients, ask, needing
from cli.doctor.errors import Absent, Denied, NoAnswer, NotSignedIn, SignInRefused, Unexpected, Unreachable
from cli.doctor.rights import Right
from tests.support.fake_aws import refusal
from tests.support.servers import free_port

MARKER = "a-secret-in-a-message"


def test_an_answer_is_given_as_it_is() -> None:
    assert ask(lambda: 7).answer() == 7
    assert ask(lambda: None).answer() is None


def test_questions_are_under_way_at_once() -> None:
    met = threading.Barrier(5, timeout=10)
    assert None not in [each.answer() for each in [ask(met.wait) for _ in range(5)]]


def test_a_question_that_takes_too_long_has_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_MAKING_SECONDS", 0.0)
    done = threading.Event()
    started = time.monotonic()
    try:
        assert isinstance(ask(done.wait, seconds=0.05).answer(), Unreachable)
    finally:
        done.set()
    assert time.monotonic() - started < 5


def test_whatever_goes_wrong_with_a_question_is_an_answer_without_its_words() -> None:
    def fails() -> None:
        raise LookupError(MARKER)

    found = ask(fails).answer()
    assert isinstance(found, Unexpected)
    assert found.kind == "LookupError"
    assert MARKER not in str(found)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", Denied),
        ("AccessDenied", Denied),
        ("UnauthorizedOperation", Denied),
        ("AuthorizationError", Denied),
        ("ExpiredToken", SignInRefused),
        ("ExpiredTokenException", SignInRefused),
        ("InvalidClientTokenId", SignInRefused),
        ("UnrecognizedClientException", SignInRefused),
        ("ParameterNotFound", Absent),
        ("ResourceNotFoundException", Absent),
        ("NotFound", Absent),
        ("NoSuchBucket", Absent),
        ("NoSuchEntity", Absent),
        ("ThrottlingException", Unexpected),
    ],
)
def test_a_refusal_of_aws_becomes_an_error_of_ours_without_its_words(code: str, kind: type[NoAnswer]) -> None:
    with pytest.raises(NoAnswer) as caught, needing(Right.QUEUES):
        raise refusal(code, MARKER)
    assert type(caught.value) is kind
    assert MARKER not in str(caught.value)


def test_whoever_is_denied_learns_the_action() -> None:
    with pytest.raises(Denied) as caught, needing(Right.QUEUES):
        raise refusal("AccessDenied")
    assert caught.value.action == "sqs:ListQueues"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (raised.NoCredentialsError(), NotSignedIn),
        (raised.ProfileNotFound(profile=MARKER), NotSignedIn),
        (raised.PartialCredentialsError(provider="env", cred_var=MARKER), NotSignedIn),
        (raised.CredentialRetrievalError(provider="process", error_msg=MARKER), SignInRefused),
        (raised.UnauthorizedSSOTokenError(), SignInRefused),
        (raised.TokenRetrievalError(provider="sso", error_msg=MARKER), SignInRefused),
        (raised.EndpointConnectionError(endpoint_url=MARKER), Unreachable),
        (raised.ConnectTimeoutError(endpoint_url=MARKER), Unreachable),
        (raised.ReadTimeoutError(endpoint_url=MARKER), Unreachable),
        (raised.ProxyConnectionError(proxy_url=MARKER), Unreachable),
        (raised.NoRegionError(), Unexpected),
    ],
)
def test_an_error_of_botocore_becomes_one_of_ours_without_its_words(error: Exception, kind: type[NoAnswer]) -> None:
    with pytest.raises(NoAnswer) as caught, needing(Right.WHO_AM_I):
        raise error
    assert type(caught.value) is kind
    assert MARKER not in str(caught.value)


def test_a_client_asks_once_and_not_for_long() -> None:
    client = Clients("eu-central-1", endpoint_url=f"http://127.0.0.1:{free_port()}")("sqs")
    config = client.meta.config
    assert config.retries["total_max_attempts"] == 1
    assert max(config.connect_timeout, config.read_timeout) <= 5


def test_a_client_is_made_once_for_each_patience() -> None:
    clients = Clients("eu-central-1", endpoint_url=f"http://127.0.0.1:{free_port()}")
    assert clients("sqs") is clients("sqs")
    assert clients("lambda", seconds=20.0) is not clients("lambda")


def test_an_endpoint_where_nobody_listens_is_unreachable() -> None:
    client = Clients("eu-central-1", endpoint_url=f"http://127.0.0.1:{free_port()}")("sqs")
    with pytest.raises(Unreachable), needing(Right.QUEUES):
        client.list_queues()


def test_a_profile_that_does_not_exist_is_nobody_signed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    with pytest.raises(NotSignedIn):
        Clients("eu-central-1")("sts")
