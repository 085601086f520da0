"""MyAnimeList through an API of Jikan's version 4 (https://docs.api.jikan.moe).

Steps: the anime; its characters; their details, some at a time; staff, statistics, pictures and videos, a step each;
the pages of episodes; the details of the newest episodes, some at a time. The anime's own answer holds its relations,
themes and links. Lists of episodes have neither duration nor synopsis, and lists of characters no native name; only the
details have.

For one episode: the anime; the page of episodes that has it; the last page, from which the next episode is counted; the
details of the episode and of those beside it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from domain import airing
from models.errors import AnimeError, NotFound, Permanent, Retryable, Unavailable
from models.events import Catalogue
from sources.json_api import JsonApi
from sources.keeping import Keep, Kind
from sources.paging import (
    Listed,
    Place,
    checked_page,
    expect_list,
    expect_object,
    going_on,
    last_of,
    later_step,
    listed_step,
    own_id,
    page_number,
    split_cursor,
    unknown_cursor,
    whole_number,
)
from sources.shapes import Shape, shape
from workflows.ports import FetchedPage

BASE_URL: Final = "https://api.tenrai.org/v1"
"""Compatible with v4; the public instance of Jikan itself ended in October 2026."""

_JPG_AND_WEBP: Final = (
    "images(jpg(image_url small_image_url large_image_url) webp(image_url small_image_url large_image_url))"
)
_TRAILER: Final = (
    "youtube_id url embed_url images(image_url small_image_url medium_image_url large_image_url maximum_image_url)"
)
_NAMED: Final = "(mal_id type name url)"
_DAY: Final = "(day month year)"
_EPISODE: Final = (
    "mal_id:int! url title title_japanese title_romanji aired score filler recap forum_url duration synopsis"
)

SHAPES: Final[Mapping[str, Shape]] = {
    "anime": shape(
        f"""mal_id:int! url {_JPG_AND_WEBP} trailer({_TRAILER}) approved titles(type title) title:text! title_english
        title_japanese title_synonyms:list type source episodes status airing
        aired(from to prop(from{_DAY} to{_DAY} string) string) duration rating score scored_by rank popularity members
        favorites synopsis background season year broadcast(day time timezone string) producers{_NAMED}
        licensors{_NAMED} studios{_NAMED} genres{_NAMED} explicit_genres{_NAMED} themes{_NAMED} demographics{_NAMED}
        relations(relation entry{_NAMED}) theme(openings:list endings:list) external(name url) streaming(name url)"""
    ),
    "characters": shape(
        f"""character:object!(mal_id:int! url {_JPG_AND_WEBP} name:text!) role favorites
        voice_actors(person(mal_id url {_JPG_AND_WEBP} name) language)"""
    ),
    "character_details": shape(
        f"mal_id:int! url {_JPG_AND_WEBP} name:text! name_kanji nicknames:list favorites about anime* manga* voices*"
    ),
    "staff": shape(f"person:object!(mal_id:int! url {_JPG_AND_WEBP} name:text!) positions:list"),
    "statistics": shape(
        "watching completed on_hold dropped plan_to_watch total scores(score:int! votes:int! percentage)"
    ),
    "pictures": shape("jpg(image_url small_image_url large_image_url) webp(image_url small_image_url large_image_url)"),
    "videos": shape(
        f"""promo(title trailer({_TRAILER})) episodes(mal_id url title episode {_JPG_AND_WEBP})
        music_videos(title video({_TRAILER}) meta(title author))"""
    ),
    "episodes": shape(_EPISODE),
    "episode_details": shape(_EPISODE),
}

_EXTRAS: Final = {
    "staff": ("statistics", Kind.STAFF),
    "statistics": ("pictures", Kind.STATISTICS),
    "pictures": ("videos", Kind.MEDIA),
    "videos": ("episodes:1", Kind.MEDIA),
}
"""Steps of one request each: what comes after them, and how their answers are kept."""

_AFTER_CHARACTERS: Final = "staff"

_EPISODES_A_PAGE: Final = 100

_SETTLED_AFTER: Final = timedelta(weeks=4)
"""Since an episode aired: by then its title, length and synopsis are written, and change no more often than those of a
series that ended."""


@dataclass(frozen=True, kw_only=True)
class JikanClient:
    """``details_a_step`` requests are made in one fetch. Details are asked for at most so many characters, main ones
    first as the API lists them, and for the newest so many episodes."""

    api: JsonApi
    details_a_step: int = 20
    character_details: int = 200
    episode_details: int = 100

    def fetch(self, sources: Sequence[str], *, cursor: str | None, episode: str | None = None) -> FetchedPage:
        anime = own_id(Catalogue.JIKAN, sources)
        if cursor is None:
            return going_on(self._anime(anime), "characters" if episode is None else f"episodes:{_page_of(episode)}")
        step, position = split_cursor(cursor)
        if cursor in _EXTRAS:
            return later_step(step, lambda: self._extra(anime, step), then=_EXTRAS[step][0])
        return self._step(anime, step, position, episode)

    def _step(self, anime: str, step: str, position: str, episode: str | None) -> FetchedPage:
        match step:
            case "characters":
                return later_step("characters", lambda: self._characters(anime), then=_AFTER_CHARACTERS)
            case "character_details":
                return self._character_details(position)
            case "episodes":
                return self._episodes(anime, Place.parse(position), episode)
            case "newest_episodes":
                return self._newest_episodes(anime, position)
            case "episode_details":
                return self._episode_details(anime, position)
        raise unknown_cursor(Catalogue.JIKAN)

    def _anime(self, anime: str) -> FetchedPage:
        def read(answer: object) -> FetchedPage:
            return _page({"anime": _object(answer)})

        keep = Keep(item=f"anime:{anime}", kind=Kind.ANIME, airing=_airs, check=read)
        return read(self.api.get(f"/anime/{anime}/full", keep=keep))

    # -------------------------------------------------------------------------------------------------- characters

    def _characters(self, anime: str) -> FetchedPage:
        def read(answer: object) -> FetchedPage:
            return _page({"characters": _list(answer, "characters")}, rows="characters", cursor=_AFTER_CHARACTERS)

        keep = Keep(item=f"anime:{anime}:characters", kind=Kind.CHARACTERS, of=f"anime:{anime}", check=read)
        page = read(self.api.get(f"/anime/{anime}/characters", keep=keep))
        wanted = [str(edge["character"]["mal_id"]) for edge in page.answers["characters"]][: self.character_details]
        return going_on(page, f"character_details:{','.join(wanted)}") if wanted else page

    def _character_details(self, position: str) -> FetchedPage:
        wanted = [page_number(part) for part in position.split(",")]

        def read(answer: object) -> FetchedPage:
            return _page({"character_details": [_object(answer)]}, rows="character_details")

        def detail(number: int) -> FetchedPage:
            keep = Keep(item=f"character:{number}", kind=Kind.CHARACTER, check=read)
            return read(self.api.get(f"/characters/{number}/full", keep=keep))

        def behind(count: int) -> str:
            later = wanted[count:]
            return f"character_details:{','.join(map(str, later))}" if later else _AFTER_CHARACTERS

        now = wanted[: self._at_once(len(wanted))]
        return _each("details of characters", "character_details", now, detail, behind=behind)

    def _extra(self, anime: str, step: str) -> FetchedPage:
        after, kind = _EXTRAS[step]

        def read(answer: object) -> FetchedPage:
            found = _list(answer, step) if step in {"staff", "pictures"} else _object(answer)
            return _page({step: found}, rows=step, cursor=after)

        keep = Keep(item=f"anime:{anime}:{step}", kind=kind, of=f"anime:{anime}", check=read)
        return read(self.api.get(f"/anime/{anime}/{step}", keep=keep))

    # ---------------------------------------------------------------------------------------------------- episodes

    def _episodes(self, anime: str, place: Place, episode: str | None) -> FetchedPage:
        what = f"episodes, page {place.position}"
        if episode is not None:
            return later_step(what, lambda: self._around(anime, place.position, episode), then=None)

        def details(seen: str) -> str | None:
            last = last_of(seen)
            return f"episode_details:{max(1, last - self.episode_details + 1)}-{last}" if last > 0 else None

        def ask() -> Listed:
            page, pagination = self._page_of_episodes(anime, place.position)
            more = pagination.get("has_next_page") is True
            return Listed(page=page, ids=sorted(_numbers(page)), more=more)

        return listed_step(
            what,
            ask,
            place=place,
            behind=place.position + 1,
            cursor=lambda next_one: f"episodes:{next_one}",
            then=details,
        )

    def _around(self, anime: str, number: int, episode: str) -> FetchedPage:
        """The page that should have the episode. Without it, as before the catalogue lists a new one, the last page
        still tells how far it is."""
        try:
            page, pagination = self._page_of_episodes(anime, number)
        except NotFound:
            if number == 1:
                raise
            return FetchedPage(answers={}, cursor=f"newest_episodes:{number - 1}:{_beside(episode, ())}")
        listed = _numbers(page)
        last = pagination.get("last_visible_page")
        further = isinstance(last, int) and (last > number if listed else 0 < last < number)
        beside = _beside(episode, listed)
        return going_on(page, f"newest_episodes:{last}:{beside}" if further else _details_of(beside))

    def _newest_episodes(self, anime: str, position: str) -> FetchedPage:
        page, _, beside = position.partition(":")
        number = page_number(page)
        return later_step(
            f"episodes, page {number}",
            lambda: going_on(self._page_of_episodes(anime, number)[0], _details_of(beside)),
            then=_details_of(beside),
        )

    def _page_of_episodes(self, anime: str, number: int) -> tuple[FetchedPage, Mapping[str, Any]]:
        """With what the answer says of the pages."""

        def read(answer: object) -> FetchedPage:
            return _page({"episodes": _list(answer, "episodes")}, rows="episodes")

        keep = Keep(item=f"anime:{anime}:episodes:{number}", kind=Kind.EPISODES, of=f"anime:{anime}", check=read)
        answer = self.api.get(f"/anime/{anime}/episodes", {"page": number}, keep=keep)
        pagination = answer.get("pagination")
        return read(answer), pagination if isinstance(pagination, dict) else {}

    def _episode_details(self, anime: str, position: str) -> FetchedPage:
        start, _, end = position.partition("-")
        first, last = page_number(start), page_number(end)
        now = range(first, first + self._at_once(max(0, last - first + 1)))

        def read(answer: object) -> FetchedPage:
            return _page({"episode_details": [_object(answer)]}, rows="episode_details")

        def detail(number: int) -> FetchedPage:
            item = f"anime:{anime}:episode:{number}"
            keep = Keep(item=item, kind=Kind.EPISODE, airing=self._is_recent, of=f"anime:{anime}", check=read)
            return read(self.api.get(f"/anime/{anime}/episodes/{number}", keep=keep))

        def behind(count: int) -> str | None:
            return f"episode_details:{first + count}-{last}" if first + count <= last else None

        return _each("details of episodes", "episode_details", now, detail, behind=behind)

    def _at_once(self, wanted: int) -> int:
        """How many of so many details are asked for in one step. None is left for a step of its own: with no other
        beside it nobody could tell its fault from the catalogue's."""
        return wanted if wanted <= self.details_a_step + 1 else self.details_a_step

    def _is_recent(self, answer: object) -> bool | None:
        """Whether the episode aired lately, or has yet to; None where it does not say when."""
        aired = _object(answer).get("aired")
        day = airing.day_of_record(aired) if isinstance(aired, str) else None
        return None if day is None else self.api.clock().date() - airing.day_in_japan(day) < _SETTLED_AFTER


