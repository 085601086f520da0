"""Plain text out of what catalogues write: HTML, markdown and BBCode, some of it escaped once more, with spoilers that
are marked in several ways.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Final

_TAG_FORM: Final = r"""<(?P<closing>/?)(?P<name>[A-Za-z][\w:-]*)(?P<rest>(?:[^<>"']|"[^"<]*"|'[^'<]*')*|[^<>]*)>"""
_TAG: Final = re.compile(_TAG_FORM)
_MARK: Final = re.compile(
    r"(?P<begin>~!)|(?P<end>!~)|(?P<bars>\|\|)"
    r"|(?P<code>\[spoiler(?:\s*[=:][^\]]{0,300}|\s+\w+\s*=[^\]]{0,300})?\s*\])|(?P<code_end>\[/spoiler\s*\])"
    rf"|(?P<tag>{_TAG_FORM})",
    re.IGNORECASE,
)
"""Spoilers as AniList marks them, as chats do, as MyAnimeList does, and as pages do in HTML."""

_SPOILER_NAME: Final = re.compile(r"(?<!no-)(?:(?<=[_-])|(?<![\w-]))spoiler", re.IGNORECASE)
_MARKED: Final = re.compile(r"""(?<![\w-])(?:class|id)\s*=\s*(?P<value>"[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
"""What a page calls an element says that it hides one; its other attributes may hold any words."""

_EMPTY_ELEMENTS: Final = frozenset({"br", "hr", "img", "input", "wbr"})
"""Nothing stands inside of these."""

_UNSEEN: Final = re.compile(r"<(script|style)\b[^<>]*>.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL)
_LINE_BREAK: Final = re.compile(r"<\s*(?:br|/p)\s*/?>\s*", re.IGNORECASE)
_BB_CODE: Final = re.compile(
    r"\[/?(?:b|i|u|s|url|img|quote|list|center|size|color)(?:=[^\[\]]*)?\]|\[\*\]", re.IGNORECASE
)
_ADDRESS: Final = r"\(\s*(?:[^\s()]|\([^\s()]*\)){1,1000}\s*\)"
"""With the pairs of parentheses that addresses of wikis have. The bound, here as elsewhere, keeps a text full of marks
that nobody closes from taking minutes."""
_MARKDOWN_LINK: Final = re.compile(rf"\[([^\[\]]+)\](?:{_ADDRESS}|\(\s*\S{{1,1000}}?\s*\))")
_LINK_LINE: Final = re.compile(
    rf"^[ \t]*(?:\[[^\[\]]+\]{_ADDRESS}[ \t]*(?:[|/,\u2022-][ \t]*)?)+$",
    re.MULTILINE,
)
_ANIDB_LINK: Final = re.compile(r"https?://(?:[\w-]+\.)*anidb\.net/\S* \[([^\[\]]+)\]")
_EMPHASIS: Final = re.compile(r"(?<!\w)(?:__|\*\*)(.+?)(?:__|\*\*)(?!\w)")
_NEW_LINE: Final = re.compile(r"\r\n?")
_BLANKS: Final = re.compile(r"[ \t\u00a0\u200b\ufeff]+")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")


def plain(text: str) -> str:
    """Without markup and marked spoilers, with single blanks and at most one empty line in a row.

    What one step takes away may have hidden the marks of another, so the steps are repeated until nothing changes.
    """
    before = None
    while text != before:
        before = text
        text = without_spoilers(_UNSEEN.sub("", _NEW_LINE.sub("\n", html.unescape(text))))
        text = _TAG.sub("", _LINE_BREAK.sub("\n", text))
        # A line of nothing but links leads elsewhere and tells nothing.
        text = _MARKDOWN_LINK.sub(r"\1", _LINK_LINE.sub("", text))
        text = _EMPHASIS.sub(r"\1", _BB_CODE.sub("", _ANIDB_LINK.sub(r"\1", text)))
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines))


def without_spoilers(text: str) -> str:
    """A spoiler that is never closed goes on to the end of the text; spoilers inside spoilers end with the outermost.

    Two exceptions, of which neither is meant as a spoiler: a single ``||``, and ``Hello~!`` in a text without its end.
    """
    marks = list(_MARK.finditer(text))
    bars_left = sum(mark["bars"] is not None for mark in marks)
    open_marks: Counter[str] = Counter()
    shown: list[str] = []
    at = 0
    for position, mark in enumerate(marks):
        hidden = open_marks.total() > 0
        if not hidden:
            shown.append(text[at : mark.start()])
        at = mark.end()
        bars_left -= mark["bars"] is not None
        kind, change = _change(
            mark, open_marks, is_last_bar=bars_left == 0, following=islice(marks, position + 1, None)
        )
        open_marks[kind] += change
        if not hidden and change == 0:
            shown.append(mark[0])
    if open_marks.total() == 0:
        shown.append(text[at:])
    return "".join(shown)


def _change(
    mark: re.Match[str], open_marks: Counter[str], *, is_last_bar: bool, following: Iterable[re.Match[str]]
) -> tuple[str, int]:
    """The kind of a mark, and whether it opens (1), closes (-1) or does nothing."""
    if mark["tag"]:
        return _change_of_tag(mark, open_marks)
    if mark["bars"]:
        return "bars", -1 if open_marks["bars"] else 0 if is_last_bar else 1
    if mark["code"] or mark["code_end"]:
        return "code", 1 if mark["code"] else -min(1, open_marks["code"])
    if mark["end"]:
        return "tilde", -min(1, open_marks["tilde"])
    is_cry = mark.start() > 0 and mark.string[mark.start() - 1].isalnum()
    following_mark = next((one for one in following if one["begin"] or one["end"]), None)
    is_closed = following_mark is not None and following_mark["end"] is not None
    return "tilde", 0 if is_cry and not is_closed else 1


def _change_of_tag(mark: re.Match[str], open_marks: Counter[str]) -> tuple[str, int]:
    """Of elements of the same name inside of a spoiler, each closes one."""
    name = mark["name"].casefold()
    kind = f"<{name}>"
    if mark["closing"]:
        return kind, -min(1, open_marks[kind])
    if name in _EMPTY_ELEMENTS or mark["rest"].endswith("/"):
        return kind, 0
    called = [name, *(marked["value"] for marked in _MARKED.finditer(mark["rest"]))]
    return kind, int(open_marks[kind] > 0 or any(map(_SPOILER_NAME.search, called)))
