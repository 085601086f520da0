"""XML and HTML of strangers, read by libxml2 with everything off that reaches outside the text or grows it.

No document type is accepted in XML, so there are no entities to expand; nothing is loaded from files or the network,
and libxml2's own limits on depth and size stay on. Neither reader repairs what is cut off: of XML it is an error, of
HTML what the page lacks is missed by whoever reads it.
"""

import re
from collections.abc import Iterator
from typing import Final

from lxml import etree, html

from models.errors import Malformed

Element = etree._Element

_BLANKS: Final = re.compile(r"[ \t\r\n\f\u00a0]+")
_CLASS: Final = "contains(concat(' ', normalize-space(@class), ' '), ' {} ')"


def read_xml(body: bytes, where: str) -> Element:
    """The root.

    Raises:
        Malformed: it is no whole XML, or brings a document type.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Malformed(f"{where}: the answer is not XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Malformed(f"{where}: the answer brings a document type, which no answer of this catalogue has")
    return root


def read_html(body: bytes, where: str) -> Element:
    """The root of a page, which is taken as UTF-8.

    Raises:
        Malformed: there is no element in it.
    """
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        raise Malformed(f"{where}: the answer is not HTML")
    return root


def text_of(element: Element | None) -> str | None:
    """All text inside, with single blanks; None where there is none."""
    if element is None:
        return None
    return _BLANKS.sub(" ", "".join(_texts(element))).strip() or None


def attribute(element: Element | None, name: str) -> str | None:
    found = None if element is None else element.get(name)
    return found.strip() or None if found is not None else None


def find_all(element: Element, path: str) -> list[Element]:
    """What the XPath finds, elements alone. ``.name`` in a predicate, as in ``div[.name]``, is a class."""
    found = element.xpath(re.sub(r"\[\.([\w-]+)\]", lambda match: f"[{_CLASS.format(match[1])}]", path))
    return [item for item in found if isinstance(item, etree._Element)] if isinstance(found, list) else []


def find(element: Element, path: str) -> Element | None:
    return next(iter(find_all(element, path)), None)


def _texts(element: Element) -> Iterator[str]:
    """Without what the page runs and draws, and with a blank for a line break."""
    if element.text and element.tag not in {"script", "style"}:
        yield element.text
    for child in element:
        if isinstance(child.tag, str):
            if child.tag == "br":
                yield " "
            yield from _texts(child)
        if child.tail:
            yield child.tail
