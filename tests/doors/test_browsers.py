"""Which addresses browsers have called from."""

from __future__ import annotations

from chatd.core.limits import BROWSER_SECONDS
from chatd.doors.browsers import Browsers


def test_a_browser_has_called_lately_for_ten_minutes() -> None:
    now = 5.0
    browsers = Browsers(lambda: now)
    browsers.add("192.0.2.1")
    browsers.add("2001:db8::1")
    now += BROWSER_SECONDS - 1
    browsers.add("2001:db8::2")
    assert "192.0.2.1" in browsers
    assert "192.0.2.2" not in browsers
    now += 1
    assert "192.0.2.1" not in browsers
    assert "2001:db8::3" in browsers


def test_who_called_longest_ago_is_forgotten_first() -> None:
    browsers = Browsers(lambda: 0.0, limit=2)
    for last in (1, 2, 1, 3):
        browsers.add(f"192.0.2.{last}")
    assert [last for last in (1, 2, 3) if f"192.0.2.{last}" in browsers] == [1, 3]
