"""The service, apart from what the conversations with the real daemon show."""

from __future__ import annotations

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from chatd.service import _shown


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
def test_an_address_is_shown_to_people(address: object, shown: str) -> None:
    assert _shown(address) == shown
