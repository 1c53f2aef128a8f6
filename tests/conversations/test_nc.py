"""People with nc."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable

import pytest

from chatd.core.limits import GREETING_SECONDS, LINE_BYTES
from tests.conversations.processes import DEADLINE, Daemon, Program, need, seconds_since

Call = Callable[..., Program]


def test_a_conversation_is_exactly_this(nc: Call) -> None:
    ada = nc()
    assert ada.line() == "-- Welcome to chatd. What is your nick?\r\n"
    ada.say("ada")
    assert ada.line() == "-- Hello ada. You are in #lobby, alone. /help lists what you can do.\r\n"
    bob = nc()
    bob.say("bob")
    assert bob.line() == "-- Hello bob. You are in #lobby with ada. /help lists what you can do.\r\n"
    assert bob.line() == "-- Earlier in #lobby:\r\n"
    assert bob.line().endswith(" ada has joined #lobby\r\n")
    assert ada.line() == "-- bob has joined #lobby\r\n"
    bob.say("hi ada")
    assert ada.line() == "<bob> hi ada\r\n"
    ada.say("/me waves", "//shrug")
    assert bob.line() == "* ada waves\r\n"
    assert bob.line() == "<ada> /shrug\r\n"
    bob.say("/nick server")
    assert bob.line().startswith("!! ")
    bob.say("/msg ada psst")
    assert bob.line() == "-- Sent to ada.\r\n"
    assert ada.line() == "[bob] psst\r\n"
    ada.say("/reply what?")
    assert ada.line() == "-- Sent to bob.\r\n"
    assert bob.line() == "[ada] what?\r\n"
    ada.say("/join #den", "anybody here?", "/leave")
    assert ada.line() == "-- You are in #den, alone.\r\n"
    assert ada.line() == "-- You have left #den. You are now talking in #lobby.\r\n"
    bob.say("/quit good night")
    assert bob.line() == "-- Goodbye.\r\n"
    bob.end_input()  # nc itself continues while its input is open.
    assert bob.rest() == ""
    assert bob.process.wait(DEADLINE) == 0
    assert ada.line() == "-- bob has left #lobby (quit: good night)\r\n"


def test_a_silent_caller_is_greeted_after_a_while(nc: Call) -> None:
    start = time.monotonic()
    assert nc().line() == "-- Welcome to chatd. What is your nick?\r\n"
    assert seconds_since(start) >= GREETING_SECONDS


def test_a_caller_who_speaks_first_is_not_greeted(nc: Call) -> None:
    ada = nc()
    ada.say("ada", "hello")
    assert ada.line().startswith("-- Hello ada. ")


def test_a_refused_nick_can_be_tried_again(nc: Call) -> None:
    nc("ada")
    other = nc()
    for nick in ("ADA", "\N{CYRILLIC SMALL LETTER A}da", "not this one", "admin", "x" * 33):
        other.say(nick)
        assert other.line().startswith("!! "), nick
    other.say("eve")
    assert other.line().startswith("-- Hello eve. You are in #lobby with ada.")


def pipe_into_nc(daemon: Daemon, format: str) -> list[str]:
    """The output of nc with the input of printf."""
    command = f"printf '{format}' | {need('nc')} -N 127.0.0.1 {daemon.port}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=DEADLINE, check=True)
    return done.stdout.decode().splitlines()


def test_a_script_always_gets_its_answers(daemon: Daemon, nc: Call) -> None:
    ada = nc("ada")
    for number in range(50):
        lines = pipe_into_nc(daemon, f"ci\\nbuild {number} ok\\n")
        assert lines[0] == "-- Hello ci. You are in #lobby with ada. /help lists what you can do."
        assert lines[-1] == "-- Goodbye."
        assert ada.line() == "-- ci has joined #lobby\r\n"
        assert ada.line() == f"<ci> build {number} ok\r\n"
        assert ada.line() == "-- ci has left #lobby (quit)\r\n"


@pytest.mark.parametrize("format", ["ci\\nno end", "ci\\r\\nno end\\r\\n", "ci\\nno end\\r", "\\nci\\n\\nno end"])
def test_every_way_to_end_a_line(daemon: Daemon, nc: Call, format: str) -> None:
    ada = nc("ada")
    pipe_into_nc(daemon, format)
    assert ada.line() == "-- ci has joined #lobby\r\n"
    assert ada.line() == "<ci> no end\r\n"


def test_a_nick_without_a_line_end(daemon: Daemon) -> None:
    assert [line[:12] for line in pipe_into_nc(daemon, "ci")] == ["-- Hello ci.", "-- Goodbye."]


@pytest.mark.parametrize("input", ["printf 'ci\\ndeployed\\n'", "(echo ci; sleep 0.05; echo deployed)"])
def test_a_script_whose_nick_is_taken_says_nothing(daemon: Daemon, nc: Call, input: str) -> None:
    ci = nc("ci")
    command = f"{input} | {need('nc')} -N 127.0.0.1 {daemon.port}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=DEADLINE, check=True)
    refusal, unread = done.stdout.decode().splitlines()
    assert refusal == "!! ci is here already. Choose another nick."
    assert unread.startswith("!! The lines behind it are not read.")
    nc("eve")
    assert ci.line() == "-- eve has joined #lobby\r\n"


def test_answers_arrive_after_the_input_has_ended(nc: Call) -> None:
    ada = nc()
    ada.say("ada", *["/help"] * 30)
    ada.end_input()
    output = ada.rest()
    assert output.count("/history [N]") == 30
    assert output.endswith("-- Goodbye.\r\n")


def test_a_paste_is_sent_at_once_and_in_order(nc: Call) -> None:
    ada, bob = nc("ada"), nc("bob")
    start = time.monotonic()
    bob.say(*(f"line {number}" for number in range(30)))
    ada.hear("bob has joined")
    assert [ada.line() for _ in range(30)] == [f"<bob> line {number}\r\n" for number in range(30)]
    assert seconds_since(start) < 2


def test_a_long_line_is_refused_as_a_whole_and_the_connection_stays(nc: Call) -> None:
    ada, bob = nc("ada"), nc("bob")
    ada.hear("bob has joined")
    bob.say("x" * (LINE_BYTES + 1), "short")
    assert bob.hear("!! ") == "!! The line is too long. A line has at most 4096 bytes; send several.\r\n"
    assert ada.line() == "<bob> short\r\n"


def test_unsafe_text_and_other_bytes_reach_nobody(nc: Call) -> None:
    ada, bob = nc("ada"), nc("bob")
    ada.hear("bob has joined")
    bob.type(b"caf\xe9\n\x1b[2Jgone\x07 \xc2\x9b31m \xe2\x80\xaetxt\n")
    bob.hear("!! The line is not UTF-8")
    assert ada.line() == "<bob> ␛[2Jgone␇ \N{REPLACEMENT CHARACTER}31m \N{REPLACEMENT CHARACTER}txt\r\n"


def test_a_broken_connection_frees_the_nick(daemon: Daemon, nc: Call) -> None:
    ada, bob = nc("ada"), nc("bob")
    ada.hear("bob has joined")
    bob.process.kill()
    left = ada.line()
    assert left in ("-- bob has left #lobby (quit)\r\n", "-- bob has left #lobby (connection lost)\r\n")
    assert nc("bob")


def test_a_program_uses_json_on_the_same_port(nc: Call) -> None:
    ada, ci = nc("ada"), nc()
    ci.say('{"type": "hello", "nick": "ci"}', '{"type": "say", "text": "deployed", "id": "1"}')
    types = [json.loads(ci.line())["type"] for _ in range(4)]
    assert types == ["welcome", "entered", "ack", "said"]
    assert ada.hear("deployed") == "<ci> deployed\r\n"
