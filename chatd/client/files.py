"""Standard input and output on the reactor, and what they leave behind; the file that remembers."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, cast

from twisted.internet import stdio
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.client.link import ReconnectingLink
from chatd.client.remembered import Remembered, decode

STATE_BYTES: Final = 1 << 20
"""The most that is read of a file that remembers, in bytes (1 MiB): a hundred rooms take some 6
KiB."""


class Blocking:
    """The blocking state of ``files``, which Twisted changes, and which they share with the shell
    and other programs."""

    def __init__(self, *files: int) -> None:
        self._states = [(os.dup(file), fcntl.fcntl(file, fcntl.F_GETFL)) for file in files]  # Twisted closes its own.
        atexit.register(self.restore)

    def restore(self) -> None:
        """Make it what it was."""
        for file, state in self._states:
            with contextlib.suppress(OSError):
                fcntl.fcntl(file, fcntl.F_SETFL, state)


@implementer(IHalfCloseableProtocol)
class Ends(Protocol):
    """Both ends of the standard files: ``data`` is told what comes in, ``no_more`` that nothing
    comes any more, ``broken`` that nobody reads what goes out."""

    def __init__(self, data: Callable[[bytes], None], no_more: Callable[[], None], broken: Callable[[], None]) -> None:
        self._data = data
        self._no_more = no_more
        self._broken = broken
        self._drained: Callable[[], None] | None = None
        self._open = True

    def drain(self, clock: IReactorTime, seconds: float | None, then: Callable[[], None]) -> None:
        """Call ``then`` once all that was written is taken, or can never be, or ``seconds`` have
        passed."""
        self._drained = then
        if not self._open:
            self._end()
            return
        if seconds is not None:
            clock.callLater(seconds, self._end)
        self.transport.loseConnection()  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        if self._drained is None:
            self._data(data)

    def readConnectionLost(self) -> None:
        if self._drained is None:
            self._no_more()

    def writeConnectionLost(self) -> None:
        self._open = False
        self._end() if self._drained else self._broken()

    def connectionLost(self, reason: Failure | None = None) -> None:
        self._open = False
        self._end()

    def _end(self) -> None:
        then, self._drained = self._drained, lambda: None
        if then is not None:
            then()


def standard_io(ends: Ends, reactor: object, stdin: int = 0) -> Any:
    """Twisted's stdio with ``ends`` on it, reading from the file ``stdin`` and writing to standard
    output."""
    return cast(Any, stdio.StandardIO)(ends, stdin=stdin, reactor=reactor)


@implementer(IPushProducer)
class LinkPauser:
    """Stops reading from the server while nobody takes what is written."""

    def __init__(self, link: ReconnectingLink) -> None:
        self._link = link

    def pauseProducing(self) -> None:
        self._link.pause(True)

    def resumeProducing(self) -> None:
        self._link.pause(False)

    def stopProducing(self) -> None:
        pass


class StateFile:
    """Where it is remembered what ``nick`` has seen on ``server``.

    One small file for each of these, in the state folder that ``environment`` tells (XDG Base
    Directory Specification), for its owner alone.
    """

    def __init__(self, server: str, nick: str, environment: Mapping[str, str]) -> None:
        state = environment.get("XDG_STATE_HOME", "")
        folder = Path(state) if os.path.isabs(state) else Path(environment.get("HOME") or "~").expanduser() / ".local" / "state"
        self.path = folder / "chatd-client" / f"{sha256(f'{nick} {server}'.encode()).hexdigest()[:16]}.json"

    def load(self) -> Remembered:
        """What is remembered; nothing where there is no file. Raises OSError and ValueError."""
        try:
            with self.path.open("rb") as file:
                return decode(file.read(STATE_BYTES).decode())
        except FileNotFoundError:
            return Remembered()

    def save(self, remembered: Remembered) -> None:
        """Remember ``remembered``: the file is the old one or the new one, whatever happens. Raises
        OSError."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self.path.with_suffix(f".{os.getpid()}.new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(remembered.encode())
        new.replace(self.path)
