"""When the keys of an SSH connection have been used enough, and the server asks for new ones (RFC
4253, 9)."""

from __future__ import annotations

from collections.abc import Callable

from chatd.core.limits import SSH_REKEY_BYTES, SSH_REKEY_SECONDS


class Rekeying:
    """How much was encrypted with the present keys, and for how long; ``now`` is the steady
    clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.renew()

    def renew(self) -> None:
        """There are new keys."""
        self._bytes = 0
        self._since = self._now()

    def count(self, size: int) -> None:
        """A packet of ``size`` bytes was sent or received."""
        self._bytes += size

    @property
    def is_due(self) -> bool:
        """Whether new keys are needed."""
        return self._bytes >= SSH_REKEY_BYTES or self._now() - self._since >= SSH_REKEY_SECONDS
