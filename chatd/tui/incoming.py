"""Incoming: what the server sends is taken in, and shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chatd.codecs import phrases
from chatd.core import answers, events
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event
from chatd.tui.catch_up import CatchUps
from chatd.tui.cells import FinalLine
from chatd.tui.conversation import Conversation, PendingMessage, Received
from chatd.tui.display import Display
from chatd.tui.formatter import Formatter
from chatd.tui.history_view import HistoryView
from chatd.tui.link import Link
from chatd.tui.local_commands import LOCAL
from chatd.tui.saving import Saving
from chatd.tui.search_hits import SearchHits


class Incoming:
    """Shows what the server sends on ``display``, and keeps everything up to date that depends on
    it."""

    def __init__(
        self,
        conversation: Conversation,
        formatter: Formatter,
        display: Display,
        history: HistoryView,
        catch_ups: CatchUps,
        hits: SearchHits,
        saving: Saving,
        link: Callable[[], Link],
    ) -> None:
        self._conversation = conversation
        self._formatter = formatter
        self._display = display
        self._history = history
        self._catch_ups = catch_ups
        self._hits = hits
        self._saving = saving
        self._link = link

    def receive(self, news: Event | Answer, command: Command | None, is_back: bool = False) -> None:
        """Take in ``news``, which answers ``command`` if there is one. ``is_back``: the user was
        here before the link was lost."""
        pending = self._conversation.pending.get(news.id) if isinstance(news, Answer) else None
        before = self._conversation.current
        received = self._conversation.receive(news, command)
        if received.for_me and received.shown:
            self._display.ring(self._summary(news))
        if isinstance(news, Event):
            self._on_event(news, received)
        else:
            self._on_answer(news, received, pending, is_back)
        if self._conversation.current != before:
            self.on_switched()

    @staticmethod
    def _summary(news: Event | Answer) -> str:
        """Who calls the user, and with which words."""
        if isinstance(news, (events.Said, events.Private)):
            return f"{news.nick}: {news.text}"
        return ""

    def on_switched(self) -> None:
        """The user has another current room: show what has waited for that."""
        self._display.add(self._catch_ups.on_switched(self._conversation.current))

    def drop_pending(self) -> None:
        """Nothing that is pending will be answered."""
        for pending in self._conversation.pending.values():
            self._show_not_delivered(pending, "it was not confirmed before the end.")
        self._conversation.pending.clear()

    def _on_event(self, event: Event, received: Received) -> None:
        self._saving.soon()
        self._history.on_event(event)
        if isinstance(event, events.Deleted):
            self._history.on_deleted(event.room, event.target)
            self._hits.drop(event.room, event.target)
        before = self._catch_ups.on_event(event, received)
        if before is None:
            return
        if isinstance(event, events.Said) and not self._conversation.is_own(event.nick):
            self._history.on_message(received.for_me)
        self._show(received, before)

    def _on_answer(self, answer: Answer, received: Received, pending: PendingMessage | None, is_back: bool) -> None:
        if pending is not None:
            self._on_message_answered(pending, answer)
        match answer:
            case answers.Welcome() if is_back:
                return  # The user has read its message of the day before.
            case answers.Entered():
                self._show(received)
                self._saving.left.discard(answer.room)
                self._catch_ups.on_entered(answer, self._link().last_received(answer.room))
                return
            case answers.Exited():
                self._saving.left.add(answer.room)
                self._catch_ups.on_left(answer.room)
                self._history.on_room_gone(answer.room)
            case answers.Missed(first=0):
                self._display.add(self._catch_ups.finish(answer.room))
                self._history.on_room_gone(answer.room)
            case answers.Forgotten():
                self._forget(answer)
            case answers.SearchResults():
                self._hits.replace(answer)
            case answers.HelpText() if len(answer.commands) > 1:
                received = replace(received, news=replace(answer, commands=(*answer.commands, *LOCAL)))
        self._show(received)

    def _on_message_answered(self, pending: PendingMessage, news: Answer) -> None:
        nick, message, here = self._conversation.nick, pending.message, self._conversation.here
        if isinstance(news, answers.Refused):
            self._show_not_delivered(pending, phrases.refusal(news))
        elif isinstance(news, answers.Ack):
            time, seq = news.time, news.seq
            if not self._catch_ups.on_delivered(news, lambda here: self._formatter.delivered(nick, message, time, here, seq)):
                self._display.add(self._formatter.delivered(nick, message, time, here, seq))
        else:
            self._display.add(self._formatter.delivered(nick, message, pending.time, here))

    def _show_not_delivered(self, pending: PendingMessage, why: str) -> None:
        state = self._conversation
        self._display.add(self._formatter.not_delivered(state.nick, pending.message, why, state.here))

    def _forget(self, forgotten: answers.Forgotten) -> None:
        """Stop showing what has been deleted, as far as possible."""
        room, before = forgotten.room, forgotten.before
        self._history.on_forgotten(room, before)
        self._catch_ups.on_forgotten(room, before)
        self._hits.drop_before(room, before)
        self._display.drop_before(room, before)

    def _show(self, received: Received, before: Sequence[FinalLine] = ()) -> None:
        self._display.add([*before, *self._formatter.received(received, self._conversation.here)])
