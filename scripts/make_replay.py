"""Makes the catalogues' part of ``samples/replay`` from answers that were collected for Cowboy Bebop.

    python -m scripts.make_replay --recorded DIR [--out samples/replay]

The collection joined pages and renamed a few fields; here they are brought back to the shape of each API, and the real
clients are run on them through the real recorder. So the files answer exactly what the clients ask. The same input
gives the same bytes. Pictures in the same folder are left alone.
"""

import argparse
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from models.errors import NotRecorded, Permanent
from models.events import Catalogue
from scripts.replayed import SOURCES
from sources.http import Request, Response
from sources.kitsu import PAGE_SIZE
from sources.registry import catalogue_clients
from sources.replay import PARSED, RecordTransport

_ANILIST_PAGE: Final = 25
_ANILIST_MEMBERS: Final = {"Characters": "characters", "Staff": "staff", "Schedule": "airingSchedule"}
_EPISODE_LIST_FIELDS: Final = ("aired", "score", "filler", "recap")


@dataclass(frozen=True, kw_only=True)
class Collected:
    """The collection, by file stem, as a transport that answers in the APIs' own shapes."""

    files: Mapping[str, Any]

    @classmethod
    def load(cls, folder: Path) -> "Collected":
        return cls(files={path.stem: json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))})

    def send(self, request: Request) -> Response:
        path = urlsplit(request.url).path.removeprefix(request.base_path)
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        answer = self._answer(request, path, query)
        if answer is None:
            raise NotRecorded(f"{request.where}: not in the collection")
        body = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
        parsed = request.catalogue in {Catalogue.ANIDB, Catalogue.ANIMEPLANET}
        return Response(status=200, headers={"content-type": PARSED if parsed else "application/json"}, body=body)

    def _answer(self, request: Request, path: str, query: Mapping[str, str]) -> Any:
        match request.catalogue:
            case Catalogue.JIKAN:
                return self._jikan(path)
            case Catalogue.ANILIST:
                return self._anilist(json.loads(request.body or b"{}"))
            case Catalogue.KITSU:
                return self._kitsu(path, query)
        return self._whole(request.catalogue, path, query)

    def _whole(self, catalogue: str | None, path: str, query: Mapping[str, str]) -> Any:
        """Of the catalogues that tell everything in one answer."""
        match catalogue:
            case Catalogue.ANIDB if query.get("aid") == "23":
                return self.files["anidb_23_parsed"]
            case Catalogue.ANIMEPLANET if path == "/anime/cowboy-bebop":
                return self.files["animeplanet_cowboy_bebop"]
            case Catalogue.ANIMESCHEDULE if query.get("mal-ids") == "1":
                return {"page": 1, "totalAmount": 1, "anime": [self.files["animeschedule_cowboy_bebop"]]}
        return None

    # ------------------------------------------------------------------------------------------------------- Jikan

    def _jikan(self, path: str) -> Any:
        if path == "/anime/1/full":
            return self.files["jikan_anime_1_full"]
        if path == "/anime/1/characters":
            return {"data": self.files["jikan_anime_1_characters"]}
        if path == "/anime/1/episodes":
            pagination = {"last_visible_page": 1, "has_next_page": False}
            return {"pagination": pagination, "data": [_listed(item) for item in self._episodes()]}
        if match := re.match(r"^/anime/1/episodes/(\d+)$", path):
            found = next((item for item in self._episodes() if item["episode_number"] == int(match[1])), None)
            return found and {"data": _episode_detail(found)}
        if match := re.match(r"^/characters/(\d+)/full$", path):
            characters = self.files["jikan_characters_full_collected"]
            found = next((item for item in characters if item["character_id"] == int(match[1])), None)
            return found and {"data": _character_detail(found)}
        return None

    def _episodes(self) -> Any:
        return self.files["jikan_episodes_collected"]

    # ----------------------------------------------------------------------------------------------------- AniList

    def _anilist(self, body: Mapping[str, Any]) -> Any:
        if body.get("variables", {}).get("id") != 1:
            return None
        media = self.files["anilist_1_collected"]
        operation = body["operationName"]
        if operation == "Anime":
            kept = {name: value for name, value in media.items() if name not in {"characters", "staff"}}
            return {"data": {"Media": kept}}
        kind = _ANILIST_MEMBERS[operation]
        edges = [_with_language(edge) for edge in media[kind]["edges"]]
        start = (body["variables"]["page"] - 1) * _ANILIST_PAGE
        page = {
            "pageInfo": {"hasNextPage": start + _ANILIST_PAGE < len(edges)},
            "edges": edges[start : start + _ANILIST_PAGE],
        }
        return {"data": {"Media": {kind: page}}}

    # ------------------------------------------------------------------------------------------------------- Kitsu

    def _kitsu(self, path: str, query: Mapping[str, str]) -> Any:
        collected = self.files["kitsu_anime_1"]
        if path == "/anime/1":
            included = [_without_links(resource) for resource in collected["categories"]]
            return {"data": _without_links(collected["anime"]), "included": included}
        if query.get("page[offset]") != "0":
            return None
        if path == "/anime/1/episodes":
            count = collected["anime"]["attributes"]["episodeCount"]
            return _kitsu_page(path, collected["episodes"], count)
        if path == "/anime/1/characters":
            page = self.files["kitsu_anime_1_characters"]
            return _kitsu_page(path, page["data"], page["meta"]["count"])
        return None


