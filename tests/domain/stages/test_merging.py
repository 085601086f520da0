"""Which catalogue wins, by small made-up answers."""

import ast
import inspect
import sys
from typing import Any

import pytest

from domain.provenance import NOTED
from domain.stages import priority, run_stage, taxonomy
from domain.stages.people import kanji_key, name_key, same_person
from domain.stages.readers import READERS
from domain.stages.readers.credits import language_group, staff_group
from domain.stages.readers.jikan import duration, given_first
from domain.stages.statistics import combined
from models.anime import AnimeEntry, EpisodeDetailEntry
from models.events import Catalogue, Stage
from scripts.replayed import SUBJECT, answers

J, A, K, D = Catalogue.JIKAN, Catalogue.ANILIST, Catalogue.KITSU, Catalogue.ANIDB


def noted(stage: Stage, **given: dict[str, Any]) -> dict[str, Any]:
    """With what the stage notes beside its values."""
    return run_stage(stage, {Catalogue(name): kinds for name, kinds in given.items()}, SUBJECT)


def run(stage: Stage, **given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in noted(stage, **given).items() if name not in NOTED}


# ----------------------------------------------------------------------------------------------------- the priorities


def test_the_table_knows_every_catalogue_and_only_fields_of_an_entry() -> None:
    places = {"covers", "posters", "banners", "studios", "producers", "licensors"}
    assert set(priority.FIRST) | set(priority.UNION) <= set(AnimeEntry.model_fields) | places
    assert set(priority.EPISODE_FIRST) | set(priority.EPISODE_UNION) <= set(EpisodeDetailEntry.model_fields)
    assert not set(priority.FIRST) & set(priority.UNION)
    assert set(READERS) == set(Catalogue) == set(priority.SHORT_NAMES)


def test_what_a_reader_says_is_taken_from_it() -> None:
    """A field that a reader gives and the table does not list for its catalogue would be lost silently."""
    for catalogue, given in answers().items():
        for name in READERS[catalogue].metadata(given):
            order = priority.FIRST.get(name) or priority.UNION.get(name) or ()
            assert catalogue in order, f"{catalogue} gives {name}"
        for name in {name for episode in READERS[catalogue].episodes(given) for name in episode}:
            if name == "aired":
                assert catalogue in priority.EPISODE_AIRED.order
            elif name != "episode_number":
                assert catalogue in (priority.EPISODE_FIRST.get(name) or priority.EPISODE_UNION[name])


def names_in(catalogue: Catalogue, *functions: str) -> set[str]:
    """The fields that a reader's functions write, read from its source."""
    module = sys.modules[READERS[catalogue].metadata.__module__]
    written = set()
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.FunctionDef) and node.name in functions:
            returned = [one for one in ast.walk(node) if isinstance(one, ast.Return)]
            found = [[inner for inner in ast.walk(one) if isinstance(inner, ast.Dict)][:1] for one in returned]
            fields = [key for dicts in found for one in dicts for key in one.keys]
            written |= {str(key.value) for key in fields if isinstance(key, ast.Constant)}
    return written


@pytest.mark.parametrize("catalogue", sorted(READERS))
def test_the_table_takes_every_field_that_a_reader_can_give(catalogue: Catalogue) -> None:
    tables: dict[str, Any] = {**priority.FIRST, **priority.UNION}
    given = names_in(catalogue, "metadata")
    assert "title" in given
    assert {name for name in given if catalogue not in tables.get(name, ())} == set()
    of_episodes = {**priority.EPISODE_FIRST, **priority.EPISODE_UNION, "aired": priority.EPISODE_AIRED.order}
    told = names_in(catalogue, "_episode", "episodes" if catalogue is Catalogue.ANISEARCH else "_episode")
    assert {name for name in told - {"episode_number"} if catalogue not in of_episodes.get(name, ())} == set()


