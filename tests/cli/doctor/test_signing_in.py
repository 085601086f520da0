"""Who one is to AWS, Atlas, Qdrant Cloud and Pulumi."""

import pytest

from cli.doctor.errors import Denied, NoAnswer, NotSignedIn, SignInRefused, Unreachable, Unreadable
from cli.doctor.findings import State
from cli.doctor.signing_in import (
    Backend,
    Identity,
    atlas_credentials,
    aws_region,
    aws_sign_in,
    pulumi_backend,
    qdrant_credentials,
)

WHO = Identity(account="123456789012", arn="arn:aws:sts::123456789012:assumed-role/deploy/me")
ID, SECRET = "MONGODB_ATLAS_CLIENT_ID", "MONGODB_ATLAS_CLIENT_SECRET"
KEY, ACCOUNT = "QDRANT_CLOUD_API_KEY", "QDRANT_CLOUD_ACCOUNT_ID"


def test_whoever_has_signed_in_sees_the_account() -> None:
    found = aws_sign_in(WHO)
    assert found.state is State.OK
    assert "123456789012" in found.found
    assert WHO.partition == "aws"


@pytest.mark.parametrize("error", [NotSignedIn(), SignInRefused(), Unreachable()])
def test_without_a_sign_in_nothing_can_be_done_in_aws(error: NoAnswer) -> None:
    assert aws_sign_in(error).state is State.MISSING


@pytest.mark.parametrize("error", [NotSignedIn(), SignInRefused()])
def test_whoever_has_not_signed_in_is_told_how(error: NoAnswer) -> None:
    assert "aws sso login" in aws_sign_in(error).do


def test_another_trouble_with_the_sign_in_is_a_doubt_alone() -> None:
    assert aws_sign_in(Denied("sts:GetCallerIdentity")).state is State.WARNING


def test_a_region_that_is_not_the_stacks_is_told_with_both() -> None:
    found = aws_region("eu-central-1", "us-east-1", stack="dev")
    assert found.state is State.WARNING
    assert {"eu-central-1", "us-east-1"} <= set(found.found.split())
    assert "AWS_REGION=eu-central-1" in found.do


def test_an_environment_without_a_region_is_told_the_stacks() -> None:
    found = aws_region("eu-central-1", None, stack="dev")
    assert found.state is State.WARNING
    assert "--region eu-central-1" in found.do


def test_the_stacks_own_region_is_fine() -> None:
    assert aws_region("eu-central-1", "eu-central-1", stack="dev").state is State.OK


@pytest.mark.parametrize(
    "names",
    [
        {ID, SECRET},
        {"MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PRIVATE_API_KEY"},
        {"MONGODB_ATLAS_PUBLIC_KEY", "MONGODB_ATLAS_PRIVATE_KEY"},
        {"MCLI_PUBLIC_API_KEY", "MONGODB_ATLAS_PRIVATE_KEY"},
        {ID, SECRET, "MONGODB_ATLAS_PUBLIC_KEY"},
    ],
)
def test_a_pair_of_atlas_is_enough(names: set[str]) -> None:
    assert atlas_credentials(names, deployed=False).state is State.OK


@pytest.mark.parametrize(
    ("names", "lacks"),
    [
        ({ID}, SECRET),
        ({SECRET}, ID),
        ({"MONGODB_ATLAS_PUBLIC_KEY"}, "MONGODB_ATLAS_PRIVATE_API_KEY"),
        ({"MCLI_PRIVATE_API_KEY"}, "MONGODB_ATLAS_PUBLIC_API_KEY"),
        # Half a service account is taken before a whole pair of keys, and fails.
        ({ID, "MONGODB_ATLAS_PUBLIC_KEY", "MONGODB_ATLAS_PRIVATE_KEY"}, SECRET),
    ],
)
def test_half_a_pair_of_atlas_names_the_other_half(names: set[str], lacks: str) -> None:
    found = atlas_credentials(names, deployed=False)
    assert found.state is State.MISSING
    assert lacks in found.do


def test_no_credentials_of_atlas_block_a_deployment_and_not_a_stack_that_stands() -> None:
    assert atlas_credentials(set(), deployed=False).state is State.MISSING
    assert atlas_credentials(set(), deployed=True).state is State.WARNING
    assert ID in atlas_credentials(set(), deployed=False).do


@pytest.mark.parametrize("name", ["ASSUME_ROLE_ARN", "TF_VAR_ASSUME_ROLE_ARN", "MONGODB_ATLAS_ACCESS_TOKEN"])
def test_what_makes_atlas_ignore_a_good_pair_is_told(name: str) -> None:
    found = atlas_credentials({ID, SECRET, name}, deployed=False)
    assert found.state is State.WARNING
    assert name in found.found


def test_qdrant_cloud_needs_both_the_key_and_the_account() -> None:
    assert qdrant_credentials({KEY, ACCOUNT}, deployed=False).state is State.OK
    for names, lacks in (({KEY}, ACCOUNT), ({ACCOUNT}, KEY), (set[str](), KEY)):
        found = qdrant_credentials(names, deployed=False)
        assert found.state is State.MISSING
        assert lacks in found.do
    assert qdrant_credentials(set(), deployed=True).state is State.WARNING


@pytest.mark.parametrize(
    ("backend", "state"),
    [
        (Backend(scheme=None, token=False, key=False), State.MISSING),
        (Backend(scheme="https", token=False, key=True), State.MISSING),
        (Backend(scheme=None, token=True, key=False), State.OK),
        (Backend(scheme="https", token=True, key=False), State.OK),
        (Backend(scheme="s3", token=False, key=True), State.OK),
        (Backend(scheme="file", token=True, key=False), State.WARNING),
    ],
)
def test_pulumi_needs_a_login_or_a_place_of_ones_own(backend: Backend, state: State) -> None:
    assert pulumi_backend(backend, deployed=False).state is state


def test_a_state_of_ones_own_asks_for_what_encrypts_its_secrets() -> None:
    found = pulumi_backend(Backend(scheme="file", token=False, key=False), deployed=False)
    assert "PULUMI_CONFIG_PASSPHRASE" in found.do


def test_credentials_of_pulumi_that_cannot_be_read_are_a_doubt() -> None:
    assert pulumi_backend(Unreadable("broken"), deployed=False).state is State.WARNING
    assert pulumi_backend(Backend(scheme=None, token=False, key=False), deployed=True).state is State.WARNING
