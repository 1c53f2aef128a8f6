"""The ids of private messages: a message that is sent again is not delivered twice, even after a
restart."""

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
    """Store the id of a message from ada, and return the outcome."""
    noted: list[NotDelivered | None] = []
    store.note_private("ada", id, nick, noted.append)
    store.wait(lambda: noted)
    return noted[0]


def ask(server: Server, *commands: Hello | Msg) -> list[Event | Answer]:
    """Let ada's program, which always has the same seat, send ``commands``, and return the
    answers."""
    return server.ask(Visitor(server.registry), Hello("ada", SEAT), *commands)


def private_texts(news: list[Event | Answer]) -> list[str]:
    return [item.text for item in news if isinstance(item, Private)]


def test_a_message_sent_again_after_a_restart_is_not_delivered_again(tmp_path: Path) -> None:
    server = Server(tmp_path)
    bob = server.arrive("bob")
    assert Done("msg", "bob", id="7") in ask(server, Msg("bob", "psst", id="7"))
    assert private_texts(bob.take()) == ["psst"]
    server.restart()
    bob = server.arrive("bob")
    assert Done("msg", "bob", id="7") in ask(server, Msg("bob", "psst", id="7"), Msg("bob", "more", id="8"))
    assert private_texts(bob.take()) == ["more"]
    server.store.close()


def test_a_message_whose_id_cannot_be_stored_is_not_delivered(tmp_path: Path) -> None:
    server = Server(tmp_path)
    bob = server.arrive("bob")
    visitor = Visitor(server.registry)
    server.ask(visitor, Hello("ada", SEAT))
    server.store._writer._connection.execute("PRAGMA query_only = ON")
    [refused] = [item for item in server.ask(visitor, Msg("bob", "psst", id="7")) if isinstance(item, Refused)]
    assert refused.code == "not-delivered"
    server.store._writer._connection.execute("PRAGMA query_only = OFF")
    assert private_texts(bob.take()) == []
    server.ask(visitor, Msg("bob", "psst", id="7"))
    assert private_texts(bob.take()) == ["psst"]
    server.store.close()


def test_the_newest_ids_are_known_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.store.private_ids.PRIVATE_IDS", 3)
    store = PumpedStore(tmp_path)
    for id in ("1", "2", "3", "1", "4", "5"):
        assert note(store, id) is None
    assert note(store, "4", nick="") is None
    store.close()
    store = PumpedStore(tmp_path)
    assert list(store.private_ids) == [("ada", "1", "bob"), ("ada", "5", "bob")]
    store.close()
