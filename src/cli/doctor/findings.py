"""One line of the doctor: what was checked, how it is, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cli.doctor.errors import (
    Absent,
    Denied,
    FunctionFailed,
    NoAnswer,
    NotSignedIn,
    SignInRefused,
    Unreachable,
    Unreadable,
)

LOCAL_STACKS = frozenset({"local", "demo"})

SIGN_IN = (
    "sign in with `aws sso login` or `aws login`, choose a profile with AWS_PROFILE, or set AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY"
)


class State(StrEnum):
    """``MISSING`` blocks: what the stack is for does not work without it."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Finding:
    check: str
    state: State
    found: str
    do: str = ""

    def __post_init__(self) -> None:
        if self.state is not State.OK and not self.do:
            raise ValueError(f"{self.check}: a finding that nobody can act on helps nobody; say what to do")

    @property
    def as_json(self) -> dict[str, Any]:
        return {"check": self.check, "state": self.state.value, "found": self.found, "do": self.do or None}


def ok(check: str, found: str) -> Finding:
    return Finding(check=check, state=State.OK, found=found)


def warning(check: str, found: str, do: str) -> Finding:
    return Finding(check=check, state=State.WARNING, found=found, do=do)


def missing(check: str, found: str, do: str) -> Finding:
    return Finding(check=check, state=State.MISSING, found=found, do=do)


def needed_to_deploy(check: str, found: str, do: str, *, deployed: bool) -> Finding:
    """Blocks whoever wants to deploy, and not the stack that stands."""
    if deployed:
        return warning(check, f"{found}; the next `pulumi up` needs it", do)
    return missing(check, found, do)


def unanswered(check: str, error: NoAnswer) -> Finding:
    """Where nothing is known, nothing is known to be wrong."""
    return warning(check, *_why(error))


def _why(error: NoAnswer) -> tuple[str, str]:
    """What is found instead, and what to do."""
    match error:
        case Denied(action=action):
            why = f"not looked at: you may not {action}", f"allow {action} to whoever runs the doctor"
        case Unreachable():
            why = "no answer in time", "see whether a network, proxy or firewall is in the way, and repeat"
        case NotSignedIn() | SignInRefused():
            why = "not looked at: AWS does not know who you are", SIGN_IN
        case Absent():
            why = "is not there", "deploy with `pulumi up`, and repeat"
        case FunctionFailed(kind=kind):
            why = f"the function failed ({kind})", "see its log"
        case Unreadable():
            why = str(error), "mend it, and repeat"
        case _:
            kind = getattr(error, "kind", type(error).__name__)
            why = f"not looked at: the answer was {kind}", "repeat; if it stays so, ask that service"
    return why


def worst(findings: Iterable[Finding]) -> State:
    states = {finding.state for finding in findings}
    for state in (State.MISSING, State.WARNING):
        if state in states:
            return state
    return State.OK


def on_stack(stack: str) -> str:
    """What a command for that stack ends with."""
    return "" if stack == "local" else f" --stack {stack}"


def apply_program(stack: str) -> str:
    """What makes the stack as the program says it is."""
    if stack in LOCAL_STACKS:
        return "`anime local down`, then `anime local up --detach`"
    return f"`pulumi up --stack {stack}`"


def command(stack: str, words: str) -> str:
    """As one types it for that stack."""
    return f"`anime {words}{on_stack(stack)}`"