def test_the_first_catalogue_that_says_anything_decides() -> None:
    title: dict[str, dict[str, Any]] = {
        "jikan": {"anime": {"title": "J"}},
        "anilist": {"anime": {"title": {"romaji": "A", "english": "E"}}},
    }
    entry = run(Stage.METADATA, **title)
    assert (entry["title"], entry["title_english"]) == ("J", "E")
    assert entry["synonyms"] == ["A"]


def test_false_and_zero_are_something_to_say() -> None:
    entry = run(Stage.METADATA, anilist={"anime": {"isAdult": False}}, kitsu={"anime": {"attributes": {"nsfw": True}}})
    assert entry["nsfw"] is False


def test_a_hentai_rating_is_not_safe_for_work() -> None:
    entry = run(Stage.METADATA, jikan={"anime": {"rating": "Rx - Hentai"}})
    assert (entry["rating"], entry["nsfw"]) == ("Rx - Hentai", True)


def test_a_year_alone_has_no_month() -> None:
    aired = {"from": "2018-01-01T00:00:00+00:00", "string": "2018", "prop": {"from": {"month": None, "year": 2018}}}
    entry = run(Stage.METADATA, jikan={"anime": {"aired": aired}})
    assert entry["aired_dates"] == {"from": "2018-01-01", "string": "2018"}
    assert "month" not in entry


@pytest.mark.parametrize(
    ("line", "song"),
    [
        ('"Tank!" by The Seatbelts (eps 1-25)', {"title": "Tank!", "artist": "The Seatbelts", "episodes": "1-25"}),
        ('#2: "Blue" by Mai Yamane (ep 26)', {"title": "Blue", "artist": "Mai Yamane", "episodes": "26"}),
        ('1: "A "B" C (遥か)" by X', {"title": 'A "B" C (遥か)', "artist": "X"}),
        ("Untitled jingle", {"title": "Untitled jingle"}),
    ],
)
def test_theme_songs_are_taken_apart(line: str, song: dict[str, str]) -> None:
    entry = run(Stage.METADATA, jikan={"anime": {"theme": {"openings": [line]}}})
    assert entry["opening_themes"] == [song]


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("24 min per ep", 1440),
        ("1 hr 55 min", 6900),
        ("30 sec", 30),
        ("1 hr 1 min 1 sec", 3661),
        ("Unknown", None),
        (None, None),
    ],
)
def test_durations(line: object, seconds: int | None) -> None:
    assert duration(line) == seconds


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Black, Jet", "Jet Black"),
        ("Ein", "Ein"),
        ("Hesap Lütfen, Afedersiniz", "Afedersiniz Hesap Lütfen"),
        ("a, b, c", "a, b, c"),
    ],
)
def test_given_names_come_first(name: str, shown: str) -> None:
    assert given_first(name) == shown


@pytest.mark.parametrize(
    ("role", "group"),
    [
        ("Key Animation (eps 2, 6)", "key_animators"),
        ("Director", "directors"),
        ('Insert Song Performance ("Adieu"; ep 25)', "insert_song_performers"),
        ("3DCG (ep 20)", "cg_artists"),
        ("2nd Key Animation", "other_2nd_key_animation"),
        ("Layout Check", "layout_check"),
        ("監督", "other"),
    ],
)
def test_credits_are_grouped_and_none_is_lost(role: str, group: str) -> None:
    assert staff_group(role) == group


def test_languages_become_names_of_groups() -> None:
    assert language_group("Portuguese (BR)") == "portuguese_br"


def test_genres_are_a_closed_set_in_one_spelling() -> None:
    words = ["sci fi", "Science Fiction", "ACTION", "Bounty Hunters", "Violence"]
    entry = run(Stage.METADATA, anilist={"anime": {"genres": words}})
    assert entry["genres"] == ["Sci-Fi", "Action"]
    assert entry["tags"] == ["sci-fi", "action", "bounty hunters"]
    assert [taxonomy.tag(word) for word in words] == ["sci-fi", "sci-fi", "action", "bounty hunters", None]


