"""Flood control: a sender that is too fast is slowed down, never disconnected."""

from __future__ import annotations

ROUNDING = 1e-9
"""The rounding error that is tolerated, in lines: a sender that has waited as long as it had to
must not wait again."""


class Bucket:
    """A token bucket: ``burst`` lines at once, then ``rate`` lines a second. A rate of 0 means no
    limit."""

    __slots__ = ("_burst", "_level", "_rate", "_stamp")

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = float(burst)
        self._stamp = now

    @property
    def rate(self) -> float:
        """The long-term rate, in lines a second."""
        return self._rate

    @property
    def is_half_full(self) -> bool:
        """Whether at least half of the burst was available at the last call of :meth:`wait`."""
        return self._level >= self._burst / 2

    def wait(self, now: float) -> float:
        """How many seconds the next line must wait from ``now`` (seconds of a monotonic clock). If
        it is 0, this call has taken the line."""
        if not self._rate:
            return 0.0
        self._level = min(self._burst, self._level + (now - self._stamp) * self._rate)
        self._stamp = now
        if self._level >= 1.0 - ROUNDING:
            self._level = max(0.0, self._level - 1.0)
            return 0.0
        return (1.0 - self._level) / self._rate
