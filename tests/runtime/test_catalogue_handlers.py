"""The functions that ask catalogues, and tell how they are doing."""

import io
import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.fetch_source.handler import handler as fetch_source
from lambdas.query.handler import handler as query
from models.errors import Throttled
from models.events import Catalogue, EnrichmentSubject, FetchOutput
from models.ids import mint_anime_id
from runtime import clients
from stores.rate_buckets import ProcessRateBuckets
from tests.support.emulator import aws_client
from tests.support.fakes import FakeObjects, ManualClock
from tests.support.fixtures import aws_endpoint
from tests.support.http_server import answer, serve
from workflows import enrichment
from workflows.catalogue_counts import CatalogueCounts, Count
from workflows.enrichment import LEAST_WAIT, LONGEST_WAIT, PATIENCE
from workflows.ports import FetchedPage

__all__ = ["aws_endpoint"]

ANIME = mint_anime_id("https://myanimelist.net/anime/1")
COMMON = {"STACK": "dev", "AWS_REGION": "eu-central-1"}
FETCHING = {**COMMON, "DATA_BUCKET": "data"}
QUERYING = {
    **COMMON,
    "MONGO_URI": "mongodb://127.0.0.1:1",
    "MONGO_DATABASE": "anime",
    "QDRANT_URL": "http://127.0.0.1:1",
    "EMBEDDER": "wordllama",
}
EVENT = {
    "ref": {
        "execution": f"refresh-{ANIME}-1",
        "anime_id": ANIME,
        "mode": "refresh",
        "entry_key": "work/x/subject.json",
    },
    "catalogue": "jikan",
    "cursor": None,
}


class Lambda:
    aws_request_id = "request-1"
    function_name = "anime-infra-dev-fetch-source"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> list[CatalogueCounts]:
    """Of each call, as the clients were given them, with two requests and a hit already counted."""
    given: list[CatalogueCounts] = []

    def catalogues(_: Any, *, counts: CatalogueCounts, remaining: Any, last_attempt: bool) -> dict[Catalogue, Any]:
        assert not last_attempt
        assert 280 < remaining() <= 290
        given.append(counts)
        counts.add(Count.REQUESTS)
        counts.add(Count.REQUESTS)
        counts.add(Count.HITS)
        return {}

    monkeypatch.setattr(clients, "catalogues", catalogues)
    monkeypatch.setattr(clients, "objects", lambda _: None)
    return given


def metrics_of(stream: io.StringIO) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [line for line in lines if line["message"] == "metrics"]


def test_what_a_call_asked_is_counted_by_catalogue(
    counts: list[CatalogueCounts], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        enrichment, "fetch_source", lambda *_, **__: FetchOutput(catalogue=Catalogue.JIKAN, status="ok")
    )
    stream = io.StringIO()
    fetch_source.invoke(EVENT, environment=FETCHING, context=Lambda(), log_stream=stream)
    (line,) = metrics_of(stream)
    assert (line["catalogue"], line["CatalogueRequests"], line["CatalogueHits"]) == ("jikan", 2, 1)
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Stack", "Catalogue"]]
    assert line["Catalogue"] == "jikan"
    assert len(counts) == 1


