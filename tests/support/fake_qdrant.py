"""A Qdrant server that keeps collections without points, so that the adapter's own requests can be judged by what they
lead to. It refuses what the server refuses: unknown collections and vectors, and a collection or vector that is there.
"""

import json
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.support.http_stub import Answer, HttpStub, Request

_FIXED: dict[str, Any] = {
    "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
    "optimizer_config": {
        "deleted_threshold": 0.2,
        "vacuum_min_vector_number": 1000,
        "default_segment_number": 0,
        "flush_interval_sec": 5,
    },
}


class FakeQdrant(HttpStub):
    """``collections`` by name: ``vectors``, ``indexes`` and ``quantization`` as they were sent. ``refusing`` is the
    status of that many answers to come.
    """

    def __init__(self) -> None:
        super().__init__([])
        self.collections: dict[str, dict[str, Any]] = {}
        self.refusing: list[int] = []

    def next(self, request: Request) -> Answer:
        with self._mutex:
            self.requests.append(request)
            if self.refusing:
                return _refused(self.refusing.pop(0))
            return self._answer(request, [unquote(part) for part in urlsplit(request.path).path.split("/") if part])

    def changes(self) -> list[str]:
        """Method and path of the requests that were not reading."""
        return [f"{r.method} {urlsplit(r.path).path}" for r in self.requests if r.method != "GET"]

    def _answer(self, request: Request, path: list[str]) -> Answer:
        match request.method, path:
            case "GET", ["collections"]:
                answer = _result({"collections": [{"name": name} for name in self.collections]})
            case "PUT", ["collections", name]:
                answer = self._create(name, request.json)
            case _, ["collections", name, *_] if name not in self.collections:
                answer = _refused(404)
            case "GET", ["collections", name]:
                answer = _result(self._about(self.collections[name]))
            case "PATCH", ["collections", name]:
                answer = self._update(self.collections[name], request.json)
            case "PUT", ["collections", name, "vectors", vector]:
                answer = self._add_vector(self.collections[name], vector, request.json["dense"])
            case "PUT", ["collections", name, "index"]:
                self.collections[name]["indexes"][request.json["field_name"]] = request.json["field_schema"]
                answer = _done()
            case _:
                answer = _refused(405)
        return answer

    def _create(self, name: str, sent: dict[str, Any]) -> Answer:
        if name in self.collections:
            return _refused(409)
        self.collections[name] = {
            "vectors": dict(sent["vectors"]),
            "indexes": {},
            "quantization": sent.get("quantization_config"),
        }
        return _result(value=True)

    def _update(self, collection: dict[str, Any], sent: dict[str, Any]) -> Answer:
        given = sent["quantization_config"]
        collection["quantization"] = None if given == "Disabled" else given
        return _result(value=True)

    def _add_vector(self, collection: dict[str, Any], name: str, sent: dict[str, Any]) -> Answer:
        if name in collection["vectors"]:
            return _refused(400)
        collection["vectors"][name] = {"size": sent["size"], "distance": sent["distance"]}
        return _done()

    @staticmethod
    def _about(collection: dict[str, Any]) -> dict[str, Any]:
        return {
            "status": "green",
            "optimizer_status": "ok",
            "segments_count": 1,
            "config": {
                **_FIXED,
                "params": {"vectors": collection["vectors"]},
                "quantization_config": collection["quantization"],
            },
            "payload_schema": {
                field: {"data_type": kind, "points": 0} for field, kind in collection["indexes"].items()
            },
        }


def _result(value: Any) -> Answer:
    body = json.dumps({"result": value, "status": "ok", "time": 0.0}).encode()
    return Answer(body=body, headers={"Content-Type": "application/json"})


def _done() -> Answer:
    return _result({"operation_id": 1, "status": "completed"})


def _refused(status: int) -> Answer:
    return Answer(status=status, body=b'{"status": {"error": "the-value"}}')
