"""When an SSH connection needs new keys."""

from __future__ import annotations

from twisted.internet.task import Clock

from chatd.core.limits import SSH_REKEY_BYTES, SSH_REKEY_SECONDS
from chatd.doors.ssh_rekeying import Rekeying


def test_new_keys_are_due_after_much_data(clock: Clock) -> None:
    rekeying = Rekeying(clock.seconds)
    rekeying.count(SSH_REKEY_BYTES - 1)
    assert not rekeying.is_due
    rekeying.count(1)
    assert rekeying.is_due
    rekeying.renew()
    assert not rekeying.is_due


def test_new_keys_are_due_after_an_hour(clock: Clock) -> None:
    rekeying = Rekeying(clock.seconds)
    clock.advance(SSH_REKEY_SECONDS - 1)
    assert not rekeying.is_due
    clock.advance(1)
    assert rekeying.is_due
    rekeying.renew()
    assert not rekeying.is_due
