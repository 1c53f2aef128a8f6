"""Which doors are closed to whom; ``test_front.py`` has what callers are told."""

from __future__ import annotations

import pytest

from chatd.doors.catalogue import DOORS, IRC, JSON, PROXY, SSH, TEXT, TLS, WEB, Door
from chatd.doors.closed import why_closed


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_door_that_is_not_open_is_closed(door: Door) -> None:
    assert why_closed([], False, door, False, "192.0.2.1") is not None


@pytest.mark.parametrize(
    ("door", "tls_only", "in_tls", "address", "closed"),
    [
        (TEXT, False, False, "192.0.2.1", False),
        (TEXT, True, False, "192.0.2.1", True),
        (TEXT, True, True, "192.0.2.1", False),
        (JSON, True, False, "127.0.0.1", False),
        (WEB, True, False, "this machine", False),
        (IRC, True, False, "2001:db8::1", True),
        (TLS, True, False, "192.0.2.1", False),
        (TLS, False, True, "192.0.2.1", True),
        (SSH, True, False, "192.0.2.1", False),
        (PROXY, False, False, "127.0.0.1", True),
    ],
)
def test_open_doors_are_closed_to_some(door: Door, tls_only: bool, in_tls: bool, address: str, closed: bool) -> None:
    assert (why_closed(DOORS, tls_only, door, in_tls, address) is not None) is closed
