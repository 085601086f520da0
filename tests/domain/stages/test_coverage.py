"""Nothing that a catalogue offers of Cowboy Bebop is lost without a written reason."""

import functools
from collections.abc import Callable
from typing import Any, Final

import pytest

from domain.provenance import NOTED
from domain.stages import priority, taxonomy, values
from domain.stages.readers import READERS
from models.events import Catalogue, Stage
from scripts import make_coverage, make_priorities
from scripts.coverage import offered, parts
from scripts.coverage_reasons import DROPPED, REASONS, reason
from scripts.replayed import SUBJECT, answers

CATALOGUES: Final = sorted(answers())


@functools.cache
def entry() -> dict[str, Any]:
    joined: dict[str, Any] = {}
    for part in parts().values():
        for name, value in part.items():
            if name not in NOTED:
                joined[name] = {**joined[name], **value} if name in joined else value
    return joined


# -------------------------------------------------------------------------------------------------------- the answers


def test_every_place_in_the_answers_is_read_or_has_a_reason() -> None:
    assert len(offered()) > 400
    without = [
        (one.catalogue.value, one.path) for one in offered() if not one.fields and not reason(one.catalogue, one.path)
    ]
    assert without == []


def test_no_reason_is_idle() -> None:
    left_out = [(one.catalogue.value, one.path) for one in offered() if not one.fields]
    idle = [
        (one.catalogue, place)
        for one in REASONS
        for place in one.places
        if not any(type(one)(one.catalogue, (place,), one.why).covers(catalogue, path) for catalogue, path in left_out)
    ]
    assert idle == []


@pytest.mark.parametrize("page", [make_coverage, make_priorities], ids=lambda page: page.PAGE)
def test_the_pages_are_those_of_the_tables(page: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert page.main(["--check"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("page", [make_coverage, make_priorities], ids=lambda page: page.PAGE)
def test_a_page_that_is_not_is_told(page: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / page.PAGE).write_text("old")
    assert page.main(["--check", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{page.PAGE} is out of date; run: make diagrams\n"
    assert (tmp_path / page.PAGE).read_text() == "old"


# ------------------------------------------------------------------------------------------------- field by field


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_a_single_value_is_in_the_entry_or_an_earlier_catalogue_says_another(catalogue: Catalogue) -> None:
    read = {one: READERS[one].metadata(given) for one, given in answers().items()}
    lost = []
    for name, order in priority.FIRST.items():
        value = read[catalogue].get(name)
        if value is None or value == entry().get(name):
            continue
        earlier = [one for one in order[: order.index(catalogue)] if read.get(one, {}).get(name) is not None]
        if not earlier:
            lost.append((name, value))
    assert lost == []


def _same_words(value: Any) -> Any:
    return values.folded(value)


_LISTS: Final[dict[str, tuple[Callable[[Any], Any], Callable[[dict[str, Any]], Any]]]] = {
    "synonyms": (_same_words, lambda found: found["synonyms"]),
    "genres": (lambda word: taxonomy.GENRES.get(values.folded(word)), lambda found: found["genres"]),
    "tags": (taxonomy.tag, lambda found: found["tags"]),
    "themes": (lambda item: values.folded(item["name"]), lambda found: found["themes"]),
    "covers": (str, lambda found: found["images"]["covers"]),
    "posters": (str, lambda found: found["images"]["posters"]),
    "banners": (str, lambda found: found["images"]["banners"]),
    "trailers": (lambda item: item["url"], lambda found: found["trailers"]),
    "opening_themes": (lambda item: item["title"], lambda found: found["opening_themes"]),
    "ending_themes": (lambda item: item["title"], lambda found: found["ending_themes"]),
    "streaming_info": (lambda item: values.folded(item["platform"]), lambda found: found["streaming_info"]),
    "external_links": (lambda pair: values.page_key(pair[1]), lambda found: list(found["external_links"].items())),
    "studios": (lambda item: values.folded(item["name"]), lambda found: found["staff_data"]["studios"]),
    "producers": (lambda item: values.folded(item["name"]), lambda found: found["staff_data"]["producers"]),
    "licensors": (lambda item: values.folded(item["name"]), lambda found: found["staff_data"]["licensors"]),
}


def _is_dropped(name: str, item: Any) -> bool:
    found = entry()
    titles = {values.folded(found[title]) for title in ("title", "title_english", "title_japanese") if title in found}
    elsewhere = {values.page_key(url) for url in (*SUBJECT.sources, *(one["url"] for one in found["streaming_info"]))}
    dropped: dict[str, Callable[[], bool]] = {
        "synonyms": lambda: values.folded(item) in titles,
        "external_links": lambda: values.page_key(item[1]) in elsewhere,
        "genres": lambda: taxonomy.tag(item) in found["tags"] or values.folded(item) in taxonomy.WARNINGS,
        "tags": lambda: values.folded(item) in taxonomy.WARNINGS,
        "themes": lambda: values.folded(item["name"]) in taxonomy.DEMOGRAPHICS,
    }
    assert dropped.keys() == DROPPED.keys()
    return name in dropped and dropped[name]()


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_every_item_of_a_list_is_in_the_entry_or_dropped_for_a_written_reason(catalogue: Catalogue) -> None:
    read = READERS[catalogue].metadata(answers()[catalogue])
    lists = {name: value for name, value in read.items() if isinstance(value, list)}
    known = _LISTS.keys() | {"demographics", "content_warnings"}
    assert lists.keys() <= known
    lost = []
    for name, items in lists.items():
        if name in _LISTS:
            key, listed = _LISTS[name]
            there = {key(item) for item in listed(entry())}
            lost += [(name, item) for item in items if key(item) not in there and not _is_dropped(name, item)]
        else:
            lost += [(name, item) for item in items if item not in entry()[name]]
    assert lost == []


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_every_number_page_and_person_is_in_the_entry(catalogue: Catalogue) -> None:
    reader, given, name = READERS[catalogue], answers()[catalogue], priority.SHORT_NAMES[catalogue]
    numbers = {field: value for field, value in reader.statistics(given).items() if field != "trending"}
    assert entry()["statistics"].get(name, {}) == numbers
    pages = {one["url"] for kind in ("related_anime", "relations") for one in entry()[kind]}
    own = set(SUBJECT.sources)
    offered_pages = {values.page_key(one["url"]) for one in reader.relations(given)}
    assert offered_pages <= {values.page_key(page) for page in (*pages, *own)}
    people = {
        str(one["staff_ids"].get(name)) for group in entry()["staff_data"]["production_staff"].values() for one in group
    }
    assert {str(one["staff_ids"][name]) for one in reader.staff(given) if one.get("staff_ids")} <= people
    ids = {str(one["character_ids"].get(name)) for one in entry()["characters"]}
    assert {str(one["character_ids"][name]) for one in reader.characters(given)} <= ids


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_every_episode_is_in_the_entry_with_each_field_that_anyone_knows(catalogue: Catalogue) -> None:
    details = {one["episode_number"]: one for one in parts()[Stage.EPISODES]["episode_details"]}
    for episode in READERS[catalogue].episodes(answers()[catalogue]):
        assert set(episode) <= set(details[episode["episode_number"]])
