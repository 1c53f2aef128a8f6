"""TLS as people use it: a real daemon and a real openssl."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Event, Request, TextMessage

from chatd.core.limits import CLOSE_SECONDS
from chatd.doors.catalogue import BUILT
from tests.conversations.conftest import StartDaemon
from tests.conversations.forking import Twistd
from tests.conversations.processes import Daemon as ChatDaemon
from tests.conversations.processes import run_twistd
from tests.doors.test_tls import make

ROOT = Path(__file__).parents[2]
DEADLINE = 20.0
"""How long anything may take, in seconds; nothing waits longer than needed."""


def need(program: str) -> str:
    """The path of ``program``; without it the test is skipped, or fails where all tests must
    run."""
    path = shutil.which(program)
    if path is not None:
        return path
    missing = f"{program} is not installed"
    if os.environ.get("CHATD_TEST_ALL") == "1":
        pytest.fail(missing)
    pytest.skip(missing)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


class Daemon:
    """A real daemon with a certificate in ``folder``, on a free port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.certificate, self.key = map(Path, make(folder, "first.example"))
        self._log = folder / "daemon.log"
        options = [
            "--port",
            str(self.port),
            "--interface",
            "127.0.0.1",
            "--max-per-address",
            "0",
            "--flood-rate",
            "0",
            "--address-rate",
            "0",
        ]
        options += ["--tls-cert", str(self.certificate), "--tls-key", str(self.key), "--tls-only"]
        arguments = ["-n", "--pidfile=", "chatd", "--data", "none", *options]
        with self._log.open("wb") as log:
            self._process = Twistd(arguments, folder, os.environ, log.fileno(), log.fileno())
        end = time.monotonic() + DEADLINE
        while not self._listens():
            assert time.monotonic() < end, self.log()
            time.sleep(0.02)

    def _listens(self) -> bool:
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self) -> str:
        return self._log.read_text()

    def read_again(self, certificate: Path | None = None, key: Path | None = None) -> str:
        """Replace its files with these, send SIGHUP, and wait for the line in the log."""
        for target, source in ((self.certificate, certificate), (self.key, key)):
            if source is not None:
                target.write_bytes(source.read_bytes())
        before = self.log().count("SIGHUP:")
        self._process.send_signal(signal.SIGHUP)
        end = time.monotonic() + DEADLINE
        while self.log().count("SIGHUP:") == before:
            assert time.monotonic() < end, self.log()
            time.sleep(0.02)
        return self.log().splitlines()[-1] if "SIGHUP" in self.log().splitlines()[-1] else self.log()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(DEADLINE) == 0, self.log()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path_factory.mktemp("daemon"))
    yield daemon
    daemon.stop()
    assert "Traceback" not in daemon.log(), daemon.log()


class Lines:
    """The output of a process or a connection, line by line."""

    def __init__(self, source: int) -> None:
        self._source = source
        self._held = b""

    def until(self, text: bytes) -> bytes:
        """Wait for the first line that contains ``text``."""
        end, received = time.monotonic() + DEADLINE, b""
        while True:
            line, newline, rest = self._held.partition(b"\n")
            if newline:
                self._held, received = rest, received + line + newline
                if text in line:
                    return line
                continue
            assert time.monotonic() < end, (text, received)
            if select.select([self._source], [], [], 0.2)[0]:
                piece = os.read(self._source, 65536)
                assert piece, (text, received)
                self._held += piece


class SClient:
    """A person with ``openssl s_client``."""

    def __init__(self, daemon: Daemon, *options: str) -> None:
        command = [need("openssl"), "s_client", "-connect", f"127.0.0.1:{daemon.port}", "-quiet", *options]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._stdin: IO[bytes] = self._process.stdin  # type: ignore[assignment]
        assert self._process.stdout is not None
        self._lines = Lines(self._process.stdout.fileno())

    def say(self, text: bytes) -> None:
        self._stdin.write(text)
        self._stdin.flush()

    def until(self, text: bytes) -> bytes:
        return self._lines.until(text)

    def end(self) -> None:
        self._process.terminate()
        self._process.communicate()


