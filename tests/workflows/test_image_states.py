"""Images in the machines: those of entries that are loaded in bulk are re-hosted while there is time, and are
placeholders afterwards; an enrichment re-hosts what its stages name, and tries the placeholders again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson
import pytest

from domain.canonical_json import canonical_bytes
from domain.derive import NOT_FETCHED, derive_entry
from models.anime import AnimeEntry, Images, check_entry
from models.base import FailedImage
from models.errors import NotFound
from models.events import ExecutionRef, ImagesOutput, Mode, Stage
from models.offline import read_offline
from tests.support.commits import World, fake_world
from tests.support.database import make_entry
from tests.workflows.test_images import COVER, GONE, RETRY_AFTER, SAME, Stores, Web, own
from workflows import keys
from workflows.enrichment import assemble
from workflows.image_states import MOST_RETRIED, NOT_IN_TIME, image_settler, ingest_images
from workflows.launching import subject_of
from workflows.work import keep_base, load_json

ENTRY: Final = make_entry(1, images=Images(covers=[COVER, GONE], posters=[SAME]))
"""Its title picture under two addresses, and one that is gone."""

WEB: Final[Mapping[str, bytes | Exception]] = {COVER: b"picture", SAME: b"picture", GONE: NotFound("404")}


def over_after(downloads: int) -> Callable[[], bool]:
    asked = iter(range(downloads))
    return lambda: next(asked, None) is None


def late(url: str) -> FailedImage:
    return FailedImage(image_url=url, error_message=NOT_IN_TIME)


def test_every_image_is_ours_or_a_placeholder_with_its_reason() -> None:
    settled = image_settler(Stores().host(Web(WEB)), lambda: False)(ENTRY)
    failed = FailedImage(image_url=GONE, error_message="404")
    assert settled.entry.images == Images(covers=[own(b"picture"), failed], posters=[own(b"picture")])
    assert settled.entry.model_copy(update={"images": ENTRY.images}) == ENTRY
    assert (settled.stored, settled.failed) == (2, 1)


def test_what_is_not_reached_in_time_is_a_placeholder_and_counts_as_failed() -> None:
    stores, web = Stores(), Web(WEB)
    settled = image_settler(stores.host(web, workers=1), over_after(1))(ENTRY)
    assert (settled.stored, settled.failed) == (1, 2)
    [fetched] = web.asked
    images = settled.entry.images
    assert {image for image in (*images.covers, *images.posters) if image != own(b"picture")} == {
        late(url) for url in WEB if url != fetched
    }


def test_nobody_is_told_of_an_image_that_was_only_late_and_the_next_attempt_fetches_it() -> None:
    stores, web = Stores(), Web(WEB)
    image_settler(stores.host(web), over_after(0))(ENTRY)
    assert (web.asked, stores.queue.messages(), stores.record(COVER)) == ([], (), None)
    assert image_settler(stores.host(web), lambda: False)(ENTRY).stored == 2


def test_images_that_are_known_need_no_time() -> None:
    stores, web = Stores(), Web(WEB)
    first = image_settler(stores.host(web), lambda: False)(ENTRY)
    assert image_settler(stores.host(web), over_after(0))(ENTRY) == first
    assert len(web.asked) == len(WEB)


def test_time_that_runs_out_in_one_entry_is_over_for_the_next() -> None:
    another = "https://cdn.myanimelist.net/2.jpg"
    settle = image_settler(Stores().host(Web({**WEB, another: b"another"})), over_after(len(WEB)))
    assert settle(ENTRY).stored == 2
    settled = settle(make_entry(2, images=Images(covers=[another])))
    assert settled.entry.images.covers == [late(another)]


# ------------------------------------------------------------------------------------------------------- enrichments

POSTER: Final = "https://media.kitsu.app/anime/poster_images/1/original.jpg"
FACE: Final = "https://cdn.myanimelist.net/images/characters/11/253723.jpg"


def placeholder(url: str, reason: str = NOT_FETCHED) -> FailedImage:
    return FailedImage(image_url=url, error_message=reason)


def begun(world: World, entry: AnimeEntry, *, mode: Mode = Mode.REFRESH, **images: Sequence[str]) -> ExecutionRef:
    """An execution whose stages offer these images, on top of a stored entry."""
    world.store(entry)
    ref = world.started(mode, subject_of(entry))
    keep_base(ref, animes=world.animes, objects=world.objects)
    for stage in Stage:
        part = {"images": {kind: list(urls) for kind, urls in images.items()}} if stage is Stage.METADATA else {}
        world.objects.put(keys.stage(ref.execution, stage.value), canonical_bytes(part))
    return ref


def ingest(world: World, ref: ExecutionRef, stores: Stores, web: Web) -> ImagesOutput:
    return ingest_images(ref, host=stores.host(web), objects=world.objects, out_of_time=lambda: False)


def proposed(world: World, ref: ExecutionRef) -> AnimeEntry:
    stored = world.objects.get(assemble(ref, objects=world.objects).proposed_key)
    assert stored is not None
    return check_entry(stored.body)


def pictures(count: int) -> dict[str, bytes]:
    return {f"https://cdn.myanimelist.net/images/{number:03d}.jpg": b"%d" % number for number in range(count)}


@pytest.mark.parametrize("reason", [NOT_FETCHED, NOT_IN_TIME, "media.kitsu.app fails (503)"])
def test_a_refresh_tries_the_placeholders_of_the_stored_entry_again(reason: str) -> None:
    world, stores, web = fake_world(), Stores(), Web({COVER: b"cover", GONE: b"found again"})
    ref = begun(world, make_entry(1, images=Images(banners=[placeholder(GONE, reason)])), covers=[COVER])
    assert ingest(world, ref, stores, web) == ImagesOutput(stored=2, failed=0, remaining=0)
    assert sorted(web.asked) == sorted([COVER, GONE])
    assert proposed(world, ref).images == Images(covers=[own(b"cover")], banners=[own(b"found again")])


def test_an_image_that_is_ours_already_is_not_asked_for_again() -> None:
    world, stores, web = fake_world(), Stores(), Web({COVER: b"cover"})
    ref = begun(world, make_entry(1, images=Images(covers=[own(b"earlier")])), covers=[COVER])
    ingest(world, ref, stores, web)
    assert web.asked == [COVER]


def test_a_placeholder_that_fails_again_keeps_its_place_and_is_believed_for_a_time() -> None:
    world, stores, web = fake_world(), Stores(), Web({GONE: NotFound("no such image (404)")})
    entry = make_entry(1, images=Images(covers=[placeholder(GONE)]))
    ref = begun(world, entry)
    assert ingest(world, ref, stores, web) == ImagesOutput(stored=0, failed=1, remaining=0)
    assert proposed(world, ref).images.covers == [placeholder(GONE, "no such image (404)")]
    later = fake_world()
    again = begun(later, proposed(world, ref))
    assert ingest(later, again, stores, web).failed == 1
    assert web.asked == [GONE], "the failure is still believed"
    stores.clock.advance(RETRY_AFTER)
    after = fake_world()
    assert ingest(after, begun(after, proposed(world, ref)), stores, Web({GONE: b"there"})).stored == 1


def test_an_episode_tries_no_other_image_again() -> None:
    world, stores, web = fake_world(), Stores(), Web({})
    ref = begun(world, make_entry(1, images=Images(covers=[placeholder(GONE)])), mode=Mode.EPISODE)
    assert ingest(world, ref, stores, web) == ImagesOutput(stored=0, failed=0, remaining=0)


def test_so_many_placeholders_are_tried_in_one_execution_those_first_that_nobody_tried() -> None:
    world, stores = fake_world(), Stores()
    bodies = pictures(MOST_RETRIED + 30)
    failed, untried = list(bodies)[: MOST_RETRIED + 10], list(bodies)[MOST_RETRIED + 10 :]
    covers: list[str | FailedImage] = [*(placeholder(url, "404") for url in failed), *map(placeholder, untried)]
    ref = begun(world, make_entry(1, images=Images(covers=covers)), covers=[COVER])
    web = Web({**bodies, COVER: b"cover"})
    assert ingest(world, ref, stores, web) == ImagesOutput(stored=MOST_RETRIED + 1, failed=0, remaining=0)
    assert {COVER, *untried} < set(web.asked)
    ingest(world, ref, stores, web)
    assert len(web.asked) == MOST_RETRIED + 1, "the same images, however often the state runs"


def test_a_placeholder_that_is_offered_again_takes_nobodys_turn() -> None:
    world, stores = fake_world(), Stores()
    offered = pictures(MOST_RETRIED)
    covers: list[str | FailedImage] = [*map(placeholder, offered), placeholder(GONE, "404")]
    web = Web({**offered, GONE: b"found again"})
    ref = begun(world, make_entry(1, images=Images(covers=covers)), covers=list(offered))
    assert ingest(world, ref, stores, web) == ImagesOutput(stored=MOST_RETRIED + 1, failed=0, remaining=0)
    assert set(web.asked) == {*offered, GONE}


def test_every_failed_placeholder_has_its_turn_in_some_execution() -> None:
    bodies = pictures(MOST_RETRIED * 2)
    entry = make_entry(1, images=Images(covers=[placeholder(url, "404") for url in bodies]))
    stores, gone = Stores(), Web(dict.fromkeys(bodies, NotFound("404")))
    for _ in range(20):
        world = fake_world()
        world.tokens = iter([f"{len(gone.asked):026d}"] * 9).__next__
        ingest(world, begun(world, entry), stores, gone)
        stores.clock.advance(RETRY_AFTER)
    assert set(gone.asked) == set(bodies)


# ------------------------------------------------------------------------------------------- two ways into the database


LINE: Final[Mapping[str, Any]] = {
    "sources": ["https://myanimelist.net/anime/1"],
    "title": "Cowboy Bebop",
    "type": "TV",
    "episodes": 26,
    "status": "FINISHED",
    "animeSeason": {"season": "SPRING", "year": 1998},
    "picture": "https://media.kitsu.app/anime/poster_images/1/large.jpg",
    "thumbnail": "https://media.kitsu.app/anime/poster_images/1/small.jpg",
    **{name: [] for name in ("synonyms", "studios", "producers", "relatedAnime", "tags")},
}
CATALOGUES: Final = {COVER: b"cover", POSTER: b"poster"}
COPIES: Final = {LINE["picture"]: b"smaller", LINE["thumbnail"]: b"smallest"}


def derived() -> AnimeEntry:
    return derive_entry(read_offline(orjson.dumps(LINE)), make_entry(1).anime_id)


def test_an_entry_has_the_same_pictures_whichever_way_it_came() -> None:
    worlds = [fake_world(), fake_world()]
    line = derived()
    refs = [worlds[0].started(Mode.NEW, subject_of(line)), begun(worlds[1], line, covers=[COVER], posters=[POSTER])]
    for stage in Stage:
        part = load_json(keys.stage(refs[1].execution, stage.value), worlds[1].objects)
        worlds[0].objects.put(keys.stage(refs[0].execution, stage.value), canonical_bytes(part))
    for world, ref in zip(worlds, refs, strict=True):
        web = Web({**CATALOGUES, **COPIES})
        ingest(world, ref, Stores(), web)
        assert sorted(web.asked) == sorted(CATALOGUES), "nobody asks for smaller copies"
    new, refreshed = (proposed(world, ref).images for world, ref in zip(worlds, refs, strict=True))
    assert new == refreshed == Images(covers=[own(b"cover")], posters=[own(b"poster")])


def test_where_no_catalogue_offers_a_picture_that_of_the_release_is_fetched() -> None:
    world, stores, web = fake_world(), Stores(), Web(COPIES)
    ref = begun(world, derived())
    assert ingest(world, ref, stores, web).stored == len(COPIES)
    assert proposed(world, ref).images.covers == [own(b"smaller"), own(b"smallest")]
