"""Reading a secret."""

import uuid
from typing import Any

import pytest
from botocore.stub import Stubber

from models.errors import Permanent, Throttled, Unavailable
from stores.secrets import read_secret
from tests.support.emulator import aws_client
from tests.support.servers import free_port


@pytest.fixture(scope="module")
def secrets(request: pytest.FixtureRequest) -> Any:
    return aws_client("secretsmanager", request.getfixturevalue("aws_endpoint"))


def test_a_secret_is_read_as_it_is_now(secrets: Any) -> None:
    arn = secrets.create_secret(Name=f"s-{uuid.uuid4()}", SecretString="one")["ARN"]
    secrets.put_secret_value(SecretId=arn, SecretString="two")

    assert read_secret(secrets, arn) == "two"


def test_a_secret_that_nobody_has_set_is_none(secrets: Any) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:unset-abcdef"

    assert read_secret(secrets, arn) is None


def test_a_secret_without_a_text_is_none(secrets: Any) -> None:
    arn = secrets.create_secret(Name=f"s-{uuid.uuid4()}")["ARN"]

    assert read_secret(secrets, arn) is None


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ThrottlingException", 400, Throttled),
        ("InternalServiceError", 500, Unavailable),
        ("AccessDeniedException", 400, Permanent),
        ("DecryptionFailure", 400, Permanent),
    ],
)
def test_error_codes_are_translated(code: str, status: int, expected: type[Exception]) -> None:
    client = aws_client("secretsmanager", "http://127.0.0.1:1")
    stubber = Stubber(client)
    stubber.add_client_error("get_secret_value", service_error_code=code, http_status_code=status)

    with stubber, pytest.raises(expected):
        read_secret(client, "arn")


def test_a_refused_connection_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        read_secret(aws_client("secretsmanager", f"http://127.0.0.1:{free_port()}"), "arn")
