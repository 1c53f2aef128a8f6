"""What the log says about connections that could not be accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, eventAsText, globalLogPublisher
from zope.interface import provider

from chatd.core.limits import REFUSED_LOG_SECONDS, REFUSED_SOON_SECONDS
from chatd.daemon.refused import RefusedLog


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is logged here."""
    found: list[str] = []

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        if event["log_namespace"] == "chatd.daemon.refused":
            found.append(eventAsText(event, includeTimestamp=False, includeSystem=False))

    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)


def refuse(port: SimpleNamespace, number: int) -> None:
    """Log what Twisted logs of each of ``number`` connections when no more files can be opened."""
    for _ in range(number):
        port._logger.info("EMFILE encountered; releasing reserved file descriptor.")
        port._logger.info("EMFILE recovery: Closed socket from {address}", address=("192.0.2.1", 1))
        port._logger.info("Re-reserving EMFILE recovery file descriptor.")


def test_one_line_in_a_minute_counts_all(clock: Clock, lines: list[str]) -> None:
    port = SimpleNamespace()
    RefusedLog(clock).watch(port)
    refuse(port, 30)
    assert lines == []
    clock.advance(REFUSED_SOON_SECONDS)
    assert len(lines) == 1
    assert re.match(r"30 connections were closed at once: the server may open no more than \d+ files", lines[0])
    for _ in range(10):
        refuse(port, 100)
        clock.advance(1)
    assert len(lines) == 1
    clock.advance(REFUSED_LOG_SECONDS)
    assert len(lines) == 2
    assert lines[1].startswith("1000 connections were closed at once")


def test_other_errors_are_counted_too(clock: Clock, lines: list[str]) -> None:
    port = SimpleNamespace()
    RefusedLog(clock).watch(port)
    for _ in range(3):
        port._logger.info("Could not accept new connection ({acceptError})", acceptError="ENFILE")
    clock.advance(REFUSED_SOON_SECONDS)
    assert lines == ["connections could not be accepted: ENFILE"]
