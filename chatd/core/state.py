"""The state of a room: the fold of its log. Everything that follows a log uses this one fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from chatd.core.events import Event, RetentionSet, TopicSet
from chatd.core.retention import Retention


@dataclass(frozen=True, slots=True)
class RoomState:
    """The topic of a room (empty: none) and its retention, after all events so far."""

    topic: str = ""
    retention: Retention = field(default_factory=Retention)

    def apply(self, event: Event) -> RoomState:
        """The state after ``event``; the same object if it changes nothing, as with most events."""
        change = _CHANGES.get(type(event))
        return self if change is None else change(self, event)


def _set_topic(state: RoomState, event: TopicSet) -> RoomState:
    return replace(state, topic=event.text)


def _set_retention(state: RoomState, event: RetentionSet) -> RoomState:
    return replace(state, retention=Retention(event.keep, event.since))


_CHANGES: Final[Mapping[type[Event], Callable[[RoomState, Any], RoomState]]] = {
    TopicSet: _set_topic,
    RetentionSet: _set_retention,
}

STATE_EVENTS: Final = frozenset(_CHANGES)
"""The kinds of events that change the state of a room."""
