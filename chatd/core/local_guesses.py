"""Guessing passwords at the server's UNIX sockets, whose callers have no address with a budget: all
of them together have one."""

from __future__ import annotations

from chatd.core.limits import LOCAL_GUESS_MS, LOCAL_GUESSES, LOCAL_GUESSES_WAITING


class LocalGuesses:
    """The passwords that callers at UNIX sockets give: ``LOCAL_GUESSES`` at once, and one in
    ``LOCAL_GUESS_MS`` after that. Times are in milliseconds, of a clock that may be set."""

    def __init__(self) -> None:
        self._paid_at = 0
        """When everything that was taken so far would be paid, if nobody took any more."""

    def take(self, now: int) -> float | None:
        """How many seconds the next password waits before it is checked; None: too many wait."""
        most = now + (LOCAL_GUESSES + LOCAL_GUESSES_WAITING) * LOCAL_GUESS_MS
        if self._paid_at > most:  # The clock was set back.
            self._paid_at = now
        paid_at = max(self._paid_at, now) + LOCAL_GUESS_MS
        if paid_at > most:
            return None
        self._paid_at = paid_at
        return max(0, paid_at - now - LOCAL_GUESSES * LOCAL_GUESS_MS) / 1000

    def give_back(self) -> None:
        """A password was right, and so no guess."""
        self._paid_at -= LOCAL_GUESS_MS
