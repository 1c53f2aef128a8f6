"""Events: a log numbers a draft and changes nothing else."""

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
def test_numbering_a_draft_changes_only_its_seq(draft: Event) -> None:
    before = repr(draft)
    event = draft.number(42)
    assert event is draft
    assert repr(event) == before.replace("seq=0", "seq=42")
    event.number(DRAFT)
