"""AniDB's answer to ``request=anime``, from XML to plain values (https://wiki.anidb.net/HTTP_API_Definition).

What comes out has the names that ``domain.stages.readers.anidb`` reads. Similar anime and recommendations are opinions
of AniDB's users and are left out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from models.errors import ChangedShape, Malformed, NotFound
from models.events import Catalogue
from sources.http import Refused
from sources.markup import Element, attribute, find, find_all, read_xml, text_of
from sources.shapes import check, shape

WHERE: Final = "anidb anime"

_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_UNKNOWN_ANIME: Final = ("not found", "missing or invalid", "unknown anime")
_LONGEST_SHOWN: Final = 60

_RESOURCES: Final = "resources(resource(@type externalentity(identifier url)))"

_KNOWN: Final = shape(
    f"""@id:digits! @restricted type episodecount startdate enddate url description picture
    titles!(title!(@type @lang)) relatedanime(anime(@id @type)) similaranime* recommendations* creators(name(@id @type))
    ratings(permanent(@count) temporary(@count) review(@count)) categories* {_RESOURCES}
    tags(tag(@id @parentid @weight @localspoiler @globalspoiler @verified @update @infobox name description picurl))
    characters(character(@id @type @update rating(@votes) name gender charactertype(@id) description picture
    seiyuu(@id @picture)))
    episodes(episode(@id @update @recap epno(@type) length airdate rating(@votes) title(@lang) summary {_RESOURCES}))"""
)
"""Attributes begin with ``@``; the texts of elements with attributes are not part of it."""


def parsed_anime(body: bytes, *, number: str) -> tuple[dict[str, Any], Counter[str]]:
    """The anime with this number, and how often each part of the answer came that nobody here knows.

    Raises:
        NotFound: AniDB does not know it.
        Refused: AniDB says why it gives no answer: banned, or a client that it does not know.
        ChangedShape: the number or the titles are not where they were, or the number is another's.
        Malformed: no XML, or no anime.
    """
    root = read_answer(body)
    unknown = check(_plain(root), _KNOWN, catalogue=Catalogue.ANIDB, path="anime")
    found = attribute(root, "id")
    if found != number:
        raise ChangedShape(Catalogue.ANIDB, "anime.@id", expected=number, found=str(found))
    return _anime(root), unknown


def read_answer(body: bytes) -> Element:
    """The root of an answer that is none of AniDB's errors, which come with status 200. Raises as ``parsed_anime``."""
    root = read_xml(body, WHERE)
    if root.tag == "error":
        raise _error(text_of(root) or "", attribute(root, "code"))
    if root.tag != "anime":
        raise Malformed(f"{WHERE}: expected an anime, got <{str(root.tag)[:_LONGEST_SHOWN]}>")
    return root


def _error(words: str, code: str | None) -> NotFound | Refused:
    said = words[:_LONGEST_SHOWN]
    folded = words.casefold()
    if "client" not in folded and any(sign in folded for sign in _UNKNOWN_ANIME):
        return NotFound(f"anidb: does not know the anime ({said})")
    if "client" in folded:
        return Refused(
            f"anidb: does not know our client ({said}); put one registered with AniDB into the secret catalogue-anidb"
        )
    if "banned" in folded:
        return Refused("anidb: has banned this address for a while; it bans who asks too often")
    return Refused(f"anidb: gives no answer ({said or code or 'no reason given'})")


def _anime(root: Element) -> dict[str, Any]:
    return _filled(
        {
            "anidb_id": attribute(root, "id"),
            "restricted": attribute(root, "restricted") == "true",
            **{name: _text(root, name) for name in ("type", "episodecount", "startdate", "enddate", "url", "picture")},
            "description": _prose(root, "description"),
            "titles": _titles(root),
            "related_anime": [_with_ids(item, "title") for item in find_all(root, "relatedanime/anime")],
            "tags": [_tag(item) for item in find_all(root, "tags/tag")],
            "ratings": {str(item.tag): _rating(item) for item in find_all(root, "ratings/*")},
            "creators": [_with_ids(item, "name") for item in find_all(root, "creators/name")],
            "resources": _resources(root),
            "characters": [_character(item) for item in find_all(root, "characters/character")],
            "episodes": [_episode(item) for item in find_all(root, "episodes/episode")],
        }
    )


