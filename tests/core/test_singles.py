"""Tuples of one."""

from __future__ import annotations

from chatd.core.singles import Singles


def test_who_has_the_same_shares_the_tuple() -> None:
    singles, one, other = Singles[list[int]](), [1], [1]
    assert singles.of(one) == (one,)
    assert singles.of(one) is singles.of(one)
    assert singles.of(other)[0] is other
    assert singles.of(one)[0] is one
