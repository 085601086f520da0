"""Secrets Manager."""

from typing import TYPE_CHECKING

from stores.aws_errors import translated

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


def read_secret(client: "SecretsManagerClient", arn: str) -> str | None:
    """The current value; None where the secret exists and nobody has set a text yet.

    Raises:
        Throttled, Unavailable, Permanent: in place of botocore's errors.
    """
    with translated("secretsmanager GetSecretValue"):
        try:
            # The emulator has an answer without it where nobody has set a value; AWS where the value is no text.
            return client.get_secret_value(SecretId=arn).get("SecretString")
        except client.exceptions.ResourceNotFoundException:
            return None
