"""The link to the server: one connection after another, and nothing is lost or doubled between
them.

A command stays in the outbox until it is answered, and is sent again on the next connection under
the same id. Events are numbered: the next connection resumes after the last one received
(``docs/protocol.md``, "hello"), and an event that was received before is dropped.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime, IStreamClientEndpoint
from twisted.python.failure import Failure

from chatd.client.connection import Connection, ConnectionFactory, Untrusted, explain
from chatd.client.login import Login
from chatd.codecs import phrases
from chatd.codecs.json import encode_command
from chatd.core import answers, commands, events
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event
from chatd.core.limits import LINE_BYTES
from chatd.core.names import INBOX, fold
from chatd.tui.cursors import Cursors
from chatd.tui.link import CLOSINGS, NICK_REFUSALS, NOT_FINAL, LinkListener

ANSWER_SECONDS: Final = 15.0
"""How long the server may take to answer the hello, in seconds: a chatd does so at once."""

LOGIN_SECONDS: Final = 60.0
"""The same for a hello with a password or a session secret, in seconds: the server makes somebody
who has given a wrong one wait for up to 30 s."""

PING_SECONDS: Final = 30.0
"""After how much silence a ping is sent, in seconds: before most routers forget an idle
connection."""

LOST_SECONDS: Final = 60.0
"""After how much silence the link counts as lost, in seconds: two pings have not been answered."""

PAUSES: Final = (0.5, 30.0)
"""The first and the longest pause before the next try, in seconds; each is about twice as long as
the one before."""

QUIT_SECONDS: Final = 2.0
"""How long the server may take to say goodbye, in seconds."""


class ReconnectingLink:
    """A link that reconnects. It is `up` from the server's welcome until the connection breaks.

    ``hello`` has the nick, the rooms and the token of this run. Pauses between tries grow to
    ``longest_pause`` seconds; ``jitter`` returns numbers between 0 and 1, so that the clients of a
    restarted server do not all come back at the same moment. ``cursors`` are those of an earlier
    run. ``login`` is what the user logs in with.
    """

    def __init__(
        self,
        clock: IReactorTime,
        endpoint: IStreamClientEndpoint,
        hello: commands.Hello,
        listener: LinkListener,
        longest_pause: float = PAUSES[1],
        jitter: Callable[[], float] = random.random,
        cursors: Cursors | None = None,
        login: Login | None = None,
    ) -> None:
        self._clock = clock
        self._endpoint = endpoint
        self._hello = hello
        self._listener = listener
        self._longest_pause = longest_pause
        self._jitter = jitter
        self._entered: dict[str, None] = {}
        self._resumed: frozenset[str] = frozenset()
        self._log = ""
        self._unanswered: frozenset[str] = frozenset()
        self._connection: Connection | None = None
        self._attempt: Deferred[Any] | None = None
        self._timer: IDelayedCall | None = None
        self._pause = PAUSES[0]
        self._received_at = 0.0
        self._reason = ""
        self._ids = 0
        self._run_id = sha256(hello.token.encode()).hexdigest()[:8]
        self._needs_nick = False
        self._leaving = False
        self._paused = False
        self._ended = False
        self.login = login or Login()
        """What the next hello logs in with."""
        self.cursors = cursors or Cursors()
        """How far the log of each room has been received."""
        self.outbox: dict[str, Command] = {}
        """Commands that are not answered yet, by their ids, oldest first."""
        self.up = False
        """Whether there is a connection that the server has welcomed."""
        self._code: str | None = None
        """With which invitation the next hello registers the nick; None: it does not."""
        self.was_up = False
        """Whether the server has ever sent a welcome."""

    @property
    def nick(self) -> str:
        """Part of `tui.link.Link`."""
        return self._hello.nick

    @property
    def is_private(self) -> bool:
        """Part of `tui.link.Link`."""
        return self.login.is_private

    @property
    def log(self) -> str:
        """Part of `tui.link.Link`."""
        return self.cursors.log

    def last_received(self, room: str) -> int:
        """Part of `tui.link.Link`."""
        return self.cursors.cursor(room)

    # -- Called by the client

    def start(self) -> None:
        """Connect. The listener gets the outcome."""
        self._timer = None
        attempt: Deferred[Any] = self._endpoint.connect(ConnectionFactory(self))
        self._attempt = attempt
        attempt.addCallbacks(self._on_connected, self._on_not_connected)

    def send(self, command: Command) -> Command:
        """Send ``command`` now, or as soon as the link is up again; returns it with its new id."""
        if isinstance(command, (commands.Register, commands.Login)):
            command = replace(command, remember=self.login.remember)
        self._ids += 1
        command = replace(command, id=f"{self._run_id}-{self._ids}")  # Others see the ids; those of other runs must differ.
        self.outbox[command.id] = command
        if self.up:
            self._write(command)
        return command

    def hello_as(self, nick: str, password: str = "", server_password: str = "", code: str | None = None) -> None:
        """Part of `tui.link.Link`."""
        self._rename(nick)
        self._code = code
        self.login.take(password, server_password)
        self._needs_nick = False
        if self._connection is not None:
            self._say_hello()
        elif self._attempt is None:
            self._cancel_timer()
            self.start()

    def quit(self, text: str = "") -> None:
        """Say goodbye, after everything sent before, and end."""
        if self._leaving:
            return
        self._leaving = True
        if not self.up:
            self.stop()
            return
        self._write(commands.Quit(text))
        self._cancel_timer()
        self._timer = self._clock.callLater(QUIT_SECONDS, self.stop)

    def stop(self) -> None:
        """End at once."""
        self._leaving = True
        self._cancel_timer()
        if self._attempt is not None:
            self._attempt.cancel()
        elif self._connection is not None:
            self._abort("the client ended")
        else:
            self._end()

    def pause(self, paused: bool) -> None:
        """Stop reading from the server, or go on: the output is slower than the input."""
        self._paused = paused
        self._received_at = self._clock.seconds()
        if self._connection is not None:
            self._connection.pause(paused)

    # -- The connection

    def on_connected(self, connection: Connection) -> None:
        """There is a connection: say hello."""
        self._connection = connection
        if self._leaving:
            self._abort("the client ended")
            return
        self._received_at = self._clock.seconds()
        self._reason = ""
        connection.pause(self._paused)
        self._say_hello()

    def on_news(self, connection: Connection, news: Event | Answer | None) -> None:
        """The server has sent ``news``, or a type that this version does not know (None)."""
        if connection is not self._connection:
            return
        self._received_at = self._clock.seconds()
        if isinstance(news, Event):
            if self.cursors.accept(news.room, news.seq):
                self._on_event(news)
        elif isinstance(news, Answer):
            self._on_answer(news)

    def on_protocol_error(self, connection: Connection) -> None:
        """The other side does not speak the protocol."""
        if connection is self._connection:
            self._abort("this is not a chatd server, or it speaks another version of the protocol")

    def on_disconnected(self, connection: Connection, failure: Failure | None) -> None:
        """The connection has ended; try again, unless the client is leaving."""
        connection.closed = True
        if connection is self._connection:
            self._connection = None
            if failure is not None and failure.check(Untrusted) and not self._leaving:
                self.up = False
                self._cancel_timer()
                self._listener.on_untrusted(explain(failure))
            else:
                self._on_lost(self._reason or explain(failure))

    def _on_connected(self, _: object) -> None:
        self._attempt = None

    def _on_not_connected(self, failure: Failure) -> None:
        self._attempt = None
        self._on_lost(explain(failure))

    def _on_lost(self, why: str) -> None:
        self.up = False
        self._cancel_timer()
        if self._leaving:
            self._end()
        elif not self._needs_nick:  # Without a nick there is nothing to reconnect for.
            pause = self._pause * (0.75 + 0.5 * self._jitter())
            self._pause = min(2 * self._pause, self._longest_pause)
            self._timer = self._clock.callLater(pause, self.start)
            self._listener.on_link_lost(why, pause)

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._listener.on_link_ended()

    def _abort(self, why: str) -> None:
        """End this connection from our side, because of ``why``."""
        connection = self._connection
        if connection is not None and not connection.closed:
            self._reason = why
            connection.abort()

    def _cancel_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    # -- Silence

    def _on_no_answer(self) -> None:
        self._abort("no answer; is it a chatd server?")

    def _watch(self) -> None:
        """Send a ping after `PING_SECONDS` of silence, and end the connection after
        `LOST_SECONDS`."""
        if self._paused:
            self._received_at = self._clock.seconds()
        silent = self._clock.seconds() - self._received_at
        if silent >= LOST_SECONDS:
            self._abort(f"nothing was received for {LOST_SECONDS:.0f} s")
            return
        if silent >= PING_SECONDS:
            self._write(commands.Ping())
        due = (LOST_SECONDS if silent >= PING_SECONDS else PING_SECONDS) - silent
        self._timer = self._clock.callLater(max(due, 0.001), self._watch)  # Rounding may leave no time at all.

    # -- Sending

    def _write(self, command: Command) -> None:
        if self._connection is not None:
            self._connection.write(encode_command(command))

    def _say_hello(self) -> None:
        resume, log = self.cursors.all, self.cursors.log
        if self.was_up:
            self._hello = replace(self._hello, rooms=tuple(self._entered))
        self._resumed = frozenset(resume)
        hello = replace(self.login.added_to(self._hello), resume=resume, log=log if resume else "", id="hello")
        if self._code is not None:
            hello = replace(hello, register=True, code=self._code)
        if len(encode_command(hello)) > LINE_BYTES:  # The server enters the resumed rooms anyway.
            hello = replace(hello, rooms=tuple(room for room in hello.rooms if room not in resume))
        self._cancel_timer()
        logs_in = hello.password or hello.secret or hello.server_password or hello.code
        self._timer = self._clock.callLater(LOGIN_SECONDS if logs_in else ANSWER_SECONDS, self._on_no_answer)
        self._write(hello)

    def _rename(self, nick: str) -> None:
        if fold(nick) != fold(self._hello.nick):
            self.login.forget_account()
        self._hello = replace(self._hello, nick=nick)

    # -- Receiving

    def _on_event(self, event: Event) -> None:
        """A message of the user also comes back as `said`. If that comes before the `ack`, or
        instead of it after a broken link, it counts as the ack."""
        if isinstance(event, events.Said) and event.id in self.outbox and fold(event.nick) == fold(self._hello.nick):
            self._on_answer(answers.Ack(event.room, event.seq, event.time, id=event.id))
        else:
            self._listener.on_received(event, None)

    def _on_answer(self, answer: Answer) -> None:
        match answer:
            case answers.Pong() | answers.Greeting():
                return
            case answers.Refused(id="hello") if not self.up:
                self._on_hello_refused(answer)
                return
            case answers.Welcome():
                self._on_welcome(answer)
            case answers.Entered():
                self._entered[answer.room] = None
                self._on_room_answered(answer.room)
                if answer.room not in self._resumed:
                    self.cursors.advance(answer.room, answer.seq)
            case answers.Exited():
                self._entered.pop(answer.room, None)
                self.cursors.forget(answer.room)
                self._resumed -= {answer.room}
                self._on_room_answered(answer.room)
            case answers.Missed():
                self._on_missed(answer)
            case answers.InboxIs():
                self.cursors.forget(INBOX)
                self.cursors.advance(INBOX, answer.after)
                self._on_room_answered(INBOX)
            case answers.Ack():
                self.cursors.add_own(answer.room, answer.seq)
            case answers.Done(seq=seq) if seq:
                self.cursors.add_own(INBOX, seq)
            case answers.Done(command="nick" | "login"):
                self._rename(answer.subject)
            case answers.Closing() if isinstance(self.outbox.get(answer.id), commands.Logout):
                self.login.log_out()
                self._leaving = True
            case answers.Closing():
                self._reason = CLOSINGS.get(answer.reason, "the server closed the connection")
        command = None if isinstance(answer, NOT_FINAL) else self.outbox.pop(answer.id, None)
        if command is not None and not isinstance(answer, answers.Refused):
            self.login.on_done(command, answer)
        self._listener.on_received(answer, command)

    def _on_welcome(self, welcome: answers.Welcome) -> None:
        self.up = self.was_up = True
        self._code = None
        self._pause = PAUSES[0]
        self._hello = replace(self._hello, nick=welcome.nick)
        self.login.on_welcome(welcome)
        self._log, self._unanswered = welcome.log, self._resumed
        self._on_room_answered("")
        self._cancel_timer()
        self._watch()
        for command in self.outbox.values():
            self._write(command)

    def _on_room_answered(self, room: str) -> None:
        """The server has told of ``room`` whether it goes on from the cursor. When it has of each,
        all cursors are numbers of this run of the server; if the link breaks before, the next hello
        names the run before, which is safe: then more is told as missed."""
        self._unanswered -= {room}
        if not self._unanswered:
            self.cursors.log = self._log

    def _on_hello_refused(self, refusal: answers.Refused) -> None:
        self._cancel_timer()
        if self.login.is_tried_again(refusal):
            self._say_hello()
            return
        self._needs_nick = for_nick = refusal.code in NICK_REFUSALS
        self._listener.on_hello_refused(refusal, for_nick)
        if not for_nick:
            self._abort(phrases.refusal(refusal).rstrip("."))

    def _on_missed(self, missed: answers.Missed) -> None:
        if missed.first:
            self.cursors.advance(missed.room, missed.last)
        else:
            self.cursors.forget(missed.room)
            self._resumed -= {missed.room}
            self._on_room_answered(missed.room)
