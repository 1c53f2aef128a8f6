"""Duplicates: finds the earlier message with an id, so that a message that is sent again is not
stored twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from chatd.core.events import Said
from chatd.core.limits import IDS_PER_SENDER
from chatd.core.memory import Messages
from chatd.store import queries
from chatd.store.id_cache import IdCache
from chatd.store.reader import Ask


class Duplicates:
    """The messages that have an id, in memory and on the disk.

    ``ask`` asks the database, and ``report`` logs a line for the operator.
    """

    def __init__(self, ask: Ask, report: Callable[[str], None]) -> None:
        self.messages: Messages = {}
        """The messages in memory, by sender_id and id."""
        self._ask = ask
        self._report = report
        self._ids = IdCache()

    def recall(self, sender_id: str, id: str) -> Said | None:
        """The message, if it is in memory."""
        return self.messages.get((sender_id, id))

    def may_be_on_disk(self, sender_id: str, id: str) -> bool:
        """Whether a message that is not in memory may be on the disk."""
        return self._ids.may_contain(sender_id, id)

    def look_up(self, sender_id: str, id: str, on_found: Callable[[Said | None], object]) -> None:
        """Look for the message on the disk. The first time for a sender, load all of their ids."""
        limit = 0 if self._ids.has(sender_id) else IDS_PER_SENDER

        def on_answer(answer: tuple[Said | None, Sequence[str] | None] | Exception) -> None:
            if isinstance(answer, Exception):  # The unique index refuses a duplicate in any case.
                self._report(f"the database cannot be read: {answer}")
                on_found(None)
                return
            said, ids = answer
            if limit:
                self._ids.load(sender_id, ids)
            on_found(self.recall(sender_id, id) or said)

        self._ask(partial(queries.find_message, sender_id=sender_id, sent=id, limit=limit), on_answer)

    def forget(self, sender_id: str) -> None:
        """Forget the ids of ``sender_id``, who has gone. They are looked up again if the sender
        returns."""
        self._ids.forget(sender_id)

    def on_dropped(self, said: Said) -> None:
        """``said`` is no longer in memory, but remember that its id was used."""
        self._ids.add(said.sender_id, said.id)
