"""Secrets are read as they are, and one without a value is no failure."""

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from models.errors import Permanent, Unavailable
from stores.secrets import read_secret

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:tokens-AbCdEf"


@pytest.fixture
def client() -> "SecretsManagerClient":
    session = boto3.Session("test", "test", region_name="us-east-1")
    return session.client("secretsmanager", config=Config(retries={"total_max_attempts": 1}))


def test_the_value_is_returned(client: "SecretsManagerClient") -> None:
    with Stubber(client) as stub:
        stub.add_response("get_secret_value", {"SecretString": "{}"}, {"SecretId": ARN})
        assert read_secret(client, ARN) == "{}"


def test_a_secret_that_nobody_has_set_is_none(client: "SecretsManagerClient") -> None:
    with Stubber(client) as stub:
        stub.add_client_error("get_secret_value", "ResourceNotFoundException")
        assert read_secret(client, ARN) is None


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [("AccessDeniedException", 400, Permanent), ("InternalServiceError", 500, Unavailable)],
)
def test_other_errors_are_typed_and_do_not_name_the_value(
    client: "SecretsManagerClient", code: str, status: int, expected: type[Exception]
) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("get_secret_value", code, "a message that repeats things", http_status_code=status)
        with pytest.raises(expected, match=code) as caught:
            read_secret(client, ARN)
    assert "repeats" not in str(caught.value)
