"""Admission: how many connections the server accepts, in total and from one address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from chatd.core.errors import ServerFull
from chatd.core.identity import network_of


class Connection(Protocol):
    """What counts as a connection: a session, or a caller that has not sent anything yet."""

    @property
    def address(self) -> str:
        """The address of the other end, as people write it."""


class Admission:
    """Counts connections: at most ``limit`` in total and ``limit_per_address`` from one address. A
    limit of 0 means no limit."""

    def __init__(self, limit: int, limit_per_address: int) -> None:
        self._limit = limit
        self._limit_per_address = limit_per_address
        self._admitted: dict[Connection, str] = {}
        self._per_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._admitted)

    def __iter__(self) -> Iterator[Connection]:
        return iter(tuple(self._admitted))

    def admit(self, connection: Connection, at_address: bool = True) -> None:
        """Count a new connection. Raises ServerFull where it is one too many.

        As long as it is not known who is behind a proxy's connection, it is not counted
        ``at_address``, but in all only; once it is known, release the connection and admit it
        again.
        """
        address = network_of(connection.address) if at_address else ""
        if self._limit and len(self._admitted) >= self._limit:
            raise ServerFull("The server is full.", "Try again later.")
        if address and self._limit_per_address and self._per_address[address] >= self._limit_per_address:
            raise ServerFull("There are too many connections from your address.", "Close one of them first.")
        self._admitted[connection] = address
        self._per_address[address] += 1

    def release(self, connection: Connection) -> None:
        """Stop counting ``connection``, if it was counted."""
        address = self._admitted.pop(connection, None)
        if address is not None:
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]
