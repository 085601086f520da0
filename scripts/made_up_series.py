"""A made-up series of any length, as all seven catalogues would tell of it, over an ``HttpTransport``."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from models.events import Catalogue
from sources.http import Request, Response

NUMBER: Final = 7
SLUG: Final = "long"
SOURCES: Final = (
    "https://anidb.net/anime/7",
    "https://anilist.co/anime/7",
    "https://anime-planet.com/anime/long",
    "https://anisearch.com/anime/7",
    "https://animeschedule.net/anime/long",
    "https://kitsu.app/anime/7",
    "https://myanimelist.net/anime/7",
)
ANIDB_CLIENT: Final = "madeup/1"

_JSON: Final = "application/json"
_JIKAN_PAGE: Final = 100
_ANILIST_PAGE: Final = 25
_KITSU_MOST: Final = 20
_KITSU_DEFAULT: Final = 10


@dataclass
class MadeUpSeries:
    """``asked`` has a line for each request: catalogue, method and target, or the operation of GraphQL."""

    episodes: int
    characters: int = 0
    staff: int = 0
    asked: list[str] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        path = parts.path.removeprefix(request.base_path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body: dict[str, Any] = json.loads(request.body or b"{}")
        variables = body.get("variables", {})
        target = f"{body['operationName']} {variables.get('page', '')}" if body else f"{path}?{parts.query}"
        self.asked.append(f"{request.catalogue} {request.method} {target}".strip(" ?"))
        match request.catalogue:
            case Catalogue.JIKAN:
                return _json(self._jikan(path, int(query.get("page", 1))))
            case Catalogue.ANILIST:
                return _json({"data": self._anilist_data(body["operationName"], variables)})
            case Catalogue.KITSU:
                limit = min(int(query.get("page[limit]", _KITSU_DEFAULT)), _KITSU_MOST)
                return _json(self._kitsu(path, int(query.get("page[offset]", 0)), limit))
            case Catalogue.ANIMESCHEDULE:
                return _json({"title": "Long", "route": SLUG, "episodes": self.episodes})
            case Catalogue.ANIDB:
                return Response(status=200, headers={"content-type": "text/xml"}, body=self.anidb_xml())
        return Response(
            status=200, headers={"content-type": "text/html; charset=utf-8"}, body=self._page(path).encode()
        )

    # ------------------------------------------------------------------------------------------------------- Jikan

    def _jikan(self, path: str, page: int) -> Any:  # noqa: PLR0911 - one a path
        match path.strip("/").split("/"):
            case ["anime", _, "full"]:
                return {"data": {"mal_id": NUMBER, "title": "Long", "airing": True}}
            case ["anime", _, "characters"]:
                found = [
                    {"character": {"mal_id": number, "name": f"Nobody, {number}"}}
                    for number in range(1, self.characters + 1)
                ]
                return {"data": found}
            case ["characters", number, "full"]:
                return {"data": {"mal_id": int(number), "name": f"Nobody {number}"}}
            case ["anime", _, "staff"]:
                return {"data": [{"person": {"mal_id": n, "name": f"Someone {n}"}} for n in range(self.staff)]}
            case ["anime", _, "statistics" | "videos"]:
                return {"data": {"total": 1}} if path.endswith("statistics") else {"data": {"promo": []}}
            case ["anime", _, "pictures"]:
                return {"data": []}
            case ["anime", _, "episodes"]:
                start = (page - 1) * _JIKAN_PAGE
                return {
                    "pagination": {
                        "has_next_page": start + _JIKAN_PAGE < self.episodes,
                        "last_visible_page": max(1, -(-self.episodes // _JIKAN_PAGE)),
                    },
                    "data": [{"mal_id": number} for number in self._numbers(start, _JIKAN_PAGE)],
                }
            case ["anime", _, "episodes", number]:
                return {"data": {"mal_id": int(number), "duration": 1440}}
        raise AssertionError(f"nobody asks Jikan for {path}")

    # ----------------------------------------------------------------------------------------------------- AniList

    def _anilist_data(self, operation: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        if operation == "Airing":
            number = variables["episode"]
            found = [{"episode": number, "airingAt": number * 604800}] if number <= self.episodes else []
            return {"Page": {"airingSchedules": found}}
        return {"Media": self._anilist(operation, variables.get("page", 1))}

    def _anilist(self, operation: str, page: int) -> Mapping[str, Any]:
        start = (page - 1) * _ANILIST_PAGE
        match operation:
            case "Anime":
                return {"id": NUMBER, "title": {"romaji": "Long"}, "status": "RELEASING"}
            case "Characters":
                nodes: list[Any] = [{"id": n, "name": {"full": f"Nobody {n}"}} for n in range(self.characters)]
                return _connection("characters", nodes, start)
            case "Staff":
                nodes = [{"id": n, "name": {"full": f"Someone {n}"}} for n in range(self.staff)]
                return _connection("staff", nodes, start)
            case "Schedule":
                nodes = [{"episode": n, "airingAt": n * 604800} for n in self._numbers(0, self.episodes)]
                return _connection("airingSchedule", nodes, start)
        raise AssertionError(f"nobody asks AniList for {operation}")

    # ------------------------------------------------------------------------------------------------------- Kitsu

    def _kitsu(self, path: str, offset: int, limit: int) -> Any:
        match path.strip("/").split("/"):
            case ["anime", _]:
                return {"data": _resource("anime", NUMBER, canonicalTitle="Long", status="current"), "included": []}
            case ["anime", _, "episodes"]:
                return _kitsu_page("episodes", self._numbers(0, self.episodes), offset, limit)
            case ["anime", _, "characters"]:
                answer = _kitsu_page("mediaCharacters", range(1, self.characters + 1), offset, limit)
                names = [
                    _resource("characters", int(link["id"]), canonicalName=f"Nobody {link['id']}")
                    for link in answer["data"]
                ]
                return {**answer, "included": names}
            case ["anime", _, "anime-staff"]:
                return _kitsu_page("animeStaff", range(1, self.staff + 1), offset, limit)
        raise AssertionError(f"nobody asks Kitsu for {path}")

    # ------------------------------------------------------------------------------------------------- XML and HTML

    def anidb_xml(self) -> bytes:
        episodes = "".join(
            f'<episode id="{9000 + n}"><epno type="1">{n}</epno><length>24</length></episode>'
            for n in self._numbers(0, self.episodes)
        )
        titles = '<titles><title xml:lang="x-jat" type="main">Long</title></titles>'
        return f'<anime id="{NUMBER}">{titles}<episodes>{episodes}</episodes></anime>'.encode()

    def _page(self, path: str) -> str:
        facts = json.dumps(
            {"@type": "TVSeries", "name": "Long", "url": f"https://www.anisearch.com/anime/{NUMBER},{SLUG}"}
        )
        match path.strip("/").split("/"):
            case ["anime", _]:
                return f'<html><head><script type="application/ld+json">{facts}</script></head><body></body></html>'
            case ["anime", _, "relations"]:
                return '<html><body><section id="relations_anime"></section></body></html>'
            case ["anime", _, "episodes"]:
                rows = "".join(
                    f'<tr><th itemprop="episodeNumber">{n}</th></tr>' for n in self._numbers(0, self.episodes)
                )
                return f'<html><body><section id="episodes"><table>{rows}</table></section></body></html>'
            case ["anime", _, "characters"]:
                return '<html><body><section id="chara1"><h2>Main Character</h2></section></body></html>'
        raise AssertionError(f"nobody asks for the page {path}")

    def _numbers(self, start: int, count: int) -> range:
        return range(start + 1, min(start + count, self.episodes) + 1)


def _json(value: Any) -> Response:
    return Response(status=200, headers={"content-type": _JSON}, body=json.dumps(value).encode())


def _connection(member: str, nodes: list[Any], start: int) -> Mapping[str, Any]:
    edges = [{"node": node} for node in nodes[start : start + _ANILIST_PAGE]]
    return {member: {"pageInfo": {"hasNextPage": start + _ANILIST_PAGE < len(nodes)}, "edges": edges}}


def _resource(kind: str, identifier: int, **attributes: Any) -> dict[str, Any]:
    return {"id": str(identifier), "type": kind, "attributes": attributes}


def _kitsu_page(kind: str, numbers: range, offset: int, limit: int) -> dict[str, Any]:
    links = {"next": "https://kitsu.app/somewhere"} if offset + limit < len(numbers) else {}
    data = [_resource(kind, number, number=number) for number in numbers[offset : offset + limit]]
    if kind != "episodes":
        for resource in data:
            resource["attributes"] = {"role": "main"}
    return {"data": data, "meta": {"count": len(numbers)}, "links": links}
