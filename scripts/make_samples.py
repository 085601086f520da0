"""Makes ``samples/`` from the full data: two small releases, the enriched entries, what a sync must report, images.

    python -m scripts.make_samples --offline-db DIR --enriched FILE --recorded DIR [--out samples]

The same input gives the same bytes. The recorded answers of the catalogues under ``samples/replay`` are left alone;
only the pictures there are made here.
"""

import argparse
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import zstandard

from scripts.sample_expected import expected
from scripts.sample_images import cowboy_bebop_urls, enriched_urls, write_images

FIRST: Final = "2026-04"
SECOND: Final = "2026-05"
SIZE: Final = 500
"""Entries of the first release. With 6 flagged and 3 orphaned it stays under the limit of 2 percent."""

ORPHANED_AT: Final = "2026-01-24T01:00:00Z"
COWBOY_BEBOP: Final = "https://myanimelist.net/anime/1"

NEW: Final = (COWBOY_BEBOP,)
"""Absent from the first sample, though both full releases hold it: it is the anime with recorded answers."""

CHANGED: Final = (
    "https://myanimelist.net/anime/477",  # Aria the Animation: removed
    "https://myanimelist.net/anime/917",  # Riding Bean: removed
    "https://myanimelist.net/anime/60125",  # Meta: removed, nothing known of it
    "https://myanimelist.net/anime/52991",  # Sousou no Frieren: status
    "https://myanimelist.net/anime/51553",  # Tongari Boushi no Atelier: status
    "https://myanimelist.net/anime/38671",  # Enen no Shouboutai: status
    "https://myanimelist.net/anime/40052",  # Great Pretender: more episodes
    "https://myanimelist.net/anime/10721",  # Mawaru Penguindrum: more episodes
    "https://myanimelist.net/anime/17909",  # Uchouten Kazoku: more episodes
    "https://myanimelist.net/anime/56038",  # Lazarus: fewer episodes
    "https://myanimelist.net/anime/142",  # Kamikaze Kaitou Jeanne: fewer episodes
    "https://myanimelist.net/anime/4939",  # Macross Fufonfia: one URL gone
    "https://myanimelist.net/anime/47161",  # Shikkakumon no Saikyou Kenja: one URL gone
    "https://myanimelist.net/anime/43351",  # Sign (2019): one URL gone
)
"""Some of the real differences between the two full releases."""

WELL_KNOWN: Final = (
    5, 6, 19, 20, 21, 30, 33, 43, 47, 121, 164, 199, 431, 467, 512, 523, 572, 578, 790, 813, 877, 1535, 1575, 1735,
    2001, 2904, 3588, 4181, 5114, 6547, 9253, 9757, 9989, 11061, 11757, 12189, 13601, 14741, 18679, 19815, 20583,
    22319, 28223, 28851, 30831, 31240, 31964, 32281, 33352, 34599, 35849, 37521, 37779, 38000, 38826, 39535, 40456,
    40748, 41467, 42310, 44511, 47917, 50265, 52034, 52305,
)  # fmt: skip
"""MyAnimeList numbers of titles that most people know."""

UNKNOWN_SHARE: Final = 40
"""Entries of which the releases know neither type nor status; of the full ones they are four fifths."""

