"""Long lines on a terminal of 80 columns, which goes on in the next row wherever a row is full.

Nothing says there that the row is no new line. So somebody could fill a row with anything, and have
what looks like another person's message begin the next one. Such a row gets a sign before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wcwidth import iter_graphemes, wcswidth

from chatd.core.characters import BLANKS, in_class

COLUMNS: Final = 80
"""The cells of a row: how wide terminals are unless somebody widens them."""

CONTINUED: Final = "\N{DOWNWARDS ARROW WITH TIP RIGHTWARDS} "
"""What shows that a row continues the line above it; each of its characters takes one cell."""

_BLANK: Final = f"[{in_class(BLANKS)}]"
_BEGINNING: Final = re.compile(rf"<[^<>]+>|\[[^\[\]]+\]|(?:\*|--|!!){_BLANK}|#[^\s#]+{_BLANK}+[<*]")
"""What the lines of the text protocol begin with (docs/protocol.md)."""

_BEGINNING_OF_ROW: Final = re.compile(f"{_BLANK}*(?:{_BEGINNING.pattern})")


def with_marked_rows(line: str) -> str:
    """``line`` with `CONTINUED` before each row that looks like the beginning of a line. Nearly
    every line is returned as it is."""
    fits = COLUMNS if line.isascii() else COLUMNS // 2  # A character takes two cells at most.
    if len(line) <= fits or _BEGINNING.search(line, fits) is None:
        return line
    return "".join(_rows(line))


def _rows(line: str) -> Iterator[str]:
    """``line`` in rows."""
    mark, start = "", 0
    while start < len(line):
        end = _end_of_row(line, start, COLUMNS - len(mark))
        yield mark + line[start:end]
        mark, start = CONTINUED if _BEGINNING_OF_ROW.match(line, end) else "", end


def _end_of_row(line: str, start: int, cells: int) -> int:
    """Where the row ends that begins at ``start`` and has ``cells``."""
    if line.isascii():
        return start + cells
    end = start
    for cluster in iter_graphemes(line[start:]):
        cells -= max(0, wcswidth(cluster))
        if cells < 0:
            break
        end += len(cluster)
    return max(end, start + 1)
