"""The images of entries that are loaded in bulk: re-hosted while there is time, placeholders afterwards."""

from collections.abc import Callable, Mapping
from typing import Final

from models.anime import Images
from models.base import FailedImage
from models.errors import NotFound
from tests.support.database import make_entry
from tests.workflows.test_images import COVER, GONE, SAME, Stores, Web, own
from workflows.image_states import NOT_IN_TIME, image_settler

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
