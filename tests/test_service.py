"""The parts of the service that the conversations with the real daemon do not test."""

from __future__ import annotations

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.task import Clock, LoopingCall
from twisted.logger import LogEvent

from chatd.service import _log_failure, _readable


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (IPv4Address("TCP", "127.0.0.1", 80), "127.0.0.1 port 80"),
        (IPv4Address("TCP", "0.0.0.0", 80), "port 80"),
        (IPv6Address("TCP", "::", 80), "port 80"),
        (IPv6Address("TCP", "::1", 80), "::1 port 80"),
        (UNIXAddress("/run/chatd.sock"), "/run/chatd.sock"),
    ],
)
def test_addresses_are_written_for_people(address: object, shown: str) -> None:
    assert _readable(address) == shown


def test_a_periodic_call_continues_after_a_defect(logged_errors: list[LogEvent]) -> None:
    done: list[int] = []

    def work() -> None:
        done.append(len(done))
        if len(done) == 1:
            raise ZeroDivisionError

    calls = LoopingCall(_log_failure, work)
    calls.clock = clock = Clock()
    calls.start(5)
    clock.advance(5)
    calls.stop()
    assert done == [0, 1]
    [error] = logged_errors
    assert error["log_failure"].check(ZeroDivisionError)
    logged_errors.clear()
