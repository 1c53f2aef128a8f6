"""The ids of private messages: what is sent again is not told twice, also after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.core.commands import Hello, Msg
from chatd.core.errors import NotDelivered
from chatd.core.events import Answer, Done, Event, Private, Refused
from chatd.testing import Visitor
from tests.store.pumped import PumpedStore, Server

SEAT = "the seat of ada's program"


def note(store: PumpedStore, id: str, nick: str = "bob") -> NotDelivered | None:
    """Note a message of ada's, and wait until it is stored."""
    noted: list[NotDelivered | None] = []
    store.note_private("ada", id, nick, noted.append)
    store.wait(lambda: noted)
    return noted[0]


def ask(server: Server, *commands: Hello | Msg) -> list[Event | Answer]:
    """What ada's program is told, which always has the same seat."""
    return server.ask(Visitor(server.registry), Hello("ada", SEAT), *commands)


def told(news: list[Event | Answer]) -> list[str]:
    return [item.text for item in news if isinstance(item, Private)]


def test_what_is_sent_again_after_a_restart_is_not_told_again(tmp_path: Path) -> None:
    server = Server(tmp_path)
    bob = server.arrive("bob")
    assert Done("msg", "bob", id="7") in ask(server, Msg("bob", "psst", id="7"))
    assert told(bob.take()) == ["psst"]
    server.restart()
    bob = server.arrive("bob")
    assert Done("msg", "bob", id="7") in ask(server, Msg("bob", "psst", id="7"), Msg("bob", "more", id="8"))
    assert told(bob.take()) == ["more"]
    server.store.close()


def test_what_cannot_be_stored_is_not_told(tmp_path: Path) -> None:
    server = Server(tmp_path)
    bob = server.arrive("bob")
    visitor = Visitor(server.registry)
    server.ask(visitor, Hello("ada", SEAT))
    server.store._writer._connection.execute("PRAGMA query_only = ON")
    [refused] = [item for item in server.ask(visitor, Msg("bob", "psst", id="7")) if isinstance(item, Refused)]
    assert refused.code == "not-delivered"
    server.store._writer._connection.execute("PRAGMA query_only = OFF")
    assert told(bob.take()) == []
    server.ask(visitor, Msg("bob", "psst", id="7"))
    assert told(bob.take()) == ["psst"]
    server.store.close()


def test_so_many_are_known_after_a_restart_and_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.store.private_ids.PRIVATE_IDS", 3)
    store = PumpedStore(tmp_path)
    for id in ("1", "2", "3", "1", "4", "5"):
        assert note(store, id) is None
    assert note(store, "4", nick="") is None
    store.close()
    store = PumpedStore(tmp_path)
    assert list(store.private_ids) == [("ada", "1", "bob"), ("ada", "5", "bob")]
    store.close()
