"""The lines of the log."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.logger import LogEvent, LogLevel, formatEventAsClassicLogText
from twisted.python.failure import Failure

from chatd.daemon import log_lines
from chatd.daemon.log_lines import LogLines

SECOND = 1_764_172_800.0


def event(format: object = "{nick} has come ({door})", **more: Any) -> LogEvent:
    made = {"log_format": format, "log_namespace": "chatd.doors.server", "log_level": LogLevel.info, "log_time": SECOND}
    return {**made, "nick": "ada", "door": "text", **more}


def test_a_plain_event_is_one_line_with_its_time_and_its_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_lines, "formatEventAsClassicLogText", None)  # It is not needed.
    time, _, rest = str(LogLines().of(event())).partition(" ")
    assert time.startswith("2025-11-2")
    assert rest == "[chatd.doors.server#info] ada has come (text)\n"


@pytest.mark.parametrize(
    "unusual",
    [
        event(),
        event("{nick!r:>12} {door[0]} {level.name}", level=LogLevel.warn),
        event("two\nlines"),
        event(""),
        event(None),
        event(b"{nick}"),
        event("{missing} and {nick"),
        event("{call()}", call=lambda: "called"),
        event(log_failure=Failure(ZeroDivisionError("why"))),
        event(log_system="-"),
        event(log_flattened={"nick!s:": "eve", "door!s:": "json"}),
        event(log_time=None),
        {"log_format": "neither time nor origin"},
        {},
    ],
)
def test_every_line_is_that_of_twistd(unusual: LogEvent) -> None:
    assert LogLines().of(unusual) == formatEventAsClassicLogText(unusual)


def test_the_time_goes_on() -> None:
    lines = LogLines()
    for time in (SECOND, SECOND + 0.9, SECOND + 1.0, SECOND + 3600, SECOND):
        assert lines.of(event(log_time=time)) == formatEventAsClassicLogText(event(log_time=time))
