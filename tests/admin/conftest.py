"""Data of a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.pumped import PumpedStore, say


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PumpedStore]:
    """A running server with 30 messages in #lobby, a second apart, and one in #tea."""
    store = PumpedStore(tmp_path / "data")
    for number in range(1, 31):
        say(store.room(), f"message {number}", id=str(number), time=number * 1000)
    say(store.room("tea"), "茶", room="tea")
    store.drain()
    yield store
    store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data of that server, after it has stopped."""
    store = PumpedStore(tmp_path / "stopped")
    for number in range(1, 31):
        say(store.room(), f"message {number}", id=str(number), time=number * 1000)
    say(store.room("tea"), "茶", room="tea")
    store.drain()
    store.close()
    return store.path.parent
