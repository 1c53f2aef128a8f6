"""Answers in sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatd.codecs.answer_phrases import CLOSINGS, NICKS_LISTED, AnswerPhrases
from chatd.core import answers, events
from chatd.core.answers import Answer
from chatd.testing import NOON

PHRASES = AnswerPhrases(lambda: NOON)

HI = events.Said("lobby", 7, NOON, "ada", "seat", "hi")
HERE = answers.Entered("lobby", 9, 3, ("bob", "eve", "ada"))


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (HERE, ["You are in #lobby with bob and eve."]),
        (replace(HERE, count=1, members=("ada",)), ["You are in #lobby, alone."]),
        (replace(HERE, topic="tea"), ["You are in #lobby with bob and eve.", "The topic is: tea"]),
        (answers.InboxIs(3, 3), []),
        (answers.InboxIs(3, 4), ["1 private message is new:"]),
        (answers.InboxIs(3, 5), ["2 private messages are new:"]),
        (answers.SearchResults((), ()), ["Nothing found."]),
    ],
    ids=repr,
)
def test_an_answer_has_lines(answer: Answer, lines: list[str]) -> None:
    assert [*PHRASES.lines(answer)] == lines


def test_some_of_many_members_are_named() -> None:
    nicks = tuple(f"guest{number}" for number in range(NICKS_LISTED + 2))
    (line,) = PHRASES.lines(replace(HERE, count=500, members=nicks))
    assert line.endswith(f"guest{NICKS_LISTED - 1} and {499 - NICKS_LISTED} others.")


def test_a_message_of_several_lines_is_whole_in_the_history_and_one_line_where_it_was_found() -> None:
    several = replace(HI, text="if x:\n    <bob> y")
    _, *shown = PHRASES.lines(answers.HistoryPage("lobby", (several,), False))
    assert [line.split(" ", 1)[1] for line in shown] == ["<ada> if x:", "<ada>     <bob> y"]
    _, hit = PHRASES.lines(answers.SearchResults(("if",), (several,)))
    assert hit.endswith("#lobby <ada> if x:     <bob> y")


def test_every_connection_ends_with_goodbye() -> None:
    for reason in events.Reason:
        (line,) = PHRASES.lines(answers.Closing(reason))
        assert line.endswith("Goodbye.")
    assert len(set(CLOSINGS.values())) == len(CLOSINGS)


def test_an_answer_of_a_type_without_words_is_a_defect() -> None:
    with pytest.raises(TypeError, match="no words"):
        PHRASES.lines(Answer())


def test_who_was_here() -> None:
    former = answers.FormerPeople("bob", (answers.FormerLine("bob", NOON, "b", "Bob B.", False), answers.FormerLine("bob", NOON)))
    first, second = PHRASES.lines(former)
    assert first.startswith("bob, Bob B., was here until ")
    assert second.startswith("bob was here until ")


def test_whom_one_watches() -> None:
    [nobody] = PHRASES.lines(answers.Watching())
    assert nobody.startswith("You watch nobody.")
    here, missing = PHRASES.lines(answers.Watching(("bob",), ("eve", "kim")))
    assert here == "You watch bob, who is here."
    assert missing.startswith("You watch eve")


def test_to_which_words_one_is_alerted() -> None:
    assert list(PHRASES.lines(answers.Alerts())) == ["You are alerted to your nick alone."]
    assert list(PHRASES.lines(answers.Alerts(("tea", "kettle")))) == ["You are alerted to: kettle, tea."]
