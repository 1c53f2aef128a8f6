"""Everything works inside TLS as outside, and the certificate can be replaced while people talk."""

from __future__ import annotations

import contextlib
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, eventAsText, globalLogPublisher
from zope.interface import provider

from chatd.core.limits import (
    BROWSER_GREETING_SECONDS,
    CLOSE_SECONDS,
    GREETING_SECONDS,
    HANDSHAKE_SECONDS,
    LAST_LINES_SECONDS,
    LOG_BYTES,
    LOGIN_SECONDS,
    STALL_SECONDS,
)
from chatd.core.registry import Settings
from chatd.doors.catalogue import IRC, JSON, SSH, TEXT, TLS, WEB, Door, DoorOptions
from chatd.doors.line import ChatProtocol
from chatd.doors.tls import BadCertificate, Certificate
from tests.core.late import LateStore
from tests.doors.wire import Recorder, RunningServer, Wire

PRIVATE = {"plain": NoEncryption(), "encrypted": BestAvailableEncryption(b"secret")}


def general_name(name: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ip_address(name))
    return x509.DNSName(name)


def make(folder: Path, name: str, days: int = 30, form: str = "plain") -> tuple[str, str]:
    """A self-signed certificate for ``name``, a host or an address, and its key, in two PEM files
    of ``folder``."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([general_name(name)]), critical=False)
        .sign(key, SHA256())
    )
    paths = folder / f"{name}.crt", folder / f"{name}.key"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PRIVATE[form]))
    return str(paths[0]), str(paths[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def paths(folder: Path) -> tuple[str, str]:
    return make(folder, "chat.example")


@pytest.fixture
def server(clock: Clock, paths: tuple[str, str]) -> RunningServer:
    return tls_server(clock, paths)


def tls_server(clock: Clock, paths: tuple[str, str], tls_only: bool = False) -> RunningServer:
    return server_with(clock, Certificate(*paths), tls_only)


def server_with(clock: Clock, certificate: Certificate, tls_only: bool = False) -> RunningServer:
    return RunningServer(clock, options=DoorOptions([TEXT, JSON, TLS], tls_only, certificate))


def new_context(version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    return context


class Client:
    """The far end of a wire, inside TLS."""

    def __init__(
        self,
        server: RunningServer,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        address: str = "192.0.2.1",
        context: ssl.SSLContext | None = None,
        session: ssl.SSLSession | None = None,
    ) -> None:
        """``context`` may have a certificate and protocols; ``session`` is an earlier one, to
        resume."""
        self.wire = server.call(address)
        context = context or new_context(version)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, session=session)
        self.received = b""
        self.ended = False

    def shake_hands(self, step: int = 0) -> None:
        """Perform the handshake, sending ``step`` bytes at a time (0: at once)."""
        for _ in range(5):
            try:
                self._object.do_handshake()
            except ssl.SSLWantReadError:
                self._carry(step)
            else:
                self._carry(step)
                return
        raise AssertionError("there was no handshake")

    def hello(self) -> bytes:
        """The first bytes of the handshake, not sent yet."""
        with pytest.raises(ssl.SSLWantReadError):
            self._object.do_handshake()
        return self._outgoing.read()

    @property
    def certificate(self) -> str:
        """The subject of the server's certificate."""
        certificate = self._object.getpeercert(True)
        assert certificate is not None
        return x509.load_der_x509_certificate(certificate).subject.rfc4514_string()

    @property
    def session(self) -> ssl.SSLSession | None:
        return self._object.session

    @property
    def is_resumed(self) -> bool | None:
        return self._object.session_reused

    @property
    def version(self) -> str | None:
        return self._object.version()

    def say(self, text: bytes, step: int = 0) -> None:
        self._object.write(text)
        self._carry(step)

    def close(self) -> None:
        """Close TLS with close_notify."""
        with contextlib.suppress(ssl.SSLWantReadError):  # The other side has not closed yet.
            self._object.unwrap()
        self._carry(0)

    def take(self) -> bytes:
        """The lines received since the last call."""
        self._carry(0)
        while not self.ended:
            try:
                piece = self._object.read(65536)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                piece = b""
            self.ended = not piece
            self.received += piece
        received, self.received = self.received, b""
        return received

    def _carry(self, step: int) -> None:
        self.wire.say(self._outgoing.read(), step)
        self._incoming.write(self.wire.take())


