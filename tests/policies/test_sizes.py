"""How large a stage may be."""

from typing import Any

import pytest

from components.settings import Stage
from policies import sizes
from policies.regions import REGIONS
from policies.sizes import ALLOWED_SIZES, LIMITS
from tests.policies.judging import UNKNOWN, Subject, complaints_of


def _atlas(size: str | None, largest: str | None = None, provider: str = "AWS") -> dict[str, Any]:
    config = {
        "providerName": provider,
        "electableSpecs": {"instanceSize": size},
        "autoScaling": {"computeMaxInstanceSize": largest},
    }
    return {"replicationSpecs": [{"regionConfigs": [config]}]}


FITS: list[tuple[str, dict[str, Any], str]] = [
    (sizes.FUNCTION, {"memorySize": 2048}, "dev"),
    (sizes.FUNCTION, {"memorySize": 4096, "ephemeralStorage": {"size": 10240}}, "prod"),
    (sizes.FUNCTION, {"memorySize": UNKNOWN}, "dev"),
    (sizes.TASK, {"cpu": "256", "memory": "512"}, "dev"),
    (sizes.CACHE, {"nodeType": "cache.t4g.micro"}, "dev"),
    (sizes.INSTANCE, {"instanceType": "t4g.nano"}, "dev"),
    (sizes.QDRANT_CLUSTER, {"configuration": {"numberOfNodes": 1}}, "dev"),
    (sizes.ATLAS_CLUSTER, _atlas("M0", provider="TENANT"), "dev"),
    (sizes.ATLAS_CLUSTER, _atlas(None, provider="FLEX"), "dev"),
    (sizes.ATLAS_CLUSTER, _atlas("M10", "M30"), "prod"),
]
TOO_LARGE: list[tuple[str, dict[str, Any], str, str]] = [
    (sizes.FUNCTION, {"memorySize": 3008}, "dev", "memorySize 3008"),
    (sizes.FUNCTION, {"memorySize": 10240}, "prod", "memorySize 10240"),
    (sizes.FUNCTION, {"ephemeralStorage": {"size": 10240}}, "dev", "ephemeralStorage.size 10240"),
    (sizes.TASK, {"cpu": "4096"}, "prod", "cpu 4096"),
    (sizes.TASK, {"memory": "8192"}, "dev", "memory 8192"),
    (sizes.CACHE, {"nodeType": "cache.r7g.large"}, "prod", "nodeType cache.r7g.large"),
    (sizes.CACHE_CLUSTER, {"nodeType": "cache.t4g.medium"}, "dev", "nodeType cache.t4g.medium"),
    (sizes.INSTANCE, {"instanceType": "m7g.large"}, "prod", "instanceType m7g.large"),
    (sizes.QDRANT_CLUSTER, {"configuration": {"numberOfNodes": 3}}, "dev", "numberOfNodes 3"),
    (sizes.ATLAS_CLUSTER, _atlas("M30"), "dev", "instanceSize M30"),
    (sizes.ATLAS_CLUSTER, _atlas("M10", "M80"), "prod", "computeMaxInstanceSize M80"),
    (sizes.ATLAS_CLUSTER, _atlas("M0", provider="TENANT"), "prod", "instanceSize M0"),
    (sizes.ATLAS_CLUSTER, _atlas(None, provider="FLEX"), "prod", "instanceSize FLEX"),
]


@pytest.mark.parametrize(("type_token", "props", "stage"), FITS)
def test_a_size_of_the_stage_passes(type_token: str, props: dict[str, Any], stage: str) -> None:
    assert complaints_of(ALLOWED_SIZES, Subject(type=type_token, props=props, stage=stage)) == []


@pytest.mark.parametrize(("type_token", "props", "stage", "what"), TOO_LARGE)
def test_another_size_is_rejected(type_token: str, props: dict[str, Any], stage: str, what: str) -> None:
    (complaint,) = complaints_of(ALLOWED_SIZES, Subject(type=type_token, props=props, stage=stage))

    assert what in complaint
    assert "policies/sizes.py" in complaint


def test_a_stage_without_limits_is_rejected() -> None:
    (complaint,) = complaints_of(ALLOWED_SIZES, Subject(type=sizes.FUNCTION, stage="staging"))

    assert "'staging'" in complaint


def test_every_stage_has_its_limits_and_regions() -> None:
    assert set(LIMITS) == set(REGIONS) == set(Stage)