# --------------------------------------------------------------------------------------------------------- episodes


def kitsu_episode(number: int, **attributes: Any) -> dict[str, Any]:
    return {"attributes": {"number": number, **attributes}}


def test_episodes_of_all_catalogues_are_one_list_by_number() -> None:
    entry = run(
        Stage.EPISODES,
        jikan={"episodes": [{"mal_id": 10, "title": "ten"}, {"mal_id": 2, "title": "two", "score": 4.5}]},
        kitsu={
            "episodes": [kitsu_episode(2, titles={"en_us": "TWO"}, length=24), kitsu_episode(1, airdate="2020-01-01")]
        },
        anidb={"anime": {"episodes": [{"epno": "S1", "titles": {"en": "special"}}, {"epno": "1.5"}]}},
    )
    details = entry["episode_details"]
    assert [one["episode_number"] for one in details] == ["1", "1.5", "2", "10", "S1"]
    assert details[2] == {"episode_number": "2", "title": "two", "duration": 1440, "score": 9.0}
    assert details[0]["aired"] == "2020-01-01"


def test_a_scheduled_time_wins_over_a_recorded_day() -> None:
    entry = run(
        Stage.EPISODES,
        jikan={"episodes": [{"mal_id": 5, "aired": "2026-11-24T00:00:00+00:00"}]},
        anilist={"anime": {"nextAiringEpisode": {"episode": 5, "airingAt": 1795453200}}},
    )
    assert entry["episode_details"][0]["aired"] == "2026-11-23T17:00:00Z"


def test_a_time_of_day_in_japan_is_written_in_utc_and_midnight_is_a_day() -> None:
    episodes = [
        {"mal_id": 1, "aired": "1998-10-24T01:00:00+09:00"},
        {"mal_id": 2, "aired": "1998-10-31T00:00:00+09:00"},
    ]
    entry = run(Stage.EPISODES, jikan={"episodes": episodes})
    assert [one["aired"] for one in entry["episode_details"]] == ["1998-10-23T16:00:00Z", "1998-10-31"]


def test_details_complete_the_list_and_never_empty_it() -> None:
    entry = run(
        Stage.EPISODES,
        jikan={
            "episodes": [{"mal_id": 1, "title": "one", "filler": True}],
            "episode_details": [{"mal_id": 1, "title": "", "duration": 600, "synopsis": None, "filler": True}],
        },
    )
    assert entry["episode_details"] == [{"episode_number": "1", "title": "one", "duration": 600, "filler": True}]


# ------------------------------------------------------------------------------------------------------- characters


def jikan_character(number: int, name: str, kanji: str | None = None, role: str = "Supporting") -> tuple[Any, Any]:
    return (
        {"character": {"mal_id": number, "name": name}, "role": role},
        {"mal_id": number, "name": name, "name_kanji": kanji},
    )


def jikan_characters(*found: tuple[Any, Any]) -> dict[str, Any]:
    return {"characters": [edge for edge, _ in found], "character_details": [detail for _, detail in found]}


def anilist_character(number: int, name: str, native: str | None = None, **edge: Any) -> dict[str, Any]:
    return {"node": {"id": number, "name": {"full": name, "native": native}}, **edge}


def merged_ids(entry: dict[str, Any]) -> list[dict[str, int]]:
    return [one["character_ids"] for one in entry["characters"]]


