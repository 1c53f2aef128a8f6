"""Times as people write them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from chatd.core.errors import BadUsage
from chatd.core.when import exact_stamp, parse_time, stamp, take_time

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_paris(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("12:30", "2026-11-23T11:30:00"),
        ("00:00:01", "2026-11-22T23:00:01"),
        ("2026-11-01", "2026-10-31T23:00:00"),
        ("2026-11-01T12:30", "2026-11-01T11:30:00"),
        ("2026-11-01 12:30", "2026-11-01T11:30:00"),
        ("2026-11-01 2:30", "2026-11-01T01:30:00"),
        ("9:05", "2026-11-23T08:05:00"),
        ("12:30+03:00", "2026-11-23T09:30:00"),
        ("12:30-03:00", "2026-11-23T15:30:00"),
        ("2026-11-01T12:30:15Z", "2026-11-01T12:30:15"),
        ("2026-11-01T12:30:15.250+02:00", "2026-11-01T10:30:15.250"),
    ],
)
def test_a_time_without_a_zone_is_in_the_zone_of_the_server(text: str, utc: str) -> None:
    assert parse_time(text, round(NOW.timestamp() * 1000)) == round(datetime.fromisoformat(utc + "+00:00").timestamp() * 1000)


@pytest.mark.parametrize("text", ["", "noon", "25:00", "12:30 ", "2026-13-01", "0001-01-01", "9" * 40, "\uff11\uff12:30"])
def test_an_invalid_time_is_refused(text: str) -> None:
    with pytest.raises(BadUsage, match="is not a time"):
        parse_time(text, 0)


@pytest.mark.parametrize(
    ("words", "time", "others"),
    [
        (["2026-10-25", "02:40", "4"], "2026-10-25 02:40", ["4"]),
        (["2026-10-25", "02:40:07-03:00"], "2026-10-25 02:40:07-03:00", []),
        (["2026-10-25", "4"], "2026-10-25", ["4"]),
        (["2026-10-25"], "2026-10-25", []),
        (["12:30", "12:40"], "12:30", ["12:40"]),
        (["2026-10-25T02:40", "02:40"], "2026-10-25T02:40", ["02:40"]),
    ],
)
def test_a_date_and_a_time_of_day_are_one_time(words: Sequence[str], time: str, others: Sequence[str]) -> None:
    assert take_time(words) == (time, others)


def milliseconds(utc: str) -> int:
    return round(datetime.fromisoformat(f"{utc}+00:00").timestamp() * 1000)


def test_a_time_of_another_day_has_its_date() -> None:
    now = milliseconds("2026-11-23T12:00:00")
    assert stamp(now, now) == "13:00"
    assert stamp(milliseconds("2026-11-22T11:00:00"), now) == "2026-11-22 12:00"
    assert stamp(now, milliseconds("2026-11-24T12:00:00")) == "2026-11-23 13:00"
    assert exact_stamp(now + 7000) == "2026-11-23T13:00:07"


@pytest.mark.parametrize(
    ("utc", "shown"),
    [
        ("2026-10-24T23:40:07", "2026-10-25T01:40:07"),
        ("2026-10-25T00:40:07", "2026-10-25T02:40:07+02:00"),
        ("2026-10-25T01:40:07", "2026-10-25T02:40:07+01:00"),
        ("2026-10-25T02:40:07", "2026-10-25T03:40:07"),
        ("2026-03-29T00:40:07", "2026-03-29T01:40:07"),
        ("2026-03-29T01:40:07", "2026-03-29T03:40:07"),
    ],
)
@pytest.mark.parametrize("now", ["2026-10-25T12:00:00", "2026-11-25T12:00:00"])
def test_every_time_that_is_shown_leads_back(monkeypatch: pytest.MonkeyPatch, utc: str, shown: str, now: str) -> None:
    """The hour from 2 to 3 comes twice on 25 October 2026."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    moment = milliseconds(utc)
    assert exact_stamp(moment) == shown
    assert parse_time(exact_stamp(moment), milliseconds(now)) == moment
    assert parse_time(stamp(moment, milliseconds(now)), milliseconds(now)) == milliseconds(utc[:-2] + "00")


def test_a_time_that_comes_twice_means_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    assert parse_time("2026-10-25 02:40", 0) == milliseconds("2026-10-25T00:40:00")
