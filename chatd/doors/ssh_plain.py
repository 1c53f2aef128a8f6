"""An SSH session without a terminal: plain lines in and out, for scripts.

What is sent is said, or executed if it begins with a slash; what comes is written as the text door
writes it, refusals to standard error. The exit status says whether everything was accepted.
"""

from __future__ import annotations

from collections import deque
from enum import IntEnum
from typing import Final, Protocol

from chatd.codecs import phrases
from chatd.core import answers, command_table, commands, events
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.errors import Refusal
from chatd.core.events import Event
from chatd.core.limits import LINE_BYTES
from chatd.core.names import fold
from chatd.core.text import read_line, says_nothing
from chatd.doors.caller import TOO_LONG
from chatd.doors.screen_link import ScreenLink
from chatd.doors.server import Server
from chatd.tui.splitting import split

PLAIN_LINES: Final = 20
"""How many lines are taken at once."""

INTERRUPTS: Final = (b"\x03", b"\x04")
"""Ctrl-C and Ctrl-D, which a terminal that can only print sends as they are."""

ERASES: Final = (b"\x7f", b"\b")
"""Backspace, which such a terminal sends as it is, too."""


class Status(IntEnum):
    """The exit status, as that of chatd-client."""

    DONE = 0
    NOT_CONNECTED = 1
    NOT_DELIVERED = 4


class PlainWire(Protocol):
    """The channel."""

    @property
    def is_ready(self) -> bool:
        """Whether what is written is sent at once."""

    def write(self, data: bytes) -> None:
        """Send ``data`` to standard output."""

    def write_error(self, line: str) -> None:
        """Send ``line`` to standard error."""

    def on_commands_taken(self) -> None:
        """More may be sent."""

    def finish(self, status: int, why: str) -> None:
        """End with ``status``."""


class PlainSession:
    """The session (`tui.link.LinkListener`). ``echoes``: there is a terminal, which can only
    print, and shows nothing of what is typed by itself."""

    def __init__(self, server: Server, link: ScreenLink, wire: PlainWire, echoes: bool) -> None:
        self._text = server.text
        self._talk = server.text.talk()
        self._link = link
        self._wire = wire
        self._echoes = echoes
        self._rest = b""
        self._lines: deque[bytes] = deque()
        self._is_taking = False
        self._is_quiet = False
        self._at_end = False
        self._is_leaving = False
        self._current = ""
        self._status, self._why = Status.DONE, ""

    def start(self, nick: str, password: str, line: str) -> None:
        """Log in. With a ``line``, only that is executed, and only its answer is written."""
        if line:
            self._is_quiet = self._at_end = True
            self._lines.append(line.encode())
        self._link.start(self)
        self._link.hello_as(nick, password)

    # -- Input

    def data(self, data: bytes) -> None:
        """Take some of the input."""
        if self._at_end:
            return
        if self._echoes:
            if data in INTERRUPTS:
                return self.end_of_input()
            if data in ERASES:
                return self._erase()
            data = data.replace(b"\r", b"\n")
            self._wire.write(data.replace(b"\n", b"\r\n"))
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines += lines
        if len(self._rest) > LINE_BYTES:
            self._lines.append(self._rest)  # It is refused.
            self._rest = b""
        self.ready()

    def _erase(self) -> None:
        """Take back the last character of the line that is being typed."""
        if self._rest:
            self._rest = self._rest.decode("utf-8", "ignore")[:-1].encode()
            self._wire.write(b"\b \b")

    def end_of_input(self) -> None:
        """The input has ended: leave when everything is answered."""
        if not self._at_end:
            self._at_end = True
            self._lines += [self._rest] if self._rest else []
            self._rest = b""
            self.ready()

    @property
    def takes_more(self) -> bool:
        """Whether everything that was sent is taken, and answers can be written."""
        return not self._lines and self._wire.is_ready

    def ready(self) -> None:
        """Take the lines that wait, as soon as it is the turn of this session."""
        self._link.ready()
        if not self._is_taking:
            self._is_taking = True
            self._link.later(self._take_lines)

    def _take_lines(self) -> None:
        """Take some of the lines, as far as that is possible now."""
        self._is_taking = False
        for _ in range(PLAIN_LINES):
            if not self._lines or not self._can_take:
                break
            try:
                self._run(self._lines.popleft())
            except Refusal as refusal:
                self._refuse(str(refusal))
        if self._lines and self._can_take:
            return self.ready()
        if not self._lines:
            self._wire.on_commands_taken()
        if self._at_end and not self._lines and self._link.up and not self._link.unanswered:
            self._leave()

    @property
    def _can_take(self) -> bool:
        return self._link.up and self._wire.is_ready and not self._link.is_congested and not self._is_leaving

    def _run(self, line: bytes) -> None:
        if len(line) > LINE_BYTES:
            raise TOO_LONG
        text = read_line(line)
        if says_nothing(text):
            return
        command = command_table.parse(text)
        if isinstance(command, commands.Quit):
            return self._leave(command.text)
        for part in split(command):
            self._link.send(part)

    def _leave(self, text: str = "") -> None:
        if not self._is_leaving:
            self._is_leaving = True
            self._link.quit(text)

    def _refuse(self, why: str) -> None:
        self._status = Status.NOT_DELIVERED
        self._wire.write_error(f"chatd: {why}")

    # -- What the server sends (tui.link.LinkListener)

    def on_received(self, news: Event | Answer, command: Command | None) -> None:
        """Write ``news``."""
        if isinstance(news, answers.Refused):
            self._refuse(phrases.refusal(news))
        elif isinstance(news, Event):
            self._on_event(news)
        else:
            self._on_answer(news, command)
        self.ready()

    def _on_event(self, event: Event) -> None:
        is_own = fold(event.nick) == fold(self._link.nick)
        if not self._is_quiet and not (is_own and isinstance(event, (events.Said, events.Joined, events.Left))):
            self._write(self._text.encode(event, self._talk.view(event.room == self._current)))

    def _on_answer(self, answer: Answer, command: Command | None) -> None:
        match answer:
            case answers.Ack() | answers.Closing(reason=events.Reason.QUIT):
                return
            case answers.Entered():
                self._current = answer.room if command is not None else self._current or answer.room
            case answers.Exited():
                self._current = answer.current
            case answers.Done(command="join"):
                self._current = answer.subject
        if not self._is_quiet or command is not None:
            self._write(self._talk.encode(answer))

    def _write(self, data: bytes) -> None:
        self._wire.write(data if self._echoes else data.replace(b"\r\n", b"\n"))

    def on_hello_refused(self, refusal: answers.Refused, for_nick: bool) -> None:
        """Nobody can be asked for another nick."""
        self._status, self._why = Status.NOT_CONNECTED, phrases.refusal(refusal)
        self._link.stop()

    def on_link_lost(self, why: str, pause: float) -> None:
        """The link of a screen in the server is not lost."""

    def on_untrusted(self, why: str) -> None:
        """Nor is it not trusted."""

    def on_link_ended(self) -> None:
        """The session has ended."""
        if not self._is_leaving and not self._status:
            self._status, self._why = Status.NOT_CONNECTED, self._link.why
        self._wire.finish(self._status, self._why)
