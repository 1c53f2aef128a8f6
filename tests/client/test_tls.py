"""Which certificates are trusted, between a client and a server of OpenSSL in memory."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from chatd.client.connection import Untrusted, explain
from chatd.client.options import parse_fingerprint, parse_options
from chatd.client.tls import BadCaFile, Trust
from tests.client.scripted import ScriptedServer
from tests.client.test_link import Case
from tests.client.test_pipe_client import sender
from tests.doors.test_tls import make
from tests.tui.person import Case as Person

HEX = "0123456789abcdef" * 4
COLONS = ":".join(["01", "23", "45", "67", "89", "AB", "CD", "EF"] * 4)


# -- Options


@pytest.mark.parametrize("text", [HEX, HEX.upper(), COLONS, COLONS.lower(), f" {COLONS}\n"])
def test_a_fingerprint_in_any_form(text: str) -> None:
    assert parse_fingerprint(text) == COLONS


@pytest.mark.parametrize("text", ["", ":", HEX[:-1], f"{HEX}0", f"{HEX[:-1]}g", f"{HEX[:-1]}\u0663", HEX[:40], f"SHA256:{HEX}"])
def test_invalid_fingerprints(text: str) -> None:
    with pytest.raises(ValueError, match="is not a fingerprint: write 64 hexadecimal digits"):
        parse_fingerprint(text)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--ca", "/nowhere.pem"], "/nowhere.pem cannot be read: No such file or directory"),
        (["--ca", ""], " cannot be read: No such file or directory"),
        (["--ca", "/"], "/ cannot be read: Is a directory"),
        (["--ca", __file__], f"{__file__} has no certificate in PEM format"),
        (["--fingerprint", "ab"], "'ab' is not a fingerprint: write 64 hexadecimal digits (SHA-256), with colons or without"),
        (["--tls", "--fingerprint", ""], "'' is not a fingerprint: write 64 hexadecimal digits (SHA-256), with colons or without"),
        (
            ["--fingerprint", HEX, "--ca", __file__],
            "argument --ca: not allowed with argument --fingerprint; --help lists the options",
        ),
    ],
)
def test_a_wrong_option_is_reported_in_one_line(arguments: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse_options(arguments, {})
    assert end.value.code == 2
    assert capsys.readouterr().err == f"chatd-client: {error}\n"


def test_tls_is_off_by_default(folder: Path) -> None:
    certificate, _ = make(folder, "asked.example")
    assert parse_options([], {}).trust is None
    for arguments in (["--tls"], ["--ca", certificate], ["--fingerprint", HEX], ["--tls", "--ca", certificate]):
        assert parse_options(arguments, {}).trust is not None


def test_without_tls_its_modules_are_not_imported() -> None:
    program = "import sys, chatd.client.main as m; m.parse_options([], {}); print('chatd.client.tls' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"


# -- Certificates


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trust")


class Protocol:
    """Records the callbacks of Twisted's side of a connection."""

    why = ""

    def failVerification(self, reason: Failure) -> None:  # noqa: N802
        assert reason.check(Untrusted)
        self.why = str(reason.value)


def meet(trust: Trust, host: str, certificate: str, key: str, newest: int = SSL.TLS1_3_VERSION, count: int = 1) -> tuple[str, str]:
    """Why ``trust`` refuses a server with this certificate at ``host`` (empty: it does not), and
    the version of TLS that they agree on."""
    protocol: Any = Protocol()
    creator = trust.creator(host)
    for _ in range(count):
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_cipher_list(b"ALL:@SECLEVEL=0")
        context.set_max_proto_version(newest)
        context.use_certificate_chain_file(certificate)
        context.use_privatekey_file(key)
        client, server = creator.clientConnectionForTLS(protocol), SSL.Connection(context, None)
        client.set_connect_state()
        server.set_accept_state()
        try:
            pump(client, server)
        except SSL.Error as error:
            return protocol.why, str(error)
    assert client.get_servername() == (None if host[0].isdigit() or ":" in host else host.rstrip(".").encode("idna"))
    return protocol.why, client.get_protocol_version_name()


def pump(client: SSL.Connection, server: SSL.Connection) -> None:
    """Shake hands. Raises SSL.Error if that fails."""
    for _ in range(4):
        for one, other in ((client, server), (server, client)):
            with contextlib.suppress(SSL.WantReadError):
                one.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                other.bio_write(one.bio_read(65536))


def fingerprint(certificate: str) -> str:
    """The fingerprint according to openssl."""
    (only,) = x509.load_pem_x509_certificates(Path(certificate).read_bytes())
    return only.fingerprint(SHA256()).hex(":").upper()


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("chat.example", "chat.example"),
        ("chat.example", "CHAT.example."),
        ("*.example.org", "chat.example.org"),
        ("xn--mnchen-3ya.example", "m\u00fcnchen.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
    ],
)
def test_a_certificate_signed_by_a_root_is_trusted(folder: Path, name: str, host: str) -> None:
    certificate, key = make(folder, name)
    assert meet(Trust(certificate), host, certificate, key) == ("", "TLSv1.3")
    assert meet(Trust(certificate), host, certificate, key, SSL.TLS1_2_VERSION) == ("", "TLSv1.2")


@pytest.mark.parametrize(
    ("name", "host"), [("chat.example", "chat.example.org"), ("127.0.0.1", "127.0.0.2"), ("a.example", "127.0.0.1")]
)
def test_a_certificate_for_another_host_is_not_trusted(folder: Path, name: str, host: str) -> None:
    certificate, key = make(folder, name)
    why, _ = meet(Trust(certificate), host, certificate, key)
    cure = f"--fingerprint {fingerprint(certificate)} trusts exactly this one"
    assert why == f"the server's certificate is not trusted (it is not for {host}); {cure}"


