"""The link of a screen that runs in the server itself.

For the rest of the server it is a caller like any other, a program that speaks JSON: the same
limits, flood control and outlet. Only that its bytes go through no socket.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol

from twisted.internet.interfaces import IReactorTime

from chatd.codecs import phrases
from chatd.codecs.json import decode_news, encode_command
from chatd.core import answers, commands
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event, Reason
from chatd.core.limits import LINE_BYTES, SCREEN_BYTES, SCREEN_COMMANDS, SCREEN_NEWS
from chatd.core.names import INBOX
from chatd.doors.caller import TOO_LONG, Caller
from chatd.doors.server import Server
from chatd.tui.cursors import Cursors
from chatd.tui.link import CLOSINGS, NICK_REFUSALS, NOT_FINAL, LinkListener

SHARED_BYTES = 1024
"""The longest line that is decoded once for all screens, in bytes: nearly every event."""


class LinkWire(Protocol):
    """What a link asks of the way to the terminal."""

    @property
    def transport(self) -> Any:
        """The transport below, whose socket shows whether the other side reads."""

    @property
    def is_ready(self) -> bool:
        """Whether what is written will be sent at once."""

    def take_more(self) -> None:
        """The server takes commands again."""


class ScreenLink:
    """A `tui.link.Link`, whose connection exists from the beginning. It is the transport of its
    caller (`writers.Writable`), and its input.

    ``clock`` runs what it has to do. News wait until ``wire`` is ready to show them. ``on_gone`` is
    called once, when the connection has ended.
    """

    paused = False
    was_up = False

    def __init__(
        self,
        server: Server,
        clock: IReactorTime,
        address: str,
        began: float,
        door: str,
        is_secure: bool,
        wire: LinkWire,
        on_gone: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._wire = wire
        self._on_gone = on_gone
        self._listener: LinkListener | None = None
        self._lines: deque[bytes] = deque()
        """What the server has sent, and the screen has not taken in."""
        self._size = 0
        self._is_full = False
        self._producer: Any = None
        self._is_reading = False
        self._is_closing = False
        self._is_leaving = False
        self._is_gone = False
        self._commands: deque[bytes] = deque()
        """What the user has sent, and the server has not taken."""
        self._ids = 0
        self._hello = commands.Hello("")
        self._cursors = Cursors()
        self._unanswered: dict[str, Command] = {}
        self.on_login: Callable[[], object] = _nothing
        """Called when the user has logged in, perhaps as a guest."""
        self.why = ""
        """Why the server closes the connection, as a sentence, if it does so unasked."""
        self.up = False
        self.is_private = is_secure
        self.caller = Caller(server, self, self, address, began, server.json, is_secure)
        self.caller.session.door = door

    # -- The screen

    def start(self, listener: LinkListener) -> None:
        """Tell ``listener`` from now on what the server sends."""
        self._listener = listener
        self._read_soon()

    @property
    def nick(self) -> str:
        """Part of `tui.link.Link`."""
        return self._hello.nick

    @property
    def log(self) -> str:
        """Part of `tui.link.Link`."""
        return self._cursors.log

    @property
    def is_congested(self) -> bool:
        """Whether so many commands wait that the user should type no more."""
        return len(self._commands) >= SCREEN_COMMANDS

    @property
    def unanswered(self) -> int:
        """How many commands the server has not answered."""
        return len(self._unanswered)

    def last_received(self, room: str) -> int:
        """Part of `tui.link.Link`."""
        return self._cursors.cursor(room)

    def send(self, command: Command) -> Command:
        """Part of `tui.link.Link`."""
        self._ids += 1
        command = replace(command, id=str(self._ids))
        self._unanswered[command.id] = command
        self._write(command)
        return command

    def hello_as(self, nick: str, password: str = "", server_password: str = "", code: str | None = None) -> None:
        """Part of `tui.link.Link`."""
        hello = commands.Hello(nick, password=password, server_password=server_password, id="hello")
        self._hello = hello if code is None else replace(hello, register=True, code=code)
        self._write(self._hello)

    def quit(self, text: str = "") -> None:
        """Part of `tui.link.Link`."""
        self._is_leaving = True
        self._write(commands.Quit(text))

    def stop(self) -> None:
        """Part of `tui.link.Link`."""
        self.abortConnection()

    def later(self, call: Callable[[], object]) -> None:
        """Do ``call`` when it is the turn of this session."""
        if not self._is_gone:
            self._clock.callLater(0, call)

    def ready(self) -> None:
        """News can be shown again."""
        self._read_soon()

    def lost(self) -> None:
        """The user is gone."""
        if not self._is_gone:
            self._on_gone = _nothing
            self._finish()
        self.caller.on_connection_lost()
        del self._wire  # No cycle is left.

    # -- Commands to the server (caller.Input)

    def _write(self, command: Command) -> None:
        if self._is_gone:
            return
        self._commands.append(encode_command(command).removesuffix(b"\n"))
        if len(self._commands) == 1:
            self._clock.callLater(0, self._take_commands)

    def _take_commands(self) -> None:
        caller = self.caller
        while self._commands and not self.paused and caller.ended is None and caller.may_take_line():
            line = self._commands.popleft()
            if len(line) > LINE_BYTES:
                caller.refuse(TOO_LONG)
            else:
                caller.take_line(line)
        if caller.ended is not None:
            self._commands.clear()
        if not (self.is_congested or self._is_gone):
            self._wire.take_more()

    def pauseProducing(self) -> None:
        """Take no commands for now."""
        self.paused = True

    def resumeProducing(self) -> None:
        """Take commands again."""
        if self.paused:
            self.paused = False
            if not self._is_gone:
                self._clock.callLater(0, self._take_commands)

    # -- What the server sends (writers.Writable)

    @property
    def transport(self) -> Any:
        """The transport below."""
        return self._wire.transport

    def write(self, data: bytes) -> None:
        """Hold the lines in ``data`` until the screen can show them."""
        if self._is_gone:
            return
        self._lines.extend(data.split(b"\n")[:-1])
        self._size += len(data)
        self._read_soon()
        if self._size >= SCREEN_BYTES and not self._is_full:
            self._is_full = True
            if self._producer is not None:
                self._producer.pauseProducing()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Pause ``producer`` while much waits."""
        self._producer = producer

    def unregisterProducer(self) -> None:
        """Ask for nothing more."""
        self._producer = None

    def loseConnection(self) -> None:
        """End when the screen has taken in everything."""
        self._is_closing = True
        if self._listener is None:
            self._read_why()
            self._finish()
        self._read_soon()

    def abortConnection(self) -> None:
        """End now."""
        self._finish()
        self.caller.on_connection_lost()

    def _read_why(self) -> None:
        """There is no screen yet: see why the server ends the connection."""
        for news in map(_decode, self._lines):
            if isinstance(news, answers.Refused):
                self.why = self.why or phrases.refusal(news)
            elif isinstance(news, answers.Closing):
                self.why = self.why or _closing(news)

    def _read_soon(self) -> None:
        if not (self._is_reading or self._is_gone) and self._listener is not None:
            self._is_reading = True
            self._clock.callLater(0, self._read)

    def _read(self) -> None:
        """Take in some of what waits, if it can be shown."""
        self._is_reading = False
        if self._is_gone:
            return
        for _ in range(SCREEN_NEWS):
            if not (self._lines and self._wire.is_ready):
                break
            line = self._lines.popleft()
            self._size -= len(line) + 1
            self._take_in(_decode(line))
            if self._is_gone:
                return
        if not self._lines and self._is_closing:
            return self._finish()
        if self._lines and self._wire.is_ready:
            self._read_soon()
        if self._is_full and self._size < SCREEN_BYTES // 2:
            self._is_full = False
            if self._producer is not None:
                self._producer.resumeProducing()

    def _take_in(self, news: Event | Answer | None) -> None:
        assert self._listener is not None
        if isinstance(news, Event):
            if self._cursors.accept(news.room, news.seq):
                self._listener.on_received(news, None)
        elif isinstance(news, answers.Refused) and not self.up and news.id in ("hello", ""):
            self._on_hello_refused(self._listener, news)
        elif isinstance(news, Answer) and not isinstance(news, answers.Pong):
            self._on_answer(news)
            command = None if isinstance(news, NOT_FINAL) else self._unanswered.pop(news.id, None)
            self._listener.on_received(news, command)
            if isinstance(news, answers.Welcome) or (isinstance(news, answers.Done) and news.command in ("login", "register")):
                self.on_login()

    def _on_answer(self, answer: Answer) -> None:
        match answer:
            case answers.Welcome():
                self.up = self.was_up = True
                self._hello = replace(self._hello, nick=answer.nick, password="", server_password="")
                self._cursors.log = answer.log
            case answers.Entered():
                self._cursors.advance(answer.room, answer.seq)
            case answers.Exited():
                self._cursors.forget(answer.room)
            case answers.Missed():
                self._cursors.advance(answer.room, answer.last)
            case answers.InboxIs():
                self._cursors.forget(INBOX)
                self._cursors.advance(INBOX, answer.after)
            case answers.Ack():
                self._cursors.add_own(answer.room, answer.seq)
            case answers.Done(seq=seq) if seq:
                self._cursors.add_own(INBOX, seq)
            case answers.Done(command="nick" | "login"):
                self._hello = replace(self._hello, nick=answer.subject)
            case answers.Closing():
                self._is_leaving = answer.reason is Reason.QUIT
                self.why = "" if self._is_leaving else _closing(answer)

    def _on_hello_refused(self, listener: LinkListener, refusal: answers.Refused) -> None:
        for_nick = refusal.code in NICK_REFUSALS
        listener.on_hello_refused(refusal, for_nick)
        if not for_nick and not self._is_gone:
            self.why = phrases.refusal(refusal)
            self._is_closing = True

    def _finish(self) -> None:
        """The connection has ended. The server waits for its caller until the user is gone, so that
        one that shuts down still sends what the wire holds: the reason, and the exit status."""
        if self._is_gone:
            return
        self._is_gone = True
        self.up = False
        if not self._is_leaving:
            self.why = self.why or "The server has ended the connection."
        self._commands.clear()
        self._lines.clear()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.on_link_ended()
        on_gone = self._on_gone
        self._producer = None
        self.on_login = _nothing
        del self._on_gone, self._clock  # No cycle is left.
        on_gone()


def _closing(answer: answers.Closing) -> str:
    """Why the server closes the connection, as a sentence."""
    words = CLOSINGS.get(answer.reason, "")
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _nothing() -> None:
    """Nobody asks to be told."""


def _decode(line: bytes) -> Event | Answer | None:
    return _decode_shared(line) if len(line) <= SHARED_BYTES else decode_news(line)


_decode_shared = lru_cache(maxsize=256)(decode_news)
"""All readers of a room are sent the same lines, so each is decoded once."""
