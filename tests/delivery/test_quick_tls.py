"""The quick connection: it does what pyOpenSSL's own connection does."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path

import pytest
from OpenSSL import SSL

from chatd.delivery.quick_tls import READ_BYTES, QuickConnection, new_connection
from tests.doors.test_tls import make

KINDS = pytest.mark.parametrize("kind", [SSL.Connection, QuickConnection])

RECORD = 1 << 14
"""What one record carries at most, in bytes."""


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> SSL.Context:
    certificate, key = make(tmp_path_factory.mktemp("certificate"), "chat.example")
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate_file(str(Path(certificate)))
    context.use_privatekey_file(key)
    return context


class Pair:
    """A connection of the server, and the client on its other side, after their handshake."""

    def __init__(self, kind: type[SSL.Connection], context: SSL.Context) -> None:
        self.connection = kind(context, None)
        self.connection.set_accept_state()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._client = ssl._create_unverified_context().wrap_bio(self._incoming, self._outgoing)
        for _ in range(3):
            for step in (self._client.do_handshake, self._tell, self.connection.do_handshake, self.pass_on):
                with contextlib.suppress(ssl.SSLWantReadError, SSL.WantReadError):
                    step()

    def _tell(self) -> None:
        if data := self._outgoing.read():
            self.connection.bio_write(data)

    def pass_on(self, most: int = READ_BYTES) -> int:
        """Pass on what the server sends, at most so many bytes at once; how often there were
        some."""
        for times in range(1000):
            try:
                self._incoming.write(self.connection.bio_read(most))
            except SSL.WantReadError:
                return times
        raise AssertionError("there is no end")

    def heard(self) -> bytes:
        """What the client has received."""
        received = b""
        with contextlib.suppress(ssl.SSLWantReadError):
            while data := self._client.read(1 << 20):
                received += data
        return received


@KINDS
def test_what_is_sent_arrives(kind: type[SSL.Connection], context: SSL.Context) -> None:
    pair = Pair(kind, context)
    for size in (1, 100, RECORD):
        assert pair.connection.send(b"x" * size) == size
        assert pair.pass_on() == 1
        assert pair.heard() == b"x" * size
    assert pair.connection.send(bytearray(b"array")) == 5
    assert pair.connection.send(b"long" * RECORD) == RECORD  # A record at a time.
    assert pair.connection.send(b"more") == 4
    assert pair.pass_on(100) > RECORD // 100
    assert pair.heard() == b"array" + b"long" * (RECORD // 4) + b"more"


@KINDS
def test_no_read_returns_what_another_has_returned(kind: type[SSL.Connection], context: SSL.Context) -> None:
    one, two = Pair(kind, context), Pair(kind, context)
    one.connection.send(b"hello")
    first = one.connection.bio_read(READ_BYTES)
    kept = bytes(bytearray(first))
    two.connection.send(b"something else, and longer")
    assert two.connection.bio_read(READ_BYTES) != first
    assert first == kept


@KINDS
def test_nothing_to_read_is_said_so(kind: type[SSL.Connection], context: SSL.Context) -> None:
    with pytest.raises(SSL.WantReadError):
        Pair(kind, context).connection.bio_read(READ_BYTES)


@KINDS
def test_nothing_can_be_sent_before_the_handshake(kind: type[SSL.Connection], context: SSL.Context) -> None:
    connection = kind(context, None)
    connection.set_accept_state()
    for _ in range(2):
        with pytest.raises(SSL.WantReadError):
            connection.send(b"early")


@KINDS
def test_nothing_can_be_sent_after_the_end(kind: type[SSL.Connection], context: SSL.Context) -> None:
    pair = Pair(kind, context)
    pair.connection.shutdown()
    with pytest.raises(SSL.Error, match="protocol is shutdown"):
        pair.connection.send(b"late")
    another = Pair(kind, context)
    assert another.connection.send(b"well") == 4  # Errors of one connection are not those of another.


def test_another_pyopenssl_is_used_as_it_is(context: SSL.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(new_connection(context)) is QuickConnection
    monkeypatch.setattr("chatd.delivery.quick_tls.IS_KNOWN", False)
    assert type(new_connection(context)) is SSL.Connection
