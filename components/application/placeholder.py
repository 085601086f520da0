"""What runs in place of a service that has no image yet, so that all around it can be made and tried."""

from pathlib import Path
from typing import Final

from components.aws.ecs_tasks import Container

PYTHON: Final = (
    "public.ecr.aws/docker/library/python@sha256:6771159cd4fa5d9bba1258caf0b82e6b73458c694d178ad97c5e925c2d0e1a91"
)
"""``python:3.13.14-slim-trixie`` for every architecture, from a registry that asks for no login."""

PYTHON_HEALTH_COMMAND: Final = (
    "CMD",
    "python",
    "-c",
    "import os, urllib.request as web; "
    "web.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=3).close()",
)
"""Any answer but a good one raises, and ends with 1."""


def placeholder() -> Container:
    """Listens on ``PORT``, answers ``GET /healthz`` with 200 and all else with 404."""
    source = (Path(__file__).parent / "placeholder_server.py").read_text()
    return Container(image=PYTHON, command=("python", "-c", source), health_command=PYTHON_HEALTH_COMMAND)
