"""A local stack in this process: databases, emulator, executor, and the program applied to them.

``.local/stack.json`` (for another name than ``local``: ``.local/<name>/stack.json``) is there while it is ready::

    {"aws_endpoint": "http://127.0.0.1:40001", "region": "us-east-1", "mongo_uri": "mongodb://127.0.0.1:40002",
     "redis_url": "redis://127.0.0.1:40003" or null, "review_url": null, "endpoints": {the SSM document}}
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Any, Final

from local import places as files
from local.aws import AwsClients
from local.configuration import REPOSITORY, Configuration, read_configuration
from local.databases import DatabaseOptions, Databases
from local.emulator import ACCOUNT, Emulator, EmulatorOptions
from local.errors import StartFailed
from local.executor import Executor
from local.places import Places
from local.program import make_importable, run_program
from local.recording import Recording
from local.resources.creators import Workshop
from local.resources.emulated import EmulatorRealiser
from runtime import clients

SAMPLES: Final = "samples"
RECORDINGS: Final = "replay"
"""Where recorded answers lie in a folder that holds other things as well, as ``samples`` does."""

_RECORDING: Final = "*/[A-Z]* *.*"
"""A recorded answer in such a folder; ``sources.replay`` has the whole form."""


@dataclass(frozen=True, kw_only=True)
class StackOptions:
    """``replay`` and ``record`` are folders of recorded answers; at most one is given, and without either the
    samples are replayed. ``wait_scale`` shortens what state machines wait (0.01: a hundredth); ``values`` are
    further configuration of the program. ``test_commands`` opens the database's fail points.
    """

    replay: Path | None = None
    record: Path | None = None
    mongo_uri: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    allow_remote: bool = False
    wait_scale: float = 1.0
    retry_base_seconds: float = 1.0
    values: Mapping[str, str | None] = field(default_factory=dict)
    test_commands: bool = False

    def transport(self, root: Path) -> str:
        """Raises:
        StartFailed: both are given, there is no such folder, or nothing can be read from it or written to it.
        """
        if self.replay is not None and self.record is not None:
            raise StartFailed("either --replay or --record, not both")
        if self.record is not None:
            _check_writable(self.record)
            return f"record:{self.record.resolve()}"
        folder = self.replay or root / SAMPLES
        if not folder.is_dir():
            raise StartFailed(f"there is no folder {folder} with recorded answers to replay")
        if (folder / RECORDINGS).is_dir():
            folder /= RECORDINGS
        if self.replay is not None and not any(folder.glob(_RECORDING)):
            raise StartFailed(
                f"{folder} holds no recorded answers, so every catalogue would fail: they are files such as "
                "CATALOGUE/GET ....json, which --record writes; without --replay the samples are replayed"
            )
        return f"replay:{folder.resolve()}"


def _check_writable(folder: Path) -> None:
    """Raises:
    StartFailed: answers could not be written to the folder, which is made if it is not there.
    """
    there = next(each for each in (folder.resolve(), *folder.resolve().parents) if each.exists())
    if not there.is_dir():
        raise StartFailed(f"{there} is no folder, so no answer could be recorded in {folder}; name a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise StartFailed(f"nothing can be written to {there}, so no answer could be recorded; name another folder")


class LocalStack:
    """A context manager; it is ready when it has been entered, and gone when it has been left.

    One process holds one stack at a time. ``progress`` gets lines for a person.

    Raises, when entered:
        AlreadyRunning: a stack of this name runs.
        StartFailed, DatabaseRefused, ProgramFailed: what was started is stopped again.
    """

    def __init__(
        self,
        name: str = "local",
        *,
        root: Path = REPOSITORY,
        options: StackOptions | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.places = Places(root.resolve(), name)
        self._options = options or StackOptions()
        self._progress = progress
        self._parts = ExitStack()
        self._aws: AwsClients | None = None
        self.recording: Recording | None = None
        self.description: dict[str, Any] = {}
        """The content of ``stack.json``."""

    def __enter__(self) -> "LocalStack":
        started = time.monotonic()
        with ExitStack() as parts:
            self._start(parts)
            self._parts = parts.pop_all()
        self._progress(f"ready after {time.monotonic() - started:.1f} s")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()

    @property
    def aws(self) -> AwsClients:
        """Clients of the emulator.

        Raises:
            RuntimeError: the stack is not running.
        """
        if self._aws is None:
            raise RuntimeError("the stack is not running")
        return self._aws

    def _start(self, parts: ExitStack) -> None:
        places, options = self.places, self._options
        transport = options.transport(places.root)
        parts.enter_context(files.held(places))
        files.remove_state(places)
        files.remove_logs(places)
        parts.callback(files.remove_state, places)
        files.write_process(places)
        make_importable(places.root)
        configuration = read_configuration(places.root, places.name)

        databases = Databases(_database_options(places, options))
        parts.callback(databases.stop)
        databases.launch()
        self._progress(f"databases: {databases.mongo_kind}, cache: {databases.redis_kind}")
        emulator = parts.enter_context(Emulator(_emulator_options(configuration.region, places, options)))
        self._progress(f"emulator: {emulator.url}")
        parts.callback(clients.close_all)
        executor = Executor(region=configuration.region, logs=places.logs)
        parts.callback(executor.close)
        executor.install()
        self._aws = AwsClients(endpoint_url=emulator.url, region=configuration.region)
        parts.callback(self._close_clients)
        databases.prepare()
        self._apply(self._completed(configuration, databases, emulator.url, transport), executor)
        parts.callback(places.stack_file.unlink, missing_ok=True)
        self._describe(databases, emulator.url, configuration.region)

    def _completed(
        self, configuration: Configuration, databases: Databases, endpoint: str, transport: str
    ) -> Configuration:
        return configuration.with_values(
            {
                "awsEndpointUrl": endpoint,
                "mongoUri": databases.mongo_uri,
                "mongoDatabase": databases.database,
                "redisUrl": databases.redis_url,
                # Named anew each time: whoever still has the one of an earlier stack in this process open keeps that.
                "qdrantUrl": f"edge:{self.places.data / f'vectors-{token_hex(4)}'}",
                "embedder": "wordllama",
                "httpTransport": transport,
                **self._options.values,
            }
        )

    def _apply(self, configuration: Configuration, executor: Executor) -> None:
        started = time.monotonic()
        workshop = Workshop(aws=self.aws, executor=executor, root=self.places.root)
        realiser = EmulatorRealiser(workshop, account=ACCOUNT)
        self.recording = run_program(self.places.root / "__main__.py", configuration, realiser)
        count = sum(resource.custom for resource in self.recording)
        self._progress(f"program: {count} resources in {time.monotonic() - started:.1f} s")

    def _describe(self, databases: Databases, endpoint: str, region: str) -> None:
        parameter = f"/anime-infra/{self.places.name}/endpoints"
        client = self.aws("ssm")
        try:
            endpoints = json.loads(client.get_parameter(Name=parameter)["Parameter"]["Value"])
        except client.exceptions.ParameterNotFound:
            raise StartFailed(f"the program made no parameter {parameter}") from None
        self.description = {
            "aws_endpoint": endpoint,
            "region": region,
            "mongo_uri": databases.mongo_uri,
            "redis_url": databases.redis_url,
            "review_url": None,
            "endpoints": endpoints,
        }
        files.write_json(self.places.clock_file, {"last": datetime.now(UTC).isoformat()})
        files.write_json(self.places.stack_file, self.description)

    def _close_clients(self) -> None:
        if self._aws is not None:
            self._aws.close()
            self._aws = None


def _database_options(places: Places, options: StackOptions) -> DatabaseOptions:
    return DatabaseOptions(
        stack=places.name,
        folder=places.data,
        mongo_uri=options.mongo_uri,
        redis_url=options.redis_url,
        allow_remote=options.allow_remote,
        test_commands=options.test_commands,
    )


def _emulator_options(region: str, places: Places, options: StackOptions) -> EmulatorOptions:
    return EmulatorOptions(
        region=region,
        log_file=places.emulator_log,
        wait_scale=options.wait_scale,
        retry_base_seconds=options.retry_base_seconds,
    )
