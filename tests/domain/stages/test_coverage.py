"""Nothing that a catalogue offers of Cowboy Bebop is lost without a written reason, and the page says what became of
it."""

import functools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from domain.provenance import NOTED
from domain.stages import characters, metadata, priority, relationships, run_stage, statistics, taxonomy, values
from domain.stages.readers import READERS
from models.anime import dump_entry
from models.events import Catalogue, Stage
from scripts import coverage, make_coverage, make_priorities
from scripts.coverage import State, few_characters, leaves, parts, table
from scripts.coverage_fields import held
from scripts.coverage_made_up import made_up, unfound
from scripts.coverage_reasons import DROPPED, NOBODYS, OURS, REASONS, reason
from scripts.coverage_stages import merged, said
from scripts.replayed import SUBJECT, answers

J, A, K, D = Catalogue.JIKAN, Catalogue.ANILIST, Catalogue.KITSU, Catalogue.ANIDB
P, S, T = Catalogue.ANIMEPLANET, Catalogue.ANISEARCH, Catalogue.ANIMESCHEDULE
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


def test_every_place_in_the_answers_changes_the_entry_or_gives_way_or_has_a_reason() -> None:
    assert len(leaves()) > 400
    assert [(one.catalogue.value, one.path) for one in left_out() if not reason(one.catalogue, one.path)] == []


def left_out() -> list[coverage.Leaf]:
    return [one for one in leaves() if not one.becomes and not one.yields]


def test_what_gives_way_is_said_by_another_catalogue() -> None:
    yielding = [one for one in leaves() if one.yields]
    assert len(yielding) > 30
    assert [(one.catalogue.value, one.path) for one in yielding if not all(one.yields.values())] == []


def test_some_places_are_known_to_change_to_give_way_and_to_be_left_out() -> None:
    found = {(one.catalogue, one.path): one for one in leaves()}
    assert found[J, "anime.episodes"].becomes == ("episodes",)
    assert found[A, "anime.episodes"].yields == {"episodes": (J,)}
    assert found[D, "anime.characters.[].gender"].becomes == ("characters/gender",)
    assert found[K, "anime.attributes.nsfw"].yields == {"nsfw": (A,)}
    assert found[T, "anime.jpnTime"].becomes == ("broadcast_schedule/jpn_time",)
    assert found[A, "anime.coverImage.color"] in left_out()


