"""The user's own certificate: how it is shown to a server, and which files are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from OpenSSL import SSL

from chatd.client.options import parse_options
from chatd.client.own_certificate import BadOwnCertificate, show_own
from chatd.client.tls import Trust
from chatd.doors.tls import Certificate
from tests.client.test_tls import Protocol, fingerprint, pump
from tests.doors.test_tls import make


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate and its key, which nobody else can read."""
    certificate, key = make(tmp_path_factory.mktemp("own"), "ada")
    Path(key).chmod(0o600)
    return certificate, key


def context() -> SSL.Context:
    return SSL.Context(SSL.TLS_CLIENT_METHOD)


@pytest.mark.parametrize("in_one_file", [False, True])
def test_the_server_sees_the_certificate(files: tuple[str, str], tmp_path: Path, in_one_file: bool) -> None:
    certificate, key = make(tmp_path, "chat.example")
    own = files
    if in_one_file:
        both = tmp_path / "both.pem"
        both.write_bytes(Path(files[0]).read_bytes() + Path(files[1]).read_bytes())
        both.chmod(0o600)
        own = str(both), str(both)
    trust = Trust(fingerprint=fingerprint(certificate), own=own)
    client = trust.creator("chat.example").clientConnectionForTLS(Protocol())  # type: ignore[arg-type]
    server = Certificate(certificate, key).serverConnectionForTLS(None)  # type: ignore[arg-type]
    client.set_connect_state()
    server.set_accept_state()
    pump(client, server)
    shown = server.get_peer_certificate(as_cryptography=True)
    assert shown == x509.load_pem_x509_certificate(Path(files[0]).read_bytes())


def test_files_that_cannot_be_used(files: tuple[str, str], tmp_path: Path) -> None:
    certificate, key = files
    _, encrypted = make(tmp_path, "encrypted", form="encrypted")
    _, other = make(tmp_path, "other")
    open_to_all = tmp_path / "open.key"
    open_to_all.write_bytes(Path(key).read_bytes())
    open_to_all.chmod(0o644)
    for path in (encrypted, other):
        Path(path).chmod(0o600)
    cases = [
        ("/nowhere", key, "/nowhere cannot be read: No such file or directory"),
        (key, key, f"{key} holds no certificate in PEM"),
        (certificate, "/nowhere", "/nowhere cannot be read: No such file or directory"),
        (certificate, str(open_to_all), f"{open_to_all}: others can read this file; chmod 600 makes it yours alone"),
        (
            certificate,
            encrypted,
            f"the key in {encrypted} is encrypted; `openssl pkey -in {encrypted}` writes it without a password",
        ),
        (certificate, other, f"{certificate} and {other} cannot be used together"),
    ]
    Path(certificate).chmod(0o600)
    cases.append((certificate, certificate, f"{certificate} holds no private key in PEM"))
    for shown, secret, why in cases:
        with pytest.raises(BadOwnCertificate) as error:
            show_own(context(), shown, secret)
        assert str(error.value) == why


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--cert", "ada.pem"], "--cert needs TLS: --tls, --ca or --fingerprint"),
        (["--tls", "--key", "ada.key"], "--key is the key of --cert, which is missing"),
        (["--tls", "--cert", "/nowhere"], "/nowhere cannot be read: No such file or directory"),
    ],
)
def test_options_that_cannot_be_used(arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(arguments, {})
    assert capsys.readouterr().err == f"chatd-client: {why}\n"


def test_the_options_name_the_files(files: tuple[str, str]) -> None:
    certificate, key = files
    assert parse_options(["--tls", "--cert", certificate, "--key", key], {}).trust is not None
