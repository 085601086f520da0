"""Cleanup: every end of the enrichment machine comes through here."""

from models.events import CleanupInput
from runtime import clients
from runtime.handler import Context, lambda_function
from runtime.ports import LaunchSettings, launch_ports
from runtime.settings import CommitQueue
from workflows.cleanup import CleanupPorts, clean_up


class Settings(LaunchSettings, CommitQueue):
    pass


@lambda_function(event=CleanupInput, settings=Settings)
def handler(event: CleanupInput, context: Context[Settings]) -> None:
    ports = CleanupPorts(
        launch=launch_ports(context),
        reviews=clients.reviews(context.settings),
        dead_letters=clients.commit_dead_letters(context.settings),
        clock=context.now,
    )
    clean_up(event, ports=ports)
