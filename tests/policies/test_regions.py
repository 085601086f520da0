"""Where a stage may stand."""

from typing import Any

import pytest

from policies.regions import ALLOWED_REGIONS, ATLAS_CLUSTER, ELSEWHERE, QDRANT_CLUSTER, REGIONS
from tests.policies.judging import UNKNOWN, Subject, complaints_of

QUEUE = "aws:sqs/queue:Queue"


def _atlas(name: str) -> dict[str, Any]:
    return {"replicationSpecs": [{"regionConfigs": [{"regionName": name}]}]}


@pytest.mark.parametrize("stage", sorted(REGIONS))
def test_the_stages_own_region_passes(stage: str) -> None:
    for region in REGIONS[stage]:
        assert complaints_of(ALLOWED_REGIONS, Subject(type=QUEUE, stage=stage, region=region)) == []


@pytest.mark.parametrize("type_token", sorted(ELSEWHERE))
def test_what_stands_elsewhere_has_a_reason(type_token: str) -> None:
    region, reason = ELSEWHERE[type_token]

    assert complaints_of(ALLOWED_REGIONS, Subject(type=type_token, region=region)) == []
    assert reason


@pytest.mark.parametrize(
    ("type_token", "props"),
    [
        (QUEUE, {"region": "eu-central-1"}),
        (QUEUE, {"region": UNKNOWN}),
        (ATLAS_CLUSTER, _atlas("EU_CENTRAL_1")),
        (QDRANT_CLUSTER, {"cloudRegion": "eu-central-1"}),
    ],
)
def test_regions_of_the_resource_itself_pass(type_token: str, props: dict[str, Any]) -> None:
    assert complaints_of(ALLOWED_REGIONS, Subject(type=type_token, props=props)) == []


@pytest.mark.parametrize(
    "subject",
    [
        Subject(type=QUEUE, region="us-east-1"),
        Subject(type=QUEUE, stage="dev", props={"region": "us-east-1"}),
        Subject(type=ATLAS_CLUSTER, props=_atlas("US_EAST_1")),
        Subject(type=QDRANT_CLUSTER, props={"cloudRegion": "us-east-1"}),
    ],
)
def test_other_regions_are_rejected(subject: Subject) -> None:
    (complaint,) = complaints_of(ALLOWED_REGIONS, subject)

    assert "stands in us-east-1" in complaint
    assert "awsRegion" in complaint


def test_a_stage_without_regions_is_rejected() -> None:
    (complaint,) = complaints_of(ALLOWED_REGIONS, Subject(type=QUEUE, stage="staging"))

    assert "'staging'" in complaint
