"""Programs that ``pulumi up`` runs, and the settings it reads."""

import re
from dataclasses import dataclass
from typing import Final

from cli.doctor.errors import Absent, NoAnswer
from cli.doctor.findings import Finding, missing, needed_to_deploy, ok, unanswered, warning

_VERSION: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """What the doctor needs of ``Pulumi.<stack>.yaml``; where a key is not set, as the program has it."""

    stage: str
    region: str
    embedder: str
    schedules_enabled: bool
    in_vpc: bool = False
    zones: tuple[str, ...] = ()
    nat_in_each_zone: bool = False
    fetch_concurrency: int | None = None
    bulk_concurrency: int = 8
    review_reminder_hours: int = 72
    alarm_emails: int = 0
    boundary: str | None = None
    """Name of the policy ``permissionsBoundary``."""
    variables: frozenset[str] = frozenset()
    """Variables of the environment in whose place the file holds a value, encrypted or not."""

    @property
    def model(self) -> str | None:
        """Of Bedrock; None where another embedder is chosen."""
        kind, _, model = self.embedder.partition(":")
        return model if kind == "bedrock" else None

    @property
    def gateway_zones(self) -> tuple[str, ...]:
        """Where a NAT gateway stands, each with an address of its own."""
        if not self.in_vpc:
            return ()
        return self.zones if self.nat_in_each_zone else self.zones[:1]


def stack_file(found: StackFile | NoAnswer, *, stack: str) -> Finding:
    check = f"Pulumi.{stack}.yaml"
    match found:
        case StackFile():
            return ok(check, f"stage {found.stage} in {found.region}")
        case Absent():
            return missing(check, "is not there", f"copy Pulumi.dev.yaml to {check} and change what differs")
    return missing(check, str(found), "mend it; docs/settings.md says what each key may be")


def pulumi_tool(version: str | NoAnswer, *, library: str, deployed: bool) -> Finding:
    """``library`` is the version of the library that the program is written with."""
    check = "Pulumi CLI"
    install = "install it: https://www.pulumi.com/docs/install/"
    if isinstance(version, Absent):
        return needed_to_deploy(check, "is not on PATH", install, deployed=deployed)
    if isinstance(version, NoAnswer):
        return unanswered(check, version)
    ours, theirs = _numbers(library), _numbers(version)
    if theirs is None:
        return warning(check, "does not say its version", install)
    if ours is not None and theirs < ours:
        shown = ".".join(map(str, theirs))
        return warning(check, f"{shown} is older than the library of the program, {library}", "update it")
    return ok(check, ".".join(map(str, theirs)))


def uv_tool(version: str | NoAnswer, *, deployed: bool) -> Finding:
    """Pulumi.yaml names it as the toolchain, so Pulumi looks for it on PATH."""
    check = "uv"
    if isinstance(version, Absent):
        return needed_to_deploy(
            check,
            "is not on PATH",
            "run `source .venv/bin/activate`, where it is, or install it: https://docs.astral.sh/uv/",
            deployed=deployed,
        )
    if isinstance(version, NoAnswer):
        return unanswered(check, version)
    numbers = _numbers(version)
    return ok(check, ".".join(map(str, numbers)) if numbers else "is on PATH")


def _numbers(text: str) -> tuple[int, int, int] | None:
    found = _VERSION.search(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
