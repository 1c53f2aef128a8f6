"""The pace: how long the first message waits for others, so that they are stored and sent together.

A ``send`` of two messages costs hardly more than one of a single message, and a commit of two
hardly more than a commit of one. An idle server does everything at once. After much work, if
messages come so fast that others arrive meanwhile, the next one waits for a multiple of the time
that the work took: under load, batches grow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.core.limits import (
    LEAVING_COMMITS,
    LEAVING_SECONDS,
    REST_DELIVERIES,
    REST_FACTOR,
    REST_READERS,
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
        self._work = 0.0
        """How long the next run of the fan-out with much work is expected to take, in seconds."""
        self._began = -inf
        """When the last run with much work began."""
        self._rest = 0.0
        """How long the first message after it waits, in seconds."""
        self._rest_until = -inf
        """Until when a message follows it so closely that it waits."""

    def gather(self, handle: Callable[[], None]) -> IDelayedCall:
        """Call ``handle`` when what arrives from now on has waited long enough for more; it is the
        first since the last call, or the first after :meth:`gather_leavings`."""
        wait = 0.0
        if self._is_under_way:
            wait = self._rest + self._work  # Meanwhile the fan-out runs.
        elif self._clock.seconds() < self._rest_until:
            wait = self._rest
        return self._call(wait, handle, wait > 0)

    def gather_leavings(self, handle: Callable[[], None]) -> IDelayedCall:
        """As :meth:`gather`, of the events of people who are gone: if ``handle`` was called so
        often lately that it will soon be called for something else, they wait for that."""
        if self._clock.seconds() - self._handled[0] < LEAVING_COMMITS * LEAVING_SECONDS:
            return self._call(LEAVING_SECONDS, handle, False)
        return self.gather(handle)

    def _call(self, wait: float, handle: Callable[[], None], has_waited: bool) -> IDelayedCall:
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = self._clock.callLater(wait, self._handle, handle, has_waited)
        return self._next

    def _handle(self, handle: Callable[[], None], has_waited: bool) -> None:
        self._is_under_way = has_waited
        self._handled.append(self._clock.seconds())
        handle()

    def has_run(self, began: float, messages: int, readers: int, deliveries: int) -> None:
        """The fan-out has sent so many messages, from the time ``began`` until now."""
        self._is_under_way = False
        if readers < REST_READERS and deliveries < REST_DELIVERIES:
            return
        ended = self._clock.seconds()
        self._work = min(ended - began, REST_SECONDS)
        rest = min(REST_FACTOR * self._work, REST_SECONDS)
        pays = began - self._began < rest * messages
        self._rest = rest if pays else 0.0
        self._began, self._rest_until = began, ended + rest