def log_in(server: RunningServer, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, nick: bytes = b"ada", step: int = 0) -> Client:
    client = Client(server, version)
    client.shake_hands(step)
    client.say(nick + b"\n", step)
    server.turn()
    assert client.take().startswith(b"-- Hello " + nick)
    return client


def finish(server: RunningServer, *wires: Wire) -> None:
    for wire in wires:
        wire.lose()
    server.clock.advance(LAST_LINES_SECONDS)
    assert not len(server.shared.half_open)
    assert not server.registry.admission
    assert not server.shared.sessions


# -- Inside as outside TLS


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("step", [0, 1, 7])
def test_people_talk(server: RunningServer, version: ssl.TLSVersion, step: int) -> None:
    bob = server.call()
    bob.say(b"bob\n")
    server.turn()
    bob.take()
    ada = log_in(server, version, step=step)
    ada.say(b"hi from inside\n", step)
    bob.say(b"hi from outside\n")
    server.turn()
    assert ada.take().endswith(b"<bob> hi from outside\r\n")
    assert bob.take().endswith(b"<ada> hi from inside\r\n")
    finish(server, ada.wire, bob)


def test_programs_talk(server: RunningServer) -> None:
    client = Client(server)
    client.shake_hands()
    client.say(b'{"type": "hello", "nick": "ci"}\n', 1)
    server.turn()
    assert client.take().startswith(b'{"type":"welcome"')
    finish(server, client.wire)


@pytest.mark.parametrize(
    ("door", "call"), [(WEB, b"GET / HTTP/1.1\r\n\r\n"), (IRC, b"CAP LS\r\nNICK a\r\n"), (SSH, b"SSH-2.0-x\r\n")]
)
def test_other_doors_inside_tls_get_every_byte(server: RunningServer, door: Door, call: bytes) -> None:
    server.record(door)
    for cut in range(1, len(call)):
        client = Client(server, address="192.0.2.9")
        client.shake_hands()
        client.say(call[:cut])
        client.say(call[cut:])
        recorder = client.wire.protocol.wrappedProtocol
        assert isinstance(recorder, Recorder)
        assert (recorder.door, recorder.address, recorder.received) == (door, "192.0.2.9", call)


def test_the_front_is_not_in_the_way_of_data(server: RunningServer) -> None:
    ada = log_in(server)
    assert type(ada.wire.protocol.wrappedProtocol) is ChatProtocol
    finish(server, ada.wire)


def test_silence_after_the_handshake_means_a_person(server: RunningServer) -> None:
    client = Client(server)
    server.clock.advance(GREETING_SECONDS / 2)
    client.shake_hands()
    server.clock.advance(GREETING_SECONDS)
    assert client.take() == b"-- Welcome to chatd. What is your nick?\r\n"
    finish(server, client.wire)


def test_silence_inside_tls_is_longer_where_a_browser_has_called(server: RunningServer) -> None:
    client = Client(server)
    server.shared.browsers.add(client.wire.address)
    client.shake_hands()
    server.clock.advance(GREETING_SECONDS)
    server.clock.advance(BROWSER_GREETING_SECONDS - GREETING_SECONDS - 0.01)
    assert client.take() == b""
    server.clock.advance(0.01)
    assert client.take() == b"-- Welcome to chatd. What is your nick?\r\n"
    finish(server, client.wire)


