"""Whether what ``pulumi up`` makes is there and works: functions, secrets, alarms, timers, dead letters, schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cli.doctor.errors import Absent, NoAnswer
from cli.doctor.findings import LOCAL_STACKS, Finding, apply_program, missing, ok, on_stack, unanswered, warning

PROJECT: Final = "anime-infra"
_SHOWN: Final = 5

CATALOGUE_ROLE: Final = "catalogue-"
"""What names of secrets that a person puts in go on with, behind the stack's prefix; then comes the catalogue."""

WITHOUT_SECRET: Final[Mapping[str, str]] = {
    "animeschedule": "AnimeSchedule answers nobody without its token: it is off, and so are the exact times of airing",
    "jikan": "Jikan is asked without a server key: a service that wants one refuses, and MyAnimeList is off",
    "anidb": "AniDB answers registered clients alone, who show NAME/VERSION: it is off",
}

LETTERS: Final[Mapping[str, tuple[str, str]]] = {
    "commit-dlq": ("commits could neither be finished nor undone", "`anime redrive{on}`"),
    "async-dlq": (
        "runs that nobody waits for failed three times",
        "the message names the function, and its log says why; then run it again by hand",
    ),
    "schedule-dlq": (
        "timers could not start their function",
        "run by hand what the message names: `anime sync{on}`, `anime snapshot{on}` or `anime schedule{on}`",
    ),
    "image-dlq": (
        "images could not be fetched, and their entries hold placeholders",
        "read why, then purge the queue: images are tried again with the next refresh",
    ),
}
"""By queue, without the stack's prefix: what a message in it means, and what to do, with ``on`` for the stack."""

_OTHER_LETTERS: Final = ("something failed", "read the messages")


@dataclass(frozen=True, kw_only=True)
class FunctionState:
    """As Lambda tells it; ``update`` is how the last change of code or settings went.

    An ``Inactive`` one has not been called for weeks, and wakes when it is.
    """

    name: str
    state: str
    update: str = "Successful"
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Subscribers:
    confirmed: int
    pending: int


@dataclass(frozen=True, kw_only=True)
class Timers:
    """Names."""

    enabled: tuple[str, ...]
    paused: tuple[str, ...]


def prefix_of(stack: str) -> str:
    """What every physical name of the stack begins with."""
    return f"{PROJECT}-{stack}-"


def deployment(endpoints: Mapping[str, Any] | NoAnswer, *, stack: str) -> Finding:
    check = "deployment"
    if isinstance(endpoints, Absent):
        return warning(check, "not deployed yet", f"`pulumi up --stack {stack}`, once nothing is missing here")
    if isinstance(endpoints, NoAnswer):
        return unanswered(check, endpoints)
    return ok(check, f"{len(endpoints.get('functions', ()))} functions, {len(endpoints.get('machines', ()))} machines")


def schema(deployed: object, *, ours: str, stack: str) -> list[Finding]:
    """``deployed`` is what the stack's directory says of the last migration; None where it does not say."""
    check = "schema"
    if deployed is None:
        return []
    if deployed != ours:
        return [
            warning(
                check,
                "the stores were brought to another schema than this checkout has",
                f"{apply_program(stack)} migrates them; or check out what is deployed",
            )
        ]
    return [ok(check, "the stores have this checkout's schema")]


def functions(found: Sequence[FunctionState | NoAnswer], *, stack: str) -> Finding:
    check = "functions"
    states = [each for each in found if isinstance(each, FunctionState)]
    errors = [each for each in found if isinstance(each, NoAnswer)]
    broken = [each for each in states if each.state in {"Failed", "Deactivated"} or each.update == "Failed"]
    gone = sum(isinstance(each, Absent) for each in errors)
    if broken:
        told = [f"{each.name} ({each.reason or each.state})" for each in broken]
        return missing(check, f"do not work: {_some(told)}", f"mend the reason, then {apply_program(stack)}")
    if gone:
        return missing(check, f"{gone} of {len(found)} are not there any more", apply_program(stack))
    if errors:
        return unanswered(check, errors[0])
    busy = [each.name for each in states if each.state == "Pending" or each.update == "InProgress"]
    if busy:
        return warning(check, f"are being made or changed: {_some(busy)}", "wait a minute, and repeat")
    return ok(check, f"all {len(states)} can be called")


