"""The server: what all doors share."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chatd.codecs.irc.codec import IrcCodec
from chatd.codecs.json import JsonCodec
from chatd.codecs.text import TextCodec
from chatd.core.admission import Admission
from chatd.core.errors import ServerFull
from chatd.core.events import Reason
from chatd.core.flood import AddressBudgets
from chatd.core.limits import ADDRESS_SECONDS, RETURN_SECONDS
from chatd.core.presence import depart, end_for_shutdown
from chatd.core.registry import Registry
from chatd.core.session import Session
from chatd.delivery.fanout import Fanout
from chatd.doors.browsers import Browsers
from chatd.doors.fair import FairWork
from chatd.doors.half_open import HalfOpen
from chatd.doors.turns import Turns

log = Logger()


class Server:
    """The registry, the fan-out, the codecs, and everybody who is connected, on whichever door.

    ``clock`` is the reactor, or a test's clock; its seconds never go back.
    """

    def __init__(self, registry: Registry, fanout: Fanout, clock: IReactorTime) -> None:
        self.registry = registry
        self.fanout = fanout
        self.clock = clock
        self.text = TextCodec(registry.now)
        self.json = JsonCodec()
        self.irc = IrcCodec(registry.settings, registry.now)
        self.budgets = AddressBudgets(registry.settings.address_rate, ADDRESS_SECONDS)
        """What each address may still have done for it."""
        self.turns = Turns(clock)
        """Who waits until their address has paid."""
        self.browsers = Browsers(clock.seconds)
        """Where silent callers are more likely browsers than people."""
        self.screens = FairWork(clock)
        """What the screens have to do that run in the server."""
        self.half_open = HalfOpen()
        """The connections that have no nick yet."""
        self.sessions: dict[Session, None] = {}
        """The sessions whose connection stands, in the order of their arrival; those that were one
        too many are among them until they have ended."""
        self._absent: dict[Session, IDelayedCall] = {}
        """The sessions whose connection is lost and whose seat is kept, and what frees it."""
        self._kept = Admission(registry.settings.max_sessions, registry.settings.max_per_address)
        """Counts these."""
        self._emptied: Deferred[None] | None = None

    # -- Sessions, as their callers report them

    def on_connected(self, session: Session) -> None:
        """A session has begun, without a nick so far."""
        self.sessions[session] = None

    def on_login(self, session: Session) -> None:
        """A session has got its nick."""
        log.info(
            "session of {nick} from {address} has begun ({door})",
            nick=session.nick,
            address=session.address,
            door=session.door,
        )

    def on_disconnected(self, session: Session, nick: str, reason: Reason) -> None:
        """The connection of a session has ended; ``nick`` is what the person was called, empty
        where there never was a nick."""
        if nick:
            log.info("session of {nick} from {address} has ended: {why}", nick=nick, address=session.address, why=reason)
        self.sessions.pop(session, None)
        if self._emptied is not None and not self.sessions:
            emptied, self._emptied = self._emptied, None
            emptied.callback(None)

    def keep_seat(self, session: Session) -> bool:
        """Keep the seat of ``session``, whose connection is lost, for ``RETURN_SECONDS``, if it can
        return; whether it is kept. There are at most as many as there may be sessions, also of one
        address, which could otherwise fill a room with people who are not there."""
        if not session.may_return or session.is_ending or session.person is None:
            return False
        try:
            self._kept.admit(session)
        except ServerFull:
            return False
        self._absent[session] = self.clock.callLater(RETURN_SECONDS, self._free_seat, session)
        return True

    def _free_seat(self, session: Session) -> None:
        del self._absent[session]
        self._kept.release(session)
        depart(self.registry, session, Reason.LINK_LOST)  # Does nothing if another session has the seat now.

    # -- All of them

    def drop_stalled_readers(self) -> None:
        """End the connections that are behind and have taken nothing for ``STALL_SECONDS``; called
        every few seconds."""
        now = self.clock.seconds()
        for outlet in list(self.fanout.behind):
            if outlet.is_stalled(now):
                outlet.abort(Reason.NOT_READING)

    def shut_down(self) -> Deferred[None]:
        """Say goodbye to everybody, send what is queued, and end all sessions; fires when none is
        left, after ``CLOSE_SECONDS`` at the latest."""
        for session, freeing in self._absent.items():
            freeing.cancel()
            end_for_shutdown(self.registry, session)
        self._absent.clear()
        self.fanout.run()
        emptied: Deferred[None] = Deferred()
        if not self.sessions:
            emptied.callback(None)
            return emptied
        self._emptied = emptied
        for session in list(self.sessions):
            end_for_shutdown(self.registry, session)
        return emptied
