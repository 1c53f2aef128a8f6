"""The link to the server: one connection after the other, and nothing lost or doubled between them.

What is sent stays in the outbox until it is answered, and is sent again, under the same id, on the
next connection. What is heard is numbered: the next connection asks for what came after it
(``docs/protocol.md``, "hello"), and an event that was heard before is dropped.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime, IStreamClientEndpoint
from twisted.python.failure import Failure

from chatd.client.seen import Seen
from chatd.client.wire import Untrusted, Wire, WireFactory, explain
from chatd.codecs.json import encode_command
from chatd.core import commands, events
from chatd.core.commands import Command
from chatd.core.events import Answer, Event, Reason
from chatd.core.limits import LINE_BYTES
from chatd.core.names import fold

ANSWER_SECONDS: Final = 15.0
"""How long the server may take for its first word, in seconds: a chatd answers a hello at once."""

PING_SECONDS: Final = 30.0
"""After how much silence a sign of life is asked for, in seconds: before most routers forget an
idle connection."""

LOST_SECONDS: Final = 60.0
"""After how much silence the link counts as lost, in seconds: two signs of life are missing."""

PAUSES: Final = (0.5, 30.0)
"""The first and the longest pause before the next try, in seconds; each is about twice the one
before."""

QUIT_SECONDS: Final = 2.0
"""How long the server may take to say goodbye, in seconds."""

CLOSINGS: Final = {
    Reason.QUIT: "the server said goodbye",
    Reason.TIMED_OUT: "the server heard nothing for too long",
    Reason.NOT_READING: "the server thinks that nobody reads here",
    Reason.REPLACED: "the seat was taken over by another connection",
    Reason.SHUTDOWN: "the server stops",
}

NICK_REFUSALS: Final = frozenset({"bad-nick", "nick-taken", "nick-reserved"})
"""The codes of refusals that another nick may cure."""

NOT_FINAL: Final = (events.AwayNotice, events.Slowed, events.Missed, events.Private)
"""Answers that may bear the id of a command without ending it."""


class Listener(Protocol):
    """Who is told what comes over the link."""

    def heard(self, news: Event | Answer, about: Command | None) -> None:
        """``news`` has come, once; ``about`` is the command that it answers, if any."""

    def refused(self, refusal: events.Refused, for_nick: bool) -> None:
        """The hello was refused. ``for_nick``: `ReconnectingLink.hello_as` can try another nick;
        else the link is lost."""

    def link_lost(self, why: str, pause: float) -> None:
        """There is no connection, for the reason ``why``; the next try is in ``pause`` seconds."""

    def untrusted(self, why: str) -> None:
        """The server is not to be trusted, for the reason ``why``; there is no connection, and no
        other try."""

    def link_ended(self) -> None:
        """The link was told to `quit` or to `stop`, and has; nothing more will come."""


class ReconnectingLink:
    """A link that lasts: it is `up` from the server's welcome until the connection breaks, and then
    again.

    ``hello`` names the nick, the rooms and the token of this run. Pauses between tries grow to
    ``longest_pause`` seconds; ``jitter`` gives numbers between 0 and 1, so that not all clients of
    a restarted server come back at the same moment. ``seen`` is what was seen in a run before this
    one.
    """

    def __init__(
        self,
        clock: IReactorTime,
        endpoint: IStreamClientEndpoint,
        hello: commands.Hello,
        listener: Listener,
        longest_pause: float = PAUSES[1],
        jitter: Callable[[], float] = random.random,
        seen: Seen | None = None,
    ) -> None:
        self._clock = clock
        self._endpoint = endpoint
        self._hello = hello
        self._listener = listener
        self._longest_pause = longest_pause
        self._jitter = jitter
        self._entered: dict[str, None] = {}
        self._resumed: frozenset[str] = frozenset()
        self._wire: Wire | None = None
        self._attempt: Deferred[Any] | None = None
        self._timer: IDelayedCall | None = None
        self._pause = PAUSES[0]
        self._heard_at = 0.0
        self._why = ""
        self._ids = 0
        self._run = sha256(hello.token.encode()).hexdigest()[:8]
        self._nameless = False
        self._leaving = False
        self._paused = False
        self._ended = False
        self.seen = seen or Seen()
        """What has come of the rooms' logs."""
        self.outbox: dict[str, Command] = {}
        """Commands that are not answered yet, by their ids, in the order in which they were
        given."""
        self.up = False
        """Whether the server has welcomed the connection that there is."""
        self.was_up = False
        """Whether there has ever been a welcome."""

    # -- What the client wants

    def start(self) -> None:
        """Connect. Whatever comes of it, the listener is told."""
        self._timer = None
        attempt: Deferred[Any] = self._endpoint.connect(WireFactory(self))
        self._attempt = attempt
        attempt.addCallbacks(self._connected, self._not_connected)

    def send(self, command: Command) -> Command:
        """Send ``command`` now, or as soon as the link is up again; gives it back with the id that
        it has got."""
        self._ids += 1
        command = replace(command, id=f"{self._run}-{self._ids}")  # Others see it, and ids of other runs must differ.
        self.outbox[command.id] = command
        if self.up:
            self._write(command)
        return command

    def hello_as(self, nick: str) -> None:
        """Ask for ``nick`` after the hello was refused."""
        self._hello = replace(self._hello, nick=nick)
        self._nameless = False
        if self._wire is not None:
            self._cancel_timer()
            self._timer = self._clock.callLater(ANSWER_SECONDS, self._no_answer)
            self._say_hello()
        elif self._attempt is None:
            self._cancel_timer()
            self.start()

    def quit(self, text: str = "") -> None:
        """Say goodbye, after all that was sent before, and end."""
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
        elif self._wire is not None:
            self._drop("the client ended")
        else:
            self._end()

    def pause(self, paused: bool) -> None:
        """Read nothing more from the server, or again: what is heard cannot be shown as fast as it
        comes."""
        self._paused = paused
        self._heard_at = self._clock.seconds()
        if self._wire is not None:
            self._wire.pause(paused)

    # -- The connection

    def wire_made(self, wire: Wire) -> None:
        """A connection stands: say hello on it."""
        self._wire = wire
        if self._leaving:
            self._drop("the client ended")
            return
        self._heard_at = self._clock.seconds()
        self._why = ""
        self._timer = self._clock.callLater(ANSWER_SECONDS, self._no_answer)
        wire.pause(self._paused)
        self._say_hello()

    def wire_heard(self, wire: Wire, news: Event | Answer | None) -> None:
        """The server has sent ``news``, or something that this version does not know (None)."""
        if wire is not self._wire:
            return
        self._heard_at = self._clock.seconds()
        if isinstance(news, Event):
            if self.seen.is_new(news.room, news.seq):
                self._happened(news)
        elif isinstance(news, Answer):
            self._answered(news)

    def wire_spoke_nonsense(self, wire: Wire) -> None:
        """The other side does not speak the protocol."""
        if wire is self._wire:
            self._drop("the other side is no chatd, or not one of this protocol")

    def wire_lost(self, wire: Wire, failure: Failure | None) -> None:
        """The connection is gone; try again, unless this was the end."""
        wire.over = True
        if wire is self._wire:
            self._wire = None
            if failure is not None and failure.check(Untrusted) and not self._leaving:
                self.up = False
                self._cancel_timer()
                self._listener.untrusted(explain(failure))
            else:
                self._lost(self._why or explain(failure))

    def _connected(self, _: object) -> None:
        self._attempt = None

    def _not_connected(self, failure: Failure) -> None:
        self._attempt = None
        self._lost(explain(failure))

    def _lost(self, why: str) -> None:
        self.up = False
        self._cancel_timer()
        if self._leaving:
            self._end()
        elif not self._nameless:  # Without a nick there is nothing to come back for.
            pause = self._pause * (0.75 + 0.5 * self._jitter())
            self._pause = min(2 * self._pause, self._longest_pause)
            self._timer = self._clock.callLater(pause, self.start)
            self._listener.link_lost(why, pause)

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._listener.link_ended()

    def _drop(self, why: str) -> None:
        """End this connection from our side."""
        wire = self._wire
        if wire is not None and not wire.over:
            self._why = why
            wire.abort()

    def _cancel_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    # -- Silence

    def _no_answer(self) -> None:
        self._drop("no answer; is it a chatd?")

    def _watch(self) -> None:
        """Ask for a sign of life after `PING_SECONDS` of silence, and give the connection up after
        `LOST_SECONDS`."""
        if self._paused:
            self._heard_at = self._clock.seconds()
        silent = self._clock.seconds() - self._heard_at
        if silent >= LOST_SECONDS:
            self._drop(f"nothing was heard for {LOST_SECONDS:.0f} s")
            return
        if silent >= PING_SECONDS:
            self._write(commands.Ping())
        due = (LOST_SECONDS if silent >= PING_SECONDS else PING_SECONDS) - silent
        self._timer = self._clock.callLater(max(due, 0.001), self._watch)  # What rounding leaves may be no time at all.

    # -- What is said

    def _write(self, command: Command) -> None:
        if self._wire is not None:
            self._wire.write(encode_command(command))

    def _say_hello(self) -> None:
        resume, log = self.seen.places, self.seen.log
        if self.was_up:
            self._hello = replace(self._hello, rooms=tuple(self._entered))
        self._resumed = frozenset(resume)
        hello = replace(self._hello, resume=resume, log=log if resume else "", id="hello")
        if len(encode_command(hello)) > LINE_BYTES:  # The rooms that are resumed are entered anyway.
            hello = replace(hello, rooms=tuple(room for room in hello.rooms if room not in resume))
        self._write(hello)

    # -- What is heard

    def _happened(self, event: Event) -> None:
        """An own message comes back as `said` too. Before its `ack`, or after a break instead of
        it, it stands for that."""
        if isinstance(event, events.Said) and event.id in self.outbox and fold(event.nick) == fold(self._hello.nick):
            self._answered(events.Ack(event.room, event.seq, event.time, id=event.id))
        else:
            self._listener.heard(event, None)

    def _answered(self, answer: Answer) -> None:
        match answer:
            case events.Pong() | events.Greeting():
                return
            case events.Refused(id="hello") if not self.up:
                self._hello_refused(answer)
                return
            case events.Welcome():
                self._welcomed(answer)
            case events.Entered():
                self._entered[answer.room] = None
                if answer.room not in self._resumed:
                    self.seen.start(answer.room, answer.seq)
            case events.Exited():
                self._entered.pop(answer.room, None)
                self.seen.forget(answer.room)
                self._resumed -= {answer.room}
            case events.Missed():
                self._missed(answer)
            case events.Ack():
                self.seen.own(answer.room, answer.seq)
            case events.Done(command="nick"):
                self._hello = replace(self._hello, nick=answer.subject)
            case events.Closing():
                self._why = CLOSINGS.get(answer.reason, "the server ended it")
        about = None if isinstance(answer, NOT_FINAL) else self.outbox.pop(answer.id, None)
        self._listener.heard(answer, about)

    def _welcomed(self, welcome: events.Welcome) -> None:
        self.up = self.was_up = True
        self._pause = PAUSES[0]
        self._hello = replace(self._hello, nick=welcome.nick)
        if welcome.log != self.seen.log:
            self.seen.begin(welcome.log)
            self._resumed = frozenset()
        self._cancel_timer()
        self._watch()
        for command in self.outbox.values():
            self._write(command)

    def _hello_refused(self, refusal: events.Refused) -> None:
        self._nameless = refusal.code in NICK_REFUSALS
        self._cancel_timer()
        self._listener.refused(refusal, self._nameless)
        if not self._nameless:
            self._drop(f"{refusal.reason} {refusal.hint}".rstrip(" ."))

    def _missed(self, missed: events.Missed) -> None:
        if missed.first:
            self.seen.start(missed.room, missed.last)
        else:
            self.seen.forget(missed.room)
            self._resumed -= {missed.room}
