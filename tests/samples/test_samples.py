"""The sample files are what ``samples/README.md`` says, and the expected figures follow from them."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import pytest
from PIL import Image

from models.ids import normalise_source, normalise_sources
from models.offline import check_line, decode_watched, read_metadata
from scripts.make_samples import offline_line, write_release
from scripts.sample_expected import expected
from scripts.sample_images import draw, replay_name
from tests.support.samples import FIRST, SAMPLES, SECOND, enriched_entries, release_lines

COWBOY_BEBOP: Final = "https://myanimelist.net/anime/1"
PLAUSIBLE_SHARE: Final = 0.02
RELEASES: Final[dict[str, dict[str, Any]]] = json.loads((SAMPLES / "releases/releases.json").read_text())
EXPECTED: Final[dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text())
PICTURES: Final = sorted(
    path for path in (SAMPLES / "replay").glob("*/GET *") if path.suffix in {".jpg", ".png", ".webp"}
)


def entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in release_lines(path)[1:]]


def urls(path: Path) -> set[str]:
    return {url for entry in entries(path) for url in entry["sources"]}


@pytest.mark.parametrize("path", [FIRST, SECOND], ids=lambda path: path.name)
def test_size_and_digests_are_those_written_down(path: Path) -> None:
    compressed = path.read_bytes()
    content = b"".join(line + b"\n" for line in release_lines(path))
    assert RELEASES[path.name.removesuffix(".jsonl.zst")] == {
        "entries": len(release_lines(path)) - 1,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "compressed_bytes": len(compressed),
        "compressed_sha256": hashlib.sha256(compressed).hexdigest(),
    }


@pytest.mark.parametrize("path", [FIRST, SECOND], ids=lambda path: path.name)
def test_a_sample_is_a_release(path: Path) -> None:
    metadata, *lines = release_lines(path)
    assert path.name.removesuffix(".jsonl.zst") in read_metadata(metadata).schema_url
    assert len(lines) >= 300
    for line in lines:
        check_line(line)


@pytest.mark.parametrize("path", [FIRST, SECOND], ids=lambda path: path.name)
def test_each_url_is_canonical_and_stands_once(path: Path) -> None:
    offered = [url for line in release_lines(path)[1:] for url in decode_watched(line).sources]
    assert len(offered) == len(set(offered))
    assert all(normalise_source(url) == url for url in offered)


def test_the_second_release_holds_all_enriched_anime_and_the_first_all_but_the_last() -> None:
    enriched = [set(normalise_sources(entry["sources"])) for entry in enriched_entries()]
    assert len(enriched) == 28
    for path, held in ((FIRST, enriched[:-1]), (SECOND, enriched)):
        offered = [set(entry["sources"]) for entry in entries(path)]
        assert all(sum(bool(sources & there) for there in offered) == 1 for sources in held)
    assert not enriched[-1] & urls(FIRST)


def test_only_the_last_enriched_anime_is_orphaned() -> None:
    statuses = [entry.get("system_status") for entry in enriched_entries()]
    assert statuses == [None] * 27 + ["ORPHANED"]


def test_cowboy_bebop_is_new() -> None:
    assert COWBOY_BEBOP not in urls(FIRST)
    assert COWBOY_BEBOP in urls(SECOND)
    assert any(COWBOY_BEBOP in sources for sources in EXPECTED["members"]["new"])


def test_the_expected_figures_follow_from_the_files() -> None:
    assert expected(enriched_entries(), entries(FIRST), entries(SECOND)) == EXPECTED


def test_the_expected_numbers() -> None:
    assert {name: number for name, number in EXPECTED.items() if name != "members"} == {
        "entries": 499,
        "new": 1,
        "unchanged": 486,
        "changed": 12,
        "status_flagged": 3,
        "episodes_flagged": 3,
        "episodes_fewer": 2,
        "moved": 3,
        "resurrected": 1,
        "orphaned": 3,
        "conflicts": 0,
    }


def test_the_change_is_plausible() -> None:
    ours = len(entries(FIRST)) + 1
    touched = EXPECTED["orphaned"] + EXPECTED["status_flagged"] + EXPECTED["episodes_flagged"]
    assert touched / ours <= PLAUSIBLE_SHARE
    assert len(entries(SECOND)) >= len(entries(FIRST)) * (1 - PLAUSIBLE_SHARE)


def test_an_enriched_entry_can_be_offered() -> None:
    for entry in enriched_entries():
        line = offline_line(entry)
        check_line(line)
        assert decode_watched(line).episodes == len(entry["episode_details"])


def test_the_same_lines_give_the_same_bytes(tmp_path: Path) -> None:
    metadata, *lines = release_lines(SECOND)
    one = write_release(tmp_path / "one.zst", metadata, lines)
    other = write_release(tmp_path / "other.zst", metadata, lines[::-1])
    assert one == other
    assert (tmp_path / "one.zst").read_bytes() == (tmp_path / "other.zst").read_bytes()
    assert one["sha256"] == RELEASES["2026-05"]["sha256"]


def test_there_are_pictures_of_every_image_host_of_cowboy_bebop() -> None:
    assert {path.parent.name for path in PICTURES} >= {
        "cdn.myanimelist.net",
        "s4.anilist.co",
        "media.kitsu.app",
        "cdn.anime-planet.com",
        "img.animeschedule.net",
        "cdn.anidb.net",
    }


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: f"{path.parent.name} {path.name[-24:]}")
def test_a_picture_is_a_small_image_named_after_its_request(path: Path) -> None:
    body = path.read_bytes()
    assert len(body) < 8192
    with Image.open(io.BytesIO(body)) as picture:
        assert {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[path.suffix[1:]] == picture.format
    url = f"https://{path.parent.name}{unquote(path.stem.removeprefix('GET '))}"
    assert replay_name(url, path.suffix[1:]) == f"{path.parent.name}/{path.name}"
    assert draw(url)[0] == path.suffix[1:]


def test_drawing_is_repeatable_and_differs_by_url() -> None:
    one, other = "https://cdn.example.org/a.png", "https://cdn.example.org/b.png"
    assert draw(one) == draw(one)
    assert draw(one) != draw(other)


def test_the_samples_stay_small() -> None:
    made_here = [*PICTURES, FIRST, SECOND, SAMPLES / "enriched/enriched_anime_database.json", SAMPLES / "expected.json"]
    assert sum(path.stat().st_size for path in made_here) < 3_000_000
