"""Images as the machines meet them: those that the stages name, and those of entries that are loaded in bulk."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from domain.canonical_json import canonical_bytes
from domain.derive import NOT_FETCHED
from domain.image_refs import (
    ImageRef,
    image_refs,
    image_refs_of_entry,
    placeholder_refs,
    with_images,
    without_stand_ins,
)
from models.anime import AnimeEntry
from models.base import FailedImage
from models.events import ExecutionRef, ImagesOutput, Mode, Stage
from workflows import keys
from workflows.bulk_index import SettledImages, SettleImages
from workflows.images import ImageHost, as_json, ordered, rehost
from workflows.ports import Objects
from workflows.work import load_base

NOT_IN_TIME: Final = "not fetched in time"
"""Of a placeholder that the next enrichment of its anime tries to replace."""

MOST_RETRIED: Final = 100
"""So many stored placeholders an execution tries again, beside what the catalogues offer: those of a host that is gone
cost up to a minute each, eight at a time."""

_NEVER_TRIED: Final = frozenset({NOT_FETCHED, NOT_IN_TIME})


def ingest_images(
    ref: ExecutionRef, *, host: ImageHost, objects: Objects, out_of_time: Callable[[], bool]
) -> ImagesOutput:
    """Re-hosts what the stages of an execution name and what the stored entry still lacks, and adds it to
    ``keys.images``; to be repeated until nothing remains. What is there already is not looked at again.
    """
    key = keys.images(ref.execution)
    stored = objects.get(key)
    done = {} if stored is None else orjson.loads(stored.body)
    parts = {
        stage: orjson.loads(found.body)
        for stage in Stage
        if (found := objects.get(keys.stage(ref.execution, stage.value))) is not None
    }
    wanted = ordered([(found.url, found.context) for found in (*image_refs(parts), *_retried(ref, parts, objects))])
    missing = {url: context for url, context in wanted.items() if url not in done}
    rehosted = rehost(missing, host, anime_id=ref.anime_id, out_of_time=out_of_time)
    objects.put(key, canonical_bytes({**done, **as_json(rehosted.results)}))
    return ImagesOutput(stored=rehosted.stored, failed=rehosted.failed, remaining=len(rehosted.remaining))


def _retried(ref: ExecutionRef, parts: Mapping[Stage, Mapping[str, Any]], objects: Objects) -> list[ImageRef]:
    """Placeholders of the stored entry that no stage names: first those that nobody has tried, then, in another order
    each execution, those that failed. Failures that are still believed cost nothing (``workflows.images``).

    An episode's update changes no other image, so it tries none.
    """
    base = load_base(ref.execution, objects) if ref.mode is not Mode.EPISODE else None
    if base is None:
        return []
    offered = {found.url for found in image_refs(parts)}
    left = [one for one in placeholder_refs(without_stand_ins(base, parts)) if one[0].url not in offered]

    def turn(one: tuple[ImageRef, str]) -> tuple[bool, bytes]:
        found, reason = one
        return reason not in _NEVER_TRIED, hashlib.sha256(f"{ref.execution}{found.url}".encode()).digest()

    return [found for found, _ in sorted(left, key=turn)[:MOST_RETRIED]]


def image_settler(host: ImageHost, out_of_time: Callable[[], bool]) -> SettleImages:
    """Once the time is over, an image that is not known already becomes a placeholder, which counts as failed."""

    def settle(entry: AnimeEntry) -> SettledImages:
        wanted = ordered([(found.url, found.context) for found in image_refs_of_entry(entry)])
        done = rehost(wanted, host, anime_id=entry.anime_id, out_of_time=out_of_time)
        late = {url: FailedImage(image_url=url, error_message=NOT_IN_TIME) for url in done.remaining}
        images = with_images(entry, {**done.results, **late})
        return SettledImages(entry=images, stored=done.stored, failed=done.failed + len(late))

    return settle
