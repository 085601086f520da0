"""Programs that ``pulumi up`` runs, and the settings it reads."""

import pytest

from cli.doctor.errors import Absent, NoAnswer, Unreachable, Unreadable
from cli.doctor.findings import State
from cli.doctor.tools import StackFile, pulumi_tool, stack_file, uv_tool

DEV = StackFile(
    stage="dev", region="eu-central-1", embedder="bedrock:amazon.titan-embed-text-v2:0", schedules_enabled=True
)


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ("v3.272.0\n", State.OK),
        ("v4.0.1", State.OK),
        ("v3.99.12", State.WARNING),
        ("dev", State.WARNING),
        (Absent(), State.MISSING),
        (Unreachable(), State.WARNING),
    ],
)
def test_pulumi_is_there_and_as_new_as_its_library(version: str | NoAnswer, state: State) -> None:
    assert pulumi_tool(version, library="3.272.0", deployed=False).state is state


def test_an_old_pulumi_is_told_with_both_versions() -> None:
    found = pulumi_tool("v3.99.12", library="3.272.0", deployed=False).found
    assert "3.99.12" in found
    assert "3.272.0" in found


def test_without_the_library_any_pulumi_will_do() -> None:
    assert pulumi_tool("v3.1.0", library="", deployed=False).state is State.OK


def test_tools_block_nobody_once_the_stack_stands() -> None:
    assert pulumi_tool(Absent(), library="3.272.0", deployed=True).state is State.WARNING
    assert uv_tool(Absent(), deployed=True).state is State.WARNING


def test_uv_is_looked_for_on_path() -> None:
    assert uv_tool("uv 0.13.9 (abc 2026-01-01)", deployed=False).found == "0.13.9"
    assert uv_tool("uv of the future", deployed=False).state is State.OK
    assert uv_tool(Unreachable(), deployed=False).state is State.WARNING
    found = uv_tool(Absent(), deployed=False)
    assert found.state is State.MISSING
    assert ".venv/bin/activate" in found.do


def test_a_stack_needs_a_file_of_its_own() -> None:
    assert stack_file(DEV, stack="dev").state is State.OK
    absent = stack_file(Absent(), stack="staging")
    assert absent.state is State.MISSING
    assert "Pulumi.staging.yaml" in absent.do
    broken = stack_file(Unreadable("has no stage"), stack="dev")
    assert (broken.state, broken.found) == (State.MISSING, "has no stage")


def test_a_model_is_asked_for_where_bedrock_embeds() -> None:
    assert DEV.model == "amazon.titan-embed-text-v2:0"
    assert StackFile(stage="local", region="x", embedder="wordllama", schedules_enabled=False).model is None


@pytest.mark.parametrize(
    ("in_vpc", "each", "zones"), [(False, True, ()), (True, False, ("a",)), (True, True, ("a", "b"))]
)
def test_gateways_stand_in_the_zones_that_the_program_puts_them(
    in_vpc: bool, each: bool, zones: tuple[str, ...]
) -> None:
    file = StackFile(
        stage="prod",
        region="x",
        embedder="wordllama",
        schedules_enabled=True,
        in_vpc=in_vpc,
        nat_in_each_zone=each,
        zones=("a", "b"),
    )
    assert file.gateway_zones == zones
