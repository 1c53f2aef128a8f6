"""What an export keeps of the rights in a room, beyond what programs are told: the subjects and
networks in the ``hidden`` of an event, and the hash of a key (``core/rights.py``)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from chatd.codecs.objects import Json
from chatd.core.bans import is_fingerprint, parse_mask
from chatd.core.errors import BadNick, BadUsage, NickReserved
from chatd.core.events import BanLifted, BanSet, Event, Invited, Joined, Left, ModeSet, Reason, RoleSet
from chatd.core.identity import ACCOUNT, KEY, network_of
from chatd.core.limits import INVITED_PER_ROOM
from chatd.core.membership import Role
from chatd.core.names import parse_nick
from chatd.core.rights import NETWORK, Mode, tokens

_SEAT: Final = re.compile("seat:[0-9a-f]{32}")
_KEY_HASH: Final = re.compile("[0-9a-f]{64}")
_ROLES: Final = frozenset(role.word for role in Role if Role.MEMBER <= role <= Role.OWNER)


def with_hidden(event: Event, wire: Json) -> Event:
    """``event`` with the ``hidden`` of ``wire``, its line in an export. Raises BadUsage."""
    _check_rights(event)
    hidden = wire.get("hidden", "")
    if hidden == "":
        return event
    found = tokens(hidden) if isinstance(hidden, str) else ()
    if " ".join(found) != hidden or len(found) > INVITED_PER_ROOM or not all(_may_have(event, token) for token in found):
        raise BadUsage("The field hidden is none that a server has written for this event.")
    change: dict[str, Any] = {"hidden": hidden}
    return replace(event, **change)


def _check_rights(event: Event) -> None:
    """Raise BadUsage if ``event`` sets rights that a server would not have set."""
    if isinstance(event, RoleSet) and event.role not in _ROLES:
        raise BadUsage("The role is none that somebody can have in a room.")
    if isinstance(event, BanSet | BanLifted) and parse_mask(event.mask) != event.mask:
        raise BadUsage("The mask is not written as a server writes it.")


def _may_have(event: Event, token: str) -> bool:
    """Whether ``token`` may be in the hidden of ``event``."""
    match event:
        case ModeSet(value="on", mode=mode):
            return _is_subject(token) if mode == Mode.PRIVATE else mode == Mode.KEY and _KEY_HASH.fullmatch(token) is not None
        case BanSet() if token.startswith(KEY):
            return is_fingerprint(token.removeprefix(KEY))
        case BanSet() if token.startswith(NETWORK):
            network = token.removeprefix(NETWORK)
            return network != "" and network_of(network.split("/")[0]) == network
        case Joined() | RoleSet() | BanSet() | Invited() | Left(reason=Reason.KICKED):
            return _is_subject(token)
    return False


def _is_subject(token: str) -> bool:
    if not token.startswith(ACCOUNT):
        return _SEAT.fullmatch(token) is not None
    key = token.removeprefix(ACCOUNT)
    try:
        return parse_nick(key).key == key
    except NickReserved:
        return True
    except BadNick:
        return False
