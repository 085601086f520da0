"""Secrets in plain sight. No complaint may repeat what it found."""

import json

import pytest

from policies.credentials import FUNCTION, NO_PLAIN_SECRETS, PARAMETER, TASK
from tests.policies.judging import UNKNOWN, Subject, complaints_of

HIDDEN = "hunter2hunter2"

HARMLESS = [
    ("MONGO_URI", "mongodb+srv://cluster.example.org/?authMechanism=MONGODB-AWS&authSource=$external"),
    ("REDIS_URL", "rediss://cache.example.org:6379"),
    ("QDRANT_SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:qdrant-x"),
    ("CATALOGUE_SECRET", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tokens-x"),
    ("TOKEN_LIFETIME_SECONDS", "60"),
    ("PARTITION_KEY", "source_url_hash"),
    ("API_TOKEN", ""),
    ("REVIEWER", "someone@example.org"),
    ("API_KEY", UNKNOWN),
]
EXPOSED = [
    ("MONGO_URI", f"mongodb+srv://user:{HIDDEN}@cluster.example.org/", "a URI with a password"),
    ("REDIS_URL", f"rediss://:{HIDDEN}@cache.example.org:6379", "a URI with a password"),
    ("REDIS_PASSWORD", HIDDEN, "a secret"),
    ("QDRANT_API_KEY", HIDDEN, "a secret"),
    ("ANIMESCHEDULE_TOKEN", HIDDEN, "a secret"),
    ("CATALOGUE_SERVER_KEY", HIDDEN, "a secret"),
    ("client_secret", HIDDEN, "a secret"),
    ("ACCOUNT", "AKIA" + "ABCDEFGHIJKLMNOP", "an access key of AWS"),
    ("CERTIFICATE", f"-----BEGIN RSA PRIVATE KEY-----\n{HIDDEN}", "a private key"),
    ("SESSION", "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "a signed token"),
]


def _function(name: str, value: str) -> Subject:
    return Subject(type=FUNCTION, props={"environment": {"variables": {name: value, "STACK": "prod"}}})


def _task(name: str, value: str) -> Subject:
    containers = [{"name": "bff", "environment": [{"name": name, "value": value}], "secrets": [{"name": "TOKEN"}]}]
    return Subject(type=TASK, props={"containerDefinitions": json.dumps(containers)})


@pytest.mark.parametrize("place", [_function, _task])
class TestEnvironments:
    @pytest.mark.parametrize(("name", "value"), HARMLESS[:-1])
    def test_addresses_and_arns_pass(self, place: type, name: str, value: str) -> None:
        assert complaints_of(NO_PLAIN_SECRETS, place(name, value)) == []

    @pytest.mark.parametrize(("name", "value", "kind"), EXPOSED)
    def test_secrets_are_rejected_and_not_repeated(self, place: type, name: str, value: str, kind: str) -> None:
        (complaint,) = complaints_of(NO_PLAIN_SECRETS, place(name, value))

        assert f"shows {kind} in the variable {name}" in complaint
        assert "Secrets Manager" in complaint
        assert HIDDEN not in complaint
        assert value not in complaint


def test_what_is_not_known_yet_does_not_hide_the_rest() -> None:
    variables = {"API_KEY": UNKNOWN, "REDIS_PASSWORD": HIDDEN}

    assert (
        len(complaints_of(NO_PLAIN_SECRETS, Subject(type=FUNCTION, props={"environment": {"variables": variables}})))
        == 1
    )


def test_an_environment_or_containers_not_known_yet_wait_for_the_update() -> None:
    assert complaints_of(NO_PLAIN_SECRETS, Subject(type=FUNCTION, props={"environment": UNKNOWN})) == []
    assert complaints_of(NO_PLAIN_SECRETS, Subject(type=TASK, props={"containerDefinitions": UNKNOWN})) == []


def test_a_parameter_of_names_passes() -> None:
    subject = Subject(type=PARAMETER, props={"type": "String", "value": '{"queues": {"dlq": "https://sqs/1/dlq"}}'})

    assert complaints_of(NO_PLAIN_SECRETS, subject) == []


@pytest.mark.parametrize("kind", ["String", "SecureString"])
def test_a_parameter_with_a_secret_is_rejected(kind: str) -> None:
    props = {"type": kind, "value": f"mongodb://user:{HIDDEN}@host/"}
    (complaint,) = complaints_of(NO_PLAIN_SECRETS, Subject(type=PARAMETER, props=props))

    assert HIDDEN not in complaint
