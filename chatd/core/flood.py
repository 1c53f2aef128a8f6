"""Flood control: who sends too fast is slowed down, never cut off."""

from __future__ import annotations

ROUNDING = 1e-9
"""What a sum of fractions of a line may lack of one, in lines; who has waited as told need not wait
again."""


class Bucket:
    """A token bucket: ``burst`` lines at once, and ``rate`` lines a second after that. A rate of 0
    has no limit."""

    __slots__ = ("_burst", "_level", "_rate", "_stamp")

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = float(burst)
        self._stamp = now

    @property
    def rate(self) -> float:
        """Lines a second, in the long run."""
        return self._rate

    @property
    def is_half_full(self) -> bool:
        """Whether half of the burst or more can be sent again, as of the last call of
        :meth:`wait`."""
        return self._level >= self._burst / 2

    def wait(self, now: float) -> float:
        """How many seconds from ``now`` (seconds of a steady clock) the next line must wait; 0: it
        is taken with this call."""
        if not self._rate:
            return 0.0
        self._level = min(self._burst, self._level + (now - self._stamp) * self._rate)
        self._stamp = now
        if self._level >= 1.0 - ROUNDING:
            self._level = max(0.0, self._level - 1.0)
            return 0.0
        return (1.0 - self._level) / self._rate
