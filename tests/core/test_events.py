"""Events: a draft gets its number from the log, and is otherwise the same."""

from __future__ import annotations

import pytest

from chatd.core.events import DRAFT, Event, Joined, Left, Reason, Renamed, RetentionSet, Said, TopicSet
from chatd.testing import NOON

DRAFTS: list[Event] = [
    Said("lobby", DRAFT, NOON, "ada", "seat", "waves", action=True, id="7"),
    Joined("lobby", DRAFT, NOON, "ada", "seat"),
    Left("lobby", DRAFT, NOON, "ada", "seat", Reason.QUIT, "bye"),
    Renamed("lobby", DRAFT, NOON, "ada", "seat", "eve"),
    TopicSet("lobby", DRAFT, NOON, "ada", "seat", "tea"),
    RetentionSet("lobby", DRAFT, NOON, "ada", "seat", "30d", 7),
]


@pytest.mark.parametrize("draft", DRAFTS, ids=lambda draft: type(draft).__name__)
def test_a_numbered_event_differs_from_its_draft_in_its_seq_alone(draft: Event) -> None:
    event = draft.numbered(42)
    assert type(event) is type(draft)
    assert (event.seq, draft.seq) == (42, DRAFT)
    assert event.numbered(DRAFT) == draft
