"""Questions to the outside, side by side, each with a limit of time and without repetition.

Foreign errors become those of ``cli.doctor.errors`` here, by type or code and never by their text.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from cli.doctor.errors import Absent, Denied, NoAnswer, NotSignedIn, SignInRefused, Unexpected, Unreachable
from cli.doctor.rights import Right

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

T = TypeVar("T")

CALL_SECONDS: Final = 5.0
FUNCTION_SECONDS: Final = 20.0
"""Of a call to one of the stack's functions, which may have to start first: imports, the network, and the database."""

_MAKING_SECONDS: Final = 5.0
"""What a question may take beyond its calls: threads take turns, and signing and reading cost time as well."""

_REFUSED: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "OptInRequired",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_DENIED: Final = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Client.UnauthorizedOperation",
        "UnauthorizedOperation",
    }
)
_ABSENT: Final = frozenset(
    {
        "404",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NoSuchEntity",
        "NoSuchKey",
        "NoSuchResourceException",
        "NotFound",
        "NotFoundException",
        "ParameterNotFound",
        "QueueDoesNotExist",
        "ResourceNotFound",
        "ResourceNotFoundException",
    }
)


class Pending(Generic[T]):
    """A question under way in a thread of its own, which nobody waits for longer than its time."""

    def __init__(self, question: Callable[[], T], *, seconds: float) -> None:
        self._question = question
        self._until = time.monotonic() + seconds
        self._answer: T | NoAnswer = Unreachable()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def answer(self) -> T | NoAnswer:
        self._thread.join(max(0.0, self._until - time.monotonic()))
        return self._answer

    def _ask(self) -> None:
        try:
            self._answer = self._question()
        except NoAnswer as error:
            self._answer = error
        except Exception as error:  # noqa: BLE001 (whatever goes wrong with one question, the others are answered)
            self._answer = Unexpected(type(error).__name__)


def ask(question: Callable[[], T], *, calls: int = 1, seconds: float = CALL_SECONDS) -> Pending[T]:
    """``calls`` are made one after the other, of ``seconds`` each."""
    return Pending(question, seconds=calls * seconds + _MAKING_SECONDS)


@contextmanager
def needing(right: Right) -> Iterator[None]:
    """Around a call to AWS.

    Raises:
        NoAnswer: in place of botocore's errors.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _of_client(error, right) from None
    except BotoCoreError as error:
        raise _of_botocore(error) from None


def _of_client(error: "ClientError", right: Right) -> NoAnswer:
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    if code in _REFUSED:
        return SignInRefused()
    if code in _DENIED:
        return Denied(right.value)
    if code in _ABSENT:
        return Absent()
    return Unexpected(code)


def _of_botocore(error: Exception) -> NoAnswer:
    from botocore import exceptions as raised

    nobody = (raised.NoCredentialsError, raised.ProfileNotFound, raised.PartialCredentialsError, raised.ConfigNotFound)
    stale = (
        raised.CredentialRetrievalError,
        raised.LoginError,
        raised.SSOError,
        raised.TokenRetrievalError,
        raised.UnauthorizedSSOTokenError,
    )
    silent = (raised.HTTPClientError, raised.ConnectionError, raised.EndpointConnectionError)
    if isinstance(error, nobody):
        return NotSignedIn()
    if isinstance(error, stale):
        return SignInRefused()
    if isinstance(error, silent):
        return Unreachable()
    return Unexpected(type(error).__name__)


class Clients:
    """boto3's, one a service, with short limits and a single attempt. ``endpoint_url`` is a local stack's.

    Making them is slow and not for several threads at once; using them is.
    """

    def __init__(self, region: str, *, endpoint_url: str | None = None) -> None:
        self.region = region
        self.endpoint_url = endpoint_url
        self._mutex = threading.Lock()
        self._session: Any = None
        self._made: dict[tuple[str, float], Any] = {}

    def __call__(self, service: str, *, seconds: float = CALL_SECONDS) -> Any:
        with self._mutex, needing(Right.WHO_AM_I):
            if (service, seconds) not in self._made:
                self._made[service, seconds] = self._make(service, seconds)
            return self._made[service, seconds]

    def _make(self, service: str, seconds: float) -> Any:
        import boto3
        from botocore.config import Config

        if self._session is None:
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"} if self.endpoint_url else {}
            self._session = boto3.Session(region_name=self.region, **keys)  # type: ignore[arg-type]  # mypy takes the keys for any parameter
        return self._session.client(
            service,
            endpoint_url=self.endpoint_url,
            config=Config(
                connect_timeout=CALL_SECONDS,
                read_timeout=seconds,
                retries={"total_max_attempts": 1},
                max_pool_connections=32,
                s3={"addressing_style": "path"} if self.endpoint_url else None,
                proxies={} if self.endpoint_url else None,  # a proxy of the environment must not catch loopback
            ),
        )
