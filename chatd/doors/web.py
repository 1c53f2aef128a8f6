"""The web door: HTTP/1.1 for the chat page, for health checks of load balancers, and for opening
WebSockets."""

# mypy: allow-untyped-calls
# The base classes of twisted.web have no types.

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, cast

from twisted.internet.interfaces import IDelayedCall, IProtocol, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http

from chatd.core.errors import ServerFull
from chatd.core.limits import (
    CLOSE_SECONDS,
    HEADER_LINES,
    IDLE_SECONDS,
    LOGIN_SECONDS,
    REQUEST_BYTES,
    REQUEST_HEADERS,
    REQUEST_LINES,
    REQUEST_SECONDS,
)
from chatd.doors.hosts import Hosts, Objection
from chatd.doors.pages import HEADERS, Page, load_pages, takes_gzip
from chatd.doors.proxy import NO_PROXIES, Proxies, came_by_tls
from chatd.doors.rare_log import RareLog
from chatd.doors.refusals import http_answer
from chatd.doors.server import Server
from chatd.doors.tcp import address_of, is_this_machine
from chatd.doors.turns import Turn
from chatd.doors.websocket import SUBPROTOCOLS, NotAccepted, WebSocket, accept

log = Logger()

HEAD_END: Final = b"\r\n\r\n"  # The end of a request without a body (RFC 9112, 2.1).

ALLOW: Final = {b"Allow": b"GET, HEAD, OPTIONS"}

OF_HANDSHAKES: Final = (b"host", b"upgrade", b"connection", b"sec-websocket-")
"""How the headers begin that are looked at to open a WebSocket (RFC 6455, 4.2.1): the others may be
many."""

PHRASES: Final = {421: b"Misdirected Request"}
"""The phrases of the statuses that Twisted does not know (RFC 9110, 15.5.20)."""

URI_TOO_LONG: Final = f"The first line of the request is too long: all of it and its headers may have {REQUEST_BYTES} bytes."
TOO_LARGE: Final = (
    f"The request has more than {REQUEST_BYTES} bytes or {REQUEST_HEADERS} headers. "
    "If these are cookies of other programs at this host, delete them and try again."
)


class WebDoor:
    """The state that all web connections share. For ``origins`` and ``names`` see ``Hosts``;
    ``proxies`` are trusted to name the caller; ``takes_irc``: a WebSocket may speak IRC."""

    def __init__(
        self,
        server: Server,
        origins: Collection[str],
        proxies: Proxies = NO_PROXIES,
        names: Collection[str] = (),
        takes_irc: bool = False,
    ) -> None:
        self.server = server
        self.subprotocols = SUBPROTOCOLS if takes_irc else {}
        self.proxies = proxies
        self.hosts = Hosts(origins, names)
        self.rare_log = RareLog(log, server.clock.seconds)
        self.pages = load_pages()
        self.compressed = {path: page.compressed() for path, page in self.pages.items()}

    def build(self, address: str, began: float) -> IProtocol:
        """The protocol of a connection from ``address``, which receives the request from its first
        byte; the connection was made at ``began``, in seconds of the server's clock."""
        return cast(IProtocol, WebConnection(self, address, began))


