"""Warnings that strangers can cause."""

from __future__ import annotations

from twisted.logger import Logger, capturedLogs

from chatd.core.limits import RARE_LOG_SECONDS
from chatd.doors.rare_log import RareLog


def test_each_kind_of_line_is_logged_once_a_minute() -> None:
    now = 0.0
    log = RareLog(Logger(), lambda: now)
    with capturedLogs() as lines:
        for n in range(3):
            log.warn("one {n}", n=n)
        log.warn("another {n}", n=3)
        now += RARE_LOG_SECONDS
        log.warn("one {n}", n=4)
    assert [(line["log_format"], line["n"]) for line in lines] == [("one {n}", 0), ("another {n}", 3), ("one {n}", 4)]
