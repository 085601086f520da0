import types
import typing
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from domain.derive import NOT_FETCHED
from domain.image_refs import (
    IMAGE_PLACES,
    ImageRef,
    image_refs,
    image_refs_of_entry,
    placeholder_refs,
    settled,
    with_images,
    without_stand_ins,
)
from models.anime import AnimeEntry, check_entry, dump_entry
from models.base import FailedImage
from models.errors import InvalidEntry
from models.events import Stage
from models.ids import mint_anime_id, mint_character_id

ANIME = mint_anime_id("https://myanimelist.net/anime/1")
A, B, C = (f"https://cdn.example/{name}.jpg" for name in "abc")
OURS = "https://images.example/images/1.jpg"
FAILED_B = {"image_url": B, "error_message": "404"}


def image_places(annotation: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every place of a model's type where an image may stand: those whose type allows a placeholder."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is FailedImage:
        yield ".".join(path)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield from image_places(field.annotation, (*path, name))
    elif origin in {types.UnionType, typing.Union}:
        for argument in arguments:
            yield from image_places(argument, path)
    elif origin is typing.Annotated:
        yield from image_places(arguments[0], path)
    elif origin in {list, dict}:
        yield from image_places(arguments[-1], (*path, "*"))


def test_the_places_are_those_of_the_models() -> None:
    assert set(image_places(AnimeEntry)) == set(IMAGE_PLACES)


def entry(**more: Any) -> AnimeEntry:
    return check_entry(
        {
            "anime_id": ANIME,
            "sources": ["https://myanimelist.net/anime/1"],
            "title": "Cowboy Bebop",
            "type": "TV",
            "status": "FINISHED",
            "episodes": 26,
            "enriched": True,
            **more,
        }
    )


def character(*images: Any) -> dict[str, Any]:
    voice = {"name": "Kouichi Yamadera", "language": "Japanese", "image": A}
    return {
        "character_id": mint_character_id(ANIME, "mal:1"),
        "name": "Spike",
        "role": "Main",
        "images": list(images),
        "voice_actors": [voice],
    }


def test_each_url_of_the_parts_is_listed_once_with_its_first_place() -> None:
    parts: dict[Stage, dict[str, Any]] = {
        Stage.METADATA: {"images": {"covers": [A, B]}, "trailers": [{"url": C}, {"url": C, "thumbnail_url": C}]},
        Stage.CHARACTERS: {"characters": [{"images": []}, {"images": [B], "voice_actors": [{"image": C}]}]},
    }
    assert image_refs(parts) == [
        ImageRef(A, "images.covers.0"),
        ImageRef(B, "images.covers.1"),
        ImageRef(C, "trailers.1.thumbnail_url"),
    ]


def test_placeholders_of_an_entry_count_with_their_url() -> None:
    found = image_refs_of_entry(entry(images={"covers": [FAILED_B]}, characters=[character(C)]))
    assert found == [
        ImageRef(B, "images.covers.0"),
        ImageRef(C, "characters.0.images.0"),
        ImageRef(A, "characters.0.voice_actors.0.image"),
    ]


def test_the_placeholders_of_an_entry_are_told_once_with_their_reason() -> None:
    found = placeholder_refs(entry(images={"covers": [A, FAILED_B]}, characters=[character(FAILED_B, C)]))
    assert found == [(ImageRef(B, "images.covers.1"), "404")]


RELEASED = {"images": {"covers": [FAILED_B, OURS], "banners": [A]}, "enriched": False}


@pytest.mark.parametrize("kind", ["covers", "posters"])
def test_the_pictures_of_a_release_give_way_to_those_of_a_catalogue(kind: str) -> None:
    after = without_stand_ins(entry(**RELEASED), {Stage.METADATA: {"images": {kind: [C]}}})
    assert (after.images.covers, after.images.banners) == ([], [A])


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({}, {}),
        ({}, {"images": {"banners": [C]}}),
        ({"enriched": True}, {"images": {"covers": [C]}}),
        ({"locked_fields": ["images"]}, {"images": {"covers": [C]}}),
    ],
    ids=["nothing offered", "a banner only", "enriched before", "locked"],
)
def test_the_pictures_of_an_entry_stay_otherwise(changes: dict[str, Any], offered: dict[str, Any]) -> None:
    before = entry(**{**RELEASED, **changes})
    assert without_stand_ins(before, {Stage.METADATA: offered}) == before


def test_results_take_the_places_of_images_and_of_placeholders() -> None:
    before = entry(images={"covers": [A, FAILED_B, C]}, characters=[character(C)])
    after = with_images(before, {A: FailedImage(image_url=A, error_message="not an image"), B: OURS})
    placeholder = {"image_url": A, "error_message": "not an image"}
    assert dump_entry(after)["images"]["covers"] == [placeholder, OURS, C]
    assert dump_entry(after.characters[0])["voice_actors"][0]["image"] == placeholder


def test_two_urls_of_one_picture_become_one_image() -> None:
    assert with_images(entry(images={"covers": [A, B]}), {A: OURS, B: OURS}).images.covers == [OURS]


def test_without_results_an_entry_stays_as_it_is() -> None:
    before = entry(images={"covers": [A, FAILED_B]}, characters=[character(C)])
    assert with_images(before, {}) == before


def test_an_url_without_a_result_is_no_image_of_ours() -> None:
    part = settled({"images": {"covers": [A, B]}}, {A: OURS})
    assert part == {"images": {"covers": [OURS, {"image_url": B, "error_message": NOT_FETCHED}]}}


@pytest.mark.parametrize("result", [7, [], {"url": A}, {"image_url": 1}])
def test_a_result_that_is_no_image_is_refused(result: Any) -> None:
    with pytest.raises(InvalidEntry, match="images: a result must be"):
        with_images(entry(images={"covers": [A]}), {A: result})


def test_a_part_is_left_as_it_is() -> None:
    part: dict[str, Any] = {"images": {"covers": [A]}, "characters": "nonsense"}
    settled(part, {A: OURS})
    assert part == {"images": {"covers": [A]}, "characters": "nonsense"}
