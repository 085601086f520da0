from domain.catalogues import PAGE_HOSTS, known_catalogues, page_id
from models.events import Catalogue


def test_every_catalogue_has_pages() -> None:
    assert set(PAGE_HOSTS) == set(Catalogue)


def test_catalogues_are_known_by_their_pages_and_by_ids_that_they_also_take() -> None:
    assert known_catalogues(("https://myanimelist.net/anime/1",)) == (
        Catalogue.JIKAN,
        Catalogue.ANILIST,
        Catalogue.ANIMESCHEDULE,
    )
    assert known_catalogues(("https://kitsu.app/anime/1", "https://simkl.com/anime/2")) == (Catalogue.KITSU,)
    assert known_catalogues(()) == ()


def test_the_id_is_the_last_part_of_the_first_page() -> None:
    sources = (
        "https://myanimelist.net/anime/9",
        "https://anime-planet.com/anime/bebop",
        "https://myanimelist.net/anime/10",
    )
    assert page_id(sources, "myanimelist.net") == "10"
    assert page_id(sources, "anime-planet.com") == "bebop"
    assert page_id(sources, "kitsu.app") is None
