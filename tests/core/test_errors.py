"""Refusals: each has its own stable code, and sentences for people."""

from __future__ import annotations

import pytest

from chatd.core import errors
from chatd.core.errors import BadUsage, Refusal


def tree(root: type[Refusal]) -> list[type[Refusal]]:
    return [root, *(refusal for child in root.__subclasses__() for refusal in tree(child))]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Refusal("No."), "No."),
        (BadUsage("No.", "Write /who."), "No. Write /who."),
    ],
)
def test_a_refusal_says_why_and_what_would_be_accepted(refusal: Refusal, words: str) -> None:
    assert str(refusal) == words
    assert refusal.id == ""


def test_refusals_have_different_codes() -> None:
    refusals = tree(Refusal)
    assert len({refusal.code for refusal in refusals}) == len(refusals)


def test_the_docstring_shows_the_whole_tree() -> None:
    assert errors.__doc__ is not None
    rows = [line.split() for line in errors.__doc__.splitlines() if line.startswith("      ")]
    shown = {row[0]: row[1] for row in rows}
    assert shown == {refusal.__name__: refusal.code for refusal in tree(Refusal) if refusal is not Refusal}
