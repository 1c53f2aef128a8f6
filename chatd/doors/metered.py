"""Reading from a connection only as long as its address has paid for what it causes."""

from __future__ import annotations

from collections.abc import Callable

from chatd.doors.server import Server
from chatd.doors.turns import Turn


class Metered:
    """What one connection from ``address`` costs it, besides lines.

    ``pause`` stops reading, and ``resume`` goes on with what was read and not processed.
    """

    def __init__(self, server: Server, address: str, pause: Callable[[], object], resume: Callable[[], object]) -> None:
        self._turns = server.turns
        self._budget = server.budgets.of(address, server.clock.seconds())
        self._pause = pause
        self._resume = resume
        self._turn: Turn | None = None

    def spend(self, lines: float) -> None:
        """Charge the address for work that costs so many lines."""
        if self._budget is not None:
            self._budget.spend(lines)

    def may_go_on(self) -> bool:
        """Whether everything is paid for; if not, reading is paused until it is."""
        if self._turn is None:
            self._turn = self._turns.wait(self._budget, self._on_turn)
            if self._turn is not None:
                self._pause()
        return self._turn is None

    def _on_turn(self) -> None:
        self._turn = None
        self._resume()

    def stop(self) -> None:
        """The connection has ended."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        del self._pause, self._resume  # No cycle is left.
