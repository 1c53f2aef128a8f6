"""Identities: subjects and networks."""

from __future__ import annotations

import pytest

from chatd.core.identity import identify, network_of


def test_a_guest_is_known_by_their_seat() -> None:
    identity = identify("ada", "", ["s1"], ["192.0.2.1"])
    assert (identity.subjects, identity.subject, identity.is_guest) == (("seat:s1",), "seat:s1", True)
    assert identity.networks == ("192.0.2.1",)


def test_an_account_comes_first() -> None:
    identity = identify("ada", "ada", ["s1", "s2"], ["192.0.2.1", "192.0.2.1", "/run/chatd.sock"])
    assert identity.subjects == ("account:ada", "seat:s1", "seat:s2")
    assert (identity.subject, identity.is_guest, identity.networks) == ("account:ada", False, ("192.0.2.1",))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1::7", "2001:db8:0:1::/64"),
        ("/run/chatd.sock", ""),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
