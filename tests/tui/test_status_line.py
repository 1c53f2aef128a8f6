"""The status line."""

from __future__ import annotations

import pytest

from chatd.core import answers, events
from chatd.tui.cells import plain
from chatd.tui.conversation import Conversation
from chatd.tui.status_line import link_line, rooms_line


def test_rooms_and_unread_messages() -> None:
    conversation = Conversation("ada")
    assert plain(rooms_line(conversation)) == " in no room"
    conversation.receive(answers.Entered("lobby", 1, 3, ("bob", "ada")))
    conversation.receive(answers.Entered("ops", 1, 1, ("ada",)))
    conversation.receive(answers.Entered("dev", 1, 1, ("ada",)))
    assert plain(rooms_line(conversation)) == " #lobby 3 here  #ops  #dev"
    for seq in range(2, 1236):
        conversation.receive(events.Said("ops", seq, 0, "bob", "", "hi"))
    conversation.receive(events.Said("dev", 2, 0, "bob", "", "ada?"))
    line = rooms_line(conversation)
    assert plain(line) == " #lobby 3 here  #ops (1,234)  #dev (1!)"
    assert [span.style.bold for span in line] == [True, False, True, True]
    assert plain(rooms_line(conversation, "asking")) == " #lobby  asking  #ops (1,234)  #dev (1!)"


@pytest.mark.parametrize(
    ("lost", "seconds", "words"),
    [
        (False, 0.0, " connected to chatd "),
        (True, 7.4, " connection lost, next try in 7 s "),
        (True, 0.4, " connection lost, trying "),
        (True, -3.0, " connection lost, trying "),
    ],
)
def test_the_link(lost: bool, seconds: float, words: str) -> None:
    assert plain(link_line("chatd", lost, seconds)) == words
