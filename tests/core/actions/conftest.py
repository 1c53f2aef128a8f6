"""A registry and people in it."""

from __future__ import annotations

import pytest

from chatd.core.memory import MemoryStore
from chatd.core.registry import Registry, Settings
from chatd.testing import StandingClock, Visitor, arrive, new_registry
from tests.core.actions.answers import LosingLog


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def registry(clock: StandingClock) -> Registry:
    return new_registry(Settings(operators=frozenset({"ada"})), now=clock)


@pytest.fixture
def ada(registry: Registry) -> Visitor:
    return arrive(registry, "ada")


@pytest.fixture
def bob(registry: Registry, ada: Visitor) -> Visitor:
    bob = arrive(registry, "bob")
    ada.take()
    return bob


@pytest.fixture
def owner(registry: Registry) -> Visitor:
    """Somebody who has made the room dev."""
    return arrive(registry, "olga", "dev")


@pytest.fixture
def member(registry: Registry, owner: Visitor) -> Visitor:
    """Somebody who is in dev too."""
    member = arrive(registry, "mia", "dev")
    owner.take()
    return member


@pytest.fixture
def losing(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry whose logs store nothing while ``LosingLog.losing`` is set."""
    monkeypatch.setattr(LosingLog, "losing", False)
    return new_registry(store=MemoryStore("testlog", LosingLog))
