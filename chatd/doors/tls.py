"""TLS: the certificate, which can be reloaded while the server runs, the door that unwraps TLS, and
the keys of clients."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey, Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from OpenSSL import SSL
from OpenSSL.crypto import X509
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IProtocol, IReactorTime, ISSLTransport, ITransport
from twisted.internet.main import CONNECTION_DONE
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.core.ssh_keys import CERTIFICATE, PublicKey
from chatd.delivery.quick_tls import QuickConnection, new_connection
from chatd.delivery.sealing import Sealing
from chatd.delivery.writers import socket_of
from chatd.doors.direct import DirectTransport

SigningKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey | Ed448PrivateKey
"""The keys that TLS can sign with (RFC 8446, 4.2.3)."""

STRONG_KEYS: Final = (RSAPublicKey, EllipticCurvePublicKey, Ed25519PublicKey, Ed448PublicKey)
"""The keys with which somebody can log in."""

RSA_BITS: Final = 2048
"""The length of the shortest RSA key with which somebody can log in (RFC 9325, 4.5)."""

HTTP: Final = b"http/1.1"
"""The name of HTTP/1.1 in ALPN."""

CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20"
"""The ciphers of TLS 1.2: only those with forward secrecy and authenticated encryption, as in TLS
1.3 (RFC 9325, 4.2)."""


_DONE: Final = Failure(CONNECTION_DONE)


class BadCertificate(Exception):
    """The files of ``--tls-cert`` and ``--tls-key`` cannot be used; the text says which and why."""


@implementer(IOpenSSLServerConnectionCreator)
class Certificate:
    """The server's certificate with its chain, and its private key, read from PEM files. Raises
    BadCertificate.

    A connection keeps the certificate that it began with; new connections get the latest.
    """

    def __init__(self, certificate: str, key: str) -> None:
        self._paths = certificate, key
        self._context, self.about, self.is_self_signed = _read(certificate, key)
        """:attr:`about` names the host of the certificate, and the day on which it expires."""

    def reload(self) -> None:
        """Read the files again. Raises BadCertificate if they cannot be used; the certificate then
        stays as it is."""
        self._context, self.about, self.is_self_signed = _read(*self._paths)

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """The OpenSSL side of a new connection."""
        return new_connection(self._context)


def _read(certificate: str, key: str) -> tuple[SSL.Context, str, bool]:
    try:
        chain = x509.load_pem_x509_certificates(_bytes(certificate))
    except ValueError:
        raise BadCertificate(f"{certificate} holds no certificate in PEM") from None
    try:
        private = load_pem_private_key(_bytes(key), password=None)
    except TypeError:
        raise BadCertificate(f"the key in {key} is encrypted; it must not be, since nobody can type its password") from None
    except (ValueError, UnsupportedAlgorithm):  # A detail could reveal something about the key.
        raise BadCertificate(f"{key} holds no private key in PEM") from None
    if not isinstance(private, SigningKey):
        raise BadCertificate(f"the key in {key} is of a type that TLS cannot sign with")
    try:
        return _context(chain, private), _about(chain[0]), chain[0].issuer == chain[0].subject
    except (SSL.Error, TypeError, ValueError) as error:
        raise BadCertificate(f"{certificate} and {key} cannot be used together: {why(error)}") from None


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadCertificate(f"{path} cannot be read: {error.strerror}") from None


def _context(chain: list[x509.Certificate], key: SigningKey) -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    # A renegotiation costs the server far more than the client.
    context.set_options(SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # Saves 34 KiB for each silent connection.
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_session_id(b"chatd")  # Otherwise a client that is asked for a certificate could not resume its session.
    context.set_verify(SSL.VERIFY_PEER, _take_any)
    context.set_verify_depth(0)  # What has signed the certificate is not looked at.
    context.set_alpn_select_callback(_ask_no_browser)
    context.use_certificate(chain[0])
    for other in chain[1:]:
        context.add_extra_chain_cert(other)
    context.use_privatekey(key)
    context.check_privatekey()
    context.set_cipher_list(CIPHERS)
    return context


def _take_any(connection: SSL.Connection, certificate: X509, error: int, depth: int, is_trusted: int) -> bool:
    """Take any certificate of a client, whoever has signed it: only its key counts (client_key)."""
    return True


def _ask_no_browser(connection: SSL.Connection, protocols: list[bytes]) -> bytes | SSL._NoOverlappingProtocols:
    """Ask no browser for a certificate: it would ask its user which one to show, at each visit.
    Browsers name the protocols that they speak (ALPN, RFC 7301), and others hardly ever HTTP."""
    if HTTP not in protocols:
        return SSL.NO_OVERLAPPING_PROTOCOLS
    connection.set_verify(SSL.VERIFY_NONE)
    return HTTP


def client_key(transport: object) -> PublicKey | None:
    """The key with which the other side of ``transport`` has signed the handshake of TLS, if it has
    shown a certificate; None also if the key is one that others could find out.

    The rest of the certificate does not count: neither its names, nor its dates, nor who has signed
    it. Nobody can show somebody else's certificate, since that needs its key.
    """
    if not ISSLTransport.providedBy(transport):
        return None
    try:
        certificate: Any = transport.getPeerCertificate()
        key = certificate.to_cryptography().public_key() if certificate else None
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        return None
    if not isinstance(key, STRONG_KEYS) or (isinstance(key, RSAPublicKey) and key.key_size < RSA_BITS):
        return None
    body = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(CERTIFICATE, base64.b64encode(body).decode())


def _about(certificate: x509.Certificate) -> str:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = ", ".join(str(name.value) for name in names)
    except x509.ExtensionNotFound:
        hosts = certificate.subject.rfc4514_string()
    end = certificate.not_valid_after_utc
    state = "has EXPIRED on" if end < datetime.now(UTC) else "is valid until"
    return f"the certificate of {hosts} {state} {end:%Y-%m-%d}"


def why(error: BaseException | None) -> str:
    """OpenSSL's reason for ``error``, in a few words."""
    queue = error.args[0] if isinstance(error, SSL.Error) and error.args else None
    return str(queue[-1][2]) if queue and isinstance(queue, list) else str(error) or "no reason given"


