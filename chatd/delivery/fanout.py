"""The fan-out: the news of a room in one turn of the reactor is encoded once and sent to all.

What a chat server spends its time on is delivery: the kernel sends to each reader. Five things keep
it near that:

* The fan-out runs at the end of the reactor's turn, so that everything that came in during the turn
  travels in one chunk.
* After a run with many readers or many deliveries, messages wait for one another, until there are
  as many as arrive in a multiple of the time that a run takes (``pace.py``). An idle server answers
  at once; a busy one gathers larger batches instead of working ever longer, and the reactor always
  has time left to read.
* Readers at the same cursor get the same bytes object (``feed.py``), with one system call for many
  of them (``sends.py``).
* In large rooms, joinings and leavings wait for one another, unless something else is new there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chatd.codecs.base import Codec, View
from chatd.core.limits import PRESENCE_LATEST_SECONDS, PRESENCE_READERS, PRESENCE_SECONDS, PRESENCE_SENDS
from chatd.core.room import Room
from chatd.core.singles import Singles
from chatd.delivery.feed import Feed, Reader
from chatd.delivery.pace import Pace
from chatd.delivery.sends import Sends

log = Logger()


class Fanout:
    """Sends the news of all rooms to their feeds, and the answers to single persons, at the end of
    the reactor's turn.

    What is sent waits for more under load, unless it has waited in :meth:`gather` already.
    """

    def __init__(self, clock: IReactorTime) -> None:
        self.clock = clock
        self._pace = Pace(clock)
        self._sends = Sends()
        self.singles = Singles[Feed]()
        """Tuples of one feed, which is what most readers read."""
        self._is_gathered = False
        """Whether there is a log that gathers what it stores."""
        self._is_storing = False
        """Whether it stores something now, and what that makes readable is sent when it has."""
        self.behind: dict[Reader, None] = {}
        """The readers who have not taken everything."""
        self._feeds: dict[Room, dict[tuple[Codec, View], Feed]] = {}
        self._with_news: dict[Room, None] = {}
        self._with_answers: dict[Reader, None] = {}
        self._next_run: IDelayedCall | None = None
        self._next_flush: IDelayedCall | None = None
        self._after_run: list[Callable[[], object]] = []
        self._with_presence: dict[Room, None] = {}
        """The large rooms in which only joinings and leavings are new, which wait."""
        self._presence_due = 0.0
        """When they are sent."""
        self._next_presence: IDelayedCall | None = None

    def feed(self, room: Room, codec: Codec, view: View) -> Feed:
        """The feed of ``room`` in this view of ``codec``, made if need be."""
        feeds = self._feeds.setdefault(room, {})
        feed = feeds.get((codec, view))
        if feed is None:
            start = next((other.cursor for other in feeds.values()), room.log.end)
            feed = feeds[codec, view] = Feed(room, codec, view, start, self._sends)
        return feed

    def drop(self, feed: Feed) -> None:
        """Forget ``feed`` if nobody reads it."""
        feeds = self._feeds.get(feed.room)
        if feeds is not None and not feed.readers:
            feeds.pop((feed.codec, feed.view), None)
            if not feeds:
                del self._feeds[feed.room]

    def gather(self, store: Callable[[], None]) -> None:
        """Call ``store`` when what arrives from now on has waited long enough for more, and send at
        once what is readable when it returns."""
        self._is_gathered = True
        self._pace.gather(partial(self._store, store))

    def gather_leavings(self, store: Callable[[], None]) -> None:
        """As :meth:`gather`, of the events of people who are gone
        (:meth:`Pace.gather_leavings <chatd.delivery.pace.Pace.gather_leavings>`)."""
        self._is_gathered = True
        self._pace.gather_leavings(partial(self._store, store))

    def add(self, number: int) -> None:
        """So many events have arrived, which are to be stored."""
        self._pace.add(number)

    def _store(self, store: Callable[[], None]) -> None:
        self._is_storing = True
        try:
            store()
        finally:
            self._is_storing = False
            if self._with_news:
                self.run()
            elif self._with_answers:
                self.flush()

    def news(self, room: Room) -> None:
        """Send what is new in ``room`` at the end of the turn, or when it is due."""
        self._with_news[room] = None
        if self._is_gathered:
            if self._next_run is None and not self._is_storing:
                self._next_run = self.clock.callLater(0, self.run)
            return
        if self._next_run is None:
            self._next_run = self._pace.gather(self.run)
        self._pace.add(1)

    def flush_soon(self, reader: Reader) -> None:
        """Send the answers that are queued for ``reader`` at the end of the turn."""
        self._with_answers[reader] = None
        sends_soon = self._is_storing or self._next_flush is not None or (self._is_gathered and self._next_run is not None)
        if not sends_soon:
            self._next_flush = self.clock.callLater(0, self.flush)

    def after_run(self, then: Callable[[], object]) -> None:
        """Call ``then`` when all news so far are sent: at once if there are none."""
        if not self._with_news:
            then()
        else:
            self._after_run.append(then)

    def forget(self, reader: Reader) -> None:
        """The connection of ``reader`` is gone."""
        self._with_answers.pop(reader, None)
        self.behind.pop(reader, None)

    def flush(self) -> None:
        """Send the answers."""
        if self._next_flush is not None and self._next_flush.active():
            self._next_flush.cancel()
        self._next_flush = None
        readers, self._with_answers = self._with_answers, {}
        for reader in readers:
            reader.flush()

    def run(self) -> None:
        """Send the answers, and then the news of all rooms: so a newcomer is told that they are in
        before anything that happens after."""
        self.flush()
        if self._next_run is not None and self._next_run.active():
            self._next_run.cancel()
        self._next_run = None
        began, messages, readers, deliveries = self.clock.seconds(), 0, 0, 0
        rooms, self._with_news = self._with_news, {}
        for room in self._ready(rooms, began):
            self._with_presence.pop(room, None)
            new = 0
            for feed in list(self._feeds.get(room, {}).values()):
                try:
                    new = feed.fan_out()
                    deliveries += new * len(feed.live)
                    readers += len(feed.live)
                except Exception:
                    log.failure("defect: the news of a room could not be sent")
            messages += new
        self._pace.has_run(began, messages, readers, deliveries)
        waiting, self._after_run = self._after_run, []
        for then in waiting:
            then()

    def _ready(self, rooms: dict[Room, None], now: float) -> Iterable[Room]:
        """Those of ``rooms`` whose news are sent now: the others have only joinings and leavings,
        some of which were sent a moment ago."""
        presence = {room: readers for room in rooms if (readers := self._told_of_presence(room))}
        if not presence:
            return rooms
        if now >= self._presence_due:
            wait = min(sum(presence.values()) / PRESENCE_SENDS, PRESENCE_LATEST_SECONDS)
            self._presence_due = now + max(wait, PRESENCE_SECONDS)
            return rooms
        if self._next_presence is None:
            self._next_presence = self.clock.callLater(self._presence_due - now, self._send_presence)
        self._with_presence.update(dict.fromkeys(presence))
        return [room for room in rooms if room not in presence]

    def _told_of_presence(self, room: Room) -> int:
        """The number of readers of ``room``, if they are many, and what is new for them are
        joinings and leavings alone; otherwise 0."""
        feeds = self._feeds.get(room, {}).values()
        readers = sum(len(feed.readers) for feed in feeds)
        return readers if readers >= PRESENCE_READERS and all(feed.has_only_presence() for feed in feeds) else 0

    def _send_presence(self) -> None:
        """Send the joinings and leavings that have waited for one another."""
        self._next_presence, self._presence_due = None, 0.0
        rooms, self._with_presence = self._with_presence, {}
        for room in rooms:
            self.news(room)
