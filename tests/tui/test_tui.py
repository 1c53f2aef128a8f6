"""A person at a terminal, from the keys to what the screen shows, with a scripted server."""

from __future__ import annotations

import pytest

from chatd.client.link import PAUSES
from chatd.core import answers, commands, events
from chatd.tui.keys import ESCAPE_SECONDS, PASTE_SECONDS
from chatd.tui.tui import INPUT_CHARACTERS
from tests.client.scripted import TIME
from tests.tui.glass import Glass
from tests.tui.person import Case


def test_a_lost_link_is_reported_and_lines_typed_meanwhile_are_sent_later(case: Case) -> None:
    case.server.refuse = True
    case.server.connections[-1].cut()
    case.settle()
    assert case.shows("-- The connection is lost: the server closed the connection.")
    assert "connection lost, " in case.status
    case.keys("meanwhile\r", "/who\r")
    assert case.glass.lines[-3].endswith("<ada> meanwhile …")
    assert case.shows("The command is sent as soon as the connection is back.")
    case.server.bob_says("missed")
    case.server.refuse = False
    case.server.later(PAUSES[1])
    assert case.shows("-- The connection is back.")
    assert case.shows("<bob> missed")
    assert case.shows("<ada> meanwhile ✓")
    assert case.shows("In #lobby")
    assert "connection lost" not in case.status
    assert sum("connection is lost" in line for line in case.glass.history) == 1
    assert case.server.texts == ["missed", "meanwhile"]


def test_the_status_line_counts_down(case: Case) -> None:
    case.server.refuse = True
    case.server.connections[-1].cut()
    case.server.later(10)
    shown = set()
    for _ in range(30):
        case.server.later(1)
        shown.add(case.status.rpartition("connection lost, ")[2])
    assert {"next try in 9 s", "next try in 3 s"} <= shown


def test_an_unreachable_server_ends_it_with_the_terminal_untouched() -> None:
    case = Case(refuse=True)
    assert case.ends == [(1, "host:1 cannot be reached: connection refused.")]
    assert case.opened == 0
    assert not case.server.clock.getDelayedCalls()


@pytest.mark.parametrize("keys", ["/quit so long\r", "\x03", "\x04"])
def test_ways_to_quit(keys: str) -> None:
    case = Case()
    case.keys("last words\r", keys)
    assert case.server.texts == ["last words"]
    assert case.shows("last words ✓")
    assert case.ends == [(0, "")]
    assert case.glass.modes == {"?7", "?25"}
    assert not case.server.clock.getDelayedCalls()


def test_ctrl_c_clears_a_line_first(case: Case) -> None:
    case.keys("half a line", "\x03")
    assert case.typed == "ada>"
    assert not case.ends


def test_ctrl_d_deletes_within_a_line(case: Case) -> None:
    case.keys("abc", "\x01", "\x04")
    assert case.typed == "ada> bc"


def test_the_screen_can_be_cleared(case: Case) -> None:
    case.keys("gone\r")
    case.keys("/clear\r", "typing")
    assert [line for line in case.glass.lines[:-2] if line] == []
    assert case.typed == "ada> typing"
    case.keys("\x15said\r")
    assert case.glass.lines[-3].endswith("<ada> said ✓")
    assert not any("gone" in line for line in case.glass.lines)


def test_a_paste_that_never_ends_is_complete_after_a_while(case: Case) -> None:
    case.keys("\x1b[200~typed", " blindly")
    assert case.typed == "ada>"
    case.server.later(PASTE_SECONDS)
    assert case.typed == "ada> typed blindly"
    case.keys("\x1b[200~more", "\x03", "!")
    assert case.typed == "ada> !"


def test_too_long_an_input_is_refused_as_a_whole(case: Case) -> None:
    case.keys("before ", f"\x1b[200~{'x' * INPUT_CHARACTERS}\x1b[201~")
    assert case.typed == "ada> before"
    assert case.shows("!! This is too long")


