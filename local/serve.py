"""The process of a detached stack: ``python -m local.serve --name local --root DIR --report-to FD``.

Its options come as JSON on standard input, for they may hold passwords. It reports to the given file descriptor, one
JSON object a line: ``{"progress": text}``, then ``{"ready": true}`` or ``{"error": text}``.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from local.control import start_foreground
from local.errors import LocalStackError

if TYPE_CHECKING:
    from local.stack import LocalStack, StackOptions

_FOLDERS: Final = ("replay", "record")


def options_as_json(options: "StackOptions | None") -> str:
    values = (
        {} if options is None else {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
    )
    values |= {name: str(values[name].resolve()) for name in _FOLDERS if values.get(name) is not None}
    return json.dumps(values | ({"values": dict(values["values"])} if "values" in values else {}))


def options_from_json(text: str) -> "StackOptions":
    from local.stack import StackOptions

    values = json.loads(text)
    values |= {name: Path(values[name]) for name in _FOLDERS if values.get(name) is not None}
    return StackOptions(**values)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.serve")
    parser.add_argument("--name", required=True)
    parser.add_argument("--root", required=True, type=Path)
    parser.add_argument("--report-to", required=True, type=int)
    given = parser.parse_args(arguments)
    options = options_from_json(sys.stdin.read())
    with os.fdopen(given.report_to, "w") as reports:
        report = _reporter(reports)

        def ready(_: "LocalStack") -> None:
            report({"ready": True})
            reports.close()

        try:
            start_foreground(
                given.name,
                root=given.root,
                options=options,
                progress=lambda line: report({"progress": line}),
                ready=ready,
            )
        except LocalStackError as error:
            report({"error": str(error)})
            return 1
        except KeyboardInterrupt:
            report({"error": "the start was interrupted"})
            return 1
    return 0


def _reporter(reports: IO[str]) -> Callable[[dict[str, Any]], None]:
    def report(line: dict[str, Any]) -> None:
        print(json.dumps(line), file=sys.stderr, flush=True)  # noqa: T201 (the stack's own log)
        if not reports.closed:
            with contextlib.suppress(BrokenPipeError):  # whoever asked may be gone; the stack starts all the same
                print(json.dumps(line), file=reports, flush=True)

    return report


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # everything is stopped; taking thousands of modules apart would take a second more
