"""The client without a terminal: it sends every line of its input, or prints what others say.

Knows no files and no reactor, only the clock that is passed in; ``write`` takes the output.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Final, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.client.link import ReconnectingLink
from chatd.codecs import phrases
from chatd.codecs.json import encode_news
from chatd.core import answers, commands, events
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event
from chatd.core.text import safe_text, says_nothing
from chatd.tui.formatter import plain_line
from chatd.tui.splitting import split

UNACKNOWLEDGED: Final = 64
"""How many messages may be unacknowledged before the input is paused (backpressure): enough for a
link with a long delay."""

LOST_SECONDS: Final = 30.0
"""How long the program tries to bring a lost link back, in seconds."""

LONGEST_PAUSE: Final = 4.0
"""The longest pause between two tries, in seconds: several fit into `LOST_SECONDS`."""

PIECE_BYTES: Final = 64 << 10
"""How much of an unfinished line is kept, in bytes (64 KiB); a longer line is sent in pieces before
its end has arrived."""

OTHER_NICK: Final = " Choose it with --nick NICK."

HINTS: Final = {
    "password-needed": " Give the password with --password-file FILE.",
    "server-password-needed": " Give the password with --server-password-file FILE.",
    "wrong-password": "",
    "not-secure": "",
    "registration-needed": "",
    "not-allowed": "",
    "bad-usage": "",
}
"""What would work after a hello was refused with one of these codes; `OTHER_NICK` after the
others."""

DELIVERED: Final = "the message has been delivered"


class Status(IntEnum):
    """The exit status; 2 is a mistake on the command line."""

    DONE = 0
    NOT_CONNECTED = 1
    LINK_LOST = 3
    NOT_DELIVERED = 4


class Input(Protocol):
    """The source of the lines."""

    def pauseProducing(self) -> None: ...

    def resumeProducing(self) -> None: ...


class PipeClient:
    """What both directions share: how they end. ``on_end`` gets the exit status and the reason,
    once."""

    def __init__(self, clock: IReactorTime, server: str, on_end: Callable[[int, str], None]) -> None:
        self.link: ReconnectingLink
        self._clock = clock
        self._server = server
        self._on_end = on_end
        self._over = False
        self._given_up: IDelayedCall | None = None
        self._status = Status.DONE
        self._why = ""

    def interrupt(self) -> None:
        """End, because of a signal; the second time, at once."""
        if self._over:
            self.link.stop()
        self._over = True
        self.link.quit()

    def on_received(self, news: Event | Answer, command: Command | None) -> None:
        """Part of `link.LinkListener`."""
        if isinstance(news, answers.Welcome) and self._given_up is not None:
            self._given_up.cancel()
            self._given_up = None
        elif isinstance(news, answers.Refused) and news.id == "hello":
            self._fail(Status.NOT_CONNECTED, phrases.refusal(news))

    def on_hello_refused(self, refusal: answers.Refused, for_nick: bool) -> None:
        """Part of `link.LinkListener`."""
        if for_nick or not self.link.was_up:
            hint = HINTS.get(refusal.code, OTHER_NICK) if for_nick else ""
            self._fail(Status.NOT_CONNECTED, f"{self._server} refuses: {phrases.refusal(refusal)}{hint}")

    def on_link_lost(self, why: str, pause: float) -> None:
        """Part of `link.LinkListener`."""
        if not self.link.was_up:
            self._fail(Status.NOT_CONNECTED, f"{self._server} cannot be reached: {why}.")
        elif self._given_up is None and not self._over:
            self._given_up = self._clock.callLater(LOST_SECONDS, self._give_up, why)

    def on_untrusted(self, why: str) -> None:
        """Part of `link.LinkListener`."""
        self._fail(Status.NOT_CONNECTED, f"{why}.{self._unconfirmed() if self.link.was_up else ''}")

    def on_link_ended(self) -> None:
        """Part of `link.LinkListener`."""
        self._over = True
        if self._given_up is not None and self._given_up.active():
            self._given_up.cancel()
        self._on_end(self._status, self._why)

    def _give_up(self, why: str) -> None:
        lost = f"the connection to {self._server} is lost: {why}, and {LOST_SECONDS:.0f} s of trying did not bring it back."
        self._fail(Status.LINK_LOST, f"{lost}{self._unconfirmed()}")

    def _unconfirmed(self) -> str:
        return ""

    def _fail(self, status: Status, why: str) -> None:
        if not self._over:
            self._over = True
            self._status, self._why = status, why
            self.link.stop()


class Sender(PipeClient):
    """Sends every line of the input, and ends when all are acknowledged.

    ``verbose``: print a line for each message that is delivered.
    """

    def __init__(
        self,
        clock: IReactorTime,
        server: str,
        on_end: Callable[[int, str], None],
        write: Callable[[str], None],
        verbose: bool,
    ) -> None:
        super().__init__(clock, server, on_end)
        self.input: Input
        self._write = write
        self._verbose = verbose
        self._room = ""
        self._rest = b""
        self._texts: deque[str] = deque()
        self._paused = False
        self._at_end = False
        self._refused = 0
        self._refusal = ""

    # -- The input

    def data(self, data: bytes) -> None:
        """Take some of the input."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line)
        while len(self._rest) > PIECE_BYTES:
            end = _end_of_piece(self._rest[:PIECE_BYTES])
            self._take(self._rest[:end])
            self._rest = self._rest[end:]
        self._go_on()

    def end_of_input(self) -> None:
        """The input has ended."""
        if not self._at_end:
            self._at_end = True
            self._take(self._rest)
            self._rest = b""
            self._go_on()

    def _take(self, line: bytes) -> None:
        """Queue ``line`` as a message. A slash at its beginning is part of the text, and bytes that
        are not UTF-8 become visible."""
        text = safe_text(line.removesuffix(b"\r").decode("utf-8", "replace"))
        if not says_nothing(text):
            self._texts.append(text)

    def _go_on(self) -> None:
        """Send as much as may be unacknowledged, read on when there is room, and end when
        everything is done."""
        while self._room and self._texts and len(self.link.outbox) < UNACKNOWLEDGED:
            for part in split(commands.Say(self._texts.popleft(), self._room)):
                self.link.send(part)
        full = bool(self._texts)
        if full != self._paused and not self._at_end:
            self._paused = full
            self.input.pauseProducing() if full else self.input.resumeProducing()
        if self._at_end and self._room and not self._texts and not self.link.outbox and not self._over:
            self._finish()

    def _finish(self) -> None:
        self._over = True
        if self._refused:
            what = "1 message was" if self._refused == 1 else f"{self._refused} messages were"
            self._status, self._why = Status.NOT_DELIVERED, f"{what} not delivered: {self._refusal}"
        self.link.quit()

    # -- The link

    def on_received(self, news: Event | Answer, command: Command | None) -> None:
        """Part of `link.LinkListener`."""
        super().on_received(news, command)
        if isinstance(news, answers.Entered) and not self._room:
            self._room = news.room
        if isinstance(news, answers.Refused) and command is not None:
            self._refused += 1
            self._refusal = phrases.refusal(news)
        if isinstance(news, answers.Ack) and command is not None and self._verbose:
            self._write(f"{DELIVERED}: #{news.room} {news.seq}\n")
        if command is not None or isinstance(news, answers.Entered):
            self._go_on()

    def _unconfirmed(self) -> str:
        count = len(self.link.outbox) + len(self._texts)
        if not count:
            return ""
        return f" {count} message{' was' if count == 1 else 's were'} not confirmed."


