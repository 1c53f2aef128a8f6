"""The line editor: a line being typed, and what each key does to it.

Pure: an `Editor` never changes, `press` and `complete` return a new one. The cursor is always
between two clusters (`cells`), never inside one, so that a letter with its accents or a joined
emoji is deleted as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from chatd.core.text import safe_lines, safe_part, safe_text
from chatd.tui.cells import clusters, first_cluster, last_cluster
from chatd.tui.keys import Key, Press

HISTORY_LINES: Final = 500
"""How many lines Up brings back: more than anybody scrolls through."""

HISTORY_CHARACTERS: Final = 100_000
"""How many characters these lines have together; older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class Completion:
    """The ``options`` that may follow ``head``; number ``chosen`` is in the line now."""

    head: str
    options: tuple[str, ...]
    chosen: int


@dataclass(frozen=True, slots=True)
class Editor:
    """A line: the text ``before`` the cursor and ``after`` it, the lines entered earlier, and the
    text cut last.

    A line break, which only a paste brings, is ``\\n``. ``history_index`` counts back into
    ``history``; 0 is the line being typed, which ``draft`` keeps while an older one is shown.
    """

    before: str = ""
    after: str = ""
    history: tuple[str, ...] = ()
    history_index: int = 0
    draft: str = ""
    killed: str = ""
    completion: Completion | None = None

    @property
    def text(self) -> str:
        return self.before + self.after


def press(editor: Editor, pressed: Press) -> Editor:
    """``editor`` after ``pressed``; a key that the editor does not know changes nothing."""
    editor = replace(editor, completion=None)
    if pressed.key in (Key.TEXT, Key.PASTE):
        return insert(editor, pressed.text)
    change = _CHANGES.get(pressed.key)
    return editor if change is None else change(editor)


