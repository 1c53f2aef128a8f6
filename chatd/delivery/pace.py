"""The pace: how long the first message waits for others, so that they are stored and sent together.

A ``send`` of two messages costs hardly more than one of a single message, and a commit of two
hardly more than a commit of one. An idle server does everything at once. After much work, messages
wait for one another, until there are as many as arrive in a multiple of the time that the work
takes: under load, batches grow. Where people say nothing more before they hear others, as many
programs do, nothing waits for more than that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import ceil, inf

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.core.limits import (
    LEAVING_COMMITS,
    LEAVING_SECONDS,
    REST_DELIVERIES,
    REST_EVIDENCE,
    REST_EVIDENCE_SECONDS,
    REST_FACTOR,
    REST_FORGOTTEN_SECONDS,
    REST_READERS,
    REST_RUNS,
    REST_SECONDS,
)


class Pace:
    """Gathers what arrives: for the log on disk what is to be stored, or else for the fan-out what
    is to be sent."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._next: IDelayedCall | None = None
        """What handles what was gathered."""
        self._handled: deque[float] = deque([-inf] * LEAVING_COMMITS, LEAVING_COMMITS)
        """When that was done the last few times."""
        self._is_under_way = False
        """Whether something that has waited is being stored, and is not sent yet."""
        self._runs: deque[tuple[float, float, int]] = deque(maxlen=REST_RUNS)
        """The last runs of the fan-out with much work: when each began and how long it took, in
        seconds, and how many messages it has sent."""
        self._work = 0.0
        """How long such a run usually takes, in seconds."""
        self._enough = 0
        """How many messages are sent together after it; 0: each at once."""
        self._rest = 0.0
        """How long it usually takes until these are there, in seconds: the first waits no
        longer."""
        self._rest_until = -inf
        """Until when a message follows it so closely that it waits."""
        self._arrived = 0
        """How many messages wait."""
        self._wanted = 0
        """How many of them are enough; 0: each is."""
        self._first_at = self._last_at = 0.0
        """When the first and the last of them arrived."""
        self._most: float = inf
        """How many there are before nobody says more; infinity: that is not known."""
        self._known_until = -inf
        """Until when it is."""

    def gather(self, handle: Callable[[], None]) -> IDelayedCall:
        """Call ``handle`` when what arrives from now on has waited long enough for more; it is the
        first since the last call, or the first after :meth:`gather_leavings`. Returns that call."""
        self._first_at = self._clock.seconds()
        is_followed = self._is_under_way or self._first_at < self._rest_until
        self._arrived, self._wanted = 0, self._enough if is_followed else 0
        if not self._wanted:
            return self._call(0.0, handle, False)
        wait = self._rest + self._work if self._is_under_way else self._rest  # Meanwhile the fan-out runs.
        return self._call(wait, handle, True)

    def gather_leavings(self, handle: Callable[[], None]) -> IDelayedCall:
        """As :meth:`gather`, of the events of people who are gone: if ``handle`` was called so
        often lately that it will soon be called for something else, they wait for that."""
        if self._clock.seconds() - self._handled[0] < LEAVING_COMMITS * LEAVING_SECONDS:
            self._wanted = 0
            return self._call(LEAVING_SECONDS, handle, False)
        return self.gather(handle)

    def add(self, number: int) -> None:
        """So many events have arrived, the first of which :meth:`gather` was called for."""
        if self._wanted:
            before, self._arrived = self._arrived, self._arrived + number
            self._last_at = self._clock.seconds()
            if before < self._wanted <= self._arrived and self._next is not None and self._next.active():
                self._next.reset(0)

    def _call(self, wait: float, handle: Callable[[], None], has_waited: bool) -> IDelayedCall:
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = self._clock.callLater(wait, self._handle, handle, has_waited)
        return self._next

    def _handle(self, handle: Callable[[], None], has_waited: bool) -> None:
        now = self._clock.seconds()
        self._is_under_way = has_waited
        self._handled.append(now)
        if has_waited:
            self._learn(now)
        handle()

    def _learn(self, now: float) -> None:
        """Learn from what has waited until ``now`` how many come at most."""
        if self._arrived > self._most:
            self._most = inf
        elif REST_EVIDENCE <= self._arrived < self._wanted and self._last_at < (self._first_at + now) / 2:
            self._most, self._known_until = self._arrived, now + REST_EVIDENCE_SECONDS

    def has_run(self, began: float, messages: int, readers: int, deliveries: int) -> None:
        """The fan-out has sent so many messages, from the time ``began`` until now."""
        self._is_under_way = False
        if readers < REST_READERS and deliveries < REST_DELIVERIES:
            return
        ended = self._clock.seconds()
        if self._runs and began - self._runs[-1][0] > REST_FORGOTTEN_SECONDS:
            self._runs.clear()
        self._runs.append((began, ended - began, messages))
        self._rest_until = ended + REST_SECONDS
        self._work = min(sorted(work for _, work, _ in self._runs)[len(self._runs) // 2], REST_SECONDS)
        arrived, seconds = sum(messages for _, _, messages in self._runs) - self._runs[0][2], began - self._runs[0][0]
        rate = arrived / seconds if seconds > 0 else 0.0
        enough = min(ceil(rate * (1 + REST_FACTOR) * self._work), 1 + int(rate * REST_SECONDS))
        if ended < self._known_until:
            enough = int(min(enough, self._most))
        self._enough = enough if enough > 1 else 0
        self._rest = min(enough / rate, REST_SECONDS) if rate else 0.0
