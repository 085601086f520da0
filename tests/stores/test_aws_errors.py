"""Translation of boto3's errors, from answers as they come over the wire."""

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from models.errors import Permanent, Throttled, Unavailable
from stores.aws_errors import translated, translated_error
from stores.objects import S3Objects
from tests.support.emulator import aws_client
from tests.support.http_stub import Answer, http_stub


@pytest.mark.parametrize(
    "error",
    [
        ConnectionClosedError(endpoint_url="https://s3"),
        ConnectTimeoutError(endpoint_url="https://s3"),
        EndpointConnectionError(endpoint_url="https://s3"),
        ReadTimeoutError(endpoint_url="https://s3"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_answer_is_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable), translated("s3 GetObject"):
        raise error


def test_what_cannot_be_sent_is_permanent_and_shows_no_value() -> None:
    found = translated_error("states SendTaskSuccess", ParamValidationError(report="value: secret"))

    assert type(found) is Permanent
    assert str(found) == "states SendTaskSuccess: ParamValidationError"


def test_missing_credentials_are_permanent() -> None:
    assert type(translated_error("s3 GetObject", NoCredentialsError())) is Permanent


def test_our_own_errors_pass() -> None:
    with pytest.raises(KeyError), translated("s3 GetObject"):
        raise KeyError


def _error(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>the-value</Message><RequestId>R1</RequestId></Error>".encode()


@pytest.mark.parametrize("header", ["7", "Wed, 21 Oct 2026 07:28:00 GMT", ""])
def test_a_throttled_answer_carries_its_delay_where_it_is_in_seconds(header: str) -> None:
    answer = Answer(status=503, body=_error("SlowDown"), headers={"Retry-After": header, "x-amz-request-id": "R1"})
    with http_stub(answer) as stub, pytest.raises(Throttled) as caught:
        S3Objects(aws_client("s3", stub.url), "bucket").get("a")

    assert caught.value.retry_after == (7 if header == "7" else None)
    assert str(caught.value) == "s3 GetObject: SlowDown, request R1"


def test_a_body_that_breaks_off_is_unavailable() -> None:
    """The failure comes while the stream is read, long after the request."""
    answer = Answer(body=b"x" * 3_000_000, cut=True, headers={"ETag": '"e"'})
    with http_stub(answer) as stub:
        objects = S3Objects(aws_client("s3", stub.url), "bucket")

        with objects.open("a") as stream:
            assert stream.read(10) == b"x" * 10
            with pytest.raises(Unavailable):
                stream.read()
        with pytest.raises(Unavailable):
            objects.get("a")


def test_a_server_that_says_nothing_is_unavailable() -> None:
    with http_stub(Answer(hang=True)) as stub, pytest.raises(Unavailable):
        S3Objects(aws_client("s3", stub.url, read_timeout=0.2), "bucket").get("a")


def test_a_stream_whose_last_part_fails_is_no_object_and_aborted() -> None:
    created = Answer(body=b"<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>")
    part = Answer(headers={"ETag": '"p"'})
    broken = Answer(status=500, body=_error("InternalError"))
    aborted = Answer(status=204)
    with http_stub(created, part, broken, aborted) as stub:
        objects = S3Objects(aws_client("s3", stub.url), "bucket")

        def stream() -> None:
            with objects.writer("a", content_type="text/plain") as writer:
                writer.write(b"x" * 9_000_000)

        with pytest.raises(Unavailable):
            stream()

        asked = [(request.method, request.path.partition("?")[2]) for request in stub.requests]
    assert asked[0][0] == "POST"
    assert [method for method, _ in asked] == ["POST", "PUT", "PUT", "DELETE"]
    assert all("uploadId=U" in query for _, query in asked[1:])
