"""Images as the machines meet them: those that the stages name, and those of entries that are loaded in bulk."""

from collections.abc import Callable
from typing import Final

import orjson

from domain.canonical_json import canonical_bytes
from domain.image_refs import image_refs, image_refs_of_entry, with_images
from models.anime import AnimeEntry
from models.base import FailedImage
from models.events import ExecutionRef, ImagesOutput, Stage
from workflows import keys
from workflows.bulk_index import SettledImages, SettleImages
from workflows.images import ImageHost, as_json, ordered, rehost
from workflows.ports import Objects

NOT_IN_TIME: Final = "not fetched in time"
"""Of a placeholder that the next enrichment of its anime tries to replace."""


def ingest_images(
    ref: ExecutionRef, *, host: ImageHost, objects: Objects, out_of_time: Callable[[], bool]
) -> ImagesOutput:
    """Re-hosts what the stages of an execution name, and adds it to ``keys.images``; to be repeated until nothing
    remains. What is there already is not looked at again.
    """
    key = keys.images(ref.execution)
    stored = objects.get(key)
    done = {} if stored is None else orjson.loads(stored.body)
    parts = {
        stage: orjson.loads(found.body)
        for stage in Stage
        if (found := objects.get(keys.stage(ref.execution, stage.value))) is not None
    }
    wanted = ordered([(found.url, found.context) for found in image_refs(parts)])
    missing = {url: context for url, context in wanted.items() if url not in done}
    rehosted = rehost(missing, host, anime_id=ref.anime_id, out_of_time=out_of_time)
    objects.put(key, canonical_bytes({**done, **as_json(rehosted.results)}))
    return ImagesOutput(stored=rehosted.stored, failed=rehosted.failed, remaining=len(rehosted.remaining))


def image_settler(host: ImageHost, out_of_time: Callable[[], bool]) -> SettleImages:
    """Once the time is over, an image that is not known already becomes a placeholder, which counts as failed."""

    def settle(entry: AnimeEntry) -> SettledImages:
        wanted = ordered([(found.url, found.context) for found in image_refs_of_entry(entry)])
        done = rehost(wanted, host, anime_id=entry.anime_id, out_of_time=out_of_time)
        late = {url: FailedImage(image_url=url, error_message=NOT_IN_TIME) for url in done.remaining}
        images = with_images(entry, {**done.results, **late})
        return SettledImages(entry=images, stored=done.stored, failed=done.failed + len(late))

    return settle