class _Tls(TLSMemoryBIOProtocol):
    """TLS on one connection, which sends its records at once."""

    def makeConnection(self, transport: ITransport) -> None:
        """Begin with ``transport``, to which nothing was written before."""
        sock = socket_of(transport)
        super().makeConnection(transport if sock is None else DirectTransport(transport, sock))  # type: ignore[no-untyped-call]

    @property
    def sealing(self) -> Sealing | None:
        """What is needed to seal for this connection; None: it cannot be done."""
        connection, below = self._tlsConnection, self.transport
        if not (isinstance(connection, QuickConnection) and isinstance(below, DirectTransport)):
            return None
        return Sealing(*connection.pointers, below.getHandle(), self._finish)

    def _finish(self, sealed: bytes, rest: bytes) -> None:
        if sealed:
            cast(DirectTransport, self.transport).write(sealed)
        self._flushSendBIO()  # type: ignore[no-untyped-call]
        self.write(rest)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the protocol inside, and let go of the producer: it would keep the connection, with
        OpenSSL's memory, until the garbage collector runs."""
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        self._producer = None
        cast(Any, self.transport).unregisterProducer()

    def _tlsShutdownFinished(self, reason: Failure | None) -> None:
        """TLS has ended: with close_notify, or for ``reason``, whose traceback is dropped. Its
        frames would keep the connection, with OpenSSL's memory, until the garbage collector
        runs."""
        if reason is not None:
            reason.cleanFailure()
        super()._tlsShutdownFinished(reason)  # type: ignore[no-untyped-call]
        if reason is None:
            self._reason = _DONE  # Everything has arrived, even if the connection breaks now.
            on_ended: Callable[[], object] | None = getattr(self.wrappedProtocol, "on_tls_ended", None)
            if on_ended is not None:
                on_ended()


class TlsDoor:
    """Unwraps TLS, and hands over to the protocol that ``inside`` makes (``catalogue.Build``): the
    front, which recognises the caller once more."""

    def __init__(self, certificate: Certificate, inside: Callable[[str, float], IProtocol], clock: IReactorTime) -> None:
        self._inside = inside
        self._factory = TLSMemoryBIOFactory(certificate, False, Factory(), clock)
        # Twisted's default gathers small writes for a turn; an outlet has done that already.
        self._factory.protocol = _Tls

    def build(self, address: str, began: float) -> IProtocol:
        """The protocol of one connection, given the bytes from the ClientHello on."""
        return _Tls(self._factory, self._inside(address, began))  # type: ignore[no-untyped-call]
