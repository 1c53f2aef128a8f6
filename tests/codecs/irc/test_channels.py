"""Joining, talking and leaving, with every line that is sent."""

from __future__ import annotations

import pytest

from chatd.core.limits import ROOMS_PER_PERSON
from tests.codecs.irc.network import STEPS, Network, follow


@pytest.mark.parametrize("step", STEPS)
def test_the_conversation(step: int) -> None:
    follow("channels", step)


def test_a_line_enters_no_more_rooms_than_a_person_may_be_in() -> None:
    ada = Network().client("ada")
    ada.send("JOIN #only")
    lines = ada.send(f"JOIN {','.join(['#only'] * ROOMS_PER_PERSON)},#more,#most")
    assert lines == [":chatd 405 ada #more :You have joined too many channels"]
