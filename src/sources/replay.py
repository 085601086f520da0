"""Recorded answers on disk: written by ``RecordTransport``, answered by ``ReplayTransport``.

Form of a file::

    DIR/<catalogue or image host>/<METHOD> <path and query, percent-encoded>[ <hash>].<json|html|xml|jpg|png|webp>

* The folder is the catalogue's name for a catalogue's request, else the URL's host.
* Of a catalogue's URL the path begins below the base URL, which is a setting, so a recording outlives a move of the
  API. Path and query are encoded by ``quote(..., safe="")``, after parameters that say who asks are left out.
* The hash is the first 16 hexadecimal digits of SHA-256 of the body in canonical JSON (sorted keys, no blanks); of the
  bytes themselves where the body is not JSON.
* A name that would be longer than 255 bytes is cut: the encoded path and query keep 150 characters, followed by ``#``
  and the first 16 digits of SHA-256 of the whole.

Only good answers (200) are recorded, and none that ``RecordTransport`` is told not to keep, so whatever else a server
said is "not recorded" when it is replayed.
"""

import hashlib
import html
import json
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from models.errors import BadInput, NotRecorded
from sources.http import HttpTransport, Request, Response, TooLarge

CONTENT_TYPES: Final = {
    "json": "application/json",
    "html": "text/html",
    "xml": "text/xml",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
}
"""By extension, in the order in which a recording is looked for."""

PARSED: Final = "application/vnd.anime-infra.parsed+json"
"""What a recording in JSON is to a request that takes none: the answer, parsed before it was recorded."""

SECRET_PARAMETERS: Final = frozenset(
    {"access_token", "api_key", "apikey", "client_id", "client_secret", "key", "pass", "token"}
)
"""Query parameters whose values are never written down."""

_WHO_ASKS: Final = SECRET_PARAMETERS | {"client", "clientver"}
"""Query parameters that are no part of what is asked for. AniDB's two are public: the name of a client may well be a
word of the answer, which has to stay as it is."""

