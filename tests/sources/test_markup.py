import pytest

from models.errors import Malformed
from sources.markup import attribute, find, find_all, read_html, read_xml, text_of

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
BOMB = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l8;</a>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'


@pytest.mark.parametrize(
    "document",
    [
        BOMB.encode(),
        BOMB.replace("1.0", '1.0" encoding="utf-16').encode("utf-16"),
        OUTSIDE.encode(),
        OUTSIDE.replace("file:///etc/hostname", "http://127.0.0.1:9/x").encode(),
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
        b"<!DOCTYPE a><a/>",
    ],
    ids=["bomb", "bomb in UTF-16", "file", "network", "DTD elsewhere", "any"],
)
def test_a_document_type_is_refused_whatever_it_says(document: bytes) -> None:
    with pytest.raises(Malformed, match=r"not XML|brings a document type"):
        read_xml(document, "anidb anime")


@pytest.mark.parametrize(
    "document",
    [b"", b"   ", b"<a>", b"<a></b>", b'{"a": 1}', b"<html><p>", b"\x00\x01", b"<a>" * 100_000, b"<a>&nbsp;</a>"],
)
def test_what_is_not_whole_xml_is_malformed(document: bytes) -> None:
    with pytest.raises(Malformed, match="anidb anime: the answer is not XML"):
        read_xml(document, "anidb anime")


@pytest.mark.parametrize("page", [b"", b"  \n"])
def test_an_empty_page_is_malformed(page: bytes) -> None:
    with pytest.raises(Malformed, match="not HTML"):
        read_html(page, "x")


@pytest.mark.parametrize("page", [b"<div>" * 200_000, b"\xff\xfe\x00<p>", b"<p><script>", b"<!DOCTYPE html><p>x"])
def test_a_broken_page_is_read_as_far_as_it_goes(page: bytes) -> None:
    assert read_html(page, "x") is not None


def test_texts_have_single_blanks_and_no_code() -> None:
    root = read_html("<div>Hé <b>llo</b>\n\t<br>you<script>evil()</script><!-- no --> &amp; me</div>".encode(), "x")
    assert text_of(find(root, "//div")) == "Hé llo you & me"
    assert text_of(find(root, "//p")) is None
    assert text_of(None) is None


def test_a_class_is_one_of_several_and_not_a_part_of_one() -> None:
    root = read_html(b'<i class="a title b">1</i><i class="titles">2</i><i class="title">3</i>', "x")
    assert [text_of(item) for item in find_all(root, "//i[.title]")] == ["1", "3"]


def test_an_empty_attribute_is_none() -> None:
    root = read_html(b'<a href=" ">x</a>', "x")
    assert attribute(find(root, "//a"), "href") is None
    assert attribute(None, "href") is None
