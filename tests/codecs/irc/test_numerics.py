"""The numerics."""

from __future__ import annotations

from chatd.codecs.irc.numerics import Numeric


def test_each_numeric_has_three_digits_of_its_own() -> None:
    numbers = [numeric.number for numeric in Numeric]
    assert all(len(number) == 3 and number.isdigit() for number in numbers)
    assert len(set(numbers)) == len(numbers)
    assert Numeric.NOSUCHNICK.text == "No such nick"
