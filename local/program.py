"""Runs the Pulumi program with our monitor in the engine's place.

``record_program`` needs no emulator and no network: every resource echoes its inputs plus made-up outputs.
"""

import asyncio
import runpy
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pulumi
import pulumi.runtime
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import run_pulumi_func

from local.configuration import LOCAL_CONFIGURATION, REPOSITORY, Configuration, read_configuration
from local.errors import ProgramFailed, ResourceFailed
from local.monitor import Monitor, missing_output, plain
from local.recording import Recording
from local.resources.echo import EchoRealiser
from local.resources.request import Realiser

RECORDED_ACCOUNT: Final = "123456789012"

EXAMPLE_LOCAL_VALUES: Final[Mapping[str, str]] = {
    "awsEndpointUrl": "http://127.0.0.1:4566",
    "mongoUri": "mongodb://127.0.0.1:27017",
    "mongoDatabase": "anime_service_local",
    "redisUrl": "redis://127.0.0.1:6379",
    "qdrantUrl": "edge:.local/local/data/qdrant",
    "embedder": "wordllama",
    "httpTransport": "replay:samples",
}
"""What a running local stack gives the program, for recordings of it."""

_CONCURRENT_REGISTRATIONS: Final = 16


def record_program(
    *,
    stack: str = "dev",
    overrides: Mapping[str, str | None] | None = None,
    root: Path = REPOSITORY,
) -> Recording:
    """What the program registers for a stack, with made-up outputs that are the same every time.

    ``overrides`` are configuration values by name, with or without the project's prefix. Encrypted values are
    replaced by made-up secrets. The stack ``local`` starts from ``EXAMPLE_LOCAL_VALUES``.

    Raises:
        ProgramFailed: the program raised, or registered something it should not.
    """
    configuration = read_configuration(root, stack)
    if stack == LOCAL_CONFIGURATION:
        configuration = configuration.with_values(EXAMPLE_LOCAL_VALUES)
    configuration = configuration.with_values(overrides or {})
    configuration = _with_made_up_secrets(configuration)
    realiser = EchoRealiser(account=RECORDED_ACCOUNT, region=configuration.region)
    return run_program(root / "__main__.py", configuration, realiser)


def run_program(
    program: Path, configuration: Configuration, realiser: Realiser, *, progress: Callable[[str], None] = lambda _: None
) -> Recording:
    """In a thread of its own: Pulumi's settings are context variables, so runs do not meet, not even in one process.

    Raises:
        ProgramFailed: see ``record_program``.
    """
    if configuration.unreadable:
        names = ", ".join(sorted(configuration.unreadable))
        raise ProgramFailed(f"stack {configuration.stack} has encrypted values, which only Pulumi can read: {names}")
    outcome: list[Recording | BaseException] = []

    def work() -> None:
        try:
            outcome.append(_Run(program, configuration, realiser, progress).run())
        except BaseException as error:  # noqa: BLE001 (handed to the caller's thread, whatever it is)
            outcome.append(error)

    thread = threading.Thread(target=work, name="pulumi-program", daemon=True)
    thread.start()
    thread.join()
    result = outcome[0]
    if isinstance(result, Recording):
        return result
    if isinstance(result, ProgramFailed):
        raise result
    if isinstance(result, Exception):
        raise ProgramFailed(f"{program.name} failed: {type(result).__name__}: {result}") from result
    raise result


def make_importable(root: Path) -> None:
    """The repository's packages and libraries, as the program and the functions import them."""
    for folder in (str(root / "src"), str(root)):
        if folder not in sys.path:
            sys.path.insert(0, folder)


def _with_made_up_secrets(configuration: Configuration) -> Configuration:
    return configuration.with_values({name: f"made-up-secret-of-{name}" for name in configuration.unreadable})


class _Run:
    """One run in the current thread."""

    def __init__(
        self, program: Path, configuration: Configuration, realiser: Realiser, progress: Callable[[str], None]
    ) -> None:
        self._program = program
        self._configuration = configuration
        self._monitor = Monitor(realiser, stack=configuration.stack, project=configuration.project, progress=progress)
        self._worker_loops: list[asyncio.AbstractEventLoop] = []

    def run(self) -> Recording:
        loop = _quiet_loop()
        asyncio.set_event_loop(loop)  # before set_mocks, which keeps futures of this loop
        workers = ThreadPoolExecutor(_CONCURRENT_REGISTRATIONS, "pulumi-registration", initializer=self._worker_loop)
        loop.set_default_executor(workers)
        try:
            return self._run_on(loop)
        finally:
            _cancel_all(loop)
            workers.shutdown(wait=True)
            for each in (*self._worker_loops, loop):
                each.close()
            asyncio.set_event_loop(None)

    def _worker_loop(self) -> None:
        """Pulumi wants a loop in every thread and would leave the ones it makes unclosed."""
        loop = _quiet_loop()
        asyncio.set_event_loop(loop)
        self._worker_loops.append(loop)

    def _run_on(self, loop: asyncio.AbstractEventLoop) -> Recording:
        configuration = self._configuration
        # Mocks leave these two as the run before had them, with tasks of its closed loop.
        SETTINGS.outputs = set()
        SETTINGS.lock = threading.Lock()
        pulumi.runtime.set_all_config(dict(configuration.values), sorted(configuration.secrets))
        pulumi.runtime.set_mocks(
            self._monitor.mocks,
            project=configuration.project,
            stack=configuration.stack,
            preview=False,
            monitor=self._monitor,
        )
        try:
            loop.run_until_complete(run_pulumi_func(self._execute))
            exports, secrets = loop.run_until_complete(_exports())
        except Exception as error:
            first = self._monitor.failure
            if first is None or first is error:
                raise
            raise first from error
        return Recording(
            project=configuration.project,
            stack=configuration.stack,
            resources=self._monitor.recorded(),
            exports=exports,
            secret_exports=secrets,
        )

    def _execute(self) -> None:
        make_importable(self._program.parent)
        # The SDK warns of its own deprecated classes while it is imported, whether they are used or not.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"pulumi_\w+\.")
        pulumi.runtime.register_stack_transformation(self._monitor.learn)
        # Not as "__main__": that would replace the module of the whole process while other threads run.
        runpy.run_path(str(self._program), run_name="__pulumi_program__")


async def _exports() -> tuple[dict[str, Any], frozenset[str]]:
    root = pulumi.runtime.get_root_resource()
    values, secrets = {}, set()
    for name, value in getattr(root, "outputs", {}).items():
        output = pulumi.Output.from_input(value)
        values[name] = plain(await output.future())
        if await output.is_secret():
            secrets.add(name)
        if made_from := missing_output(values[name]):
            raise ResourceFailed(f"the export {name!r} is made from an output that does not exist: {made_from}")
    return values, frozenset(secrets)


def _quiet_loop() -> asyncio.AbstractEventLoop:
    """After a failure every output that depended on it fails too, unheard; the first failure is the one we raise."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, _context: None)
    return loop


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    """What still waits after a failure; otherwise nothing does."""
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    if pending:
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
