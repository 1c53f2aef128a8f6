"""How long a room is kept: what is written, what goes when, and what is announced."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.core.errors import BadUsage
from chatd.core.limits import KEEP_NOTICE_SECONDS, KEEP_STEP_SECONDS, UNKEPT_SECONDS
from chatd.core.retention import NONE, Retention, span, words
from chatd.core.when import FOR_EVER
from chatd.testing import NOON

HOUR = 3_600_000
NOTICE = KEEP_NOTICE_SECONDS * 1000
SPANS = st.builds("{}{}".format, st.integers(1, 999_999), st.sampled_from("hdw"))


@pytest.mark.parametrize(
    ("text", "hours", "spoken"),
    [
        ("1h", 1, "1 hour"),
        ("12h", 12, "12 hours"),
        ("1d", 24, "1 day"),
        ("30d", 720, "30 days"),
        ("8w", 1344, "8 weeks"),
        (NONE, 0, NONE),
    ],
)
def test_a_span_is_a_number_of_hours_days_or_weeks(text: str, hours: int, spoken: str) -> None:
    assert span(text) == hours * HOUR
    assert words(text) == spoken


def test_no_span_is_for_ever() -> None:
    assert span("") == FOR_EVER


@pytest.mark.parametrize("text", ["0d", "d", "30", "30m", "-1d", "1.5d", "\u0663d", "01d", "1234567d", "30d ", "30d\n", "ever"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(BadUsage, match="is no span of time"):
        span(text)
    assert words(text) == text


@given(SPANS, SPANS | st.just(""), st.integers(NOON, 2 * NOON))
def test_nothing_goes_early_and_nothing_stays_long(own: str, most: str, now: int) -> None:
    kept = min(span(own), span(most))
    before = Retention(own).before(now, span(most))
    assert now - kept - max(kept // 24, KEEP_STEP_SECONDS * 1000) < before <= now - kept


@given(SPANS | st.just(NONE), st.integers(NOON, NOON + 1000 * HOUR), st.integers(0, 1000 * HOUR))
def test_what_is_gone_stays_gone(own: str, now: int, later: int) -> None:
    assert Retention(own).before(now, FOR_EVER) <= Retention(own).before(now + later, FOR_EVER)


def test_what_is_kept_for_ever_never_goes() -> None:
    assert Retention().before(NOON, FOR_EVER) < 0


def test_of_a_room_that_is_not_kept_the_last_minutes_are_in_memory() -> None:
    assert NOON - 2 * UNKEPT_SECONDS * 1000 < Retention(NONE).before(NOON, FOR_EVER) <= NOON - UNKEPT_SECONDS * 1000


def test_a_choice_is_not_in_force_before_its_time() -> None:
    keep = Retention(NONE, NOON)
    assert not keep.is_none(NOON - 1)
    assert keep.is_none(NOON)
    assert keep.before(NOON - 1, FOR_EVER) < 0 < keep.before(NOON, FOR_EVER)


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
def test_what_deletes_more_is_announced_and_what_deletes_less_holds_at_once(old: Retention, text: str, since: int) -> None:
    assert old.changed(text, NOON, at_once=False) == Retention(text, since)
    assert old.changed(text, NOON, at_once=True) == Retention(text, NOON)
