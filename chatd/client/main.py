"""chatd-client: the entry point, and the only module that uses the real reactor, clock, files and
signals."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, cast

from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.error import ReactorNotRunning
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.logger import ILogObserver, LogEvent, globalLogBeginner
from twisted.python.failure import Failure

from chatd.client.files import BlockingMode, LinkPauser, StateFile, StdioProtocol, standard_io
from chatd.client.link import PAUSES, ReconnectingLink
from chatd.client.login import Login
from chatd.client.options import Options, parse_options
from chatd.client.pipe_client import LONGEST_PAUSE, Printer, Sender
from chatd.client.saved_state import SavedState
from chatd.client.terminal import RealTerminal
from chatd.core import commands
from chatd.tui.saving import Seen
from chatd.tui.tui import Tui

CONNECT_SECONDS: Final = 10
"""How long one try to connect may take, in seconds."""

DRAIN_SECONDS: Final = 1.0
"""How long the output gets after an interrupt to be read, in seconds; without an interrupt, as long
as it needs."""

DEFECT: Final = 70
"""The exit status after a defect of the program (EX_SOFTWARE of sysexits.h)."""


Client = Tui | Sender | Printer


def main() -> None:
    """Run ``chatd-client`` with the arguments of the process, and end it with the exit status."""
    _open_missing()
    options = parse_options(sys.argv[1:], os.environ)
    from twisted.internet import reactor

    cast(Any, reactor).seconds = time.monotonic  # By default Twisted uses the wall clock, which may jump.
    sys.exit(Run(options, reactor).run())


class Run:
    """One run of the client on ``reactor``."""

    def __init__(self, options: Options, reactor: Any) -> None:
        self._options = options
        self._reactor = reactor
        self._status = 0
        self._why = ""
        self._signal = 0
        self._crash = ""
        self._terminal: RealTerminal | None = None
        self._stdio: StdioProtocol | None = None
        self._blocking = BlockingMode(0, 1)
        self._restore: Callable[[], None] = self._blocking.restore

    def run(self) -> int:
        """Run until the end; returns the exit status."""
        globalLogBeginner.beginLoggingTo([cast(ILogObserver, self._observe)], redirectStandardIO=False, discardBuffer=True)
        self._reactor.callWhenRunning(self._start)
        try:
            self._reactor.run(installSignalHandlers=False)
        finally:
            self._restore()
        if self._why or self._crash:
            print(self._crash or f"chatd-client: {self._why}", file=sys.stderr)
        return self._status

    def _start(self) -> None:
        client: Client
        options = self._options
        login = Login(options.password, server_password=options.server_password, is_private=options.is_private)
        if not options.listen and os.isatty(0) and os.isatty(1):
            client, saved = self._terminal_client(login)
        else:
            client, saved = self._pipe_client(), SavedState()
        rooms = saved.rooms or options.rooms
        hello = commands.Hello(options.nick, token=secrets.token_urlsafe(24), rooms=rooms)
        endpoint = self._endpoint()
        if options.trust is not None:
            endpoint = options.trust.secure(endpoint, options.host, self._reactor)
        longest_pause = PAUSES[1] if isinstance(client, Tui) else LONGEST_PAUSE
        link = ReconnectingLink(self._reactor, endpoint, hello, client, longest_pause, cursors=saved.resume(), login=login)
        client.link = link
        if self._terminal is not None:
            self._terminal.link = link
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: self._reactor.callFromThread(self._interrupted, client, number))
        self._connect_files(client)
        link.start()

    def _endpoint(self) -> IStreamClientEndpoint:
        options = self._options
        if options.path:
            return UNIXClientEndpoint(self._reactor, options.path, timeout=CONNECT_SECONDS)
        return HostnameEndpoint(self._reactor, options.host, options.port, timeout=CONNECT_SECONDS)

    def _terminal_client(self, login: Login) -> tuple[Tui, SavedState]:
        """A client for a person at a terminal, and the saved state that it starts with, whose
        session secret goes to ``login``."""
        options = self._options
        self._terminal = terminal = RealTerminal(self._reactor, options.colours, options.links, options.dumb, self._on_end)
        self._restore = terminal.restore
        file = StateFile(options.server, options.nick, os.environ)
        saved, why = _load(file)
        state = SavedState(rooms=options.rooms) if options.fresh else saved.for_rooms(options.rooms)

        def save(seen: Seen) -> None:
            now = SavedState(seen.log, seen.rooms, seen.current, seen.last)
            file.save(saved.passed_over(now, seen.left) if options.fresh else saved.merged(now, seen.left))

        def keep_secret(secret: str) -> None:
            nonlocal saved
            saved = replace(saved, secret=secret)
            try:
                file.save(saved)
            except OSError as error:
                terminal.client.refuse(f"The session secret cannot be saved: {error.strerror}.")

        if options.is_private:  # It may be from a run with TLS.
            login.secret, login.remember, login.keep_secret = saved.secret, options.remember, keep_secret
        terminal.client = Tui(self._reactor, wall_clock, terminal, options.nick, options.server, state.cursors, state.current, save)
        if why:
            terminal.client.refuse(f"The saved state cannot be read: {file.path}: {why}.")
        return terminal.client, state

    def _pipe_client(self) -> Client:
        options, server = self._options, self._options.server
        if options.listen:
            return Printer(self._reactor, server, self._on_end, self._print, self._warn, options.as_json)
        return Sender(self._reactor, server, self._on_end, self._print, options.verbose)

    # -- Files

    def _connect_files(self, client: Client) -> None:
        """Open standard input and output for a program; `RealTerminal` does so for a person."""
        if isinstance(client, Sender):
            self._stdio = StdioProtocol(client.data, client.end_of_input, lambda: None)
            client.input = standard_io(self._stdio, self._reactor)
        elif isinstance(client, Printer):
            self._stdio = StdioProtocol(lambda data: None, lambda: None, client.link.stop)
            nothing = os.open(os.devnull, os.O_RDONLY)
            output = standard_io(self._stdio, self._reactor, nothing)
            output.registerProducer(LinkPauser(client.link), True)

    def _print(self, text: str) -> None:
        if self._stdio is not None and self._stdio.transport is not None:
            self._stdio.transport.write(text.encode())

    def _warn(self, text: str) -> None:
        print(f"chatd-client: {text}", file=sys.stderr)

    # -- The end

    def _on_end(self, status: int, why: str) -> None:
        if self._crash:
            return
        interrupted = 128 + self._signal if self._signal and not self._options.listen else 0
        self._status, self._why = status or interrupted, why
        if self._stdio is None:
            self._stop()
        else:
            cast(Any, self._stdio.transport).unregisterProducer()  # A paused producer would delay the end.
            self._stdio.drain(self._reactor, DRAIN_SECONDS if self._signal else None, self._stop)

    def _stop(self) -> None:
        with contextlib.suppress(ReactorNotRunning):
            self._reactor.stop()

    def _interrupted(self, client: Client, number: int) -> None:
        self._signal = number
        client.interrupt()

    def _observe(self, event: LogEvent) -> None:
        """An unexpected exception is a defect of ours: restore the terminal, then show the
        traceback."""
        failure = event.get("log_failure") or event.get("failure")  # The second comes from Twisted's old log.
        if isinstance(failure, Failure) and not self._crash:
            self._crash, self._status = failure.getTraceback(), DEFECT
            self._stop()


def _load(file: StateFile) -> tuple[SavedState, str]:
    """The state in ``file``, or an empty one and why it cannot be read."""
    try:
        return file.load(), ""
    except OSError as error:
        return SavedState(), error.strerror or "it cannot be read"
    except ValueError:
        return SavedState(), "it is damaged, and will be replaced"


def wall_clock() -> int:
    """The milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


def _open_missing() -> None:
    """Open the null device for each standard file that is closed, so that no socket gets its
    number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
