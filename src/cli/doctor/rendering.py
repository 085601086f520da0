"""How a diagnosis looks to people: a line each, with what to do below, unbroken so that commands can be copied."""

from cli.doctor.diagnosis import Diagnosis
from cli.doctor.findings import State
from cli.output import Output

_STYLES = {State.OK: "green", State.WARNING: "yellow", State.MISSING: "bold red"}
_WIDTH = max(map(len, State))


def show(out: Output, found: Diagnosis) -> None:
    if out.as_json:
        return
    from rich.text import Text

    indent = " " * (_WIDTH + 2)
    for finding in found.findings:
        state = Text(f"{finding.state.value:<{_WIDTH}}", style=_STYLES[finding.state])
        out.stdout.print(state + f"  {finding.check}: {finding.found}", soft_wrap=True)
        if finding.do:
            out.stdout.print(Text(f"{indent}-> {finding.do}"), soft_wrap=True)
    out.stdout.print(Text(_summary(found)), soft_wrap=True)


def _summary(found: Diagnosis) -> str:
    states = [finding.state for finding in found.findings]
    blocking, warnings = states.count(State.MISSING), states.count(State.WARNING)
    if blocking:
        return f"{blocking} missing, {warnings} {'warning' if warnings == 1 else 'warnings'}"
    if warnings:
        return f"nothing is missing; {warnings} {'warning' if warnings == 1 else 'warnings'}"
    return "all is well"
