"""Making the texts of clients safe."""

from __future__ import annotations

import re
from typing import Final

from chatd.core.text import safe_text

_FORMATTING: Final = re.compile(
    r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x02\x0f\x11\x16\x1d-\x1f]"
)
"""The colours and styles of IRC (modern.ircdocs.horse/formatting), which other doors cannot
show."""


def clean(text: str) -> str:
    """``text`` without colours and styles, and safe (``text.py``)."""
    if text.isascii() and text.isprintable():
        return safe_text(text)
    return safe_text(_FORMATTING.sub("", text))
