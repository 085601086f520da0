"""What one would write first: catalogue after catalogue, request after request, over a connection that stays open, all
answers in memory and none of them kept. A request that finds nothing is left out, and one that fails ends it all.

Of the product it takes the texts of AniList's queries and Kitsu's parameters, so that both ways ask for the same, the
parsers of XML and HTML, and the stages: how those work is not what is compared.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from benchmarks.enrichment_series import Series
from benchmarks.enrichment_timing import ASSEMBLE, AT, FETCH, WHOLE, Enriched, Interrupt, Timings, never
from domain.assemble import assemble
from domain.canonical_json import canonical_bytes
from domain.stages.run import run_stage
from models.anime import Provenance
from models.events import Catalogue, Mode, Stage
from sources import anidb_xml, anilist, animeplanet_page, anisearch_page, kitsu

Found = dict[str, Any]

_KITSU_KINDS = {
    "categories": "categories",
    "mappings": "mappings",
    "streamingLinks": "streaming_links",
    "streamers": "streamers",
    "mediaRelationships": "media_relationships",
    **dict.fromkeys(("anime", "manga", "drama"), "related_media"),
    **dict.fromkeys(("animeProductions", "mediaProductions"), "productions"),
    "producers": "producers",
    "characters": "character_resources",
    "characterVoices": "voices",
    "people": "people",
}


class Site:
    """One catalogue. ``interval``: seconds between two requests to it, which it publishes or bears."""

    def __init__(self, client: httpx.Client, base_url: str, *, interval: float) -> None:
        self._client = client
        self._base_url = base_url
        self._interval = interval
        self._next = 0.0

    def get(self, path: str, **query: str | int) -> httpx.Response | None:
        url = f"{self._base_url}{path}"
        return self._ask("GET", f"{url}?{urlencode(query)}" if query else url)

    def json(self, path: str, **query: str | int) -> Any:
        """None where there is nothing."""
        response = self.get(path, **query)
        return None if response is None else response.json()

    def post(self, body: Mapping[str, Any]) -> Any:
        response = self._ask("POST", f"{self._base_url}/", json=body)
        return None if response is None else response.json()

    def _ask(self, method: str, url: str, **content: Any) -> httpx.Response | None:
        time.sleep(max(0.0, self._next - time.monotonic()))
        self._next = time.monotonic() + self._interval
        response = self._client.request(method, url, **content)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return response.raise_for_status()


def enrich(
    series: Series,
    base_urls: Mapping[Catalogue, str],
    *,
    intervals: Mapping[Catalogue, float] | None = None,
    interrupt: Interrupt = never,
) -> Enriched:
    timings = Timings()
    answers: dict[Catalogue, Found] = {}

    def answered(_: httpx.Response) -> None:
        interrupt()

    with timings.whole(WHOLE):
        with timings.whole(FETCH), httpx.Client(event_hooks={"response": [answered]}, timeout=60) as client:
            for catalogue, fetch in _FETCHERS.items():
                site = Site(client, base_urls[catalogue], interval=(intervals or {}).get(catalogue, 0.0))
                with timings.part(catalogue):
                    found = fetch(site, series.ids)
                if found:
                    answers[catalogue] = found
        parts = {}
        for stage in Stage:
            with timings.part(stage):
                parts[stage] = run_stage(stage, answers, series.subject, at=AT)
        with timings.part(ASSEMBLE):
            entry = assemble(
                parts=parts,
                images={},
                subject=series.subject,
                base=None,
                provenance=Provenance(),
                mode=Mode.NEW,
            )
            canonical_bytes(entry)
    return Enriched(entry=entry, timings=timings)


def fetch_jikan(site: Site, ids: Mapping[str, str]) -> Found:
    anime = f"/anime/{ids['myanimelist.net']}"
    answer = site.json(f"{anime}/full")
    if answer is None:
        return {}
    found: Found = defaultdict(list, anime=answer["data"])
    for kind in ("characters", "staff", "statistics", "pictures", "videos"):
        answer = site.json(f"{anime}/{kind}")
        if answer is not None:
            found[kind] = answer["data"]
    numbers = [edge["character"]["mal_id"] for edge in found["characters"][:200]]
    found["character_details"] = _details(site, [f"/characters/{number}/full" for number in numbers])
    page = 1
    while (answer := site.json(f"{anime}/episodes", page=page)) is not None:
        found["episodes"] += answer["data"]
        if not answer["pagination"]["has_next_page"]:
            break
        page += 1
    newest = [episode["mal_id"] for episode in found["episodes"][-100:]]
    found["episode_details"] = _details(site, [f"{anime}/episodes/{number}" for number in newest])
    return found


def _details(site: Site, paths: Iterable[str]) -> list[Any]:
    return [answer["data"] for path in paths if (answer := site.json(path)) is not None]


def fetch_anilist(site: Site, ids: Mapping[str, str]) -> Found:
    def ask(operation: str, query: str, **variables: int) -> Any:
        variables = {"id": int(ids["anilist.co"]), **variables}
        answer = site.post({"operationName": operation, "query": query, "variables": variables})
        return None if answer is None else answer["data"]["Media"]

    anime = ask("Anime", anilist.ANIME_QUERY)
    if anime is None:
        return {}
    found: Found = {"anime": anime, "characters": [], "staff": [], "schedule": []}
    for operation, query, member, kind in (
        ("Characters", anilist.CHARACTERS_QUERY, "characters", "characters"),
        ("Staff", anilist.STAFF_QUERY, "staff", "staff"),
        ("Schedule", anilist.SCHEDULE_QUERY, "airingSchedule", "schedule"),
    ):
        page = 1
        while (media := ask(operation, query, page=page)) is not None:
            found[kind] += media[member]["edges"]
            if not media[member]["pageInfo"]["hasNextPage"]:
                break
            page += 1
    return found


def fetch_kitsu(site: Site, ids: Mapping[str, str]) -> Found:
    anime = f"/anime/{ids['kitsu.app']}"
    found: Found = defaultdict(list)

    def include(answer: Any) -> None:
        for resource in answer.get("included", []):
            kind = found[_KITSU_KINDS[resource["type"]]]
            if resource not in kind:
                kind.append(resource)

    answer = site.json(anime, include=kitsu.ANIME_INCLUDE)
    if answer is None:
        return {}
    found["anime"] = answer["data"]
    include(answer)
    for kind, path, query in (
        ("episodes", "episodes", {}),
        ("characters", "characters", {"include": kitsu.CHARACTERS_INCLUDE}),
        ("staff", "anime-staff", {"include": kitsu.STAFF_INCLUDE}),
    ):
        offset = 0
        while True:
            pages: dict[str, Any] = {"page[limit]": kitsu.PAGE_SIZE, "page[offset]": offset}
            answer = site.json(f"{anime}/{path}", **query, **pages)
            if answer is None:
                break
            found[kind] += answer["data"]
            include(answer)
            if not answer["links"].get("next"):
                break
            offset += len(answer["data"])
    return found


def fetch_anidb(site: Site, ids: Mapping[str, str]) -> Found:
    number = ids["anidb.net"]
    response = site.get("/httpapi", request="anime", aid=number, protover=1, client="benchmark", clientver=1)
    if response is None:
        return {}
    return {
        "anime": response.json() if _is_json(response) else anidb_xml.parsed_anime(response.content, number=number)[0]
    }


def fetch_animeplanet(site: Site, ids: Mapping[str, str]) -> Found:
    slug = ids["anime-planet.com"]
    response = site.get(f"/anime/{slug}")
    if response is None:
        return {}
    if _is_json(response):
        return {"anime": response.json()}
    return {"anime": animeplanet_page.parsed_anime(response.content, slug=slug, today=AT.date())[0]}


def fetch_anisearch(site: Site, ids: Mapping[str, str]) -> Found:
    number = ids["anisearch.com"]
    response = site.get(f"/anime/{number}")
    if response is None:
        return {}
    found: Found = {"anime": anisearch_page.parsed_anime(response.content, number=number)[0]}
    parsers: Mapping[str, Callable[[bytes], Any]] = {
        "relations": anisearch_page.parsed_relations,
        "episodes": anisearch_page.parsed_episodes,
        "characters": anisearch_page.parsed_characters,
    }
    for kind, parse in parsers.items():
        response = site.get(f"/anime/{number}/{kind}")
        if response is not None:
            found[kind] = parse(response.content)
    return found


def fetch_animeschedule(site: Site, ids: Mapping[str, str]) -> Found:
    route = ids.get("animeschedule.net")
    if route is not None:
        anime = site.json(f"/anime/{route}")
    else:
        answer = site.json("/anime", **{"mal-ids": ids["myanimelist.net"]})
        anime = None if answer is None else answer["anime"][0]
    return {} if anime is None else {"anime": anime}


def _is_json(response: httpx.Response) -> bool:
    return response.headers["content-type"] == "application/json"


_FETCHERS: Mapping[Catalogue, Callable[[Site, Mapping[str, str]], Found]] = {
    Catalogue.JIKAN: fetch_jikan,
    Catalogue.ANILIST: fetch_anilist,
    Catalogue.KITSU: fetch_kitsu,
    Catalogue.ANIDB: fetch_anidb,
    Catalogue.ANIMEPLANET: fetch_animeplanet,
    Catalogue.ANISEARCH: fetch_anisearch,
    Catalogue.ANIMESCHEDULE: fetch_animeschedule,
}
