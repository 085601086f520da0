"""A function pays for every import at its cold start, so an adapter imports its own library alone."""

import json
import subprocess
import sys

import pytest

LIBRARIES = {
    "boto3",
    "botocore",
    "httpx",
    "msgspec",
    "numpy",
    "pymongo",
    "qdrant_client",
    "qdrant_edge",
    "redis",
    "wordllama",
}


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("stores.aws_errors", {"botocore"}),
        ("stores.cache", {"redis"}),
        ("stores.cache_sign_in", {"botocore", "redis"}),
        ("stores.embedders", {"botocore"}),
        ("stores.executions", {"botocore"}),
        ("stores.image_map", {"botocore"}),
        ("stores.mongo.animes", {"pymongo"}),
        ("stores.mongo.connection", {"pymongo"}),
        ("stores.mongo.locks", {"pymongo"}),
        ("stores.mongo.reviews", {"pymongo"}),
        ("stores.mongo.schema", {"pymongo"}),
        ("stores.objects", {"botocore"}),
        ("stores.queues", {"botocore"}),
        ("stores.schedules", {"botocore"}),
        ("stores.vectors.edge", set()),
        ("stores.vectors.edge_schema", set()),
        ("stores.vectors.qdrant", set()),
        ("stores.vectors.qdrant_schema", set()),
    ],
)
def test_an_adapter_imports_its_own_library_alone(module: str, allowed: set[str]) -> None:
    script = f"""
import json, sys
sys.path[:0] = {[part for part in sys.path if part]!r}
import {module}
print(json.dumps([name for name in sys.modules if "." not in name]))
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)

    assert set(json.loads(answer.stdout)) & LIBRARIES <= allowed
