"""A caller: what one connection goes through on every door, from the first word to the last.

A door turns a transport into lines and gives them to its caller; limits, flood control, refusals
and the end of the connection are here, the same for all doors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from twisted.internet.interfaces import IDelayedCall

from chatd.codecs.base import Codec
from chatd.core import actions, events
from chatd.core.errors import Refusal, ServerFull
from chatd.core.events import Reason
from chatd.core.flood import Bucket
from chatd.core.limits import CLOSE_SECONDS, LOGIN_SECONDS
from chatd.core.session import Session
from chatd.delivery.outlet import Outlet, Writable

if TYPE_CHECKING:
    from chatd.doors.line import ChatFactory


class Valve(Protocol):
    """The side of a door that reads; its caller turns it off while nothing more should come in."""

    paused: bool

    def pauseProducing(self) -> None:
        """Read no more for now."""

    def resumeProducing(self) -> None:
        """Read again, first of all what is held already."""


class Caller:
    """One connection, on whichever door; it owns the session and its outlet."""

    __slots__ = ("_bucket", "_deadline", "_factory", "_full", "_nick", "_slowed", "_transport", "_valve", "_wait", "ended",
                 "outlet", "session", "talk")  # fmt: skip

    def __init__(
        self, factory: ChatFactory, transport: Writable, valve: Valve, address: str, codec: Codec, began: float | None = None
    ) -> None:
        """``began`` is when the connection was made, in seconds of the factory's clock; now, unless
        a front has held it."""
        registry, settings = factory.registry, factory.registry.settings
        self._factory = factory
        self._transport = transport
        self._valve = valve
        self.talk = codec.talk()
        self.ended: Reason | None = None
        """Why the connection ends, once that is settled; nothing is taken from it any more."""
        self.outlet = Outlet(transport, self.talk, factory.fanout, self)
        self.session = self.outlet.session = Session(self.outlet, address, codec.name, registry.now())
        self._nick = ""
        self._bucket = None
        if settings.flood_rate:
            self._bucket = Bucket(settings.flood_rate, settings.flood_burst, factory.clock.seconds())
        self._slowed = False
        self._wait: IDelayedCall | None = None
        left = LOGIN_SECONDS if began is None else max(0.0, began + LOGIN_SECONDS - factory.clock.seconds())
        self._deadline: IDelayedCall | None = factory.clock.callLater(left, self._too_late)
        self._full: ServerFull | None = None
        try:
            registry.admit(self.session)
        except ServerFull as full:
            self._full = full  # Refused in their own language, as soon as that is known.
        factory.callers[self] = None
        factory.half_open.add(self)

    def use_codec(self, codec: Codec, door: str = "") -> None:
        """Use a new talk of ``codec`` from now on; ``door`` is what others see of how this person
        came in."""
        self.talk = codec.talk()
        self.session.door = door or codec.name
        self.outlet.use_talk(self.talk)
        if self._full is not None:
            actions.refuse(self.session, self._full)
            self.outlet.close(Reason.QUIT)

    def greet(self) -> None:
        """Ask for a nick."""
        if self.ended is None:
            self.outlet.tell(events.Greeting(self._factory.registry.settings.name))

    # -- Lines

    @property
    def limited(self) -> bool:
        """Whether there is a flood limit at all."""
        return self._bucket is not None

    def may_take_line(self) -> bool:
        """Whether flood control lets a line pass now; if not, the valve is off until it does.

        Lines wait in the door's one buffer, and behind it in the sender's own: nothing is dropped,
        and nothing grows.
        """
        if self._bucket is None:
            return True
        clock = self._factory.clock
        wait = self._bucket.wait(clock.seconds())
        if not wait:
            self._slowed = self._slowed and not self._bucket.is_half_full
            return True
        if not self._slowed:
            self._slowed = True
            self.outlet.tell(events.Slowed(self._bucket.rate))
        self._wait = clock.callLater(wait, self._flow)
        self._valve.pauseProducing()
        return False

    def _flow(self) -> None:
        self._wait = None
        self.drained()

    def take_line(self, line: bytes) -> None:
        """Do what ``line`` asks. A refusal is answered; any other exception is our defect, and
        costs this connection only."""
        session, registry = self.session, self._factory.registry
        try:
            command = self.talk.decode(line, session.name is not None)
            if command is not None:
                actions.perform(registry, session, command)
        except Refusal as refusal:
            self.refuse(refusal)
        except Exception:
            self._factory.log.failure("defect: a line of {nick} could not be served", nick=session.nick)
            self.abort(Reason.LINK_LOST)
        if not self._nick and session.name is not None:
            self._begin()
        if self.outlet.congested and self.ended is None:
            self._valve.pauseProducing()

    def refuse(self, refusal: Refusal) -> None:
        """Tell the person why not."""
        actions.refuse(self.session, refusal)

    def _begin(self) -> None:
        self._set_deadline(None)
        self._factory.half_open.discard(self)
        self._nick = self.session.nick
        self._factory.log.info(
            "session of {nick} from {address} has begun ({door})",
            nick=self._nick,
            address=self.session.address,
            door=self.session.door,
        )

    # -- The end

    def hang_up(self) -> None:
        """The person has said everything, and closed their side: what is queued for them is still
        sent."""
        if self.ended is None:
            actions.end(self._factory.registry, self.session, Reason.QUIT)

    def gone(self) -> None:
        """The connection is no more."""
        self._set_deadline(None)
        self._factory.half_open.discard(self)
        if self._wait is not None:
            self._wait.cancel()
            self._wait = None
        nick, why = self.session.nick or self._nick, self.ended or Reason.LINK_LOST
        self.ended = why
        self.outlet.lost()
        actions.depart(self._factory.registry, self.session, why)
        self._factory.registry.dismiss(self.session)
        self._factory.gone(self)
        if nick:
            self._factory.log.info(
                "session of {nick} from {address} has ended: {why}", nick=nick, address=self.session.address, why=why
            )

    def shed(self) -> None:
        """Others have come, and there are too many who have no nick yet."""
        self.abort(Reason.TIMED_OUT)

    def _too_late(self) -> None:
        self._deadline = None
        actions.end(self._factory.registry, self.session, Reason.TIMED_OUT)

    def _set_deadline(self, deadline: IDelayedCall | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = deadline

    # -- What the outlet asks (outlet.Handler)

    def drained(self) -> None:
        """All that was queued for the person has been taken: they may ask more."""
        if self._valve.paused and self._wait is None and self.ended is None and not self.outlet.congested:
            self._valve.resumeProducing()

    def closing(self, reason: Reason) -> None:
        """What is queued is sent yet, and then the connection ends; after ``CLOSE_SECONDS`` in any
        case."""
        self.ended = self.ended or reason
        self._set_deadline(self._factory.clock.callLater(CLOSE_SECONDS, self._cut))
        if self._valve.paused:  # What comes is dropped, but the other side's end must be seen inside TLS.
            self._valve.resumeProducing()

    def _cut(self) -> None:
        self._deadline = None
        self._transport.abortConnection()

    def abort(self, reason: Reason) -> None:
        """End the connection at once."""
        self.ended = self.ended or reason
        self._transport.abortConnection()
