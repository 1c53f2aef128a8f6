"""Whatever a client sends: nothing breaks, each line that anybody is sent is a line of IRC, and
what is no message is not in the room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatd.core.events import Said
from chatd.core.limits import IRC_LINE_BYTES
from tests.codecs.irc.network import Client, Network

CAPS = ("echo-message", "labeled-response", "batch", "message-tags", "server-time", "draft/chathistory", "extended-join", "sasl")

WORDS = st.sampled_from(
    (
        *("CAP", "NICK", "USER", "PASS", "JOIN", "PART", "TOPIC", "NAMES", "LIST", "INVITE", "KICK", "MODE", "PRIVMSG", "NOTICE"),
        *("WHO", "WHOIS", "WHOWAS", "AWAY", "OPER", "KILL", "CHATHISTORY", "REDACT", "MONITOR", "AUTHENTICATE", "REGISTER"),
        *("CHATD", "ISON", "USERHOST", "SETNAME", "TAGMSG", "PING", "HELP", "LUSERS", "LINKS"),
        *(
            "#dev",
            "#ops",
            "ada",
            "bob",
            "*",
            "+",
            "-",
            "0",
            "+o",
            "-ov",
            "+bklimnst",
            "+b",
            ":",
            ":a b",
            "@label=1",
            "LATEST",
            "10",
        ),
        *(
            "PLAIN",
            "AGFkYQB4",
            "msgid=1-x",
            "REQ",
            "LS",
            "302",
            "help",
            "who",
            "\x01ACTION",
            "\x01",
            ",",
            "a,b",
            "#dev,#ops",
            "%tnuhraf,1",
        ),
    )
)
TEXT = st.lists(WORDS | st.text(max_size=8), max_size=7).map(" ".join).map(str.encode)
LINES = st.lists(TEXT | st.binary(max_size=60) | st.just(b"PRIVMSG #dev :" + b"x" * 600), max_size=12)


def check(lines: list[str]) -> None:
    for line in lines:
        text = line
        if text.startswith("@"):
            tags, _, text = text.partition(" ")
            assert len(tags.encode()) <= 4096
        assert len(text.encode()) + 2 <= IRC_LINE_BYTES
        assert not {"\r", "\n", "\0"} & set(text)
        assert text.startswith((":", "AUTHENTICATE ", "ERROR ", "PING "))


@given(LINES)
def test_a_client_sends_anything(lines: list[bytes]) -> None:
    network = Network()
    bob, ada = network.client("bob"), network.client("ada", *CAPS)
    bob.send("JOIN #dev")
    ada.send("JOIN #dev")
    for line in lines:
        check(ada.send(*line.replace(b"\n", b" ").replace(b"\r", b" ").split(b"\r")))
        check(bob.take())
    room = network.registry.rooms.get("dev")
    if room is not None:
        said = [event for event in room.log.read(room.log.first, room.log.end) if isinstance(event, Said)]
        asked = [line for line in lines if b"PRIVMSG" in line.upper() or b"NOTICE" in line.upper() or b"CHATD" in line.upper()]
        assert len(said) <= 10 * len(asked)


@given(st.lists(TEXT | st.binary(max_size=60), max_size=8))
def test_nobody_without_a_nick_does_anything(lines: list[bytes]) -> None:
    network = Network()
    bob, eve = network.client("bob"), network.connect()
    bob.send("JOIN #dev")
    _send(eve, lines)
    if eve.protocol.caller.session.person is None:
        assert not bob.take()


def _send(client: Client, lines: list[bytes]) -> None:
    for line in lines:
        check(client.send(line.replace(b"\n", b" ").replace(b"\r", b" ")))
