"""The contract of ``Queue``, and what only SQS can get wrong."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from models.errors import Permanent, Unavailable
from stores.queues import SqsQueue
from tests.support.emulator import aws_client
from tests.support.fakes import FakeQueue
from tests.support.servers import free_port
from workflows.ports import Queue


@dataclass(frozen=True)
class World:
    """``redeliver`` ends the visibility timeout of what was received."""

    queue: Queue
    redeliver: Callable[[], object]


@pytest.fixture(scope="module")
def sqs(request: pytest.FixtureRequest) -> Any:
    return aws_client("sqs", request.getfixturevalue("aws_endpoint"))


@pytest.fixture(params=["fake", "sqs"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        fake = FakeQueue()
        return World(fake, fake.redeliver)
    client = request.getfixturevalue("sqs")
    url = client.create_queue(QueueName=f"q-{uuid.uuid4()}")["QueueUrl"]
    received: list[str] = []

    class Recording(SqsQueue):
        def receive(self, limit: int = 10) -> Any:
            messages = super().receive(limit)
            received.extend(message.receipt for message in messages)
            return messages

        def delete(self, receipt: str) -> None:
            super().delete(receipt)
            received.remove(receipt)

    def redeliver() -> None:
        for receipt in received:
            client.change_message_visibility(QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=0)

    return World(Recording(client, url, wait=timedelta(0)), redeliver)


def test_an_empty_queue_gives_nothing(world: World) -> None:
    assert list(world.queue.receive()) == []


def test_a_sent_message_is_received(world: World) -> None:
    world.queue.send({"anime_id": "ani_1", "context": {"n": [1, "ü"]}})

    (message,) = world.queue.receive()

    assert message.body == {"anime_id": "ani_1", "context": {"n": [1, "ü"]}}


def test_a_received_message_is_invisible_until_it_is_redelivered(world: World) -> None:
    world.queue.send({"n": 1})
    world.queue.receive()

    assert list(world.queue.receive()) == []
    world.redeliver()
    assert [message.body for message in world.queue.receive()] == [{"n": 1}]


def test_a_deleted_message_never_comes_again(world: World) -> None:
    world.queue.send({"n": 1})
    world.queue.send({"n": 2})
    for message in world.queue.receive():
        if message.body == {"n": 1}:
            world.queue.delete(message.receipt)

    world.redeliver()

    assert [message.body for message in world.queue.receive()] == [{"n": 2}]


@pytest.mark.parametrize(("limit", "expected"), [(1, 1), (10, 10), (23, 23), (30, 25)])
def test_receive_gives_up_to_the_limit(world: World, limit: int, expected: int) -> None:
    for number in range(25):
        world.queue.send({"n": number})

    messages = world.queue.receive(limit)

    assert len({message.body["n"] for message in messages}) == expected


@pytest.mark.parametrize("text", ["no json", "[1]", '"text"'])
def test_a_body_that_is_no_json_object_blocks_nothing(sqs: Any, text: str) -> None:
    url = sqs.create_queue(QueueName=f"q-{uuid.uuid4()}")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=text)
    queue = SqsQueue(sqs, url, wait=timedelta(0))
    queue.send({"n": 1})

    bodies = [message.body for message in queue.receive()]

    assert len(bodies) == 2
    assert {"unreadable": text} in bodies
    assert {"n": 1} in bodies


def test_a_queue_that_does_not_exist_is_permanent(sqs: Any) -> None:
    url = sqs.create_queue(QueueName=f"q-{uuid.uuid4()}")["QueueUrl"]
    queue = SqsQueue(sqs, url + "-gone", wait=timedelta(0))

    with pytest.raises(Permanent):
        queue.send({})
    with pytest.raises(Permanent):
        queue.receive()


def test_a_refused_connection_is_unavailable() -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    queue = SqsQueue(aws_client("sqs", endpoint), f"{endpoint}/000000000000/q", wait=timedelta(0))

    with pytest.raises(Unavailable):
        queue.send({})
    with pytest.raises(Unavailable):
        queue.receive()
    with pytest.raises(Unavailable):
        queue.delete("x")
