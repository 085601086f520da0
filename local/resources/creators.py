"""What the creators of resources share: what they get, and how Pulumi's names become those of the AWS API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pulumi

from local.aws import AwsClients
from local.errors import ResourceFailed
from local.executor import Executor
from local.resources.request import Request


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """``root`` is what relative paths of assets are relative to."""

    aws: AwsClients
    executor: Executor
    root: Path


@dataclass(frozen=True, kw_only=True)
class Order:
    """One resource to create. ``name`` is its physical name."""

    request: Request
    name: str
    workshop: Workshop

    @property
    def inputs(self) -> Mapping[str, Any]:
        return self.request.inputs

    def client(self, service: str) -> Any:
        return self.workshop.aws(service)

    def need(self, key: str) -> Any:
        """Raises:
        ResourceFailed: the program did not give this input.
        """
        value = self.inputs.get(key)
        if value is None:
            raise ResourceFailed(f"{self.request.type} {self.request.name!r} has no input {key}")
        return value

    def given(self, **parameters: str) -> dict[str, Any]:
        """API parameters from inputs of the given names, as far as they are there, in the API's spelling."""
        return {
            parameter: as_api(self.inputs[key])
            for parameter, key in parameters.items()
            if self.inputs.get(key) is not None
        }


Creator = Callable[[Order], Mapping[str, Any]]
"""Creates the resource and returns the outputs that only now are known (ARN, URL ...)."""

_SPELLED_OTHERWISE: Final = {
    "sseAlgorithm": "SSEAlgorithm",
    "kmsMasterKeyId": "KMSMasterKeyID",
    "kmsKeyArn": "KMSKeyArn",
}


def as_api(value: Any) -> Any:
    """Keys in the API's spelling (``retryPolicy`` -> ``RetryPolicy``), at every depth."""
    if isinstance(value, Mapping):
        return {_SPELLED_OTHERWISE.get(key, key[:1].upper() + key[1:]): as_api(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_api(item) for item in value]
    return value


def missing_files(value: Any, root: Path) -> list[Path]:
    """The files and folders of an asset or archive that do not exist: Pulumi's mocks read none of them."""
    if isinstance(value, pulumi.FileArchive | pulumi.FileAsset):
        path = root / value.path
        return [] if path.exists() else [path]
    if isinstance(value, pulumi.AssetArchive):
        return [path for each in value.assets.values() for path in missing_files(each, root)]
    if isinstance(value, Mapping):
        return [path for each in value.values() for path in missing_files(each, root)]
    return []
