from typing import Any

import pytest

from models.errors import BadInput, ChangedShape, NotFound, Throttled, Unavailable
from models.events import Catalogue
from sources.jikan import JikanClient
from sources.keeping import DAY, STALE_SECONDS
from sources.kept_answers import SharedAnswers
from sources.registry import catalogue_clients
from tests.support.clients import api, fetch_all
from tests.support.fake_answers import FakeAnswerCache
from tests.support.fakes import ManualClock
from tests.support.scripted_http import Scripted, Waits, json_response

SOURCES = ("https://anilist.co/anime/5", "https://myanimelist.net/anime/7/")
PAGE = ("https://myanimelist.net/anime/7",)


def series(*, episodes: int, characters: int, page_size: int = 100) -> dict[str, Any]:
    """A made-up series as the API tells of it."""
    answers: dict[str, Any] = {
        "GET /anime/7/full": {"data": {"mal_id": 7, "title": "Long"}},
        "GET /anime/7/characters": {
            "data": [{"character": {"mal_id": n, "name": f"Nobody {n}"}} for n in range(1, characters + 1)]
        },
        "GET /anime/7/staff": {"data": [{"person": {"mal_id": 1, "name": "Someone"}, "positions": ["Director"]}]},
        "GET /anime/7/statistics": {"data": {"watching": 5, "scores": [{"score": 9, "votes": 3, "percentage": 1.5}]}},
        "GET /anime/7/pictures": {"data": [{"jpg": {"image_url": "https://cdn.myanimelist.net/1.jpg"}}]},
        "GET /anime/7/videos": {"data": {"promo": [{"title": "PV 1"}]}},
    }
    pages = max(1, -(-episodes // page_size))
    for page in range(1, pages + 1):
        numbers = range((page - 1) * page_size + 1, min(page * page_size, episodes) + 1)
        answers[f"GET /anime/7/episodes?page={page}"] = {
            "pagination": {"has_next_page": page < pages},
            "data": [{"mal_id": number} for number in numbers],
        }
    answers |= {f"GET /anime/7/episodes/{n}": {"data": {"mal_id": n, "duration": 1}} for n in range(1, episodes + 1)}
    return answers | {
        f"GET /characters/{n}/full": {"data": {"mal_id": n, "name": f"Nobody {n}"}} for n in range(1, characters + 1)
    }


def client(transport: Scripted, **limits: int) -> JikanClient:
    return JikanClient(api=api("jikan", transport), **limits)


def test_a_series_is_fetched_whole_step_by_step() -> None:
    transport = Scripted(series(episodes=26, characters=45))
    fetched = fetch_all(client(transport), PAGE)
    assert [len(fetched.answers[kind]) for kind in ("characters", "character_details", "episodes")] == [45, 45, 26]
    assert [item["mal_id"] for item in fetched.answers["episode_details"]] == list(range(1, 27))
    assert [person["positions"] for person in fetched.answers["staff"]] == [["Director"]]
    assert fetched.answers["statistics"]["watching"] == 5
    assert len(fetched.answers["pictures"]) == len(fetched.answers["videos"]["promo"]) == 1
    assert fetched.problems == []
    assert max(fetched.requests_a_step(transport)) <= 20


def test_a_series_of_1100_episodes_ends_and_asks_for_the_details_of_the_newest_alone() -> None:
    transport = Scripted(series(episodes=1100, characters=0))
    fetched = fetch_all(client(transport), PAGE)
    assert [item["mal_id"] for item in fetched.answers["episodes"]] == list(range(1, 1101))
    assert [item["mal_id"] for item in fetched.answers["episode_details"]] == list(range(1001, 1101))
    assert len(transport.asked) == len(set(transport.asked))


def test_a_crash_resumes_at_its_page() -> None:
    transport = Scripted(series(episodes=250, characters=0))
    page = client(transport).fetch(PAGE, cursor="episodes:3")
    assert transport.asked == ["GET /anime/7/episodes?page=3"]
    assert page.answers["episodes"][0]["mal_id"] == 201


def test_an_anime_without_characters_and_episodes_is_fetched() -> None:
    fetched = fetch_all(client(Scripted(series(episodes=0, characters=0))), PAGE)
    assert (fetched.answers["anime"]["title"], fetched.answers["episodes"], fetched.problems) == ("Long", [], [])


def test_an_anime_that_is_not_on_the_site_is_not_found() -> None:
    transport = Scripted({})
    with pytest.raises(NotFound, match="jikan: the anime has no page there"):
        client(transport).fetch(("https://kitsu.app/anime/1",), cursor=None)
    assert transport.asked == []
    with pytest.raises(NotFound, match="answers 404"):
        client(transport).fetch(PAGE, cursor=None)


def test_a_later_step_that_will_not_work_is_a_problem_and_the_rest_goes_on() -> None:
    answers = series(episodes=3, characters=2)
    del answers["GET /anime/7/characters"], answers["GET /anime/7/episodes/2"]
    fetched = fetch_all(client(Scripted(answers)), PAGE)
    assert [item["mal_id"] for item in fetched.answers["episode_details"]] == [1, 3]
    assert fetched.problems == [
        "characters: jikan GET /anime/7/characters: answers 404",
        "details of episodes: 1 of 3 not available, first 2 (jikan GET /anime/7/episodes/2: answers 404)",
    ]


@pytest.mark.parametrize("error", [Unavailable("down"), Throttled("slow", retry_after=600)])
def test_what_may_pass_goes_to_the_caller_from_every_step(error: Exception) -> None:
    answers: dict[str, Any] = dict.fromkeys(series(episodes=1, characters=1), error)
    steps = ("characters", "character_details:1", "staff", "statistics", "pictures", "videos", "episodes:1")
    for cursor in (None, *steps, "episode_details:1-1"):
        with pytest.raises(type(error)):
            client(Scripted(answers)).fetch(PAGE, cursor=cursor)


@pytest.mark.parametrize("nonsense", [{}, [], {"data": []}, {"data": None}, {"data": "x"}, 1])
def test_an_answer_of_another_shape_is_an_error(nonsense: Any) -> None:
    transport = Scripted({"GET /anime/7/full": json_response(nonsense)})
    with pytest.raises(ChangedShape, match=r"^jikan (answer|data): expected an object"):
        client(transport).fetch(PAGE, cursor=None)


def test_a_needed_field_of_another_shape_names_its_place() -> None:
    answers = series(episodes=2, characters=0)
    answers["GET /anime/7/full"]["data"]["title"] = ["Long"]
    with pytest.raises(ChangedShape, match=r"^jikan anime\.title: expected a text, got a list$"):
        client(Scripted(answers)).fetch(PAGE, cursor=None)
    for item in answers["GET /anime/7/episodes?page=1"]["data"]:
        item["mal_id"] = "2"
    page = client(Scripted(answers)).fetch(PAGE, cursor="episodes:1")
    assert page.problems == ('episodes, page 1: jikan episodes[0].mal_id: expected a whole number, got "2"',)


def test_fields_that_nobody_knows_are_kept_and_counted() -> None:
    answers = series(episodes=2, characters=2)
    answers["GET /anime/7/full"]["data"]["mood"] = "calm"
    for number in (1, 2):
        answers[f"GET /characters/{number}/full"]["data"]["shoe_size"] = 42
    fetched = fetch_all(client(Scripted(answers)), PAGE)
    assert fetched.answers["anime"]["mood"] == "calm"
    counted = [dict(page.unknown) for page in fetched.pages if page.unknown]
    assert counted == [{"anime.mood": 1}, {"character_details.shoe_size": 2}]


def test_told_to_slow_down_it_gives_what_it_has_and_asks_for_the_rest_later() -> None:
    """Where answers are not kept, a step repeated as a whole would ask for all of them again."""
    answers = series(episodes=30, characters=30)
    whole = dict(answers)
    late = Throttled("its turn is in 50 s", retry_after=50)
    answers["GET /characters/4/full"] = answers["GET /anime/7/episodes/23"] = late
    transport = Scripted(answers)
    some = client(transport).fetch(PAGE, cursor="character_details:1,2,3,4,5")
    assert [item["mal_id"] for item in some.answers["character_details"]] == [1, 2, 3]
    assert (some.cursor, some.problems) == ("character_details:4,5", ())
    some = client(transport).fetch(PAGE, cursor="episode_details:21-30")
    assert [item["mal_id"] for item in some.answers["episode_details"]] == [21, 22]
    assert some.cursor == "episode_details:23-30"
    rest = client(Scripted(whole)).fetch(PAGE, cursor=some.cursor)
    assert [item["mal_id"] for item in rest.answers["episode_details"]] == list(range(23, 31))


def test_told_to_slow_down_before_any_answer_it_says_so() -> None:
    answers = series(episodes=3, characters=0)
    answers["GET /anime/7/episodes/1"] = Throttled("its turn is in 50 s", retry_after=50)
    with pytest.raises(Throttled) as raised:
        client(Scripted(answers)).fetch(PAGE, cursor="episode_details:1-3")
    assert raised.value.retry_after == 50


def test_a_detail_that_is_missing_is_an_answer_too() -> None:
    answers = series(episodes=3, characters=0)
    del answers["GET /anime/7/episodes/1"]
    answers["GET /anime/7/episodes/2"] = Throttled("its turn is in 50 s", retry_after=50)
    page = client(Scripted(answers)).fetch(PAGE, cursor="episode_details:1-3")
    assert page.cursor == "episode_details:2-3"
    assert [problem.partition(" (")[0] for problem in page.problems] == [
        "details of episodes: 1 of 1 not available, first 1"
    ]


BROKEN = Unavailable("jikan: answers 500")


@pytest.mark.parametrize("number", [1, 7, 20, 21, 40, 41])
def test_details_that_always_fail_cost_themselves_alone(number: int) -> None:
    answers = series(episodes=41, characters=41)
    answers[f"GET /characters/{number}/full"] = answers[f"GET /anime/7/episodes/{number}"] = BROKEN
    transport = Scripted(answers)
    fetched = fetch_all(client(transport), PAGE)
    others = [one for one in range(1, 42) if one != number]
    for kind in ("character_details", "episode_details"):
        assert [item["mal_id"] for item in fetched.answers[kind]] == others
    assert len(fetched.answers["episodes"]) == 41
    assert [problem.partition(" of ")[0] for problem in fetched.problems] == ["details", "details"]
    assert all(f"first {number} (jikan: answers 500)" in problem for problem in fetched.problems)
    assert len(transport.asked) == len(set(transport.asked))


def test_where_two_in_a_row_fail_the_catalogue_is_down_and_both_are_asked_for_again() -> None:
    answers = series(episodes=30, characters=0)
    whole = dict(answers)
    answers["GET /anime/7/episodes/23"] = answers["GET /anime/7/episodes/24"] = BROKEN
    transport = Scripted(answers)
    some = client(transport).fetch(PAGE, cursor="episode_details:21-30")
    assert [item["mal_id"] for item in some.answers["episode_details"]] == [21, 22]
    assert (some.cursor, some.problems) == ("episode_details:23-30", ())
    assert transport.asked[-1] == "GET /anime/7/episodes/24"
    with pytest.raises(Unavailable):
        client(transport).fetch(PAGE, cursor=some.cursor)
    rest = client(Scripted(whole)).fetch(PAGE, cursor=some.cursor)
    assert [item["mal_id"] for item in rest.answers["episode_details"]] == list(range(23, 31))


def test_details_that_fail_here_and_there_are_each_their_own_fault() -> None:
    answers = series(episodes=5, characters=0)
    answers["GET /anime/7/episodes/2"] = answers["GET /anime/7/episodes/4"] = BROKEN
    page = client(Scripted(answers)).fetch(PAGE, cursor="episode_details:1-5")
    assert [item["mal_id"] for item in page.answers["episode_details"]] == [1, 3, 5]
    assert page.problems == ("details of episodes: 2 of 5 not available, first 2 (jikan: answers 500)",)


def test_one_that_failed_before_the_catalogue_slowed_down_is_asked_for_again() -> None:
    answers = series(episodes=5, characters=0)
    answers["GET /anime/7/episodes/2"] = BROKEN
    answers["GET /anime/7/episodes/3"] = Throttled("its turn is in 50 s (outage)", retry_after=50)
    page = client(Scripted(answers)).fetch(PAGE, cursor="episode_details:1-5")
    assert (page.cursor, page.problems) == ("episode_details:2-5", ())
    with pytest.raises(Throttled):
        client(Scripted(answers)).fetch(PAGE, cursor=page.cursor)


@pytest.mark.parametrize(
    ("aired", "days"),
    [
        ("2026-11-20T00:00:00+00:00", 1 / 24),
        ("2026-11-28T00:00:00+00:00", 1 / 24),
        ("2026-10-25T00:00:00+00:00", 1 / 24),
        (None, 1 / 24),
        (7, 1 / 24),
        ("2026-10-20T00:00:00+00:00", 7.0),
        ("1999-10-24T00:00:00+00:00", 7.0),
    ],
)
def test_details_of_an_episode_that_aired_weeks_ago_are_kept_for_a_week_also_of_a_series_on_air(
    aired: Any, days: float
) -> None:
    """A long series would otherwise be asked for its hundred newest ones again in every run."""
    assert kept_days(aired, on_air=True) == pytest.approx(days)


def test_an_episode_without_a_date_is_kept_as_long_as_its_series_suggests() -> None:
    assert kept_days(None, on_air=False) == pytest.approx(7.0)


def kept_days(aired: Any, *, on_air: bool) -> float:
    answers = series(episodes=1, characters=0)
    answers["GET /anime/7/full"]["data"]["airing"] = on_air
    answers["GET /anime/7/episodes/1"]["data"]["aired"] = aired
    clock = ManualClock()
    cache = FakeAnswerCache(clock=clock)
    clients = catalogue_clients(
        Scripted(answers),
        {Catalogue.JIKAN: "https://example.com"},
        {},
        sleep=Waits(),
        clock=clock,
        answers=SharedAnswers(cache=cache),
    )
    for cursor in (None, "episode_details:1-1"):
        clients[Catalogue.JIKAN].fetch(PAGE, cursor=cursor)
    return (cache.seconds["jikan:anime:7:episode:1"] - STALE_SECONDS) / DAY


def test_an_endless_list_of_pages_ends_with_an_empty_one() -> None:
    empty = {"GET /anime/7/episodes?page=9": {"pagination": {"has_next_page": True}, "data": []}}
    assert client(Scripted(empty)).fetch(PAGE, cursor="episodes:9").cursor is None


@pytest.mark.parametrize(
    "cursor",
    ["", "nothing", "staff:1", "episodes:", "episodes:x", "episodes:1:2", "episode_details:1", "character_details:a"],
)
def test_a_cursor_of_somebody_else_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput, match="no fetch"):
        client(Scripted(series(episodes=1, characters=1))).fetch(PAGE, cursor=cursor)
