"""Reading that is paid for."""

from __future__ import annotations

from twisted.internet.task import Clock

from chatd.core.registry import Settings
from chatd.doors.metered import Metered
from tests.doors.wire import new_server


def test_an_address_that_has_spent_too_much_is_read_later() -> None:
    clock, calls = Clock(), list[str]()
    server = new_server(clock, Settings(address_rate=100))
    meter = Metered(server, "192.0.2.1", lambda: calls.append("pause"), lambda: calls.append("resume"))
    assert meter.may_go_on()
    meter.spend(1000)
    assert not meter.may_go_on()
    assert not meter.may_go_on()
    assert calls == ["pause"]
    clock.advance(20)
    assert calls == ["pause", "resume"]
    assert meter.may_go_on()
    meter.spend(10_000)
    assert not meter.may_go_on()
    meter.stop()
    clock.advance(0)
    assert not clock.getDelayedCalls()


def test_without_budgets_everything_is_read() -> None:
    meter = Metered(new_server(Clock()), "192.0.2.1", lambda: None, lambda: None)
    meter.spend(1e9)
    assert meter.may_go_on()
    meter.stop()
