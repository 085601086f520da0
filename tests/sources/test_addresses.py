"""Which URLs and addresses images may be fetched from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Unavailable
from sources.addresses import (
    IMAGE_HOSTS,
    CheckedUrl,
    RefusedAddress,
    check_redirect,
    check_url,
    is_public,
    pick_address,
)

HOST = "cdn.myanimelist.net"
HOSTS = frozenset({HOST})


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/a.jpg",
        "file:///etc/passwd",
        f"gopher://{HOST}/a",
        "data:image/png;base64,AAAA",
        f"ftp://{HOST}/a.jpg",
        "https://elsewhere.example/a.jpg",
        f"https://{HOST}.elsewhere.example/a.jpg",
        "https://127.0.0.1/a.jpg",
        "https://2130706433/a.jpg",
        "https://0177.1/a.jpg",
        "https://0x7f.1/a.jpg",
        "https://[::1]/a.jpg",
        "https://[::ffff:127.0.0.1]/a.jpg",
        f"https://user:secret@{HOST}/a.jpg",
        f"https://{HOST}@elsewhere.example/a.jpg",
        f"https://{HOST}:8443/a.jpg",
        f"https://{HOST}:99999/a.jpg",
        f"https://{HOST}\\@elsewhere.example/a.jpg",
        f"https://{HOST}/a\tb.jpg",
        f"https://{HOST}/a\nHost: elsewhere.example",
        f"https://{HOST}/a b.jpg",
        "https://cdn.myanimelіst.net/a.jpg",
        "",
        "//cdn.myanimelist.net/a.jpg",
    ],
)
def test_a_url_that_breaks_a_rule_is_refused(url: str) -> None:
    with pytest.raises(RefusedAddress):
        check_url(url, hosts=HOSTS)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (f"https://{HOST}/images/1.jpg?s=ab", "/images/1.jpg?s=ab"),
        (f"HTTPS://{HOST.upper()}./images/1.jpg", "/images/1.jpg"),
        (f"https://{HOST}:443", "/"),
        (f"https://{HOST}/ü%20x.jpg#top", "/%C3%BC%20x.jpg"),
    ],
)
def test_a_good_url_is_normalised(url: str, target: str) -> None:
    assert check_url(url, hosts=HOSTS) == CheckedUrl(host=HOST, target=target)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
        "169.254.169.254", "169.254.170.2", "0.0.0.0", "192.0.0.1", "198.18.0.1", "198.19.255.255", "224.0.0.1",
        "239.255.255.255", "240.0.0.1", "255.255.255.255", "::1", "::", "fc00::1", "fd00:ec2::254", "fe80::1",
        "fe80::1%eth0", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "ff02::1", "fec0::1", "2130706433", "0x7f.1", "localhost", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700:4700::1111"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    with pytest.raises(RefusedAddress):
        pick_address(HOST, lambda _host: ("1.1.1.1", "10.0.0.1"))


def test_the_name_is_looked_up_once_and_the_address_returned_is_one_that_was_checked() -> None:
    answers = iter((("1.1.1.1",), ("127.0.0.1",)))
    assert pick_address(HOST, lambda _host: next(answers)) == "1.1.1.1"


def test_a_host_without_an_address_may_have_one_later() -> None:
    with pytest.raises(Unavailable):
        pick_address(HOST, lambda _host: ())


@pytest.mark.parametrize(
    "location", ["http://cdn.myanimelist.net/a.jpg", "https://10.0.0.1/a.jpg", "//elsewhere.example/a.jpg", "file:///x"]
)
def test_a_redirect_obeys_the_rules_of_the_first_url(location: str) -> None:
    with pytest.raises(RefusedAddress):
        check_redirect(CheckedUrl(host=HOST, target="/a.jpg"), location, hosts=HOSTS)


def test_a_relative_redirect_stays_on_the_host() -> None:
    assert check_redirect(CheckedUrl(host=HOST, target="/x/a.jpg"), "../b.jpg", hosts=HOSTS).target == "/b.jpg"


@given(st.text(max_size=60))
def test_whatever_passes_names_a_listed_host_and_clean_ascii(text: str) -> None:
    try:
        checked = check_url(text, hosts=IMAGE_HOSTS)
    except RefusedAddress:
        return
    assert checked.host in IMAGE_HOSTS
    assert checked.target.isascii()
    assert not set(checked.target) & set(" \r\n\t\\")
