"""The key of the server for SSH."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from chatd.doors.ssh_host_key import FILE, BadHostKey, kept, loaded, made


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / FILE
    key = kept(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert kept(path).fingerprint == loaded(path).fingerprint == key.fingerprint
    assert key.fingerprint.startswith("SHA256:")
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
    assert made().fingerprint != key.fingerprint


def test_the_fingerprint_is_that_of_openssh(tmp_path: Path) -> None:
    key = kept(tmp_path / FILE)
    try:
        shown = subprocess.run(["ssh-keygen", "-lf", tmp_path / FILE], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("ssh-keygen is not installed")
    assert shown.split()[1] == key.fingerprint


def test_a_start_that_was_interrupted_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    tmp_path.joinpath(f"{FILE}.new").write_bytes(b"half")
    kept(tmp_path / FILE)
    loaded(tmp_path / FILE)


def test_a_key_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(BadHostKey, match="cannot be read: No such file"):
        loaded(path)
    path.write_bytes(b"nothing")
    with pytest.raises(BadHostKey, match="holds no private key of OpenSSH"):
        loaded(path)
    other = rsa.generate_private_key(65537, 2048)
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    with pytest.raises(BadHostKey, match="not an ed25519 key"):
        loaded(path)
    locked = Ed25519PrivateKey.generate()
    path.write_bytes(locked.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, BestAvailableEncryption(b"secret")))
    with pytest.raises(BadHostKey, match="encrypted"):
        loaded(path)
    with pytest.raises(BadHostKey, match="cannot be written"):
        kept(tmp_path / "missing" / "key")
