"""The user that the server runs as (``twistd --uid`` and ``--gid``).

twistd changes the user only after the service has been made, and after it has put itself into the
background, where nobody sees an error. So everything that the server opens at its start, except TCP
ports, is opened with the rights of that user in advance: what succeeds then still succeeds
afterwards, and nothing belongs to root.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import twisted
from chatd.daemon.errors import CannotStart


@dataclass(frozen=True, slots=True)
class Identity:
    """A user and a group to change to, as numbers; None: no change."""

    uid: int | None = None
    gid: int | None = None

    @property
    def home(self) -> Path | None:
        """The home folder of another user; None: it is that of the process."""
        return None if self.uid is None else Path(pwd.getpwuid(self.uid).pw_dir)

    @property
    def name(self) -> str:
        """The name of the user."""
        return _name(os.geteuid() if self.uid is None else self.uid)

    @contextmanager
    def assumed(self) -> Iterator[None]:
        """Have the rights of this user for a while, in the whole process. Raises CannotStart."""
        before = os.geteuid(), os.getegid(), os.getgroups()
        if self.uid is not None and self.gid is not None:
            os.initgroups(self.name, self.gid)
        if self.gid is not None:
            os.setegid(self.gid)
        if self.uid is not None:
            os.seteuid(self.uid)
        try:
            self._check_program()
            yield
        finally:
            if self != Identity():
                os.seteuid(before[0])
                os.setegid(before[1])
                os.setgroups(before[2])

    def _check_program(self) -> None:
        """Check that this user can read the program, parts of which are loaded later."""
        for path in (__file__, str(twisted.__file__), os.__file__):
            if not os.access(path, os.R_OK, effective_ids=True):
                raise CannotStart(f"{self.name} may not read {path}: install Python and chatd elsewhere, such as in /opt")


def identity_of(options: Mapping[str, Any]) -> Identity:
    """The user and the group that the options of twistd name. Raises CannotStart."""
    uid, gid = options.get("uid"), options.get("gid")
    if uid == os.getuid():
        uid = None
    if gid == os.getgid() and uid is None:
        gid = None
    if uid is None and gid is None:
        return Identity()
    if os.geteuid() != 0:
        raise CannotStart("only root can change the user: leave out --uid and --gid, or start it as root")
    if uid is None:
        return Identity(None, gid)
    try:
        return Identity(uid, pwd.getpwuid(uid).pw_gid if gid is None else gid)
    except KeyError:
        raise CannotStart(f"--uid: there is no user {uid}: name one that /etc/passwd has") from None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
