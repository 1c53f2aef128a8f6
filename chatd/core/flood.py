"""Flood control: all work is charged, and a caller whose budget is used up waits; nobody is
disconnected.

The unit is the cost of a short line, some 100 us of the server's time; other work costs several
lines (``limits.py``).
"""

from __future__ import annotations

from chatd.core.identity import network_of
from chatd.core.limits import ADDRESS_PEAK, ADDRESSES, TURN_LINES

ROUNDING = 1e-9
"""The rounding error that is tolerated, in lines: a sender that has waited as long as it had to
must not wait again."""


class Bucket:
    """A token bucket: ``burst`` lines at once, and ``rate`` lines a second after that.

    Work that costs more than is left makes a debt; the next line waits until it is paid.
    """

    __slots__ = ("_level", "_stamp", "burst", "rate")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate = rate
        self.burst = burst
        self._level = float(burst)
        self._stamp = now

    @property
    def is_half_full(self) -> bool:
        """Whether half of the burst or more can be sent again, as of the last :meth:`wait`."""
        return self._level >= self.burst / 2

    def wait(self, now: float) -> float:
        """How many seconds from ``now`` (seconds of a steady clock) the next line must wait."""
        self._level = min(self.burst, self._level + (now - self._stamp) * self.rate)
        self._stamp = now
        return 0.0 if self._level >= 1.0 - ROUNDING else (1.0 - self._level) / self.rate

    def lines(self, now: float) -> int:
        """How many lines need not wait at ``now``."""
        return 0 if self.wait(now) else int(self._level + ROUNDING)

    def spend(self, lines: float) -> None:
        """Take the cost of so many lines."""
        self._level -= lines

    def is_full(self, now: float) -> bool:
        """Whether nothing of it is spent at ``now``."""
        self.wait(now)
        return self._level >= self.burst


class AddressBudget(Bucket):
    """The bucket of an address. Its burst is not spent all at once, but at ``ADDRESS_PEAK`` lines a
    second, ``TURN_LINES`` at a time, so that others are served in between."""

    __slots__ = ("_pace",)

    def __init__(self, rate: float, burst: float, now: float) -> None:
        super().__init__(rate, burst, now)
        self._pace = Bucket(max(rate, ADDRESS_PEAK), TURN_LINES, now)

    @property
    def is_spent(self) -> bool:
        """Whether nothing of the burst is left, as of the last :meth:`wait`; otherwise a wait is
        short, and lets others be served."""
        return self._level < 1.0 - ROUNDING

    def wait(self, now: float) -> float:
        return max(super().wait(now), self._pace.wait(now))

    def lines(self, now: float) -> int:
        return min(super().lines(now), self._pace.lines(now))

    def spend(self, lines: float) -> None:
        super().spend(lines)
        self._pace.spend(lines)


class AddressBudgets:
    """A budget for each address (IPv6: each /64 network), which time alone refills.

    Reconnecting changes nothing: a budget is kept as long as something of it is spent. ``rate`` is
    in lines a second, with a burst of ``seconds`` times that; 0: no limit. At most ``limit``
    addresses are known.
    """

    def __init__(self, rate: float, seconds: float, limit: int = ADDRESSES) -> None:
        self._rate = rate
        self._burst = rate * seconds
        self._limit = limit
        self._budgets: dict[str, AddressBudget] = {}

    def __len__(self) -> int:
        return len(self._budgets)

    def of(self, address: str, now: float) -> AddressBudget | None:
        """The budget of ``address``; None where it has no limit, as on this machine's sockets."""
        network = network_of(address)
        if not self._rate or not network:
            return None
        budget = self._budgets.get(network)
        if budget is None:
            if len(self._budgets) >= self._limit:
                self._drop(now)
            budget = self._budgets[network] = AddressBudget(self._rate, self._burst, now)
        return budget

    def spend(self, address: str, lines: float, now: float) -> None:
        """Charge ``address`` for work that costs so many lines."""
        budget = self.of(address, now)
        if budget is not None:
            budget.spend(lines)

    def _drop(self, now: float) -> None:
        """Drop the budgets that are full, or where none is, the oldest."""
        full = [network for network, budget in self._budgets.items() if budget.is_full(now)]
        for network in full or [next(iter(self._budgets))]:
            del self._budgets[network]