def test_there_is_no_tls_inside_tls(server: RunningServer) -> None:
    client = Client(server)
    client.shake_hands()
    other = Client(server)
    client.say(other.hello())
    assert client.take() == b"\x15\x03\x03\x00\x02\x02\x28"
    assert server.events() == 0
    finish(server, client.wire, other.wire)


def test_tls_only_accepts_everybody_inside_tls(clock: Clock, paths: tuple[str, str]) -> None:
    server = tls_server(clock, paths, tls_only=True)
    ada = log_in(server)
    finish(server, ada.wire)


# -- The end


def test_quit_closes_tls_properly(server: RunningServer) -> None:
    ada = log_in(server)
    ada.say(b"/quit\n")
    server.turn()
    assert ada.take() == b"-- Goodbye.\r\n"
    assert ada.ended  # By close_notify, before the connection ends.
    ada.close()
    assert ada.wire.closed
    assert not ada.wire.aborted
    finish(server, ada.wire)


def test_a_peer_that_does_not_close_tls_is_aborted(server: RunningServer) -> None:
    ada = log_in(server)
    ada.say(b"/quit\n")
    server.turn()
    server.clock.advance(CLOSE_SECONDS)
    assert ada.wire.aborted
    finish(server, ada.wire)


def test_closing_tls_ends_the_input(server: RunningServer) -> None:
    """As outside TLS, an unterminated last line counts; only the answers cannot be sent any
    more."""
    bob, ada = server.call("192.0.2.2"), log_in(server)
    bob.say(b"bob\n")
    server.turn()
    bob.take()
    ada.take()
    ada.say(b"bye")
    ada.close()
    assert ada.wire.closed
    ada.wire.lose()
    server.turn()
    assert bob.take() == b"<ada> bye\r\n-- ada has left #lobby (quit)\r\n"
    finish(server, bob)


def test_what_follows_a_refused_nick_is_not_read_when_tls_is_closed(server: RunningServer) -> None:
    bob, script = server.call("192.0.2.2"), Client(server)
    bob.say(b"bob\n")
    server.turn()
    bob.take()
    script.shake_hands()
    script.say(b"bob\n")
    server.turn()
    assert script.take().startswith(b"!! ")
    script.say(b"deployed")
    script.close()
    script.wire.lose()
    server.turn()
    assert bob.take() == b""
    finish(server, bob)


class Late(RunningServer):
    """A server that stores late; ada is there, outside TLS."""

    def __init__(self, clock: Clock, paths: tuple[str, str], settings: Settings | None = None) -> None:
        self.store = LateStore()
        super().__init__(clock, settings, DoorOptions([TEXT, JSON, IRC, TLS], certificate=Certificate(*paths)), self.store)
        self.ada = self.call("192.0.2.2")
        self.ada.say(b"ada\n")
        self.heard()

    def heard(self) -> list[str]:
        """What ada hears, when everything is stored."""
        for _ in range(4):
            self.store.answer()
            self.turn()
        return self.ada.take().decode().splitlines()


@pytest.mark.parametrize("why", [ConnectionDone(), ConnectionLost()], ids=["closed", "broken"])
def test_lines_that_wait_when_tls_is_closed_are_said(clock: Clock, paths: tuple[str, str], why: Exception) -> None:
    """While a joining is being stored, nothing else is taken. TLS was closed first, so nothing is
    missing, even if the connection breaks then."""
    server = Late(clock, paths)
    bob = Client(server)
    bob.shake_hands()
    bob.say(b"bob\nhello\nbye")
    bob.close()
    assert bob.wire.closed
    bob.wire.lose(why)
    assert server.heard() == ["-- bob has joined #lobby", "<bob> hello", "<bob> bye", "-- bob has left #lobby (quit)"]
    finish(server, server.ada)


