"""Sentences for people, made from events and answers: without bytes, line ends and marks.

Everything that shows sentences gets them here: the text codec, the client, the export. A `Phrase`
is one line; its kind tells the caller which mark it gets.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, auto
from typing import Final

from chatd.codecs.answer_phrases import AnswerPhrases
from chatd.codecs.event_phrases import EventPhrases, private, said
from chatd.core import answers, events
from chatd.core.answers import Answer
from chatd.core.events import Event
from chatd.core.facts import fact

LATE_SECONDS: Final = 10
"""How old a private message is that is shown with its time, in seconds: it has waited."""


class Kind(IntEnum):
    """What a phrase is."""

    SAID = auto()  # a message of a person; it begins with their nick
    REPORT = auto()  # a report of the server: what happened, or the answer to a command
    REFUSAL = auto()  # a refusal of the server


@fact()
class Phrase:
    """One line for people."""

    kind: Kind
    text: str


def refusal(refused: answers.Refused) -> str:
    """Why a command was refused, and what would be accepted."""
    return f"{refused.reason} {refused.hint}".rstrip()


class Phrases:
    """Makes sentences. ``now`` gives the milliseconds since 1970-01-01 UTC; times are shown in the
    local zone."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.events = EventPhrases(now)
        self.answers = AnswerPhrases(now)
        self._answer_lines = self.answers.lines
        """It is bound once, since Python 3.11 takes longer for that than the lines take."""

    def of(self, news: Event | Answer, current: bool = True) -> list[Phrase]:
        """The phrases for ``news``; ``current``: it is from the current room of the reader."""
        match news:
            case events.Blanked():
                return [Phrase(Kind.REPORT, self.events.sentence(news, current))]
            case events.Private() if self._now() - news.time < LATE_SECONDS * 1000:
                return [Phrase(Kind.SAID, line) for line in private(news)]
            case events.Private():
                return [Phrase(Kind.REPORT, text) for text in self.events.past([news])]
            case events.Said():
                return [Phrase(Kind.SAID, line) for line in said(news, current)]
            case Event():
                return [Phrase(Kind.REPORT, self.events.sentence(news, current))]
            case answers.Refused():
                return [Phrase(Kind.REFUSAL, refusal(news))]
        return [Phrase(Kind.REPORT, text) for text in self._answer_lines(news)]
