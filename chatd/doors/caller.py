"""A caller: one connection from its first line to its last, the same on every door.

A door turns a transport into lines and gives them to its caller. Limits, flood control, refusals
and the end of the connection are here.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Final, Protocol

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.codecs.base import Codec
from chatd.core import answers
from chatd.core.commands import Me, Msg, Say
from chatd.core.errors import Refusal, ServerFull, TooLong
from chatd.core.events import Reason
from chatd.core.flood import Bucket
from chatd.core.limits import (
    ANSWER_BYTES,
    CLOSE_SECONDS,
    LAST_LINES_SECONDS,
    LINE_BYTES,
    LOGIN_SECONDS,
    SERIES_LINES,
    TEXT_BYTES_A_LINE,
    TURN_LINES,
)
from chatd.core.perform import perform, refuse, room_for_series, say_series
from chatd.core.presence import depart, end
from chatd.core.session import Session
from chatd.delivery.outlet import Outlet
from chatd.delivery.writers import Writable
from chatd.doors.server import Server
from chatd.doors.turns import Turn

log = Logger()

TOO_LONG: Final = TooLong("The line is too long.", f"A line has at most {LINE_BYTES} bytes; send several.")


class Input(Protocol):
    """The reading side of a door. Its caller pauses it while it can take no more lines
    (backpressure)."""

    paused: bool

    def pauseProducing(self) -> None:
        """Stop reading for now."""

    def resumeProducing(self) -> None:
        """Read again, beginning with what is buffered."""


class Caller:
    """One connection, on whichever door; it owns the session and its outlet."""

    __slots__ = (
        "_bucket",
        "_budget",
        "_deadline",
        "_finish",
        "_flood_wait",
        "_input",
        "_is_lost",
        "_nick",
        "_server",
        "_slowed",
        "_spent",
        "_transport",
        "ended",
        "has_flood_limit",
        "outlet",
        "session",
        "talk",
    )

    def __init__(
        self,
        server: Server,
        transport: Writable,
        input: Input,
        address: str,
        began: float,
        codec: Codec,
        is_secure: bool,
    ) -> None:
        """``began`` is when the connection was made, in seconds of the server's clock, and
        ``is_secure`` whether nobody can read on the way what is sent. Where the server is full, the
        caller is told so in ``codec`` and disconnected."""
        registry, settings = server.registry, server.registry.settings
        self._server = server
        self._transport = transport
        self._input = input
        self.talk = codec.talk()
        self.ended: Reason | None = None
        """Why the connection ends, once it does; no line is taken from then on."""
        self.outlet = Outlet(transport, self.talk, server.fanout, self)
        self.session = self.outlet.session = Session(self.outlet, address, codec.name, registry.now())
        self._is_lost = False
        self._finish: Callable[[], object] | None = None
        """Where the connection no longer exists and the last lines are taken: ends the caller."""
        self.session.is_secure = is_secure
        self._nick = ""
        now = server.clock.seconds()
        self._bucket = Bucket(settings.flood_rate, settings.flood_burst, now) if settings.flood_rate else None
        self._budget = server.budgets.of(address, now)
        self.has_flood_limit: Final = self._bucket is not None or self._budget is not None
        """Whether there is a flood limit at all."""
        self._spent = 0.0
        """What was done since others were served, in lines."""
        self._slowed = False
        """Whether the person has been told that their lines wait."""
        self._flood_wait: IDelayedCall | Turn | None = None
        """What ends the pause: in the next turn, when the bucket allows a line, or when it is this
        connection's turn among those of its address."""
        remaining = max(0.0, began + LOGIN_SECONDS - server.clock.seconds())
        self._deadline: IDelayedCall | None = server.clock.callLater(remaining, self._on_login_timeout)
        server.on_connected(self.session)
        server.half_open.add(self)
        try:
            registry.admission.admit(self.session)
        except ServerFull as full:
            self.turn_away(full)

    def use_codec(self, codec: Codec) -> None:
        """Speak ``codec`` from now on; only as long as there is no nick."""
        self.talk = codec.talk()
        self.session.door = codec.name
        self.outlet.use_talk(self.talk)

    # -- Lines

    def may_take_line(self, lines: float = 1.0) -> bool:
        """Whether flood control admits work that costs so many lines now, which is paid then; if
        not, the input is paused until it does.

        What is sent waits in the door's one buffer, then in the kernel's and at the sender: nothing
        is dropped, and no buffer grows.
        """
        if not self.may_go_on():
            return False
        self.pay(lines)
        return True

    def may_go_on(self) -> bool:
        """Whether everything that was done so far is paid for; if not, the input is paused until it
        is."""
        if self._spent >= TURN_LINES:
            self._pause(0.0)  # Others are served first.
            return False
        wait = self._bucket.wait(self._server.clock.seconds()) if self._bucket is not None else 0.0
        if wait:
            self._slow_down()
            self._pause(wait)
            return False
        if self._flood_wait is None:
            self._flood_wait = self._server.turns.wait(self._budget, self._on_flood_wait_over)
            if self._flood_wait is None:
                return True
        self._input.pauseProducing()
        return False

    def pay(self, lines: float) -> None:
        """Charge the connection and its address for what its caller has asked for, which costs so
        many lines."""
        if self._bucket is not None:
            self._slowed = self._slowed and not self._bucket.is_half_full
            self._bucket.spend(lines)
        self.spend(lines)

    def spend(self, lines: float) -> None:
        """Charge the address for work that costs so many lines."""
        self._spent += lines
        if self._budget is not None:
            self._budget.spend(lines)

    def _slow_down(self) -> None:
        """Tell the person, once, that their own lines wait."""
        if not self._slowed and self._bucket is not None:
            self._slowed = True
            self.outlet.tell(answers.Slowed(self._bucket.rate))

    def _pause(self, seconds: float) -> None:
        if self._flood_wait is None:
            self._flood_wait = self._server.clock.callLater(seconds, self._on_flood_wait_over)
        self._input.pauseProducing()

    def _on_flood_wait_over(self) -> None:
        self._flood_wait = None
        self._spent = 0.0
        self.drained()

    def take_line(self, line: bytes) -> None:
        """Do what ``line`` asks. A refusal is answered; any other exception is a defect of ours,
        and ends this connection only."""
        session, registry = self.session, self._server.registry
        if len(line) >= TEXT_BYTES_A_LINE:
            self.spend(len(line) // TEXT_BYTES_A_LINE)
        try:
            command = self.talk.decode(line, session.person is not None)
            if command is not None:
                perform(registry, session, command)
        except Refusal as refusal:
            self.refuse(refusal)
        except Exception as error:
            self.fail(error)
        if not self._nick and session.person is not None:
            self._on_login()
        if self.outlet.congested:
            if self.ended is None:
                self._input.pauseProducing()
        elif self.talk.next_command is not None:
            self._take_further()

    def take_series(self, data: bytes, start: int) -> int:
        """Take the messages in ``data`` from ``start`` on together, if there are several in a row
        with nothing between them: as many as would be taken now line by line.

        Returns where they end; ``start``: none is taken, and the next line is to be taken alone.
        """
        read_series, session, registry = self.talk.read_series, self.session, self._server.registry
        room = None if read_series is None else room_for_series(registry, session)
        if read_series is None or room is None:
            return start
        most = min(self._lines_at_once(), ceil(self.outlet.free / ANSWER_BYTES))
        if most < 2:
            return start
        texts, end = read_series(data, start, most)
        if texts:
            if self.has_flood_limit:
                self.pay(len(texts))
            say_series(registry, session, room, texts)
            if self.outlet.congested and self.ended is None:
                self._input.pauseProducing()
        return end

    def _lines_at_once(self) -> int:
        """How many lines flood control admits now."""
        if not self.has_flood_limit:
            return SERIES_LINES
        if self._flood_wait is not None:
            return 0
        lines = ceil(TURN_LINES - self._spent)
        if self._bucket is not None:
            lines = min(lines, self._bucket.lines(self._server.clock.seconds()))
        if self._budget is not None:
            lines = min(lines, self._budget.lines(self._server.turns.began()))
        return lines

    def _take_further(self) -> None:
        """Do what earlier lines or answers ask further, one thing after the other."""
        next_command = self.talk.next_command
        while self.ended is None and not self.outlet.congested:
            try:
                if next_command is None or (command := next_command()) is None:
                    return
                (self.pay if isinstance(command, (Say, Me, Msg)) else self.spend)(1.0)
                perform(self._server.registry, self.session, command)
            except Exception as error:
                self.fail(error)
        if self.ended is None:
            self._input.pauseProducing()

    def refuse(self, refusal: Refusal) -> None:
        """Tell the person why not."""
        refuse(self.session, refusal)

    def turn_away(self, refusal: Refusal) -> None:
        """Tell a caller without a nick why not, and end the connection."""
        if self.ended is None:
            self.refuse(refusal)
            self.outlet.close(Reason.QUIT)

    def _on_login(self) -> None:
        if self._finish is None:
            self._set_deadline(None)
        self._server.half_open.discard(self)
        self._nick = self.session.nick
        self._server.on_login(self.session)

    # -- The end

    def on_input_ended(self) -> None:
        """The other side sends nothing more; what is queued for it is still sent."""
        if self.ended is None:
            end(self._server.registry, self.session, Reason.QUIT)

    def outlives_connection(self, finish: Callable[[], object]) -> bool:
        """The connection no longer exists, but lines wait that were received before. Whether they
        are still taken, for ``LAST_LINES_SECONDS`` at most.

        The input is resumed for them as before. It ends the caller when there is none left;
        ``finish`` does the same, and is called if there are to be no more.
        """
        if self.ended is not None:
            return False
        self._finish = finish
        self.outlet.lost()
        self._set_deadline(self._server.clock.callLater(LAST_LINES_SECONDS, self._on_last_lines_timeout))
        self.drained()  # Nothing waits until the other side has read it any more.
        return True

    def _on_last_lines_timeout(self) -> None:
        log.info(
            "the last lines of {nick} from {address} are dropped: they have waited for {span:.0f} s",
            nick=self.session.nick,
            address=self.session.address,
            span=LAST_LINES_SECONDS,
        )
        self._finish_now()

    def _finish_now(self) -> None:
        assert self._finish is not None
        self._deadline, self.ended = None, self.ended or Reason.LINK_LOST
        self._finish()

    def on_connection_lost(self) -> None:
        """The connection no longer exists, and no line of it is taken any more."""
        if self._is_lost:
            return
        self._is_lost = True
        self._set_deadline(None)
        self._server.half_open.discard(self)
        if self._flood_wait is not None:
            self._flood_wait.cancel()
            self._flood_wait = None
        nick, reason = self.session.nick or self._nick, self.ended or Reason.LINK_LOST
        self.ended, self._nick = reason, nick
        if self._finish is None:
            self.outlet.lost()
        try:
            if reason is not Reason.LINK_LOST or not self._server.keep_seat(self.session):
                depart(self._server.registry, self.session, reason)
        except Exception:
            log.failure("defect: {nick} could not leave", nick=nick)
        self._server.registry.admission.release(self.session)
        self._server.on_disconnected(self.session, nick, reason)
        self._finish = None
        del self._input, self._transport, self.outlet, self.session  # No cycle is left, so all of the connection is freed at once.

    def drop(self) -> None:
        """End the connection at once: too many callers have no nick (half_open.HalfOpen)."""
        self.abort(Reason.TIMED_OUT)

    def _on_login_timeout(self) -> None:
        self._deadline = None
        end(self._server.registry, self.session, Reason.TIMED_OUT)

    def _set_deadline(self, deadline: IDelayedCall | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = deadline

    # -- What the outlet asks (outlet.Handler)

    def drained(self) -> None:
        """The transport has taken everything that was queued: the person may ask more."""
        if self._is_lost:
            return
        if self.talk.next_command is not None and self.ended is None and not self.outlet.congested:
            self._take_further()
        lingers = self._deadline is not None and self._finish is None
        may_read = not self.outlet.congested if self.ended is None else lingers
        if may_read and self._input.paused and self._flood_wait is None:
            self._input.resumeProducing()  # After the end only to see that the other side has closed.

    def closing(self, reason: Reason) -> None:
        """The connection ends when everything that is queued has been sent."""
        if self.ended is None:
            self.ended = reason
            self._set_deadline(None)
            if self._finish is not None:
                self.abort(reason)

    def linger(self) -> None:
        """The connection ends when the other side has taken everything, or after
        ``CLOSE_SECONDS``."""
        if self._is_lost:
            return
        if self._deadline is None:
            self._set_deadline(self._server.clock.callLater(CLOSE_SECONDS, self._on_close_timeout))
        self.drained()  # Lines are ignored, but only a read shows that the other side has closed TLS.

    def _on_close_timeout(self) -> None:
        self._deadline = None
        self._transport.abortConnection()

    def fail(self, error: BaseException) -> None:
        """A command met a defect of ours, perhaps long after it was given: log it with its
        traceback, and end the connection at once."""
        nick = self._nick if self._is_lost else self.session.nick
        log.failure("defect: a command of {nick} failed", Failure(error), nick=nick)
        self.abort(Reason.LINK_LOST)

    def abort(self, reason: Reason) -> None:
        """End the connection at once."""
        self.ended = self.ended or reason
        if self._is_lost:
            return
        if self._finish is None:
            self._transport.abortConnection()
        else:  # As a transport does, when that which asks for it is done.
            self._set_deadline(self._server.clock.callLater(0, self._finish_now))
