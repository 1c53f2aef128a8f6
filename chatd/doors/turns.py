"""Taking turns: the connections of an address that has spent its budget wait in one queue."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.core.flood import Bucket


class Turn:
    """A place in the queue of an address."""

    __slots__ = ("_queue", "wake")

    def __init__(self, queue: Queue, wake: Callable[[], object]) -> None:
        self._queue = queue
        self.wake = wake

    def cancel(self) -> None:
        """Leave the queue, without being woken."""
        self._queue.remove(self)


class Turns:
    """A queue for each address that owes something."""

    def __init__(self, clock: IReactorTime) -> None:
        self.clock = clock
        self.queues: dict[Bucket, Queue] = {}
        self._began: float | None = None

    def began(self) -> float:
        """When this turn of the reactor began, in seconds of the clock. A budget does not refill
        during a turn: otherwise a turn that takes long would allow more work, and take longer."""
        if self._began is None:
            self._began = self.clock.seconds()
            self.clock.callLater(0, self._on_next_turn)
        return self._began

    def _on_next_turn(self) -> None:
        self._began = None

    def wait(self, budget: Bucket | None, wake: Callable[[], object]) -> Turn | None:
        """Call ``wake`` once, when ``budget`` allows work and all earlier turns are over. If it
        allows work now, return None and call nothing. After its turn, a connection that wants more
        goes to the end of the queue."""
        if budget is None or not budget.wait(self.began()):
            return None
        queue = self.queues.get(budget)
        if queue is None:
            queue = self.queues[budget] = Queue(self, budget)
        return queue.add(wake)

    def waiting(self, budget: Bucket) -> int:
        """How many connections wait for ``budget``."""
        queue = self.queues.get(budget)
        return 0 if queue is None else len(queue)


class Queue:
    """The turns of one budget, in order, with one timer. The queue removes itself from ``owner``
    when it is empty."""

    def __init__(self, owner: Turns, budget: Bucket) -> None:
        self._owner = owner
        self._budget = budget
        self._turns: OrderedDict[Turn, None] = OrderedDict()
        self._timer: IDelayedCall | None = None
        self._is_waking = False

    def __len__(self) -> int:
        return len(self._turns)

    def add(self, wake: Callable[[], object]) -> Turn:
        """Add a turn at the end of the queue."""
        turn = Turn(self, wake)
        self._turns[turn] = None
        self._set_timer()
        return turn

    def remove(self, turn: Turn) -> None:
        """Remove ``turn``, if it is in the queue."""
        self._turns.pop(turn, None)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._is_waking:
            return
        if not self._turns:
            self._owner.queues.pop(self._budget, None)
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        elif self._timer is None:
            self._timer = self._owner.clock.callLater(self._budget.wait(self._owner.began()), self._on_timer)

    def _on_timer(self) -> None:
        """Wake as many as the budget allows; each is charged before the next is woken."""
        self._timer, self._is_waking, now = None, True, self._owner.began()
        try:
            while self._turns and not self._budget.wait(now):
                self._turns.popitem(last=False)[0].wake()
        finally:  # If one of them fails, the others are still woken.
            self._is_waking = False
            self._set_timer()
