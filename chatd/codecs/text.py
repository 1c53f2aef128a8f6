"""The codec for people: plain lines (``docs/protocol.md``, "Text").

A message always follows ``<nick>``, ``* nick``, ``[nick]`` or ``#room``, and what the server says
follows ``--`` or ``!!``, so that nobody can imitate another person or the server. ``rows.py``
ensures this also for the rows of a long line on a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum, auto
from typing import Final

from chatd.codecs.answer_phrases import NICKS_LISTED
from chatd.codecs.asking import ASKED_AGAIN, IS_SHOWN, Asking, question_after
from chatd.codecs.base import View
from chatd.codecs.earlier import Earlier
from chatd.codecs.event_phrases import speaker
from chatd.codecs.phrases import Kind, Phrase, Phrases
from chatd.codecs.rows import with_marked_rows
from chatd.core import answers, command_table, commands
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.errors import PasswordNeeded
from chatd.core.events import PRESENCE, Event, Said
from chatd.core.limits import SERIES_LINES, TEXT_BYTES_A_LINE
from chatd.core.text import read_line, read_lines, says_nothing

MARKS: Final[Mapping[Kind, str]] = {Kind.SAID: "", Kind.REPORT: "-- ", Kind.REFUSAL: "!! "}
"""The mark before each kind of phrase."""

_REPORT: Final = MARKS[Kind.REPORT]

_SERIES: Final = re.compile(rb"(?:[!-.0-~][ -~]{0,%d}+\r?\n){2,%d}+" % (TEXT_BYTES_A_LINE - 2, SERIES_LINES))
"""Several lines of which each is a message: none is a command or blank, and all are short and of
printable ASCII, of which nothing has to be made safe but blanks."""


class TextView(IntEnum):
    """The two ways to show a room to people: outside their current room, messages include its
    name."""

    CURRENT_ROOM = auto()
    OTHER_ROOM = auto()


_CURRENT_ROOM: Final = TextView.CURRENT_ROOM  # Finding a member by its name takes a tenth of the time of a message.


class TextCodec:
    """Lines for people. ``now`` gives the milliseconds since 1970-01-01 UTC; times are shown in the
    server's zone."""

    name: Final = "text"
    echo: Final = False
    acknowledges_all: Final = False  # People see what they type.
    tells_once: Final = False
    names_shown: Final = NICKS_LISTED + 1

    def __init__(self, now: Callable[[], int]) -> None:
        self._phrases = Phrases(now)
        self._earlier = Earlier(self._encode_earlier, now)

    def talk(self) -> TextTalk:
        """The half for one more connection."""
        return TextTalk(self)

    def encode(self, event: Event, view: View) -> bytes:
        """The lines of ``event``, each with its end; ``view`` is a TextView."""
        current = view is _CURRENT_ROOM
        if type(event) is Said and "\n" not in event.text:  # The hot path.
            return f"{with_marked_rows(f'{speaker(event, current)} {event.text}')}\r\n".encode()
        if type(event) in PRESENCE:  # In a large room, most events.
            return _reports((self._phrases.events.sentence(event, current),))
        return _lines(self._phrases.of(event, current))

    def encode_answer(self, answer: Answer) -> bytes:
        """The lines of ``answer``, each with its end: the same in every talk."""
        if type(answer) is answers.Entered:
            return _reports(self._phrases.answers.entered(answer)) + self._earlier.of(answer.scrollback)
        return _lines(self._phrases.of(answer))

    def _encode_earlier(self, event: Event) -> bytes:
        return _reports(self._phrases.events.earlier(event))


