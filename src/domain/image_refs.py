"""Where an entry holds images, and putting re-hosted ones in their places.

``IMAGE_PLACES`` is the one list of these places; a test holds it against the models. A ``*`` stands for every item of
a list or every value of a mapping.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from domain.derive import NOT_FETCHED
from domain.locks import is_locked
from models.anime import AnimeEntry, check_entry, dump_entry
from models.base import FailedImage
from models.errors import InvalidEntry
from models.events import Stage

IMAGE_PLACES: Final = (
    "images.covers.*",
    "images.posters.*",
    "images.banners.*",
    "trailers.*.thumbnail_url",
    "episode_details.*.thumbnails.*",
    "characters.*.images.*",
    "characters.*.voice_actors.*.image",
    "staff_data.production_staff.*.*.image",
    "staff_data.voice_actors.*.*.image",
)

ImageResults = Mapping[str, Any]
"""By source URL: our own URL, or a placeholder, as ``FailedImage`` or its JSON form."""


@dataclass(frozen=True)
class ImageRef:
    """``context`` is where the image stands, such as ``characters.0.images.1``."""

    url: str
    context: str


def image_refs(parts: Mapping[Stage, Mapping[str, Any]]) -> list[ImageRef]:
    """Every image URL in the parts that the stages made: each URL once, with its first place."""
    return _refs(parts.values())


def image_refs_of_entry(entry: AnimeEntry) -> list[ImageRef]:
    """A placeholder counts with the URL that it stands for, so that it can be tried again."""
    return _refs([dump_entry(entry)])


def placeholder_refs(entry: AnimeEntry) -> list[tuple[ImageRef, str]]:
    """Every placeholder of a stored entry, with the reason that it gives: each URL once, with its first place."""
    dumped = dump_entry(entry)
    found: dict[str, tuple[ImageRef, str]] = {}
    for place in IMAGE_PLACES:
        for context, value in _at(dumped, tuple(place.split(".")), ""):
            if isinstance(value, Mapping):
                url = str(value["image_url"])
                found.setdefault(url, (ImageRef(url=url, context=context), str(value["error_message"])))
    return list(found.values())


def without_stand_ins(entry: AnimeEntry, parts: Mapping[Stage, Mapping[str, Any]]) -> AnimeEntry:
    """The stored entry without the pictures of a release, once a catalogue offers a picture.

    A release names smaller copies of a catalogue's picture, which stand in for it as long as an entry was never
    enriched. So an entry has the same pictures, whether it began as a line of a release or with its enrichment.
    """
    offered = parts.get(Stage.METADATA, {}).get("images", {})
    if entry.enriched or is_locked(entry.locked_fields, "images") or not (offered.keys() & {"covers", "posters"}):
        return entry
    return entry.model_copy(update={"images": entry.images.model_copy(update={"covers": []})})


def _refs(parts: Iterable[Mapping[str, Any]]) -> list[ImageRef]:
    refs: dict[str, ImageRef] = {}
    for part in parts:
        for place in IMAGE_PLACES:
            for context, value in _at(part, tuple(place.split(".")), ""):
                url = source_url(value)
                if url is not None:
                    refs.setdefault(url, ImageRef(url=url, context=context))
    return list(refs.values())


def with_images(entry: AnimeEntry, images: ImageResults) -> AnimeEntry:
    """The entry with every image that has a result replaced by it; the others stay as they are.

    Raises:
        InvalidEntry: a result is neither a URL nor a placeholder.
    """
    return check_entry(replaced(dump_entry(entry), lambda value: as_image(images.get(source_url(value) or ""), value)))


def settled(part: Mapping[str, Any], images: ImageResults) -> dict[str, Any]:
    """A part with its source URLs replaced by results; one that has none becomes a placeholder that says so."""

    def settle(value: Any) -> Any:
        url = source_url(value)
        if url is None:
            return value
        return as_image(images.get(url), {"image_url": url, "error_message": NOT_FETCHED})

    return replaced(part, settle)


def source_url(value: Any) -> str | None:
    """Of an image, or of the placeholder of one; None for what is neither."""
    if isinstance(value, str):
        return value
    url = value.get("image_url") if isinstance(value, Mapping) else None
    return url if isinstance(url, str) else None


def as_image(result: Any, otherwise: Any) -> Any:
    """A result in JSON form; ``otherwise`` where there is none.

    Raises:
        InvalidEntry: it is neither a URL nor a placeholder.
    """
    if result is None:
        return otherwise
    if isinstance(result, FailedImage):
        return result.model_dump(mode="json")
    if isinstance(result, str) or source_url(result) is not None:
        return result
    raise InvalidEntry(["images: a result must be a URL or a placeholder with image_url and error_message"])


def replaced(part: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """A copy in which every image is changed. An image that a list then holds twice stays once."""
    copy: Any = dict(part)
    for place in IMAGE_PLACES:
        copy = _changed(copy, tuple(place.split(".")), change)
    result: dict[str, Any] = copy
    return result


def _at(value: Any, path: tuple[str, ...], context: str) -> Iterator[tuple[str, Any]]:
    if not path:
        yield context, value
        return
    for key, item in _children(value, path[0]):
        yield from _at(item, path[1:], f"{context}.{key}" if context else str(key))


def _children(value: Any, step: str) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from value.items() if step == "*" else ((step, value[step]),) if step in value else ()
    elif isinstance(value, list) and step == "*":
        yield from enumerate(value)


def _changed(value: Any, path: tuple[str, ...], change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(value)
    if isinstance(value, Mapping):
        chosen = value if path[0] == "*" else {path[0]} & value.keys()
        return {key: _changed(item, path[1:], change) if key in chosen else item for key, item in value.items()}
    if isinstance(value, list) and path[0] == "*":
        items = [_changed(item, path[1:], change) for item in value]
        return items if path[1:] else [item for position, item in enumerate(items) if item not in items[:position]]
    return value
