"""Images as the machines meet them: those that the stages name, and those of entries that are loaded in bulk."""

from collections.abc import Callable

import orjson

from domain.canonical_json import canonical_bytes
from domain.derive import NOT_FETCHED
from domain.image_refs import image_refs, image_refs_of_entry, with_images
from models.anime import AnimeEntry
from models.base import FailedImage
from models.events import ExecutionRef, ImagesOutput, Stage
from workflows import keys
from workflows.bulk_index import SettledImages, SettleImages
from workflows.images import ImageHost, ImageResult, as_json, ordered, rehost
from workflows.ports import Objects


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


def image_settler(host: ImageHost | None) -> SettleImages:
    """Without a host nothing is fetched: every image that is not our own becomes a placeholder."""

    def settle(entry: AnimeEntry) -> SettledImages:
        wanted = ordered([(found.url, found.context) for found in image_refs_of_entry(entry)])
        results: dict[str, ImageResult] = {url: FailedImage(image_url=url, error_message=NOT_FETCHED) for url in wanted}
        if host is not None:
            results = rehost(wanted, host, anime_id=entry.anime_id).results
        failed = sum(isinstance(result, FailedImage) for result in results.values())
        return SettledImages(entry=with_images(entry, results), stored=len(results) - failed, failed=failed)

    return settle
