"""A person at a terminal, from the keys to what the screen shows, with a scripted server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatd import commands, events
from chatd.client.link import PAUSES, ReconnectingLink
from chatd.client.screen import Screen
from chatd.client.talk import ESCAPE_SECONDS, INPUT_CHARACTERS, Talk
from tests.client.glass import Glass
from tests.client.scripted import TIME, ScriptedServer


class Case:
    """A person, as the terminal that `Talk` needs."""

    def __init__(self, nick_taken: str = "", refuse: bool = False) -> None:
        self.server = ScriptedServer(nick_taken)
        self.server.refuse = refuse
        self.glass = Glass(60, 12)
        self.opened = 0
        self.suspended = 0
        self.ends: list[tuple[int, str]] = []
        self.talk = Talk(self.server.clock, lambda: TIME, self, "ada", "host:1")
        hello = commands.Hello("ada", token="0123456789abcdef")
        self.talk.link = ReconnectingLink(self.server.clock, self.server, hello, self.talk, jitter=lambda: 0.5)
        self.talk.link.start()
        self.settle()

    def open(self) -> Screen:
        self.opened += 1
        return Screen(60, 12, True)

    def write(self, text: str) -> None:
        self.glass.write(text)

    def suspend(self) -> None:
        self.suspended += 1
        self.talk.leave_screen()

    def close(self, status: int, why: str) -> None:
        self.ends.append((status, why))

    def settle(self) -> None:
        self.server.later(0.001)

    def keys(self, *keys: str) -> None:
        """Press ``keys``, and let everything arrive."""
        for key in keys:
            self.talk.keys(key.encode())
        self.settle()

    def tell(self, *news: events.Event | events.Answer) -> None:
        for one in news:
            self.server.connections[-1].tell(one)
        self.settle()

    def shows(self, text: str) -> bool:
        return text in " ".join(line.strip() for line in self.glass.history)

    @property
    def typed(self) -> str:
        return self.glass.lines[-1]

    @property
    def status(self) -> str:
        return self.glass.lines[-2]


@pytest.fixture
def case() -> Iterator[Case]:
    case = Case()
    yield case
    case.talk.quit()
    case.talk.quit()
    case.settle()
    assert len(case.ends) == 1
    assert not case.server.clock.getDelayedCalls()


def test_a_message_is_shown_at_once_and_marked_when_it_is_delivered(case: Case) -> None:
    case.talk.keys(b"hello")
    case.server.clock.advance(0)
    assert case.typed == "ada> hello"
    case.talk.keys(b"\r")
    case.server.clock.advance(0)
    assert case.glass.lines[-3].endswith("<ada> hello …")
    assert case.typed == "ada>"
    case.settle()
    assert case.glass.lines[-3].endswith("<ada> hello ✓")
    assert not case.shows("…")
    assert case.server.texts == ["hello"]


def test_what_others_say_comes_before_what_is_on_its_way(case: Case) -> None:
    case.server.connections[-1].live = False
    case.keys("mine\r", "typing")
    case.server.connections[-1].live = True
    case.server.bob_says("theirs")
    case.settle()
    assert case.glass.lines[-4].endswith("<bob> theirs")
    assert case.glass.lines[-3].endswith("<ada> mine …")
    assert case.typed == "ada> typing"


def test_a_refused_message_says_why(case: Case) -> None:
    case.server.connections[-1].live = False
    case.keys("mine\r")
    case.server.connections[-1].live = True
    case.tell(events.Refused("not-delivered", "The disk is full.", "Try later.", id=next(iter(case.talk.link.outbox))))
    assert case.shows("<ada> mine ✗ not delivered: The disk is full.")
    assert not case.shows("!! The disk is full.")


def test_a_call_rings_the_bell_once(case: Case) -> None:
    case.server.bob_says("nothing for you")
    case.settle()
    assert case.glass.bells == 0
    case.server.bob_says("hey ada")
    case.server.bob_says("ADA!")
    case.settle()
    assert case.glass.bells == 1
    case.tell(events.Private("eve", "psst", TIME))
    assert case.glass.bells == 2


def test_a_lost_link_is_told_and_what_is_typed_meanwhile_is_sent_later(case: Case) -> None:
    case.server.refuse = True
    case.server.connections[-1].cut()
    case.settle()
    assert case.shows("-- The link is lost: the server closed the connection.")
    assert "link lost, " in case.status
    case.keys("meanwhile\r", "/who\r")
    assert case.glass.lines[-3].endswith("<ada> meanwhile …")
    assert case.shows("That is asked as soon as the link is back.")
    case.server.bob_says("missed")
    case.server.refuse = False
    case.server.later(PAUSES[1])
    assert case.shows("-- The link is back.")
    assert case.shows("<bob> missed")
    assert case.shows("<ada> meanwhile ✓")
    assert case.shows("In #lobby")
    assert "link lost" not in case.status
    assert sum("link is lost" in line for line in case.glass.history) == 1
    assert case.server.texts == ["missed", "meanwhile"]


def test_the_countdown_counts(case: Case) -> None:
    case.server.refuse = True
    case.server.connections[-1].cut()
    case.server.later(10)
    shown = set()
    for _ in range(30):
        case.server.later(1)
        shown.add(case.status.rpartition("link lost, ")[2])
    assert {"next try in 9 s", "next try in 3 s"} <= shown


def test_a_refused_nick_is_asked_for_again() -> None:
    case = Case(nick_taken="ada")
    assert case.shows("!! ada is here already. Choose another nick.")
    assert case.typed == "nick:"
    case.keys("\r")
    assert case.typed == "nick:"
    case.keys(" eve \r")
    assert case.talk.link.up
    assert case.typed == "eve>"
    assert case.opened == 1


def test_a_server_that_cannot_be_reached_ends_it_with_the_terminal_untouched() -> None:
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


def test_what_was_not_confirmed_is_told_at_the_end() -> None:
    case = Case()
    case.server.connections[-1].live = False
    case.keys("lost\r", "/quit\r")
    assert not case.ends
    case.keys("\x03")
    assert case.ends == [(0, "")]
    assert case.shows("<ada> lost ✗ not delivered: nobody has confirmed it before the end.")


def test_ctrl_c_clears_a_line_first(case: Case) -> None:
    case.keys("half a line", "\x03")
    assert case.typed == "ada>"
    assert not case.ends


def test_ctrl_d_deletes_within_a_line(case: Case) -> None:
    case.keys("abc", "\x01", "\x04")
    assert case.typed == "ada> bc"


def test_a_paste_of_several_lines_is_sent_after_enter_as_several_messages(case: Case) -> None:
    case.keys("\x1b[200~one\n\ntwo\x1b[201~")
    assert case.typed == "ada> one↵↵two"
    assert case.server.texts == []
    case.keys("\r")
    assert case.server.texts == ["one", "two"]


def test_too_much_is_refused_whole(case: Case) -> None:
    case.keys("before ", f"\x1b[200~{'x' * INPUT_CHARACTERS}\x1b[201~")
    assert case.typed == "ada> before"
    assert case.shows("!! That is too much for one line")


def test_mistakes_are_told_at_once(case: Case) -> None:
    case.keys("/jion x\r", "/msg\r", f"/topic {'x' * 5000}\r")
    assert case.shows("!! There is no command /jion. Did you mean /join?")
    assert case.shows("!! /msg needs more.")
    assert case.shows("!! This is too long.")
    assert not case.talk.link.outbox


def test_a_slash_is_said_with_two(case: Case) -> None:
    case.keys("//etc\r")
    assert case.server.texts == ["/etc"]


def test_without_a_room_nothing_is_said(case: Case) -> None:
    case.tell(events.Exited("lobby", ""))
    case.keys("hi\r")
    assert case.shows("!! You are in no room. /join ROOM enters one, /rooms lists them.")
    assert "in no room" in case.status


def test_tab_completes_a_nick(case: Case) -> None:
    case.tell(events.Joined("lobby", 2, TIME, "bobby", ""))
    case.keys("bo", "\t")
    assert case.typed == "ada> bobby:"
    case.keys("hi b", "\t")
    assert case.typed == "ada> bobby: hi bobby"


def test_rooms_are_in_the_status_line_with_what_is_unread(case: Case) -> None:
    case.keys("/join ops\r")
    assert case.status.startswith(" #ops 1 here  #lobby")
    assert case.status.endswith("chatd")
    case.server.bob_says("one")
    case.server.bob_says("ada!")
    case.settle()
    assert "#lobby (2!)" in case.status
    assert case.shows("#lobby <bob> one")
    case.keys("\x1b1")
    assert case.status.startswith(" #lobby 1 here  #ops")
    case.keys("\x1b9")
    assert case.status.startswith(" #lobby 1 here")


def test_an_escape_alone_does_nothing_and_swallows_nothing(case: Case) -> None:
    case.talk.keys(b"\x1b")
    case.server.later(2 * ESCAPE_SECONDS)
    case.keys("abc")
    assert case.typed == "ada> abc"


def test_a_key_in_two_pieces_is_one(case: Case) -> None:
    case.keys("ab", "\x1b[", "D", "x")
    assert case.typed == "ada> axb"


def test_a_change_of_size_paints_everything(case: Case) -> None:
    case.keys("a message\r", "typed")
    case.glass = Glass(30, 6)
    case.talk.resized(30, 6)
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
    case.talk.return_to_screen()
    case.settle()
    assert case.shows("<bob> meanwhile")
    assert case.typed == "ada> typed"


def test_the_servers_text_cannot_steer(case: Case) -> None:
    case.server.bob_says("\x1b[2J\x07evil\u202e")
    case.settle()
    assert case.shows("<bob> ␛[2J␇evil\ufffd")
    assert case.glass.bells == 0
