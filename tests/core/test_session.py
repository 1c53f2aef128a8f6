"""A session: its person, and whom they ignore."""

from __future__ import annotations

import pytest

from chatd.core.events import Event, Joined, Left, Reason, Renamed, Said, TopicSet
from chatd.core.ignoring import IgnoreList
from chatd.core.names import parse_nick
from chatd.core.person import Person
from chatd.core.session import Session
from chatd.testing import NOON, RecordingOutgoing


def new_session() -> Session:
    return Session(RecordingOutgoing(), "192.0.2.1", "text", NOON)


def test_a_session_without_a_person_has_no_nick() -> None:
    session = new_session()
    assert session.nick == ""
    session.person = Person(parse_nick("Ada"))
    assert session.nick == "Ada"


def test_a_session_without_a_person_ignores_nobody() -> None:
    session = new_session()
    assert not session.is_filtered
    said = Said("lobby", 1, NOON, "eve", "", "hi")
    assert session.heard(said) is said


@pytest.mark.parametrize(
    ("event", "ignored"),
    [
        (Said("lobby", 1, NOON, "Eve", "", "hi"), True),
        (Said("lobby", 1, NOON, "eve", "", "waves", action=True), True),
        (Said("lobby", 1, NOON, "eve2", "", "hi"), False),
        (Joined("lobby", 1, NOON, "eve", ""), False),
        (Left("lobby", 1, NOON, "eve", "", Reason.QUIT), False),
        (Renamed("lobby", 1, NOON, "eve", "", "adam"), False),
        (TopicSet("lobby", 1, NOON, "eve", "", "eve"), True),
    ],
)
def test_only_what_has_a_text_is_ignored(event: Event, ignored: bool) -> None:
    session = new_session()
    session.person = Person(parse_nick("Ada"))
    assert session.heard(event) is event
    session.person.ignoring = IgnoreList(["eve"])
    assert session.is_filtered
    assert session.heard(event) is (None if ignored else event)
