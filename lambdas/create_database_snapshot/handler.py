"""Writes both stores to a portable snapshot."""

from typing import Any

from models.events import SnapshotInput
from runtime.handler import Context, lambda_function
from runtime.ports import DataSettings, data_ports, run_as_report
from workflows.snapshot import take_snapshot


class Settings(DataSettings):
    pass


@lambda_function(event=SnapshotInput, settings=Settings)
def handler(event: SnapshotInput, context: Context[Settings]) -> Any:
    return run_as_report(lambda: take_snapshot(context.run_id(event.run_id), ports=data_ports(context)))
