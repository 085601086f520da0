"""Stage 1: titles, dates, classification, texts, pictures, links, companies and production staff."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from domain.stages import taxonomy, values
from domain.stages.merging import Offers, first, read, read_all, union
from domain.stages.people import same_person
from domain.stages.priority import FIRST, STAFF, UNION
from domain.stages.readers.base import Answers, Part
from models.events import Catalogue, EnrichmentSubject

_TITLES: Final = ("title", "title_english", "title_japanese")


def metadata(answers: Mapping[Catalogue, Answers], subject: EnrichmentSubject) -> Part:
    """Fields of an entry, as far as any catalogue says them."""
    offers = read(answers, lambda reader: reader.metadata)
    chosen = first(offers, FIRST)
    words = _words(offers, "tags")
    part: Part = {
        **chosen,
        "genres": taxonomy.known(_words(offers, "genres"), taxonomy.GENRES),
        "demographics": taxonomy.known([*_words(offers, "demographics"), *words], taxonomy.DEMOGRAPHICS),
        "content_warnings": taxonomy.known(words, taxonomy.WARNINGS),
        "tags": taxonomy.tags([*words, *_words(offers, "genres")]),
        "themes": _themes(offers),
        "images": values.filled({kind: union(offers, kind, UNION[kind], str) for kind in _IMAGES}),
        "trailers": union(offers, "trailers", UNION["trailers"], lambda item: item["url"]),
        "opening_themes": union(offers, "opening_themes", UNION["opening_themes"], _song),
        "ending_themes": union(offers, "ending_themes", UNION["ending_themes"], _song),
        "streaming_info": union(
            offers, "streaming_info", UNION["streaming_info"], lambda item: values.folded(item["platform"])
        ),
        "staff_data": _staff_data(answers, offers),
    }
    part["synonyms"] = _synonyms(offers, [part[name] for name in _TITLES if name in part])
    elsewhere = [*subject.sources, *(item["url"] for item in part["streaming_info"])]
    part["external_links"] = _external_links(offers, elsewhere)
    return values.filled(part)


_IMAGES: Final = ("covers", "posters", "banners")


def _words(offers: Offers, name: str) -> list[str]:
    return union(offers, name, UNION[name], values.folded)


def _song(item: Part) -> tuple[Any, ...]:
    return item["title"], item.get("artist"), item.get("episodes")


def _synonyms(offers: Offers, titles: Iterable[str]) -> list[str]:
    taken = set(map(values.folded, titles))
    return [name for name in _words(offers, "synonyms") if values.folded(name) not in taken]


def _themes(offers: Offers) -> list[Part]:
    """Each theme once, with the first description that any catalogue gives it."""
    merged: dict[str, Part] = {}
    for catalogue in UNION["themes"]:
        for theme in offers.get(catalogue, {}).get("themes", ()):
            name = values.folded(theme["name"])
            merged[name] = values.together(merged.get(name, {}), theme)
    return [theme for name, theme in merged.items() if name not in taxonomy.DEMOGRAPHICS]


def _external_links(offers: Offers, elsewhere: Iterable[str]) -> dict[str, str]:
    """By name in lower case, a second page of a name with a number; without pages that the entry lists elsewhere."""
    pairs = union(offers, "external_links", UNION["external_links"], lambda pair: values.page_key(pair[1]))
    seen = set(map(values.page_key, elsewhere))
    links: dict[str, str] = {}
    for name, address in pairs:
        if values.page_key(address) not in seen:
            links[_free_name(name.casefold(), links)] = address
    return links


def _free_name(name: str, taken: Mapping[str, str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free


def _staff_data(answers: Mapping[Catalogue, Answers], offers: Offers) -> Part:
    return values.filled(
        {
            **{kind: _companies(offers, kind) for kind in ("studios", "producers", "licensors")},
            "production_staff": _production_staff(answers),
        }
    )


def _companies(offers: Offers, kind: str) -> list[Part]:
    merged: dict[str, Part] = {}
    for catalogue in UNION[kind]:
        for company in offers.get(catalogue, {}).get(kind, ()):
            name = values.folded(company["name"])
            known = merged.get(name, {})
            ids = values.together(known.get("company_ids", {}), company.get("company_ids", {}))
            merged[name] = values.filled({**values.together(known, company), "company_ids": ids})
    return list(merged.values())


def _production_staff(answers: Mapping[Catalogue, Answers]) -> dict[str, list[Part]]:
    groups: dict[str, list[Part]] = {}
    for catalogue, offered in read_all(answers, STAFF, lambda reader: reader.staff):
        member = {name: value for name, value in offered.items() if name != "group"}
        group = groups.setdefault(offered["group"], [])
        known = next((other for other in group if same_person(other, member)), None)
        if known is None:
            group.append(member)
        elif catalogue is STAFF[0]:
            # The same catalogue credits the same person twice in a group: both credits count, one person stays.
            known["role"] = f"{known['role']}; {member['role']}"
        else:
            ids = values.together(known.get("staff_ids", {}), member.get("staff_ids", {}))
            known.update(values.filled({**values.together(known, member), "staff_ids": ids}))
    return groups
