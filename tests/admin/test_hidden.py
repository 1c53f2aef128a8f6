"""What an export hides from programs is read back, and nothing that no server has written."""

from __future__ import annotations

from typing import Any

import pytest

from chatd.admin.jsonl import line_of
from chatd.store.database import UnusableError
from tests.admin.test_jsonl import line, read

SEAT = "seat:" + "0a" * 16


@pytest.mark.parametrize(
    ("fields", "hidden"),
    [
        ({"type": "joined"}, "account:ada"),
        ({"type": "joined"}, SEAT),
        ({"type": "left", "reason": "kicked", "by": "eve"}, f"account:лена {SEAT}"),
        ({"type": "role", "to": "bob", "role": "owner"}, "account:bob"),
        ({"type": "banned", "mask": "bob"}, f"{SEAT} network:192.0.2.1 network:2001:db8::/64"),
        ({"type": "banned", "mask": "bob"}, f"{SEAT} key:SHA256:{'A' * 43}"),
        ({"type": "invited", "to": "bob"}, "account:server"),
        ({"type": "mode", "mode": "key", "value": "on"}, "0a" * 32),
        ({"type": "mode", "mode": "private", "value": "on"}, " ".join([SEAT] * 1000)),
    ],
)
def test_what_is_hidden_is_in_the_export_and_read_back(fields: dict[str, Any], hidden: str) -> None:
    [event] = read(line(**fields, hidden=hidden))
    assert getattr(event, "hidden", None) == hidden
    assert read(line_of(event)) == [event]


@pytest.mark.parametrize(
    ("fields", "hidden"),
    [
        ({"type": "joined"}, "network:192.0.2.1"),
        ({"type": "joined"}, "ada"),
        ({"type": "joined"}, "account:Ada"),
        ({"type": "joined"}, "account:"),
        ({"type": "joined"}, "seat:7"),
        ({"type": "joined"}, f" {SEAT}"),
        ({"type": "joined"}, [SEAT]),
        ({"type": "joined"}, None),
        ({"type": "left", "reason": "quit"}, SEAT),
        ({"type": "banned", "mask": "bob"}, "network:192.0.2.0/24"),
        ({"type": "banned", "mask": "bob"}, "network:2001:db8::1"),
        ({"type": "banned", "mask": "bob"}, "network:"),
        ({"type": "banned", "mask": "bob"}, "key:SHA256:A"),
        ({"type": "invited", "to": "bob"}, f"key:SHA256:{'A' * 43}"),
        ({"type": "mode", "mode": "key", "value": "on"}, SEAT),
        ({"type": "mode", "mode": "key", "value": "off"}, "0a" * 32),
        ({"type": "mode", "mode": "slow", "value": "on"}, SEAT),
        ({"type": "mode", "mode": "private", "value": "on"}, "0a" * 32),
        ({"type": "mode", "mode": "private", "value": "on"}, " ".join([SEAT] * 1001)),
    ],
)
def test_nothing_else_can_be_hidden(fields: dict[str, Any], hidden: object) -> None:
    with pytest.raises(UnusableError, match="The field hidden is none that a server has written"):
        read(line(**fields, hidden=hidden))
