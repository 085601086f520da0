from typing import Any

from domain.relations import joined, linked, related_pages
from models.anime import RelatedAnime, dump_entry
from models.ids import mint_anime_id
from models.vocabulary import RelationType
from tests.support.commits import ANIME, SOURCE, make_entry

FILM = mint_anime_id("https://myanimelist.net/anime/5")
PAGES = ("https://myanimelist.net/anime/5", "https://anilist.co/anime/5")


def related(url: str, kind: RelationType = RelationType.SIDE_STORY, **more: Any) -> RelatedAnime:
    return RelatedAnime(url=url, relation_type=kind, **more)


ENTRY = make_entry(
    related_anime=[
        related(PAGES[0], title="Tengoku no Tobira"),
        related("https://anime-planet.com/anime/unheard-of"),
        related("https://www.anilist.co/anime/5/Film/", RelationType.OTHER),
    ]
)


def test_a_page_of_an_anime_that_is_known_gets_its_id_and_others_keep_their_pages() -> None:
    assert related_pages(ENTRY) == (PAGES[0], "https://anime-planet.com/anime/unheard-of", PAGES[1])
    found = linked(ENTRY, dict.fromkeys(PAGES, FILM))
    assert [one.anime_id for one in found.related_anime] == [FILM, None, FILM]
    assert [one.url for one in found.related_anime] == [one.url for one in ENTRY.related_anime]


def test_what_is_linked_is_not_looked_up_again_and_keeps_its_id() -> None:
    once = linked(ENTRY, {PAGES[0]: FILM})
    assert PAGES[0] not in related_pages(once)
    assert linked(once, {PAGES[0]: mint_anime_id("https://myanimelist.net/anime/6")}) == once


def test_an_anime_is_not_linked_to_itself() -> None:
    entry = make_entry(related_anime=[related("https://anilist.co/anime/1")])
    assert linked(entry, {"https://anilist.co/anime/1": ANIME}) == entry
    assert SOURCE in entry.sources


def test_pages_of_one_anime_are_told_as_one_in_the_words_of_the_first() -> None:
    told = joined(dump_entry(linked(ENTRY, dict.fromkeys(PAGES, FILM)))["related_anime"])
    assert told == [
        {
            "urls": [PAGES[0], "https://www.anilist.co/anime/5/Film/"],
            "anime_id": FILM,
            "relation_type": "SIDE STORY",
            "title": "Tengoku no Tobira",
        },
        {"urls": ["https://anime-planet.com/anime/unheard-of"], "relation_type": "SIDE STORY"},
    ]
