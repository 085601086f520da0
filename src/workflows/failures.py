"""Why an execution failed, in one line, out of what Step Functions tells."""

import json
from typing import Any


def reason(error: str | None, cause: str | None) -> str | None:
    """``NotFound: no catalogue tells of episode 99``; None for an execution that did not fail.

    The cause of a function's failure is JSON with the error's type, its message and a stack trace, which is for logs.
    """
    told = _told(cause or "")
    kinds = [error or "", str(told.get("errorType") or "")]
    parts = [*dict.fromkeys(kinds), str(told.get("errorMessage") or "") if told else cause or ""]
    return ": ".join(filter(None, map(_line, parts))) or None


def _line(text: str) -> str:
    """Without what would move a terminal's cursor or colour what follows: some of it is from catalogues' servers."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _told(cause: str) -> dict[str, Any]:
    """Empty for a cause that is no such JSON: those of the machine itself are plain text."""
    try:
        found = json.loads(cause)
    except ValueError:
        return {}
    return found if isinstance(found, dict) and ("errorMessage" in found or "errorType" in found) else {}