def test_lines_that_wait_when_a_link_inside_tls_is_lost_are_said(clock: Clock, paths: tuple[str, str]) -> None:
    server = Late(clock, paths)
    bob = Client(server)
    bob.shake_hands()
    bob.say(b"bob\nhello\nby")
    bob.wire.lose()
    assert server.heard() == ["-- bob has joined #lobby", "<bob> hello", "-- bob has left #lobby (connection lost)"]
    finish(server, server.ada)


def test_an_irc_client_that_closes_tls_at_once_has_said_everything(clock: Clock, paths: tuple[str, str]) -> None:
    server = Late(clock, paths)
    bob = Client(server)
    bob.shake_hands()
    bob.say(b"NICK bob\r\nUSER bob 0 * :Bob\r\nJOIN #lobby\r\nPRIVMSG #lobby :hello\r\nQUIT :bye\r\n")
    bob.close()
    bob.wire.lose()
    assert server.heard() == ["-- bob has joined #lobby", "<bob> hello", "-- bob has left #lobby (quit: bye)"]
    finish(server, server.ada)


@pytest.mark.parametrize(
    "said",
    [
        b"bob\nhello\n",
        b'{"type":"hello","nick":"bob"}\n{"type":"say","text":"hello"}\n',
        b"NICK bob\nUSER bob 0 * :Bob\nJOIN #lobby\nPRIVMSG #lobby :hello\n",
    ],
)
def test_whoever_closes_tls_before_it_is_their_turn_has_said_everything(clock: Clock, paths: tuple[str, str], said: bytes) -> None:
    server = Late(clock, paths, Settings(address_rate=10))
    bob = Client(server)
    bob.shake_hands()
    server.shared.budgets.spend(bob.wire.address, 100, clock.seconds())
    bob.say(said)
    bob.close()
    bob.wire.lose()
    assert server.heard() == []
    clock.advance(20)
    seen = server.heard()
    clock.advance(20)
    assert [*seen, *server.heard()] == ["-- bob has joined #lobby", "<bob> hello", "-- bob has left #lobby (quit)"]
    finish(server, server.ada)


def test_a_broken_connection_is_not_the_end_of_the_input(server: RunningServer) -> None:
    bob, ada = server.call("192.0.2.2"), log_in(server)
    bob.say(b"bob\n")
    server.turn()
    bob.take()
    ada.say(b"by")
    ada.wire.lose()
    server.turn()
    assert bob.take() == b"-- ada has left #lobby (connection lost)\r\n"
    finish(server, bob)


# -- Handshakes that go wrong


def logged(client: Client, action: bytes | None) -> list[str]:
    """The log while ``client`` sends ``action`` (None: it disconnects)."""
    lines: list[str] = []

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        lines.append(eventAsText(event, includeTimestamp=False, includeSystem=False))

    globalLogPublisher.addObserver(observe)
    if action is not None:
        client.wire.say(action)
    client.wire.lose()
    globalLogPublisher.removeObserver(observe)
    return lines


def test_an_old_version_is_refused_with_an_alert_and_one_line(server: RunningServer) -> None:
    client = Client(server)
    hello = bytearray(client.hello())
    supported = hello.index(b"\x00\x2b\x00\x03\x02\x03\x04")
    hello[supported + 5 : supported + 7] = b"\x03\x02"  # TLS 1.1, in the extension supported_versions.
    lines = logged(client, bytes(hello))
    assert client.wire.take()[:7] == b"\x15\x03\x03\x00\x02\x02\x46"  # protocol_version
    assert lines == ["no TLS with 192.0.2.1: unsupported protocol"]
    finish(server)


def test_rubbish_makes_one_log_line(server: RunningServer) -> None:
    client = Client(server)
    lines = logged(client, b"\x16\x03\x01\x00\x05ada\nhi\n/join #x\n")
    assert len(lines) == 1
    assert lines[0].startswith("no TLS with 192.0.2.1: ")
    assert "\n" not in lines[0]
    assert server.events() == 0
    finish(server)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.99])
