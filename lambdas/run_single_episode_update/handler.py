"""Starts the update of an episode that airs; the target of its one-time schedule."""

from models.events import EnrichOutput, EpisodeInput
from runtime.handler import Context, lambda_function
from runtime.ports import LaunchSettings, launch_ports
from workflows.schedule import run_episode


class Settings(LaunchSettings):
    pass


@lambda_function(event=EpisodeInput, settings=Settings)
def handler(event: EpisodeInput, context: Context[Settings]) -> EnrichOutput:
    return run_episode(event, launch=launch_ports(context))