def _page_of(episode: str) -> int:
    return max(1, -(-(whole_number(episode) or 1) // _EPISODES_A_PAGE))


def _beside(episode: str, listed: Sequence[int]) -> str:
    """The episode and those before and after it, as far as they are listed: ``11-13``; empty where none is."""
    number = whole_number(episode)
    found = [one for one in listed if number is not None and one > 0 and abs(one - number) <= 1]
    return f"{min(found)}-{max(found)}" if found else ""


def _details_of(span: str) -> str | None:
    return f"episode_details:{span}" if span else None


def _numbers(page: FetchedPage) -> list[int]:
    return [item["mal_id"] for item in page.answers["episodes"]]


def _object(answer: object) -> Mapping[str, Any]:
    return expect_object(expect_object(answer, Catalogue.JIKAN, "answer").get("data"), Catalogue.JIKAN, "data")


def _list(answer: object, kind: str) -> list[Any]:
    return expect_list(expect_object(answer, Catalogue.JIKAN, "answer").get("data"), Catalogue.JIKAN, kind)


def _airs(answer: object) -> bool:
    return _object(answer).get("airing") is True


def _page(answers: Mapping[str, Any], *, rows: str | None = None, cursor: str | None = None) -> FetchedPage:
    return checked_page(Catalogue.JIKAN, answers, shapes=SHAPES, rows=rows, cursor=cursor)


def _each(
    what: str,
    kind: str,
    wanted: Sequence[int],
    ask: Callable[[int], FetchedPage],
    *,
    behind: Callable[[int], str | None],
) -> FetchedPage:
    """What each request gives, and one problem for all that gave nothing. ``behind``: the cursor behind so many.

    Raises:
        Retryable: from ``ask``, before any answer.
    """
    found: list[Any] = []
    missing: list[tuple[int, AnimeError]] = []
    unknown: Counter[str] = Counter()
    problems: list[str] = []
    outcomes = _outcomes(wanted, ask)
    for number, outcome in zip(wanted, outcomes, strict=False):
        if isinstance(outcome, AnimeError):
            missing.append((number, outcome))
        else:
            found += outcome.answers[kind]
            unknown += Counter(outcome.unknown)
            problems += outcome.problems
    done = len(outcomes)
    if missing:
        first, reason = missing[0]
        problems.append(f"{what}: {len(missing)} of {done} not available, first {first} ({reason})")
    return FetchedPage(answers={kind: found}, cursor=behind(done), problems=tuple(problems), unknown=unknown)


def _outcomes(wanted: Sequence[int], ask: Callable[[int], FetchedPage]) -> Sequence[FetchedPage | AnimeError]:
    """One for each, in their order, up to where the catalogue answers no more; what is left is asked for later, and
    what was answered is not asked for again.

    A request that fails while those beside it are answered is an outcome too: some pages of the site always break what
    reads them, and would keep all that comes behind them from ever being asked for.

    Raises:
        Retryable: from ``ask``, before any answer.
    """
    outcomes: list[FetchedPage | AnimeError] = []
    late: Retryable | None = None
    for number in wanted:
        try:
            outcomes.append(ask(number))
        except Permanent as error:
            outcomes.append(error)
        except Retryable as error:
            late = error
            in_a_row = bool(outcomes) and isinstance(outcomes[-1], Unavailable)
            if isinstance(error, Unavailable) and not in_a_row:
                outcomes.append(error)
                continue
            if in_a_row:
                outcomes.pop()
            break
    if late is not None and all(isinstance(outcome, Unavailable) for outcome in outcomes):
        raise late
    return outcomes
