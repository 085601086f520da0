"""``anime cost``: what it prints, and how it ends below and above the budget."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import local.program
from cli.main import app, hoist
from local.costs_usage import ASSUMPTIONS
from local.errors import ProgramFailed
from local.recording import Recording
from tests.local.registered import recording_of, registered

PROVIDER = registered("pulumi:providers:aws", "aws", inputs={"region": "eu-central-1"})
NAT = registered("aws:ec2/natGateway:NatGateway", "nat")
EMBEDDING = {"environment": {"variables": {"EMBEDDER": "bedrock:titan"}}, "handler": "lambdas.query.handler.handler"}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project whose stack dev registers a NAT gateway and a function, and may cost 50 USD."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  shop:monthlyBudgetUsd: 50\n")
    (tmp_path / "Pulumi.free.yaml").write_text("config: {}\n")
    monkeypatch.chdir(tmp_path)
    registers(
        monkeypatch, recording_of(PROVIDER, NAT, registered("aws:lambda/function:Function", "f", inputs=EMBEDDING))
    )


def registers(monkeypatch: pytest.MonkeyPatch, recording: Recording) -> list[Mapping[str, Any]]:
    """Returns with what the program was recorded."""
    asked: list[Mapping[str, Any]] = []

    def record(**how: Any) -> Recording:
        asked.append(how)
        return recording

    monkeypatch.setattr(local.program, "record_program", record)
    return asked


def anime(*arguments: str) -> Result:
    return CliRunner().invoke(app, hoist(["cost", *arguments]))


def test_below_the_budget_it_ends_well_and_says_how_much() -> None:
    ended = anime("--stack", "dev")
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "38.74 USD a month, 37.96 of it while nobody uses the stack; monthlyBudgetUsd is 50" in ended.stdout
    assert "NAT, 1 gateway: hours" in ended.stdout


def test_each_price_has_its_page_and_its_date() -> None:
    ended = anime("--stack", "dev")
    (row,) = [line for line in ended.stdout.splitlines() if "vpc.nat_hour" in line]
    assert "https://aws.amazon.com/vpc/pricing/" in row
    assert "2026-09" in row


def test_a_price_that_is_not_confirmed_is_marked() -> None:
    ended = anime("--stack", "dev")
    marked = [line for line in ended.stdout.splitlines() if " ? " in line and "│" in line]
    assert [line.split("│")[1].strip() for line in marked] == ["Bedrock: vectors of texts"]
    assert "?: not confirmed for this region" in ended.stdout


def test_above_the_budget_it_fails_and_says_what_costs_most_and_what_to_change() -> None:
    ended = anime("--stack", "dev", "--set", "monthlyBudgetUsd=30")
    assert ended.exit_code == 1
    assert ended.stderr.startswith("anime: 38.74 USD a month is above the budget of 30. Most of it: NAT, 1 gateway: ")
    assert "Change nat, network, or raise monthlyBudgetUsd" in ended.stderr
    assert "NAT, 1 gateway: hours" in ended.stdout


@pytest.mark.parametrize(("budget", "code"), [("50", 0), ("30", 1)])
def test_json_is_one_object_on_stdout_either_way(budget: str, code: int) -> None:
    ended = anime("--stack", "dev", "--set", f"monthlyBudgetUsd={budget}", "--json")
    told = json.loads(ended.stdout)
    assert ended.exit_code == code
    assert (told["above_budget"], told["budget_usd"], told["usd"]) == (bool(code), float(budget), 38.74)
    assert told["assumptions"].keys() == ASSUMPTIONS.keys()
    assert told["items"][0] == {
        "what": "NAT, 1 gateway: hours",
        "quantity": 730,
        "per": "gateway-hour",
        "unit_price_usd": 0.052,
        "usd": 37.96,
        "basis": "by the hour",
        "settings": ["nat", "network"],
        "source": {"page": "https://aws.amazon.com/vpc/pricing/", "read": "2026-09", "confirmed": True, "note": ""},
    }


def test_a_stack_without_a_budget_is_not_above_it() -> None:
    ended = anime("--stack", "free")
    assert ended.exit_code == 0
    assert "no monthlyBudgetUsd is set" in ended.stdout


def test_assumptions_are_shown_when_asked_for() -> None:
    reason = ASSUMPTIONS["episodes_a_day"].reason
    assert reason not in anime("--stack", "dev").stdout
    assert reason in anime("--stack", "dev", "--assumptions").stdout


def test_a_setting_can_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = registers(monkeypatch, recording_of(PROVIDER, NAT))
    anime("--stack", "dev", "--set", "nat=zone", "--set", "network=full")
    assert [how["overrides"] for how in asked] == [{"nat": "zone", "network": "full"}]


def test_a_stack_elsewhere_is_told_that_prices_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = registered("pulumi:providers:aws", "aws", inputs={"region": "us-east-1"})
    registers(monkeypatch, recording_of(elsewhere, NAT))
    assert "the stack stands in us-east-1, whose prices differ" in anime("--stack", "dev").stdout


@pytest.mark.parametrize("stack", ["local", "demo"])
def test_a_local_stack_is_wrong_usage(stack: str) -> None:
    ended = anime("--stack", stack)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "a local stack costs nothing" in ended.stderr


def test_a_type_without_a_price_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    registers(monkeypatch, recording_of(registered("aws:rds/instance:Instance", "database")))
    ended = anime("--stack", "dev")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr.startswith("anime: nobody has said what a aws:rds/instance:Instance costs")


def test_a_program_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: object) -> Recording:
        raise ProgramFailed("no settings")

    monkeypatch.setattr(local.program, "record_program", fails)
    ended = anime("--stack", "dev")
    assert (ended.exit_code, ended.stderr) == (1, "anime: no settings\n")


def test_what_is_no_setting_is_refused() -> None:
    ended = anime("--stack", "dev", "--set", "nat")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "expected KEY=VALUE" in ended.stderr
