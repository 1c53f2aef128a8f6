"""The interface of what checks passwords. The core knows neither hashes nor threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chatd.core.log import Asker

OnChecked = Callable[[bool | None], object]
"""Called once with whether the password is right; None: too many checks wait already."""

OnHashed = Callable[[str | None], object]
"""Called once with the hash of a new password; None: too many wait already."""


class Authenticator(Protocol):
    """Checks and hashes passwords without holding anybody up; ``chatd/auth/`` has the one with
    Argon2."""

    @property
    def knows_others(self) -> bool:
        """Whether there may be passwords for nicks without an account, such as in the operator's
        own file."""

    def check(self, nick: str, password: str, asker: Asker, on_checked: OnChecked) -> None:
        """Check whether ``password`` is that of ``nick``. It takes the same time whether or not
        there is such an account."""

    def hash(self, password: str, asker: Asker, on_hashed: OnHashed) -> None:
        """Hash a new password, to be kept in the account."""

    def wait(self, seconds: float, then: Callable[[], object]) -> None:
        """Call ``then`` after so many seconds."""


class NoAuthenticator:
    """Where nothing can check a password: nobody can log in or register."""

    knows_others = False

    def check(self, nick: str, password: str, asker: Asker, on_checked: OnChecked) -> None:
        on_checked(None)

    def hash(self, password: str, asker: Asker, on_hashed: OnHashed) -> None:
        on_hashed(None)

    def wait(self, seconds: float, then: Callable[[], object]) -> None:
        then()