@pytest.mark.parametrize(
    ("mal", "anilist"),
    [
        (("Yamadera, Kouichi", None), ("Koichi Yamadera", None)),
        (("Afedersiniz Lütfen", None), ("Lutfen AFEDERSINIZ", None)),
        (("Mad Pierrot", "東風"), ("Tongpu", "東風")),
        (("Spike", "スパイク・スピーゲル"), ("S. Spiegel", "スパイク スピーゲル")),
    ],
)
def test_the_same_name_in_another_spelling_is_the_same_character(
    mal: tuple[str, str | None], anilist: tuple[str, str | None]
) -> None:
    entry = run(
        Stage.CHARACTERS,
        jikan=jikan_characters(jikan_character(1, *mal)),
        anilist={"characters": [anilist_character(2, *anilist)]},
    )
    assert merged_ids(entry) == [{"mal": 1, "anilist": 2}]
    assert anilist[0] in entry["characters"][0]["name_variations"]


def test_a_name_that_two_have_matches_neither() -> None:
    entry = run(
        Stage.CHARACTERS,
        jikan=jikan_characters(jikan_character(1, "Bartender", "バーテン")),
        anilist={
            "characters": [anilist_character(2, "Bartender", "バーテン"), anilist_character(3, "Bartender", "バーテン")]
        },
    )
    assert merged_ids(entry) == [{"mal": 1}, {"anilist": 2}, {"anilist": 3}]


def test_different_names_stay_apart() -> None:
    entry = run(
        Stage.CHARACTERS,
        jikan=jikan_characters(jikan_character(1, "Julia"), jikan_character(2, "Julius")),
        anilist={"characters": [anilist_character(3, "Juliet")]},
    )
    assert len(entry["characters"]) == 3


def test_a_character_that_a_catalogue_lists_twice_is_one() -> None:
    twice = [anilist_character(1, "Ein"), anilist_character(1, "Ein")]
    assert merged_ids(run(Stage.CHARACTERS, anilist={"characters": twice})) == [{"anilist": 1}]


def test_main_characters_come_first() -> None:
    entry = run(
        Stage.CHARACTERS,
        jikan=jikan_characters(jikan_character(1, "Extra"), jikan_character(2, "Hero", role="Main")),
        anidb={"anime": {"characters": [{"id": 3, "name": "Crowd", "type": "appears in"}, {"id": 4, "name": "Who"}]}},
    )
    assert [(one["name"], one["role"]) for one in entry["characters"]] == [
        ("Hero", "Main"),
        ("Extra", "Supporting"),
        ("Crowd", "Background"),
        ("Who", "Unknown"),
    ]


def test_voices_of_every_language_are_kept_and_a_dialect_is_no_second_voice() -> None:
    edge, detail = jikan_character(1, "Spike")
    edge["voice_actors"] = [{"person": {"mal_id": 13, "name": "Briggs, Guilherme"}, "language": "Portuguese (BR)"}]
    voices = [
        {"id": 21, "languageV2": "Portuguese", "name": {"full": "Guilherme Briggs"}},
        {"id": 22, "languageV2": "German", "name": {"full": "Viktor Neumann"}},
        {"id": 23, "languageV2": None, "name": {"full": "Steven Blum"}},
    ]
    entry = run(
        Stage.CHARACTERS,
        jikan={"characters": [edge], "character_details": [detail]},
        anilist={"characters": [anilist_character(2, "Spike", voiceActors=voices)]},
    )
    told = [(voice["language"], voice["staff_ids"]) for voice in entry["characters"][0]["voice_actors"]]
    assert told == [("Portuguese (BR)", {"mal": 13, "anilist": 21}), ("German", {"anilist": 22})]
    assert set(entry["staff_data"]["voice_actors"]) == {"portuguese_br", "german"}


