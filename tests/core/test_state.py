"""The state of a room: the fold of its log."""

from __future__ import annotations

import pytest

from chatd.core.events import Event, Joined, Left, Reason, Renamed, RetentionSet, Said, TopicSet
from chatd.core.retention import Retention
from chatd.core.state import RoomState, changes_state
from chatd.testing import NOON


def test_a_new_room_has_no_topic_and_the_retention_of_the_server() -> None:
    assert RoomState() == RoomState("", Retention("", 0))


def test_events_change_the_state() -> None:
    state = RoomState().apply(TopicSet("lobby", 1, NOON, "ada", "", "tea"))
    assert state == RoomState("tea")
    assert (state.topic_by, state.topic_time) == ("ada", NOON)
    state = state.apply(RetentionSet("lobby", 2, NOON, "ada", "", "30d", 7))
    assert state == RoomState("tea", Retention("30d", 7))
    assert state.apply(TopicSet("lobby", 3, NOON, "ada", "", "")) == RoomState("", Retention("30d", 7))


@pytest.mark.parametrize(
    "event",
    [
        Said("lobby", 1, NOON, "ada", "", "hi"),
        Joined("lobby", 1, NOON, "ada", ""),
        Left("lobby", 1, NOON, "ada", "", Reason.QUIT),
        Renamed("lobby", 1, NOON, "ada", "", "eve"),
    ],
)
def test_other_events_return_the_same_state(event: Event) -> None:
    state = RoomState("tea")
    assert state.apply(event) is state
    assert not changes_state(event)
