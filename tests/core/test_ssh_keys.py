"""Public keys: which lines are, and their fingerprints."""

from __future__ import annotations

import base64

import pytest

from chatd.core.errors import BadUsage
from chatd.core.ssh_keys import CERTIFICATE, parse_key

BODY = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
SPKI = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
"""An Ed25519 key of a certificate (RFC 8410, 10.1)."""

OTHER = base64.b64encode(b"\x00\x00\x00\x07ssh-rsa" + bytes(20)).decode()


@pytest.mark.parametrize(
    ("line", "comment"),
    [
        (f"ssh-ed25519 {BODY}", ""),
        (f"  ssh-ed25519   {BODY}  ada@desk home ", "ada@desk home"),
    ],
)
def test_a_line_of_a_pub_file_is_a_key(line: str, comment: str) -> None:
    key = parse_key(line)
    assert (key.kind, key.comment, key.value) == ("ssh-ed25519", comment, f"ssh-ed25519 {BODY}")
    assert key.fingerprint == "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA"
    assert parse_key(key.value).value == key.value


def test_the_key_of_a_certificate_is_a_key() -> None:
    key = parse_key(f"{CERTIFICATE} {SPKI} laptop")
    assert (key.kind, key.value, key.comment) == ("certificate", f"certificate {SPKI}", "laptop")
    long = base64.b64encode(b"\x30\x81\x80" + bytes(128)).decode()
    assert parse_key(f"{CERTIFICATE} {long}").body == long


@pytest.mark.parametrize(
    "line",
    [
        "",
        f"certificate {SPKI[:-8]}",
        f"certificate {BODY}",
        "certificate MA==",
        f"ssh-ed25519 {SPKI}",
        "ssh-ed25519",
        f"ssh-dss {BODY}",
        f"ssh-rsa {BODY}",
        f"ssh-ed25519 {OTHER}",
        f"ssh-ed25519 {BODY[:20]}",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 not-base64!",
        f"ssh-ed25519 {BODY}\u00e9",
        f"ssh-ed25519 {BODY} {'x' * 101}",
        f"ssh-ed25519 {'A' * 3001}",
        f'command="rm" ssh-ed25519 {BODY}',
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    ],
)
def test_everything_else_is_refused(line: str) -> None:
    with pytest.raises(BadUsage, match="This is not a public key"):
        parse_key(line)
