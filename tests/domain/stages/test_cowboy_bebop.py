"""Facts of Cowboy Bebop, checked by hand against the catalogues' recorded answers."""

import functools
from typing import Any

from domain.stages import run_stage
from models.events import Catalogue, Stage
from scripts.replayed import SUBJECT, answers


@functools.cache
def part(stage: Stage) -> dict[str, Any]:
    return run_stage(stage, answers(), SUBJECT)


def by_number() -> dict[str, dict[str, Any]]:
    return {episode["episode_number"]: episode for episode in part(Stage.EPISODES)["episode_details"]}


def character(name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [one for one in part(Stage.CHARACTERS)["characters"] if one["name"] == name]
    assert len(found) == 1
    return found[0]


def test_what_it_is() -> None:
    entry = part(Stage.METADATA)
    facts = ("title", "title_japanese", "type", "status", "episodes", "season", "year", "month", "duration")
    assert [entry[name] for name in facts] == [
        "Cowboy Bebop", "カウボーイビバップ", "TV", "FINISHED", 26, "SPRING", 1998, "April", 24 * 60,
    ]  # fmt: skip
    assert entry["rating"] == "R - 17+ (violence & profanity)"
    assert (entry["source_material"], entry["country_of_origin"], entry["nsfw"]) == ("ORIGINAL", "JP", False)
    assert entry["genres"] == ["Action", "Award Winning", "Sci-Fi", "Adventure", "Drama", "Comedy"]
    assert entry["content_warnings"] == ["Drug Use", "Nudity", "Sexual Content", "Violence", "Mature Themes"]


def test_texts_are_clean() -> None:
    entry = part(Stage.METADATA)
    assert entry["synopsis"].startswith("Crime is timeless. By the year 2071")
    assert entry["synopsis"].endswith("revenge for his old wounds.")
    assert entry["background"].startswith("When Cowboy Bebop first aired in spring of 1998 on TV Tokyo")


def test_spoilers_are_neither_tags_nor_themes() -> None:
    entry = part(Stage.METADATA)
    assert "tragedy" in entry["tags"]  # AniDB says it openly
    assert not {"amnesia", "heterosexual"} & set(entry["tags"])
    names = [theme["name"] for theme in entry["themes"]]
    assert {"Space", "Found Family", "Adult Cast"} <= set(names)
    assert "Amnesia" not in names
    space = next(theme for theme in entry["themes"] if theme["name"] == "Space")
    assert space["description"] == "Partly or completely set in outer space."


def test_synonyms_are_in_many_scripts_and_repeat_no_title() -> None:
    synonyms = part(Stage.METADATA)["synonyms"]
    assert {"카우보이 비밥", "Ковбой Бибоп", "Kowboj Bebop", "CBB"} <= set(synonyms)
    assert not {"Cowboy Bebop", "COWBOY BEBOP", "カウボーイビバップ"} & set(synonyms)


def test_pictures_are_the_largest_ones() -> None:
    images = part(Stage.METADATA)["images"]
    assert images["covers"] == [
        "https://cdn.myanimelist.net/images/anime/4/19644l.jpg",
        "https://s4.anilist.co/file/anilistcdn/media/anime/cover/large/bx1-GCsPm7waJ4kS.png",
        "https://cdn.anidb.net/images/main/221595.jpg",
        "https://cdn.anime-planet.com/anime/primary/cowboy-bebop-1.jpg?t=1625765900",
        "https://img.animeschedule.net/production/assets/public/img/anime/jpg/default/cowboy-bebop-f6e5005100.jpg",
    ]
    assert images["posters"] == ["https://media.kitsu.app/anime/poster_images/1/original.jpg"]
    assert len(images["banners"]) == 2
    trailers = part(Stage.METADATA)["trailers"]
    assert [trailer["url"][-11:] for trailer in trailers] == ["gY5nDXOtv_o", "OhNwckCLzis", "qig4KOK2R2g"]


def test_theme_songs() -> None:
    entry = part(Stage.METADATA)
    assert entry["opening_themes"] == [{"title": "Tank!", "artist": "The Seatbelts", "episodes": "1-25"}]
    assert [(song["title"], song["episodes"]) for song in entry["ending_themes"]] == [
        ("The Real Folk Blues", "1-12, 14-25"),
        ("Space Lion", "13"),
        ("Blue", "26"),
    ]


def test_where_to_watch_and_to_read_on() -> None:
    entry = part(Stage.METADATA)
    assert [item["platform"] for item in entry["streaming_info"]] == [
        "Crunchyroll", "Netflix", "Tubi TV", "Hulu", "Amazon Prime Video", "Adult Swim", "Funimation", "Apple TV",
    ]  # fmt: skip
    assert entry["external_links"] == {
        "official site": "http://www.cowboy-bebop.net/",
        "ann": "https://www.animenewsnetwork.com/encyclopedia/anime.php?id=13",
        "wikipedia": "http://en.wikipedia.org/wiki/Cowboy_Bebop",
        "wikipedia 2": (
            "https://ja.wikipedia.org/wiki/"
            "%E3%82%AB%E3%82%A6%E3%83%9C%E3%83%BC%E3%82%A4%E3%83%93%E3%83%90%E3%83%83%E3%83%97"
        ),
        "syoboi": "https://cal.syoboi.jp/tid/538",
    }


def test_when_it_aired() -> None:
    entry = part(Stage.METADATA)
    assert entry["aired_dates"] == {"from": "1998-04-03", "to": "1999-04-24", "string": "Apr 3, 1998 to Apr 24, 1999"}
    assert entry["premiere_dates"] == {"original": "1998-04-02T16:00:00Z"}
    assert entry["broadcast"]["string"] == "Saturdays at 01:00 (JST)"
    assert "delay_information" not in entry
    assert "episode_overrides" not in entry


def test_companies_and_staff_are_one_each_with_the_ids_of_all_catalogues() -> None:
    staff = part(Stage.METADATA)["staff_data"]
    assert [(one["name"], one["company_ids"]) for one in staff["studios"]] == [
        ("Sunrise", {"mal": 14, "anilist": 14, "anidb": 726})
    ]
    assert [one["name"] for one in staff["producers"]] == [
        "Bandai Visual", "Victor Entertainment", "Audio Planning U", "Bandai Entertainment",
    ]  # fmt: skip
    assert [one["name"] for one in staff["licensors"]] == ["Funimation"]
    (director,) = staff["production_staff"]["directors"]
    assert (director["name"], director["native_name"]) == ("Shinichirou Watanabe", "渡辺信一郎")
    assert director["staff_ids"] == {"anilist": 97009, "anidb": 129, "animeplanet": "shinichirou-watanabe"}
    (composer,) = staff["production_staff"]["music_composers"]
    assert (composer["name"], composer["staff_ids"]) == (
        "Youko Kanno",
        {"anilist": 95508, "anidb": 241, "animeplanet": "youko-kanno"},
    )
    credited = {one["staff_ids"]["anilist"] for group in staff["production_staff"].values() for one in group}
    assert len(credited) == len({edge["node"]["id"] for edge in answers()[Catalogue.ANILIST]["staff"]})


def test_26_episodes_each_with_a_day_and_no_time() -> None:
    episodes = by_number()
    assert list(episodes) == [str(number) for number in range(1, 27)]
    assert all(len(episode["aired"]) == len("1998-10-24") for episode in episodes.values())
    assert [episodes[number]["aired"] for number in ("1", "2", "26")] == ["1998-10-24", "1998-04-03", "1999-04-24"]


def test_every_episode_is_told_in_full() -> None:
    for episode in by_number().values():
        assert {"title", "title_japanese", "title_romaji", "synopsis", "thumbnails", "streaming"} <= set(episode)
        assert (episode["duration"], episode["filler"], episode["recap"]) == (1440, False, False)
    fifth = by_number()["5"]
    assert (fifth["title"], fifth["title_japanese"], fifth["title_romaji"]) == (
        "Ballad of Fallen Angels",
        "堕天使たちのバラッド",
        "Datenshi-tachi no Ballad",
    )
    assert fifth["episode_pages"] == {"mal": "https://myanimelist.net/anime/1/Cowboy_Bebop/episode/5"}
    assert fifth["streaming"] == {"Crunchyroll": "http://www.crunchyroll.com/watch/GVWU0Z4K1/ballad-of-fallen-angels"}
    assert len(by_number()["1"]["thumbnails"]) == 2
    assert len(by_number()["26"]["thumbnails"]) == 1


def test_relations_to_anime_and_to_other_works() -> None:
    entry = part(Stage.RELATIONSHIPS)
    related = {item["url"]: (item["relation_type"], item.get("title")) for item in entry["related_anime"]}
    assert related["https://myanimelist.net/anime/5"] == ("SIDE STORY", "Cowboy Bebop: Tengoku no Tobira")
    assert related["https://anilist.co/anime/4037"] == ("SUMMARY", "Cowboy Bebop: Yoseatsume Blues")
    assert related["https://anime-planet.com/anime/cowboy-bebop-the-movie"] == (
        "SAME FRANCHISE",
        "Cowboy Bebop: The Movie",
    )
    assert related["https://animeschedule.net/anime/cowboy-bebop-ein-no-natsuyasumi"] == ("SIDE STORY", None)
    assert len(related) == 12
    works = [(item["url"], item["relation_type"], item["type"]) for item in entry["relations"]]
    assert ("https://anilist.co/manga/30173", "ADAPTATION", "manga") in works
    assert len(works) == 4


def test_statistics_of_each_catalogue_on_one_scale() -> None:
    entry = part(Stage.STATISTICS)
    scores = {catalogue: (numbers["score"], numbers["scored_by"]) for catalogue, numbers in entry["statistics"].items()}
    assert scores == {
        "mal": (8.75, 1_024_836),
        "anilist": (8.6, 146_753),
        "kitsu": (8.223, 82_746),
        "anidb": (8.74, 18_699),
        "animeplanet": (8.678, 55_235),
        "animeschedule": (8.3667, 243),
    }
    assert entry["score"] == {"arithmetic_mean": 8.5596, "arithmetic_geometric_mean": 8.5585, "median": 8.639}
    assert (entry["statistics"]["mal"]["rank"], entry["statistics"]["mal"]["popularity_rank"]) == (47, 42)
    assert entry["statistics"]["anilist"]["status_distribution"]["COMPLETED"] == 202_333
    assert len(entry["statistics"]["anilist"]["contextual_ranks"]) == 4
    assert entry["popularity_trends"] == {"anilist": 11}


def test_characters_of_three_catalogues_are_merged() -> None:
    characters = part(Stage.CHARACTERS)["characters"]
    counted = {
        catalogue: sum(catalogue in one["character_ids"] for one in characters)
        for catalogue in ("mal", "anilist", "anidb")
    }
    assert counted == {"mal": 126, "anilist": 69, "anidb": 94}
    assert len(characters) == 138  # the table of tests/data/characters has 126 of MyAnimeList and 12 of others
    assert [one["role"] for one in characters[:5]] == ["Main"] * 4 + ["Supporting"]
    assert {one["name"] for one in characters[:4]} == {
        "Spike Spiegel",
        "Jet Black",
        "Faye Valentine",
        "Edward Wong Hau Pepelu Tivrusky IV",
    }
    assert sum("images" in one for one in characters) > 130


def test_a_main_character_is_told_by_all_who_know_her() -> None:
    faye = character("Faye Valentine")
    assert faye["character_ids"] == {"mal": 2, "anilist": 2, "anidb": 400, "animeplanet": "faye-valentine"}
    assert faye["name_kanji"] == "フェイ・バレンタイン"
    assert (faye["role"], faye["gender"]) == ("Main", "Female")
    assert set(faye["character_pages"]) == {"mal", "anilist", "anidb", "animeplanet"}
    assert len(faye["images"]) == 3
    assert set(faye["statistics"]) == {"mal", "anilist", "anidb"}
    assert [voice["name"] for voice in faye["voice_actors"] if voice["language"] == "Japanese"] == [
        "Megumi Hayashibara"
    ]
    (japanese,) = [voice for voice in faye["voice_actors"] if voice["language"] == "Japanese"]
    assert (japanese["native_name"], set(japanese["staff_ids"])) == ("林原めぐみ", {"mal", "anilist", "anidb"})


def test_namesakes_are_told_apart_by_their_voices() -> None:
    bartenders = [one for one in part(Stage.CHARACTERS)["characters"] if one["name"].startswith("Bartender")]
    assert {one["name"]: one["character_ids"] for one in bartenders} == {
        "Bartender A": {"mal": 137293, "anidb": 18655},
        "Bartender B": {"mal": 137294, "anidb": 18768},
        "Bartender C": {"mal": 137295, "anidb": 18769},
    }


def test_a_character_is_one_under_all_names() -> None:
    owner = character("Pet Store Owner")
    assert owner["character_ids"] == {"mal": 79667, "anilist": 79667, "anidb": 18664}
    assert owner["name_variations"] == ["Pet Shop no Owner", "Owner"]
    (voice,) = [one for one in owner["voice_actors"] if one["language"] == "Japanese"]
    assert voice["staff_ids"] == {"mal": 5929, "anilist": 100929, "anidb": 3968}  # under two names


def test_what_may_be_one_is_told_and_stays_apart() -> None:
    found = part(Stage.CHARACTERS)
    doubtful = {tuple(one["names"]): one for one in found["doubtful_matches"]}
    assert {("Actress", "Shoujo A"), ("Fatty River", "Fad"), ("Fad", "Fad"), ("Reporter", "Reporter")} <= set(doubtful)
    written_over = doubtful["Fatty River", "Fad"]
    assert written_over["ids"] == [{"mal": 42425, "anidb": 18692}, {"anilist": 42425}]
    assert written_over["catalogues"] == ["mal", "anidb", "anilist"]
    assert written_over["reason"].startswith("no name alike; the same voice")
    assert doubtful["Rintarou Nishi", "Nishi Tarou"]["reason"].startswith("both voice Asimov Solensan in Japanese")
    joined = [one["character_ids"] for one in found["characters"]]
    assert not any({**ids, **written_over["ids"][1]} == ids and len(ids) > 1 for ids in joined)


def test_voice_actors_are_one_person_a_language_with_all_their_characters() -> None:
    languages = part(Stage.CHARACTERS)["staff_data"]["voice_actors"]
    assert set(languages) == {
        "japanese", "english", "french", "spanish", "korean", "german", "portuguese_br", "italian", "hungarian",
    }  # fmt: skip
    yamadera = [one for one in languages["japanese"] if one["staff_ids"].get("mal") == 11]
    assert len(yamadera) == 1
    assert yamadera[0]["staff_ids"] == {"mal": 11, "anilist": 95011, "anidb": 380}
    assert "Spike Spiegel" in yamadera[0]["character_assignments"]
    assert yamadera[0]["birth_date"] == "1961-06-17"
