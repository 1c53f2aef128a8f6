"""What the user has seen, so that another run can go on from there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.core import commands
from chatd.tui.catch_up import CatchUps
from chatd.tui.conversation import Conversation
from chatd.tui.link import Link

SAVE_SECONDS: Final = 5.0
"""How long after a new event the state is saved at the latest, in seconds. After a crash the events
since the last save are shown again."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The ``rooms`` that the user is in, the ``current`` one, the last event shown of each
    (``last``), as numbers of the server's run ``log``; and the rooms that the user has ``left``."""

    log: str
    rooms: tuple[str, ...]
    current: str
    last: Mapping[str, int] = field(default_factory=dict)
    left: Collection[str] = ()


class Saving:
    """Gives ``save`` what was seen, soon after it was; ``save`` raises OSError if it fails, which
    ``refuse`` says once."""

    def __init__(
        self,
        clock: IReactorTime,
        conversation: Conversation,
        catch_ups: CatchUps,
        link: Callable[[], Link],
        save: Callable[[Seen], None],
        refuse: Callable[[str], None],
    ) -> None:
        self.left: set[str] = set()
        self._clock = clock
        self._conversation = conversation
        self._catch_ups = catch_ups
        self._link = link
        self._save = save
        self._refuse = refuse
        self._call: IDelayedCall | None = None
        self._read: dict[str, int] = {}
        """What the server was told that the user has read, by room."""

    def soon(self) -> None:
        """Save within `SAVE_SECONDS`."""
        if self._call is None:
            self._call = self._clock.callLater(SAVE_SECONDS, self._on_time)

    def now(self) -> None:
        """Save at once, for the last time or before an end."""
        if self._call is not None:
            self._call.cancel()
        self._on_time()

    def _on_time(self) -> None:
        self._call = None
        conversation, link = self._conversation, self._link()
        if not link.was_up or not (conversation.rooms or self.left):
            return
        self._tell_read()
        last = {room: self._catch_ups.last_shown(room, link.last_received(room)) for room in conversation.rooms}
        try:
            self._save(Seen(link.log, tuple(conversation.rooms), conversation.current, last, frozenset(self.left)))
        except OSError as error:
            self._save = lambda seen: None
            self._refuse(f"The state cannot be saved for the next time: {error.strerror}.")

    def _tell_read(self) -> None:
        """Tell the server, for the user's other sessions, what they have read in the current
        room."""
        room, link = self._conversation.current, self._link()
        seq = self._catch_ups.last_shown(room, link.last_received(room))
        if link.up and self._conversation.has_account and seq > self._read.get(room, 0):
            self._read[room] = seq
            link.send(commands.Read(room, seq))
