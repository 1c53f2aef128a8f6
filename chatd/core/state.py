"""The state of a room: the fold of its log. Everything that follows a log uses this one fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from chatd.core import rights
from chatd.core.events import Event, Joined, Left, Reason, RetentionSet, TopicSet
from chatd.core.retention import Retention
from chatd.core.rights import Rights


@dataclass(frozen=True, slots=True)
class RoomState:
    """The topic of a room (empty: none), who set it when (0: before the start), its retention and
    its rights, after all events so far."""

    topic: str = ""
    retention: Retention = field(default_factory=Retention)
    rights: Rights = field(default_factory=Rights)
    topic_by: str = field(default="", compare=False)  # These two are not stored.
    topic_time: int = field(default=0, compare=False)

    def apply(self, event: Event) -> RoomState:
        """The state after ``event``; the same object if it changes nothing, as with most events."""
        change = _CHANGES.get(type(event))
        return self if change is None else change(self, event)


def changes_state(event: Event) -> bool:
    """Whether ``event`` can change the state of a room."""
    if type(event) is Joined:
        return bool(event.hidden)
    return type(event) in _CHANGES and (type(event) is not Left or event.reason is Reason.KICKED)


def _set_topic(state: RoomState, event: TopicSet) -> RoomState:
    by, time = (event.nick, event.time) if event.text else ("", 0)
    return replace(state, topic=event.text, topic_by=by, topic_time=time)


def _set_retention(state: RoomState, event: RetentionSet) -> RoomState:
    return replace(state, retention=Retention(event.keep, event.since))


def _change_rights(state: RoomState, event: Event) -> RoomState:
    changed = state.rights.apply(event)
    return state if changed is state.rights else replace(state, rights=changed)


_CHANGES: Final[Mapping[type[Event], Callable[[RoomState, Any], RoomState]]] = {
    TopicSet: _set_topic,
    RetentionSet: _set_retention,
    **dict.fromkeys(rights.CHANGES, _change_rights),
}
