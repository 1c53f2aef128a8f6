"""The IRC door: lines over TCP or TLS, for IRC clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.internet.interfaces import IDelayedCall, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from chatd.codecs.irc.talk import IrcTalk
from chatd.core.events import Reason
from chatd.core.limits import IRC_LINE_BYTES, IRC_PING_LINES, IRC_SIGN_SECONDS, IRC_SILENCE_SECONDS, IRC_TAGS_BYTES
from chatd.doors.caller import Caller
from chatd.doors.line import ChatFactory, ChatProtocol
from chatd.doors.server import Server
from chatd.doors.tcp import is_this_machine

LONGEST_LINE: Final = IRC_TAGS_BYTES + IRC_LINE_BYTES
"""The longest line that is read, in bytes; the codec looks closer."""


def introduce(talk: IrcTalk, caller: Caller, frame: Callable[[bytes], bytes] = bytes) -> None:
    """Let ``talk`` know the connection that it belongs to, on which ``frame`` is made of its
    lines."""
    talk.session = caller.session
    talk.write = lambda lines: caller.outlet.put(frame(lines))
    talk.on_view = lambda: caller.outlet.turn_to(caller.session.current)


def cost_of(line: bytes) -> float:
    """What flood control charges for ``line``, in lines."""
    return IRC_PING_LINES if line[:5].upper() in (b"PING ", b"PONG ") else 1.0


class IrcProtocol(ChatProtocol):
    """One connection of an IRC client."""

    MAX_LENGTH = LONGEST_LINE
    _heard = 0.0
    """When anything was received, in seconds of the server's clock."""
    _probing: IDelayedCall | None = None
    """Ends the connection if nothing is received until then."""

    def connectionMade(self) -> None:
        super().connectionMade()
        assert isinstance(self.caller.talk, IrcTalk)
        introduce(self.caller.talk, self.caller)
        self.caller.talk.sts = self._sts()
        self.caller.session.probe = self._probe

    def _sts(self) -> str:
        """What the client is told about TLS (IRCv3 sts): for how long to come inside it only, or on
        which port it is. On this machine, no certificate has the name of the server."""
        policy = self._factory.registry.settings.sts
        if policy is None:
            return ""
        port, seconds = policy
        if ISSLTransport.providedBy(self.transport):
            return f"duration={seconds}"
        return f"port={port}" if seconds and not is_this_machine(self._address) else ""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.caller.session.probe = None
        self._end_probing()
        super().connectionLost(reason)

    def _end(self) -> None:
        talk = self.caller.talk
        super()._end()
        if isinstance(talk, IrcTalk):
            talk.leave()  # No cycle is left, so all of the connection is freed at once.

    def dataReceived(self, data: bytes) -> None:
        """Take ``data``; telnet has another door."""
        self._heard = self._factory.server.clock.seconds()
        self._end_probing()
        self._take_lines(data)

    def _probe(self) -> None:
        """Ask a client that has been silent for a while whether it is there. Nobody else can have
        it thrown out: whatever it sends will do, and so will its kernel, which acknowledges what a
        busy program has not read; and it is not asked while it is not read."""
        clock = self._factory.server.clock
        if self._probing is None and not self.paused and clock.seconds() - self._heard >= IRC_SILENCE_SECONDS:
            self.caller.outlet.put(b"PING chatd\r\n")
            self._probing = clock.callLater(IRC_SIGN_SECONDS, self._on_no_sign)

    def _on_no_sign(self) -> None:
        self._probing = None
        if not self.paused and not self.caller.outlet.congested and not self.caller.outlet.is_acknowledged:
            self.caller.abort(Reason.TIMED_OUT)

    def _end_probing(self) -> None:
        if self._probing is not None:
            self._probing.cancel()
            self._probing = None

    def cost_of(self, line: bytes) -> float:
        return cost_of(line)

    def lineReceived(self, line: bytes) -> None:
        self.caller.take_line(line)


class IrcFactory(ChatFactory):
    """The IRC door: makes the protocol of each connection."""

    def __init__(self, server: Server) -> None:
        super().__init__(server, server.irc)

    def build(self, address: str, began: float) -> IrcProtocol:
        return IrcProtocol(self, address, began)
