"""Standard input and output on the reactor, and the file that saves the state between runs."""

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
from chatd.client.saved_state import SavedState, decode

STATE_BYTES: Final = 1 << 20
"""How much of a state file is read, in bytes (1 MiB): a hundred rooms take some 6 KiB."""


class BlockingMode:
    """The blocking mode of ``files``. Twisted changes it, and the shell and other programs share
    it."""

    def __init__(self, *files: int) -> None:
        self._states = [(os.dup(file), fcntl.fcntl(file, fcntl.F_GETFL)) for file in files]  # Twisted closes the originals.
        atexit.register(self.restore)

    def restore(self) -> None:
        """Set the mode that the files had."""
        for file, state in self._states:
            with contextlib.suppress(OSError):
                fcntl.fcntl(file, fcntl.F_SETFL, state)


@implementer(IHalfCloseableProtocol)
class StdioProtocol(Protocol):
    """Reads standard input and writes standard output. ``on_data`` gets the input, ``on_end`` is
    called at its end, and ``on_broken`` when nobody reads the output any more."""

    def __init__(self, on_data: Callable[[bytes], None], on_end: Callable[[], None], on_broken: Callable[[], None]) -> None:
        self._on_data = on_data
        self._on_end = on_end
        self._on_broken = on_broken
        self._drained: Callable[[], None] | None = None
        self._open = True

    def drain(self, clock: IReactorTime, seconds: float | None, then: Callable[[], None]) -> None:
        """Call ``then`` when everything written has been read, or never can be, or after
        ``seconds``."""
        self._drained = then
        if not self._open:
            self._end()
            return
        if seconds is not None:
            clock.callLater(seconds, self._end)
        self.transport.loseConnection()  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        if self._drained is None:
            self._on_data(data)

    def readConnectionLost(self) -> None:
        if self._drained is None:
            self._on_end()

    def writeConnectionLost(self) -> None:
        self._open = False
        self._end() if self._drained else self._on_broken()

    def connectionLost(self, reason: Failure | None = None) -> None:
        self._open = False
        self._end()

    def _end(self) -> None:
        then, self._drained = self._drained, lambda: None
        if then is not None:
            then()


def standard_io(protocol: StdioProtocol, reactor: object, stdin: int = 0) -> Any:
    """Twisted's stdio with ``protocol`` on it, reading from the file ``stdin`` and writing to
    standard output."""
    return cast(Any, stdio.StandardIO)(protocol, stdin=stdin, reactor=reactor)


@implementer(IPushProducer)
class LinkPauser:
    """Stops reading from the server while the output is not read."""

    def __init__(self, link: ReconnectingLink) -> None:
        self._link = link

    def pauseProducing(self) -> None:
        self._link.pause(True)

    def resumeProducing(self) -> None:
        self._link.pause(False)

    def stopProducing(self) -> None:
        pass


class StateFile:
    """The file that saves the state of ``nick`` on ``server``.

    There is one small file for each pair, in the state folder that ``environment`` names (XDG Base
    Directory Specification). Only its owner can read it.
    """

    def __init__(self, server: str, nick: str, environment: Mapping[str, str]) -> None:
        state = environment.get("XDG_STATE_HOME", "")
        folder = Path(state) if os.path.isabs(state) else Path(environment.get("HOME") or "~").expanduser() / ".local" / "state"
        self.path = folder / "chatd-client" / f"{sha256(f'{nick} {server}'.encode()).hexdigest()[:16]}.json"

    def load(self) -> SavedState:
        """The saved state; an empty one if there is no file. Raises OSError and ValueError."""
        try:
            with self.path.open("rb") as file:
                return decode(file.read(STATE_BYTES).decode())
        except FileNotFoundError:
            return SavedState()

    def save(self, state: SavedState) -> None:
        """Save ``state``: after a crash the file is either the old one or the new one. Raises
        OSError."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self.path.with_suffix(f".{os.getpid()}.new")
        new.unlink(missing_ok=True)  # One that is there already may have other rights.
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(state.encode())
        new.replace(self.path)
