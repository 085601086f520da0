"""The emulator in this process: one at a time, on the loopback interface, and without a trace afterwards."""

import logging
import os
import socket
import sys
from pathlib import Path

import pytest

from local.aws import AwsClients
from local.emulator import Emulator, EmulatorOptions
from local.errors import StartFailed


def options(tmp_path: Path, **changes: float) -> EmulatorOptions:
    return EmulatorOptions(region="eu-west-1", log_file=tmp_path / "emulator.log", **changes)


def test_a_second_one_starts_empty_on_the_same_port(tmp_path: Path) -> None:
    urls = []
    for _ in range(2):
        with Emulator(options(tmp_path)) as emulator:
            urls.append(emulator.url)
            clients = AwsClients(endpoint_url=emulator.url, region="eu-west-1")
            assert clients("sqs").list_queues().get("QueueUrls", []) == []
            url = clients("sqs").create_queue(QueueName="orders")["QueueUrl"]
            assert url == f"{emulator.url}/000000000000/orders"
            clients.close()
    assert urls[0] == urls[1]


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with Emulator(options(tmp_path)) as first:
        with pytest.raises(StartFailed, match="runs an emulator already"):
            Emulator(options(tmp_path)).start()
        clients = AwsClients(endpoint_url=first.url, region="eu-west-1")
        assert clients("sts").get_caller_identity()["Account"] == "000000000000"
        clients.close()


def test_a_port_that_somebody_took_is_told(tmp_path: Path) -> None:
    with Emulator(options(tmp_path)) as emulator:
        port = int(emulator.url.rpartition(":")[2])
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(StartFailed, match=f"cannot listen on 127.0.0.1:{port}"),
    ):
        Emulator(options(tmp_path)).start()
    with Emulator(options(tmp_path)) as again:
        assert again.url.endswith(str(port))


if sys.platform == "linux":  # elsewhere there is but one loopback address to try

    def test_it_listens_on_the_loopback_interface_alone(tmp_path: Path) -> None:
        with Emulator(options(tmp_path)) as emulator:
            port = int(emulator.url.rpartition(":")[2])
            with socket.create_server(("127.0.0.2", port)):
                pass  # would be taken if it listened everywhere


def test_the_environment_and_the_log_handlers_are_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH", "true")  # would make it ask for credentials
    monkeypatch.setenv("SERVICES", "sqs")
    before, handlers = dict(os.environ), list(logging.getLogger().handlers)
    with Emulator(options(tmp_path)) as emulator:
        assert os.environ["AUTH"] == "false"
        assert "SERVICES" not in os.environ
        clients = AwsClients(endpoint_url=emulator.url, region="eu-west-1")
        assert clients("ssm").describe_parameters()["Parameters"] == []
        clients.close()
    assert dict(os.environ) == before
    assert logging.getLogger().handlers == handlers


def test_stopping_again_does_nothing(tmp_path: Path) -> None:
    emulator = Emulator(options(tmp_path))
    emulator.start()
    emulator.stop()
    emulator.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(emulator.url.rpartition(":")[2])), timeout=2)


def test_what_it_warns_of_is_in_its_file(tmp_path: Path) -> None:
    with Emulator(options(tmp_path)):
        logging.getLogger("sqs").warning("as the emulator would")
    assert "WARNING sqs as the emulator would" in (tmp_path / "emulator.log").read_text()


def test_waits_take_the_time_that_is_asked_for(tmp_path: Path) -> None:
    from ministack.services import lambda_svc, stepfunctions

    with Emulator(options(tmp_path, wait_scale=0.5, retry_base_seconds=0.25)):
        assert stepfunctions._SFN_WAIT_SCALE == 0.5
        assert lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS == 0.25
    with Emulator(options(tmp_path)):
        assert stepfunctions._SFN_WAIT_SCALE == 1.0
        assert lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS == 1.0
