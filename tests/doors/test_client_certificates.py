"""The key of a client's certificate: whose it is, and who is asked for one."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from twisted.internet.task import Clock

from chatd.core.ssh_keys import PublicKey, parse_key
from chatd.doors.line import ChatProtocol
from chatd.doors.tls import client_key
from tests.doors.test_tls import Client, make, new_context, server_with
from tests.doors.wire import RunningServer, Wire

VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
KEYS: dict[str, Any] = {
    "ada": ec.generate_private_key(ec.SECP256R1()),
    "bob": ed25519.Ed25519PrivateKey.generate(),
    "thief": ed25519.Ed25519PrivateKey.generate(),
    "rsa": rsa.generate_private_key(65537, 2048),
    "weak": rsa.generate_private_key(65537, 1024),
}


@pytest.fixture
def server(clock: Clock, tmp_path: Path) -> RunningServer:
    from chatd.doors.tls import Certificate

    return server_with(clock, Certificate(*make(tmp_path, "chat.example")))


def context_with(
    folder: Path, key: str, name: str = "ada", days: int = 30, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> ssl.SSLContext:
    """What a client has with a certificate of ``key``, which is valid for another ``days``."""
    private = KEYS[key]
    now, subject = datetime.now(UTC), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, private.public_key(), 7, now - timedelta(90), now + timedelta(days))
    certificate = builder.sign(private, None if isinstance(private, ed25519.Ed25519PrivateKey) else SHA256())
    path = folder / f"{key}-{name}-{days}.pem"
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    context = new_context(version)
    context.set_ciphers("ALL:@SECLEVEL=0")  # For the weak key.
    context.load_cert_chain(path)
    return context


def key_of(server: RunningServer, client: Client) -> PublicKey | None:
    """The key that the session of ``client`` has."""
    client.shake_hands()
    client.say(b"guest\n")
    server.turn()
    assert client.take().startswith(b"-- Hello guest")
    protocol = client.wire.protocol.wrappedProtocol
    assert isinstance(protocol, ChatProtocol)
    key = protocol.caller.session.key
    client.wire.lose()
    server.turn()
    return key


def public(key: str) -> bytes:
    pem: bytes = KEYS[key].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


@VERSIONS
@pytest.mark.parametrize("key", ["ada", "bob", "rsa"])
def test_the_key_of_a_certificate_identifies_a_client(
    server: RunningServer, tmp_path: Path, version: ssl.TLSVersion, key: str
) -> None:
    found = key_of(server, Client(server, context=context_with(tmp_path, key, version=version)))
    body = "".join(public(key).decode().splitlines()[1:-1])
    assert found == parse_key(f"certificate {body}"), "what is between the lines of the PEM file is the key"


def test_nobody_needs_a_certificate(server: RunningServer) -> None:
    assert key_of(server, Client(server)) is None
    assert client_key(Wire()) is None


def test_only_the_key_counts(server: RunningServer, tmp_path: Path) -> None:
    ada = key_of(server, Client(server, context=context_with(tmp_path, "ada")))
    assert ada is not None
    assert key_of(server, Client(server, context=context_with(tmp_path, "ada", "ada", days=-1))) == ada, "it has expired"
    assert key_of(server, Client(server, context=context_with(tmp_path, "ada", "another"))) == ada
    assert key_of(server, Client(server, context=context_with(tmp_path, "rsa", "ada"))) not in (ada, None), (
        "another key, the same name"
    )


class Thief(Client):
    """A client that shows another certificate than its own, which has the same length."""

    own, shown = b"", b""

    def _carry(self, step: int) -> None:
        self.wire.say(self._outgoing.read().replace(self.own, self.shown), step)
        self._incoming.write(self.wire.take())


def test_a_certificate_without_its_key_is_nobodys(server: RunningServer, tmp_path: Path) -> None:
    version = ssl.TLSVersion.TLSv1_2  # Which does not encrypt certificates.
    thief = Thief(server, context=context_with(tmp_path, "thief", version=version))
    context_with(tmp_path, "bob")
    thief.own, thief.shown = (certificate_in(tmp_path / f"{key}-ada-30.pem") for key in ("thief", "bob"))
    assert len(thief.own) == len(thief.shown)
    with pytest.raises(ssl.SSLError, match=r"DECRYPT_ERROR|BAD_SIGNATURE"):
        thief.shake_hands()
    server.turn()
    assert not server.shared.sessions
    thief.wire.lose()


def certificate_in(path: Path) -> bytes:
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)


def test_a_key_that_others_could_find_out_is_nobodys(server: RunningServer, tmp_path: Path) -> None:
    assert key_of(server, Client(server, context=context_with(tmp_path, "weak"))) is None


def test_browsers_are_not_asked_for_a_certificate(server: RunningServer, tmp_path: Path) -> None:
    browser = context_with(tmp_path, "ada")
    browser.set_alpn_protocols(["h2", "http/1.1"])
    assert key_of(server, Client(server, context=browser)) is None
    other = context_with(tmp_path, "ada")
    other.set_alpn_protocols(["irc"])
    assert key_of(server, Client(server, context=other)) is not None


@VERSIONS
def test_a_session_of_tls_that_is_resumed_has_the_same_key(server: RunningServer, tmp_path: Path, version: ssl.TLSVersion) -> None:
    for context in (context_with(tmp_path, "ada", version=version), new_context(version)):
        first = Client(server, context=context)
        key = key_of(server, first)
        again = Client(server, context=context, session=first.session)
        assert key_of(server, again) == key
        assert again.is_resumed
