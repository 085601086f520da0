"""Texts as catalogues write them: what is shown of them is plain and tells no marked spoiler."""

import html
import time
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.stages import values
from domain.stages.markup import plain
from domain.stages.readers import words

SECRET: Final = "hedies"
OPEN: Final = "openly"

MARKS: Final = (
    ("~!", "!~"),
    ("[spoiler]", "[/spoiler]"),
    ("[SPOILER=the end]", "[/Spoiler]"),
    ('<span class="spoiler hidden">', "</span>"),
    ("<span class='markdown_spoiler'>", "</span>"),
    ("<span class=js-spoilers>", "</span >"),
    ('<span title="a>b" class="spoiler">', "</span>"),
    ("<spoiler>", "</spoiler>"),
    ("||", "||"),
)
WRAPPERS: Final = (("<span>", "</span>"), ("<b>", "</b>"), ("[b]", "[/b]"), ("__", "__"), ("", "<br/>\n\n"))


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("One.<br><br>\nTwo <i>three</i>.", "One.\n\nTwo three."),
        ("A &#34;cowboy&#34; &amp; a dog", 'A "cowboy" & a dog'),
        ("1 < 2 & 3 > 2, I <3 you", "1 < 2 & 3 > 2, I <3 you"),
        ("One.<script>alert('<b>x</b>')</script><!-- note --> Two.", "One. Two."),
        ("One.<!-- never closed, so nothing is seen of it", "One."),
        ("[B]Bold[/B] and [url=https://a.example]link[/url], [sic]", "Bold and link, [sic]"),
        ("__Height:__ 185 cm", "Height: 185 cm"),
        ("snake__case__name", "snake__case__name"),
        ("See [Spike](https://anilist.co/character/1).", "See Spike."),
        ("See [Spike](https://x.example/a_(b)) of [Bebop](https://x.example/(c)_(d)/e).", "See Spike of Bebop."),
        ("See [Spike](https://x.example/a_(b) now.", "See Spike now."),
        ("[Site](http://a.example/) | [Wiki (jp)](https://b.example/a_(b))\n\nBorn in Sendai.", "Born in Sendai."),
        ("Meet http://anidb.net/ch270 [Spike Spiegel] and [i]Ein[/i]", "Meet Spike Spiegel and Ein"),
        ("Refer to http://wiki.anidb.net/w/Categories:Space [the Wiki page].", "Refer to the Wiki page."),
        ("a\r\nb\n\n\n\nc  \u00a0 d", "a\nb\n\nc d"),
    ],
)
def test_a_text_is_plain(raw: str, clean: str) -> None:
    assert plain(raw).strip() == clean


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("Before ~!he dies\nin the end!~ after", "Before after"),
        ("He lives. [spoiler=end]He dies\nthere.[/spoiler] She waits.", "He lives. She waits."),
        ('He lives. <span class="spoiler hidden">He <b>dies</b>.</span> So.', "He lives. So."),
        ("He lives. ||He dies.|| So.", "He lives. So."),
        ("So <span class='markdown_spoiler'><span>he dies</span></span> it ends", "So it ends"),
        ("So <span class='markdown_spoiler'><span>he</span> dies</span> it ends", "So it ends"),
        ("So &lt;span class=&quot;spoiler&quot;&gt;he dies&lt;/span&gt; it ends", "So it ends"),
        ("So ~!he ~!really!~ dies!~ it ends", "So it ends"),
        ("So ~!he <span class='spoiler'>really!~ dies</span> it ends", "So it ends"),
        ("So ~<b>!</b>he dies!~ it ends", "So it ends"),
        ("He lives. ~!He dies, and nobody closed this.", "He lives."),
        ("He lives. [spoiler]He dies, and nobody closed this.", "He lives."),
        ('He lives. <div class="spoiler">He dies, and nobody closed this.', "He lives."),
        ('A picture <img alt="spoiler" src="x"> of him.', "A picture of him."),
        ("So <span id='js-spoiler_2'>he dies</span> it ends", "So it ends"),
        ("So <div class='text c-spoiler hidden'>he dies</div> it ends", "So it ends"),
        ("So <x-spoiler>he dies</x-spoiler> it ends", "So it ends"),
    ],
)
def test_a_marked_spoiler_is_not_told(raw: str, clean: str) -> None:
    assert plain(raw).strip() == clean