def test_a_stalled_handshake_is_dropped_after_10_seconds(server: RunningServer, share: float) -> None:
    client = Client(server)
    hello = client.hello()
    client.wire.say(hello[: 2 + int((len(hello) - 2) * share)])
    rest = hello[2 + int((len(hello) - 2) * share) :]
    for second in range(int(HANDSHAKE_SECONDS) - 1):
        server.clock.advance(1)
        client.wire.say(rest[second : second + 1] if second < len(rest) - 1 else b"")
    assert client.wire.open
    server.clock.advance(1)
    assert client.wire.aborted
    assert logged(client, None) == []
    finish(server)


def test_the_login_deadline_counts_from_connecting(server: RunningServer) -> None:
    client = Client(server)
    client.shake_hands()
    server.clock.advance(LOGIN_SECONDS - 1)
    client.take()
    client.say(b"two words\n")
    server.turn()
    assert client.take().startswith(b"!! ")
    server.clock.advance(1)
    server.turn()
    assert client.take().startswith(b"--")
    assert client.ended
    finish(server, client.wire)


@given(st.integers(2, 500), st.binary(min_size=1, max_size=8), st.integers(0, 9))
def test_a_corrupted_client_hello_is_no_defect(paths: tuple[str, str], place: int, other: bytes, step: int) -> None:
    server = tls_server(Clock(), paths)
    client = Client(server)
    hello = client.hello()
    client.wire.say(hello[:place] + other + hello[place + len(other) :] + b"ada\nhi\n", step)
    server.clock.advance(HANDSHAKE_SECONDS)
    client.wire.lose()
    server.clock.advance(0)
    assert server.events() == 0
    assert not server.registry.admission


# -- The outlet without a socket: a slow reader inside TLS


def test_a_slow_reader_gets_everything_in_order(server: RunningServer) -> None:
    ada, bob = log_in(server), server.call("192.0.2.2")
    bob.say(b"bob\n")
    server.turn()
    ada.take()
    total = 600
    for number in range(total):
        if number % 40 == 10:
            ada.wire.producer.pauseProducing()
        if number % 40 == 30:
            ada.wire.producer.resumeProducing()
        bob.say(b"message %d\n" % number)
        server.clock.advance(1)
    ada.wire.producer.resumeProducing()
    server.turn()
    said = [int(line.split()[-1]) for line in ada.take().splitlines() if line.startswith(b"<bob>")]
    assert said == list(range(total))
    finish(server, ada.wire, bob)


