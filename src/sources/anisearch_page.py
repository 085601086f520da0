"""aniSearch's pages of an anime, from HTML to plain values.

What comes out has the names that ``domain.stages.readers.anisearch`` reads. The anime's page has JSON-LD for dates,
episodes and score; the rest is in a block of labelled lines, the original version first and then one an edition. Its
other pages are tables and lists.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from models.errors import ChangedShape
from models.events import Catalogue
from sources.json_ld import json_ld, open_graph
from sources.markup import Element, attribute, find, find_all, read_html, text_of
from sources.shapes import check, shape

WHERE: Final = "anisearch anime"
SITE: Final = "https://www.anisearch.com"

_TYPES: Final = frozenset({"TVSeries", "Movie", "CreativeWork", "TVEpisode", "MusicVideoObject"})
_KNOWN: Final = shape(
    """@context @type @id name:text! url image description numberOfEpisodes startDate endDate datePublished duration
    genre:list aggregateRating(@type ratingValue ratingCount worstRating bestRating) author* publisher*"""
)
_LABEL: Final = re.compile(r"^[^:]{1,30}:\s*")
_KIND_OF_PAGE: Final = re.compile(r"\((?:Anime|Manga)\)$")
_DAY: Final = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})")
_LENGTH: Final = re.compile(r"^PT(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?")
_ROLE: Final = re.compile(r"\(([^()]+)\)")
_RANK: Final = re.compile(r"#\s*([\d.,]+)")
_NUMBER: Final = re.compile(r"^(\d+(?:\.\d+)?)")
_JAPANESE: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_PICTURE: Final = re.compile(r"url\(\s*['\"]?(https://[^'\")\s]+)")
_PAGE: Final = re.compile(r"^/?(?P<path>(?P<kind>anime|manga|character|person|company)/(?P<id>\d+)(?:,[\w%-]*)?)$")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORDED_DAY: Final = re.compile(r"^(\d{1,2})\.?\s+([A-Z][a-z]{2})[a-z]*\.?\s+(\d{4})$")

_ROLES: Final = {
    "main": "main",
    "secondary": "supporting",
    "supporting": "supporting",
    "minor": "background",
    "background": "background",
    "guest": "background",
}


def parsed_anime(body: bytes, *, number: str) -> tuple[dict[str, Any], Counter[str]]:
    """The anime with this number, and how often each part of its JSON-LD came that nobody here knows.

    Raises:
        ChangedShape: the page is not of this anime, or has no JSON-LD with a name.
        Malformed: no HTML, or its JSON-LD is no JSON.
    """
    root = read_html(body, WHERE)
    facts = json_ld(root, _TYPES, WHERE)
    if not facts:
        raise ChangedShape(Catalogue.ANISEARCH, "anime.json_ld", expected="an object", found="nothing")
    unknown = check(facts, _KNOWN, catalogue=Catalogue.ANISEARCH, path="anime.json_ld")
    path = _own_path(root, facts)
    if path is None or path["id"] != number:
        found = "nothing" if path is None else path["id"]
        raise ChangedShape(Catalogue.ANISEARCH, "anime.@id", expected=number, found=found)
    return _anime(root, facts, number, path["path"]), unknown


def _own_path(root: Element, facts: Mapping[str, Any]) -> re.Match[str] | None:
    canonical = attribute(find(root, "//link[@rel='canonical']"), "href") or str(facts.get("url") or "")
    try:
        return _PAGE.match(urlsplit(canonical).path)
    except ValueError:
        return None


def _anime(root: Element, facts: Mapping[str, Any], number: str, path: str) -> dict[str, Any]:
    block = find(root, "//ul[.infoblock]")
    original = None if block is None else find(block, "./li")
    return _filled(
        {
            "id": number,
            "path": path,
            "name": _KIND_OF_PAGE.sub("", str(facts["name"])).strip(),
            "json_ld": facts,
            "opengraph": open_graph(root),
            **_original(original),
            "titles": [] if block is None else _titles(block),
            "synonyms": [] if block is None else _synonyms(block),
            "licensors": [] if block is None else _companies(block, "./li[position()>1]"),
            "descriptions": _descriptions(root),
            "genres": _cloud(root, "/genre/main/", "/genre/subsidiary/"),
            "tags": _cloud(root, "/genre/tag/"),
            "rank": _rank(root, 2),
            "trending_rank": _rank(root, 3),
        }
    )


def _original(block: Element | None) -> dict[str, Any]:
    """Of the Japanese version."""
    if block is None:
        return {}
    kind = _line(block, "type")
    released = _DAY.findall(_line(block, "released") or "")
    return {
        "type": kind.partition(",")[0].strip() if kind else None,
        "minutes": _minutes(attribute(find(block, ".//div[.type]//time"), "datetime")),
        "status": _line(block, "status"),
        "released": [f"{year}-{month}-{day}" for day, month, year in released[:2]],
        "source_material": _line(block, "adapted"),
        "studios": _companies(block, "."),
        "staff": _staff(find(block, ".//div[.creators]")),
        "websites": _websites(block),
    }


def _line(block: Element, name: str) -> str | None:
    """The text of a labelled line, without its label."""
    found = text_of(find(block, f".//div[.{name}]"))
    return _LABEL.sub("", found).strip() or None if found else None


def _minutes(length: str | None) -> int | None:
    match = _LENGTH.match(length or "")
    if match is None:
        return None
    return int(match["hours"] or 0) * 60 + int(match["minutes"] or 0) or None


def _companies(block: Element, where: str) -> list[dict[str, str]]:
    found = []
    for edition in find_all(block, where):
        for link in find_all(edition, ".//div[.company]/a"):
            name, page = text_of(link), _PAGE.match(attribute(link, "href") or "")
            if name:
                found.append(_filled({"name": name, "id": page["id"] if page else None}))
    return found


def _staff(line: Element | None) -> list[dict[str, Any]]:
    """Names before a role in brackets all have it: ``A, B (Original Work), C (Direction)``."""
    found: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    for link in [] if line is None else find_all(line, "./a"):
        name, page = text_of(link), _PAGE.match(attribute(link, "href") or "")
        if name:
            waiting.append(_filled({"name": name, "id": page["id"] if page else None}))
        role = _ROLE.search(link.tail or "")
        if role:
            found += [{**person, "role": " ".join(role[1].split())} for person in waiting]
            waiting = []
    return found


def _websites(block: Element) -> list[dict[str, str]]:
    links = find_all(block, ".//div[.websites]/a")
    found = ((text_of(link), attribute(link, "href")) for link in links)
    return [{"name": name, "url": address} for name, address in found if name and address]


def _titles(block: Element) -> list[dict[str, str]]:
    """Each edition's; ``native`` is the spelling in the language's own script."""
    found = []
    for title in find_all(block, "./li/div[.title]"):
        name = text_of(find(title, "./strong"))
        if name:
            found.append(
                _filled(
                    {"lang": attribute(title, "lang"), "title": name, "native": text_of(find(title, "./div[.grey]"))}
                )
            )
    return found


def _synonyms(block: Element) -> list[str]:
    line = _line(block, "synonyms")
    return [name.strip() for name in line.split(", ") if name.strip()] if line else []


def _descriptions(root: Element) -> dict[str, str]:
    """By language, without the hidden line that names the source."""
    found: dict[str, str] = {}
    for text in find_all(root, "//section[@id='description']//div[.textblock]"):
        for hidden in find_all(text, ".//*[.hidden]"):
            hidden.text, hidden[:] = None, []
        language, words = attribute(text, "lang"), text_of(text)
        if language and words:
            found.setdefault(language, words)
    return found


def _cloud(root: Element, *paths: str) -> list[str]:
    links = find_all(root, "//ul[.cloud]//a[contains(@href, 'genre/')]")
    found = (text_of(link) for link in links if any(path in f"/{attribute(link, 'href')}" for path in paths))
    return list(dict.fromkeys(name for name in found if name))


def _rank(root: Element, row: int) -> int | None:
    match = _RANK.search(text_of(find(root, f"//*[@id='ratingstats']//tr[{row}]/td[2]")) or "")
    return int(re.sub(r"[.,]", "", match[1]) or 0) or None if match else None


# ------------------------------------------------------------------------------------------------- the other pages


def parsed_relations(body: bytes) -> list[dict[str, Any]]:
    """Related anime and manga; ``kind`` tells them apart.

    Raises:
        ChangedShape: the page has no section of relations.
    """
    root = read_html(body, WHERE)
    _expect(root, "//section[starts-with(@id, 'relations')]", "relations")
    found = []
    for row in find_all(root, "//section[@id='relations_anime' or @id='relations_manga']//tbody/tr"):
        link = find(row, "./th//a")
        page, title = _PAGE.match(attribute(link, "href") or ""), text_of(link)
        if page and title:
            found.append(
                _filled(
                    {
                        "id": page["id"],
                        "kind": page["kind"],
                        "title": title,
                        "url": f"{SITE}/{page['path']}",
                        "relation_type": text_of(find(row, "./th//span")),
                    }
                )
            )
    return found


def parsed_episodes(body: bytes) -> list[dict[str, Any]]:
    """Raises:
    ChangedShape: the page has no table of episodes.
    """
    root = read_html(body, WHERE)
    _expect(root, "//section[@id='episodes' or @id='episoden' or .//th[@itemprop='episodeNumber']]", "episodes")
    found = []
    for row in find_all(root, "//tr[./th[@itemprop='episodeNumber']]"):
        mark = text_of(find(row, "./th[@itemprop='episodeNumber']")) or ""
        number = _NUMBER.match(mark)
        if number:
            found.append(_filled({"number": number[1], **_episode(row, mark.casefold())}))
    return found


def _episode(row: Element, mark: str) -> dict[str, Any]:
    original = _cell(row, "Title", "ja")
    romaji, japanese = _two_spellings(original)
    runtime = re.search(r"\d+", _cell(row, "Runtime", "ja") or "")
    return {
        "filler": "filler" in mark,
        "recap": "recap" in mark,
        "title": (_cell(row, "Title", "en") or "").rpartition(" | ")[2],
        "title_romaji": romaji,
        "title_japanese": japanese,
        "minutes": int(runtime[0]) if runtime else None,
        "aired": _worded_day(_cell(row, "Date of Original Release", "ja")),
    }


def _two_spellings(title: str | None) -> tuple[str | None, str | None]:
    """Of ``Romaji (日本語)``; where the last brackets hold nothing Japanese, all is the first."""
    if title is None or not title.endswith(")"):
        return title, None
    romaji, bracket, inside = title[:-1].rpartition("(")
    if not bracket or ")" in inside or not _JAPANESE.search(inside):
        return title, None
    return romaji.rstrip(), inside


def _cell(row: Element, title: str, language: str) -> str | None:
    cell = find(row, f"./td[@data-title='{title}']/div[@lang='{language}']")
    name = None if cell is None else find(cell, ".//span[@itemprop='name']")
    found = text_of(cell if name is None else name)
    return None if found == "?" else found


def _worded_day(words: str | None) -> str | None:
    """``20. Oct 1999``, or ``20.10.1999``."""
    if match := _WORDED_DAY.match(words or ""):
        day, month, year = match.groups()
        return f"{year}-{_MONTHS.index(month) + 1:02d}-{int(day):02d}" if month in _MONTHS else None
    if match := _DAY.match(words or ""):
        return f"{match[3]}-{match[2]}-{match[1]}"
    return None


def parsed_characters(body: bytes) -> list[dict[str, Any]]:
    """Raises:
    ChangedShape: the page has no list of characters.
    """
    root = read_html(body, WHERE)
    _expect(root, "//section[starts-with(@id, 'chara')]", "characters")
    found = []
    for section in find_all(root, "//section[starts-with(@id, 'chara')]"):
        heading = (text_of(find(section, "./h2")) or "").casefold()
        role = next((role for word, role in _ROLES.items() if heading.startswith(word)), None)
        for item in find_all(section, ".//li"):
            link = find(item, ".//a[contains(@href, 'character/')]")
            page, name = _PAGE.match(attribute(link, "href") or ""), text_of(find(item, ".//span[.title]"))
            if page and name:
                picture = _PICTURE.search(attribute(link, "style") or "")
                favorites = re.search(r"\d+", text_of(find(item, ".//span[.favorites]")) or "")
                found.append(
                    _filled(
                        {
                            "id": page["id"],
                            "name": name,
                            "url": f"{SITE}/{page['path']}",
                            "role": role,
                            "image": picture[1] if picture else None,
                            "favorites": int(favorites[0]) if favorites else None,
                        }
                    )
                )
    return found


def _expect(root: Element, path: str, kind: str) -> None:
    if find(root, path) is None:
        raise ChangedShape(Catalogue.ANISEARCH, kind, expected=f"a section of {kind}", found="nothing")


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}