class Plain:
    """A person outside TLS."""

    def __init__(self, daemon: Daemon | ChatDaemon, nick: bytes) -> None:
        self._socket = socket.create_connection(("127.0.0.1", daemon.port), DEADLINE)
        self._lines = Lines(self._socket.fileno())
        self.say(nick + b"\n")
        self.until(b"-- Hello " + nick)

    def say(self, text: bytes) -> None:
        self._socket.sendall(text)

    def until(self, text: bytes) -> bytes:
        return self._lines.until(text)

    def end(self) -> None:
        self._socket.close()


def context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def served(daemon: Daemon) -> str:
    """The subject of the certificate that a new caller gets, from openssl."""
    command = [need("openssl"), "s_client", "-connect", f"127.0.0.1:{daemon.port}"]
    said = subprocess.run(command, input=b"", capture_output=True, timeout=DEADLINE, check=False).stdout.decode()
    return next(line for line in said.splitlines() if line.startswith("subject="))


@pytest.fixture(scope="module")
def stalled(daemon: Daemon) -> Iterator[Callable[[], float]]:
    """How long the server waits for a caller who stops in the first message of a handshake, in
    seconds."""
    spans: list[float] = []

    def stall() -> None:
        with socket.create_connection(("127.0.0.1", daemon.port), DEADLINE) as caller, contextlib.suppress(ConnectionResetError):
            began = time.monotonic()
            caller.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            caller.recv(1)
        spans.append(time.monotonic() - began)

    def span() -> float:
        thread.join(DEADLINE)
        return spans[0]

    thread = threading.Thread(target=stall)
    thread.start()
    yield span
    thread.join(DEADLINE)


@pytest.mark.usefixtures("stalled")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_people_inside_and_outside_tls_talk(daemon: Daemon, version: str) -> None:
    bob = Plain(daemon, b"bob")
    ada = SClient(daemon, version)
    ada.until(b"-- Welcome to chatd. What is your nick?")
    ada.say(b"ada\n")
    ada.until(b"-- Hello ada.")
    ada.say(b"from inside\n")
    bob.until(b"<ada> from inside")
    bob.say(b"from outside\n")
    ada.until(b"<bob> from outside")
    ada.say(b"/quit\n")
    ada.until(b"-- Goodbye.")
    bob.until(b"-- ada has left")
    ada.end()
    bob.end()


