"""Fills the stack's own empty stores from a snapshot."""

from typing import Any

from models.events import RestoreInput
from runtime.handler import Context, lambda_function
from runtime.ports import DataSettings, data_ports, run_as_report
from workflows.restore import restore


class Settings(DataSettings):
    pass


@lambda_function(event=RestoreInput, settings=Settings)
def handler(event: RestoreInput, context: Context[Settings]) -> Any:
    return run_as_report(lambda: restore(event, ports=data_ports(context)))
