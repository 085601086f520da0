"""A Qdrant server or cluster. qdrant-client takes 600 ms to import, so it is imported with the first client."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, Final

from models.collections import TEXT_VECTOR, VECTOR_COLLECTIONS
from models.errors import BadInput, Malformed, NotFound, Permanent, Retryable, StaleRevision, Throttled, Unavailable
from models.ids import point_id
from models.vectors import VectorPoint
from stores.batches import in_batches
from stores.vectors import points
from workflows.ports import Hit

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

DEFAULT_TIMEOUT: Final = timedelta(seconds=20)
_NOT_KNOWN: Final = frozenset({401, 403})
"""Of a key that was made a moment ago, or replaced by another one: the next invocation reads it again."""

_NOT_FOUND: Final = 404
_REQUEST_TIMEOUT: Final = 408
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERROR: Final = 500


def connect_qdrant(url: str, *, api_key: str | None = None, timeout: timedelta = DEFAULT_TIMEOUT) -> "QdrantClient":
    """Raises:
    BadInput: the URL is none.
    """
    from qdrant_client import QdrantClient

    try:
        return QdrantClient(
            url=url, api_key=api_key, timeout=int(timeout.total_seconds()), prefer_grpc=False, check_compatibility=False
        )
    except ValueError:
        raise BadInput("the Qdrant URL is not valid; expected https://HOST:PORT") from None


class QdrantVectors:
    """Port ``Vectors`` of one collection."""

    def __init__(self, client: "QdrantClient", *, collection: str = VECTOR_COLLECTIONS[0].name) -> None:
        from qdrant_client import models

        self._client = client
        self._models = models
        self._collection = collection
        self._write: dict[str, Any] = {
            "collection_name": self._collection,
            "wait": True,
            "ordering": models.WriteOrdering.STRONG,
        }

    def get(self, anime_id: str) -> VectorPoint | None:
        with translated("get"):
            found = self._client.retrieve(
                self._collection,
                [point_id(anime_id)],
                with_payload=True,
                with_vectors=True,
                consistency=self._models.ReadConsistencyType.MAJORITY,
            )
        return points.read_point(found[0].payload, found[0].vector) if found else None

    def upsert(self, point: VectorPoint, *, base_revision: int | None, saga: str) -> None:
        condition = points.unchanged_since(self._models, base_revision, saga)
        self._upsert([self._point(point, saga=saga)], update_filter=condition)
        # The server skips a point that fails the condition and does not say so.
        if not points.applied(self.get(point.anime_id), point, saga):
            raise StaleRevision(f"the point of {point.anime_id} is not at revision {base_revision}")

    def restore(self, point: VectorPoint, *, saga: str) -> None:
        self._upsert(
            [self._point(point)],
            update_filter=points.written_by(self._models, saga),
            update_mode=self._models.UpdateMode.UPDATE_ONLY,
        )

    def delete(self, anime_id: str, *, saga: str) -> None:
        self._delete(points.among(self._models, [anime_id], saga=saga))

    def insert_missing(self, new: Sequence[VectorPoint]) -> None:
        for batch in in_batches(new, points.WRITE_BATCH):
            self._upsert(map(self._point, batch), update_mode=self._models.UpdateMode.INSERT_ONLY)

    def overwrite(self, new: Sequence[VectorPoint]) -> None:
        for batch in in_batches(new, points.WRITE_BATCH):
            self._upsert(map(self._point, batch))

    def set_payload(self, changes: Mapping[str, Mapping[str, Any]]) -> None:
        models = self._models
        operations = (
            # By filter: by ids the server refuses the whole call where one point is missing.
            models.SetPayloadOperation(
                set_payload=models.SetPayload(payload=dict(fields), filter=points.among(models, ids))
            )
            for fields, anime_ids in points.equal_changes(changes)
            for ids in in_batches(anime_ids, points.WRITE_BATCH)
        )
        for batch in in_batches(operations, points.WRITE_BATCH):
            with translated("set_payload"):
                self._client.batch_update_points(**self._write, update_operations=batch)

    def search(self, vector: Sequence[float], *, limit: int, include_orphaned: bool) -> tuple[Hit, ...]:
        with translated("search"):
            found = self._client.query_points(
                self._collection,
                query=list(vector),
                using=TEXT_VECTOR,
                limit=limit,
                query_filter=points.visible(self._models, include_orphaned=include_orphaned),
                with_payload=True,
            )
        return tuple(points.read_hit(one.payload, one.score) for one in found.points)

    def scan(self, *, with_vectors: bool) -> Iterator[VectorPoint]:
        offset: Any = None
        while True:
            with translated("scan"):
                records, offset = self._client.scroll(
                    self._collection,
                    offset=offset,
                    limit=points.SCROLL_BATCH,
                    with_payload=True,
                    with_vectors=with_vectors,
                )
            for record in records:
                yield points.read_point(record.payload, record.vector)
            if offset is None:
                return

    def count(self) -> int:
        with translated("count"):
            return self._client.count(self._collection, exact=True).count

    def remove(self, anime_ids: Sequence[str]) -> None:
        for ids in in_batches(anime_ids, points.WRITE_BATCH):
            self._delete(points.among(self._models, ids))

    def _upsert(self, new: Iterable[Any], **options: Any) -> None:
        with translated("upsert"):
            self._client.upsert(**self._write, points=list(new), **options)

    def _delete(self, selected: points.Filter) -> None:
        with translated("delete"):
            self._client.delete(**self._write, points_selector=self._models.FilterSelector(filter=selected))

    def _point(self, point: VectorPoint, *, saga: str | None = None) -> Any:
        return self._models.PointStruct(
            id=point_id(point.anime_id),
            vector={name: list(vector) for name, vector in point.vectors.items()},
            payload=points.payload_of(point, saga=saga),
        )


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """Raises:
    Throttled, Unavailable, NotFound, Malformed, Permanent: in place of the client's errors.
    """
    from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
    from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

    try:
        yield
    except ResourceExhaustedResponse as error:
        raise Throttled(f"qdrant {operation}: 429", retry_after=float(error.retry_after_s)) from None
    except UnexpectedResponse as error:
        raise _of_status(operation, error.status_code or 0) from None
    except ResponseHandlingException as error:
        raise _of_source(operation, error.source) from None
    except JSONDecodeError:
        raise Malformed(f"qdrant {operation}: the answer is no JSON") from None


def _of_status(operation: str, status: int) -> Permanent | Retryable:
    message = f"qdrant {operation}: {status}"
    if status == _TOO_MANY_REQUESTS:
        return Throttled(message)
    if status >= _SERVER_ERROR or status == _REQUEST_TIMEOUT or status in _NOT_KNOWN:
        return Unavailable(message)
    return NotFound(message) if status == _NOT_FOUND else Permanent(message)


def _of_source(operation: str, source: Exception) -> Permanent | Retryable:
    """The client wraps failed requests, and answers that its models do not accept."""
    message = f"qdrant {operation}: {type(source).__name__}"
    return Malformed(message) if isinstance(source, ValueError) else Unavailable(message)