def test_no_reason_is_idle() -> None:
    idle = [
        (one.catalogue, place)
        for one in REASONS
        for place in one.places
        if not any(type(one)(one.catalogue, (place,), one.why).covers(leaf.catalogue, leaf.path) for leaf in left_out())
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


# -------------------------------------------------------------------------------------------------------- the table


def test_stages_told_what_the_readers_say_do_as_with_the_answers() -> None:
    assert parts() == {stage: run_stage(stage, answers(), SUBJECT) for stage in Stage}


def test_a_few_characters_merge_as_they_do_among_all() -> None:
    def is_one(character: dict[str, Any]) -> bool:
        return any((name, str(number)) in few_characters() for name, number in character["character_ids"].items())

    few = {
        one: {**told, "characters": [character for character in told["characters"] if is_one(character)]}
        for one, told in ((one, said(one, given)) for one, given in answers().items())
    }
    found = merged(few, [Stage.CHARACTERS])[Stage.CHARACTERS]["characters"]
    assert 30 < len(found) < 100
    assert found == [one for one in parts()[Stage.CHARACTERS]["characters"] if is_one(one)]


def test_the_staff_stands_for_itself() -> None:
    without = {one: {**said(one, given), "staff": []} for one, given in answers().items()}
    left, whole = (held(part) for part in (merged(without)[Stage.METADATA], parts()[Stage.METADATA]))
    assert left == {name: there for name, there in whole.items() if not name.startswith("staff_data/production_staff")}


def test_all_that_the_stages_give_is_in_the_assembled_entry() -> None:
    there = held(dump_entry(coverage.entry()))
    for part in parts().values():
        for name, given in held(part).items():
            assert given - there.get(name, Counter()) == Counter(), name


def test_every_field_of_an_entry_has_a_row_or_is_ours() -> None:
    rows = set(table())
    assert {"demographics", "score/median", "staff_data/voice_actors/name", "delay_information/delay_reason"} <= rows
    assert {"content_warnings", "episode_overrides/main_override/override_date", "episode_details/score"} <= rows
    entry_fields = set(type(coverage.entry()).model_fields)
    assert {name.partition("/")[0] for name in rows} | (OURS.keys() & entry_fields) == entry_fields


def test_a_field_is_used_offered_read_or_never_given() -> None:
    assert table()["title"] == {**dict.fromkeys((J, A, K, D, P, S, T), State.OFFERED), J: State.USED, S: State.READ}
    assert table()["background"] == {J: State.USED}
    assert table()["synonyms"][K] is State.READ  # what it records are our titles
    assert table()["demographics"][J] is State.READ
    assert table()["delay_information/delayed_from"] == {T: State.READ}
    assert table()["statistics/score"] == {**dict.fromkeys((J, A, K, D, P, S, T), State.USED), S: State.READ}
    assert table()["staff_data/production_staff/native_name"] == {A: State.USED, K: State.READ}
    assert table()["streaming_licenses"] == {}


def test_fields_that_no_catalogue_gives_have_a_reason_and_others_none() -> None:
    assert {name for name, states in table().items() if not states} == NOBODYS.keys()


@pytest.mark.parametrize("catalogue", list(Catalogue))
def test_the_made_up_answers_have_all_that_a_reader_looks_for(catalogue: Catalogue) -> None:
    assert unfound(catalogue, made_up(catalogue)) == set()


def test_a_key_that_no_answer_has_is_found_out() -> None:
    known = made_up(A)
    without = {**known, "anime": {name: value for name, value in known["anime"].items() if name != "trending"}}
    assert unfound(A, without) == {"anime.trending"}


def test_whoever_the_priorities_name_gives_the_field() -> None:
    below = {
        "covers": "images/covers", "posters": "images/posters", "banners": "images/banners",
        "studios": "staff_data/studios", "producers": "staff_data/producers", "licensors": "staff_data/licensors",
    }  # fmt: skip
    orders = {
        **{below.get(name, name): order for name, order in {**priority.FIRST, **priority.UNION}.items()},
        **{f"episode_details/{name}": order for name, order in priority.EPISODE_FIRST.items()},
        **{f"episode_details/{name}": order for name, order in priority.EPISODE_UNION.items()},
        "episode_details/aired": priority.EPISODE_AIRED.order,
        "characters": priority.CHARACTERS,
        "staff_data/production_staff": priority.STAFF,
        "related_anime": priority.RELATIONS,
        "statistics": priority.STATISTICS,
    }
    for name, order in orders.items():
        giving = {one for row, states in table().items() if f"{row}/".startswith(f"{name}/") for one in states}
        assert set(order) - giving == set(), name


@pytest.fixture
def afresh() -> Iterator[None]:
    """Without what was found before, and without leaving what is found of other stages."""

    def forget() -> None:
        for found in vars(coverage).values():
            if hasattr(found, "cache_clear"):
                found.cache_clear()

    forget()
    yield
    forget()


@pytest.mark.usefixtures("afresh")
def test_a_stage_that_drops_a_catalogue_changes_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def drop(module: Any, name: str, catalogue: Catalogue) -> None:
        monkeypatch.setattr(module, name, tuple(one for one in getattr(module, name) if one is not catalogue))

    drop(statistics, "STATISTICS", K)
    drop(relationships, "RELATIONS", P)
    drop(metadata, "STAFF", D)
    drop(characters, "CHARACTERS", D)
    monkeypatch.setattr(metadata, "UNION", {**priority.UNION, "trailers": (J, A)})
    assert K not in table()["statistics/score"]
    assert P not in table()["related_anime/url"]
    assert D not in table()["staff_data/production_staff/staff_ids"]
    assert table()["characters/character_type"] == {}
    assert table()["trailers/url"].keys() == {J, A}


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
        "themes": lambda: values.folded(item["name"]) in taxonomy.ELSEWHERE,
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
