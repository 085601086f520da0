"""Clients of the emulator. Region, endpoint and credentials are arguments: nothing is read from the environment."""

import threading
from typing import Any, Final

import boto3
from botocore.config import Config

ACCESS_KEY: Final = "test"
SECRET_KEY: Final = "test"  # noqa: S105 (the emulator checks none)


class AwsClients:
    """One client a service, for any thread. Making clients is slow and not thread-safe; using them is."""

    def __init__(self, *, endpoint_url: str, region: str) -> None:
        self.region = region
        self.endpoint_url = endpoint_url
        self._lock = threading.Lock()
        self._session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=region)
        self._clients: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(  # type: ignore[call-overload]
                    service, endpoint_url=self.endpoint_url, config=_config(service)
                )
            return self._clients[service]

    def close(self) -> None:
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


def _config(service: str) -> Config:
    return Config(
        connect_timeout=5,
        read_timeout=905,  # an invocation lasts as long as its function may
        # An invocation that failed has run: repeating it here would run it twice.
        retries={"total_max_attempts": 1 if service == "lambda" else 4, "mode": "standard"},
        max_pool_connections=32,
        proxies={},
        parameter_validation=True,
        s3={"addressing_style": "path"},
    )
