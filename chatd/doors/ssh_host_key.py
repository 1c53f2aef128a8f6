"""The key with which the server proves to SSH clients that it is the one that they know."""

from __future__ import annotations

import base64
import os
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_ssh_private_key

FILE: Final = "ssh_host_ed25519_key"
"""The name of the key in the data folder."""


class BadHostKey(Exception):
    """The key cannot be used; the text says which file and why."""


class HostKey:
    """An ed25519 key (RFC 8709)."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self.private = private

    @property
    def blob(self) -> bytes:
        """The public key, as SSH sends it (RFC 8709, 4)."""
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return b"".join(len(part).to_bytes(4, "big") + part for part in (b"ssh-ed25519", raw))

    @property
    def fingerprint(self) -> str:
        """``SHA256:...``, as OpenSSH shows it."""
        digest = base64.b64encode(sha256(self.blob).digest())
        return f"SHA256:{digest.decode().rstrip('=')}"


def made() -> HostKey:
    """A new key, in memory only."""
    return HostKey(Ed25519PrivateKey.generate())


def loaded(path: Path) -> HostKey:
    """The key in the file ``path``, in OpenSSH's format. Raises BadHostKey."""
    try:
        private = load_ssh_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise BadHostKey(f"{path} cannot be read: {error.strerror}") from None
    except TypeError:
        raise BadHostKey(f"the key in {path} is encrypted; it must not be, since nobody can type its password") from None
    except (ValueError, UnsupportedAlgorithm):  # A detail could reveal something about the key.
        raise BadHostKey(f"{path} holds no private key of OpenSSH") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise BadHostKey(f"the key in {path} is not an ed25519 key; make one: ssh-keygen -t ed25519 -N '' -f FILE")
    return HostKey(private)


def kept(path: Path) -> HostKey:
    """The key in the file ``path``, which is made, readable for its owner alone, if it does not
    exist. Raises BadHostKey."""
    if path.exists():
        return loaded(path)
    key = Ed25519PrivateKey.generate()
    unfinished = path.with_name(f"{path.name}.new")
    try:
        unfinished.unlink(missing_ok=True)
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except OSError as error:
        raise BadHostKey(f"{path} cannot be written: {error.strerror}") from None
    return HostKey(key)
