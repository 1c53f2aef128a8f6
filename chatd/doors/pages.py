"""The pages of the web door; each is loaded, hashed and compressed once."""

from __future__ import annotations

import gzip
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

HEADERS: Final[Mapping[bytes, bytes]] = {
    b"Cache-Control": b"no-cache",  # Browsers cache it, and ask each time whether it has changed (ETag).
    b"Cross-Origin-Opener-Policy": b"same-origin",
    b"Cross-Origin-Resource-Policy": b"same-origin",
    b"Referrer-Policy": b"no-referrer",
    b"X-Content-Type-Options": b"nosniff",
}

FILES: Final[Mapping[str, bytes]] = {
    "icon.svg": b"image/svg+xml",
    "icon-new.svg": b"image/svg+xml",
    "chat.webmanifest": b"application/manifest+json",
    "worker.js": b"text/javascript; charset=utf-8",
}
"""The files beside the page, with their types: its icons, what a browser needs to install it, and
what says that the server cannot be reached."""

POLICY: Final = (
    b"default-src 'none'; script-src '%b'; style-src '%b'; img-src 'self'; manifest-src 'self'; worker-src 'self'; "
    b"connect-src 'self'%b; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy: it allows our one script, one style, icons, manifest, worker and
WebSocket, and nothing else. The three places are filled by ``Page.policy``."""

_GZIP: Final = re.compile(rb"gzip(;q=(1|0\.0*[1-9]).*)?")
_SCRIPT: Final = re.compile(rb'<script type="module" src="([a-z_]+\.js)"></script>\n')
_IMPORT: Final = re.compile(rb'^import (?:[^"]* from )?"\./([a-z_]+\.js)";\n', re.MULTILINE)
_EXPORT: Final = re.compile(rb"^export (?=function|async|const|let|class)", re.MULTILINE)
_HOST: Final = re.compile(rb"[A-Za-z0-9.:\[\]-]{1,255}")


@dataclass(frozen=True)
class Page:
    """One resource. ``script`` and ``style`` are the digests of its script and its style, in the
    form of a policy."""

    type: bytes
    body: bytes
    script: bytes = b""
    style: bytes = b""
    coding: bytes = b""
    """The Content-Encoding of the body (RFC 9110, 8.4.1); empty: none."""

    @cached_property
    def etag(self) -> bytes:
        """The ETag of this body (RFC 9110, 8.8.3)."""
        return b'"%b"' % sha256(self.body).hexdigest()[:16].encode()

    def compressed(self) -> Page:
        """The same, compressed with gzip."""
        return replace(self, body=gzip.compress(self.body, mtime=0), coding=b"gzip")

    def policy(self, host: bytes) -> bytes:
        """The policy for a request to ``host``, which the policy names: in some browsers 'self'
        does not include WebSockets."""
        web_sockets = b" ws://%b wss://%b" % (host, host) if _HOST.fullmatch(host) else b""
        return POLICY % (self.script or b"none", self.style or b"none", web_sockets)


def load_pages() -> dict[bytes, Page]:
    """The pages by path.

    The page contains its script and its style, so that one request loads it. For more requests, a
    browser would use connections that it has opened in advance; if one of them has been silent for
    some seconds on this port, the server has greeted it as a person, and HTTP fails on it.
    """
    folder = files("chatd") / "web"
    html, style = ((folder / name).read_bytes() for name in ("index.html", "chat.css"))
    [start] = _SCRIPT.findall(html)
    script = b'"use strict";\n' + b"\n".join(_modules(folder, start.decode(), set()))
    html = html.replace(b'<link rel="stylesheet" href="chat.css">', b"<style>%b</style>" % style)
    html = _SCRIPT.sub(b"", html).replace(b"</body>", b"<script>%b</script>\n</body>" % script)
    return {
        b"/": Page(b"text/html; charset=utf-8", html, _digest(script), _digest(style)),
        **{f"/{name}".encode(): Page(type, (folder / name).read_bytes()) for name, type in FILES.items()},
        b"/healthz": Page(b"text/plain; charset=utf-8", b"ok\n"),
    }


def _modules(folder: Traversable, name: str, known: set[str]) -> Iterator[bytes]:
    """The module ``name`` and those that it imports and that are not ``known`` yet, in the order in
    which a browser would run them, as parts of one script: they share one scope, so no name may be
    there twice."""
    known.add(name)
    source = (folder / name).read_bytes()
    for other in map(bytes.decode, _IMPORT.findall(source)):
        if other not in known:
            yield from _modules(folder, other, known)
    yield _EXPORT.sub(b"", _IMPORT.sub(b"", source))


def takes_gzip(accepted: bytes) -> bool:
    """Whether an answer may be compressed, after ``Accept-Encoding`` (RFC 9110, 12.5.3)."""
    return any(map(_GZIP.fullmatch, accepted.lower().replace(b" ", b"").split(b",")))


def _digest(text: bytes) -> bytes:
    return b"sha256-" + b64encode(sha256(text).digest())
