"""The reasons why a door refuses a caller."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from chatd.core.errors import DoorClosed
from chatd.doors.catalogue import PROXY, TLS, Door
from chatd.doors.tcp import is_this_machine

ONLY_IN_TLS: Final = DoorClosed("This server talks inside TLS only.", "chatd-client --tls, openssl s_client and https:// do.")
NO_PROXY: Final = DoorClosed("This server takes no PROXY header from you.", "The server's option --proxy names who may send one.")


def why_closed(doors: Container[Door], tls_only: bool, door: Door, in_tls: bool, address: str) -> DoorClosed | None:
    """The refusal if ``door`` is closed to a caller from ``address``; None: it is open.

    ``doors`` are the doors that are open. With ``tls_only``, callers from other machines need TLS.
    ``in_tls`` says whether the caller is inside TLS already.
    """
    if door is PROXY:
        return NO_PROXY
    if door not in doors or (in_tls and door is TLS):
        return DoorClosed(f"The door {door.name!r} is not open here.")
    if tls_only and not in_tls and door.is_clear and not is_this_machine(address):
        return ONLY_IN_TLS
    return None
