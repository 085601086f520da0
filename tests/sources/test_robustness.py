"""Whatever stands in one place of an answer, a client gives pages or a typed error."""

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.errors import AnimeError
from models.events import Catalogue
from scripts.made_up_series import ANIDB_CLIENT, SOURCES, MadeUpSeries
from sources.http import Request, Response
from sources.json_api import RetryPolicy
from sources.registry import PAGES, catalogue_clients
from tests.support.scripted_http import Waits

MOST_STEPS = 60

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**20) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


class Changed:
    """The series, with one value in each JSON answer replaced, or some bytes of the others."""

    def __init__(self, seed: int, replacement: Any) -> None:
        self._series = MadeUpSeries(episodes=12, characters=3, staff=2)
        self._random = random.Random(seed)
        self._replacement = replacement

    def send(self, request: Request) -> Response:
        response = self._series.send(request)
        body = self._json(response.body) if response.content_type == "application/json" else self._bytes(response.body)
        return Response(status=response.status, headers=response.headers, body=body)

    def _json(self, body: bytes) -> bytes:
        answer = json.loads(body)
        path = self._random.choice(places(answer))
        if not path:
            return json.dumps(self._replacement).encode()
        target = answer
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = self._replacement
        return json.dumps(answer).encode()

    def _bytes(self, body: bytes) -> bytes:
        start = self._random.randrange(len(body))
        return body[:start] + json.dumps(self._replacement).encode() + body[start + self._random.randrange(20) :]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in children:
        found += places(item, (*path, key))
    return found


@pytest.mark.parametrize("catalogue", list(Catalogue))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(seed=st.integers(0, 2**32), replacement=json_values)
def test_a_changed_answer_ends_in_pages_or_in_a_typed_error(catalogue: Catalogue, seed: int, replacement: Any) -> None:
    client = catalogue_clients(
        Changed(seed, replacement),
        {},
        {"anidb": ANIDB_CLIENT},
        sleep=Waits(),
        policy=RetryPolicy(attempts=1),
        page_catalogues=PAGES,
    )[catalogue]
    cursor: str | None = None
    for _ in range(MOST_STEPS):
        try:
            cursor = client.fetch(SOURCES, cursor=cursor).cursor
        except AnimeError:
            return
        if cursor is None:
            return
    raise AssertionError(f"did not end within {MOST_STEPS} steps")
