"""One invocation of a function in a process of its own, from its own zip: ``python -m scripts.own_process``.

Reads one JSON object and prints one: what the handler answered or how it failed, its log, and the most memory that the
process held after the import and at the end. Libraries are those of this interpreter, which has the local stack's
adapters too; our own code comes from the zip alone.
"""

import importlib
import io
import json
import sys
import types
from collections.abc import Mapping
from typing import Any

from scripts.import_probe import peak_mib


def invoke(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """``code`` is the unpacked zip; the folders ``without`` would give what the zip lacks."""
    sys.path[:] = [wanted["code"], *(folder for folder in sys.path if folder not in wanted["without"])]
    module = importlib.import_module(wanted["module"])
    imported = peak_mib()
    remaining = int(wanted["context"].pop("remaining_ms"))
    context = types.SimpleNamespace(**wanted["context"], get_remaining_time_in_millis=lambda: remaining)
    log = io.StringIO()
    try:
        result = module.handler.invoke(
            wanted["event"], environment=wanted["environment"], context=context, log_stream=log
        )
        answer: dict[str, Any] = {"result": result}
    except Exception as error:  # noqa: BLE001 (whoever asked for the process raises it again)
        answer = {"error": type(error).__name__, "message": str(error)}
    answer |= {"imported_mib": imported, "peak_mib": peak_mib(), "log": log.getvalue()}
    if clients := sys.modules.get("runtime.clients"):
        clients.close_all()
    return answer


if __name__ == "__main__":
    sys.stdout.write(json.dumps(invoke(json.load(sys.stdin))))
