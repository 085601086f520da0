"""How each catalogue wants to be asked, and how it says that it has had enough."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

from domain.token_bucket import Pace, Reason, Signals, Trouble
from models.events import Catalogue
from sources.http import Response
from sources.rate_headers import rate_limit, rate_remaining, rate_reset, retry_after

DAY: Final = 24 * 3600.0

_DISABLED: Final = Trouble(reason=Reason.OUTAGE, seconds=30 * 60.0)
_BANNED: Final = Trouble(reason=Reason.BAN, seconds=DAY)
_TURNED_AWAY: Final = Trouble(reason=Reason.BAN)
"""A single page may be forbidden too, so that the pause begins with a minute and doubles while it goes on."""


def _nothing(_: Response) -> Trouble | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Manners:
    """``refusal`` finds what looks like an answer and means that we are not welcome now; other trouble is told by the
    status. ``same_item_after``: seconds before the same is asked for again. ``never_alone``: without a count that all
    workers share it is not asked at all. ``deaf_to_limits``: how often it may be asked is known from elsewhere, and not
    from its headers, of which nobody says over how long they count. ``unmarked``: an answer to us and not to what was
    asked, after which the same may be asked again."""

    pace: Pace
    refusal: Callable[[Response], Trouble | None] = _nothing
    same_item_after: float | None = None
    never_alone: bool = False
    deaf_to_limits: bool = False
    unmarked: Callable[[Response], bool] = lambda _: False


def _forbidden(trouble: Trouble) -> Callable[[Response], Trouble | None]:
    return lambda response: trouble if response.status == HTTPStatus.FORBIDDEN else None


def _anidb_refusal(response: Response) -> Trouble | None:
    """A ban comes with status 200, as ``<error code="500">banned</error>``."""
    head = response.body[:500].lower()
    return _BANNED if b"<error" in head and b"banned" in head else None


def _anidb_does_not_know_us(response: Response) -> bool:
    """As in ``<error code="302">client version missing or invalid</error>``, also with status 200. The right client
    need not wait for tomorrow."""
    head = response.body[:500].lower()
    return b"<error" in head and b"client" in head


_PAGES: Final = Manners(pace=Pace(per_second=1.0), refusal=_forbidden(_TURNED_AWAY))
"""Nobody publishes how often pages may be asked for: once a second, as a quick reader does."""

MANNERS: Final[Mapping[str, Manners]] = {
    # 3 a second and 60 a minute; 57 and a burst of 3 stay below 60 in every minute. With a server key it bears 5 and
    # 300, and a server of one's own what it bears: both are for the stack to say, as the answers' headers do not.
    Catalogue.JIKAN: Manners(pace=Pace(per_second=0.95, capacity=3, most_per_second=4.0)),
    # Documented are 90 a minute, served 30 (https://docs.anilist.co/guide/rate-limiting); the headers say which.
    # While the whole API is turned off it answers 403.
    Catalogue.ANILIST: Manners(
        pace=Pace(per_second=28 / 60, capacity=2, most_per_second=1.5), refusal=_forbidden(_DISABLED)
    ),
    # Publishes no figure.
    Catalogue.KITSU: Manners(pace=Pace(per_second=1.0, capacity=2)),
    # One request in 2 seconds, and not the same again on the same day, or it bans for hours
    # (https://wiki.anidb.net/HTTP_API_Definition). Half a second more, since requests do not travel at one speed.
    Catalogue.ANIDB: Manners(
        pace=Pace(per_second=1 / 2.5),
        refusal=_anidb_refusal,
        same_item_after=DAY,
        never_alone=True,
        unmarked=_anidb_does_not_know_us,
    ),
    Catalogue.ANIMEPLANET: _PAGES,
    Catalogue.ANISEARCH: _PAGES,
    # Its headers tell a limit and when it begins anew.
    Catalogue.ANIMESCHEDULE: Manners(pace=Pace(per_second=1.0, capacity=2, most_per_second=2.0)),
}


def manners_at(paces: Mapping[str, float]) -> Mapping[str, Manners]:
    """``paces``: requests a minute that a stack's catalogue bears, in place of what is known of the public one. In no
    minute are there more, and there are no bursts, since who bears many a minute may still count them by the second.
    """
    window = 60.0

    def at(manners: Manners, a_minute: float) -> Manners:
        pace = Pace(per_second=max(a_minute - 1, a_minute / 2) / window, window_seconds=window)
        return replace(manners, pace=pace, deaf_to_limits=True)

    return {name: at(one, paces[name]) if name in paces else one for name, one in MANNERS.items()}


def same_item_seconds() -> Mapping[str, float]:
    """By catalogue, of those that mind."""
    return {name: one.same_item_after for name, one in MANNERS.items() if one.same_item_after is not None}


def signals_of(response: Response, manners: Manners, now: datetime) -> Signals:
    """What an answer tells of the catalogue."""
    headers = response.headers
    return Signals(
        limit=None if manners.deaf_to_limits else rate_limit(headers),
        remaining=rate_remaining(headers),
        reset_at=rate_reset(headers, now),
        trouble=manners.refusal(response) or _trouble(response, now),
    )


def _trouble(response: Response, now: datetime) -> Trouble | None:
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Trouble(reason=Reason.RATE, seconds=retry_after(response.headers, now))
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Trouble(reason=Reason.OUTAGE, seconds=retry_after(response.headers, now))
    return None


NO_ANSWER: Final = Signals(trouble=Trouble(reason=Reason.OUTAGE))
