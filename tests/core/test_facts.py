"""Facts: compared by their fields, and never changed."""

from __future__ import annotations

from dataclasses import replace

from chatd.core.answers import Ack
from chatd.core.commands import Say


def test_facts_are_compared_by_their_fields() -> None:
    ack = Ack("lobby", 7, 1000, id="1")
    assert replace(ack, id="2") != ack
    assert {replace(ack, id="2"), ack} == {ack, Ack("lobby", 7, 1000, id="2")}


def test_a_fact_has_no_other_attributes() -> None:
    assert not hasattr(Say("hi"), "__dict__")


def cannot_be_changed(ack: Ack) -> None:
    """The type checker would report this line if a field could be set."""
    ack.seq = 8  # type: ignore[misc]
