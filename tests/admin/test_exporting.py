"""``chatd-admin export``."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from chatd.admin import exporting
from chatd.core.events import DRAFT, BanSet
from chatd.core.rooms import SERVER
from chatd.store.database import FILE_NAME
from tests.admin.command import admin
from tests.store.pumped import PumpedStore


def test_a_room_is_exported_as_text(store: PumpedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "EVENTS_AT_ONCE", 7)
    lines = admin(store.path.parent, "export", "#Lobby").out.decode().splitlines()
    assert len(lines) == 30
    assert lines[6].endswith(":07 <ada> message 7")


def test_a_room_is_exported_as_json_in_utf_8_without_sender_ids(store: PumpedStore) -> None:
    [line] = admin(store.path.parent, "export", "tea", "--json").out.decode("utf-8").splitlines()
    message = json.loads(line)
    assert (message["type"], message["seq"], message["text"]) == ("said", 1, "茶")
    assert "sender_id" not in message


def test_the_log_of_the_server_is_exported_too(store: PumpedStore) -> None:
    store.log(SERVER).append(BanSet("@server", DRAFT, 0, "ada", "", "spam*"), lambda outcome: None)
    store.drain()
    [line] = admin(store.path.parent, "export", "@server").out.decode().splitlines()
    assert line.endswith(" ada has banned spam*")
    assert admin(store.path.parent, "remove", "@server").status == 1


def test_missing_events_are_reported_after_the_others(folder: Path) -> None:
    with sqlite3.connect(folder / FILE_NAME) as connection:
        connection.execute("DELETE FROM event WHERE sent IN ('7', '8')")
    connection.close()
    done = admin(folder, "export", "lobby")
    assert (done.status, done.out.count(b"\n")) == (1, 28)
    assert done.err == "chatd-admin: 2 events of #lobby are missing: deleted in the meantime, or damaged (chatd-admin check)\n"