_LONGEST_NAME: Final = 255
_KEPT_OF_LONG_NAME: Final = 150
_HASH_DIGITS: Final = 16
_SHORTEST_SECRET: Final = 6
_FOLDER: Final = re.compile(r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")
_REDACTED: Final = b"REDACTED"
_OK: Final = 200


def recording_folder(request: Request) -> str:
    """Raises:
    BadInput: the URL has no usable host.
    """
    name = request.catalogue or (urlsplit(request.url).hostname or "").lower()
    if not _FOLDER.match(name) or ".." in name:
        raise BadInput("a request to record or replay needs a catalogue or a host name")
    return name


def recording_name(request: Request) -> str:
    """The file's name without its extension."""
    parts = urlsplit(request.url)
    path = parts.path
    if request.catalogue:
        path = path.removeprefix(request.base_path)
    query = "&".join(part for part in parts.query.split("&") if _parameter(part) not in _WHO_ASKS)
    target = f"{path or '/'}?{query}" if query else path or "/"
    encoded = quote(target, safe="")
    body = f" {_body_hash(request.body)}" if request.body else ""
    name = f"{request.method.upper()} {encoded}{body}"
    longest = _LONGEST_NAME - 1 - max(map(len, CONTENT_TYPES))
    if len(name) <= longest:
        return name
    return f"{request.method.upper()} {encoded[:_KEPT_OF_LONG_NAME]}#{_digest(target.encode())}{body}"


class ReplayTransport:
    """Answers from a folder of recordings, and nothing else."""

    def __init__(self, folder: Path) -> None:
        """Raises:
        BadInput: there is no such folder.
        """
        if not folder.is_dir():
            raise BadInput(f"no folder of recorded answers at {folder}")
        self._folder = folder

    def send(self, request: Request) -> Response:
        file = _recording(self._folder, request)
        if file is None:
            raise NotRecorded(f"{request.where}: no recorded answer")
        return _recorded(file, request)


class RecordTransport:
    """Passes on to a live transport and writes down what it answers, without credentials.

    ``keeps``: whether what came with a good status is an answer. A refusal written down would be given again
    after its cause is mended. ``again_after``: seconds, by catalogue, during which a recording is given in place of a
    request, of those that mind being asked the same again. The live transport's own memory of it goes with the local
    stack; the folder stays.
    """

    def __init__(
        self,
        folder: Path,
        live: HttpTransport,
        *,
        keeps: Callable[[Request, Response], bool] = lambda _request, _response: True,
        again_after: Mapping[str, float] = MappingProxyType({}),
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._live = live
        self._keeps = keeps
        self._again_after = again_after
        self._now = now

    def send(self, request: Request) -> Response:
        recorded = self._young_recording(request)
        return self._asked(request) if recorded is None else _recorded(recorded, request)

    def _young_recording(self, request: Request) -> Path | None:
        seconds = self._again_after.get(request.catalogue or "")
        file = None if seconds is None else _recording(self._folder, request)
        if file is None or seconds is None:
            return None
        return file if self._now() - file.stat().st_mtime < seconds else None

    def _asked(self, request: Request) -> Response:
        response = self._live.send(request)
        extension = _extension(response)
        if response.status == _OK and extension is not None and self._keeps(request, response):
            folder = self._folder / recording_folder(request)
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / f"{recording_name(request)}.{extension}", _without_secrets(response.body, request))
        return response


def _recording(folder: Path, request: Request) -> Path | None:
    stem = folder / recording_folder(request) / recording_name(request)
    files = (stem.with_name(f"{stem.name}.{extension}") for extension in CONTENT_TYPES)
    return next((file for file in files if file.is_file()), None)


def _recorded(file: Path, request: Request) -> Response:
    extension = file.suffix.removeprefix(".")
    given = PARSED if extension == "json" and not _takes_json(request) else CONTENT_TYPES[extension]
    return Response(status=_OK, headers={"content-type": given}, body=_read(file, request))


def _takes_json(request: Request) -> bool:
    accepted = request.headers.get("Accept", "")
    return not accepted or "json" in accepted or "*/*" in accepted


def _parameter(part: str) -> str:
    return unquote(part.partition("=")[0])


def _body_hash(body: bytes) -> str:
    try:
        value: Any = json.loads(body)
    except ValueError:
        return _digest(body)
    return _digest(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]


def _read(file: Path, request: Request) -> bytes:
    if file.stat().st_size > request.max_bytes:
        raise TooLarge(f"{request.where}: the recorded answer is longer than {request.max_bytes} bytes")
    return file.read_bytes()


def _extension(response: Response) -> str | None:
    content_type = response.content_type
    if content_type.endswith("+json") or content_type == "text/json":
        return "json"
    if content_type == "application/xml":
        return "xml"
    return next((extension for extension, known in CONTENT_TYPES.items() if known == content_type), None)


def _without_secrets(body: bytes, request: Request) -> bytes:
    """A server that echoes a credential must not get it into a file."""
    values = [value.rpartition(" ")[2] for name, value in request.headers.items() if name.lower() in _SECRET_HEADERS]
    values += [value for name, value in parse_qsl(urlsplit(request.url).query) if name in SECRET_PARAMETERS]
    for value in values:
        if len(value) >= _SHORTEST_SECRET:
            for written in _written(value):
                body = body.replace(written.encode(), _REDACTED)
    return body


def _written(value: str) -> set[str]:
    """As it stands, and as JSON, HTML, XML and URLs repeat it."""
    in_json = {json.dumps(value, ensure_ascii=ascii_alone)[1:-1] for ascii_alone in (True, False)}
    in_json |= {text.replace("/", "\\/") for text in in_json}
    return {value, *in_json, html.escape(value), quote(value), quote(value, safe="")}


_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "x-api-key", "x-mal-client-id", "x-server-key"})


def _write(file: Path, body: bytes) -> None:
    """Whole or not at all, also with another writer of the same answer beside."""
    temporary = file.with_name(f".{os.getpid()}-{threading.get_ident()}.part")
    temporary.write_bytes(body)
    temporary.replace(file)
