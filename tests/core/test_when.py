"""Times as people write them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chatd.core.errors import BadUsage
from chatd.core.when import parse_time

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
