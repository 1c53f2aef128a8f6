"""IRC over a WebSocket (IRCv3 websocket): the subprotocols, one line a message, limits, and the
end."""

# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock
from wsproto.events import BytesMessage, CloseConnection, Event, TextMessage

from chatd.core.limits import FLOOD_BURST, IRC_LINE_BYTES, IRC_TAGS_BYTES, MESSAGE_BYTES
from chatd.core.registry import Settings
from chatd.doors.web import WebDoor
from tests.doors.test_websocket import OPENING, Page, Server

TEXT, BINARY = "text.ircv3.net", "binary.ircv3.net"


@pytest.fixture
def server(clock: Clock) -> Iterator[Server]:
    server = Server(clock)
    yield server
    server.hang_up()


def opening(*subprotocols: str) -> bytes:
    return OPENING % f"Sec-WebSocket-Protocol: {', '.join(subprotocols)}\r\n".encode()


def lines(events: list[Event]) -> list[str]:
    """The lines in ``events``, each of which is a whole message of one line."""
    found = [event.data if isinstance(event, TextMessage) else bytes(event.data).decode() for event in events]  # type: ignore[attr-defined]
    assert not any("\r" in line or "\n" in line or not line for line in found)
    return found


def talking(server: Server, nick: str, subprotocol: str = TEXT, step: int = 0) -> Page:
    """A client that has registered and has joined #dev, and has read all that."""
    page = server.open(opening(subprotocol), step)
    kind = BytesMessage if subprotocol == BINARY else TextMessage
    for line in (f"NICK {nick}", f"USER {nick} 0 * :{nick}", "JOIN #dev"):
        page.send(kind(line.encode() if kind is BytesMessage else line))  # type: ignore[arg-type]
    assert lines(page.take())[-1].endswith(f" 366 {nick} #dev :End of NAMES list")
    return page


@pytest.mark.parametrize(
    ("asked", "chosen"),
    [
        ([TEXT], TEXT),
        ([BINARY], BINARY),
        ([TEXT, BINARY], TEXT),
        ([BINARY, TEXT], BINARY),
        (["mqtt", TEXT], TEXT),
        (["mqtt"], None),
    ],
)
def test_the_first_subprotocol_that_the_server_knows_is_chosen(server: Server, asked: list[str], chosen: str | None) -> None:
    page = server.open(opening(*asked))
    page.take()
    assert page.head.startswith(b"HTTP/1.1 101 ")
    assert (b"Sec-WebSocket-Protocol" in page.head) == (chosen is not None)
    assert chosen is None or f"Sec-WebSocket-Protocol: {chosen}".encode() in page.head


def test_without_a_subprotocol_that_the_server_knows_the_lines_are_json(server: Server) -> None:
    page = server.open(opening("mqtt"))
    page.say({"type": "hello", "nick": "ada"})
    assert [message["type"] for message in page.messages()] == ["welcome", "entered"]


def test_where_irc_is_not_open_the_lines_are_json(server: Server) -> None:
    server.door = WebDoor(server.shared, [])
    page = server.open(opening(TEXT))
    page.say({"type": "hello", "nick": "ada"})
    assert [message["type"] for message in page.messages()] == ["welcome", "entered"]
    assert b"Sec-WebSocket-Protocol" not in page.head


def test_pages_of_others_may_not_speak_irc_either(server: Server) -> None:
    page = server.open(opening(TEXT).replace(b"\r\n\r\n", b"\r\nOrigin: https://other.example\r\n\r\n"))
    assert page.wire.value().startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize(("subprotocol", "kind"), [(TEXT, TextMessage), (BINARY, BytesMessage)])
def test_each_message_is_one_line(server: Server, subprotocol: str, kind: type[Event], step: int) -> None:
    ada, bob = talking(server, "ada", subprotocol, step), talking(server, "bob")
    [found] = ada.take()
    assert isinstance(found, kind)
    assert lines([found]) == [":bob!~bob@guest JOIN #dev"]
    bob.send(TextMessage("PRIVMSG #dev :hé \N{GRINNING FACE}\r\n"), TextMessage("PING 1"))
    [said] = ada.take()
    assert isinstance(said, kind)
    assert lines([said]) == [":bob!~bob@guest PRIVMSG #dev :hé \N{GRINNING FACE}"]
    assert lines(bob.take()) == [":chatd PONG chatd :1"]
    [session] = server.registry.directory.sessions(server.registry.directory.find("ada"))
    assert session.door == "irc"


