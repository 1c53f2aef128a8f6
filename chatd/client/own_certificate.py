"""The user's own certificate, which a server may know."""

from __future__ import annotations

import os

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL

from chatd.client.password_file import OTHERS


class BadOwnCertificate(Exception):
    """The files of ``--cert`` and ``--key`` cannot be used; the text says which and why."""


def show_own(context: SSL.Context, certificate: str, key: str) -> None:
    """Show the certificate in the PEM file ``certificate``, whose private key is in the PEM file
    ``key``, to whoever asks for one in a connection of ``context``. Raises BadOwnCertificate."""
    try:
        [shown, *others] = x509.load_pem_x509_certificates(_read(certificate))
    except ValueError:
        raise BadOwnCertificate(f"{certificate} holds no certificate in PEM") from None
    try:
        private = load_pem_private_key(_read(key, is_secret=True), password=None)
    except TypeError:
        raise BadOwnCertificate(f"the key in {key} is encrypted; `openssl pkey -in {key}` writes it without a password") from None
    except (ValueError, UnsupportedAlgorithm):  # A detail could reveal something about the key.
        raise BadOwnCertificate(f"{key} holds no private key in PEM") from None
    try:
        context.use_certificate(shown)
        for other in others:
            context.add_extra_chain_cert(other)
        context.use_privatekey(private)  # type: ignore[arg-type]
        context.check_privatekey()
    except (SSL.Error, TypeError, ValueError):
        raise BadOwnCertificate(f"{certificate} and {key} cannot be used together") from None


def _read(path: str, is_secret: bool = False) -> bytes:
    try:
        with open(path, "rb") as file:
            if is_secret and os.fstat(file.fileno()).st_mode & OTHERS:
                raise BadOwnCertificate(f"{path}: others can read this file; chmod 600 makes it yours alone")
            return file.read()
    except OSError as error:
        raise BadOwnCertificate(f"{path} cannot be read: {error.strerror}") from None
