"""Re-hosting images: each source URL is fetched at most once, stored under its content's hash, and remembered.

Order of writes for one image: the object (only where absent), then the map's line. A crash between the two fetches
the image again and finds the object there. A failure is remembered until ``retry_at`` and put on the dead-letter
queue once, when it becomes known; entries that meet the remembered failure later get the placeholder at no cost.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from models.base import FailedImage
from models.errors import AlreadyExists, Permanent, Retryable
from workflows import keys
from workflows.ports import Clock, ImageMap, ImageRecord, ImageSource, Objects, Queue

CACHE_FOREVER = "public, max-age=31536000, immutable"
"""A key names its content, so whoever has it never needs to ask again."""

ImageResult = str | FailedImage
"""The URL on our own domain, or the placeholder."""


@dataclass(frozen=True, kw_only=True)
class ImageHost:
    """Everything that re-hosting needs.

    ``workers`` downloads run at a time; a failure is believed for ``retry_after``.
    """

    source: ImageSource
    images: Objects
    image_map: ImageMap
    dead_letters: Queue
    domain: str
    clock: Clock
    retry_after: timedelta
    workers: int = 8


@dataclass(kw_only=True)
class Rehosted:
    """``results`` by source URL; ``remaining`` URLs were not reached before the deadline."""

    results: dict[str, ImageResult] = field(default_factory=dict)
    remaining: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        return sum(isinstance(result, FailedImage) for result in self.results.values())

    @property
    def stored(self) -> int:
        return len(self.results) - self.failed


def source_url_hash(url: str) -> str:
    """Key of the deduplication map: SHA-256 of the source URL."""
    return hashlib.sha256(url.encode()).hexdigest()


def rehost(
    urls: Mapping[str, str], host: ImageHost, *, anime_id: str, out_of_time: Callable[[], bool] = lambda: False
) -> Rehosted:
    """``urls``: source URL -> context for the dead-letter message, such as ``characters.0.images.0``. ``out_of_time``
    is asked before each download, in several threads at a time.

    Raises:
        Retryable: the map, the bucket or the queue does not answer; what is done stays done.
    """
    done = Rehosted()
    waiting = _take_known(urls, host, done)

    stopped = Event()

    def in_time(url: str) -> ImageResult | None:
        if stopped.is_set() or out_of_time():
            return None
        try:
            return _rehost_one(url, urls[url], host, anime_id)
        except BaseException:
            stopped.set()  # the stores do not answer: nothing more is begun
            raise

    with ThreadPoolExecutor(max_workers=host.workers) as pool:
        futures = {pool.submit(in_time, url): url for url in waiting}
        for future in as_completed(futures):
            result = future.result()
            if result is not None:
                done.results[futures[future]] = result
    done.remaining = tuple(url for url in waiting if url not in done.results)
    return done


def _take_known(urls: Iterable[str], host: ImageHost, done: Rehosted) -> list[str]:
    hashes = {source_url_hash(url): url for url in urls}
    records = host.image_map.get_many(list(hashes))
    now = host.clock()
    waiting = []
    for digest, url in hashes.items():
        known = _known_result(records.get(digest), url, host.domain, now)
        if known is None:
            waiting.append(url)
        else:
            done.results[url] = known
    return waiting


def _known_result(record: ImageRecord | None, url: str, domain: str, now: datetime) -> ImageResult | None:
    if record is None:
        return None
    if record.s3_path is not None:
        return cdn_url(domain, record.s3_path)
    if record.retry_at is not None and record.retry_at > now:
        return FailedImage(image_url=url, error_message=record.error_message or "download failed before")
    return None


def cdn_url(domain: str, key: str) -> str:
    return f"https://{domain}/{key}"


def _rehost_one(url: str, context: str, host: ImageHost, anime_id: str) -> ImageResult:
    try:
        image = host.source.download(url)
    except (Permanent, Retryable) as error:
        return _remember_failure(url, context, host, anime_id, error)
    key = keys.image(image.sha256, image.extension)
    with suppress(AlreadyExists):  # the same picture under another URL: one object
        host.images.put(
            key,
            image.body,
            content_type=image.content_type,
            metadata={"source_url": _header_safe(url), "content_type": image.content_type},
            cache_control=CACHE_FOREVER,
            if_absent=True,
        )
    host.image_map.put(ImageRecord(source_url_hash=source_url_hash(url), s3_path=key, last_attempt=host.clock()))
    return cdn_url(host.domain, key)


def _remember_failure(
    url: str, context: str, host: ImageHost, anime_id: str, error: Permanent | Retryable
) -> FailedImage:
    now = host.clock()
    message = str(error) or type(error).__name__
    # The queue first: a crash before the map's line sends the message again, never not at all.
    host.dead_letters.send(
        {
            "anime_id": anime_id,
            "image_url": url,
            "error_message": message,
            "timestamp": now.isoformat(),
            "retry_count": DOWNLOAD_ATTEMPTS - 1 if isinstance(error, Retryable) else 0,
            "context": context,
        }
    )
    host.image_map.put(
        ImageRecord(
            source_url_hash=source_url_hash(url),
            s3_path=None,
            last_attempt=now,
            retry_at=now + host.retry_after,
            error_message=message,
        )
    )
    return FailedImage(image_url=url, error_message=message)


DOWNLOAD_ATTEMPTS = 4
"""Attempts for a failure that may pass; ``sources.images`` makes them within 60 seconds."""


def _header_safe(url: str) -> str:
    """Object metadata are HTTP headers: ASCII only."""
    return url.encode("ascii", "backslashreplace").decode()[:1024]


def as_json(results: Mapping[str, ImageResult]) -> dict[str, Any]:
    """The form in which results are kept between the states of an execution."""
    return {
        url: result if isinstance(result, str) else result.model_dump(mode="json") for url, result in results.items()
    }


def ordered(urls: Sequence[tuple[str, str]]) -> dict[str, str]:
    """(URL, context) pairs as ``rehost`` takes them; the first context of a URL stands."""
    result: dict[str, str] = {}
    for url, context in urls:
        result.setdefault(url, context)
    return result
