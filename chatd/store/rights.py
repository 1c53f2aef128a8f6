"""The rights of a room as JSON, as the column ``rights`` has them."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, Final

from chatd.core.bans import Ban
from chatd.core.membership import Role
from chatd.core.rights import Modes, Rights

_NONE: Final = Rights()


def text_of(rights: Rights) -> str:
    """``rights`` as JSON; empty if nobody has any."""
    if rights == _NONE:
        return ""
    values: dict[str, Any] = {
        "roles": {subject: role.word for subject, role in rights.roles.items()},
        "bans": [_fields(ban) for ban in rights.bans],
        "invited": rights.invited,
        "modes": _fields(rights.modes),
    }
    return json.dumps(_filled(values), ensure_ascii=False, separators=(",", ":"))


def rights_of(text: str) -> Rights:
    """The rights that :func:`text_of` has written. Raises ValueError and TypeError."""
    if not text:
        return _NONE
    values = json.loads(text)
    return Rights(
        {subject: Role[word.upper()] for subject, word in values.get("roles", {}).items()},
        tuple(_ban(ban) for ban in values.get("bans", ())),
        tuple(values.get("invited", ())),
        Modes(**values.get("modes", {})),
    )


def _ban(values: dict[str, Any]) -> Ban:
    lists = {name: tuple(values.get(name, ())) for name in ("subjects", "networks")}
    return Ban(**{"mask": "", **values, **lists})


def _fields(values: Ban | Modes) -> dict[str, Any]:
    """The fields of ``values`` that are not empty (``asdict`` would take ten times as long)."""
    return {name: value for name in _NAMES[type(values)] if (value := getattr(values, name))}


_NAMES: Final = {cls: tuple(field.name for field in fields(cls)) for cls in (Ban, Modes)}


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    """``values`` without those that are empty."""
    return {name: value for name, value in values.items() if value}
