"""Texts to unit vectors: Amazon Bedrock in the cloud, wordllama's packaged weights on a laptop."""

import math
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from models.collections import EMBEDDING_DIMENSIONS
from models.errors import BadInput, Malformed
from stores.aws_errors import translated
from stores.batches import in_batches

TITAN: Final = "amazon.titan-embed-text-v2:0"
_BATCH: Final = 256
_models: Final[dict[int, Any]] = {}
_models_mutex: Final = threading.Lock()


class BedrockRuntime(Protocol):
    """What is used of boto3's client ``bedrock-runtime``."""

    def invoke_model(self, *, modelId: str, body: bytes, contentType: str, accept: str) -> Any: ...  # noqa: N803 - AWS


class BedrockEmbedder:
    """Port ``Embedder``. The model takes a text a request, so ``concurrency`` requests are under way at once."""

    def __init__(
        self,
        client: BedrockRuntime,
        *,
        model_id: str = TITAN,
        dimensions: int = EMBEDDING_DIMENSIONS,
        concurrency: int = 8,
    ) -> None:
        self.dimensions = dimensions
        self._client = client
        self._model_id = model_id
        self._concurrency = concurrency

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Raises:
        BadInput: one of the texts is empty.
        Malformed: the model answers with other than a vector of ``dimensions`` numbers.
        """
        _refuse_empty(texts)
        if len(texts) <= 1:
            return [self._embed(text) for text in texts]
        with ThreadPoolExecutor(min(self._concurrency, len(texts))) as pool:
            return list(pool.map(self._embed, texts))

    def _embed(self, text: str) -> list[float]:
        request = {"inputText": text, "dimensions": self.dimensions, "normalize": True, "embeddingTypes": ["float"]}
        with translated("bedrock InvokeModel"):
            answer = self._client.invoke_model(
                modelId=self._model_id,
                body=orjson.dumps(request),
                contentType="application/json",
                accept="application/json",
            )
            body = answer["body"].read()
        return _vector(body, self.dimensions)


class WordLlamaEmbedder:
    """Port ``Embedder``. The weights are loaded with the first text, once a process."""

    def __init__(self, *, dimensions: int = EMBEDDING_DIMENSIONS) -> None:
        self.dimensions = dimensions

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Raises:
        BadInput: one of the texts is empty.
        """
        _refuse_empty(texts)
        vectors: list[list[float]] = []
        for batch in in_batches(texts, _BATCH):
            with _models_mutex:  # the tokenizer's padding is state that threads would share
                vectors.extend(_wordllama(self.dimensions).embed(batch, norm=True).tolist())
        return vectors


def _wordllama(dimensions: int) -> Any:
    """From the package's own files alone; nothing is downloaded."""
    if dimensions not in _models:
        import wordllama

        folder = Path(wordllama.__file__).parent
        _models[dimensions] = wordllama.WordLlama.load(cache_dir=folder, dim=dimensions, disable_download=True)
    return _models[dimensions]


def _refuse_empty(texts: Sequence[str]) -> None:
    if any(not text.strip() for text in texts):
        raise BadInput("an empty text has no embedding")


def _vector(body: bytes, dimensions: int) -> list[float]:
    try:
        vector = [float(value) for value in orjson.loads(body)["embedding"]]
    except (KeyError, TypeError, ValueError):
        raise Malformed("bedrock InvokeModel: the answer holds no embedding") from None
    if len(vector) != dimensions or not all(map(math.isfinite, vector)):
        raise Malformed(f"bedrock InvokeModel: expected {dimensions} finite numbers")
    return vector
