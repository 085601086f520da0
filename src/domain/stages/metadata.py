"""Stage 1: titles, dates, classification, texts, pictures, links, companies and production staff."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from domain import airing
from domain.stages import scripts, taxonomy, values
from domain.stages.conflicts import note_conflicts, whole_dates_first
from domain.stages.merging import Joined, Notes, Offers, Pairs, first, joined, read, read_all, said, union
from domain.stages.people import same_person
from domain.stages.priority import FIRST, STAFF, UNION
from domain.stages.readers.base import Answers, Part
from models.events import Catalogue, EnrichmentSubject

_TITLES: Final = ("title", "title_english", "title_japanese")
_SETS: Final = ("tags", "genres", "demographics", "content_warnings")
_IMAGES: Final = ("covers", "posters", "banners")
_COMPANIES: Final = ("studios", "producers", "licensors")
_WORDS_BESIDE: Final = frozenset({Catalogue.ANIMEPLANET, Catalogue.ANISEARCH})
"""What these call genres are all their tags, so a word that is no genre is nothing to tell."""
_EDITED_THEMES: Final = frozenset({Catalogue.JIKAN})
"""MyAnimeList parts one list of words into genres and themes, and some of its themes are genres elsewhere."""


def metadata(answers: Mapping[Catalogue, Answers], subject: EnrichmentSubject) -> Part:
    """Fields of an entry, as far as any catalogue says them, with notes."""
    offers = scripts.with_fitting_titles(read(answers, lambda reader: reader.metadata))
    notes = Notes()
    chosen = {**first(offers, FIRST, notes), **_dates(offers, notes)}
    note_conflicts(offers, notes)
    tags, genres, demographics, warnings = (_words(offers, name) for name in _SETS)
    themes = list(_theme_words(offers))
    part: Part = {
        **chosen,
        **_season(chosen, notes),
        "genres": notes.items("genres", _known([*genres, *_edited(themes)], taxonomy.GENRES)),
        "demographics": notes.items("demographics", _known([*demographics, *tags], taxonomy.DEMOGRAPHICS)),
        "content_warnings": notes.items("content_warnings", _known([*tags, *warnings], taxonomy.WARNINGS)),
        "tags": notes.items("tags", _spelled([*tags, *genres], taxonomy.tag)),
        "themes": notes.joined("themes", _themes([*themes, *_among_genres(genres)])),
        "images": values.filled({kind: notes.items(f"images/{kind}", _all(offers, kind, str)) for kind in _IMAGES}),
        "trailers": notes.items("trailers", _all(offers, "trailers", lambda item: item["url"])),
        "opening_themes": notes.items("opening_themes", _all(offers, "opening_themes", _song)),
        "ending_themes": notes.items("ending_themes", _all(offers, "ending_themes", _song)),
        "streaming_info": notes.items(
            "streaming_info", _all(offers, "streaming_info", lambda item: values.folded(item["platform"]))
        ),
        "staff_data": _staff_data(answers, offers, notes),
    }
    _note_unknown_words(genres, demographics, notes)
    part["synonyms"] = notes.items("synonyms", _synonyms(offers, [part[name] for name in _TITLES if name in part]))
    elsewhere = [*subject.sources, *(item["url"] for item in part["streaming_info"] if "url" in item)]
    part["external_links"] = _external_links(offers, elsewhere, notes)
    return notes.beside(values.filled(part))


def _all(offers: Offers, name: str, key: Callable[[Any], Any]) -> list[tuple[Catalogue, Any]]:
    return union(offers, name, UNION[name], key)


def _words(offers: Offers, name: str) -> list[tuple[Catalogue, Any]]:
    return _all(offers, name, values.folded)


def _spelled(words: Pairs, spell: Callable[[str], str | None]) -> list[tuple[Catalogue, str]]:
    """Each spelling once, with the first catalogue that has it; words without one are left out."""
    found = ((catalogue, spelled) for catalogue, word in words if (spelled := spell(word)) is not None)
    return values.distinct(found, lambda pair: pair[1])


def _known(words: Pairs, closed: Mapping[str, str]) -> list[tuple[Catalogue, str]]:
    """The members of a closed set among these words."""
    return _spelled(words, lambda word: closed.get(values.folded(word)))


def _note_unknown_words(genres: Pairs, demographics: Pairs, notes: Notes) -> None:
    """They are tags as well, so none is lost; but a catalogue may have a new one that our set should have."""
    known = taxonomy.ELSEWHERE | taxonomy.THEMES.keys()
    for catalogue, word in genres:
        if catalogue not in _WORDS_BESIDE and values.folded(word) not in known:
            notes.unknown("genres", catalogue, word)
    for catalogue, word in demographics:
        if values.folded(word) not in taxonomy.DEMOGRAPHICS:
            notes.unknown("demographics", catalogue, word)


def _dates(offers: Offers, notes: Notes) -> Part:
    """A catalogue that knows the first day counts before one that names its month or year."""
    for catalogue, dates in whole_dates_first(said(offers, "aired_dates", FIRST["aired_dates"]))[:1]:
        notes.whole("aired_dates", catalogue)
        return {"aired_dates": dates}
    return {}


def _season(chosen: Part, notes: Notes) -> Part:
    """Of the first broadcast, where no catalogue names the season; it takes a whole date to say so."""
    first_day = airing.day_of_record(values.dig(chosen, "aired_dates", "from"))
    string = values.dig(chosen, "aired_dates", "string")
    if "season" in chosen or first_day is None or not airing.names_a_day(string):
        return {}
    season, year = airing.season_of(airing.day_in_japan(first_day))
    if chosen.get("year", year) != year:
        return {}
    for name in ("season", "year"):
        notes.origins.setdefault(name, notes.origins["aired_dates"])
    return {"season": season.value, "year": year}


def _song(item: Part) -> tuple[Any, ...]:
    return item["title"], item.get("artist"), item.get("episodes")


def _synonyms(offers: Offers, titles: Iterable[str]) -> list[tuple[Catalogue, str]]:
    taken = set(map(values.folded, titles))
    return [(catalogue, name) for catalogue, name in _words(offers, "synonyms") if values.folded(name) not in taken]


def _theme_words(offers: Offers) -> Iterator[tuple[Catalogue, Part]]:
    return ((catalogue, theme) for catalogue, listed in said(offers, "themes", UNION["themes"]) for theme in listed)


def _edited(themes: Pairs) -> list[tuple[Catalogue, str]]:
    """The words among them that say what an anime is, not only what occurs in it: AniDB's and Kitsu's say both."""
    return [(catalogue, theme["name"]) for catalogue, theme in themes if catalogue in _EDITED_THEMES]


def _among_genres(genres: Pairs) -> list[tuple[Catalogue, Part]]:
    """Known themes that catalogues call genres."""
    return [(catalogue, {"name": name}) for catalogue, name in _known(genres, taxonomy.THEMES)]


def _themes(listed: Pairs) -> list[Joined]:
    """Each theme once, with the first description that any catalogue gives it; without words that have another
    place."""
    told: dict[str, list[tuple[Catalogue, Part]]] = {}
    for catalogue, theme in listed:
        told.setdefault(values.folded(theme["name"]), []).append((catalogue, theme))
    return [joined(records) for name, records in told.items() if name not in taxonomy.ELSEWHERE]


def _external_links(offers: Offers, elsewhere: Iterable[str], notes: Notes) -> dict[str, str]:
    """By name in lower case, a second page of a name with a number; without pages that the entry lists elsewhere."""
    pairs = _all(offers, "external_links", lambda pair: values.page_key(pair[1]))
    seen = set(map(values.page_key, elsewhere))
    links: dict[str, str] = {}
    owners: dict[str, Catalogue] = {}
    for catalogue, (name, address) in pairs:
        if values.page_key(address) not in seen:
            free = _free_name(name.casefold(), links)
            links[free], owners[free] = address, catalogue
    notes.keyed("external_links", owners)
    return links


def _free_name(name: str, taken: Mapping[str, str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free


def _staff_data(answers: Mapping[Catalogue, Answers], offers: Offers, notes: Notes) -> Part:
    return values.filled(
        {
            **{kind: notes.joined(f"staff_data/{kind}", _companies(offers, kind)) for kind in _COMPANIES},
            "production_staff": {
                group: notes.joined(f"staff_data/production_staff/{group}", people)
                for group, people in _production_staff(answers).items()
            },
        }
    )


def _companies(offers: Offers, kind: str) -> list[Joined]:
    told: dict[str, list[tuple[Catalogue, Part]]] = {}
    for catalogue, listed in said(offers, kind, UNION[kind]):
        for company in listed:
            told.setdefault(values.folded(company["name"]), []).append((catalogue, company))
    return [joined(records, ("company_ids",)) for records in told.values()]


def _production_staff(answers: Mapping[Catalogue, Answers]) -> dict[str, list[Joined]]:
    """People by kind of work."""
    groups: dict[str, list[_Credited]] = {}
    for catalogue, offered in read_all(answers, STAFF, lambda reader: reader.staff):
        member = {name: value for name, value in offered.items() if name != "group"}
        group = groups.setdefault(offered["group"], [])
        known = next((other for other in group if same_person(other.person.value, member)), None)
        if known is None:
            group.append(_Credited(catalogue, member))
        else:
            known.add(catalogue, member)
    return {name: [credited.person for credited in group] for name, group in groups.items()}


class _Credited:
    """A person in a group, with what each catalogue tells."""

    def __init__(self, catalogue: Catalogue, member: Part) -> None:
        self._records = [(catalogue, member)]
        self.person = joined(self._records, ("staff_ids",))

    def add(self, catalogue: Catalogue, member: Part) -> None:
        owner, told = self._records[0]
        if catalogue is owner:
            # The same catalogue credits the same person twice in a group: both credits count, one person stays.
            self._records[0] = owner, {**told, "role": f"{told['role']}; {member['role']}"}
        else:
            self._records.append((catalogue, member))
        self.person = joined(self._records, ("staff_ids",))
