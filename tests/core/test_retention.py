"""Retention: how it is written, when events are deleted, and what is announced."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.errors import BadUsage
from chatd.core.limits import DELETION_STEP_SECONDS, MEMORY_ONLY_SECONDS, RETENTION_NOTICE_SECONDS
from chatd.core.retention import NONE, Retention, duration, in_words
from chatd.core.when import FOR_EVER
from chatd.testing import NOON

HOUR = 3_600_000
NOTICE = RETENTION_NOTICE_SECONDS * 1000
DURATIONS = st.builds("{}{}".format, st.integers(1, 999_999), st.sampled_from("hdw"))


@pytest.mark.parametrize(
    ("text", "hours", "words"),
    [
        ("1h", 1, "1 hour"),
        ("12h", 12, "12 hours"),
        ("1d", 24, "1 day"),
        ("30d", 720, "30 days"),
        ("8w", 1344, "8 weeks"),
        (NONE, 0, NONE),
    ],
)
def test_a_duration_is_a_number_of_hours_days_or_weeks(text: str, hours: int, words: str) -> None:
    assert duration(text) == hours * HOUR
    assert in_words(text) == words


def test_an_empty_duration_is_forever() -> None:
    assert duration("") == FOR_EVER


@pytest.mark.parametrize("text", ["0d", "d", "30", "30m", "-1d", "1.5d", "\u0663d", "01d", "1234567d", "30d ", "30d\n", "ever"])
def test_an_invalid_duration_is_refused(text: str) -> None:
    with pytest.raises(BadUsage, match="is not a duration"):
        duration(text)
    assert in_words(text) == text


@given(DURATIONS, DURATIONS | st.just(""), st.integers(NOON, 2 * NOON))
def test_events_expire_neither_early_nor_late(own: str, most: str, now: int) -> None:
    kept = min(duration(own), duration(most))
    cutoff = Retention(own).cutoff(now, duration(most))
    assert now - kept - max(kept // 24, DELETION_STEP_SECONDS * 1000) < cutoff <= now - kept


@given(DURATIONS | st.just(NONE), st.integers(NOON, NOON + 1000 * HOUR), st.integers(0, 1000 * HOUR))
def test_the_cutoff_never_goes_back(own: str, now: int, later: int) -> None:
    assert Retention(own).cutoff(now, FOR_EVER) <= Retention(own).cutoff(now + later, FOR_EVER)


def test_without_a_limit_the_cutoff_is_never_reached() -> None:
    assert Retention().cutoff(NOON, FOR_EVER) < 0


def test_without_retention_the_last_minutes_stay_in_memory() -> None:
    assert NOON - 2 * MEMORY_ONLY_SECONDS * 1000 < Retention(NONE).cutoff(NOON, FOR_EVER) <= NOON - MEMORY_ONLY_SECONDS * 1000


def test_a_retention_is_not_in_effect_before_its_time() -> None:
    retention = Retention(NONE, NOON)
    assert not retention.is_none(NOON - 1)
    assert retention.is_none(NOON)
    assert retention.cutoff(NOON - 1, FOR_EVER) < 0 < retention.cutoff(NOON, FOR_EVER)


@pytest.mark.parametrize(
    ("old", "text", "since"),
    [
        (Retention(), "30d", NOON + NOTICE),
        (Retention(), NONE, NOON + NOTICE),
        (Retention("30d"), "12h", NOON + NOTICE),
        (Retention("12h"), "30d", NOON),
        (Retention("24h"), "1d", NOON),
        (Retention("12h"), "", NOON),
        (Retention(NONE), "1h", NOON),
        (Retention("12h", NOON + 1), "30d", NOON + NOTICE),
        (Retention("12h", NOON + 1), "", NOON),
    ],
)
def test_only_a_shorter_retention_needs_notice(old: Retention, text: str, since: int) -> None:
    assert old.changed(text, NOON, at_once=False) == Retention(text, since)
    assert old.changed(text, NOON, at_once=True) == Retention(text, NOON)
