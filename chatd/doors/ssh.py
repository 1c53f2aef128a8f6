"""The SSH door: the transport of SSH, with limits (RFC 4253).

Conch knows the protocol; what is here keeps it in bounds: modern algorithms only, the order of the
messages, the size of a packet, the time of a key exchange, and what each packet costs.
"""

from __future__ import annotations

from typing import Any, Final

from twisted.conch.ssh._kex import getSupportedKeyExchanges
from twisted.conch.ssh.keys import Key
from twisted.conch.ssh.service import SSHService
from twisted.conch.ssh.transport import (
    DISCONNECT_BY_APPLICATION,
    DISCONNECT_PROTOCOL_ERROR,
    MSG_NEWKEYS,
    SSHServerTransport,
)
from twisted.internet.interfaces import IDelayedCall, ITransport
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.core.limits import (
    CLOSE_SECONDS,
    SSH_HANDSHAKE_LINES,
    SSH_KEX_SECONDS,
    SSH_PACKET_BYTES,
    SSH_PACKET_LINES,
    SSH_UNREAD_PACKETS,
)
from chatd.core.ssh_keys import KINDS, PublicKey
from chatd.delivery.writers import socket_of
from chatd.doors.direct import DirectTransport
from chatd.doors.metered import Metered
from chatd.doors.rare_log import RareLog
from chatd.doors.screens import ScreenSession
from chatd.doors.server import Server
from chatd.doors.ssh_authentication import Authentication
from chatd.doors.ssh_host_key import HostKey
from chatd.doors.ssh_rekeying import Rekeying
from chatd.doors.ssh_session import Channel, Connection
from chatd.doors.tcp import tune

log = Logger()
QUIET: Final = Logger(observer=lambda event: None)  # type: ignore[arg-type]
"""Conch logs what every stranger does."""

STRICT_SERVER: Final = b"kex-strict-s-v00@openssh.com"
STRICT_CLIENT: Final = b"kex-strict-c-v00@openssh.com"
"""Strict key exchange (OpenSSH's PROTOCOL, 1.10): no packet can be dropped or inserted before the
connection is encrypted."""

KEY_EXCHANGES: Final = [
    *(name for name in getSupportedKeyExchanges() if name.startswith(b"mlkem768x25519")),
    b"curve25519-sha256",
    b"curve25519-sha256@libssh.org",
    b"ecdh-sha2-nistp256",
    b"ecdh-sha2-nistp384",
    b"ecdh-sha2-nistp521",
    STRICT_SERVER,
]
HOST_KEYS: Final = [b"ssh-ed25519"]
CIPHERS: Final = [b"aes128-ctr", b"aes256-ctr", b"aes192-ctr"]
MACS: Final = [b"hmac-sha2-256", b"hmac-sha2-512"]
COMPRESSIONS: Final = [b"none"]
SIGNATURES: Final = b",".join([*sorted(kind.encode() for kind in KINDS - {"ssh-rsa"}), b"rsa-sha2-512", b"rsa-sha2-256"])
"""What a client may sign with: RSA only with SHA-2 (RFC 8332)."""

KEXINIT, KEX, NEWKEYS = 20, 30, 21
SERVICE_REQUEST, EXT_INFO = 5, 7
FIRST_OF_SERVICES: Final = 50
PIECE_BYTES: Final = 4096
"""How much is processed at once: Conch copies what is left for each packet."""