def test_a_voice_in_two_catalogues_is_one_person_with_both_ids() -> None:
    edge, detail = jikan_character(1, "Spike")
    edge["voice_actors"] = [
        {"person": {"mal_id": 11, "name": "Yamadera, Kouichi"}, "language": "Japanese"},
        {"person": {"mal_id": 12, "name": "Blum, Steven"}, "language": "English"},
    ]
    voice = {
        "id": 95011,
        "languageV2": "Japanese",
        "name": {"full": "Kouichi Yamadera", "native": "山寺宏一"},
        "image": {"large": "https://x.example/default.jpg"},
    }
    entry = run(
        Stage.CHARACTERS,
        jikan={"characters": [edge], "character_details": [detail]},
        anilist={"characters": [anilist_character(2, "Spike", voiceActors=[voice])]},
        anidb={
            "anime": {"characters": [{"id": 3, "name": "Spike", "seiyuu": {"name": "Yamadera Kouichi", "id": "380"}}]}
        },
    )
    japanese, english = entry["characters"][0]["voice_actors"]
    assert japanese["staff_ids"] == {"mal": 11, "anilist": 95011, "anidb": 380}
    assert (japanese["name"], japanese["native_name"]) == ("Kouichi Yamadera", "山寺宏一")
    assert "image" not in japanese  # the catalogue's stand-in for none
    assert english["name"] == "Steven Blum"
    actors = entry["staff_data"]["voice_actors"]
    assert {language: [one["character_assignments"] for one in found] for language, found in actors.items()} == {
        "japanese": [["Spike"]],
        "english": [["Spike"]],
    }


def test_two_people_of_one_name_in_a_catalogue_stay_two() -> None:
    one = {"staff_ids": {"mal": 1}, "name": "Sato Ken"}
    assert not same_person(one, {"staff_ids": {"mal": 2}, "name": "Ken Satou"})
    assert same_person(one, {"staff_ids": {"anilist": 2}, "name": "Ken Satou"})
    assert not same_person({"name": "Ken Sato", "native_name": "佐藤健"}, {"name": "Ken Sato", "native_name": "佐藤賢"})


def test_keys_of_names() -> None:
    assert name_key("Watanabe Shin`ichirou") == name_key("Shinichirō  WATANABE") == name_key("Shin'ichiro Watanabe")
    assert name_key("V. T.") != name_key("VT")
    assert name_key("...") == ()
    assert kanji_key("フェイ・バレンタイン") == kanji_key("フェイ バレンタイン")
    assert kanji_key("Faye") == ""


# ------------------------------------------------------------------------------------------------------- statistics


def test_the_means_count_each_catalogue_once() -> None:
    assert combined([]) == {}
    assert combined([8.0]) == {"arithmetic_mean": 8.0, "arithmetic_geometric_mean": 8.0, "median": 8.0}
    found = combined([1.0, 9.0, 5.0])
    assert (found["arithmetic_mean"], found["median"]) == (5.0, 5.0)
    assert 3.5569 < found["arithmetic_geometric_mean"] < 5.0


def test_an_anime_without_any_score_has_no_mean() -> None:
    entry = run(Stage.STATISTICS, jikan={"anime": {"score": None, "members": 12}})
    assert entry == {"statistics": {"mal": {"members": 12}}}


# -------------------------------------------------------------------------------------------------------- relations


def test_an_anime_is_not_related_to_itself_and_each_page_is_listed_once() -> None:
    entries = [
        {"mal_id": 1, "type": "anime", "name": "Itself", "url": "https://myanimelist.net/anime/1/Itself"},
        {"mal_id": 5, "type": "anime", "name": "Film", "url": "https://myanimelist.net/anime/5/Film"},
    ]
    relations = [{"relation": "Side Story", "entry": entries}, {"relation": "Other", "entry": entries}]
    entry = run(Stage.RELATIONSHIPS, jikan={"anime": {"relations": relations}})
    assert entry == {
        "related_anime": [{"url": "https://myanimelist.net/anime/5", "title": "Film", "relation_type": "SIDE STORY"}]
    }


def test_an_unknown_kind_of_relation_is_another() -> None:
    works = [{"type": "manga", "name": "M", "url": "https://myanimelist.net/manga/2/M"}]
    entry = run(Stage.RELATIONSHIPS, jikan={"anime": {"relations": [{"relation": "Stage Play", "entry": works}]}})
    assert [item["relation_type"] for item in entry["relations"]] == ["OTHER"]
