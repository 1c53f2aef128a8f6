"""Passwords as text: the same password is the same bytes on every keyboard (RFC 8265, 4)."""

from __future__ import annotations

import unicodedata
from typing import Final

from precis_i18n import get_profile

from chatd.core.errors import BadUsage
from chatd.core.limits import PASSWORD_CHARACTERS

_PRECIS: Final = get_profile("OpaqueString")


def check_length(password: str) -> None:
    """Raise BadUsage if ``password`` is too short or too long for a new one."""
    shortest, longest = PASSWORD_CHARACTERS
    if not shortest <= len(password) <= longest:
        raise BadUsage("The password is too short or too long.", f"A password has {shortest} to {longest} characters.")


def prepared(password: str) -> str:
    """``password`` as it is hashed: by the PRECIS profile OpaqueString, as far as it applies."""
    try:
        text: str = _PRECIS.enforce(password)
    except UnicodeEncodeError:  # An unassigned character, for instance; it is still the same password each time.
        return unicodedata.normalize("NFC", password)
    return text
