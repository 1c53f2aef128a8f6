"""Duplicates: which message an id stands for, so that what is sent again is not said twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from chatd.core.events import Said
from chatd.core.limits import IDS_PER_SENDER
from chatd.core.memory import Messages
from chatd.store import queries
from chatd.store.ids import KnownIds
from chatd.store.reader import Ask


class Duplicates:
    """Messages that have an id: those in memory, and, where memory cannot know, those on the disk.

    ``ask`` asks the database, and ``report`` takes a line for whoever runs the server.
    """

    def __init__(self, ask: Ask, report: Callable[[str], None]) -> None:
        self.messages: Messages = {}
        """Those that the logs hold in memory."""
        self._ask = ask
        self._report = report
        self._ids = KnownIds()

    def recall(self, sender_id: str, id: str) -> Said | None:
        """The message, if it is in memory."""
        return self.messages.get((sender_id, id))

    def may_be_on_disk(self, sender_id: str, id: str) -> bool:
        """Whether only the disk knows of a message that memory does not have."""
        return self._ids.may_have(sender_id, id)

    def look_up(self, sender_id: str, id: str, on_found: Callable[[Said | None], object]) -> None:
        """Ask the disk for the message, and the first time for all ids of its sender."""
        most = 0 if self._ids.knows(sender_id) else IDS_PER_SENDER

        def on_answer(answer: tuple[Said | None, Sequence[str] | None] | Exception) -> None:
            if isinstance(answer, Exception):  # The index of the database refuses a second one in any case.
                self._report(f"the database cannot be read: {answer}")
                on_found(None)
                return
            said, ids = answer
            if most:
                self._ids.learn(sender_id, ids)
            on_found(self.recall(sender_id, id) or said)

        self._ask(partial(queries.find, sender_id=sender_id, sent=id, most=most), on_answer)

    def on_dropped(self, said: Said) -> None:
        """``said`` is no longer in memory; that its id was used still is."""
        self._ids.add(said.sender_id, said.id)
