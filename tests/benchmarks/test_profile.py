"""What is pure in ``python -m benchmarks profile`` and in the tables: shares, functions, counts,
and runs with their spread."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.profile import SHOWN, WORKED, _rows, functions, shares
from benchmarks.report import show_runs

STRACE = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 80.01    0.500000          12     40000           sendto
 19.99    0.100000          50      2000        12 futex
------ ----------- ----------- --------- --------- ----------------
100.00    0.600000          14     42000        12 total
"""


def test_works_of_one_case_can_be_profiled() -> None:
    assert {"talk", "burst", "crowd"} <= WORKED.keys()
    assert "stalls" not in WORKED


def test_the_rows_of_strace_are_read(tmp_path: Path) -> None:
    (tmp_path / "counts").write_text(STRACE)
    assert [(words[-1], int(words[3])) for words in _rows(tmp_path / "counts")][:2] == [("sendto", 40000), ("futex", 2000)]


def test_the_functions_that_take_most_come_first() -> None:
    own = {f"module{number}": number for number in range(1, 51)}
    _, first, *others = functions({"samples": 200, "own": own, "within": dict.fromkeys(own, 100)})
    assert first == ["module50", "25.0", "50.0"]
    assert len(others) == SHOWN - 1


def test_time_is_shared_out_among_messages() -> None:
    outcome = {"cpu_user_seconds": 0.03, "cpu_system_seconds": 0.01}
    assert [row[1] for row in shares(outcome, {"chatd writer": 0.002}, 1000)[1:]] == ["40.0", "10.0", "2.0"]


@pytest.mark.parametrize(
    ("values", "shown"), [([], "-"), ([1.5], "1.50"), ([3.0, 1.0, 2.0], "2.00 (1.00 to 3.00)"), ([1.0, 2.0], "1.50 (1.00 to 2.00)")]
)
def test_several_runs_are_shown_with_their_spread(values: list[float], shown: str) -> None:
    assert show_runs(values) == shown