class TextTalk:
    """One person's half: it remembers whether a password was asked for, which the next line is.

    ``hide`` is called with True before each question, and with False after the line that answers
    the last one; None: the door cannot hide what is typed.
    """

    next_command: Final = None

    __slots__ = ("_asking", "_code", "_last", "_named", "codec", "hide")

    def __init__(self, codec: TextCodec) -> None:
        self.codec = codec
        self.hide: Callable[[bool], object] | None = None
        self._asking: Asking | None = None
        self._last: Command | None = None
        """The last command, without a password."""
        self._code = ""
        """The code of the refusal after which a password for it was asked for, if one was."""
        self._named = False

    @property
    def is_asking(self) -> bool:
        """Whether the next line is a password."""
        return self._asking is not None

    def decode(self, line: bytes, named: bool) -> Command | None:
        """The command in ``line``; None if it is blank. Raises NotText, UnknownCommand, BadUsage,
        and what ends or repeats the question for a password."""
        text = read_line(line)
        if self._asking is not None:
            return self._take_password(self._asking, text)
        self._named, self._last, self._code = named, None, ""
        if says_nothing(text):
            return None
        if text.startswith("/"):
            self._last = command_table.parse(text)
        else:
            self._last = commands.Say(text) if named else commands.Hello(text.strip())
        return self._last

    def read_series(self, data: bytes, start: int, most: int) -> tuple[list[str], int]:
        """The messages in the lines from ``start`` on, and where they end (:class:`Talk
        <chatd.codecs.base.Talk>`)."""
        match = None if self._asking is not None else _SERIES.match(data, start)
        if match is None:
            return [], start
        series = match[0]
        if series.count(b"\n") > most:
            series = series[: -len(series.split(b"\n", most)[most])]
        self._named, self._last, self._code = True, None, ""
        return read_lines(series), start + len(series)

    def encode(self, answer: Answer) -> bytes:
        """The lines of ``answer``, each with its end; and the question for a password, where a
        refusal asks for one."""
        if type(answer) is not answers.Refused:
            if isinstance(answer, (answers.Done, answers.Welcome)) and self._asking is None:
                self._code = ""
            if type(answer) is answers.Welcome and type(self._last) is commands.Hello:
                self._last = None  # Nothing more is asked for it, and it would be kept until the next line.
            return self.codec.encode_answer(answer)
        if self._asking is not None:  # The refusal may be that of an earlier message.
            return self._ask(self._asking, answer.reason)
        asked = question_after(answer.code, self._last, self._named)
        if asked is not None:
            self._code = answer.code
            return self._ask(asked, answer.reason)
        lines = self.codec.encode_answer(answer)
        again = question_after(self._code, self._last, self._named) if answer.code in ASKED_AGAIN else None
        return lines if again is None else lines + self._ask(again)

    def _ask(self, asking: Asking, reason: str = "") -> bytes:
        """The next question, which the next line answers."""
        self._asking = asking
        if self.hide is not None:
            self.hide(True)
        question = f"{reason} {asking.prompt}{IS_SHOWN if self.hide is None else ''}:".lstrip()
        return _reports([question])

    def _take_password(self, asking: Asking, line: str) -> Command:
        """The command with the password in ``line``. Raises PasswordNeeded to ask once more."""
        self._asking = None
        try:
            taken = self._answered(asking, line)
        finally:
            if self._asking is None and self.hide is not None:
                self.hide(False)
        return taken

    def _answered(self, asking: Asking, line: str) -> Command:
        if not line:
            self._code = ""
            raise asking.give_up()
        taken = asking.take(line)
        if isinstance(taken, Asking):
            self._asking = taken
            raise PasswordNeeded("")
        return taken

    def edit(self, event: Event, piece: bytes, own: bool) -> bytes:
        """People have seen what they typed."""
        return b"" if own else piece

    def view(self, current: bool) -> TextView:
        """How this person is shown a room, ``current`` or not."""
        return TextView.CURRENT_ROOM if current else TextView.OTHER_ROOM


def _reports(lines: Iterable[str]) -> bytes:
    """``lines`` as reports of the server."""
    return "".join([f"{with_marked_rows(_REPORT + line)}\r\n" for line in lines]).encode()


def _lines(phrases: Iterable[Phrase]) -> bytes:
    """The phrases with their marks and line ends."""
    return "".join(f"{with_marked_rows(MARKS[phrase.kind] + phrase.text)}\r\n" for phrase in phrases).encode()
