"""Authentication of SSH clients (RFC 4252, RFC 4256).

Everybody is let in, as a guest if need be: what a client authenticates with only says whether they
own the nick. So ``none`` is refused once, which makes a client offer its keys. For a nick that
nobody owns the first key will do, and without a key keyboard-interactive asks for nothing. For one
that has an owner, only a key of its account will do, and keyboard-interactive asks for the
password, which is checked when the session begins.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from twisted.conch.ssh.common import NS, getNS
from twisted.conch.ssh.keys import BadKeyError, Key
from twisted.conch.ssh.service import SSHService
from twisted.conch.ssh.transport import DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE

from chatd.core.account import Account
from chatd.core.errors import Refusal
from chatd.core.limits import PASSWORD_CHARACTERS, SSH_ATTEMPTS, SSH_SIGNATURE_LINES
from chatd.core.names import parse_nick
from chatd.core.ssh_keys import KINDS, PublicKey, parse_key
from chatd.core.text import read_line
from chatd.doors.ssh_session import Connection

if TYPE_CHECKING:
    from chatd.core.registry import Registry

REQUEST, FAILURE, SUCCESS, INFO_REQUEST, INFO_RESPONSE = 50, 51, 52, 60, 61
KEY_IS_OK: Final = INFO_REQUEST
METHODS: Final = b"publickey,keyboard-interactive,password"
SIGNATURES_OF: Final = {"ssh-rsa": (b"rsa-sha2-512", b"rsa-sha2-256")}
"""What a key of a type may sign with, if not only with its own name (RFC 8332)."""

SHORTEST_RSA: Final = 2048
"""The shortest RSA key, in bits (NIST SP 800-131A)."""

MOST_OFFERS: Final = 4 * SSH_ATTEMPTS
"""How many requests a client may send, refused or not."""

USER_PRESENT: Final = 1
"""The flag in the signature of a security key: somebody has touched it (OpenSSH's PROTOCOL.u2f)."""


class Authentication(SSHService):
    """The service ssh-userauth. It tells the transport the user, and the key or the password."""

    name = b"ssh-userauth"
    transport: Any

    def __init__(self) -> None:
        self._requests = self._failures = 0
        self._asked = False
        """Whether keyboard-interactive has asked, and the next response is awaited."""

    def packetReceived(self, number: int, packet: bytes) -> None:
        """Take a message of the client."""
        if number == REQUEST:
            self._requests += 1
            if self._requests > MOST_OFFERS:
                return self._refuse()
            user, service, method, rest = getNS(packet, 3)
            self._asked = False
            self._on_request(_text(user), service, method, packet[: len(packet) - len(rest)], rest)
        elif number == INFO_RESPONSE and self._asked:
            self._asked = False
            answer = getNS(packet[4:])[0] if packet[:4] != b"\0\0\0\0" else b""
            self._succeed(_text(answer))
        else:
            self.transport.sendUnimplemented()

    def _on_request(self, user: str, service: bytes, method: bytes, head: bytes, rest: bytes) -> None:
        if service != b"ssh-connection":
            return self._refuse()
        self.transport.user = user
        account = self._owner(user)
        if method == b"publickey":
            self._on_key(account, head, rest)
        elif method == b"keyboard-interactive":
            self._ask(user, account)
        elif method == b"password" and rest[:1] == b"\0":
            self._succeed(_text(getNS(rest[1:])[0]) if account is not None else "")
        else:
            self._refuse(counts=method != b"none")

    def _owner(self, user: str) -> Account | None:
        """The account that owns the nick ``user``."""
        registry: Registry = self.transport.server.registry
        try:
            return registry.accounts.get(parse_nick(user).key)
        except Refusal:
            return None

    # -- A key

    def _on_key(self, account: Account | None, head: bytes, rest: bytes) -> None:
        """Say whether the key would do, or check its signature."""
        is_signed = rest[:1] != b"\0"
        algorithm, blob, after = getNS(rest[1:], 2)
        key = self._usable(algorithm, blob)
        if key is None or (account is not None and not self._belongs(key, account)):
            return self._refuse()
        if not is_signed:
            self.transport.sendPacket(KEY_IS_OK, NS(algorithm) + NS(blob))
            return
        signed = NS(self.transport.sessionID) + bytes((REQUEST,)) + head + rest[: len(rest) - len(after)]
        self.transport.meter.spend(SSH_SIGNATURE_LINES)
        if not _is_signed(blob, algorithm, signed, getNS(after)[0]):
            return self._refuse()
        self.transport.key = key
        self._succeed()

    def _usable(self, algorithm: bytes, blob: bytes) -> PublicKey | None:
        """The key in ``blob``, if it may be used with ``algorithm``."""
        kind = getNS(blob)[0].decode("ascii", "replace")
        if kind not in KINDS or algorithm not in SIGNATURES_OF.get(kind, (kind.encode(),)):
            return None
        try:
            key = Key.fromString(blob)
            usable = parse_key(f"{kind} {base64.b64encode(blob).decode()}")
        except (BadKeyError, Refusal, ValueError):
            return None
        return None if kind == "ssh-rsa" and key.size() < SHORTEST_RSA else usable

    def _belongs(self, key: PublicKey, account: Account) -> bool:
        found = self.transport.server.registry.accounts.find_key(key.value)
        return found is not None and found[0] is account

    # -- No key

    def _ask(self, user: str, account: Account | None) -> None:
        """Ask for the password of ``account``, or for nothing."""
        self._asked = True
        prompts = [] if account is None else [f"Password of {user} (nothing: choose another nick): "]
        asked = b"".join(NS(prompt.encode()) + b"\0" for prompt in prompts)
        self.transport.sendPacket(INFO_REQUEST, NS(b"") + NS(b"") + NS(b"") + len(prompts).to_bytes(4, "big") + asked)

    # -- The outcome

    def _succeed(self, password: str = "") -> None:
        self.transport.password = password if len(password) <= PASSWORD_CHARACTERS[1] else ""
        self.transport.sendPacket(SUCCESS, b"")
        self.transport.setService(Connection())

    def _refuse(self, counts: bool = True) -> None:
        self._failures += counts
        if self._failures > SSH_ATTEMPTS or self._requests > MOST_OFFERS:
            self.transport.sendDisconnect(DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE, b"too many authentication failures")
        else:
            self.transport.sendPacket(FAILURE, NS(METHODS) + b"\0")


def _is_signed(blob: bytes, algorithm: bytes, signed: bytes, signature: bytes) -> bool:
    """Whether ``signature``, made with ``algorithm``, signs ``signed`` by the key in ``blob``."""
    key = Key.fromString(blob)
    used, _, rest = getNS(signature, 2)
    if used != algorithm:
        return False
    if key.isSecurityKey():
        if len(rest) != 5 or not rest[0] & USER_PRESENT:
            return False
        signed = sha256(_application(blob)).digest() + rest + sha256(signed).digest()
    return bool(key.verify(signature, signed))


def _application(blob: bytes) -> bytes:
    """The application of a security key: the last field of the key."""
    kind, _, rest = getNS(blob, 2)
    if kind.startswith(b"sk-ecdsa"):
        _, rest = getNS(rest)
    return bytes(getNS(rest)[0])


def _text(raw: bytes) -> str:
    """What the client has sent as text; empty if it is none."""
    try:
        return read_line(raw)
    except Refusal:
        return ""
