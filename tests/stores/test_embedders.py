"""The contract of ``Embedder``, and what only each of them can get wrong."""

import io
import json
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from models.collections import EMBEDDING_DIMENSIONS
from models.errors import BadInput, Malformed, Permanent, Throttled, Unavailable
from stores.embedders import BedrockEmbedder, WordLlamaEmbedder
from tests.support.fakes import FakeEmbedder
from workflows.ports import Embedder


class StubRuntime:
    """Answers as Titan does, with the fake's vectors; ``requests`` holds what was asked."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def invoke_model(self, *, modelId: str, body: bytes, contentType: str, accept: str) -> Any:  # noqa: N803 - AWS
        request = json.loads(body)
        self.requests.append({"model": modelId, "types": (contentType, accept), **request})
        (vector,) = FakeEmbedder(dimensions=request["dimensions"]).embed([request["inputText"]])
        return {"body": io.BytesIO(json.dumps({"embedding": vector, "inputTextTokenCount": 3}).encode())}


class AnsweringRuntime:
    def __init__(self, answer: bytes | Exception) -> None:
        self._answer = answer

    def invoke_model(self, *, modelId: str, body: bytes, contentType: str, accept: str) -> Any:  # noqa: N803 - AWS
        if isinstance(self._answer, Exception):
            raise self._answer
        return {"body": io.BytesIO(self._answer)}


@pytest.fixture(params=["fake", "bedrock", "wordllama"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == "fake":
        return FakeEmbedder()
    return BedrockEmbedder(StubRuntime()) if request.param == "bedrock" else WordLlamaEmbedder()


def _cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_each_text_has_a_unit_vector(embedder: Embedder) -> None:
    texts = ["A bounty hunter in space", "x", "カウボーイビバップ", "…", "word " * 5000]

    vectors = embedder.embed(texts)

    assert len(vectors) == len(texts)
    assert {len(vector) for vector in vectors} == {embedder.dimensions} == {EMBEDDING_DIMENSIONS}
    assert [math.hypot(*vector) for vector in vectors] == pytest.approx([1.0] * len(texts), abs=1e-5)
    assert all(type(value) is float for vector in vectors for value in vector)


def test_no_texts_have_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]) == []


def test_a_text_has_the_same_vector_alone_and_among_others(embedder: Embedder) -> None:
    alone = embedder.embed(["space western"])[0]
    among = embedder.embed(["a much longer text about something else altogether", "space western", "x"])[1]

    assert among == pytest.approx(alone, abs=1e-6)


def test_near_texts_have_near_vectors(embedder: Embedder) -> None:
    one, near, far = embedder.embed(
        ["bounty hunters travel through space", "bounty hunters in space", "a cooking school in the countryside"]
    )

    assert _cosine(one, near) > _cosine(one, far) + 0.2


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_text_is_refused(embedder: Embedder, text: str) -> None:
    with pytest.raises(BadInput):
        embedder.embed(["x", text])


def test_threads_get_what_one_thread_gets(embedder: Embedder) -> None:
    texts = [f"text number {number} " + "padding " * (number % 7) for number in range(40)]
    expected = embedder.embed(texts)

    with ThreadPoolExecutor(8) as pool:
        found = [vector for (vector,) in pool.map(lambda text: embedder.embed([text]), texts)]

    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_titan_is_asked_for_normalised_vectors_of_our_length() -> None:
    runtime = StubRuntime()

    BedrockEmbedder(runtime, model_id="amazon.titan-embed-text-v2:0").embed(["space"])

    assert runtime.requests == [
        {
            "model": "amazon.titan-embed-text-v2:0",
            "types": ("application/json", "application/json"),
            "inputText": "space",
            "dimensions": 256,
            "normalize": True,
            "embeddingTypes": ["float"],
        }
    ]


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b'{"embedding": null}', b'{"embedding": [1.0]}', b'{"embedding": ["a"]}', b"{}"],
)
def test_an_answer_of_another_shape_is_malformed(answer: bytes) -> None:
    with pytest.raises(Malformed):
        BedrockEmbedder(AnsweringRuntime(answer)).embed(["space"])


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ThrottlingException", 429, Throttled),
        ("ModelNotReadyException", 429, Throttled),
        ("ModelTimeoutException", 408, Unavailable),
        ("ServiceUnavailableException", 503, Unavailable),
        ("AccessDeniedException", 403, Permanent),
        ("ValidationException", 400, Permanent),
    ],
)
def test_error_codes_are_translated(code: str, status: int, expected: type[Exception]) -> None:
    answer: Any = {"Error": {"Code": code, "Message": "the-text"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error = ClientError(answer, "InvokeModel")

    with pytest.raises(expected) as caught:
        BedrockEmbedder(AnsweringRuntime(error)).embed(["space", "time"])

    assert "the-text" not in str(caught.value)


def test_an_answer_that_does_not_come_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        BedrockEmbedder(AnsweringRuntime(ReadTimeoutError(endpoint_url="https://bedrock"))).embed(["space"])


def test_wordllama_needs_no_network() -> None:
    """Its loader would download missing files; the packaged ones have to do."""
    script = f"""
import sys, socket
sys.path[:0] = {[part for part in sys.path if part]!r}
def refuse(*_args, **_kwargs):
    raise AssertionError("tried to connect")
socket.socket.connect = refuse
from stores.embedders import WordLlamaEmbedder
print(len(WordLlamaEmbedder().embed(["space"])[0]))
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)

    assert answer.stdout.strip() == "256", answer.stderr
