"""A page says how old its answers are."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from models.errors import Unavailable
from models.events import Catalogue
from sources.json_api import JsonApi
from sources.kept_answers import SharedAnswers
from sources.registry import catalogue_clients
from tests.support.fake_answers import FakeAnswerCache
from tests.support.fakes import ManualClock
from tests.support.scripted_http import Scripted, Waits, json_response
from workflows.ports import CatalogueClient

SOURCES = ("https://animeschedule.net/anime/bebop",)
ANSWER = {"GET /anime/bebop": {"route": "bebop", "title": "Cowboy Bebop"}}


@dataclass(frozen=True)
class World:
    clock: ManualClock
    transport: Scripted
    shared: SharedAnswers

    def client(self, catalogue: Catalogue = Catalogue.ANIMESCHEDULE) -> CatalogueClient:
        urls = {catalogue: "https://example.com"}
        return catalogue_clients(self.transport, urls, {}, sleep=Waits(), clock=self.clock, answers=self.shared)[
            catalogue
        ]


def world() -> World:
    clock = ManualClock()
    shared = SharedAnswers(cache=FakeAnswerCache(clock=clock))
    return World(clock, Scripted(dict(ANSWER)), shared)


def test_a_page_of_kept_answers_is_as_old_as_they_are() -> None:
    one = world()
    begun = one.clock()
    assert one.client().fetch(SOURCES, cursor=None).as_of == begun
    one.clock.advance(timedelta(minutes=10))
    page = one.client().fetch(SOURCES, cursor=None)
    assert (page.as_of, page.problems) == (begun, ())
    assert len(one.transport.asked) == 1


def test_a_page_of_an_answer_that_stands_in_says_so_to_the_reviewer() -> None:
    one = world()
    begun = one.clock()
    one.client().fetch(SOURCES, cursor=None)
    one.clock.advance(timedelta(days=8))
    one.transport.answers = {"GET /anime/bebop": json_response({}, status=500)}
    page = one.client().fetch(SOURCES, cursor=None)
    assert page.as_of == begun
    assert any(
        "an answer of 2026-11-21 01:00 UTC, since animeschedule GET /anime/bebop" in one for one in page.problems
    )


def test_a_failure_is_passed_on() -> None:
    one = world()
    one.transport.answers = {"GET /anime/bebop": json_response({}, status=500)}
    with pytest.raises(Unavailable):
        one.client().fetch(SOURCES, cursor=None)


def test_a_catalogue_that_is_asked_once_a_day_is_not_asked_again_in_the_same_call() -> None:
    """Our own marker would refuse a second attempt, and hide what the first one met."""

    def attempts(catalogue: Catalogue) -> int:
        client = world().client(catalogue)
        api: JsonApi = client.api  # type: ignore[attr-defined]  # every client of ours holds its API
        return api.policy.attempts

    assert attempts(Catalogue.ANIDB) == 1
    assert attempts(Catalogue.KITSU) > 1
