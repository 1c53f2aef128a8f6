"""Opening the history: by a key, at a hit of a search, or at the first unread message."""

from __future__ import annotations

from collections.abc import Callable

from chatd.core import commands
from chatd.core.commands import Command
from chatd.tui.conversation import Conversation
from chatd.tui.display import Display
from chatd.tui.history_view import HistoryView, JumpTarget, RoomOnScreen
from chatd.tui.line_input import LineInput
from chatd.tui.search_hits import SearchHits


class HistoryOpening:
    """Opens ``history`` for a room of ``conversation``, where the terminal can show it; elsewhere
    ``run`` has the server answer in lines."""

    def __init__(
        self,
        conversation: Conversation,
        display: Display,
        history: HistoryView,
        line: LineInput,
        run: Callable[[Command], None],
    ) -> None:
        self.hits = SearchHits()
        self._conversation = conversation
        self._display = display
        self._history = history
        self._line = line
        self._run = run

    def page_up(self) -> None:
        """Open the history a page above what is visible."""
        self._open(self._history.page_up)

    def oldest(self) -> None:
        """Open the history at its beginning."""
        self._open(self._history.open_oldest)

    def jump(self, number: int) -> None:
        """Open the history at hit ``number`` of the last search. Raises BadUsage."""
        number, room, hit = self.hits.choose(number)
        self._jump(number, room, hit)

    def _jump(self, number: int, room: str, hit: JumpTarget) -> None:
        if room not in self._conversation.rooms:
            self._display.refuse(f"You are not in #{room}. /join #{room} enters it, then /jump {number} goes there.")
        elif self._display.can_paint:
            self._history.open_at(self._room_on_screen(room), hit.seq, hit)
        else:
            self._run(commands.History(room=room, around=hit.seq))

    def jump_to_new(self) -> None:
        """Open the history at the first message that arrived while the user was away."""
        here = self._conversation.rooms.get(self._conversation.current)
        if here is None or here.unread_mark is None:
            self._display.refuse("No messages arrived here while you were away.")
        else:
            first, _ = here.unread_mark
            self._open(lambda shown: self._history.open_at(shown, first))

    def _open(self, show: Callable[[RoomOnScreen], None]) -> None:
        room = self._conversation.current
        if not self._display.can_paint:
            self._display.note("This terminal can only print lines: /history shows earlier messages.")
        elif self._line.is_talk and room in self._conversation.rooms:
            show(self._room_on_screen(room))

    def _room_on_screen(self, room: str) -> RoomOnScreen:
        joined = self._conversation.rooms[room]
        return RoomOnScreen(room, joined.last, self._display.first_visible(room), joined.unread_mark)
