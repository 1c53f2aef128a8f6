"""chatd-client: the entry point, and the only place that knows the real reactor, clock, files and
signals."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Collection
from typing import Any, Final, Protocol, cast

from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import ReactorNotRunning
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.logger import ILogObserver, LogEvent, globalLogBeginner
from twisted.python.failure import Failure

from chatd.client.files import Blocking, Ends, LinkPauser, StateFile, standard_io
from chatd.client.link import PAUSES, Listener, ReconnectingLink
from chatd.client.options import Options, parse_options
from chatd.client.pipe import LONGEST_PAUSE, Hearer, Speaker
from chatd.client.remembered import Remembered
from chatd.client.talk import Talk
from chatd.client.terminal import RealTerminal
from chatd.core import commands

CONNECT_SECONDS: Final = 10
"""How long one try to connect may take, in seconds."""

DRAIN_SECONDS: Final = 1.0
"""How long the output may take what was printed before an interrupt, in seconds; without one, as
long as it needs."""

DEFECT: Final = 70
"""The exit status after an error of the program itself (EX_SOFTWARE of sysexits.h)."""


class Part(Listener, Protocol):
    """`Talk`, `Speaker` or `Hearer`."""

    link: ReconnectingLink

    def interrupt(self) -> None:
        """Come to an end; the second time, at once."""


def main() -> None:
    """Run ``chatd-client`` with the arguments of the process, and end it with the exit status."""
    _open_missing()
    options = parse_options(sys.argv[1:], os.environ)
    from twisted.internet import reactor

    cast(Any, reactor).seconds = time.monotonic  # Twisted's own follows the wall clock, which may jump.
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
        self._ends: Ends | None = None
        self._blocking = Blocking(0, 1)
        self._restore: Callable[[], None] = self._blocking.restore

    def run(self) -> int:
        """Run until the end; gives the exit status."""
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
        part: Part
        if not self._options.listen and os.isatty(0) and os.isatty(1):
            part, remembered = self._talk()
        else:
            part, remembered = self._program(), Remembered()
        rooms = remembered.rooms or self._options.rooms
        hello = commands.Hello(self._options.nick, token=secrets.token_urlsafe(24), rooms=rooms)
        endpoint: IStreamClientEndpoint = HostnameEndpoint(
            self._reactor, self._options.host, self._options.port, timeout=CONNECT_SECONDS
        )
        if self._options.trust is not None:
            endpoint = self._options.trust.secure(endpoint, self._options.host, self._reactor)
        longest_pause = PAUSES[1] if isinstance(part, Talk) else LONGEST_PAUSE
        part.link = ReconnectingLink(self._reactor, endpoint, hello, part, longest_pause, seen=remembered.seen())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: self._reactor.callFromThread(self._interrupted, part, number))
        self._connect_files(part)
        part.link.start()

    def _talk(self) -> tuple[Talk, Remembered]:
        """A person at a terminal, and what is remembered that counts now."""
        options = self._options
        terminal = RealTerminal(self._reactor, options.colours, options.dumb, self._ended)
        self._restore = terminal.restore
        file = StateFile(options.server, options.nick, os.environ)
        remembered, why = _load(file)
        chosen = Remembered(rooms=options.rooms) if options.fresh else remembered.chosen(options.rooms)

        def remember(now: Remembered, left: Collection[str]) -> None:
            file.save(remembered.updated(now, left))

        terminal.talk = Talk(self._reactor, wall_clock, terminal, options.nick, options.server, chosen, remember)
        if why:
            terminal.talk.refuse(f"What you have seen before is not known: {file.path}: {why}.")
        return terminal.talk, chosen

    def _program(self) -> Part:
        options, server = self._options, self._options.server
        if options.listen:
            return Hearer(self._reactor, server, self._ended, self._print, self._warn, options.as_json)
        return Speaker(self._reactor, server, self._ended, self._print, options.verbose)

    # -- Files

    def _connect_files(self, part: Part) -> None:
        """Standard input and output of a program; `RealTerminal` takes its own when it is time."""
        if isinstance(part, Speaker):
            self._ends = Ends(part.data, part.end_of_input, lambda: None)
            part.input = standard_io(self._ends, self._reactor)
        elif isinstance(part, Hearer):
            self._ends = Ends(lambda data: None, lambda: None, part.link.stop)
            nothing = os.open(os.devnull, os.O_RDONLY)
            output = standard_io(self._ends, self._reactor, nothing)
            output.registerProducer(LinkPauser(part.link), True)

    def _print(self, text: str) -> None:
        if self._ends is not None and self._ends.transport is not None:
            self._ends.transport.write(text.encode())

    def _warn(self, text: str) -> None:
        print(f"chatd-client: {text}", file=sys.stderr)

    # -- The end

    def _ended(self, status: int, why: str) -> None:
        if self._crash:
            return
        interrupted = 128 + self._signal if self._signal and not self._options.listen else 0
        self._status, self._why = status or interrupted, why
        if self._ends is None:
            self._stop()
        else:
            cast(Any, self._ends.transport).unregisterProducer()  # One that is paused would hold up the end.
            self._ends.drain(self._reactor, DRAIN_SECONDS if self._signal else None, self._stop)

    def _stop(self) -> None:
        with contextlib.suppress(ReactorNotRunning):
            self._reactor.stop()

    def _interrupted(self, part: Part, number: int) -> None:
        self._signal = number
        part.interrupt()

    def _observe(self, event: LogEvent) -> None:
        """An exception that nobody has expected is a defect of ours: the terminal first, then the
        traceback."""
        failure = event.get("log_failure") or event.get("failure")  # The second is that of Twisted's old log.
        if isinstance(failure, Failure) and not self._crash:
            self._crash, self._status = failure.getTraceback(), DEFECT
            self._stop()


def _load(file: StateFile) -> tuple[Remembered, str]:
    """What ``file`` has, or why it cannot be known."""
    try:
        return file.load(), ""
    except OSError as error:
        return Remembered(), error.strerror or "it cannot be read"
    except ValueError:
        return Remembered(), "it is damaged, and will be written anew"


def wall_clock() -> int:
    """The milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


def _open_missing() -> None:
    """Give each standard file that is closed the null device, so that no socket takes its
    number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
