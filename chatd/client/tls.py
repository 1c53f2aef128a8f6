"""TLS to the server: which certificates are trusted, and what to tell the user about others."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

import idna
from cryptography.x509 import Certificate
from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import verify_certificate_hostname, verify_certificate_ip_address
from twisted.internet.endpoints import wrapClientTLS
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IReactorTime, IStreamClientEndpoint
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.client.connection import Untrusted
from chatd.client.own_certificate import show_own

_REASONS: Final = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "self-signed",
    19: "it is not signed by a trusted authority",
    20: "it is not signed by a trusted authority",
    21: "it is not signed by a trusted authority",
    23: "it has been revoked",
}
"""Why OpenSSL refuses a certificate, by the numbers of X509_V_ERR_... in its x509_vfy.h."""


class BadCaFile(Exception):
    """The file of ``--ca`` cannot be used; the text says why."""


class Trust:
    """Which certificates are trusted.

    With ``fingerprint`` (SHA-256, as `options.parse_fingerprint` returns it) exactly that one,
    whatever is in it. Otherwise those for the host that is called (RFC 9525), if a root in the PEM
    file ``roots`` has signed them; None: one of the system's roots. ``own`` are the files of the
    user's own certificate and its key, which a server is shown. Raises BadCaFile and
    BadOwnCertificate.
    """

    def __init__(self, roots: str | None = None, fingerprint: str = "", own: tuple[str, str] | None = None) -> None:
        self._fingerprint = fingerprint
        self._context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        self._context.set_min_proto_version(SSL.TLS1_2_VERSION)
        self._context.set_options(SSL.OP_NO_RENEGOTIATION)
        if roots is not None:
            _load(self._context, roots)
        else:
            self._context.set_default_verify_paths()
        if own is not None:
            show_own(self._context, *own)

    def secure(self, endpoint: IStreamClientEndpoint, host: str, clock: IReactorTime) -> IStreamClientEndpoint:
        """``endpoint``, which leads to ``host``, inside TLS. A connection that is not trusted ends
        with `Untrusted`."""
        return wrapClientTLS(self.creator(host), endpoint, clock)

    def creator(self, host: str) -> ConnectionCreator:
        """Makes the TLS side of each connection to ``host``."""
        return ConnectionCreator(self._context, host, self._fingerprint)


def _load(context: SSL.Context, roots: str) -> None:
    try:
        with open(roots, "rb"):  # OpenSSL does not say why it cannot read a file.
            context.load_verify_locations(roots)
    except OSError as error:
        raise BadCaFile(f"{roots} cannot be read: {error.strerror}") from None
    except SSL.Error:
        raise BadCaFile(f"{roots} has no certificate in PEM format") from None


@implementer(IOpenSSLClientConnectionCreator)
class ConnectionCreator:
    """Begins TLS with ``host`` on any number of connections, and checks each in the same way."""

    def __init__(self, context: SSL.Context, host: str, fingerprint: str) -> None:
        self._context = context
        self._fingerprint = fingerprint
        self._host = host.removesuffix(".")

    def clientConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """The TLS side of a new connection. No data is sent before the certificate has been
        checked."""
        connection = SSL.Connection(self._context, None)
        if not _is_address(self._host):
            connection.set_tlsext_host_name(idna.encode(self._host))
        connection.set_verify(SSL.VERIFY_PEER, self._verifier(protocol))
        return connection

    def _verifier(self, protocol: TLSMemoryBIOProtocol) -> Callable[[SSL.Connection, X509, int, int, int], bool]:
        """OpenSSL calls this for each certificate of the chain; the server's own has ``depth`` 0
        and comes last."""

        def verify(_: SSL.Connection, certificate: X509, error: int, depth: int, good: int) -> bool:
            if self._fingerprint and depth > 0:
                return True
            why = self._objection(certificate, 0 if good else error or 1, depth)
            if why:
                protocol.failVerification(Failure(Untrusted(why)))
            return not why

        return verify

    def _objection(self, certificate: X509, error: int, depth: int) -> str:
        """Why ``certificate`` is not trusted, and what would work; empty if it is trusted.
        ``error``: the number of OpenSSL's objection."""
        fingerprint = certificate.digest("sha256").decode()
        if self._fingerprint:
            hint = f"{fingerprint} is its fingerprint, to be used only if the operator of the server confirms it"
            return "" if fingerprint == self._fingerprint else f"the server's certificate does not match --fingerprint; {hint}"
        if error:
            reason = _REASONS.get(error, f"OpenSSL error {error}")
        elif depth == 0 and not _is_for(certificate.to_cryptography(), self._host):
            reason = f"it is not for {self._host}"
        else:
            return ""
        # If the chain fails above the server's own certificate, OpenSSL does not show that one.
        hint = f"--fingerprint {fingerprint} trusts exactly this one" if depth == 0 else "--ca FILE trusts the roots in FILE"
        return f"the server's certificate is not trusted ({reason}); {hint}"


def _is_for(certificate: Certificate, host: str) -> bool:
    try:
        if _is_address(host):
            verify_certificate_ip_address(certificate, host)
        else:
            verify_certificate_hostname(certificate, idna.encode(host).decode())
    except (CertificateError, VerificationError, ValueError):  # ValueError: the certificate is not well-formed.
        return False
    return True


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