WELL_DESCRIBED: Final = 7
"""An entry on this many catalogues, with type, status and score, is a good sample."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """``lines`` are the raw lines without the metadata; ``by_url`` their positions."""

    metadata: bytes
    lines: tuple[bytes, ...]
    entries: tuple[dict[str, Any], ...]
    by_url: Mapping[str, int]

    def find(self, urls: Iterable[str]) -> set[int]:
        return {self.by_url[url] for url in urls if url in self.by_url}


def read_release(path: Path) -> Release:
    with path.open("rb") as source:
        content = zstandard.ZstdDecompressor().stream_reader(source).read()
    metadata, *lines = content.splitlines()
    entries = tuple(json.loads(line) for line in lines)
    by_url = {url: position for position, entry in enumerate(entries) for url in entry["sources"]}
    return Release(metadata=metadata, lines=tuple(lines), entries=entries, by_url=by_url)


def offline_line(entry: Mapping[str, Any]) -> bytes:
    """An enriched entry as a release would offer it. ``episodes`` is the number of episodes that the entry lists."""
    known_types = {"TV", "MOVIE", "OVA", "ONA", "SPECIAL"}
    covers = [*entry["images"]["covers"], *entry["images"]["posters"]]
    season: dict[str, Any] = {"season": entry.get("season") or "UNDEFINED"}
    if entry.get("year"):
        season["year"] = entry["year"]
    line: dict[str, Any] = {
        "sources": sorted(entry["sources"]),
        "title": entry["title"],
        "type": entry["type"] if entry["type"] in known_types else "SPECIAL",
        "episodes": len(entry["episode_details"]),
        "status": entry["status"],
        "animeSeason": season,
        "picture": covers[0],
        "thumbnail": covers[0],
    }
    if entry.get("duration"):
        line["duration"] = {"value": entry["duration"], "unit": "SECONDS"}
    line |= {
        "synonyms": sorted({text.strip() for text in entry.get("synonyms", []) if text.strip()}),
        "studios": _company_names(entry, "studios"),
        "producers": _company_names(entry, "producers"),
        "relatedAnime": sorted({related["url"] for related in entry.get("related_anime", [])}),
        "tags": sorted(set(entry.get("tags", []))),
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()


def _company_names(entry: Mapping[str, Any], group: str) -> list[str]:
    return sorted({company["name"].lower() for company in entry.get("staff_data", {}).get(group, [])})


def choose(first: Release, second: Release, enriched: Sequence[Mapping[str, Any]]) -> list[int]:
    """Positions in the first release of all but the enriched entries, in its order."""
    taken = first.find(url for entry in enriched for url in entry["sources"]) | first.find(NEW)
    chosen = first.find(CHANGED)
    steady = [n for n in range(len(first.entries)) if n not in taken | chosen and _same(first, second, n)]
    wanted = set(first.find(f"https://myanimelist.net/anime/{number}" for number in WELL_KNOWN)) & set(steady)
    rest = [n for n in steady if n not in wanted]
    unknown = [n for n in rest if first.entries[n]["status"] == "UNKNOWN"]
    known = [n for n in rest if _well_described(first.entries[n])]
    chosen |= wanted | set(_spread(unknown, UNKNOWN_SHARE))
    missing = SIZE - (len(enriched) - 1) - len(chosen)
    return sorted(chosen | set(_spread(known, missing)))


def _same(first: Release, second: Release, position: int) -> bool:
    entry = first.entries[position]
    there = second.find(entry["sources"])
    return len(there) == 1 and second.entries[there.pop()] == entry


def _well_described(entry: Mapping[str, Any]) -> bool:
    known = "UNKNOWN" not in {entry["status"], entry["type"]}
    return known and "score" in entry and len(entry["sources"]) >= WELL_DESCRIBED


def _spread(positions: Sequence[int], count: int) -> list[int]:
    return [positions[n * len(positions) // count] for n in range(count)]


def enriched_lines(release: Release, enriched: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """Each entry's line of the release, or one written from the entry where the release has none."""
    lines = []
    for entry in enriched:
        positions = release.find(entry["sources"])
        if len(positions) > 1:
            raise SystemExit(f"{entry['title']}: its URLs are spread over {len(positions)} entries of the release")
        lines.append(release.lines[positions.pop()] if positions else offline_line(entry))
    return lines


def write_release(path: Path, metadata: bytes, lines: Sequence[bytes]) -> dict[str, Any]:
    """Returns what ``releases.json`` says of it."""
    ordered = sorted(lines, key=lambda line: json.loads(line)["title"].casefold())
    content = b"".join(line + b"\n" for line in (metadata, *ordered))
    compressed = zstandard.ZstdCompressor(level=19, write_checksum=True).compress(content)
    path.write_bytes(compressed)
    return {
        "entries": len(lines),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "compressed_bytes": len(compressed),
        "compressed_sha256": hashlib.sha256(compressed).hexdigest(),
    }


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def make_samples(*, offline_db: Path, enriched: Path, recorded: Path, out: Path) -> dict[str, Any]:
    """Write everything; returns the expected figures."""
    first = read_release(offline_db / f"anime-offline-database-{FIRST}.jsonl.zst")
    second = read_release(offline_db / f"anime-offline-database-{SECOND}.jsonl.zst")
    document = json.loads(enriched.read_text())
    entries = document["data"]
    chosen = choose(first, second, entries)
    still_there = second.find(url for n in chosen for url in first.entries[n]["sources"])
    first_lines = [first.lines[n] for n in chosen] + enriched_lines(first, entries[:-1])
    second_lines = [second.lines[n] for n in sorted(still_there | second.find(NEW))] + enriched_lines(second, entries)

    (out / "releases").mkdir(parents=True, exist_ok=True)
    releases = {
        FIRST: write_release(out / f"releases/{FIRST}.jsonl.zst", first.metadata, first_lines),
        SECOND: write_release(out / f"releases/{SECOND}.jsonl.zst", second.metadata, second_lines),
    }
    write_json(out / "releases/releases.json", releases)
    entries[-1] |= {"system_status": "ORPHANED", "orphaned_at": ORPHANED_AT}
    write_json(out / "enriched/enriched_anime_database.json", document)
    figures = expected(entries, [json.loads(line) for line in first_lines], [json.loads(line) for line in second_lines])
    write_json(out / "expected.json", figures)

    answers = {path.stem: json.loads(path.read_text()) for path in sorted(recorded.glob("*.json"))}
    urls = [*cowboy_bebop_urls(answers), *enriched_urls(entries, every=3)]
    print(f"{write_images(iter(urls), out / 'replay')} synthetic images")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description="Make samples/ from the full data.")
    parser.add_argument("--offline-db", type=Path, required=True, help="folder of the two full releases")
    parser.add_argument("--enriched", type=Path, required=True, help="the full enriched file")
    parser.add_argument("--recorded", type=Path, required=True, help="folder of the recorded answers of Cowboy Bebop")
    parser.add_argument("--out", type=Path, default=Path("samples"))
    arguments = parser.parse_args()
    figures = make_samples(
        offline_db=arguments.offline_db, enriched=arguments.enriched, recorded=arguments.recorded, out=arguments.out
    )
    print(json.dumps({name: number for name, number in figures.items() if name != "members"}))


if __name__ == "__main__":
    main()
