"""People at a simulated terminal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tui.person import LONG, Case


@pytest.fixture
def case() -> Iterator[Case]:
    case = Case()
    yield case
    case.client.quit()
    case.client.quit()
    case.settle()
    assert len(case.ends) == 1
    assert not case.server.clock.getDelayedCalls()


@pytest.fixture
def long() -> Iterator[Case]:
    """A person in a room with many messages."""
    case = Case(before=LONG)
    yield case
    case.client.quit()
    case.client.quit()
    case.settle()
    assert not case.server.clock.getDelayedCalls()
    assert case.glass.modes == {"?7", "?25"}
    assert not case.glass.is_alternate