def _with_language(edge: Mapping[str, Any]) -> dict[str, Any]:
    """The collector asked for Japanese voices alone, and not for their language."""
    voices = edge.get("voiceActors")
    return {**edge, "voiceActors": [{"languageV2": "Japanese", **voice} for voice in voices]} if voices else {**edge}


def _listed(episode: Mapping[str, Any]) -> dict[str, Any]:
    """An episode as the API's list has it: without duration and synopsis."""
    return {**_episode_names(episode), **{name: episode[name] for name in _EPISODE_LIST_FIELDS}}


def _episode_detail(episode: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("aired", "filler", "recap", "duration", "synopsis")
    return {**_episode_names(episode), **{name: episode[name] for name in kept}}


def _episode_names(episode: Mapping[str, Any]) -> dict[str, Any]:
    names = ("url", "title", "title_japanese", "title_romanji")
    return {"mal_id": episode["episode_number"], **{name: episode[name] for name in names}}


def _character_detail(character: Mapping[str, Any]) -> dict[str, Any]:
    """Without the voices, which the list of characters has."""
    names = ("url", "images", "name", "name_kanji", "nicknames", "favorites", "about")
    return {"mal_id": character["character_id"], **{name: character[name] for name in names}}


def _without_links(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Links to further resources are three quarters of an answer, and nothing follows them."""
    return {name: value for name, value in resource.items() if name not in {"links", "relationships"}}


def _kitsu_page(path: str, resources: list[Any], count: int) -> dict[str, Any]:
    """The collector asked for pages of 10: of a page of today's size they are the part that is known."""
    links = {}
    if count > len(resources):
        links["next"] = f"https://kitsu.app/api/edge{path}?page%5Blimit%5D={PAGE_SIZE}&page%5Boffset%5D={PAGE_SIZE}"
    return {"data": list(map(_without_links, resources)), "meta": {"count": count}, "links": links}


# --------------------------------------------------------------------------------------------------------- recording


def _no_wait(seconds: float) -> None:
    raise RuntimeError(f"the collection always answers, so nothing waits {seconds} seconds")


def fetch_everything(transport: RecordTransport) -> Iterator[str]:
    """Run every client to its end; yields a line for what a catalogue could not give."""
    clients = catalogue_clients(transport, {}, {}, sleep=_no_wait, clock=lambda: datetime(2000, 1, 1, tzinfo=UTC))
    for catalogue, client in clients.items():
        cursor: str | None = None
        try:
            while True:
                page = client.fetch(SOURCES, cursor=cursor)
                yield from (f"{catalogue}: {problem}" for problem in page.problems)
                cursor = page.cursor
                if cursor is None:
                    break
        except Permanent as error:
            yield f"{catalogue}: {error}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recorded", type=Path, required=True, help="folder of the collected answers")
    parser.add_argument("--out", type=Path, default=Path("samples/replay"))
    arguments = parser.parse_args()
    for catalogue in Catalogue:
        shutil.rmtree(arguments.out / catalogue, ignore_errors=True)
    for line in fetch_everything(RecordTransport(arguments.out, Collected.load(arguments.recorded))):
        print(line)
    files = [path for catalogue in Catalogue for path in sorted((arguments.out / catalogue).glob("*"))]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files):,} bytes")


if __name__ == "__main__":
    main()
