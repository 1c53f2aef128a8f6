"""How fast passwords can be guessed at a UNIX socket."""

from __future__ import annotations

from chatd.core.limits import LOCAL_GUESS_MS, LOCAL_GUESSES, LOCAL_GUESSES_WAITING
from chatd.core.local_guesses import LocalGuesses
from chatd.testing import NOON

STEP = LOCAL_GUESS_MS / 1000


def test_some_are_checked_at_once_and_the_others_one_after_another() -> None:
    guesses = LocalGuesses()
    assert [guesses.take(NOON) for _ in range(LOCAL_GUESSES)] == [0] * LOCAL_GUESSES
    assert [guesses.take(NOON) for _ in range(LOCAL_GUESSES_WAITING)] == [STEP * (n + 1) for n in range(LOCAL_GUESSES_WAITING)]
    assert guesses.take(NOON) is None
    assert guesses.take(NOON + LOCAL_GUESS_MS) == STEP * LOCAL_GUESSES_WAITING


def test_right_ones_cost_nothing() -> None:
    guesses = LocalGuesses()
    for _ in range(3 * LOCAL_GUESSES):
        assert guesses.take(NOON) == 0
        guesses.give_back()


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    guesses = LocalGuesses()
    guesses.take(NOON + 3_600_000)
    assert guesses.take(NOON) == 0