def test_a_call_that_fails_counts_too(counts: list[CatalogueCounts], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise Throttled("jikan: its turn is in 50 s", retry_after=50)

    monkeypatch.setattr(enrichment, "fetch_source", fail)
    stream = io.StringIO()
    with pytest.raises(Throttled):
        fetch_source.invoke(EVENT, environment=FETCHING, context=Lambda(), log_stream=stream)
    assert [line["CatalogueRequests"] for line in metrics_of(stream)] == [2]


def test_fields_that_nobody_knows_stand_in_the_log_by_name(
    counts: list[CatalogueCounts], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(*_: Any, unknown: Any, **__: Any) -> FetchOutput:
        unknown.update({f"anime.field_{number}": number for number in range(1, 31)})
        return FetchOutput(catalogue=Catalogue.JIKAN, status="ok")

    monkeypatch.setattr(enrichment, "fetch_source", fetch)
    stream = io.StringIO()
    fetch_source.invoke(EVENT, environment=FETCHING, context=Lambda(), log_stream=stream)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    (line,) = (line for line in lines if line["message"] == "fields that nobody knows")
    assert line["catalogue"] == "jikan"
    assert line["fields"] == {f"anime.field_{number}": number for number in range(30, 10, -1)}


def with_subject() -> FakeObjects:
    objects = FakeObjects()
    subject = EnrichmentSubject(anime_id=ANIME, sources=("https://myanimelist.net/anime/1",), title="Cowboy Bebop")
    objects.put("work/x/subject.json", subject.model_dump_json().encode())
    return objects


@pytest.mark.parametrize("late", [False, True])
def test_an_execution_whose_patience_is_over_takes_old_answers(late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clients are told, and so is the workflow."""
    given: list[bool] = []

    class Late:
        def fetch(self, *_: Any, **__: Any) -> FetchedPage:
            raise Throttled("many are waiting", retry_after=60)

    def catalogues(_: Any, *, last_attempt: bool, **__: Any) -> dict[Catalogue, Any]:
        given.append(last_attempt)
        return {Catalogue.JIKAN: Late()}

    objects = with_subject()
    monkeypatch.setattr(clients, "catalogues", catalogues)
    monkeypatch.setattr(clients, "objects", lambda _: objects)
    started_at = datetime.now(UTC) - (PATIENCE if late else PATIENCE / 2)
    event = {**EVENT, "started_at": started_at.isoformat()}
    output = fetch_source.invoke(event, environment=FETCHING, context=Lambda(), log_stream=io.StringIO())
    assert given == [late]
    assert output["status"] == ("failed" if late else "waiting")


@pytest.mark.parametrize(("share", "seconds"), [(0.0, LEAST_WAIT), (1.0, 2 * LEAST_WAIT)])
def test_those_who_wait_are_spread_by_chance(share: float, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    class Late:
        def fetch(self, *_: Any, **__: Any) -> FetchedPage:
            raise Throttled("many are waiting", retry_after=60)

    monkeypatch.setattr(clients, "catalogues", lambda *_, **__: {Catalogue.JIKAN: Late()})
    monkeypatch.setattr(clients, "objects", lambda _: with_subject())
    monkeypatch.setattr("random.random", lambda: share)
    output = fetch_source.invoke(EVENT, environment=FETCHING, context=Lambda(), log_stream=io.StringIO())
    assert output["wait_seconds"] == seconds


def test_to_record_a_failure_no_client_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """That they cannot be made may be the failure."""

    def broken(*_: Any, **__: Any) -> None:
        raise AssertionError("made")

    objects = with_subject()
    monkeypatch.setattr(clients, "catalogues", broken)
    monkeypatch.setattr(clients, "objects", lambda _: objects)
    event = {**EVENT, "error": {"Error": "BadInput", "Cause": "no token"}}
    output = fetch_source.invoke(event, environment=FETCHING, context=Lambda(), log_stream=io.StringIO())
    assert (output["status"], output["cursor"], output["wait_seconds"]) == ("failed", None, 0)


@pytest.fixture
def deployed(aws_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment of a stack without a cache, with the anime's subject in its bucket."""
    name = f"fetching-{uuid.uuid4()}"
    aws_client("dynamodb", aws_endpoint).create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "catalogue", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "catalogue", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    s3 = aws_client("s3", aws_endpoint)
    s3.create_bucket(Bucket=name)
    subject = EnrichmentSubject(anime_id=ANIME, sources=("https://myanimelist.net/anime/1",), title="Cowboy Bebop")
    s3.put_object(Bucket=name, Key="work/x/subject.json", Body=subject.model_dump_json().encode())
    monkeypatch.setattr("runtime.clients.time.sleep", lambda _: None)
    yield {
        "STACK": "local",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws_endpoint,
        "DATA_BUCKET": name,
        "RATE_TABLE": name,
        "LOG_LEVEL": "ERROR",
    }
    clients.close_all()


def test_a_pause_that_one_call_was_told_is_heeded_by_all_and_shows(deployed: dict[str, str]) -> None:
    """Over the function, a real connection and the table, as in a stack without a cache."""
    stream = io.StringIO()
    with serve(answer(status="429 Too Many Requests", Retry_After="7200")) as server:
        environment = {**deployed, "CATALOGUE_URLS": json.dumps({"jikan": server.url})}
        told = fetch_source.invoke(EVENT, environment=environment, context=Lambda(), log_stream=stream)
        assert (told["status"], told["cursor"]) == ("waiting", None)
        assert LONGEST_WAIT <= told["wait_seconds"] <= LONGEST_WAIT + LEAST_WAIT
        clients.close_all()
        output = fetch_source.invoke(EVENT, environment=environment, context=Lambda(), log_stream=stream)
        assert len(server.asked) == 1
    assert (output["status"], output["cursor"]) == ("failed", None)
    (line,) = metrics_of(stream)
    assert (line["CatalogueRequests"], line["CatalogueErrors"]) == (1, 1)
    states = query.invoke(
        {"action": "catalogues"}, environment={**QUERYING, **deployed}, context=Lambda(), log_stream=stream
    )
    jikan = next(one for one in states["catalogues"] if one["catalogue"] == "jikan")
    assert (jikan["reason"], jikan["failures"]) == ("rate", 1)
    assert jikan["paused_until"] > datetime.now(UTC).isoformat()


def test_how_the_catalogues_are_doing_needs_neither_database_nor_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "rate_buckets", lambda _: ProcessRateBuckets(clock=ManualClock()))
    found = query.invoke({"action": "catalogues"}, environment=QUERYING, context=Lambda(), log_stream=io.StringIO())
    assert [one["catalogue"] for one in found["catalogues"]] == [catalogue.value for catalogue in Catalogue]
    assert found["problem"] is None
