"""AniDB's HTTP API (https://wiki.anidb.net/HTTP_API_Definition): the whole anime in one answer, in XML.

It answers registered clients alone. Whoever runs a stack registers one with AniDB, which is free, and puts its name and
version into the secret ``catalogue-anidb``; without it a live stack does not ask.
"""

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from models.errors import BadInput, Malformed, NotFound, Permanent
from models.events import Catalogue
from sources.anidb_xml import WHERE, parsed_anime, read_answer
from sources.http import MAX_BYTES, NotSupported, Response, TooLarge
from sources.json_api import JsonApi
from sources.keeping import Keep, Kind
from sources.paging import own_id
from sources.parsed import parsed_answer
from sources.replay import PARSED
from workflows.ports import FetchedPage

BASE_URL: Final = "http://api.anidb.net:9001"
"""There is no https."""

PROTOCOL: Final = 1

_CLIENT: Final = re.compile(r"(?P<name>[a-z0-9]{4,16})/(?P<version>[1-9][0-9]{0,4})")
_MEDIA_TYPES: Final = frozenset({"text/xml", "application/xml"})
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A client as it is registered with AniDB."""

    name: str
    version: int

    @classmethod
    def parse(cls, text: str) -> "Registration":
        """Raises:
        BadInput: the text is not ``NAME/VERSION``. It is not repeated, for it may be another catalogue's key.
        """
        match = _CLIENT.fullmatch(text)
        if match is None:
            raise BadInput(
                "the secret catalogue-anidb is no client of AniDB; expected NAME/VERSION as registered, such as mybot/1"
            )
        return cls(name=match["name"], version=int(match["version"]))


@dataclass(frozen=True, kw_only=True)
class AniDbClient:
    """``registered``: NAME/VERSION, which is read when AniDB is asked, so that one that is none keeps nobody from the
    other catalogues. Without it only a replay answers."""

    api: JsonApi
    registered: str | None = field(default=None, repr=False)

    def fetch(
        self,
        sources: Sequence[str],
        *,
        cursor: str | None,  # noqa: ARG002 - one step only
        episode: str | None = None,  # noqa: ARG002 - as much for one episode
    ) -> FetchedPage:
        number = own_id(Catalogue.ANIDB, sources)

        def read(response: Response) -> tuple[Mapping[str, Any], Mapping[str, int]]:
            if response.content_type == PARSED:
                return parsed_answer(response, Catalogue.ANIDB), {}
            return parsed_anime(_unpacked(response.body), number=number)

        anime, unknown = read(self._ask(number, Keep(item=f"anime:{number}", kind=Kind.ANIME, check=read)))
        problems = () if anime.get("episodes") else ("episodes: the answer has none",)
        return FetchedPage(answers={"anime": anime}, cursor=None, problems=problems, unknown=unknown)

    def _ask(self, number: str, keep: Keep) -> Response:
        query: dict[str, str | int] = {"request": "anime", "aid": number, "protover": PROTOCOL}
        registration = Registration.parse(self.registered) if self.registered else None
        if registration is not None:
            query |= {"client": registration.name, "clientver": registration.version}
        try:
            return self.api.get_document(
                "/httpapi",
                query,
                media_types=_MEDIA_TYPES,
                keep=keep,
                recorded_only=registration is None,
            )
        except NotSupported:
            raise NotSupported(
                "anidb: answers registered clients alone; put NAME/VERSION of one into the secret catalogue-anidb"
            ) from None


def gives_answer(response: Response) -> bool:
    """Whether it is an anime, or says that there is none. What refuses one has status 200 too."""
    try:
        read_answer(_unpacked(response.body))
    except NotFound:
        return True
    except Permanent:
        return False
    return True


def _unpacked(body: bytes) -> bytes:
    """AniDB compresses whether it is asked to or not, and has been seen to do so without saying so.

    Raises:
        TooLarge: unpacked it would be longer than an answer may be.
        Malformed: it is cut off.
    """
    if not body.startswith(_GZIP):
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(body, MAX_BYTES + 1)
    except zlib.error:
        raise Malformed(f"{WHERE}: the compressed answer cannot be unpacked") from None
    if len(found) > MAX_BYTES:
        raise TooLarge(f"{WHERE}: the answer is longer than {MAX_BYTES} bytes")
    if not unpacker.eof:
        raise Malformed(f"{WHERE}: the compressed answer is cut off")
    return found
