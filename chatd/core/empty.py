"""Empty collections, which everybody shares who has nothing to put into one.

Most people have nothing of most kinds, and an empty ``dict`` for each of them takes 64 bytes, an
empty ``frozenset`` 216. Whoever gets something gets a collection of their own in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})
"""A mapping of nothing."""

NOBODY: Final[frozenset[str]] = frozenset()
"""A set of nobody: each call of ``frozenset()`` makes another one."""
