"""Flood control: all work is charged, and a caller whose budget is used up waits; nobody is
disconnected.

The unit is the cost of a short line, some 100 us of the server's time; other work costs several
lines (``limits.py``).
"""

from __future__ import annotations

from chatd.core.admission import network_of
from chatd.core.limits import ADDRESSES

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

    def spend(self, lines: float) -> None:
        """Take the cost of so many lines."""
        self._level -= lines

    def is_full(self, now: float) -> bool:
        """Whether nothing of it is spent at ``now``."""
        self.wait(now)
        return self._level >= self.burst


class AddressBudgets:
    """A bucket for each address (IPv6: each /64 network), which time alone refills.

    Reconnecting changes nothing: a bucket is kept as long as something of it is spent. ``rate`` is
    in lines a second, with a burst of ``seconds`` times that; 0: no limit.
    """

    def __init__(self, rate: float, seconds: float, most: int = ADDRESSES) -> None:
        self._rate = rate
        self._burst = rate * seconds
        self._most = most
        self._buckets: dict[str, Bucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def of(self, address: str, now: float) -> Bucket | None:
        """The bucket of ``address``; None where it has no limit, as on this machine's sockets."""
        network = network_of(address)
        if not self._rate or not network:
            return None
        bucket = self._buckets.get(network)
        if bucket is None:
            if len(self._buckets) >= self._most:
                self._drop(now)
            bucket = self._buckets[network] = Bucket(self._rate, self._burst, now)
        return bucket

    def spend(self, address: str, lines: float, now: float) -> None:
        """Charge ``address`` for work that costs so many lines."""
        bucket = self.of(address, now)
        if bucket is not None:
            bucket.spend(lines)

    def _drop(self, now: float) -> None:
        """Drop the buckets that are full, or where none is, the oldest."""
        full = [network for network, bucket in self._buckets.items() if bucket.is_full(now)]
        for network in full or [next(iter(self._buckets))]:
            del self._buckets[network]
