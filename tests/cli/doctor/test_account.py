"""Access to the model, room under quotas, the boundary."""

import pytest

from cli.doctor.account import (
    ADDRESSES,
    Concurrency,
    ModelAccess,
    Room,
    boundary,
    embedder,
    lambda_concurrency,
    probed_embedder,
    room,
)
from cli.doctor.errors import Absent, Denied, NoAnswer, Unreachable
from cli.doctor.findings import Finding, State

TITAN = "amazon.titan-embed-text-v2:0"
REGION = "eu-central-1"


def access(**different: bool) -> ModelAccess:
    return ModelAccess(**{"in_region": True, "authorized": True, "subscribed": True, **different})


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (access(), State.OK),
        (access(in_region=False), State.MISSING),
        (access(authorized=False), State.MISSING),
        (access(subscribed=False), State.WARNING),
        (Absent(), State.MISSING),
        (Denied("bedrock:GetFoundationModelAvailability"), State.WARNING),
        (Unreachable(), State.WARNING),
    ],
)
def test_the_model_must_be_there_and_the_account_authorized(found: ModelAccess | NoAnswer, state: State) -> None:
    assert embedder(TITAN, found, region=REGION).state is state


def test_where_only_a_call_can_tell_the_probe_is_offered() -> None:
    assert "--probe" in embedder(TITAN, access(subscribed=False), region=REGION).do


def test_a_real_call_decides() -> None:
    assert probed_embedder(TITAN, 0.25, region=REGION).state is State.OK
    refused = probed_embedder(TITAN, Denied("bedrock:InvokeModel"), region=REGION)
    assert refused.state is State.MISSING
    assert "bedrock:InvokeModel" in refused.do
    assert probed_embedder(TITAN, Unreachable(), region=REGION).state is State.WARNING


def concurrency(
    limit: int, free: int, ours: int = 0, *, set_aside: int | None = None, deployed: bool = False
) -> Finding:
    return lambda_concurrency(
        Concurrency(limit=limit, free=free, ours=ours),
        set_aside=set_aside,
        at_once=12,
        region=REGION,
        deployed=deployed,
    )


def test_a_new_account_can_set_nothing_aside() -> None:
    found = concurrency(10, 10, set_aside=1)
    assert found.state is State.MISSING
    assert "--quota-code L-B99A9384" in found.do
    assert f"--region {REGION}" in found.do


@pytest.mark.parametrize(
    ("free", "state"), [(14, State.MISSING), (15, State.WARNING), (104, State.WARNING), (105, State.OK)]
)
def test_lambda_keeps_some_for_other_functions(free: int, state: State) -> None:
    assert concurrency(free, free, set_aside=5).state is state


def test_what_is_set_aside_for_this_stack_already_counts_as_free_to_it() -> None:
    assert concurrency(20, 15, ours=5, set_aside=5, deployed=True).state is State.OK


def test_too_little_to_set_aside_does_not_block_a_stack_that_stands() -> None:
    assert concurrency(10, 10, set_aside=5, deployed=True).state is State.WARNING


def test_without_anything_set_aside_a_small_quota_is_slow_and_works() -> None:
    assert concurrency(10, 10).state is State.WARNING
    assert concurrency(12, 12).state is State.OK
    assert concurrency(1000, 11).state is State.WARNING


def test_a_quota_that_may_not_be_read_is_a_doubt() -> None:
    denied = Denied("lambda:GetAccountSettings")
    found = lambda_concurrency(denied, set_aside=5, at_once=1, region=REGION, deployed=False)
    assert found.state is State.WARNING


@pytest.mark.parametrize(
    ("used", "ours", "state"),
    [
        (0, 0, State.OK),
        (3, 0, State.OK),
        (4, 0, State.MISSING),
        (5, 0, State.MISSING),
        (5, 2, State.OK),
        (5, 1, State.MISSING),
    ],
)
def test_there_is_room_for_what_the_stack_does_not_have_yet(used: int, ours: int, state: State) -> None:
    found = room("Elastic IPs", ADDRESSES, Room(limit=5, used=used, ours=ours), needed=2, region=REGION, deployed=False)
    assert found.state is state


def test_a_full_quota_says_how_to_ask_for_as_many_as_are_needed() -> None:
    found = room("Elastic IPs", ADDRESSES, Room(limit=5, used=5, ours=0), needed=2, region=REGION, deployed=False)
    assert "--service-code ec2 --quota-code L-0263D0A3 --desired-value 7" in found.do
    assert (
        room("x", ADDRESSES, Room(limit=5, used=5, ours=0), needed=2, region=REGION, deployed=True).state
        is State.WARNING
    )


def test_a_quota_without_the_right_to_read_it_names_the_right() -> None:
    found = room("VPCs", ADDRESSES, Denied("servicequotas:GetServiceQuota"), needed=1, region=REGION, deployed=False)
    assert found.state is State.WARNING
    assert "servicequotas:GetServiceQuota" in found.do


def test_a_boundary_that_does_not_exist_lets_no_role_be_made() -> None:
    assert boundary("anime-ci-boundary", True, deployed=False).state is State.OK
    assert boundary("anime-ci-boundary", Absent(), deployed=False).state is State.MISSING
    assert boundary("anime-ci-boundary", Denied("iam:GetPolicy"), deployed=False).state is State.WARNING