def test_an_older_version_is_refused(daemon: Daemon) -> None:
    command = [need("openssl"), "s_client", "-connect", f"127.0.0.1:{daemon.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]
    done = subprocess.run(command, input=b"ada\n", capture_output=True, timeout=DEADLINE, check=False)
    assert done.returncode != 0
    assert b"alert protocol version" in done.stderr


def test_quit_ends_when_both_sides_have_closed(daemon: Daemon) -> None:
    ada = context().wrap_socket(socket.create_connection(("127.0.0.1", daemon.port), DEADLINE))
    ada.sendall(b"ada\n/quit\n")
    while ada.recv(65536):
        pass
    with ada.unwrap() as outside:
        outside.settimeout(CLOSE_SECONDS / 2)
        assert outside.recv(1) == b""


@pytest.fixture
def waiting(start_daemon: StartDaemon, tmp_path: Path) -> ChatDaemon:
    """A daemon at which all lines but ten wait for flood control, and the first for the disk."""
    certificate, key = make(tmp_path, "waiting.example")
    options = ["--data", "data", "--flood-burst", "10", "--flood-rate", "100", "--tls-cert", certificate, "--tls-key", key]
    return start_daemon("--port", "0", "--interface", "127.0.0.1", *options)


SCRIPT = b"script\n" + b"".join(b"line %d\n" % number for number in range(50))


@pytest.mark.parametrize(("says_goodbye", "reason"), [(True, b"quit"), (False, b"connection lost")])
def test_all_that_was_sent_before_the_end_is_said(waiting: ChatDaemon, says_goodbye: bool, reason: bytes) -> None:
    """The lines and the end are sent at once, so the connection has ended long before they are
    taken."""
    bob = Plain(waiting, b"bob")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    inside = context().wrap_bio(incoming, outgoing)
    with socket.create_connection(("127.0.0.1", waiting.port), DEADLINE) as link:
        while True:
            try:
                inside.do_handshake()
                break
            except ssl.SSLWantReadError:
                link.sendall(outgoing.read())
                incoming.write(link.recv(65536))
        inside.write(SCRIPT)
        if says_goodbye:
            with pytest.raises(ssl.SSLWantReadError):  # The server has not said goodbye yet.
                inside.unwrap()
        link.sendall(outgoing.read())
    for number in range(50):
        assert bob.until(b"<script>") == b"<script> line %d\r" % number
    bob.until(b"-- script has left #lobby (%s)" % reason)
    bob.end()


def test_a_program_talks_inside_tls(daemon: Daemon) -> None:
    program = SClient(daemon)
    program.say(b'{"type": "hello", "nick": "ci"}\n{"type": "say", "text": "deployed", "id": "1"}\n')
    assert json.loads(program.until(b'"welcome"'))["nick"] == "ci"
    assert json.loads(program.until(b'"ack"'))["id"] == "1"
    program.end()


def test_a_reader_who_stalled_continues_in_order(daemon: Daemon) -> None:
    """More messages are sent than the log and the kernel hold. The reader is told how many events
    they missed, and gets all others once."""
    near = socket.socket()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    near.connect(("127.0.0.1", daemon.port))
    ada, bob, total = context().wrap_socket(near), Plain(daemon, b"bob"), 4000
    ada.sendall(b"slow\n")
    bob.until(b"-- slow has joined")
    for number in range(total):
        bob.say(b"%d %s\n" % (number, b"x" * 2000))
    bob.say(b"/who\n")
    bob.until(b"slow")
    expected = missed = 0
    ada.settimeout(DEADLINE)
    with ada, ada.makefile("rb") as read:
        while expected < total:
            line = read.readline()
            assert line, "the connection has ended"
            if line.startswith(b"-- You have missed "):
                missed += int(line.split()[4])
                expected += int(line.split()[4])
            elif line.startswith(b"<bob> "):
                assert int(line.split()[1]) == expected
                expected += 1
    assert expected == total
    assert missed
    bob.end()


def test_the_certificate_is_replaced_while_people_talk_and_arrive(daemon: Daemon, tmp_path: Path) -> None:
    files = {name: tuple(map(Path, make(tmp_path, name))) for name in ("second.example", "third.example")}
    bob, ada = Plain(daemon, b"bob"), SClient(daemon)
    ada.say(b"ada\n")
    ada.until(b"-- Hello ada.")
    stop, failed = threading.Event(), list[BaseException]()

    def come_and_go(number: int) -> None:
        try:
            while not stop.is_set():
                with context().wrap_socket(socket.create_connection(("127.0.0.1", daemon.port), DEADLINE)) as caller:
                    caller.sendall(b"{}\n")
                    assert caller.recv(100).startswith(b'{"type":"refused"')
        except BaseException as problem:
            failed.append(problem)

    threads = [threading.Thread(target=come_and_go, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for turn in range(10):
        name = ("second.example", "third.example")[turn % 2]
        assert f"SIGHUP: the certificate of {name} is valid" in daemon.read_again(*files[name])
        ada.say(b"turn %d\n" % turn)
        bob.until(b"<ada> turn %d" % turn)
    stop.set()
    for thread in threads:
        thread.join(DEADLINE)
    assert not failed
    assert served(daemon) == "subject=CN = third.example"
    ada.end()
    bob.end()


def test_a_bad_certificate_is_refused_in_one_line_and_the_old_one_stays(daemon: Daemon, tmp_path: Path) -> None:
    before, lines = served(daemon), len(daemon.log().splitlines())
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing of use\n")
    good = tmp_path / "good.pem"
    good.write_bytes(daemon.certificate.read_bytes())
    daemon.read_again(bad)
    said = [line for line in daemon.log().splitlines()[lines:] if "SIGHUP" in line]
    assert len(said) == 1
    assert said[0].endswith(f"SIGHUP: the certificate stays as it is: {daemon.certificate} holds no certificate in PEM")
    assert served(daemon) == before
    daemon.read_again(good)


def test_the_log_contains_nothing_that_was_sent_inside_tls(daemon: Daemon) -> None:
    ada = SClient(daemon)
    ada.say(b'{"type": "hello", "nick": "ada", "token": "0123456789abcdef-secret"}\n{"type": "say", "text": "hush hush"}\n')
    ada.until(b'"ack"')
    ada.end()
    log = daemon.log()
    assert "secret" not in log
    assert "hush" not in log
    assert "PRIVATE KEY" not in log


def test_a_stalled_handshake_is_dropped(stalled: Callable[[], float]) -> None:
    assert 9.5 < stalled() < 15


# -- chatd-client ----------------------------------------------------------------------------------


def client(daemon: Daemon, *options: str) -> subprocess.CompletedProcess[str]:
    """chatd-client without a terminal, with one line of input."""
    program = [sys.executable, "-c", "from chatd.client.main import main; main()", f"127.0.0.1:{daemon.port}", "--nick", "ci"]
    return subprocess.run(
        [*program, *options], input="deployed\n", capture_output=True, text=True, env=environment(), timeout=DEADLINE, check=False
    )


def fingerprint(daemon: Daemon) -> str:
    """The fingerprint, as openssl prints it."""
    command = [need("openssl"), "x509", "-in", str(daemon.certificate), "-noout", "-fingerprint", "-sha256"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=True)
    return done.stdout.strip().partition("=")[2]


@pytest.mark.parametrize("form", [str, lambda text: text.lower().replace(":", "")], ids=["as openssl writes it", "bare"])
def test_the_client_trusts_a_fingerprint(daemon: Daemon, form: Callable[[str], str]) -> None:
    bob = Plain(daemon, b"bob")
    done = client(daemon, "--fingerprint", form(fingerprint(daemon)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    bob.until(b"<ci> deployed")
    bob.end()


@pytest.fixture
def for_its_address(daemon: Daemon, tmp_path: Path) -> Iterator[Daemon]:
    """The daemon, with a certificate for its address."""
    before = tmp_path / "before.crt", tmp_path / "before.key"
    for kept, file in zip(before, (daemon.certificate, daemon.key), strict=True):
        kept.write_bytes(file.read_bytes())
    daemon.read_again(*map(Path, make(tmp_path, "127.0.0.1")))
    yield daemon
    daemon.read_again(*before)


def test_the_client_trusts_root_certificates(for_its_address: Daemon) -> None:
    bob = Plain(for_its_address, b"bob")
    done = client(for_its_address, "--ca", str(for_its_address.certificate), "--verbose")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("the message has been delivered: #lobby ")
    bob.until(b"<ci> deployed")
    bob.end()


def test_without_trust_the_client_ends_and_suggests_the_fingerprint(daemon: Daemon) -> None:
    cure = f"--fingerprint {fingerprint(daemon)} trusts exactly this one."
    for options, reason in ((["--tls"], "self-signed"), (["--ca", str(daemon.certificate)], "it is not for 127.0.0.1")):
        done = client(daemon, *options)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"chatd-client: the server's certificate is not trusted ({reason}); {cure}\n"


def test_the_client_refuses_another_fingerprint(daemon: Daemon) -> None:
    done = client(daemon, "--fingerprint", "00" * 32)
    assert (done.returncode, done.stdout) == (1, "")
    why = f"the server's certificate does not match --fingerprint; {fingerprint(daemon)} is its fingerprint, "
    assert done.stderr == f"chatd-client: {why}to be used only if the operator of the server confirms it.\n"


# -- HTTPS and WSS ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "kind", "held"), [("/", "text/html", b"<title>"), ("/healthz", "text/plain", b"ok")])
def test_https(daemon: Daemon, path: str, kind: str, held: bytes) -> None:
    caller = http.client.HTTPSConnection("127.0.0.1", daemon.port, timeout=DEADLINE, context=context())
    caller.request("GET", path)
    answer = caller.getresponse()
    assert (answer.status, (answer.getheader("Content-Type") or "").partition(";")[0]) == (200, kind)
    assert held in answer.read()
    caller.close()


def test_a_websocket_inside_tls(daemon: Daemon) -> None:
    socket_inside = context().wrap_socket(socket.create_connection(("127.0.0.1", daemon.port), DEADLINE))
    page = WSConnection(ConnectionType.CLIENT)
    socket_inside.sendall(page.send(Request(host=f"127.0.0.1:{daemon.port}", target="/ws")))
    events = websocket_events(socket_inside, page)
    assert isinstance(next(events), AcceptConnection)
    socket_inside.sendall(page.send(TextMessage(json.dumps({"type": "hello", "nick": "eve"}))))
    welcome = next(events)
    assert isinstance(welcome, TextMessage)
    assert welcome.message_finished
    assert json.loads(welcome.data.splitlines()[0])["type"] == "welcome"  # A message is one or more lines.
    socket_inside.close()


def websocket_events(connection: ssl.SSLSocket, page: WSConnection) -> Iterator[Event]:
    """The events that ``page`` receives on ``connection``."""
    while True:
        yield from page.events()
        data = connection.recv(65536)
        assert data
        page.receive_data(data)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tls-key", "key.pem"], "chatd: --tls-key and --tls-only need --tls-cert."),
        (["--tls-only"], "chatd: --tls-key and --tls-only need --tls-cert."),
        (["--tls-cert", "/nowhere.pem"], "chatd: /nowhere.pem cannot be read: No such file or directory."),
        (["--doors", "text,gate"], f"chatd: --doors: there is no door 'gate'; there are {', '.join(BUILT)}."),
        (["--doors", "tls"], "chatd: The door tls is open if, and only if, --tls-cert names a certificate."),
    ],
)
def test_wrong_options_are_reported_in_one_line(tmp_path: Path, options: list[str], said: str) -> None:
    done = run_twistd(tmp_path, "chatd", "--data", "none", "--port", "0", *options)
    assert (done.returncode, done.stderr) == (1, f"{said}\n")


def test_the_certificate_of_a_client_logs_its_owner_in(daemon: Daemon, tmp_path: Path) -> None:
    own = [str(tmp_path / "ada.pem"), str(tmp_path / "ada.key")]
    make_own = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=ada"]
    subprocess.run([need("openssl"), *make_own, "-keyout", own[1], "-out", own[0]], check=True, capture_output=True)
    Path(own[1]).chmod(0o600)
    ada = SClient(daemon, "-cert", own[0], "-key", own[1])
    ada.say(b"certified\n")
    ada.until(b"-- Hello certified")
    ada.say(b"/register\n")
    ada.until(b"Type a new password")
    ada.say(b"zebra-quartz-lantern\n")
    ada.until(b"Type it once more")
    ada.say(b"zebra-quartz-lantern\n")
    ada.until(b"certified is your nick now")
    ada.say(b"/keys add\n")
    ada.until(b": certificate SHA256:")
    again = SClient(daemon, "-cert", own[0], "-key", own[1])
    again.say(b"certified\nstill me\n")
    again.until(b"-- Hello certified")
    ada.until(b"<certified> still me")
    fingerprint = subprocess.run(
        [need("openssl"), "x509", "-in", str(daemon.certificate), "-noout", "-fingerprint", "-sha256"],
        capture_output=True,
        text=True,
    ).stdout.partition("=")[2]
    client = [str(Path(sys.executable).with_name("chatd-client")), f"127.0.0.1:{daemon.port}", "--nick", "certified"]
    options = ["--fingerprint", fingerprint.strip(), "--cert", own[0], "--key", own[1]]
    subprocess.run([*client, *options], input=b"from the client\n", timeout=DEADLINE, check=True, env=environment())
    ada.until(b"<certified> from the client")
    stranger = SClient(daemon)
    stranger.say(b"certified\n")
    stranger.until(b"certified is registered. Type its password")
    registering = b"CAP REQ :sasl\r\nNICK certified\r\nUSER c 0 * :C\r\nAUTHENTICATE EXTERNAL\r\n"
    irc = SClient(daemon, "-cert", own[0], "-key", own[1])
    irc.say(b"CAP LS 302\r\n")
    irc.until(b"sasl=PLAIN,EXTERNAL")
    irc.say(registering)
    irc.until(b"AUTHENTICATE +")
    irc.say(b"AUTHENTICATE +\r\nCAP END\r\nWHOIS certified\r\n")
    irc.until(b" 900 * * certified :")
    irc.until(b" 903 ")
    irc.until(b" 001 certified ")
    irc.until(b" 671 certified certified :")
    nobody = SClient(daemon)
    nobody.say(b"CAP LS 302\r\n")
    nobody.until(b"sasl=PLAIN ")
    nobody.say(registering + b"AUTHENTICATE +\r\n")
    nobody.until(b" 904 ")
    for each in (ada, again, stranger, irc, nobody):
        each.end()
