"""What boto3 raises, as ``models.errors``; the one place that knows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from botocore import exceptions as botocore_errors
from botocore.exceptions import BotoCoreError, ClientError

from models.errors import Permanent, Retryable, Throttled, Unavailable

_THROTTLING: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "ExecutionLimitExceeded",
        "LimitExceededException",
        "ModelNotReadyException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_OWN_FAULT: Final = frozenset(
    {
        "ConditionalRequestConflict",  # two conditional writes of one object at once; S3 asks to repeat
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "ModelErrorException",
        "ModelTimeoutException",
        "RequestTimeout",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
_NO_ANSWER: Final = (
    botocore_errors.ChecksumError,
    botocore_errors.ConnectionError,
    botocore_errors.CredentialRetrievalError,
    botocore_errors.FlexibleChecksumError,
    botocore_errors.HTTPClientError,
    botocore_errors.IncompleteReadError,
)
_SERVER_ERROR: Final = 500
_TOO_MANY_REQUESTS: Final = 429


def error_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def translated_error(operation: str, error: BotoCoreError | ClientError) -> Permanent | Retryable:
    """The message names the operation and the code, never what was sent or answered."""
    if isinstance(error, ClientError):
        return answered(operation, error_code(error), error.response)
    if isinstance(error, _NO_ANSWER):
        return Unavailable(f"{operation}: {type(error).__name__}")
    return Permanent(f"{operation}: {type(error).__name__}")


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """``operation`` as in ``s3 PutObject``. The cause is cut off, since messages of services repeat what was sent.

    Raises:
        Throttled, Unavailable, Permanent: in place of botocore's errors.
    """
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise translated_error(operation, error) from None


def answered(operation: str, code: str, response: Mapping[str, Any]) -> Permanent | Retryable:
    """For codes that come without an exception too, as in answers to batches."""
    metadata = response.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode", 0))
    message = f"{operation}: {code}" + (f", request {metadata['RequestId']}" if metadata.get("RequestId") else "")
    if code in _THROTTLING or status == _TOO_MANY_REQUESTS:
        return Throttled(message, retry_after=_retry_after(metadata.get("HTTPHeaders", {})))
    if code in _OWN_FAULT or status >= _SERVER_ERROR:
        return Unavailable(message)
    return Permanent(message)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None