class Printer(PipeClient):
    """Prints what others say, a line each, or with ``as_json`` every event, until it is
    interrupted."""

    def __init__(
        self,
        clock: IReactorTime,
        server: str,
        on_end: Callable[[int, str], None],
        write: Callable[[str], None],
        warn: Callable[[str], None],
        as_json: bool,
    ) -> None:
        super().__init__(clock, server, on_end)
        self._write = write
        self._warn = warn
        self._as_json = as_json

    def on_received(self, news: Event | Answer, command: Command | None) -> None:
        """Part of `link.LinkListener`."""
        super().on_received(news, command)
        if isinstance(news, answers.Missed):
            self._warn(_missing(news))
        if self._as_json and isinstance(news, (Event, answers.Missed)):
            self._write(encode_news(news).decode())
        elif not self._as_json and isinstance(news, events.Said):
            self._write(f"{plain_line(news)}\n")


def _missing(missed: answers.Missed) -> str:
    if not missed.first:
        return f"what was said in #{missed.room} in the meantime is unknown."
    return f"events {missed.first} to {missed.last} of #{missed.room} are missing; the server no longer has them."


def _end_of_piece(line: bytes) -> int:
    """Where ``line`` can be cut: after its last space, or before an incomplete character."""
    space = line.rfind(b" ") + 1
    if space > len(line) // 2:
        return space
    end = len(line)
    while end > len(line) - 4 and line[end - 1] & 0xC0 == 0x80:
        end -= 1
    return end - 1 if line[end - 1] >= 0xC0 else len(line)
