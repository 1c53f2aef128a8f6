"""What is pure in ``python -m benchmarks soak``: the command line, the table and the verdict."""

from __future__ import annotations

from benchmarks.soak import ADDRESSES, COMING, ROOMS, SAID, SECONDS, Look, growth, parse_arguments, rows, verdict


def looks(*memory: float) -> list[Look]:
    return [Look(60.0 * minute, mib, minute, 1500 * minute, 3900 * minute, 0) for minute, mib in enumerate(memory)]


def test_the_load_is_the_one_that_was_found_to_grow() -> None:
    assert len(ROOMS) == 51
    assert COMING * SECONDS == 32_500
    assert COMING * sum(SAID) / len(SAID) == 65
    assert len(set(ADDRESSES)) == 1000


def test_the_time_can_be_chosen() -> None:
    assert parse_arguments([]).seconds == 1300
    assert parse_arguments(["--seconds", "20"]).seconds == 20


def test_growth_is_counted_from_a_moment_on() -> None:
    assert growth(looks(50, 60, 61, 63), 60) == 3
    assert growth(looks(50, 60, 61, 63), 1000) == 0


def test_level_is_what_does_not_grow_in_the_second_half() -> None:
    assert verdict(looks(50, 60, 61, 61.5, 62)) == "Memory was level: +1.0 MiB in the second half, +2.0 MiB since the first minute."
    assert verdict(looks(50, 60, 61, 65, 70)).startswith("Memory was NOT level: +9.0 MiB")


def test_a_row_for_each_look() -> None:
    assert rows(looks(50, 60))[1:] == [["0", "50.0", "0.0", "0", "0", "0"], ["60", "60.0", "1.0", "1,500", "3,900", "0"]]
