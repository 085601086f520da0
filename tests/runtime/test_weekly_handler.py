"""The weekly function has AniList asked for all new anime together, and says so where it could not."""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.weekly_sync_starter import handler as module
from models.errors import AnimeError, Unavailable
from runtime import clients
from workflows import sync
from workflows.catalogue_counts import CatalogueCounts, Count

ENVIRONMENT = {
    "STACK": "dev",
    "AWS_REGION": "eu-central-1",
    "DATA_BUCKET": "data",
    "MONGO_URI": "mongodb://127.0.0.1:1",
    "MONGO_DATABASE": "anime",
    "QDRANT_URL": "http://127.0.0.1:1",
    "ENRICHMENT_MACHINE_ARN": "arn:machine",
}
ANIMES = [("https://anilist.co/anime/1",), ("https://anilist.co/anime/6",)]

LAUNCHING = SimpleNamespace(objects=None, animes=None, locks=None, executions=None, tokens=None)

Warm = Callable[[Sequence[Sequence[str]]], object]


class Lambda:
    aws_request_id = "request-1"
    function_name = "anime-infra-dev-weekly-sync-starter"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


class Weekly:
    """The function with a run of its own, which prepares two anime and starts none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.warm: Warm = lambda _: 0
        self.failed: AnimeError | None = None
        monkeypatch.setattr(module, "launch_ports", lambda _: LAUNCHING)
        for name in ("vectors", "reviews"):
            monkeypatch.setattr(clients, name, lambda _: None)
        monkeypatch.setattr(clients, "releases", lambda *_: None)
        monkeypatch.setattr(clients, "anilist_warmer", self._warmer)
        monkeypatch.setattr(sync, "run_sync", self._run)

    def _warmer(self, *_: Any, counts: CatalogueCounts, remaining: Callable[[], float]) -> Warm:
        assert 280 < remaining() <= 290

        def warm(animes: Sequence[Sequence[str]]) -> object:
            counts.add(Count.REQUESTS)
            return self.warm(animes)

        return warm

    def _run(self, _event: Any, *, ports: Any, policy: Any) -> dict[str, Any]:
        assert policy.max_new_per_run == 200
        try:
            ports.prepare(ANIMES)
        except AnimeError as error:
            self.failed = error
        return {"started": 0}

    def invoke(self) -> list[dict[str, Any]]:
        """Lines of the log."""
        stream = io.StringIO()
        assert module.handler.invoke({}, environment=ENVIRONMENT, context=Lambda(), log_stream=stream) == {"started": 0}
        return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def weekly(monkeypatch: pytest.MonkeyPatch) -> Iterator[Weekly]:
    yield Weekly(monkeypatch)
    clients.close_all()


def test_anilist_is_asked_for_all_that_is_to_be_started_together(weekly: Weekly) -> None:
    asked: list[Sequence[Sequence[str]]] = []
    weekly.warm = asked.append
    lines = weekly.invoke()
    assert asked == [ANIMES]
    (figures,) = [line for line in lines if line["message"] == "metrics"]
    assert (figures["Catalogue"], figures["CatalogueRequests"]) == ("anilist", 1)
    assert not [line for line in lines if line["level"] == "warning"]


def test_a_catalogue_that_could_not_be_asked_together_is_told_in_the_log_and_the_run_is_not_spared(
    weekly: Weekly,
) -> None:
    def fail(_: object) -> None:
        raise Unavailable("anilist POST /: answers 503")

    weekly.warm = fail
    (line,) = [line for line in weekly.invoke() if line["level"] == "warning"]
    assert (line["message"], line["animes"]) == ("not asked for together", 2)
    assert (line["error"], line["reason"]) == ("Unavailable", "anilist POST /: answers 503")
    assert isinstance(weekly.failed, Unavailable)
