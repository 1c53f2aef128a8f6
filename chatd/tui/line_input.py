"""The line that is typed, and what it is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto

from chatd.tui.editor import Editor, clear
from chatd.tui.keys import Key, Press
from chatd.tui.line_search import LineSearch


class Purpose(Enum):
    """What the line is for."""

    TALK = auto()  # a message or a command
    NICK = auto()  # another nick
    PASSWORD = auto()  # a password, which is not shown


class LineInput:
    """The editor of the line. While the user is asked something, the line that they were typing is
    put aside.

    ``hide`` tells a terminal that shows by itself what is typed to stop doing so, or to do it
    again.
    """

    def __init__(self, hide: Callable[[bool], None]) -> None:
        self.editor = Editor()
        self.purpose = Purpose.TALK
        self._hide = hide
        self._aside = Editor()
        self.search: LineSearch | None = None
        """The search through what was typed, while it goes on."""

    @property
    def is_talk(self) -> bool:
        """Whether the line is a message or a command."""
        return self.purpose is Purpose.TALK

    @property
    def is_hidden(self) -> bool:
        """Whether the line is a password."""
        return self.purpose is Purpose.PASSWORD

    def ask(self, purpose: Purpose) -> None:
        """Begin an empty line for ``purpose``, unless there is one."""
        if purpose is self.purpose:
            return
        if self.is_talk:
            self._aside = self.editor
        self._change(purpose, Editor())

    def resume(self) -> None:
        """Go on with the line that was put aside, if there is one."""
        if not self.is_talk:
            self._change(Purpose.TALK, self._aside)

    def begin_search(self) -> None:
        """Search what was typed before, unless the user is asked something."""
        if self.is_talk:
            self.search = LineSearch.begin(self.editor)

    def press_in_search(self, press: Press) -> bool:
        """Whether the search has taken ``press``. Any other key takes the line that was found over,
        and Ctrl-C leaves the line as it was."""
        if self.search is None:
            return False
        before, self.search = self.search, self.search.press(press)
        if self.search is not None:
            return True
        if before.found and press.key is not Key.INTERRUPT:
            self.editor = replace(clear(self.editor), before=before.found)
        return press.key in (Key.ENTER, Key.INTERRUPT, Key.ESCAPE)

    def take(self) -> str:
        """The line, which is empty from now on."""
        text, self.editor = self.editor.text, Editor()
        return text

    def _change(self, purpose: Purpose, editor: Editor) -> None:
        self.search = None
        was_hidden, self.purpose, self.editor = self.is_hidden, purpose, editor
        if was_hidden is not self.is_hidden:
            self._hide(self.is_hidden)
