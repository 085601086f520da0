"""Which URLs and addresses an image may be fetched from.

Image URLs come from third-party data, so each one is hostile until checked: https only, a host from a list, no user
info, port 443, and every address the host resolves to must be public. No setting weakens this; tests replace the
transport instead. The cases are those of the project's table of download attacks (docs/decisions/0006).
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from models.errors import Permanent, Unavailable

IMAGE_HOSTS: Final = frozenset(
    {
        "cdn.myanimelist.net",
        "myanimelist.net",
        "s4.anilist.co",
        "media.kitsu.app",
        "media.kitsu.io",
        "cdn.anidb.net",
        "cdn-eu.anidb.net",
        "cdn.anime-planet.com",
        "www.anime-planet.com",
        "img.animeschedule.net",
        "cdn.anisearch.com",
        "img.anisearch.com",
        "www.anisearch.com",
        "i.ytimg.com",
        "img.youtube.com",
        "img1.ak.crunchyroll.com",
    }
)
"""Hosts that the catalogues serve their images from; a stack's settings may add to them."""

Resolver = Callable[[str], Iterable[str]]
"""Host name to the literal addresses it resolves to."""

_FORBIDDEN_CHARACTERS: Final = re.compile(r"[\x00-\x20\x7f\\]")
_HTTPS_PORT: Final = 443
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class RefusedAddress(Permanent):
    """The URL, or what it resolves to, is nothing we connect to."""


@dataclass(frozen=True, kw_only=True)
class CheckedUrl:
    """An https URL on an allowed host; ``target`` is path and query, percent-encoded."""

    host: str
    target: str

    @property
    def url(self) -> str:
        return f"https://{self.host}{self.target}"


def check_url(url: str, *, hosts: frozenset[str]) -> CheckedUrl:
    """Raises:
    RefusedAddress: says which rule the URL breaks.
    """
    if _FORBIDDEN_CHARACTERS.search(url):
        raise RefusedAddress("the URL holds a control character, a space or a backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise RefusedAddress("the URL cannot be read") from None
    if parts.scheme.lower() != "https":
        raise RefusedAddress("only https is fetched")
    if parts.username is not None or parts.password is not None:
        raise RefusedAddress("the URL holds user information")
    if port not in {None, _HTTPS_PORT}:
        raise RefusedAddress("only port 443 is fetched")
    host = (parts.hostname or "").lower().removesuffix(".")
    if host not in hosts:
        raise RefusedAddress("the host is not on the list of image hosts")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return CheckedUrl(host=host, target=f"{path}?{query}" if query else path)


def check_redirect(current: CheckedUrl, location: str, *, hosts: frozenset[str]) -> CheckedUrl:
    """Where a redirect leads, under the same rules as the first URL."""
    return check_url(urljoin(current.url, location), hosts=hosts)


def system_resolver(host: str) -> tuple[str, ...]:
    """Raises:
    Unavailable: the name does not resolve now.
    """
    try:
        found = socket.getaddrinfo(host, _HTTPS_PORT, type=socket.SOCK_STREAM)
    except OSError:
        raise Unavailable(f"{host} does not resolve") from None
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def pick_address(host: str, resolver: Resolver) -> str:
    """The address to connect to: the first one, after every one of them has been found public.

    Raises:
        RefusedAddress: one of the host's addresses is not public.
        Unavailable: there is none.
    """
    addresses = tuple(resolver(host))
    if not addresses:
        raise Unavailable(f"{host} has no address")
    for address in addresses:
        if not is_public(address):
            raise RefusedAddress(f"{host} resolves to an address that is not public")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether a literal address is a global unicast one, seen through every form that embeds an IPv4 address."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        # Translated and tunnelled forms lead into whatever network does the translating; no image host needs them.
        if ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip in _NAT64:
            return False
        return ip.is_global and not ip.is_multicast and not ip.is_site_local
    return ip.is_global and not ip.is_multicast
