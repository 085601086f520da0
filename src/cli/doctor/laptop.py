"""A local stack: whether it runs, and whether its servers answer."""

from typing import Final, Literal

from cli.doctor.errors import NoAnswer
from cli.doctor.findings import Finding, missing, ok, warning

_UP: Final = "`anime local up --detach`"
_AGAIN: Final = f"`anime local down`, then {_UP}; .local/local/stack.log may say why"


def local_stack(state: Literal["running", "starting", "stopped"], *, pid: int | None, cleaned: bool) -> Finding:
    check = "local stack"
    match state:
        case "running":
            return ok(check, f"runs in process {pid}")
        case "starting":
            return warning(check, "is being started or ended", "wait some seconds, and repeat")
    killed = " (it was killed; what it left behind has been removed)" if cleaned else ""
    return missing(check, f"is not running{killed}", _UP)


def server(check: str, answer: str | NoAnswer) -> Finding:
    """``answer`` says where, without what a URI may hold of credentials."""
    if isinstance(answer, NoAnswer):
        return missing(check, "does not answer", _AGAIN)
    return ok(check, f"answers at {answer}")


def cache(answer: str | NoAnswer | None) -> Finding:
    if answer is None:
        return warning(
            "cache",
            "there is none, so answers of the catalogues are not kept",
            "install valkey-server or redis-server, or set REDIS_URL, and start the stack again",
        )
    return server("cache", answer)