def test_a_self_signed_certificate_is_not_trusted(folder: Path) -> None:
    certificate, key = make(folder, "self.example")
    cure = f"--fingerprint {fingerprint(certificate)} trusts exactly this one"
    for trust in (Trust(), Trust(make(folder, "other.example")[0])):
        why, _ = meet(trust, "self.example", certificate, key)
        assert why == f"the server's certificate is not trusted (self-signed); {cure}"


def test_an_expired_certificate_is_not_trusted(folder: Path) -> None:
    certificate, key = make(folder, "old.example", days=-1)
    why, _ = meet(Trust(certificate), "old.example", certificate, key)
    assert why.startswith("the server's certificate is not trusted (it has expired); --fingerprint ")


def test_the_system_roots_are_those_of_openssl(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = make(folder, "system.example")
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    assert meet(Trust(), "system.example", certificate, key) == ("", "TLSv1.3")


def signed(folder: Path, name: str) -> tuple[str, str, str]:
    """Files with a root, a chain of a certificate for ``name`` and that root, and its key."""
    root_key, (_, key) = ec.generate_private_key(ec.SECP256R1()), make(folder, name)
    root_name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root of " + name)]), datetime.now(UTC)
    (leaf,) = x509.load_pem_x509_certificates((folder / f"{name}.crt").read_bytes())
    root = (
        x509.CertificateBuilder(root_name, root_name, root_key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root_key, SHA256())
    )
    certificate = (
        x509.CertificateBuilder(root_name, leaf.subject, leaf.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value, critical=False)
        .sign(root_key, SHA256())
    )
    files = folder / f"{name}.root", folder / f"{name}.chain"
    files[0].write_bytes(root.public_bytes(Encoding.PEM))
    files[1].write_bytes(certificate.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM))
    return str(files[0]), str(files[1]), key


def test_a_chain_is_followed_to_its_root(folder: Path) -> None:
    root, chain, key = signed(folder, "signed.example")
    assert meet(Trust(root), "signed.example", chain, key) == ("", "TLSv1.3")
    why, _ = meet(Trust(root), "signed.example.org", chain, key)
    assert "(it is not for signed.example.org)" in why
    why, _ = meet(Trust(), "signed.example", chain, key)
    unknown = "the server's certificate is not trusted (it is not signed by a trusted authority)"
    assert why == f"{unknown}; --ca FILE trusts the roots in FILE"


def test_the_fingerprint_is_of_the_server_not_of_its_root(folder: Path) -> None:
    root, chain, key = signed(folder, "chain.example")
    leaf, _ = x509.load_pem_x509_certificates(Path(chain).read_bytes())
    trusted = Trust(fingerprint=leaf.fingerprint(SHA256()).hex(":").upper())
    assert meet(trusted, "127.0.0.1", chain, key) == ("", "TLSv1.3")
    why, _ = meet(Trust(fingerprint=fingerprint(root)), "chain.example", chain, key)
    assert why.startswith("the server's certificate does not match --fingerprint; ")


@pytest.mark.parametrize("days", [30, -1])
def test_a_fingerprint_trusts_exactly_that_certificate_each_time(folder: Path, days: int) -> None:
    certificate, key = make(folder, "pinned.example", days)
    assert meet(Trust(fingerprint=fingerprint(certificate)), "127.0.0.1", certificate, key, count=3) == ("", "TLSv1.3")


def test_a_fingerprint_trusts_no_other_certificate(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = make(folder, "wrong.example")
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    why, _ = meet(Trust(fingerprint=COLONS), "wrong.example", certificate, key)
    cure = f"{fingerprint(certificate)} is its fingerprint, to be used only if the operator of the server confirms it"
    assert why == f"the server's certificate does not match --fingerprint; {cure}"


def test_an_older_version_is_refused(folder: Path) -> None:
    certificate, key = make(folder, "older.example")
    why, error = meet(Trust(certificate), "older.example", certificate, key, SSL.TLS1_1_VERSION)
    assert why == ""
    assert "unsupported protocol" in error


def test_an_unusable_file_is_refused() -> None:
    with pytest.raises(BadCaFile, match="has no certificate in PEM format"):
        Trust("/dev/null")


# -- The link


def distrust(server: ScriptedServer) -> None:
    """The newest connection ends because its certificate is not trusted, and time passes."""
    connection: Any = server.pumps[-1].client
    server.connections[-1].live = False
    connection.connectionLost(Failure(Untrusted("it is not trusted (self-signed)")))
    server.clock.advance(60)


def test_the_link_does_not_reconnect_to_an_untrusted_server() -> None:
    case = Case()
    case.server.connections[-1].cut()
    case.server.later(2)
    distrust(case.server)
    assert case.recorder.distrust == ["it is not trusted (self-signed)"]
    assert len(case.server.connections) == 2
    assert not case.link.up
    case.link.stop()
    assert case.recorder.ended == 1


def test_the_pipe_client_ends_at_once() -> None:
    case = sender()
    case.client.data(b"said in vain\n")
    distrust(case.server)
    assert case.ends == [(1, "it is not trusted (self-signed). 1 message was not confirmed.")]


def test_the_terminal_client_ends_at_once() -> None:
    person = Person()
    distrust(person.server)
    assert person.ends == [(1, "it is not trusted (self-signed).")]


def test_an_error_of_tls_is_explained() -> None:
    assert explain(Failure(SSL.Error([("", "", "wrong version number")]))) == "the server does not speak TLS 1.2 or later"
    assert explain(Failure(ConnectionDone())) == "the server closed the connection"
