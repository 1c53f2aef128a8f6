"""A simulated terminal: what a real one would show of the output of the screen."""

from __future__ import annotations

import re

from chatd.tui.cells import clusters, width

_SEQUENCE = re.compile(
    r"\x1b\[([0-9;?]*)([A-Za-z])|(\r\n|\r|\n|\x07)|([^\x1b\r\n\x07]+)|\x1b\]8;[^;\x1b]*;([^\x1b]*)\x1b\\"
    r"|\x1b\](?:2|9|777);([^\x1b]*)\x1b\\"
)


class Glass:
    """A terminal: ``rows`` of cells, and the ``scrollback`` that has left them at the top.

    ``wraps``: how many rows it has broken itself. ``links``: the addresses of all links.
    ``calls``: the titles of the window, and the notifications.

    ``alternate``: it has another screen besides, which does not scroll.
    """

    def __init__(self, columns: int, rows: int, alternate: bool = True) -> None:
        self.columns, self.rows = columns, rows
        self.alternate = alternate
        self.other: list[list[str]] | None = None
        self.screen = [[" "] * columns for _ in range(rows)]
        self.scrollback: list[str] = []
        self.row = self.column = 0
        self.bells = 0
        self.wraps = 0
        self.links: list[str] = []
        self.calls: list[str] = []
        self.modes: set[str] = {"?7", "?25"}

    def write(self, text: str) -> None:
        position = 0
        while position < len(text):
            match = _SEQUENCE.match(text, position)
            assert match, f"not understood: {text[position : position + 20]!r}"
            position = match.end()
            numbers, final, control, printed, link, call = match.groups()
            if final:
                self._sequence(numbers, final)
            elif control:
                self._control(control)
            elif printed:
                for cluster in clusters(printed):
                    self._put(cluster)
            elif link:
                self.links.append(link)
            elif call:
                self.calls.append(call)

    def _sequence(self, numbers: str, final: str) -> None:
        match final:
            case "H":
                row, column = map(int, numbers.split(";"))
                assert 1 <= row <= self.rows
                assert 1 <= column <= self.columns
                self.row, self.column = row - 1, column - 1
            case "K":
                self._erase(self.row, min(self.column, self.columns - 1))  # The cursor is never after the last column.
            case "J":
                self._erase(self.row, self.column)
                for row in range(self.row + 1, self.rows):
                    self._erase(row, 0)
            case "h" | "l" if numbers == "?1049":
                self._switch(final == "h")
            case "h":
                self.modes.add(numbers)
            case "l":
                self.modes.discard(numbers)
            case "m" | "t":
                pass
            case _:
                raise AssertionError(f"not understood: {numbers}{final}")

    def _switch(self, alternate: bool) -> None:
        if not self.alternate:
            return
        assert alternate is (self.other is None), "that would only move the cursor"
        if self.other is None:
            self.other, self.screen = self.screen, [[" "] * self.columns for _ in range(self.rows)]
        else:
            self.screen, self.other = self.other, None

    @property
    def is_alternate(self) -> bool:
        """Whether the other screen is shown."""
        return self.other is not None

    def _control(self, control: str) -> None:
        if control == "\a":
            self.bells += 1
        if "\r" in control:
            self.column = 0
        if "\n" in control:
            self.row += 1
            if self.row == self.rows:
                assert self.other is None, "what scrolls away here is gone"
                self.scrollback.append("".join(self.screen.pop(0)).rstrip())
                self.screen.append([" "] * self.columns)
                self.row -= 1

    def _erase(self, row: int, start: int) -> None:
        self.screen[row][start:] = [" "] * (self.columns - start)

    def _put(self, cluster: str) -> None:
        cells = width(cluster)
        if self.column == self.columns and "?7" in self.modes:
            self.wraps += 1
            self._control("\r\n")
        fits = self.column + cells <= self.columns
        assert fits or self.columns < 4, "a row is too long for the terminal"
        if cells and fits:
            self.screen[self.row][self.column : self.column + cells] = [cluster] + [""] * (cells - 1)
            self.column += cells

    @property
    def lines(self) -> list[str]:
        """What the screen shows, row by row."""
        return ["".join(row).rstrip() for row in self.screen]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def history(self) -> list[str]:
        """Everything from the first line of the scrollback to the last row."""
        return self.scrollback + self.lines
