"""Lines that are entered."""

from __future__ import annotations

from chatd.core import answers
from chatd.core.limits import TEXT_LINES
from tests.tui.person import RIGHT, Case


def test_a_refused_message_says_why(case: Case) -> None:
    case.server.connections[-1].live = False
    case.keys("mine\r")
    case.server.connections[-1].live = True
    case.tell(answers.Refused("not-delivered", "The disk is full.", "Try later.", id=next(iter(case.link.outbox))))
    assert case.shows("<ada> mine ✗ not delivered: The disk is full.")
    assert not case.shows("!! The disk is full.")


def test_a_paste_of_many_lines_asks_first(case: Case) -> None:
    lines = [f"line {number}" for number in range(TEXT_LINES + 1)]
    case.keys(f"\x1b[200~{chr(10).join(lines)}\x1b[201~", "\r")
    assert case.shows("These are 2 messages. Enter sends them, Ctrl-C drops them.")
    assert case.server.texts == []
    case.keys("\x03", "\x1b[200~" + "\n".join(lines) + "\x1b[201~!", "\r")
    assert case.server.texts == []  # It is another text.
    case.keys("\r")
    assert case.server.texts == ["\n".join(lines[:-1]), f"{lines[-1]}!"]


def test_a_paste_of_several_lines_is_one_message_and_no_command(case: Case) -> None:
    case.keys("\x1b[200~one\n/leave\n\n  two\n\x1b[201~")
    assert case.typed == "ada> one↵/leave↵↵  two↵"
    assert case.server.texts == []
    case.keys("\r")
    assert case.server.texts == ["one\n/leave\n\n  two"]
    assert case.shows("<ada> one")
    assert case.shows("  two ✓")


def test_mistakes_are_reported_at_once(case: Case) -> None:
    case.keys("/jion x\r", "/msg\r", f"/topic {'x' * 5000}\r")
    assert case.shows("!! There is no command /jion. Did you mean /join?")
    assert case.shows("!! /msg needs an argument.")
    assert case.shows("!! This is too long.")
    assert not case.link.outbox


def test_two_slashes_send_one(case: Case) -> None:
    case.keys("//etc\r")
    assert case.server.texts == ["/etc"]


def test_without_a_room_nothing_is_sent(case: Case) -> None:
    case.tell(answers.Exited("lobby", ""))
    case.keys("hi\r")
    assert case.shows("!! You are not in any room. /join ROOM enters one, /rooms lists them.")
    assert "in no room" in case.status


def test_a_password_behind_a_command_is_not_brought_back(case: Case) -> None:
    case.keys("first\r", f"/login ada {RIGHT}\r", "\x1b[A")
    assert case.typed == "ada> first"
    assert not case.shows("zebra")


def test_a_password_pasted_below_its_command_is_no_message(case: Case) -> None:
    case.keys(f"\x1b[200~/login eve\n{RIGHT}\x1b[201~\r")
    assert case.shows("What you pasted asks for a password, and may have it: nothing is sent.")
    assert case.server.texts == []


def test_words_to_be_alerted_to(case: Case) -> None:
    case.keys("/alert Kettle\r")
    assert case.shows("You are alerted to: Kettle.")
    case.server.bob_says("the kettle is on")
    case.server.bob_says("kettles are not meant")
    case.settle()
    assert case.glass.bells == 1
    case.keys("/alert\r", "/alert -kettle\r")
    assert case.shows("You are alerted to your nick alone.")
    case.server.bob_says("kettle")
    case.settle()
    assert case.glass.bells == 1


def test_what_was_typed_for_a_room_is_not_said_in_another(case: Case) -> None:
    case.tell(answers.Entered("dev", 1, 1, ("ada",)))
    case.keys("/join dev\r")
    case.keys("for dev")
    case.tell(answers.Exited("dev", "lobby", "eve", "spam"))
    case.keys("\r")
    assert case.shows("!! You are in #lobby now. Enter sends this there, Ctrl-C drops it.")
    assert case.typed == "ada> for dev"
    assert case.server.texts == []
    case.keys("\r")
    assert case.server.texts == ["for dev"]
