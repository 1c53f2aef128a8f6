"""What the server sends, as the screen shows it."""

from __future__ import annotations

from chatd.client.link import PAUSES
from chatd.core import answers, events
from chatd.tui.display import PAINT_SECONDS
from tests.client.scripted import TIME
from tests.tui.person import PAGE_UP, Case, back, end


def test_a_message_is_shown_at_once_and_marked_when_it_is_delivered(case: Case) -> None:
    case.client.keys(b"hello")
    case.server.clock.advance(0)
    assert case.typed == "ada> hello"
    case.client.keys(b"\r")
    case.server.clock.advance(PAINT_SECONDS)
    assert case.glass.lines[-3].endswith("<ada> hello …")
    assert case.typed == "ada>"
    case.settle()
    assert case.glass.lines[-3].endswith("<ada> hello ✓")
    assert not case.shows("…")
    assert case.server.texts == ["hello"]


def test_messages_of_others_come_before_pending_ones(case: Case) -> None:
    case.server.connections[-1].live = False
    case.keys("mine\r", "typing")
    case.server.connections[-1].live = True
    case.server.bob_says("theirs")
    case.settle()
    assert case.glass.lines[-4].endswith("<bob> theirs")
    assert case.glass.lines[-3].endswith("<ada> mine …")
    assert case.typed == "ada> typing"


def test_a_mention_rings_the_bell_once(case: Case) -> None:
    case.server.bob_says("nothing for you")
    case.settle()
    assert case.glass.bells == 0
    case.server.bob_says("hey ada")
    case.server.bob_says("ADA!")
    case.settle()
    assert case.glass.bells == 1
    case.tell(events.Private("@", 1, TIME, "eve", "", "psst"))
    assert case.glass.bells == 2


def test_unconfirmed_messages_are_reported_at_the_end() -> None:
    case = Case()
    case.server.connections[-1].live = False
    case.keys("lost\r", "/quit\r")
    assert not case.ends
    case.keys("\x03")
    assert case.ends == [(0, "")]
    assert case.shows("<ada> lost ✗ not delivered: it was not confirmed before the end.")


def test_rooms_are_in_the_status_line_with_their_unread_counts(case: Case) -> None:
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


def test_deleted_messages_disappear_from_the_history_and_the_live_view(long: Case) -> None:
    before = int(long.glass.lines[0].rpartition(" ")[2]) + 4
    long.keys(PAGE_UP)
    long.server.log = long.server.log[before - 1 :]
    long.tell(answers.Forgotten("lobby", before, TIME))
    assert all(int(line.rpartition(" ")[2]) >= before for line in long.glass.lines if "number" in line)
    long.keys("\x1b[F")
    assert f"number {before}" in long.glass.text
    assert f"number {before - 1}" not in long.glass.text
    assert long.shows("-- Messages in #lobby from before")
    assert sum("have been deleted" in line for line in long.glass.lines) <= 1
    long.keys(PAGE_UP)
    assert "there is nothing before this" in long.status or long.glass.lines[0] == "-- The log of #lobby begins here. --"


def test_help_lists_the_clients_own_command(case: Case) -> None:
    case.keys("/help jump\r")
    assert case.shows("-- /jump [N]  go to hit N")
    who = answers.HelpLine("who", "/who [ROOM]", "list who is in a room")
    case.tell(answers.HelpText((who, who)))
    assert case.shows("-- /jump [N]    go to hit N")
    case.tell(answers.HelpText((who,)))
    assert sum("/jump [N]  " in line for line in case.glass.history) == 2


def test_coming_back_shows_a_mark_before_the_new_messages() -> None:
    case = back(20, 4)
    assert [line[6:] for line in case.glass.history if "number" in line] == [f"<bob> number {number}" for number in range(1, 25)]
    lines = [line.rstrip() for line in case.glass.history]
    mark = next(number for number, line in enumerate(lines) if line.startswith("-- 4 new messages in #lobby since "))
    assert lines[mark - 1].endswith("number 20")
    assert lines[mark + 1].endswith("number 21")
    assert case.glass.bells == 0
    end(case)


def test_of_many_new_messages_the_last_are_shown_and_jump_goes_to_the_first() -> None:
    case = back(20, 250)
    shown = [line for line in case.glass.history if "number" in line]
    assert len(shown) == 20 + 100
    assert case.shows("-- Above are the last 100 of 250 new messages in #lobby")
    case.keys("/jump new\r")
    cursor = next(number for number, line in enumerate(case.glass.lines) if line.startswith("-- 250 new messages"))
    assert case.glass.lines[cursor + 1].endswith("number 21")
    case.keys("\x1b[F", PAGE_UP)
    assert "number" in case.glass.lines[0]
    end(case)


def test_another_log_starts_from_scratch() -> None:
    case = back(20, 4, log="another")
    assert case.shows("What happened in #lobby in the meantime is unknown")
    assert case.shows("number 24")
    assert "new messages" not in case.glass.text
    end(case)


def test_new_messages_after_a_break_have_a_mark(case: Case) -> None:
    case.server.connections[-1].cut()
    case.settle()
    case.server.bob_says("missed")
    case.server.later(PAUSES[1])
    assert case.shows("-- 1 new message in #lobby since")
    assert case.shows("<bob> missed")
    case.keys("/jump new\r")
    assert case.glass.is_alternate
