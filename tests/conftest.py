"""Rules for all tests: no error is logged, and Hypothesis has no deadline."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import hypothesis
import pytest
from twisted.internet import reactor
from twisted.internet.base import ReactorBase
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, LogLevel, eventAsText, globalLogPublisher
from zope.interface import provider

hypothesis.settings.register_profile("chatd", deadline=None, max_examples=100, stateful_step_count=40)
hypothesis.settings.load_profile("chatd")


@pytest.fixture(autouse=True)
def logged_errors() -> Iterator[list[LogEvent]]:
    """The critical log events of the test: defects, and unhandled errors in Deferreds.

    They make the test fail. A test that expects some uses this fixture, checks them and clears the
    list.
    """
    errors: list[LogEvent] = []

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        if event.get("log_level") is LogLevel.critical:
            errors.append(event)

    globalLogPublisher.addObserver(observe)
    yield errors
    gc.collect(1)  # A Deferred logs an unhandled error when it is freed.
    globalLogPublisher.removeObserver(observe)
    assert not errors, "\n".join(map(eventAsText, errors))


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock that stands still; at the end of the test it must have no pending call."""
    clock = Clock()
    yield clock
    assert clock.getDelayedCalls() == []


@pytest.fixture
def no_calls_left() -> Iterator[None]:
    """At the end of the test the real reactor must have no new pending call."""
    assert isinstance(reactor, ReactorBase)
    before = {*reactor.getDelayedCalls()}
    yield
    left = {*reactor.getDelayedCalls()} - before
    for call in left:
        call.cancel()
    assert not left
