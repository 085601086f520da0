"""An anime's page of Anime-Planet, from HTML to plain values.

What comes out has the names that ``domain.stages.readers.animeplanet`` reads. Most of it is the page's JSON-LD; format,
studios, season, rank, other titles, warnings and relations are in elements alone.
"""

import html
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from models.errors import ChangedShape
from models.events import Catalogue
from sources.json_ld import json_ld, open_graph
from sources.markup import Element, attribute, find, find_all, read_html, text_of
from sources.shapes import check, shape

WHERE: Final = "animeplanet anime"
SITE: Final = "https://www.anime-planet.com"

_TYPES: Final = frozenset({"TVSeries", "Movie", "TVEpisode", "CreativeWork", "MusicVideoObject"})
_PERSON: Final = "(@type name url)"
_KNOWN: Final = shape(
    f"""@context @type name:text! alternateName description url image startDate endDate datePublished duration
    numberOfEpisodes genre:list actor{_PERSON} director{_PERSON} musicBy{_PERSON} character{_PERSON}
    aggregateRating(@type ratingCount bestRating worstRating ratingValue reviewCount)"""
)
_TWO_HOSTS: Final = re.compile(r"^https?://[\w.-]+(?=https?://)")
_ALTERNATIVES: Final = re.compile(r"^Alt titles?:\s*", re.IGNORECASE)
_FORMAT: Final = re.compile(r"^(?P<type>[^()]+?)\s*(?:\((?P<more>[^()]*)\))?$")
_MINUTES: Final = re.compile(r"(\d+)\s*min")
_YEARS: Final = re.compile(r"^(?P<first>\d{4})(?P<open>\s*-\s*\?)?")
_SEASON: Final = re.compile(r"/anime/seasons/(?P<season>[a-z]+)-(?P<year>\d{4})$")
_RANK: Final = re.compile(r"Rank\s+#([\d,]+)")
_PAGE: Final = re.compile(r"^/(?:anime|manga)/[\w%.-]+$")


def parsed_anime(body: bytes, *, slug: str, today: date) -> tuple[dict[str, Any], Counter[str]]:
    """The anime, and how often each part of its JSON-LD came that nobody here knows.

    Raises:
        ChangedShape: there is no JSON-LD with a name.
        Malformed: no HTML, or its JSON-LD is no JSON.
    """
    root = read_html(body, WHERE)
    facts = dict(json_ld(root, _TYPES, WHERE))
    if not facts:
        raise ChangedShape(Catalogue.ANIMEPLANET, "anime.json_ld", expected="an object", found="nothing")
    unknown = check(facts, _KNOWN, catalogue=Catalogue.ANIMEPLANET, path="anime.json_ld")
    return _anime(root, _repaired(facts), slug, today), unknown


def _repaired(facts: dict[str, Any]) -> dict[str, Any]:
    """Texts are escaped for HTML although they stand in JSON, and images sometimes have two hosts."""
    found = dict(facts)
    for name in ("name", "description"):
        if isinstance(found.get(name), str):
            found[name] = html.unescape(found[name])
    if isinstance(found.get("image"), str):
        found["image"] = _TWO_HOSTS.sub("", found["image"])
    return found


def _anime(root: Element, facts: Mapping[str, Any], slug: str, today: date) -> dict[str, Any]:
    bar = find(root, "//section[.entryBar]")
    season, year = _season(bar)
    kind, minutes = _format(bar)
    values = {
        "domain": "anime-planet",
        "slug": slug,
        "json_ld": facts,
        "opengraph": open_graph(root),
        "type": kind,
        "minutes": minutes,
        "alternative_titles": _alternatives(root),
        "studios": _studios(bar),
        "season": season,
        "year": year,
        "status": _status(facts, bar, today),
        "rank": _rank(bar),
        "tags": _tags(root, "//div[.tags][not(.//h4[contains(., 'Warning')])]"),
        "content_warnings": _tags(root, "//div[.tags][.//h4[contains(., 'Warning')]]"),
        "related_anime": [
            *_related(root, "same_franchise", "anime"),
            *_related(root, "other_franchise", "anime"),
        ],
        "related_manga": [
            *_related(root, "same_franchise", "manga"),
            *_related(root, "other_franchise", "manga"),
        ],
    }
    return {name: value for name, value in values.items() if value not in (None, [], {})}


def _alternatives(root: Element) -> list[str]:
    """One title may hold commas; only where the heading says that there are several they part titles."""
    line = text_of(find(root, "//h2[.aka]")) or ""
    titles = _ALTERNATIVES.sub("", line)
    parts = titles.split(",") if line.lower().startswith("alt titles:") else [titles]
    return [title.strip() for title in parts if title.strip()]


def _format(bar: Element | None) -> tuple[str | None, int | None]:
    """Kind and minutes an episode of ``TV (26 eps x 24 min)``."""
    line = text_of(None if bar is None else find(bar, ".//span[.type]"))
    match = _FORMAT.match(line) if line else None
    if match is None:
        return None, None
    minutes = _MINUTES.search(match["more"] or "")
    return match["type"].strip(), int(minutes[1]) if minutes else None


def _studios(bar: Element | None) -> list[str]:
    links = [] if bar is None else find_all(bar, ".//a[starts-with(@href, '/anime/studios/')]")
    return [name for link in links if (name := text_of(link))]


def _season(bar: Element | None) -> tuple[str | None, int | None]:
    link = None if bar is None else find(bar, ".//a[starts-with(@href, '/anime/seasons/')]")
    match = _SEASON.search(attribute(link, "href") or "")
    if match:
        return match["season"].upper(), int(match["year"])
    years = _years(bar)
    return None, int(years["first"]) if years else None


def _years(bar: Element | None) -> re.Match[str] | None:
    return _YEARS.match(text_of(None if bar is None else find(bar, ".//span[.iconYear]")) or "")


def _status(facts: Mapping[str, Any], bar: Element | None, today: date) -> str | None:
    """The page does not say it; its dates do."""
    start, end = _day(facts.get("startDate")), _day(facts.get("endDate"))
    if start is not None and start > today:
        return "UPCOMING"
    if end is not None:
        return "COMPLETED" if end < today else "ONGOING"
    years = _years(bar)
    return "ONGOING" if start is not None and years is not None and years["open"] else None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _rank(bar: Element | None) -> int | None:
    match = _RANK.search(text_of(bar) or "")
    return int(match[1].replace(",", "")) if match else None


def _tags(root: Element, path: str) -> list[str]:
    links = (link for block in find_all(root, path) for link in find_all(block, ".//a[contains(@href, '/tags/')]"))
    return list(dict.fromkeys(name for link in links if (name := (text_of(link) or "").rstrip(",").strip())))


def _related(root: Element, franchise: str, kind: str) -> list[dict[str, Any]]:
    """``relation_type`` is the page's own word where it has one, else which franchise the tab is of."""
    found = []
    for link in find_all(root, f"//div[@id='tabs--relations--{kind}--{franchise}']//a[.RelatedEntry]"):
        path, title = attribute(link, "href") or "", text_of(find(link, ".//*[.RelatedEntry__name]"))
        if title and _PAGE.match(path):
            subtitle = text_of(find(link, ".//*[.RelatedEntry__subtitle]"))
            found.append(
                {
                    "title": title,
                    "slug": path.rpartition("/")[2],
                    "url": f"{SITE}{path}",
                    "relation_type": subtitle or franchise,
                }
            )
    return found
