"""Fair work: what many screens have to do is done in turns, so that others are served between."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from zope.interface import implementer

from chatd.core.limits import SCREEN_WORK_SECONDS


class FairWork:
    """A queue of pieces of work, which take `SCREEN_WORK_SECONDS` in a turn of the reactor, or as
    long as one of them takes."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._pieces: deque[Callable[[], object]] = deque()

    def add(self, piece: Callable[[], object]) -> None:
        """Do ``piece`` after everything that waits; it raises nothing."""
        self._pieces.append(piece)
        if len(self._pieces) == 1:
            self._clock.callLater(0, self._run)

    def _run(self) -> None:
        began = self._clock.seconds()
        while self._pieces:
            self._pieces[0]()
            self._pieces.popleft()  # Only now, since the first one of all starts the work.
            if self._clock.seconds() - began >= SCREEN_WORK_SECONDS:
                break
        if self._pieces:
            self._clock.callLater(0, self._run)


@implementer(IReactorTime)
class FairClock:
    """The clock of one screen: what is called later becomes work of ``work``. ``spend`` gets the
    seconds that each piece has taken, and ``fail`` what it has raised."""

    def __init__(
        self, clock: IReactorTime, work: FairWork, spend: Callable[[float], None], fail: Callable[[Exception], None]
    ) -> None:
        self._clock = clock
        self._work = work
        self._spend = spend
        self._fail = fail

    def seconds(self) -> float:
        """The seconds of the clock."""
        return self._clock.seconds()

    def callLater(self, delay: float, callable: Callable[..., Any], *args: object, **kwargs: object) -> IDelayedCall:
        """Call later, when it is this screen's turn."""
        return _Call(self, delay, lambda: callable(*args, **kwargs))  # type: ignore[return-value]

    def getDelayedCalls(self) -> list[IDelayedCall]:
        """Part of `IReactorTime`; nobody asks for them."""
        return []

    def begin(self, delay: float, then: Callable[[], None]) -> IDelayedCall:
        """Call ``then`` after ``delay`` seconds, at once and not as work."""
        return self._clock.callLater(delay, then)

    def run(self, call: Callable[[], object]) -> None:
        """Do ``call``, which is charged."""
        began = self.seconds()
        try:
            call()
        except Exception as error:
            self._fail(error)
        self._spend(self.seconds() - began)

    def add(self, piece: Callable[[], object]) -> None:
        """Do ``piece`` when it is this screen's turn."""
        self._work.add(piece)


class _Call:
    """A call that is due later, or waits for its turn."""

    __slots__ = ("_call", "_clock", "_timer")

    def __init__(self, clock: FairClock, delay: float, call: Callable[[], object]) -> None:
        self._clock = clock
        self._call: Callable[[], object] | None = call
        self._timer: IDelayedCall | None = clock.begin(delay, self._on_due)

    def _on_due(self) -> None:
        self._timer = None
        self._clock.add(self._on_turn)

    def _on_turn(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            self._clock.run(call)

    def active(self) -> bool:
        return self._call is not None

    def cancel(self) -> None:
        self._call = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
