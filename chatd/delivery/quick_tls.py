"""The OpenSSL side of a connection, without what pyOpenSSL does for other kinds of buffers.

OpenSSL encrypts a message of 100 bytes in 0.9 µs; pyOpenSSL's ``send`` and ``bio_read`` make 2.9 of
it: they take texts and views too, and allocate 32 KiB for each read. Here both make the same calls
of OpenSSL and the same checks of what came of them, for bytes, and read into one buffer.

That needs names which pyOpenSSL keeps to itself. Where it does not have them, its own connection is
used.
"""

from __future__ import annotations

from typing import Any, Final

from OpenSSL import SSL

READ_BYTES: Final = 1 << 15
"""How much is read at once at most, in bytes: two records, which is what Twisted asks for."""

_CHECKS: Final = ("_raise_ssl_error", "_handle_bio_errors")

IS_KNOWN: Final = all(hasattr(SSL, name) for name in ("_lib", "_ffi")) and all(hasattr(SSL.Connection, name) for name in _CHECKS)
"""Whether pyOpenSSL has what is needed."""

lib: Final[Any] = getattr(SSL, "_lib", None)
"""The functions of OpenSSL."""
ffi: Final[Any] = getattr(SSL, "_ffi", None)
"""Memory for them (:class:`cffi.FFI`)."""

_buffer: Final[Any] = ffi.new("char[]", READ_BYTES) if IS_KNOWN else None
_content: Final[Any] = ffi.buffer(_buffer) if IS_KNOWN else b""


class QuickConnection(SSL.Connection):
    """A connection without a socket, which Twisted reads and writes."""

    @property
    def pointers(self) -> tuple[Any, Any]:
        """OpenSSL's own connection (``SSL *``), and the buffer with what is to be sent to the other
        side (``BIO *``), which exists as long."""
        return self._ssl, self._from_ssl

    def send(self, buf: Any, flags: int = 0) -> int:
        """Encrypt ``buf``, which is not empty; how many of its bytes are taken. Raises SSL.Error as
        pyOpenSSL does."""
        if type(buf) is not bytes:
            return super().send(buf, flags)
        taken: int = lib.SSL_write(self._ssl, buf, len(buf))
        if taken <= 0:
            self._raise_ssl_error(self._ssl, taken)
        return taken

    def bio_read(self, bufsiz: int) -> bytes:
        """What is to be sent to the other side, at most ``bufsiz`` bytes of it. Raises
        SSL.WantReadError if there is nothing."""
        size: int = lib.BIO_read(self._from_ssl, _buffer, min(bufsiz, READ_BYTES))
        if size <= 0:
            self._handle_bio_errors(self._from_ssl, size)
        read: bytes = _content[:size]
        return read


def new_connection(context: SSL.Context) -> SSL.Connection:
    """A connection without a socket."""
    return QuickConnection(context, None) if IS_KNOWN else SSL.Connection(context, None)
