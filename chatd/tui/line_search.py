"""Searching backwards through what was typed (Ctrl-R)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatd.tui.editor import Editor
from chatd.tui.keys import Key, Press


@dataclass(frozen=True, slots=True)
class LineSearch:
    """A search for ``pattern`` in ``lines``, oldest first: ``index`` is that of the line that was
    found last, or the number of lines if none was."""

    lines: Sequence[str]
    pattern: str = ""
    index: int = 0

    @classmethod
    def begin(cls, editor: Editor) -> LineSearch:
        """Search the lines that ``editor`` remembers."""
        return cls(editor.history, "", len(editor.history))

    @property
    def found(self) -> str:
        """The line that was found; empty: none was."""
        return self.lines[self.index] if self.index < len(self.lines) else ""

    def press(self, press: Press) -> LineSearch | None:
        """The search after ``press``; None: the key ends it."""
        match press.key:
            case Key.TEXT:
                return self._find(self.pattern + press.text, self.index)
            case Key.BACKSPACE:
                return self._find(self.pattern[:-1], len(self.lines) - 1)
            case Key.FIND if self.pattern:
                return self._find(self.pattern, self.index - 1)
            case Key.FIND:
                return self
        return None

    def _find(self, pattern: str, start: int) -> LineSearch:
        """The newest line from number ``start`` back that contains ``pattern``; if none does, the
        line stays."""
        folded = pattern.lower()
        for index in range(min(start, len(self.lines) - 1), -1, -1):
            if folded and folded in self.lines[index].lower():
                return LineSearch(self.lines, pattern, index)
        return LineSearch(self.lines, pattern, self.index if folded else len(self.lines))
