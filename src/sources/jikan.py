"""MyAnimeList through an API of Jikan's version 4 (https://docs.api.jikan.moe).

Steps: the anime; its characters; their details, some at a time; the pages of episodes; the details of the newest
episodes, some at a time. Lists of episodes have neither duration nor synopsis, and lists of characters no native name;
only the details have.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.errors import Permanent
from models.events import Catalogue
from sources.json_api import JsonApi
from sources.paging import (
    expect_list,
    expect_object,
    later_step,
    own_id,
    page_number,
    split_cursor,
    unknown_cursor,
)
from workflows.ports import FetchedPage

BASE_URL: Final = "https://api.tenrai.org/v1"
"""Compatible with v4; the public instance of Jikan itself ended in October 2026."""

_EPISODES: Final = "episodes:1"


@dataclass(frozen=True, kw_only=True)
class JikanClient:
    """``details_a_step`` requests are made in one fetch. Details are asked for at most so many characters, main ones
    first as the API lists them, and for the newest so many episodes."""

    api: JsonApi
    details_a_step: int = 20
    character_details: int = 200
    episode_details: int = 100

    def fetch(self, sources: Sequence[str], *, cursor: str | None) -> FetchedPage:
        anime = own_id(Catalogue.JIKAN, sources)
        if cursor is None:
            answer = expect_object(self.api.get(f"/anime/{anime}/full"), "jikan anime")
            return FetchedPage(answers={"anime": expect_object(answer.get("data"), "jikan anime")}, cursor="characters")
        step, position = split_cursor(cursor)
        match step:
            case "characters":
                return later_step("characters", lambda: self._characters(anime), then=_EPISODES)
            case "character_details":
                return self._character_details(position)
            case "episodes":
                page = page_number(position)
                return later_step(f"episodes, page {page}", lambda: self._episodes(anime, page), then=None)
            case "episode_details":
                return self._episode_details(anime, position)
        raise unknown_cursor(Catalogue.JIKAN)

    def _characters(self, anime: str) -> FetchedPage:
        answer = expect_object(self.api.get(f"/anime/{anime}/characters"), "jikan characters")
        edges = expect_list(answer.get("data"), "jikan characters")
        wanted = [str(number) for edge in edges if (number := _character_id(edge)) is not None][
            : self.character_details
        ]
        cursor = f"character_details:{','.join(wanted)}" if wanted else _EPISODES
        return FetchedPage(answers={"characters": edges}, cursor=cursor)

    def _character_details(self, position: str) -> FetchedPage:
        wanted = [page_number(part) for part in position.split(",")]
        now, later = wanted[: self.details_a_step], wanted[self.details_a_step :]
        found, problems = _each("details of characters", now, lambda number: self._detail(f"/characters/{number}/full"))
        cursor = f"character_details:{','.join(map(str, later))}" if later else _EPISODES
        return FetchedPage(answers={"character_details": found}, cursor=cursor, problems=problems)

    def _episodes(self, anime: str, page: int) -> FetchedPage:
        answer = expect_object(self.api.get(f"/anime/{anime}/episodes", {"page": page}), "jikan episodes")
        episodes = expect_list(answer.get("data"), "jikan episodes")
        pagination = answer.get("pagination")
        if isinstance(pagination, dict) and pagination.get("has_next_page") is True and episodes:
            return FetchedPage(answers={"episodes": episodes}, cursor=f"episodes:{page + 1}")
        numbers = [
            item["mal_id"] for item in episodes if isinstance(item, dict) and isinstance(item.get("mal_id"), int)
        ]
        last = max(numbers, default=0)
        first = max(1, last - self.episode_details + 1)
        return FetchedPage(answers={"episodes": episodes}, cursor=f"episode_details:{first}-{last}" if last else None)

    def _episode_details(self, anime: str, position: str) -> FetchedPage:
        start, _, end = position.partition("-")
        first, last = page_number(start), page_number(end)
        stop = min(last, first + self.details_a_step - 1)
        found, problems = _each(
            "details of episodes",
            range(first, stop + 1),
            lambda number: self._detail(f"/anime/{anime}/episodes/{number}"),
        )
        cursor = f"episode_details:{stop + 1}-{last}" if stop < last else None
        return FetchedPage(answers={"episode_details": found}, cursor=cursor, problems=problems)

    def _detail(self, path: str) -> Any:
        answer = expect_object(self.api.get(path), f"jikan {path}")
        return expect_object(answer.get("data"), f"jikan {path}")


def _character_id(edge: object) -> int | None:
    character = edge.get("character") if isinstance(edge, dict) else None
    number = character.get("mal_id") if isinstance(character, dict) else None
    return number if isinstance(number, int) else None


def _each(what: str, wanted: Iterable[int], ask: Callable[[int], Any]) -> tuple[list[Any], tuple[str, ...]]:
    """What each request gives, and one problem for all that gave nothing.

    Raises:
        Retryable: from ``ask``; the step is repeated as a whole.
    """
    found, missing = [], []
    for number in wanted:
        try:
            found.append(ask(number))
        except Permanent as error:
            missing.append((number, error))
    if not missing:
        return found, ()
    first, reason = missing[0]
    return found, (f"{what}: {len(missing)} of {len(found) + len(missing)} not available, first {first} ({reason})",)
