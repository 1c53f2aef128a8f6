"""Text in the cells of a terminal: what makes one character on the screen, and how wide it is.

A *cluster* is what people see as one character (UAX 29): a letter with its accents, an emoji
made of several. It is never cut. Widths are in cells: 0, 1 or 2 for a cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from wcwidth import grapheme_boundary_before, iter_graphemes, wcswidth


@dataclass(frozen=True, slots=True)
class Style:
    """How a text looks; ``colour`` is a number of the 256-colour palette, or None for the
    terminal's own. ``link`` is the address of the web page that the text is a part of, if it is
    continued in another row."""

    colour: int | None = None
    bold: bool = False
    dim: bool = False
    reverse: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text in one style."""

    text: str
    style: Style = Style()


Line = tuple[Span, ...]
"""One line of any length, before it is wrapped into rows."""

Row = tuple[Span, ...]
"""Text that fits on one row of the screen."""


@dataclass(frozen=True, slots=True)
class FinalLine:
    """A line that does not change any more.

    ``room`` and ``seq`` name the event that it shows, if any. ``quoted``: it shows the event out of
    order, as a search result does. ``lasting``: it stays when the event is deleted.
    """

    line: Line
    room: str = ""
    seq: int = 0
    quoted: bool = False
    lasting: bool = False

    def is_before(self, room: str, seq: int) -> bool:
        """Whether it goes when everything in ``room`` before event number ``seq`` is deleted."""
        return self.room == room and self.seq < seq and not self.lasting


PLAIN: Final = Style()
FAINT: Final = Style(dim=True)
BOLD: Final = Style(bold=True)


def clusters(text: str) -> list[str]:
    """``text`` split into clusters."""
    return list(text) if text.isascii() else list(iter_graphemes(text))


def first_cluster(text: str) -> str:
    """The first cluster of ``text``; empty for an empty text."""
    return next(iter(iter_graphemes(text)), "")


def last_cluster(text: str) -> str:
    """The last cluster of ``text``; empty for an empty text."""
    return text[grapheme_boundary_before(text, len(text)) :] if text else ""


def width(text: str) -> int:
    """How many cells ``text`` takes; it holds no control characters."""
    return len(text) if text.isascii() else sum(map(_cluster_width, iter_graphemes(text)))


@lru_cache(maxsize=4096)
def _cluster_width(cluster: str) -> int:
    return max(0, wcswidth(cluster))


def row_width(row: Iterable[Span]) -> int:
    """How many cells the spans of ``row`` take."""
    return sum(width(span.text) for span in row)


def same_cells(one: Row, other: Row) -> int:
    """How many cells at the beginning of both rows are the same, up to the first character whose
    width a terminal may take for another."""
    same = 0
    for (cluster, style), (other_cluster, other_style) in zip(_cells(one), _cells(other), strict=False):
        if cluster != other_cluster or style != other_style or len(cluster) != 1 or width(cluster) != 1:
            break
        same += 1
    return same


def without_cells(row: Row, cells: int) -> Row:
    """``row`` without its first ``cells``, each of which is one character."""
    rest: list[Span] = []
    for span in row:
        rest.append(Span(span.text[cells:], span.style))
        cells = max(0, cells - len(span.text))
    return tuple(span for span in rest if span.text)


def _cells(row: Row) -> Iterator[tuple[str, Style]]:
    return ((cluster, span.style) for span in row for cluster in clusters(span.text))


def plain(line: Iterable[Span]) -> str:
    """The text of ``line`` without its styles."""
    return "".join(span.text for span in line)


def dimmed(line: Line) -> Line:
    """``line`` in a dim style."""
    return tuple(Span(span.text, replace(span.style, dim=True)) for span in line)


def clip(line: Iterable[Span], cells: int) -> Row:
    """As much of ``line`` as fits into ``cells``."""
    row: list[Span] = []
    for span in line:
        kept = _clip_text(span.text, cells)
        cells -= width(kept)
        row.append(Span(kept, span.style))
        if kept != span.text:
            break
    return tuple(span for span in row if span.text)


