"""What is pure in ``python -m benchmarks hostile``: the command line, messages, figures, tables."""

from __future__ import annotations

import json
from itertools import islice

import pytest

from benchmarks.hostile.catalogue import ALL, ATTACKS, CHOICES, NOTHING, attacks_of
from benchmarks.hostile.figures import HEADING, Memory, Outcome, by_kind, counted, percentile, row, rows
from benchmarks.hostile.main import parse_arguments, report
from benchmarks.hostile.peers import Tally, kind_of
from benchmarks.hostile.rooms import _fill
from benchmarks.hostile.work import FRAGMENTS, client_hello, frame, hello_with_many_names, in_fragments
from chatd.core.limits import LINE_BYTES
from chatd.doors.catalogue import TLS, recognise


def outcome(p99: float = 0.01, growth: float = 1.0, unanswered: int = 0) -> Outcome:
    times = [0.001] * 50 + [p99] * 50
    return Outcome(
        "say", times, [0.0], [0.02], [], {"came": 2}, {"asked": unanswered}, Memory(50.0, 50.0 + growth, 50.5), 12.5, 0.5
    )


def test_names_choose_attacks_in_the_order_of_the_catalogue() -> None:
    assert parse_arguments(["--only", "all,msg,say"]).only == ["say", "msg", "all"]
    assert parse_arguments([]).only == list(CHOICES)


def test_an_unknown_name_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--only", "say,nonsense"])
    assert "unknown: nonsense (known: nothing, say, " in capsys.readouterr().err


def test_help_names_every_attack(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in CHOICES)


def test_a_choice_is_one_attack_or_all_or_none() -> None:
    assert [attack.name for attack in attacks_of("tls")] == ["tls"]
    assert attacks_of(ALL) == ATTACKS
    assert [attack.name for attack in attacks_of(NOTHING)] == [NOTHING]


@pytest.mark.parametrize(("percent", "value"), [(0, 1.0), (50, 51.0), (99, 100.0), (100, 100.0)])
def test_percentiles(percent: int, value: float) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], percent) == value


def test_the_percentile_of_nothing_is_nothing() -> None:
    assert percentile([], 99) == 0.0


def test_a_promise_is_kept_within_both_limits_and_with_all_answers() -> None:
    assert outcome().keeps_promise()
    assert not outcome(p99=0.2).keeps_promise()
    assert not outcome(growth=65.0).keeps_promise()
    assert not outcome(unanswered=1).keeps_promise()


def test_a_row_has_a_cell_for_each_column_and_says_what_is_kept() -> None:
    cells = dict(zip(HEADING, row(outcome(p99=0.2)), strict=True))
    assert cells["others' p50, ms"] == "200"
    assert cells["p99 (≤ 100)"] == "200 ✗"
    assert cells["growth (≤ 64)"] == "1.00 ✓"
    assert cells["refused"] == "2 came"


def test_counts_are_written_for_people() -> None:
    assert counted({"connections": 12345, "bytes sent": 3 << 20, "refused": 0}) == "12,345 connections, 3.00 MiB sent"
    assert by_kind({"asked": 0, "came": 3, "searched": 1}) == "3 came, 1 searched"


def test_the_report_has_the_machine_the_table_and_the_meanings() -> None:
    text = report([outcome()], {"commit": "abc"})
    assert "- commit: abc\n" in text
    assert text.count("\n| ") == len(rows([outcome()])) + 1
    assert f"- **say**: {CHOICES['say']}.\n" in text


def test_lines_are_counted_however_they_are_cut() -> None:
    tally = Tally()
    for chunk in (b'{"type":"a', b'ck","id":"1"}\n{"type":"said"}\n{"ty', b'pe":"ack"}\n'):
        tally(1, chunk)
    tally(2, b'{"type":"ack"}\n')
    assert (tally.counts["ack"], tally.counts["said"]) == (3, 1)
    assert kind_of(b"") == ""


def test_fragments_are_one_message_of_one_byte_each() -> None:
    assert in_fragments(b"abc") == frame(b"a", 0x01) + frame(b"b", 0x00) + frame(b"c", 0x80)
    assert len(in_fragments(b"x" * FRAGMENTS)) == 7 * FRAGMENTS


def test_the_hello_with_many_names_is_one_line() -> None:
    line = hello_with_many_names()
    assert len(line) <= LINE_BYTES
    assert len(json.loads(line)["rooms"]) == 439


def test_the_recorded_handshake_is_one() -> None:
    assert recognise(client_hello()) is TLS


def test_rooms_are_left_before_further_ones_are_entered() -> None:
    first, second, third = islice(_fill(7), 3)
    entered = json.loads(first)["rooms"]
    assert len(entered) == 20
    for piece, room in ((second, entered[0]), (third, entered[1])):
        leave, join = map(json.loads, piece.splitlines())
        assert (leave["command"], leave["room"], join["command"]) == ("leave", room, "join")
        assert join["room"] not in entered
