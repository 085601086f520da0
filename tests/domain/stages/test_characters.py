"""Stage 5 on small made-up answers: what is put together, and what is told beside it."""

import hashlib
from typing import Any

from domain.stages import run_stage
from models.events import Catalogue, Stage
from scripts.replayed import SUBJECT


def jikan(*characters: tuple[int, str, str]) -> dict[str, Any]:
    """Id, name, Japanese voice."""
    return {
        "characters": [
            {
                "character": {"mal_id": identifier, "name": name},
                "role": "Supporting",
                "voice_actors": [{"person": {"mal_id": person_id(voice), "name": voice}, "language": "Japanese"}],
            }
            for identifier, name, voice in characters
        ]
    }


def anidb(*characters: tuple[int, str, str]) -> dict[str, Any]:
    return {
        "anime": {
            "characters": [
                {"id": identifier, "name": name, "seiyuu": {"id": person_id(voice), "name": voice}}
                for identifier, name, voice in characters
            ]
        }
    }


def person_id(name: str) -> int:
    """An id of a person, by name."""
    return 1 + int.from_bytes(hashlib.sha256(" ".join(sorted(name.replace(",", "").split())).encode()).digest()[:3])


def run(**given: dict[str, Any]) -> dict[str, Any]:
    return run_stage(Stage.CHARACTERS, {Catalogue(name): kinds for name, kinds in given.items()}, SUBJECT)


def test_a_doubtful_match_names_both_sides_with_all_their_ids() -> None:
    anilist = {"characters": [{"node": {"id": 9, "name": {"full": "Kei"}}, "voiceActors": []}]}
    found = run(
        jikan=jikan((1, "Kei", "Abe, Ai")), anilist=anilist, anidb=anidb((2, "Kei", "Baba Rui"), (3, "Other", "X Y"))
    )
    assert [one["character_ids"] for one in found["characters"]] == [
        {"mal": 1, "anilist": 9},
        {"anidb": 2},
        {"anidb": 3},
    ]
    assert found["doubtful_matches"] == [
        {
            "names": ["Kei", "Kei"],
            "catalogues": ["mal", "anilist", "anidb"],
            "ids": [{"mal": 1, "anilist": 9}, {"anidb": 2}],
            "reason": "the same name, of one word; different voices",
        }
    ]


def test_nothing_is_told_where_nothing_is_doubtful() -> None:
    found = run(jikan=jikan((1, "Rei Ayanami", "Abe, Ai")), anidb=anidb((2, "Ayanami Rei", "Abe Ai")))
    assert [one["character_ids"] for one in found["characters"]] == [{"mal": 1, "anidb": 2}]
    assert "doubtful_matches" not in found


def test_two_voices_that_may_be_one_are_told_once_for_all_their_characters() -> None:
    found = run(
        jikan=jikan((1, "Asimov Solensan", "Nishi, Rintarou"), (2, "Jet Black", "Nishi, Rintarou")),
        anidb=anidb((3, "Asimov Solensan", "Nishi Tarou"), (4, "Jet Black", "Nishi Tarou")),
    )
    assert len(found["characters"]) == 2
    (doubt,) = found["doubtful_matches"]
    assert doubt["names"] == ["Rintarou Nishi", "Nishi Tarou"]
    assert doubt["reason"] == "both voice Asimov Solensan in Japanese; a part of the name is the same"
    assert [one["name"] for one in found["staff_data"]["voice_actors"]["japanese"]] == ["Rintarou Nishi", "Nishi Tarou"]


def test_a_voice_is_one_person_with_all_characters_in_their_order() -> None:
    found = run(
        jikan=jikan((1, "Spike", "Yamadera, Kouichi"), (2, "Ein", "Yamadera, Kouichi")),
        anidb=anidb((3, "Ein", "Yamadera Kouichi"), (4, "Extra", "Yamadera Kouichi")),
    )
    (person,) = found["staff_data"]["voice_actors"]["japanese"]
    assert person["character_assignments"] == ["Spike", "Ein", "Extra"]
    assert set(person["staff_ids"]) == {"mal", "anidb"}
