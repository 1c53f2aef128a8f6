"""People with telnet, on a terminal."""

from __future__ import annotations

import json
import pty
import sys
from collections.abc import Callable

import pytest

from tests.conversations.conftest import IN_FRONT
from tests.conversations.processes import DEADLINE, Daemon, Program, need

Call = Callable[..., Program]


@pytest.mark.parametrize("nick", ["Ünal", "Ŝtefan", "жук", "Коля", "カナ"])
def test_utf8_that_telnet_alters_arrives_on_every_line(nc: Call, telnet: Call, nick: str) -> None:
    ada = nc("ada")
    other = telnet()
    other.see("Connected to")
    other.say(nick)
    assert ada.line() == f"-- {nick} has joined #lobby\r\n"
    for text in ("朝 and 🎉", "“Über”, хорошо", "œÜ"):
        other.say(text)
        assert ada.line() == f"<{nick}> {text}\r\n"


@pytest.mark.parametrize("nick", ["ś", "ü", "漢字", "bob"])
def test_utf8_that_telnet_does_not_alter_arrives(nc: Call, telnet: Call, nick: str) -> None:
    ada = nc("ada")
    other = telnet()
    other.see("Connected to")
    other.say(nick)
    assert ada.line() == f"-- {nick} has joined #lobby\r\n"
    for text in ("grüß dich", "Ü, жук", "朝"):
        other.say(text)
        assert ada.line() == f"<{nick}> {text}\r\n"


def test_utf8_is_shown(nc: Call, telnet: Call) -> None:
    other = telnet()
    other.see("What is your nick?")
    other.say("eve")
    other.see("-- Hello eve.")
    nc("ada").say("grüß 朝 🎉")
    other.see("<ada> grüß 朝 🎉")


def test_on_a_port_of_its_own_a_terminal_gets_the_screen(
    start_daemon: Callable[..., Daemon], start_program: Callable[..., Program]
) -> None:
    daemon = start_daemon("--telnet-port", "0", "--interface", "127.0.0.1", "--port", "0")
    port = daemon.await_log(r"listens on 127.0.0.1 port \d+$", times=2).rpartition(" ")[2]
    ada = start_program(sys.executable, "-c", IN_FRONT, need("telnet"), "127.0.0.1", port, terminal=pty.openpty())
    ada.see("nick: ")
    ada.type("zoë\r".encode())
    ada.see("alone.")  # The prompt may be there before the joining is stored.
    ada.type("grüß 漢字\r".encode())
    ada.see("grüß 漢字 \N{CHECK MARK}")
    ada.type(b"\x04")
    ada.rest()


def test_ctrl_c_does_not_silence_the_server(nc: Call, telnet: Call) -> None:
    ada, other = nc("ada"), telnet()
    other.see("What is your nick?")
    other.say("eve")
    ada.hear("eve has joined")
    for number in range(3):
        other.type(b"half a line\x03")
        other.say(f"and a whole one {number}")
        ada.hear(f"and a whole one {number}")  # The server has answered the telnet command by now.
        ada.say(f"still there? {number}")
        other.see(f"<ada> still there? {number}")


def test_ctrl_d_leaves(nc: Call, telnet: Call) -> None:
    ada, other = nc("ada"), telnet()
    other.see("What is your nick?")
    other.say("eve")
    assert ada.line() == "-- eve has joined #lobby\r\n"
    other.type(b"\x04")
    assert ada.line() == "-- eve has left #lobby (quit)\r\n"
    other.see("-- Goodbye.")
    other.process.wait(DEADLINE)


def test_whois_names_the_door(nc: Call, telnet: Call) -> None:
    ada, other = nc("ada"), telnet()
    other.see("What is your nick?")
    other.say("Übel")
    ada.hear("has joined")
    ada.say("/whois Übel")
    ada.hear("by telnet")


def test_programs_get_no_telnet_commands(nc: Call) -> None:
    ci = nc()
    ci.say('{"type": "hello", "nick": "ci"}')
    assert json.loads(ci.line())["type"] == "welcome"
