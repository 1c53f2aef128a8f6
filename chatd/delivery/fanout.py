"""The fan-out: one turn's news of a room is encoded once and sent to all.

The price of a chat server is the delivery: one ``send`` system call at least for each reader. Three
things keep it near that:

* It runs at the end of the reactor's turn, so that all that came in during the turn travels in one
  chunk.
* After it has written to many, or of many, it rests, for a multiple of the time that it took. An
  idle server answers at once; a busy one gathers larger batches instead of working ever longer, and
  the reactor always has time left to read.
* Readers at the same place get the same bytes object (``feed.py``).
"""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chatd.codecs.base import Codec, View
from chatd.core.limits import REST_DELIVERIES, REST_FACTOR, REST_READERS, REST_SECONDS
from chatd.core.room import Room
from chatd.delivery.feed import Feed, Reader

log = Logger()


class Fanout:
    """Runs the feeds of all rooms, and the answers to single persons, at the end of the reactor's
    turn."""

    def __init__(self, clock: IReactorTime) -> None:
        self.clock = clock
        self.behind: dict[Reader, None] = {}
        """Who waits for their transport."""
        self._feeds: dict[Room, dict[tuple[Codec, View], Feed]] = {}
        self._rooms: dict[Room, None] = {}
        self._answers: dict[Reader, None] = {}
        self._turn: IDelayedCall | None = None
        self._soon: IDelayedCall | None = None
        self._rested = 0.0

    def feed(self, room: Room, codec: Codec, view: View) -> Feed:
        """The feed of ``room`` in this view of ``codec``, made if need be."""
        feeds = self._feeds.setdefault(room, {})
        feed = feeds.get((codec, view))
        if feed is None:
            start = next((other.cursor for other in feeds.values()), room.log.stored)
            feed = feeds[codec, view] = Feed(room, codec, view, start)
        return feed

    def drop(self, feed: Feed) -> None:
        """Forget ``feed`` if nobody reads it."""
        feeds = self._feeds.get(feed.room)
        if feeds is not None and not feed.readers:
            feeds.pop((feed.codec, feed.view), None)
            if not feeds:
                del self._feeds[feed.room]

    def news(self, room: Room) -> None:
        """Send what is new in ``room`` at the end of the turn, or when the fan-out has rested."""
        self._rooms[room] = None
        if self._turn is None:
            wait = max(0.0, self._rested - self.clock.seconds())
            self._turn = self.clock.callLater(wait, self.run)

    def answer(self, reader: Reader) -> None:
        """Send what is queued for ``reader`` at the end of the turn."""
        self._answers[reader] = None
        if self._soon is None:
            self._soon = self.clock.callLater(0, self.flush)

    def forget(self, reader: Reader) -> None:
        """The connection of ``reader`` is gone."""
        self._answers.pop(reader, None)
        self.behind.pop(reader, None)

    def flush(self) -> None:
        """Send the answers."""
        if self._soon is not None and self._soon.active():
            self._soon.cancel()
        self._soon = None
        answers, self._answers = self._answers, {}
        for reader in answers:
            reader.flush()

    def run(self) -> None:
        """Send the news of all rooms, answers first: who has just come is told so before anything
        that happens after."""
        self.flush()
        if self._turn is not None and self._turn.active():
            self._turn.cancel()
        self._turn = None
        began, readers, deliveries = self.clock.seconds(), 0, 0
        rooms, self._rooms = self._rooms, {}
        for room in rooms:
            for feed in list(self._feeds.get(room, {}).values()):
                try:
                    deliveries += feed.fan_out() * len(feed.live)
                    readers += len(feed.live)
                except Exception:
                    log.failure("defect: the news of a room could not be sent")
        if readers >= REST_READERS or deliveries >= REST_DELIVERIES:
            ended = self.clock.seconds()
            self._rested = ended + min(REST_FACTOR * (ended - began), REST_SECONDS)