class SshTransport(SSHServerTransport):
    """One connection by SSH. It is the wire of the session's screen when a channel is open."""

    ourVersionString = b"SSH-2.0-chatd"
    _log = QUIET

    def __init__(self, door: SshDoor, address: str, began: float) -> None:
        self.factory = self._door = door  # type: ignore[assignment]
        self.supportedKeyExchanges = KEY_EXCHANGES
        self.supportedPublicKeys = HOST_KEYS
        self.supportedCiphers = CIPHERS
        self.supportedMACs = MACS
        self.supportedCompressions = COMPRESSIONS
        self.server = door.server
        self.address = address
        self.began = began
        self.meter = Metered(door.server, address, self._pause, self._resume)
        self.screen: ScreenSession
        self.user = ""
        self.key: PublicKey | None = None
        self.password = ""
        """What the client has authenticated with."""
        self.is_taken = True
        """Whether the connection takes what is written to it."""
        self._raw = b""
        self._is_paused = False
        self._is_strict = False
        self._expected = {KEXINIT}
        self._is_first_exchange = True
        self._has_service = False
        self._is_over = False
        self._unread = 0
        self._rekeying = Rekeying(door.server.clock.seconds)
        self._is_closing = False
        self._timer: IDelayedCall | None = None

    # -- The connection

    def makeConnection(self, transport: ITransport) -> None:
        """Begin with ``transport``, to which nothing was written before."""
        sock = socket_of(transport)
        super().makeConnection(transport if sock is None else DirectTransport(transport, sock))  # type: ignore[no-untyped-call]

    def connectionMade(self) -> None:
        """Begin the session, and the first key exchange."""
        tune(self.transport)
        self.tcp.registerProducer(self, True)
        self.screen = ScreenSession(self.server, self, self.address, self.began, "ssh", is_secure=True)
        self.screen.link.caller.session.is_encrypted = True
        self._start_timer(SSH_KEX_SECONDS)
        super().connectionMade()  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure | None = None) -> None:
        """End the session."""
        self._is_over = True
        self._stop_timer()
        self.meter.stop()
        self.screen.lost()
        super().connectionLost(reason)
        self.service = None
        del self.transport

    @property
    def tcp(self) -> Any:
        """The transport below."""
        return self.transport

    def end(self, why: str = "") -> None:
        """End the connection, and tell the client ``why``."""
        if not self._is_over:
            self.sendDisconnect(DISCONNECT_BY_APPLICATION, why.encode())

    def sendDisconnect(self, reason: int, desc: bytes) -> None:
        """Tell the client why, and end the connection, if need be after `CLOSE_SECONDS`."""
        if not self._is_over:
            self._is_over = True
            super().sendDisconnect(reason, desc)  # type: ignore[no-untyped-call]
            self._start_timer(CLOSE_SECONDS)

    def close_soon(self) -> None:
        """The channel is closed: the client ends the connection, or we do in a moment."""
        if not self._is_over:
            self._is_closing = True
            self._start_timer(CLOSE_SECONDS)

    def abort(self) -> None:
        """End the connection now."""
        self._is_over = True
        self.tcp.abortConnection()

    def _start_timer(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.server.clock.callLater(seconds, self._on_timeout)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timeout(self) -> None:
        self._timer = None
        self.abort()

    # -- Reading

    def dataReceived(self, data: bytes) -> None:
        """Process ``data``; what is not paid for waits."""
        self._raw += data
        while self._raw and not self._is_paused and not self._is_over:
            piece, self._raw = self._raw[:PIECE_BYTES], self._raw[PIECE_BYTES:]
            super().dataReceived(piece)  # type: ignore[no-untyped-call]
            self.meter.may_go_on()
        if self._is_over:
            self._raw = self.buf = b""

    def _pause(self) -> None:
        self._is_paused = True
        self.tcp.pauseProducing()

    def _resume(self) -> None:
        self._is_paused = False
        self.tcp.resumeProducing()
        self.dataReceived(b"")

    def getPacket(self) -> bytes | None:
        """The next packet, if it is there, and not too long."""
        if self._is_over:
            return None
        first = getattr(self, "first", None)
        size = self.currentEncryptions.decBlockSize
        if first is None and len(self.buf) >= size:
            first = self.first = self.currentEncryptions.decrypt(self.buf[:size])
        if first is not None and not 5 <= int.from_bytes(first[:4], "big") <= SSH_PACKET_BYTES:
            self.sendDisconnect(DISCONNECT_PROTOCOL_ERROR, b"bad packet length")
            return None
        packet: bytes | None = super().getPacket()  # type: ignore[no-untyped-call]
        return packet

    def dispatchMessage(self, number: int, payload: bytes) -> None:
        """Do what a packet asks, if it may come now."""
        if self._is_over:
            return
        self.meter.spend(SSH_PACKET_LINES)
        self._rekeying.count(len(payload))
        self._unread = 0 if self.is_free else self._unread + 1
        if self._unread > SSH_UNREAD_PACKETS:
            return self.abort()
        if not self._may_come(number):
            return self.sendDisconnect(DISCONNECT_PROTOCOL_ERROR, b"unexpected message %d" % number)
        try:
            super().dispatchMessage(number, payload)  # type: ignore[no-untyped-call]
        except Exception as error:  # Conch raises anything for what is malformed.
            self._door.rare_log.warn(
                "malformed SSH packet {number} from {address}: {error}", number=number, address=self.address, error=repr(error)
            )
            self.sendDisconnect(DISCONNECT_PROTOCOL_ERROR, b"malformed message %d" % number)
        else:
            self._rekey()

    def _may_come(self, number: int) -> bool:
        """Whether the message ``number`` may come now, which changes what may come next."""
        if number in self._expected:
            if number == KEXINIT:
                self._expected = {KEX}
                self.meter.spend(SSH_HANDSHAKE_LINES)
                if not self._is_first_exchange:
                    self._start_exchange()
            elif number == KEX:
                self._expected = {NEWKEYS}
            else:
                self._expected = {KEXINIT}
                self._is_first_exchange = False
                if not self._is_closing:
                    self._stop_timer()
            return True
        if KEXINIT <= number < FIRST_OF_SERVICES:
            return False
        if self._expected != {KEXINIT}:  # A key exchange goes on (RFC 4253, 7.1), and what we answer would have to wait.
            return 1 <= number <= 4 and not (self._is_strict and self._is_first_exchange)
        if self._is_first_exchange:
            return 1 <= number <= 4 and not self._is_strict
        if number == SERVICE_REQUEST:
            had, self._has_service = self._has_service, True
            return not had
        return number < KEXINIT or self._has_service

    # -- Key exchange

    def _start_exchange(self) -> None:
        """A further key exchange has begun, which must not keep a connection open that is to
        end."""
        if not self._is_closing:
            self._start_timer(SSH_KEX_SECONDS)

    def _rekey(self) -> None:
        """Ask for new keys if that is due. Clients need not expect that before there is a
        channel."""
        if self._channel is not None and self.is_free and not self._is_over and self._rekeying.is_due:
            self.sendKexInit()  # type: ignore[no-untyped-call]
            self._start_exchange()

    def ssh_KEXINIT(self, packet: bytes) -> None:
        """Begin a key exchange, which is strict if the client knows that."""
        if self.sessionID is None:
            size = int.from_bytes(packet[16:20], "big")
            self._is_strict = STRICT_CLIENT in packet[20 : 20 + size].split(b",")
        super().ssh_KEXINIT(packet)

    def ssh_KEX_DH_GEX_REQUEST_OLD(self, packet: bytes) -> None:
        """The client's half of the key exchange, or a wrong guess of it, which is ignored."""
        if self.ignoreNextPacket:
            self._expected = {KEX}
        super().ssh_KEX_DH_GEX_REQUEST_OLD(packet)

    def sendPacket(self, kind: int, payload: bytes) -> None:
        """Send a packet. In a strict key exchange, the numbers begin again with the new keys."""
        super().sendPacket(kind, payload)  # type: ignore[no-untyped-call]
        self._rekeying.count(len(payload))
        if kind == MSG_NEWKEYS and self._is_strict:
            self.outgoingPacketSequence = 0
        elif kind >= FIRST_OF_SERVICES:
            self._rekey()

    def ssh_NEWKEYS(self, packet: bytes) -> None:
        """The client uses the new keys from now on."""
        if self._is_strict:
            self.incomingPacketSequence = 0
        self._rekeying.renew()  # First, since what has waited is sent now.
        super().ssh_NEWKEYS(packet)
        self._on_taken()

    def sendExtInfo(self, extensions: object) -> None:
        """Say what clients may sign with."""
        super().sendExtInfo([(b"server-sig-algs", SIGNATURES)])  # type: ignore[no-untyped-call]

    # -- Writing

    @property
    def is_free(self) -> bool:
        """Whether what is sent is sent at once."""
        return self.is_taken and self._keyExchangeState == self._KEY_EXCHANGE_NONE

    def pauseProducing(self) -> None:
        """The connection takes no more for now."""
        self.is_taken = False

    def resumeProducing(self) -> None:
        """The connection takes more."""
        self.is_taken = True
        self._on_taken()

    def stopProducing(self) -> None:
        """The connection is lost."""

    def _on_taken(self) -> None:
        if self.is_free and self._channel is not None:
            self._channel.on_taken()

    # -- The wire of the screen (screens.Wire)

    @property
    def _channel(self) -> Channel | None:
        """The channel, once there is one."""
        return self.service.channel if isinstance(self.service, Connection) else None

    @property
    def is_ready(self) -> bool:
        """Whether what is written is sent at once."""
        channel = self._channel
        return channel is None or channel.is_ready

    def write(self, data: bytes) -> None:
        """Send ``data`` to the terminal."""
        if self._channel is not None:
            self._channel.write(data)

    def take_more(self) -> None:
        """Let the client send more."""
        if self._channel is not None:
            self._channel.on_uncongested()

    def close(self, status: int, why: str) -> None:
        """The session has ended, perhaps before there was a channel."""
        if self._channel is not None:
            self._channel.finish(status, why)
        else:
            self.end(why)


class SshDoor:
    """The door: what all its connections share. Conch asks it what it asks a factory."""

    def __init__(self, server: Server, host_key: HostKey) -> None:
        self.server = server
        private = Key(host_key.private)
        self.publicKeys = {b"ssh-ed25519": private.public()}
        self.privateKeys = {b"ssh-ed25519": private}
        self.rare_log = RareLog(log, server.clock.seconds)

    def build(self, address: str, began: float) -> SshTransport:
        """The protocol of one connection, given the bytes from the version on."""
        return SshTransport(self, address, began)

    def getService(self, transport: SshTransport, name: bytes) -> type[SSHService] | None:
        """The one service that a client may ask for; the other one follows it."""
        return Authentication if name == b"ssh-userauth" else None