@pytest.mark.parametrize(
    "raw",
    [
        "<p class='no-spoiler'>He lives.</p>",
        "<div data-x='spoiler alert off'>He lives.</div>",
        "<span title='spoiler'>He lives.</span>",
        "<span data-class='spoiler'>He lives.</span>",
        "<p class='unspoilered'>He lives.</p>",
        "<spoiler/>He lives.",
        "<span class='spoiler' />He lives.",
    ],
)
def test_what_is_no_spoiler_is_told(raw: str) -> None:
    assert plain(raw).strip() == "He lives."


@pytest.mark.parametrize(
    "raw",
    ["Hello~! They meet.", "Hello!~ They meet.", "A || B", "[spoiler alert] He lives.", "Hello~! Bye!"],
)
def test_what_only_looks_like_a_mark_takes_nothing_away(raw: str) -> None:
    assert plain(raw) == raw


def test_a_cry_does_not_begin_the_spoiler_that_comes_later() -> None:
    assert plain("Hello~! They meet. ~!He dies.!~ The end.") == "Hello~! They meet. The end."


def wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    around = st.sampled_from(("", " ", "a ", ", b\n", "<br>"))
    return st.builds(
        lambda mark, left, within, right: f"{left}{mark[0]}{within}{mark[1]}{right}",
        st.sampled_from((*MARKS, *WRAPPERS)),
        around,
        inner,
        around,
    )


hidden: Final = st.builds(
    lambda mark, within: f"{mark[0]}{within}{mark[1]}",
    st.sampled_from(MARKS[:-1]),
    st.recursive(st.just(SECRET), wrapped, max_leaves=4).map(lambda text: text.replace("||", "")),
)
bars: Final = st.just(f"||{SECRET} | dies||")


@given(st.lists(hidden | bars, min_size=1, max_size=4), st.integers(0, 2))
def test_no_marked_spoiler_is_told_in_any_markup_however_nested_or_escaped(spoilers: list[str], escapes: int) -> None:
    raw = f"{OPEN} {f' {OPEN} '.join(spoilers)} {OPEN}"
    for _ in range(escapes):
        raw = html.escape(raw)
    shown = plain(raw)
    assert SECRET not in shown
    assert shown.count(OPEN) == len(spoilers) + 1


@given(st.sampled_from(MARKS[:-1]), st.text(alphabet="ab <>&|!~[]()*_\n"))
def test_a_spoiler_that_is_never_closed_is_not_told(mark: tuple[str, str], before: str) -> None:
    shown = plain(f"{before} {OPEN} {mark[0]}{SECRET}")
    assert SECRET not in shown


@given(st.text() | st.text(alphabet="ab <>&;lt|!~[]()*_/\r\n"))
def test_a_plain_text_stays_as_it_is(raw: str) -> None:
    found = values.prose(raw)
    assert found is None or (found == found.strip() and values.prose(found) == found)


def test_a_text_full_of_marks_that_nobody_closes_is_read_in_seconds() -> None:
    """Of processor time; without bounds in the patterns it is minutes."""
    began = time.process_time()
    for mark in ("~!", "<span class=spoiler ", "[spoiler]", "[spoiler=", "[url=", "<!--", "a~!", "[a](", "||", "__a"):
        plain(mark * 20_000)
    assert time.process_time() - began < 15


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ("He sings.\n\n(Source: Wikipedia)", "He sings."),
        ("He sings. [Written by MAL Rewrite]", "He sings."),
        ("He sings. (from Wikipedia)", "He sings."),
        ("He is the voice of Tony Stark (from Iron Man)", "He is the voice of Tony Stark (from Iron Man)"),
        ("A murder.\nSource: Wikipedia", "A murder."),
        ("The source: unknown.", "The source: unknown."),
        ("(Source: Wikipedia)", None),
    ],
)
def test_where_a_text_was_taken_from_is_no_part_of_it(raw: str, told: str | None) -> None:
    assert words.told(raw) == told


@pytest.mark.parametrize(
    ("line", "number", "title"),
    [
        ("Episode 12 - Jupiter Jazz", "12", "Jupiter Jazz"),
        ("Episode 12.5 – Recap", "12.5", "Recap"),
        ("Episode 5: 100 Days", "5", "100 Days"),
        ("Episode 7 - 2 Become 1", "7", "2 Become 1"),
        ("episode 3", "3", None),
        ("Episode 1-2 - Two", None, "Episode 1-2 - Two"),
        ("Episode 1–2", None, "Episode 1–2"),
        ("Episode 10-12: Three", None, "Episode 10-12: Three"),
        ("Jupiter Jazz", None, "Jupiter Jazz"),
        (" ", None, None),
        (7, None, None),
    ],
)
def test_a_line_of_a_streaming_site_is_taken_apart(line: object, number: str | None, title: str | None) -> None:
    assert words.titled_episode(line) == (number, title)
