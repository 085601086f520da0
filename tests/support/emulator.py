"""The AWS emulator as a process of its own, for tests of single adapters.

A process of its own, since the emulator keeps its state in module globals and takes its port from the environment when
it is imported.
"""

import os
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.support.servers import free_port, running

REGION = "us-east-1"
_START_SECONDS = 30


@contextmanager
def emulator() -> Iterator[str]:
    """Its endpoint; empty at first and gone afterwards."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": "test",
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "hypercorn", "ministack.app:app", "--workers", "0", "--log-level", "error"]
    with (
        tempfile.TemporaryDirectory(prefix="anime-aws-", ignore_cleanup_errors=True) as folder,
        running([*command, "--bind", f"127.0.0.1:{port}"], folder=Path(folder), environment=environment),
    ):
        _wait_until_healthy(endpoint)
        yield endpoint


def aws_client(service: str, endpoint: str, *, read_timeout: float = 20, attempts: int = 1) -> Any:
    """A boto3 client that takes nothing from the environment."""
    return boto3.session.Session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            connect_timeout=2,
            read_timeout=read_timeout,
            retries={"total_max_attempts": attempts},
            s3={"addressing_style": "path"},
            proxies={},
        ),
    )


def _wait_until_healthy(endpoint: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with direct.open(f"{endpoint}/_ministack/health", timeout=1):
                return
        except (OSError, urllib.error.URLError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