def test_what_only_one_reader_is_sent_is_in_frames_too(server: Server) -> None:
    ada = talking(server, "ada")
    ada.send(TextMessage("CAP REQ :echo-message message-tags"), TextMessage("PRIVMSG #dev :one"), TextMessage("PRIVMSG ada :two"))
    ack, *echoes = lines(ada.take())
    assert ack == ":chatd CAP ada ACK :echo-message message-tags"
    assert sorted(line.partition(" ")[2] for line in echoes) == [
        ":ada!~ada@guest PRIVMSG #dev :one",
        ":ada!~ada@guest PRIVMSG ada :two",
        ":ada!~ada@guest PRIVMSG ada :two",
    ]


def test_bytes_that_are_not_text_reach_nobody(server: Server) -> None:
    ada, bob = talking(server, "ada", BINARY), talking(server, "bob")
    ada.take()
    ada.send(BytesMessage(b"PRIVMSG #dev :\xff\xfe"))
    assert lines(ada.take()) == [":chatd FAIL PRIVMSG INVALID_UTF8 :The line is not UTF-8, and was not read."]
    assert bob.take() == []


@pytest.mark.parametrize(("subprotocol", "message"), [(TEXT, BytesMessage(b"PING 1")), (BINARY, TextMessage("PING 1"))])
def test_messages_of_the_other_kind_are_refused(server: Server, subprotocol: str, message: Event) -> None:
    page = talking(server, "ada", subprotocol)
    page.send(message)
    assert page.closed() == 1003


def test_lines_and_messages_that_are_too_long(server: Server) -> None:
    page = talking(server, "ada")
    longest = f"@+x={'y' * (IRC_TAGS_BYTES - 5)} PING {'z' * (IRC_LINE_BYTES - 7)}"
    page.send(TextMessage(longest))
    [pong] = lines(page.take())
    assert pong.startswith(":chatd PONG chatd :zzz")
    page.send(TextMessage(f"@{longest}"))
    assert lines(page.take()) == [":chatd 417 ada :Input line was too long"]
    page.send(TextMessage("x" * (IRC_TAGS_BYTES + IRC_LINE_BYTES + 1)))
    assert lines(page.take()) == [":chatd 417 ada :Input line was too long"]
    page.send(TextMessage("x" * (MESSAGE_BYTES + 1)))
    assert page.closed() == 1009


def test_pings_are_cheap_and_a_paste_waits(clock: Clock) -> None:
    server = Server(clock, Settings(address_rate=0))
    ada, bob = talking(server, "ada"), talking(server, "bob")
    ada.take()
    bob.send(*[TextMessage("PING x")] * 5 * FLOOD_BURST)
    assert len(bob.take()) == 5 * FLOOD_BURST
    ada.send(*[TextMessage(f"PRIVMSG #dev :{number}") for number in range(2 * FLOOD_BURST)])
    clock.pump([0.1] * 100)
    assert [line.rpartition(":")[2] for line in lines(bob.take())] == [*map(str, range(2 * FLOOD_BURST))]
    server.hang_up()


def test_who_quits_is_told_so_and_the_connection_is_closed(server: Server) -> None:
    ada, bob = talking(server, "ada"), talking(server, "bob")
    ada.take()
    bob.send(TextMessage("QUIT :bye"))
    *told, closed = bob.take()
    assert lines(told)[-1].startswith("ERROR :Closing link")
    assert isinstance(closed, CloseConnection)
    assert closed.code == 1000
    assert lines(ada.take()) == [":bob!~bob@guest QUIT :quit: bye"]


def test_who_goes_away_has_quit(server: Server) -> None:
    ada, bob = talking(server, "ada"), talking(server, "bob")
    ada.take()
    bob.send(CloseConnection(1001))
    [left] = lines(ada.take())
    assert left.startswith(":bob!~bob@guest QUIT :")
