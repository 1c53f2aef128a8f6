"""Long lines on a terminal of 80 columns, which continues a line in the next row.

The terminal does not mark such rows. Without a mark, a sender could fill a row so that the next row
looks like another person's message. A row that looks like the beginning of a line gets a sign
before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wcwidth import iter_graphemes, wcswidth

from chatd.core.characters import BLANKS, in_class

COLUMNS: Final = 80
"""The assumed width of a terminal, in cells: the usual default."""

CONTINUED: Final = "\N{DOWNWARDS ARROW WITH TIP RIGHTWARDS} "
"""The sign that a row continues the line above it; each of its characters takes one cell."""

_BLANK: Final = f"[{in_class(BLANKS)}]"
_BEGINNING: Final = re.compile(rf"<[^<>]+>|\[[^\[\]]+\]|(?:\*|--|!!){_BLANK}|#[^\s#]+{_BLANK}+[<*]")
"""The beginnings of lines of the text protocol (docs/protocol.md)."""

_BEGINNING_OF_ROW: Final = re.compile(f"{_BLANK}*(?:{_BEGINNING.pattern})")


def with_marked_rows(line: str) -> str:
    """``line`` with `CONTINUED` before each row that looks like the beginning of a line. Nearly all
    lines are returned unchanged."""
    fits = COLUMNS if line.isascii() else COLUMNS // 2  # A character takes at most two cells.
    if len(line) <= fits or _BEGINNING.search(line, fits) is None:
        return line
    return "".join(_rows(line))


def _rows(line: str) -> Iterator[str]:
    """The rows of ``line``, with the signs."""
    mark, start = "", 0
    while start < len(line):
        end = _end_of_row(line, start, COLUMNS - len(mark))
        yield mark + line[start:end]
        mark, start = CONTINUED if _BEGINNING_OF_ROW.match(line, end) else "", end


def _end_of_row(line: str, start: int, cells: int) -> int:
    """The end of the row that begins at ``start`` and has ``cells`` cells."""
    if line.isascii():
        return start + cells
    end = start
    for cluster in iter_graphemes(line[start:]):
        cells -= max(0, wcswidth(cluster))
        if cells < 0:
            break
        end += len(cluster)
    return max(end, start + 1)
