"""MiniStack in this process: its ASGI application under hypercorn, in a thread, on the loopback interface.

MiniStack keeps its state in module globals and reads its settings when its modules are imported, so a process holds one
emulator at a time, and the port it got first stays its port.
"""

import asyncio
import http.client
import logging
import os
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from local.errors import StartFailed
from local.limits import with_limits

if TYPE_CHECKING:
    from types import TracebackType

HOST: Final = "127.0.0.1"
ACCOUNT: Final = "000000000000"
_HEALTH: Final = "/_ministack/health"
_READY_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class EmulatorOptions:
    """``wait_scale`` shortens Wait states and Retry intervals (0.01: a hundredth), not timeouts.
    ``retry_base_seconds`` is the first delay before an asynchronous invocation that failed is repeated."""

    region: str
    log_file: Path
    wait_scale: float = 1.0
    retry_base_seconds: float = 1.0


class Emulator:
    """Also a context manager. ``start`` returns when the emulator answers."""

    _port: ClassVar[int] = 0
    _running: ClassVar[bool] = False
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, options: EmulatorOptions) -> None:
        self._options = options
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._log: logging.Handler | None = None
        self._failure: BaseException | None = None
        self._environment: dict[str, str | None] = {}

    @property
    def url(self) -> str:
        return f"http://{HOST}:{Emulator._port}"

    def __enter__(self) -> "Emulator":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Raises:
        StartFailed: this process has an emulator already, or it did not answer in time.
        """
        with Emulator._guard:
            if Emulator._running:
                raise StartFailed("this process runs an emulator already")
            Emulator._running = True
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends the server and forgets everything that was created. Calling it again does nothing."""
        if self._loop is not None and self._stopping is not None and self._thread is not None:
            if self._thread.is_alive():
                self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(_STOP_SECONDS)
            _forget_everything()
        self._loop = self._stopping = self._thread = None
        if self._log is not None:
            logging.getLogger().removeHandler(self._log)
            self._log.close()
            self._log = None
        _set_environment(self._environment)
        self._environment = {}
        with Emulator._guard:
            Emulator._running = False

    def _start(self) -> None:
        server = _listen(Emulator._port)
        Emulator._port = server.getsockname()[1]
        self._attach_log()
        self._environment = _set_environment(_environment(Emulator._port, self._options))
        application = _application(self._options)
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(
            target=self._serve, args=(application, server, self._loop, self._stopping), name="emulator", daemon=True
        )
        self._thread.start()
        self._wait_until_ready()

    def _serve(
        self, application: Any, server: socket.socket, loop: asyncio.AbstractEventLoop, stopping: asyncio.Event
    ) -> None:
        from hypercorn.asyncio import serve
        from hypercorn.config import Config

        config = Config()
        config.bind = [f"fd://{server.detach()}"]
        config.accesslog = None
        config.errorlog = logging.getLogger("hypercorn.error")
        config.graceful_timeout = 0.2  # long polls of queues would hold it
        config.shutdown_timeout = 5.0
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(serve(application, config, shutdown_trigger=stopping.wait))
        except BaseException as error:  # noqa: BLE001 (told to the thread that waits for readiness)
            self._failure = error
        finally:
            _close(loop)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if self._failure is not None:
                raise StartFailed(f"the emulator ended: {type(self._failure).__name__}: {self._failure}")
            if _answers(Emulator._port):
                return
            time.sleep(0.02)
        raise StartFailed(f"the emulator did not answer {self.url}{_HEALTH} within {_READY_SECONDS:.0f} s")

    def _attach_log(self) -> None:
        """MiniStack logs to the root logger, and would configure it for the terminal where it has no handler."""
        self._options.log_file.parent.mkdir(parents=True, exist_ok=True)
        self._log = logging.FileHandler(self._options.log_file)
        self._log.setLevel(logging.WARNING)
        self._log.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        logging.getLogger().addHandler(self._log)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=512)
    except OSError as error:
        raise StartFailed(f"cannot listen on {HOST}:{port}: {error.strerror}") from None


def _environment(port: int, options: EmulatorOptions) -> dict[str, str | None]:
    """What MiniStack reads when its modules are imported, some of them only at the first request to their service.

    None: not set, whatever the user's environment says.
    """
    return {
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": options.region,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "LOG_LEVEL": "WARNING",
        "AUTH": "false",
        "SERVICES": None,
        "PERSIST_STATE": "0",
        "LOCALSTACK_PERSISTENCE": None,
        "S3_PERSIST": "0",
        "SFN_MOCK_CONFIG": None,
        "LOCALSTACK_SFN_MOCK_CONFIG": None,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",  # would listen on every interface
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",  # as AWS; the default depends on the machine's memory
        "SFN_WAIT_SCALE": str(options.wait_scale),
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(options.retry_base_seconds),
        # It looks for containers of other emulators and removes them; ours has none, so it shall find no daemon.
        "DOCKER_HOST": "unix:///nonexistent/docker.sock",
    }


def _set_environment(values: Mapping[str, str | None]) -> dict[str, str | None]:
    """Returns what was there before, to be set again."""
    before = {name: os.environ.get(name) for name in values}
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return before


def _application(options: EmulatorOptions) -> Any:
    from ministack import app as ministack_app
    from ministack.services import lambda_svc, stepfunctions

    # Read once at import: for a second emulator in this process they have to be set again.
    stepfunctions._SFN_WAIT_SCALE = options.wait_scale
    lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS = options.retry_base_seconds
    ministack_app._reset_lock = None  # belongs to the loop of the server before
    return with_limits(ministack_app.app)


def _forget_everything() -> None:
    from ministack import app as ministack_app
    from ministack.services import scheduler

    ministack_app._reset_all_state()
    scheduler._schedule_last_fired.clear()  # else a schedule of the same name would never fire again


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", _HEALTH)
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def _close(loop: asyncio.AbstractEventLoop) -> None:
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