def _titles(root: Element) -> dict[str, Any]:
    """``named`` holds every title with its kind and language; the others are picked from it."""
    named = [
        {"type": attribute(item, "type"), "lang": attribute(item, _LANGUAGE), "title": title}
        for item in find_all(root, "titles/title")
        if (title := text_of(item))
    ]
    main = next((item["title"] for item in named if item["type"] == "main"), None)
    english = next((item["title"] for item in named if (item["type"], item["lang"]) == ("official", "en")), None)
    japanese = next((item["title"] for item in named if (item["type"], item["lang"]) == ("official", "ja")), None)
    others = [item["title"] for item in named if item["title"] not in {main, english, japanese}]
    if main is None:
        raise ChangedShape(Catalogue.ANIDB, "anime.titles", expected="a title of type main", found="none")
    return _filled(
        {
            "main": main,
            "english": english,
            "japanese": japanese,
            "synonyms": list(dict.fromkeys(others)),
            "named": named,
        }
    )


def _tag(tag: Element) -> dict[str, Any]:
    return _filled(
        {
            "id": attribute(tag, "id"),
            "name": _text(tag, "name"),
            "description": _prose(tag, "description"),
            "weight": _number(attribute(tag, "weight")),
            "spoiler": "true" in {attribute(tag, "localspoiler"), attribute(tag, "globalspoiler")},
        }
    )


def _character(item: Element) -> dict[str, Any]:
    kind, rating, voice = find(item, "charactertype"), find(item, "rating"), find(item, "seiyuu")
    return _filled(
        {
            "id": attribute(item, "id"),
            "type": attribute(item, "type"),
            "update": attribute(item, "update"),
            **{name: _text(item, name) for name in ("name", "gender", "picture")},
            "description": _prose(item, "description"),
            "character_type": text_of(kind),
            "character_type_id": attribute(kind, "id"),
            "rating": _number(text_of(rating)),
            "rating_votes": _number(attribute(rating, "votes")),
            "seiyuu": _filled(
                {"name": text_of(voice), "id": attribute(voice, "id"), "picture": attribute(voice, "picture")}
            ),
        }
    )


def _episode(item: Element) -> dict[str, Any]:
    number, rating = find(item, "epno"), find(item, "rating")
    titles: dict[str, str] = {}
    for title in find_all(item, "title"):
        words = text_of(title)
        if words:
            titles.setdefault(attribute(title, _LANGUAGE) or "", words)
    return _filled(
        {
            "id": attribute(item, "id"),
            "epno": text_of(number),
            "epno_type": _number(attribute(number, "type")),
            "recap": attribute(item, "recap") == "true",
            **{name: _text(item, name) for name in ("length", "airdate")},
            "rating": _number(text_of(rating)),
            "rating_votes": _number(attribute(rating, "votes")),
            "titles": titles,
            "summary": _prose(item, "summary"),
            "resources": _resources(item),
        }
    )


def _resources(around: Element) -> list[dict[str, Any]]:
    return [
        _filled(
            {
                "type": _number(attribute(resource, "type")),
                "identifiers": [words for item in find_all(entity, "identifier") if (words := text_of(item))],
                "url": _text(entity, "url"),
            }
        )
        for resource in find_all(around, "resources/resource")
        for entity in find_all(resource, "externalentity")
    ]


def _rating(item: Element) -> dict[str, Any]:
    return _filled({"value": _number(text_of(item)), "count": _number(attribute(item, "count"))})


def _with_ids(item: Element, name: str) -> dict[str, Any]:
    return _filled({"id": attribute(item, "id"), name: text_of(item), "type": attribute(item, "type")})


def _text(around: Element, name: str) -> str | None:
    return text_of(find(around, name))


def _prose(around: Element, name: str) -> str | None:
    """With its line breaks, which AniDB's texts have."""
    found = find(around, name)
    return None if found is None else "".join(str(piece) for piece in found.itertext()).strip() or None


def _number(words: str | None) -> int | float | None:
    try:
        found = float(words or "")
    except ValueError:
        return None
    if found != found or abs(found) == float("inf"):  # noqa: PLR0124 - not a number
        return None
    return int(found) if found.is_integer() else found


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value not in ({}, [], "")}


def _plain(element: Element) -> dict[str, Any] | str | None:
    """Attributes and elements by name, for ``check``; an element without either is its text."""
    inside: dict[str, Any] = dict(_attributes(element))
    for child in element:
        if isinstance(child.tag, str):
            inside.setdefault(child.tag, []).append(_plain(child))
    return inside or element.text


def _attributes(element: Element) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        yield f"@{str(name).rpartition('}')[2]}", str(value)
