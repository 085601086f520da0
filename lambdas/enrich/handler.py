"""Starts the refresh or an episode update of one anime."""

from models.events import EnrichInput, EnrichOutput
from runtime.handler import Context, lambda_function
from runtime.ports import LaunchSettings, launch_ports
from workflows.launching import start_event


class Settings(LaunchSettings):
    pass


@lambda_function(event=EnrichInput, settings=Settings)
def handler(event: EnrichInput, context: Context[Settings]) -> EnrichOutput:
    return start_event(
        event.anime_id,
        event.mode,
        event.cause,
        ports=launch_ports(context),
        episode_number=event.episode_number,
    )
