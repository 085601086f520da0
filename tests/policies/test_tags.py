"""Tags: which are missing, and that the list of taggable types is as complete as the program is."""

import importlib

import pytest

from policies.tags import REQUIRED_TAGS, TAGGABLE
from tests.components.recordings import STACKS, recorded
from tests.policies.judging import UNKNOWN, Subject, complaints_of

QUEUE = "aws:sqs/queue:Queue"


def test_own_tags_and_the_providers_count_together() -> None:
    assert complaints_of(REQUIRED_TAGS, Subject(type=QUEUE, props={"tags": {"service": "images"}})) == []


def test_a_tag_that_is_not_known_yet_is_there() -> None:
    assert complaints_of(REQUIRED_TAGS, Subject(type=QUEUE, props={"tags": {"service": UNKNOWN}})) == []


@pytest.mark.parametrize("props", [{}, {"tags": {}}, {"tags": {"service": ""}}])
def test_a_missing_service_is_named(props: dict[str, object]) -> None:
    (complaint,) = complaints_of(REQUIRED_TAGS, Subject(type=QUEUE, props=props))

    assert "has no tag service" in complaint
    assert "service_tags()" in complaint


def test_a_provider_without_default_tags_is_found_out() -> None:
    (complaint,) = complaints_of(REQUIRED_TAGS, Subject(type=QUEUE, stage="", props={"tags": {"service": "images"}}))

    assert "has no tag environment" in complaint


def test_a_misspelt_tag_is_found_out() -> None:
    (complaint,) = complaints_of(REQUIRED_TAGS, Subject(type=QUEUE, props={"tags": {"service": "Images"}}))

    assert "service='Images'" in complaint


def test_what_cannot_be_tagged_needs_no_tags() -> None:
    assert complaints_of(REQUIRED_TAGS, Subject(type="aws:s3/bucketPolicy:BucketPolicy", stage="")) == []


def _takes_tags(type_token: str) -> bool:
    """As the SDK declares the type."""
    _, folder, name = type_token.split(":")
    module = folder.partition("/")[0]
    found = getattr(importlib.import_module(f"pulumi_aws.{'lambda_' if module == 'lambda' else module}"), name)
    assert found.pulumi_type == type_token
    return hasattr(found, "tags_all")


@pytest.mark.parametrize("stack", STACKS)
def test_every_type_in_use_that_takes_tags_is_listed(stack: str) -> None:
    used = {resource.type for resource in recorded(stack) if resource.custom and resource.type.startswith("aws:")}

    assert {token for token in used if _takes_tags(token)} == used & TAGGABLE


# The SDK warns of its own deprecated classes while it is imported, whether they are used or not.
@pytest.mark.filterwarnings(r"ignore:aws\..* has been deprecated:DeprecationWarning")
def test_every_listed_type_takes_default_tags() -> None:
    assert {token for token in TAGGABLE if not _takes_tags(token)} == set()
