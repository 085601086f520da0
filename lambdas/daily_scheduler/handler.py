"""Schedules the episodes that air in the next 24 hours, and starts premieres."""

from typing import Any

from models.events import ScheduleInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.ports import LaunchSettings, launch_ports
from runtime.settings import EpisodeSchedules
from workflows.schedule import schedule_day, window_begin


class Settings(LaunchSettings, EpisodeSchedules):
    pass


@lambda_function(event=ScheduleInput, settings=Settings)
def handler(event: ScheduleInput, context: Context[Settings]) -> dict[str, Any]:
    begin = event.at or window_begin(context.now())
    return schedule_day(begin, schedules=clients.schedules(context.settings), launch=launch_ports(context))
