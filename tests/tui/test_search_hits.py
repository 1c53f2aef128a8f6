"""Hits, chosen by their numbers."""

from __future__ import annotations

import pytest

from chatd.core import answers, events
from chatd.core.errors import BadUsage
from chatd.tui.history_view import JumpTarget
from chatd.tui.search_hits import SearchHits


def said(seq: int, room: str = "lobby") -> events.Said:
    return events.Said(room, seq, 0, "bob", "", "tea")


@pytest.fixture
def hits() -> SearchHits:
    hits = SearchHits()
    hits.replace(answers.SearchResults(("tea",), (said(9), said(7, "ops"), said(3))))
    return hits


def test_jump_goes_to_a_number_or_the_next_hit(hits: SearchHits) -> None:
    assert hits.choose(0) == (1, "lobby", JumpTarget(9, ("tea",)))
    assert hits.choose(2) == (2, "ops", JumpTarget(7, ("tea",)))
    assert hits.choose(0) == (3, "lobby", JumpTarget(3, ("tea",)))
    assert hits.choose(1)[0] == 1


@pytest.mark.parametrize("number", [4, 1000])
def test_other_numbers_are_refused(hits: SearchHits, number: int) -> None:
    with pytest.raises(BadUsage, match=f"There is no hit {number}"):
        hits.choose(number)


def test_before_a_search_there_are_no_hits() -> None:
    with pytest.raises(BadUsage, match=r"There are no hits\. /search WORDS finds messages"):
        SearchHits().choose(0)


def test_another_search_replaces_the_hits(hits: SearchHits) -> None:
    hits.choose(2)
    hits.replace(answers.SearchResults(("pot",), (said(5),)))
    assert hits.choose(0) == (1, "lobby", JumpTarget(5, ("pot",)))


def test_deleted_hits_disappear_and_the_others_keep_their_numbers(hits: SearchHits) -> None:
    hits.drop_before("lobby", 8)
    assert hits.choose(1)[2].seq == 9
    assert hits.choose(2)[1] == "ops"
    with pytest.raises(BadUsage):
        hits.choose(3)


def test_a_deleted_message_is_no_hit(hits: SearchHits) -> None:
    hits.drop("lobby", 7)
    hits.drop("ops", 7)
    assert hits.choose(1)[2].seq == 9
    with pytest.raises(BadUsage):
        hits.choose(2)
