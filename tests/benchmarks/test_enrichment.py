"""The benchmark of enrichments in its smallest form: that both ways do the same, and nothing about time."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from benchmarks import enrichment
from benchmarks.enrichment_crashes import KEEPING, NOT_KEEPING, after, crashes
from benchmarks.enrichment_rows import COLD, DELAYS, NAIVE, NO_DELAYS, WARM, WAYS, Crash, Row, columns
from benchmarks.enrichment_runs import Conditions, Runs, disagreements, rows_of, run_all
from benchmarks.enrichment_series import RECORDED, series_named
from benchmarks.enrichment_timing import FETCH, WHOLE, Interrupted
from benchmarks.loopback import Catalogues, catalogues_of
from benchmarks.memory_objects import memory_objects
from benchmarks.our_enrichment import OurWay
from models.errors import AlreadyExists
from models.events import Catalogue
from stores.cache import connect_redis
from tests.support.servers import valkey

SMALL = "made-up:12"
MOST_REQUESTS_A_CALL = 20


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with valkey() as url, connect_redis(url) as client:
        yield client


@pytest.fixture(scope="module", params=[RECORDED, SMALL])
def runs(request: pytest.FixtureRequest, redis: Redis) -> Runs:
    return run_all(series_named(request.param), Conditions(name=NO_DELAYS), redis)


@pytest.fixture
def small_catalogues() -> Iterator[Catalogues]:
    with catalogues_of(SMALL, answer_seconds=0.0, connection_seconds=0.0) as catalogues:
        yield catalogues


def test_all_ways_ask_for_the_same_and_make_the_same_entry(runs: Runs) -> None:
    assert disagreements(runs) == []
    assert runs[NAIVE][0].asked.total() > 50
    assert {line.split(" ")[0] for line in runs[NAIVE][0].asked} == set(Catalogue)


def test_a_warm_cache_asks_nobody(runs: Runs) -> None:
    assert [run.asked.total() for run in runs[WARM]] == [0]


def test_a_way_that_asks_for_something_else_is_no_comparison(runs: Runs) -> None:
    [cold] = runs[COLD]
    more = replace(cold, asked=cold.asked + Counter(["jikan GET /anime/8/full"]))
    assert disagreements({**runs, COLD: [more]}) == [f"{COLD}: asks for something else"]


def test_a_way_that_makes_another_entry_is_no_comparison(runs: Runs) -> None:
    [warm] = runs[WARM]
    entry = warm.enriched.entry.model_copy(update={"title": "Another"})
    other = replace(warm, enriched=replace(warm.enriched, entry=entry))
    assert disagreements({**runs, WARM: [other]}) == [f"{WARM}: makes another entry"]


def test_requests_and_calls_of_the_parts_add_up(runs: Runs) -> None:
    rows = {(row.way, row.part): row for row in rows_of(series_named(SMALL), Conditions(name=NO_DELAYS), runs)}
    for way in (NAIVE, COLD):
        assert sum(rows[way, catalogue].requests for catalogue in Catalogue) == rows[way, WHOLE].requests
    assert sum(rows[COLD, catalogue].calls for catalogue in Catalogue) == rows[COLD, FETCH].calls
    assert rows[NAIVE, WHOLE].calls == 0
    assert rows[NAIVE, WHOLE].times_as_fast is None
    assert rows[WARM, WHOLE].times_as_fast is not None


def test_after_a_crash_the_naive_way_begins_anew_and_ours_goes_on(small_catalogues: Catalogues, redis: Redis) -> None:
    ours = OurWay(base_urls=small_catalogues.base_urls, redis=redis)
    found = list(crashes(series_named(SMALL), small_catalogues, ours, points=2))
    again = {way: [one.asked_again for one in found if one.way == way] for way in (NAIVE, KEEPING, NOT_KEEPING)}
    assert again[NAIVE] == [one.answers for one in found if one.way == NAIVE]
    assert again[KEEPING] == [1, 1]
    assert all(1 <= requests <= MOST_REQUESTS_A_CALL for requests in again[NOT_KEEPING])


def test_an_interruption_comes_once_and_in_its_place() -> None:
    interrupt = after(3)
    interrupt()
    interrupt()
    with pytest.raises(Interrupted):
        interrupt()
    interrupt()


def test_what_was_asked_is_told_once(small_catalogues: Catalogues, redis: Redis) -> None:
    redis.flushall()
    OurWay(base_urls=small_catalogues.base_urls, redis=redis).enrich(series_named(SMALL))
    assert small_catalogues.asked()
    assert small_catalogues.asked() == []


def test_an_object_is_written_only_over_the_one_that_was_read() -> None:
    objects = memory_objects(seconds=0.0)
    first = objects.put("key", b"1", if_absent=True)
    objects.put("key", b"2", if_match=first)
    with pytest.raises(AlreadyExists):
        objects.put("key", b"3", if_match=first)
    with pytest.raises(AlreadyExists):
        objects.put("key", b"3", if_absent=True)
    stored = objects.get("key")
    assert stored is not None
    assert stored.body == b"2"


def test_the_command_writes_tables_and_plots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ("--answer", "0", "--connection", "0", "--object", "0", "--runs", "1", "--episodes", "12", "--crashes", "1")
    assert enrichment.main([str(tmp_path), *small]) == 0
    with (tmp_path / "enrichment.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert tuple(rows[0]) == columns(Row)
    assert {(row["conditions"], row["way"]) for row in rows} == {(c, way) for c in (NO_DELAYS, DELAYS) for way in WAYS}
    with (tmp_path / "crashes.csv").open(newline="") as table:
        assert tuple(next(csv.reader(table))) == columns(Crash)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split("\t") == list(columns(Row))
    for plot in ("enrichment.svg", "stages.svg", "crashes.svg"):
        assert (tmp_path / plot).read_text().startswith("<?xml")
