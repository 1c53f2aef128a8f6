"""Admission: the limits of connections."""

from __future__ import annotations

import pytest

from chatd.core.admission import Admission
from chatd.core.errors import ServerFull


class Caller:
    def __init__(self, address: str = "192.0.2.1") -> None:
        self.address = address


def test_the_total_is_limited() -> None:
    admission = Admission(2, 0)
    one, other = Caller(), Caller("192.0.2.2")
    admission.admit(one)
    admission.admit(other)
    with pytest.raises(ServerFull, match=r"^The server is full\. Try again later\.$"):
        admission.admit(Caller("192.0.2.3"))
    admission.release(one)
    late = Caller("192.0.2.3")
    admission.admit(late)
    assert tuple(admission) == (other, late)


@pytest.mark.parametrize(
    ("address", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("this machine", "this machine", False),
        ("", "", False),
    ],
)
def test_the_number_for_one_address_is_limited(address: str, other: str, same: bool) -> None:
    admission = Admission(0, 1)
    first = Caller(address)
    admission.admit(first)
    if same:
        with pytest.raises(ServerFull, match="too many connections from your address"):
            admission.admit(Caller(other))
        admission.release(first)
    admission.admit(Caller(other))


def test_a_limit_of_0_means_no_limit() -> None:
    admission = Admission(0, 0)
    for _ in range(1000):
        admission.admit(Caller())
    assert len(tuple(admission)) == 1000


def test_releasing_a_connection_that_was_not_admitted_does_nothing() -> None:
    admission = Admission(0, 1)
    admission.admit(Caller())
    admission.release(Caller())
    with pytest.raises(ServerFull):
        admission.admit(Caller())
