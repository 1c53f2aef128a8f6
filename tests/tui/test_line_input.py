"""The line that is typed, and what it is for."""

from __future__ import annotations

from chatd.tui import editor
from chatd.tui.keys import Key, Press
from chatd.tui.line_input import LineInput, Purpose


def typed(line: LineInput, text: str) -> None:
    line.editor = editor.press(line.editor, Press(Key.TEXT, text))


def test_what_was_typed_before_a_question_is_kept_over_several() -> None:
    hidden: list[bool] = []
    line = LineInput(hidden.append)
    typed(line, "half a mess")
    line.ask(Purpose.NICK)
    typed(line, "bob")
    line.ask(Purpose.NICK)
    assert line.editor.text == "bob"
    line.ask(Purpose.PASSWORD)
    typed(line, "secret")
    assert (line.is_hidden, hidden) == (True, [True])
    assert line.take() == "secret"
    line.resume()
    assert (line.editor.text, line.is_talk, hidden) == ("half a mess", True, [True, False])
    line.resume()
    assert line.editor.text == "half a mess"