def insert(editor: Editor, text: str) -> Editor:
    """``editor`` with ``text`` at the cursor, made safe to show; line ends of any kind become
    ``\\n``."""
    lines = (editor.before + text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return _at_boundary(editor, "\n".join(map(safe_text, lines)), editor.after)


def enter(editor: Editor) -> tuple[Editor, str]:
    """An empty line that has this one in its history, and the text entered: several lines after a
    paste, without blank ones at its ends; empty if all are."""
    text = safe_lines(editor.text)
    history = editor.history
    if text.strip() and editor.text != (history[-1] if history else None):
        history = (*history, editor.text)[-HISTORY_LINES:]
        while sum(map(len, history)) > HISTORY_CHARACTERS:
            history = history[1:]
    return Editor(history=history, killed=editor.killed), text if text.strip() else ""


def clear(editor: Editor) -> Editor:
    """An empty line."""
    return Editor(history=editor.history, killed=editor.killed)


# -- Completion ------------------------------------------------------------------------------------


def complete(editor: Editor, step: int, options_for: Callable[[str], tuple[str, tuple[str, ...]]]) -> Editor:
    """``editor`` with the next (``step`` 1) or previous (-1) completion before the cursor.

    ``options_for`` takes the text before the cursor, and returns the part of it that stays and what
    may follow.
    """
    completion = editor.completion
    if completion is None:
        head, options = options_for(editor.before)
        if not options:
            return editor
        completion = Completion(head, options, 0 if step > 0 else len(options) - 1)
    else:
        chosen = (completion.chosen + step) % len(completion.options)
        completion = replace(completion, chosen=chosen)
    before = completion.head + completion.options[completion.chosen]
    return replace(_at_boundary(editor, before, editor.after), completion=completion)


# -- Changes ---------------------------------------------------------------------------------------


def _at_boundary(editor: Editor, before: str, after: str) -> Editor:
    """``editor`` with its cursor between ``before`` and ``after``, or after the cluster that the
    two form together."""
    while before and after:
        tail = last_cluster(before)
        joined = first_cluster(tail + after[:32])
        if len(joined) <= len(tail):
            break
        taken = len(joined) - len(tail)
        before, after = before + after[:taken], after[taken:]
    return replace(editor, before=before, after=after)


def _left(editor: Editor) -> Editor:
    return _to(editor, len(editor.before) - len(last_cluster(editor.before)))


def _right(editor: Editor) -> Editor:
    return _to(editor, len(editor.before) + len(first_cluster(editor.after)))


def _to(editor: Editor, position: int) -> Editor:
    text = editor.text
    return _at_boundary(editor, text[:position], text[position:])


def _backspace(editor: Editor) -> Editor:
    return _at_boundary(editor, editor.before.removesuffix(last_cluster(editor.before)), editor.after)


def _delete(editor: Editor) -> Editor:
    return _at_boundary(editor, editor.before, editor.after.removeprefix(first_cluster(editor.after)))


_SHORT_WORD: Final = re.compile(r"\W*\w*")
_LONG_WORD: Final = re.compile(r"\s*\S*")


def _word_after(editor: Editor) -> int:
    """The length of the next word and the gap before it, in characters."""
    return _length(_SHORT_WORD, editor.after)


def _word_before(editor: Editor, word: re.Pattern[str] = _SHORT_WORD) -> int:
    """The length of the last word and the gap after it, in characters. The text is read backwards,
    which takes linear time."""
    return _length(word, editor.before[::-1])


def _length(word: re.Pattern[str], text: str) -> int:
    found = word.match(text)
    return found.end() if found else 0


def _word_left(editor: Editor) -> Editor:
    return _to(editor, len(editor.before) - _word_before(editor))


def _word_right(editor: Editor) -> Editor:
    return _to(editor, len(editor.before) + _word_after(editor))


def _whole(text: str, length: int) -> int:
    """The length of the first clusters of ``text`` that have ``length`` characters or more: a mark
    is no character of a word, but goes with the letter under it."""
    whole = 0
    for cluster in clusters(text) if length else ():
        whole += len(cluster)
        if whole >= length:
            break
    return whole


def _kill_before(editor: Editor, characters: int) -> Editor:
    start = len(editor.before) - characters
    killed = editor.before[start:]
    return replace(_at_boundary(editor, editor.before[:start], editor.after), killed=killed or editor.killed)


def _kill_after(editor: Editor, characters: int) -> Editor:
    end = _whole(editor.after, characters)
    killed = editor.after[:end]
    return replace(_at_boundary(editor, editor.before, editor.after[end:]), killed=killed or editor.killed)


def _swap(editor: Editor) -> Editor:
    """Swap the two clusters around the cursor; at the end of the line, the last two."""
    if not editor.after:
        editor = _left(editor)
    if not editor.before:
        return editor
    one, two = last_cluster(editor.before), first_cluster(editor.after)
    return _at_boundary(editor, editor.before.removesuffix(one) + two + one, editor.after.removeprefix(two))


def _through_history(editor: Editor, step: int) -> Editor:
    history_index = editor.history_index + step
    if not 0 <= history_index <= len(editor.history):
        return editor
    draft = editor.text if editor.history_index == 0 else editor.draft
    shown = draft if history_index == 0 else editor.history[-history_index]
    return replace(editor, before=shown, after="", history_index=history_index, draft=draft)


_CHANGES: Final[Mapping[Key, Callable[[Editor], Editor]]] = {
    Key.LEFT: _left,
    Key.RIGHT: _right,
    Key.HOME: lambda editor: _to(editor, 0),
    Key.END: lambda editor: _to(editor, len(editor.text)),
    Key.NEWEST: lambda editor: _to(editor, len(editor.text)),
    Key.WORD_LEFT: _word_left,
    Key.WORD_RIGHT: _word_right,
    Key.BACKSPACE: _backspace,
    Key.DELETE: _delete,
    Key.KILL_TO_START: lambda editor: _kill_before(editor, len(editor.before)),
    Key.KILL_TO_END: lambda editor: _kill_after(editor, len(editor.after)),
    Key.KILL_WORD: lambda editor: _kill_before(editor, _word_before(editor, _LONG_WORD)),
    Key.KILL_SHORT_WORD: lambda editor: _kill_before(editor, _word_before(editor)),
    Key.KILL_NEXT_WORD: lambda editor: _kill_after(editor, _word_after(editor)),
    Key.YANK: lambda editor: insert(editor, editor.killed),
    Key.SWAP: _swap,
    Key.UP: lambda editor: _through_history(editor, +1),
    Key.DOWN: lambda editor: _through_history(editor, -1),
}


# -- Display ---------------------------------------------------------------------------------------


LINE_BREAK: Final = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"
"""Stands for a line break in a paste."""


def visible_clusters(text: str) -> list[str]:
    """The clusters of ``text`` as the screen shows them."""
    return [LINE_BREAK if cluster == "\n" else safe_part(cluster) for cluster in clusters(text)]