def secrets(found: Mapping[str, bool] | NoAnswer, *, stack: str, region: str) -> list[Finding]:
    """``found`` says of each secret of the stack whether it has a value."""
    check = "secrets"
    if isinstance(found, NoAnswer):
        return [unanswered(check, found)]
    roles = {name.removeprefix(prefix_of(stack)): (name, filled) for name, filled in sorted(found.items())}
    findings = [_secret(role, name, region=region, stack=stack) for role, (name, filled) in roles.items() if not filled]
    filled = sum(filled for _, filled in roles.values())
    return [*findings, ok(check, f"{filled} of {len(roles)} have a value")]


def _secret(role: str, name: str, *, region: str, stack: str) -> Finding:
    if not role.startswith(CATALOGUE_ROLE):
        return missing(f"secret {name}", "has no value, which the program writes", apply_program(stack))
    catalogue = role.removeprefix(CATALOGUE_ROLE)
    without = WITHOUT_SECRET.get(catalogue, f"{catalogue} is asked without what it may want to see")
    # From a file, since what is typed stays in the shell's history.
    return warning(
        f"secret {name}",
        f"has no value. {without}",
        f"aws secretsmanager put-secret-value --secret-id {name} --secret-string file://token.txt --region {region}",
    )


def alarm_subscribers(found: Subscribers | NoAnswer, *, emails: int, stack: str) -> Finding:
    check = "alarms"
    if isinstance(found, Absent):
        return missing(check, "have no topic", apply_program(stack))
    if isinstance(found, NoAnswer):
        return unanswered(check, found)
    if found.confirmed:
        more = f", {found.pending} more have not confirmed" if found.pending else ""
        return ok(check, f"reach {found.confirmed} {'address' if found.confirmed == 1 else 'addresses'}{more}")
    if found.pending:
        return warning(
            check,
            f"reach nobody: {found.pending} asked, none has confirmed",
            "open the mail “AWS Notification - Subscription Confirmation” and follow its link",
        )
    if emails:
        return warning(check, "reach nobody: alarmEmails is not applied yet", apply_program(stack))
    return warning(
        check, "reach nobody", f"set alarmEmails in Pulumi.{stack}.yaml and `pulumi up`, then confirm the mail"
    )


def ringing(found: Sequence[str] | NoAnswer) -> Finding:
    check = "alarms ringing"
    if isinstance(found, NoAnswer):
        return unanswered(check, found)
    if found:
        return warning(check, _some(found), "each alarm's description in CloudWatch says what it means and what to do")
    return ok(check, "none")


def timers(found: Timers | NoAnswer, *, wanted: bool, stack: str) -> Finding:
    """``wanted`` is ``schedulesEnabled``."""
    check = "schedules"
    if isinstance(found, NoAnswer):
        return unanswered(check, found)
    if not found.enabled and not found.paused:
        return missing(check, "there are none", apply_program(stack))
    if stack in LOCAL_STACKS:
        return ok(check, f"{len(found.enabled) + len(found.paused)}; `anime local tick` fires what is due")
    return _timers_in_cloud(check, found, wanted=wanted, stack=stack)


def _timers_in_cloud(check: str, found: Timers, *, wanted: bool, stack: str) -> Finding:
    if wanted and found.paused:
        return warning(
            check,
            f"paused, though schedulesEnabled is true: {_some(found.paused)}",
            f"`pulumi up --stack {stack} --refresh` sets them going again",
        )
    if not wanted and found.enabled:
        return warning(
            check,
            f"fire, though schedulesEnabled is false: {_some(found.enabled)}",
            f"`pulumi up --stack {stack} --refresh` pauses them",
        )
    if not wanted:
        return warning(
            check,
            "paused by schedulesEnabled: nothing is updated by itself",
            f"set schedulesEnabled to true in Pulumi.{stack}.yaml and `pulumi up`",
        )
    return ok(check, f"{len(found.enabled)} fire by themselves")


def dead_letters(found: Mapping[str, int | NoAnswer] | NoAnswer, *, stack: str) -> list[Finding]:
    """``found`` has the number of messages by queue."""
    check = "dead letters"
    if isinstance(found, NoAnswer):
        return [unanswered(check, found)]
    if not found:
        return [missing(check, "there are no queues for them", apply_program(stack))]
    findings = []
    for name, count in sorted(found.items()):
        if isinstance(count, NoAnswer):
            findings.append(unanswered(f"queue {name}", count))
        elif count:
            meaning, do = LETTERS.get(name.removeprefix(prefix_of(stack)), _OTHER_LETTERS)
            findings.append(warning(f"queue {name}", f"about {count}: {meaning}", do.format(on=on_stack(stack))))
    return findings or [ok(check, f"none in {len(found)} queues")]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
