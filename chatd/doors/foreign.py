"""What other protocols send first: it must never become a nick, nor the rest of it speech."""

from __future__ import annotations

import re
from typing import Final

from chatd.core.errors import DoorClosed
from chatd.doors.proxy import LINE_OPENING

FOREIGN: Final = DoorClosed("This belongs to another protocol.", "People send a nick first, and programs an object of JSON.")

UNREAD: Final = DoorClosed("The lines behind it are not read.", "Connect again, and send only a nick until you see the answer.")
"""What follows the refusal of a nick, if more lines have arrived with it: whoever sent them has not
read the refusal, so the next line is not another nick."""

_REQUEST: Final = re.compile(rb"\S+ \S+ [A-Z]{2,8}/[0-9](\.[0-9])?")
"""The first line of a request of HTTP or a protocol like it: RTSP, SIP, ICAP (RFC 9112, 3)."""

_NOT_BLANK: Final = re.compile(rb"[\r\n]*[^\r\n{]")


def has_nul(data: bytes) -> bool:
    """Whether ``data`` has a NUL, which no text has and nearly every binary protocol sends at once.
    After a CR it is telnet's (RFC 854)."""
    return b"\0" in data and b"\0" in data.replace(b"\r\0", b"")


def is_foreign(line: bytes) -> bool:
    """Whether ``line``, which arrived before a nick, comes from a web client or a proxy: they are
    recognised by their first bytes, unless an empty line comes before them."""
    return line.startswith(LINE_OPENING) or _REQUEST.fullmatch(line.strip()) is not None


def has_more(data: bytes, start: int) -> bool:
    """Whether ``data`` has more from ``start`` on than line ends, and no object of JSON."""
    return _NOT_BLANK.match(data, start) is not None
