"""Browsers: the addresses from which one has called lately.

A browser opens connections in advance, and may use one of them without looking whether something
was received on it. If that is the greeting for a person, the page fails to load.
"""

from __future__ import annotations

from collections.abc import Callable

from chatd.core.identity import network_of
from chatd.core.limits import ADDRESSES, BROWSER_SECONDS


class Browsers:
    """The addresses (IPv6: /64 networks) from which a browser has called in the last
    ``BROWSER_SECONDS``, at most ``limit`` of them. ``seconds`` is a monotonic clock."""

    def __init__(self, seconds: Callable[[], float], limit: int = ADDRESSES) -> None:
        self._seconds = seconds
        self._limit = limit
        self._called: dict[str, float] = {}
        """When each of them has called last, the earliest first."""

    def add(self, address: str) -> None:
        """A browser has called from ``address``."""
        network = network_of(address)
        self._called.pop(network, None)
        self._called[network] = self._seconds()
        if len(self._called) > self._limit:
            del self._called[next(iter(self._called))]

    def __contains__(self, address: str) -> bool:
        """Whether a browser has called from ``address`` lately."""
        called = self._called.get(network_of(address))
        return called is not None and self._seconds() - called < BROWSER_SECONDS