def test_a_stalled_reader_costs_only_a_cursor(server: RunningServer) -> None:
    ada, bob = log_in(server), server.call("192.0.2.2")
    bob.say(b"bob\n")
    server.turn()
    ada.take()
    ada.wire.producer.pauseProducing()
    text = b"x" * 4000
    for _ in range(LOG_BYTES // len(text) + 100):
        bob.say(text + b"\n")
        server.clock.advance(1 / 16)
        if not ada.wire.open:
            break
    assert ada.take() == b""
    server.shared.drop_stalled_readers()
    server.clock.advance(STALL_SECONDS)
    server.shared.drop_stalled_readers()
    assert ada.wire.aborted
    finish(server, ada.wire, bob)


def test_a_slow_reader_is_not_dropped(server: RunningServer) -> None:
    """A small part of the bytes that the kernel holds for the reader is acknowledged."""
    ada = log_in(server)
    near, far = socket.socketpair()
    ada.wire.getHandle = lambda: near  # type: ignore[attr-defined]
    near.send(b"x" * 1000)
    near.send(b"x" * 1000)
    ada.wire.producer.pauseProducing()
    ada.say(b"/help\n")
    ada.say(b"/help\n")
    server.turn()
    server.shared.drop_stalled_readers()
    server.clock.advance(STALL_SECONDS - 1)
    far.recv(1000)
    server.shared.drop_stalled_readers()
    server.clock.advance(STALL_SECONDS - 1)
    server.shared.drop_stalled_readers()
    assert ada.wire.open
    server.clock.advance(1)
    server.shared.drop_stalled_readers()
    assert ada.wire.aborted
    near.close()
    far.close()
    finish(server, ada.wire)


# -- The certificate


def test_the_certificates_host_and_expiry_are_known(folder: Path, paths: tuple[str, str]) -> None:
    until = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
    assert Certificate(*paths).is_self_signed
    assert Certificate(*paths).about == f"the certificate of chat.example is valid until {until}"
    assert "has EXPIRED on" in Certificate(*make(folder, "old.example", days=-1)).about


def test_the_key_may_be_in_the_same_file(folder: Path, paths: tuple[str, str]) -> None:
    both = folder / "both.pem"
    both.write_bytes(Path(paths[1]).read_bytes() + Path(paths[0]).read_bytes())
    Certificate(str(both), str(both))


def test_the_whole_chain_is_sent(clock: Clock, folder: Path) -> None:
    first, second = make(folder, "leaf.example"), make(folder, "issuer.example")
    chain = folder / "chain.pem"
    chain.write_bytes(Path(first[0]).read_bytes() + Path(second[0]).read_bytes())
    server = tls_server(clock, (str(chain), first[1]))
    client = Client(server, ssl.TLSVersion.TLSv1_2)
    hello = client.hello()
    client.wire.say(hello)
    issuer = x509.load_pem_x509_certificate(Path(second[0]).read_bytes()).public_bytes(Encoding.DER)
    assert issuer in client.wire.take()
    finish(server, client.wire)


def test_a_reload_gives_new_callers_the_new_certificate_and_drops_nobody(clock: Clock, folder: Path) -> None:
    old = make(folder, "first.example")
    certificate = Certificate(*old)
    server = server_with(clock, certificate)
    ada = log_in(server)
    new = make(folder, "second.example")
    for target, source in zip(old, new, strict=True):
        Path(target).write_bytes(Path(source).read_bytes())
    certificate.reload()
    bob = log_in(server, nick=b"bob")
    assert (ada.certificate, bob.certificate) == ("CN=first.example", "CN=second.example")
    ada.say(b"still here\n")
    server.turn()
    assert bob.take().endswith(b"<ada> still here\r\n")
    finish(server, ada.wire, bob.wire)


BAD = ["missing", "a directory", "empty", "rubbish", "no key", "another key", "an encrypted key", "a key alone", "cut off"]


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_refused_and_the_old_certificate_stays(clock: Clock, tmp_path: Path, bad: str) -> None:
    paths = make(tmp_path, "good.example")
    certificate = Certificate(*paths)
    file, key = map(Path, paths)
    spoil(bad, file, key)
    with pytest.raises(BadCertificate) as raised:
        certificate.reload()
    assert "\n" not in str(raised.value)
    assert str(tmp_path) in str(raised.value)
    assert "good.example is valid" in certificate.about
    server = server_with(clock, certificate)
    ada = log_in(server)
    assert ada.certificate == "CN=good.example"
    finish(server, ada.wire)


def spoil(bad: str, file: Path, key: Path) -> None:
    """Make the certificate in ``file``, or its ``key``, unusable."""
    folder = file.parent
    if bad == "missing":
        file.unlink()
    elif bad == "a directory":
        file.unlink()
        file.mkdir()
    elif bad == "empty":
        file.write_bytes(b"")
    elif bad == "rubbish":
        file.write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    elif bad == "no key":
        key.write_bytes(b"none")
    elif bad == "another key":
        key.write_bytes(Path(make(folder, "other.example")[1]).read_bytes())
    elif bad == "an encrypted key":
        key.write_bytes(Path(make(folder, "secret.example", form="encrypted")[1]).read_bytes())
    elif bad == "a key alone":
        file.write_bytes(key.read_bytes())
    else:
        file.write_bytes(file.read_bytes()[:-60])