def test_tab_completes_a_nick(case: Case) -> None:
    case.tell(events.Joined("lobby", 2, TIME, "bobby", ""))
    case.keys("bo", "\t")
    assert case.typed == "ada> bobby:"
    case.keys("hi b", "\t")
    assert case.typed == "ada> bobby: hi bobby"


def test_an_escape_alone_does_nothing_and_swallows_nothing(case: Case) -> None:
    case.client.keys(b"\x1b")
    case.server.later(2 * ESCAPE_SECONDS)
    case.keys("abc")
    assert case.typed == "ada> abc"


def test_a_key_in_two_pieces_is_one(case: Case) -> None:
    case.keys("ab", "\x1b[", "D", "x")
    assert case.typed == "ada> axb"


def test_a_change_of_size_paints_everything(case: Case) -> None:
    case.keys("a message\r", "typed")
    case.glass = Glass(30, 6)
    case.client.resized(30, 6)
    case.settle()
    assert case.shows("<ada> a message ✓")
    assert case.typed == "ada> typed"


def test_redraw(case: Case) -> None:
    case.keys("typed")
    case.glass = Glass(60, 12)
    case.keys("\x0c")
    assert case.typed == "ada> typed"
    assert case.shows("You are in #lobby")


def test_while_stopped_nothing_is_written(case: Case) -> None:
    case.keys("typed", "\x1a")
    assert case.suspended == 1
    assert "typed" not in case.glass.text
    before = case.glass.text
    case.server.bob_says("meanwhile")
    case.settle()
    assert case.glass.text == before
    case.client.resume_screen()
    case.settle()
    assert case.shows("<bob> meanwhile")
    assert case.typed == "ada> typed"


def test_text_of_the_server_cannot_control_the_terminal(case: Case) -> None:
    case.server.bob_says("\x1b[2J\x07evil\u202e")
    case.settle()
    assert case.shows("<bob> ␛[2J␇evil\ufffd")
    assert case.glass.bells == 0


def test_alt_a_goes_to_the_next_room_with_news_first_where_one_is_mentioned(case: Case) -> None:
    case.tell(*(answers.Entered(room, 1, 2, ("ada", "bob")) for room in ("tea", "ops", "dev")))
    case.keys("\x1ba")
    assert case.status.startswith(" #lobby")
    case.tell(events.Said("ops", 2, TIME, "bob", "bob", "news"), events.Said("dev", 2, TIME, "bob", "bob", "ada: look"))
    case.keys("\x1ba")
    assert case.status.startswith(" #dev")
    case.keys("\x1ba")
    assert case.status.startswith(" #ops")
    case.keys("\x1ba")
    assert case.status.startswith(" #ops")


def private(nick: str, text: str, seq: int, to: str = "") -> events.Private:
    return events.Private("@ada", seq, TIME, nick, nick, text, to=to)


def sent(case: Case) -> tuple[str, str]:
    """The recipient and the text of the message that was sent last."""
    message = case.server.connections[-1].received[-1]
    assert isinstance(message, commands.Msg)
    return message.nick, message.text


def test_a_private_talk_is_a_window(case: Case) -> None:
    case.tell(private("bob", "psst", 1))
    assert "[bob] (1!)" in case.status
    case.keys("\x1ba")
    assert case.status.startswith(" [bob]  #lobby")
    assert case.typed == "ada to bob>"
    case.keys("what\r")
    assert sent(case) == ("bob", "what")
    case.server.bob_says("in the room")
    case.tell(private("bob", "you know", 2))
    assert case.shows("#lobby <bob> in the room")
    assert "#lobby (1)" in case.status
    assert "(1!)" not in case.status
    case.tell(events.Renamed("lobby", 9, TIME, "bob", "bob", "rob"))
    assert case.typed == "ada to rob>"
    case.keys("/leave\r")
    assert case.typed == "ada>"
    assert case.status.startswith(" #lobby")
    assert "[rob]" not in case.status
    case.tell(private("ada", "from another session", 3, to="eve"))
    case.keys("\x1b2")
    assert case.typed == "ada to eve>"
    case.keys("/me waves\r", "\x1b1")
    assert sent(case) == ("eve", "* ada waves")
    assert case.typed == "ada>"