def _clip_text(text: str, cells: int) -> str:
    if width(text) <= cells:
        return text
    kept: list[str] = []
    for cluster in clusters(text):
        cells -= width(cluster)
        if cells < 0:
            break
        kept.append(cluster)
    return "".join(kept)


def wrap(line: Line, cells: int, indent: int = 0) -> list[Row]:
    """``line`` as rows of at most ``cells``, broken at spaces where possible.

    Every row but the first begins with ``indent`` spaces, unless the rows are too narrow for that.
    The space at a break is left out; a word longer than a row is cut between clusters. A long
    address of a web page is cut as the terminal would: it fills the rows, without an indent, and
    nothing follows it on its last row, where other text could look like the beginning of a line.
    """
    cells = max(cells, 2)
    wrapping = _Wrapping(cells, indent if indent * 3 <= cells else 0)
    for text, style in _words(line):
        wrapping.add(text, style)
    return wrapping.rows()


def _words(line: Line) -> Iterable[tuple[str, Style]]:
    """The words and the single spaces of ``line``, in order."""
    for span in line:
        for number, word in enumerate(span.text.split(" ")):
            if number:
                yield " ", span.style
            if word:
                yield word, span.style


_ADDRESS: Final = re.compile(r"""(?<![^(\['])https?://[!#-;=?-~]+(?=\Z)""")
"""An address that ends its word (RFC 3986), without the characters that it may not have."""


class _Wrapping:
    """Fills rows. A word may come in several spans, so it waits until it is complete."""

    def __init__(self, cells: int, indent: int) -> None:
        self._cells = cells
        self._margin = (Span(" " * indent),) if indent else ()
        self._rows: list[list[Span]] = [[]]
        self._used = 0
        self._word: list[Span] = []
        self._word_width = 0
        self._after_address = False

    def rows(self) -> list[Row]:
        self._end_word()
        return [tuple(row) for row in self._rows]

    def add(self, text: str, style: Style) -> None:
        if text != " ":
            self._word.append(Span(text, style))
            self._word_width += width(text)
            return
        self._end_word()
        if self._after_address:
            self._next_row()
        elif self._used < self._cells:
            self._put(Span(text, style), 1)
        else:
            self._next_row()

    def _end_word(self) -> None:
        fits = self._word_width <= self._cells - min(self._used, self._width_of_margin())
        link = "" if fits else self._address()
        if link:
            self._put_address(link)
        else:
            self._put_word()
        self._word, self._word_width = [], 0

    def _address(self) -> str:
        """The address of a web page in the word; empty if there is none."""
        found = _ADDRESS.search("".join(span.text for span in self._word))
        return found[0].rstrip(".,;:!?)'") if found else ""

    def _put_address(self, link: str) -> None:
        for span in self._word:
            rest, style = span.text, replace(span.style, link=link)
            while len(rest) > self._cells - self._used:
                room = self._cells - self._used
                self._put(Span(rest[:room], style), room)
                rest = rest[room:]
                self._rows.append([])
                self._used = 0
            self._put(Span(rest, style), len(rest))
        self._after_address = True

    def _put_word(self) -> None:
        if self._cells - self._used < self._word_width <= self._cells - self._width_of_margin():
            self._next_row()
        for span in self._word:
            self._put_cut(span)

    def _put_cut(self, span: Span) -> None:
        rest = span.text
        while width(rest) > self._cells - self._used:
            kept = _clip_text(rest, self._cells - self._used)
            if not kept and self._used <= self._width_of_margin():
                kept = first_cluster(rest)  # A cluster wider than a row: the terminal cuts it.
            self._put(Span(kept, span.style), width(kept))
            rest = rest[len(kept) :]
            self._next_row()
        self._put(Span(rest, span.style), width(rest))

    def _put(self, span: Span, cells: int) -> None:
        if span.text:
            self._rows[-1].append(span)
            self._used += cells

    def _width_of_margin(self) -> int:
        return row_width(self._margin)

    def _next_row(self) -> None:
        self._rows.append(list(self._margin))
        self._used = row_width(self._margin)
        self._after_address = False
