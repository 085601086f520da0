"""MyAnimeList through an API of Jikan's version 4 (https://docs.api.jikan.moe).

Steps: the anime; its characters; their details, some at a time; staff, statistics, pictures and videos, a step each;
the pages of episodes; the details of the newest episodes, some at a time. The anime's own answer holds its relations,
themes and links. Lists of episodes have neither duration nor synopsis, and lists of characters no native name; only the
details have.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.errors import Permanent
from models.events import Catalogue
from sources.json_api import JsonApi
from sources.keeping import Keep, Kind
from sources.paging import (
    checked_page,
    expect_list,
    expect_object,
    going_on,
    later_step,
    own_id,
    page_number,
    split_cursor,
    unknown_cursor,
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
            keep = Keep(item=f"anime:{anime}", kind=Kind.ANIME, airing=_airs, check=_object)
            found = _object(self.api.get(f"/anime/{anime}/full", keep=keep))
            return _page({"anime": found}, cursor="characters")
        step, position = split_cursor(cursor)
        match step:
            case "characters":
                return later_step("characters", lambda: self._characters(anime), then=_AFTER_CHARACTERS)
            case "character_details":
                return self._character_details(position)
            case "episodes":
                page = page_number(position)
                return later_step(f"episodes, page {page}", lambda: self._episodes(anime, page), then=None)
            case "episode_details":
                return self._episode_details(anime, position)
        if cursor in _EXTRAS:
            return later_step(step, lambda: self._extra(anime, step), then=_EXTRAS[step][0])
        raise unknown_cursor(Catalogue.JIKAN)

    def _characters(self, anime: str) -> FetchedPage:
        keep = Keep(item=f"anime:{anime}:characters", kind=Kind.CHARACTERS, of=f"anime:{anime}", check=_data)
        edges = _list(self.api.get(f"/anime/{anime}/characters", keep=keep), "characters")
        page = _page({"characters": edges}, cursor=_AFTER_CHARACTERS)
        wanted = [str(edge["character"]["mal_id"]) for edge in edges][: self.character_details]
        return going_on(page, f"character_details:{','.join(wanted)}") if wanted else page

    def _character_details(self, position: str) -> FetchedPage:
        wanted = [page_number(part) for part in position.split(",")]
        now, later = wanted[: self.details_a_step], wanted[self.details_a_step :]
        cursor = f"character_details:{','.join(map(str, later))}" if later else _AFTER_CHARACTERS

        def detail(number: int) -> FetchedPage:
            keep = Keep(item=f"character:{number}", kind=Kind.CHARACTER, check=_data)
            return _page({"character_details": [_object(self.api.get(f"/characters/{number}/full", keep=keep))]})

        return _each("details of characters", "character_details", now, detail, cursor=cursor)

    def _extra(self, anime: str, step: str) -> FetchedPage:
        after, kind = _EXTRAS[step]
        keep = Keep(item=f"anime:{anime}:{step}", kind=kind, of=f"anime:{anime}", check=_data)
        answer = self.api.get(f"/anime/{anime}/{step}", keep=keep)
        found = _list(answer, step) if step in {"staff", "pictures"} else _object(answer)
        return _page({step: found}, cursor=after)

    def _episodes(self, anime: str, page: int) -> FetchedPage:
        keep = Keep(item=f"anime:{anime}:episodes:{page}", kind=Kind.EPISODES, of=f"anime:{anime}", check=_data)
        answer = self.api.get(f"/anime/{anime}/episodes", {"page": page}, keep=keep)
        episodes = _list(answer, "episodes")
        fetched = _page({"episodes": episodes})
        pagination = answer.get("pagination")
        if isinstance(pagination, dict) and pagination.get("has_next_page") is True and episodes:
            return going_on(fetched, f"episodes:{page + 1}")
        last = max((item["mal_id"] for item in episodes), default=0)
        first = max(1, last - self.episode_details + 1)
        return going_on(fetched, f"episode_details:{first}-{last}") if last > 0 else fetched

    def _episode_details(self, anime: str, position: str) -> FetchedPage:
        start, _, end = position.partition("-")
        first, last = page_number(start), page_number(end)
        stop = min(last, first + self.details_a_step - 1)

        def detail(number: int) -> FetchedPage:
            keep = Keep(item=f"anime:{anime}:episode:{number}", kind=Kind.EPISODE, of=f"anime:{anime}", check=_data)
            answer = self.api.get(f"/anime/{anime}/episodes/{number}", keep=keep)
            return _page({"episode_details": [_object(answer)]})

        return _each(
            "details of episodes",
            "episode_details",
            range(first, stop + 1),
            detail,
            cursor=f"episode_details:{stop + 1}-{last}" if stop < last else None,
        )


def _object(answer: object) -> Mapping[str, Any]:
    return expect_object(expect_object(answer, Catalogue.JIKAN, "answer").get("data"), Catalogue.JIKAN, "data")


def _data(answer: object) -> None:
    """Raises:
    ChangedShape: the envelope holds neither an object nor a list.
    """
    if not isinstance(expect_object(answer, Catalogue.JIKAN, "answer").get("data"), list):
        _object(answer)


def _list(answer: object, kind: str) -> list[Any]:
    return expect_list(expect_object(answer, Catalogue.JIKAN, "answer").get("data"), Catalogue.JIKAN, kind)


def _airs(answer: object) -> bool:
    return _object(answer).get("airing") is True


def _page(answers: Mapping[str, Any], *, cursor: str | None = None) -> FetchedPage:
    return checked_page(Catalogue.JIKAN, answers, shapes=SHAPES, cursor=cursor)


def _each(
    what: str, kind: str, wanted: Iterable[int], ask: Callable[[int], FetchedPage], *, cursor: str | None
) -> FetchedPage:
    """What each request gives, and one problem for all that gave nothing.

    Raises:
        Retryable: from ``ask``; the step is repeated as a whole.
    """
    found: list[Any] = []
    missing: list[tuple[int, Permanent]] = []
    unknown: Counter[str] = Counter()
    for number in wanted:
        try:
            page = ask(number)
        except Permanent as error:
            missing.append((number, error))
        else:
            found += page.answers[kind]
            unknown += Counter(page.unknown)
    problems = []
    if missing:
        first, reason = missing[0]
        asked = len(found) + len(missing)
        problems = [f"{what}: {len(missing)} of {asked} not available, first {first} ({reason})"]
    return FetchedPage(answers={kind: found}, cursor=cursor, problems=tuple(problems), unknown=unknown)