class WebRequest(http.Request):
    """One request, and its answer."""

    channel: WebConnection
    has_body = False

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Answer the request, which is complete. The query of the URL is ignored."""
        self.method, self.uri = command, path
        self.clientproto = b"HTTP/1.0" if version == b"HTTP/1.0" else b"HTTP/1.1"
        self.path = path.partition(b"?")[0]
        self.process()

    def process(self) -> None:
        objection = self._objection()
        if self.method == b"OPTIONS":
            self._refuse(http.NO_CONTENT, ALLOW)
        elif objection is not None:
            self.channel.door.rare_log.warn(f"{objection.status}: {{warning}}", warning=objection.warning)
            self._refuse(objection.status, reason=objection.reason)
        elif self.method not in (b"GET", b"HEAD"):
            self._refuse(http.NOT_ALLOWED, ALLOW)
        elif self.has_body:
            self._refuse(http.BAD_REQUEST)
        else:
            if self.method == b"GET" and self.path != b"/healthz":  # Which load balancers ask for.
                self.channel.door.server.browsers.add(self.channel.address)
            self._serve()

    def _serve(self) -> None:
        if self.path == b"/ws":
            self._open_web_socket()
        else:
            door = self.channel.door
            accepted = self.getHeader(b"accept-encoding") or b""
            self._show((door.compressed if takes_gzip(accepted) else door.pages).get(self.path))

    def _show(self, page: Page | None) -> None:
        if page is None:
            return self._refuse(http.NOT_FOUND)
        if page.type.startswith((b"text/html", b"text/javascript")):  # A worker has the policy of its own script.
            self.setHeader(b"Content-Security-Policy", page.policy(self.getHeader(b"host") or b""))
        self.setHeader(b"Vary", b"Accept-Encoding")
        if page.coding:
            self.setHeader(b"Content-Encoding", page.coding)
        is_cached = self.setETag(page.etag) is http.CACHED
        self._answer(page.type, b"" if is_cached else page.body)

    def _objection(self) -> Objection | None:
        """Why this request is refused; load balancers call no name, and are not refused."""
        if self.path == b"/healthz":
            return None
        hosts, host = self.channel.door.hosts, (self.getHeader(b"host") or b"").decode("latin-1")
        objection = hosts.object_to_host(host)
        if objection is None and self.path == b"/ws":
            origin = self.getHeader(b"origin")
            objection = hosts.object_to_page(None if origin is None else origin.decode("latin-1"), host)
        return objection

    def _refuse(self, status: int, headers: Mapping[bytes, bytes] | None = None, reason: str = "") -> None:
        self.setResponseCode(status, PHRASES.get(status))
        for name, value in (headers or {}).items():
            self.setHeader(name, value)
        text = b"%d %b\n" % (status, self.code_message)
        self._answer(b"text/plain; charset=utf-8", text + b"%b\n" % reason.encode() if reason else text)

    def _answer(self, type: bytes, body: bytes) -> None:
        for name, value in HEADERS.items():
            self.setHeader(name, value)
        if not self.responseHeaders.hasHeader(b"Content-Security-Policy"):
            self.setHeader(b"Content-Security-Policy", b"default-src 'none'; frame-ancestors 'none'")
        self.setHeader(b"Date", http.datetimeToString())
        if self.code not in (http.NOT_MODIFIED, http.NO_CONTENT):
            self.setHeader(b"Content-Type", type)
            self.setHeader(b"Content-Length", b"%d" % len(body))
        if not self.channel.persistent:
            self.setHeader(b"Connection", b"close")
        self.write(body)
        self.finish()

    def _open_web_socket(self) -> None:
        all = self.requestHeaders.getAllRawHeaders()
        headers = [(name, value) for name, values in all if name.lower().startswith(OF_HANDSHAKES) for value in values]
        if self.method != b"GET" or self.clientproto != b"HTTP/1.1":
            return self._refuse(http.BAD_REQUEST)
        channel, door = self.channel, self.channel.door
        try:
            answer, connection, subprotocol = accept(headers, self.path, door.subprotocols)
        except NotAccepted as error:
            return self._refuse(error.status, dict(error.headers))
        is_secure = channel.is_secure(self)
        channel.upgrade(answer, WebSocket(door.server, channel.address, channel.began, connection, is_secure, subprotocol))


class WebConnection(http.HTTPChannel):
    """One web connection: requests, each with a time limit, until one of them upgrades it to a
    WebSocket.

    It answers one request per turn of the reactor, and the next one only when the transport has
    room. So pipelined requests (RFC 9112, 9.3.2) delay nobody else, and a client that does not read
    costs at most one answer and the transport's buffer.
    """

    requestFactory = WebRequest
    maxHeaders = REQUEST_HEADERS
    MAX_LENGTH = totalHeadersSize = REQUEST_BYTES
    timeOut = None  # Any byte would renew Twisted's timeout; _deadline is absolute.
    transport: Any

    def __init__(self, door: WebDoor, address: str, began: float) -> None:
        super().__init__()
        self.door = door
        self._server = door.server
        self.address = address
        """The caller's address; a proxy sends the requests of several callers."""
        self.began = began
        self._proxy = ""
        """The address of the proxy that names the caller in each request; empty: none."""
        self._server_full = False
        self._deadline: IDelayedCall | None = None
        self._web_socket: WebSocket | None = None
        self._is_closing = False
        """Whether a request was too large to be read: what still arrives is ignored."""
        self._received = bytearray()
        """Requests that are not answered yet; while there is one, nothing more is read."""
        self._searched = 0
        """How much of them has been searched for the end of the first one, in bytes."""
        self._turn: IDelayedCall | Turn | None = None
        """The timer for the next request: in the next turn, or at the turn of this connection when
        the budget of the address allows it."""

    # -- The connection

    def connectionMade(self) -> None:
        super().connectionMade()
        if self.address in self.door.proxies and self.address == address_of(self.transport.getPeer()):
            self._proxy = self.address  # Otherwise a PROXY header has named the caller.
        self._admit(at_address=not self._proxy)
        self._server.half_open.add(self)
        self._expect_request(min(REQUEST_SECONDS, self.began + LOGIN_SECONDS - self._server.clock.seconds()))

    def _admit(self, at_address: bool = True) -> None:
        self._server_full = False
        try:
            self._server.registry.admission.admit(self, at_address)
        except ServerFull:
            self._server_full = True  # One request is answered: the page shows the refusal that its WebSocket gets.

    def _identify(self, request: WebRequest) -> None:
        """Count the connection at the address of the caller for whom the proxy sent this
        request."""
        headers = request.requestHeaders
        forwarded_for, forwarded = (headers.getRawHeaders(name) or () for name in (b"X-Forwarded-For", b"Forwarded"))
        self.address = self.door.proxies.client(forwarded_for, forwarded) or self._proxy
        self._server.registry.admission.release(self)
        self._admit()

    def is_secure(self, request: WebRequest) -> bool:
        """Whether nobody can read on the way what the caller sends; of a caller behind a proxy, the
        proxy says it."""
        if self._proxy:
            return came_by_tls(request.requestHeaders)
        return ISSLTransport.providedBy(self.transport) or is_this_machine(self.address)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._release()
        if self._web_socket is not None:
            self._web_socket.connectionLost(reason)
        else:
            super().connectionLost(reason)

    def upgrade(self, answer: bytes, web_socket: WebSocket) -> None:
        """Send ``answer``, and pass all later data to ``web_socket``, which is counted as a caller
        of its own."""
        self._release()
        self.transport.unregisterProducer()
        self._networkProducer.resumeProducing()
        self.transport.write(answer)
        self.requests.clear()
        self._web_socket = web_socket
        web_socket.makeConnection(self.transport)
        web_socket.dataReceived(bytes(self._received))
        self._received.clear()

    def drop(self) -> None:
        """End the connection at once: too many callers have no nick (half_open.HalfOpen)."""
        self.transport.abortConnection()

    def _release(self) -> None:
        """Stop counting the connection: it has ended, or has become a WebSocket."""
        self._set_deadline(None)
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        self._server.half_open.discard(self)
        self._server.registry.admission.release(self)

    # -- Bytes to requests, one a turn

    def dataReceived(self, data: bytes) -> None:
        if self._web_socket is not None:
            self._web_socket.dataReceived(data)
        elif not (self.transport.disconnecting or self._is_closing):
            self._received += data
            self._take_request()

    def _take_request(self) -> None:
        """Answer the next request, if it is complete and may be answered; read on unless one has to
        wait."""
        if self._may_answer:
            self._answer_request()
        if self._web_socket is not None or self.transport.disconnecting:
            return
        if self._received and not self._may_answer:
            self._networkProducer.pauseProducing()
        else:
            self._networkProducer.resumeProducing()

    @property
    def _may_answer(self) -> bool:
        """Whether no request was answered in this turn, and the transport has accepted the
        answers."""
        return not (self._is_closing or self._turn is not None or self._waitingForTransport or self.transport.disconnecting)

    def _answer_request(self) -> None:
        """Pass the next request to Twisted, which parses it and answers it immediately."""
        end = self._received.find(HEAD_END, max(0, self._searched - len(HEAD_END)), REQUEST_BYTES)
        self._searched = len(self._received) if end < 0 else 0
        if end < 0 and len(self._received) < REQUEST_BYTES:
            return
        head = bytes(self._received[: end + len(HEAD_END)])
        headers = head.count(b"\n") - 2
        if end < 0 or headers > REQUEST_HEADERS:
            return self._refuse_head()
        del self._received[: len(head)]
        self._server.budgets.spend(self.address, headers * HEADER_LINES, self._server.clock.seconds())
        super().dataReceived(head)

    def _refuse_head(self) -> None:
        """Say that a request is too large, and close. What still arrives is read and ignored: if a
        connection is closed with unread bytes, the other side may lose the answer."""
        self._is_closing = True
        is_line = b"\n" not in self._received[:REQUEST_BYTES]
        self.transport.write(
            http_answer("414 URI Too Long", URI_TOO_LONG)
            if is_line
            else http_answer("431 Request Header Fields Too Large", TOO_LARGE)
        )
        self._received.clear()
        self._set_deadline(self._server.clock.callLater(CLOSE_SECONDS, self._on_close_timeout))
        half_close = None if ISSLTransport.providedBy(self.transport) else getattr(self.transport, "loseWriteConnection", None)
        (half_close or self.transport.loseConnection)()

    def _on_turn(self) -> None:
        """Continue when the budget of the address allows it; its connections take turns."""
        budget = self._server.budgets.of(self.address, self._server.clock.seconds())
        self._turn = self._server.turns.wait(budget, self._on_turn)
        self._take_request()

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        self._waitingForTransport = True

    def resumeProducing(self) -> None:
        """The transport's buffer is empty again."""
        self._waitingForTransport = False
        self._take_request()

    def allHeadersReceived(self) -> None:
        """Do not read a body, even if the request has one: no page needs it, and Twisted would
        write it to a file."""
        request = self.requests[-1]
        request.has_body, self.length = self.length != 0, 0
        request.requestHeaders.removeHeader(b"Expect")
        if self._proxy:
            self._identify(request)
        super().allHeadersReceived()
        self.persistent = self.persistent and not (request.has_body or self._server_full)

    def requestDone(self, request: WebRequest) -> None:
        super().requestDone(request)
        self._server.budgets.spend(self.address, REQUEST_LINES, self._server.clock.seconds())
        self._turn = self._server.clock.callLater(0, self._on_turn)
        if self.persistent and self._web_socket is None:
            self._expect_request(IDLE_SECONDS)

    # -- Time limits

    def _expect_request(self, seconds: float) -> None:
        self._set_deadline(self._server.clock.callLater(max(0.0, seconds), self._on_request_timeout))

    def _on_request_timeout(self) -> None:
        self._deadline = self._server.clock.callLater(CLOSE_SECONDS, self._on_close_timeout)
        if not self.transport.disconnecting:
            self.loseConnection()

    def _on_close_timeout(self) -> None:
        self._deadline = None
        self.transport.abortConnection()

    def _set_deadline(self, deadline: IDelayedCall | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = deadline
