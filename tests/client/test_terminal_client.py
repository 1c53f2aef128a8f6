"""A person at a terminal, from the keys to what the screen shows, with a scripted server."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest

from chatd.client.keys import ESCAPE_SECONDS, PASTE_SECONDS
from chatd.client.link import PAUSES, ReconnectingLink
from chatd.client.login import Login
from chatd.client.saved_state import SavedState
from chatd.client.screen import DumbScreen, Screen
from chatd.client.terminal_client import INPUT_CHARACTERS, SAVE_SECONDS, UNASKED_LINES, TerminalClient
from chatd.core import commands, events
from tests.client.glass import Glass
from tests.client.scripted import TIME, ScriptedServer


class Case:
    """A person, as the terminal that `TerminalClient` needs."""

    def __init__(
        self,
        nick_taken: str = "",
        refuse: bool = False,
        before: Collection[str] = (),
        saved: SavedState | None = None,
        dumb: bool = False,
        passwords: Mapping[str, str] | None = None,
        server_password: str = "",
        login: Login | None = None,
    ) -> None:
        self.server = ScriptedServer(nick_taken)
        self.server.passwords.update(passwords or {})
        self.server.server_password = server_password
        self.server.refuse = refuse
        for text in before:
            self.server.bob_says(text)
        self.glass = Glass(200, 300) if dumb else Glass(60, 12)
        self.dumb = dumb
        self.opened = 0
        self.saved: list[tuple[SavedState, set[str]]] = []
        self.no_place = False
        self.suspended = 0
        self.hidden = False
        self.ends: list[tuple[int, str]] = []
        self.client = TerminalClient(self.server.clock, lambda: TIME, self, "ada", "host:1", saved, self.save)
        hello = commands.Hello("ada", token="0123456789abcdef")
        cursors = None if saved is None else saved.resume()
        self.client.link = ReconnectingLink(
            self.server.clock, self.server, hello, self.client, jitter=lambda: 0.5, cursors=cursors, login=login
        )
        self.client.link.start()
        self.settle()

    def save(self, now: SavedState, left: Collection[str]) -> None:
        if self.no_place:
            raise OSError(28, "No space left on device")
        self.saved.append((now, set(left)))

    def open(self) -> Screen:
        self.opened += 1
        return DumbScreen() if self.dumb else Screen(60, 12, True)

    def write(self, text: str) -> None:
        self.glass.write(text.replace("\n", "\r\n") if self.dumb else text)

    def hide(self, hidden: bool) -> None:
        self.hidden = hidden

    def suspend(self) -> None:
        self.suspended += 1
        self.client.suspend_screen()

    def close(self, status: int, why: str) -> None:
        self.ends.append((status, why))

    def settle(self) -> None:
        self.server.later(0.001)

    def keys(self, *keys: str) -> None:
        """Press ``keys``, and deliver everything."""
        for key in keys:
            self.client.keys(key.encode())
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
    case.client.quit()
    case.client.quit()
    case.settle()
    assert len(case.ends) == 1
    assert not case.server.clock.getDelayedCalls()


def test_a_message_is_shown_at_once_and_marked_when_it_is_delivered(case: Case) -> None:
    case.client.keys(b"hello")
    case.server.clock.advance(0)
    assert case.typed == "ada> hello"
    case.client.keys(b"\r")
    case.server.clock.advance(0)
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


def test_a_refused_message_says_why(case: Case) -> None:
    case.server.connections[-1].live = False
    case.keys("mine\r")
    case.server.connections[-1].live = True
    case.tell(events.Refused("not-delivered", "The disk is full.", "Try later.", id=next(iter(case.client.link.outbox))))
    assert case.shows("<ada> mine ✗ not delivered: The disk is full.")
    assert not case.shows("!! The disk is full.")


def test_a_mention_rings_the_bell_once(case: Case) -> None:
    case.server.bob_says("nothing for you")
    case.settle()
    assert case.glass.bells == 0
    case.server.bob_says("hey ada")
    case.server.bob_says("ADA!")
    case.settle()
    assert case.glass.bells == 1
    case.tell(events.Private("eve", "psst", TIME))
    assert case.glass.bells == 2


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


def test_a_refused_nick_is_asked_for_again() -> None:
    case = Case(nick_taken="ada")
    assert case.shows("!! ada is here already. Choose another nick.")
    assert case.typed == "nick:"
    case.keys("\r")
    assert case.typed == "nick:"
    case.keys(" eve \r")
    assert case.client.link.up
    assert case.typed == "eve>"
    assert case.opened == 1


def test_page_up_knows_the_last_message_of_the_user(case: Case) -> None:
    case.keys("mine\r", "/clear\r")
    case.keys(PAGE_UP)
    assert case.glass.is_alternate
    assert case.glass.lines[-3].endswith("<ada> mine")


def test_what_was_typed_before_a_nick_clash_is_kept(case: Case) -> None:
    case.keys("half a li")
    case.server.nick_taken = "ada"
    case.server.connections[-1].cut()
    case.server.later(PAUSES[1])
    assert case.typed == "nick:"
    assert "choose another nick" in case.status
    assert "lost" not in case.status
    case.keys("ada\r")
    assert case.typed == "nick:"
    case.keys("eve\r")
    assert case.typed == "eve> half a li"
    case.keys("ne\r")
    assert case.server.texts == ["half a line"]


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


def test_unconfirmed_messages_are_reported_at_the_end() -> None:
    case = Case()
    case.server.connections[-1].live = False
    case.keys("lost\r", "/quit\r")
    assert not case.ends
    case.keys("\x03")
    assert case.ends == [(0, "")]
    assert case.shows("<ada> lost ✗ not delivered: it was not confirmed before the end.")


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


def test_a_paste_of_many_lines_asks_first(case: Case) -> None:
    lines = [f"line {number}" for number in range(UNASKED_LINES + 1)]
    case.keys(f"\x1b[200~{chr(10).join(lines)}\x1b[201~", "\r")
    assert case.shows("These are 4 lines. Enter sends each as a message, Ctrl-C drops them.")
    assert case.server.texts == []
    case.keys("\x03", "\x1b[200~" + "\n".join(lines) + "\x1b[201~!", "\r")
    assert case.server.texts == []  # It is another text.
    case.keys("\r")
    assert case.server.texts == [*lines[:-1], f"{lines[-1]}!"]


def test_a_paste_that_never_ends_is_complete_after_a_while(case: Case) -> None:
    case.keys("\x1b[200~typed", " blindly")
    assert case.typed == "ada>"
    case.server.later(PASTE_SECONDS)
    assert case.typed == "ada> typed blindly"
    case.keys("\x1b[200~more", "\x03", "!")
    assert case.typed == "ada> !"


def test_a_paste_of_several_lines_is_sent_after_enter_as_several_messages(case: Case) -> None:
    case.keys("\x1b[200~one\n\ntwo\x1b[201~")
    assert case.typed == "ada> one↵↵two"
    assert case.server.texts == []
    case.keys("\r")
    assert case.server.texts == ["one", "two"]


def test_too_long_an_input_is_refused_as_a_whole(case: Case) -> None:
    case.keys("before ", f"\x1b[200~{'x' * INPUT_CHARACTERS}\x1b[201~")
    assert case.typed == "ada> before"
    assert case.shows("!! This is too long")


def test_mistakes_are_reported_at_once(case: Case) -> None:
    case.keys("/jion x\r", "/msg\r", f"/topic {'x' * 5000}\r")
    assert case.shows("!! There is no command /jion. Did you mean /join?")
    assert case.shows("!! /msg needs an argument.")
    assert case.shows("!! This is too long.")
    assert not case.client.link.outbox


def test_two_slashes_send_one(case: Case) -> None:
    case.keys("//etc\r")
    assert case.server.texts == ["/etc"]


def test_without_a_room_nothing_is_sent(case: Case) -> None:
    case.tell(events.Exited("lobby", ""))
    case.keys("hi\r")
    assert case.shows("!! You are not in any room. /join ROOM enters one, /rooms lists them.")
    assert "in no room" in case.status


def test_tab_completes_a_nick(case: Case) -> None:
    case.tell(events.Joined("lobby", 2, TIME, "bobby", ""))
    case.keys("bo", "\t")
    assert case.typed == "ada> bobby:"
    case.keys("hi b", "\t")
    assert case.typed == "ada> bobby: hi bobby"


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


# -- The history -----------------------------------------------------------------------------------

PAGE_UP, PAGE_DOWN, ESCAPE = "\x1b[5~", "\x1b[6~", "\x1b"
LONG = [f"number {number}" for number in range(1, 301)]


@pytest.fixture
def long() -> Iterator[Case]:
    """A person in a room with many messages."""
    case = Case(before=LONG)
    yield case
    case.client.quit()
    case.client.quit()
    case.settle()
    assert not case.server.clock.getDelayedCalls()
    assert case.glass.modes == {"?7", "?25"}
    assert not case.glass.is_alternate


def test_page_up_opens_the_history_and_escape_closes_it_and_the_input_stays(long: Case) -> None:
    long.keys("half a line")
    present, history = long.glass.lines, long.glass.history
    top = int(present[0].rpartition(" ")[2])
    long.keys(PAGE_UP)
    assert long.glass.is_alternate
    assert long.glass.lines[-3].endswith(f"number {top}")
    assert long.typed == "ada> half a line"
    assert long.status.startswith(" #lobby history")
    long.server.bob_says("new")
    long.server.bob_says("new for ada")
    long.keys(PAGE_UP)
    assert long.glass.lines[-3].endswith(f"number {top - 8}")
    assert long.status.startswith(" #lobby history, 2! new")
    assert long.glass.bells == 1
    long.keys(ESCAPE)
    long.server.later(2 * ESCAPE_SECONDS)
    assert long.typed == "ada> half a line"
    assert long.glass.lines[-4].endswith("<bob> new")
    assert [line for line in long.glass.history if "<bob> new" not in line] == history


@pytest.mark.parametrize("keys", ["\x1b[F", "\x1b[1;5F", "\x03", "\x04"])
def test_other_keys_that_close_the_history(long: Case, keys: str) -> None:
    long.keys("typed", "\x1b[D", PAGE_UP, keys)
    assert not long.glass.is_alternate
    assert long.typed == "ada> typed"
    assert not long.ends
    long.keys("X")
    assert long.typed == "ada> typeXd"


def test_typing_closes_the_history_and_types_and_enter_sends(long: Case) -> None:
    long.keys("a lin", PAGE_UP, "e")
    assert not long.glass.is_alternate
    assert long.typed == "ada> a line"
    long.keys(PAGE_UP, "\r")
    assert not long.glass.is_alternate
    assert long.server.texts[-1] == "a line"
    assert long.glass.lines[-3].endswith("<ada> a line ✓")


def test_up_and_down_scroll_the_history_or_recall_typed_lines(long: Case) -> None:
    long.keys("old line\r", PAGE_UP)
    last = long.glass.lines[-3]
    long.keys("\x1b[A", "\x1b[A")
    assert last not in long.glass.lines
    long.keys("\x1b[B", "\x1b[B")
    assert long.glass.lines[-3] == last
    assert long.typed == "ada>"
    long.keys("\x1b[B")
    assert not long.glass.is_alternate
    long.keys("\x1b[A")
    assert long.typed == "ada> old line"


def test_the_beginning_by_one_key(long: Case) -> None:
    long.keys("\x1b[1;5H")
    assert long.glass.lines[0] == "-- The log of #lobby begins here. --"
    assert long.glass.lines[2].endswith("number 1")


def test_at_the_beginning_the_status_line_says_so(case: Case) -> None:
    case.keys(PAGE_UP)
    assert not case.glass.is_alternate
    assert "there is nothing before this in #lobby" in case.status
    case.keys("x")
    assert "1 here" in case.status


def test_the_history_over_a_broken_link(long: Case) -> None:
    long.server.refuse = True
    long.server.connections[-1].cut()
    long.settle()
    long.keys(PAGE_UP)
    assert "waiting for the connection" in long.status
    assert "connection lost" in long.status
    long.server.refuse = False
    long.server.later(PAUSES[1])
    assert long.glass.is_alternate
    assert "connection lost" not in long.status
    assert "number" in long.glass.lines[-3]


def test_another_log_closes_the_history(long: Case) -> None:
    long.keys(PAGE_UP)
    long.server.restart("log-2")
    long.server.connections[-1].cut()
    long.server.later(PAUSES[1])
    assert not long.glass.is_alternate
    assert long.shows("What happened in #lobby in the meantime is unknown")


def test_asking_for_a_nick_closes_the_history(long: Case) -> None:
    long.keys(PAGE_UP)
    long.server.nick_taken = "ada"
    long.server.connections[-1].cut()
    long.server.later(PAUSES[1])
    assert not long.glass.is_alternate
    assert long.typed == "nick:"


def test_leaving_a_room_closes_its_history(long: Case) -> None:
    long.keys(PAGE_UP)
    long.tell(events.Exited("lobby", ""))
    assert not long.glass.is_alternate
    assert "in no room" in long.status


def test_a_change_of_size_in_the_history(long: Case) -> None:
    long.keys("typed", PAGE_UP)
    last = long.glass.lines[-3]
    long.glass = Glass(40, 8)
    long.glass.write("\x1b[?1049h")
    long.client.resized(40, 8)
    long.settle()
    assert long.glass.lines[-3] == last
    assert long.typed == "ada> typed"
    long.keys("\x1b[F")
    assert long.glass.lines[-3].endswith("/help lists what you can do.") or "number" in long.glass.text


def test_deleted_messages_disappear_from_the_history_and_the_live_view(long: Case) -> None:
    before = int(long.glass.lines[0].rpartition(" ")[2]) + 4
    long.keys(PAGE_UP)
    long.server.log = long.server.log[before - 1 :]
    long.tell(events.Forgotten("lobby", before, TIME))
    assert all(int(line.rpartition(" ")[2]) >= before for line in long.glass.lines if "number" in line)
    long.keys("\x1b[F")
    assert f"number {before}" in long.glass.text
    assert f"number {before - 1}" not in long.glass.text
    assert long.shows("-- Messages in #lobby from before")
    assert sum("have been deleted" in line for line in long.glass.lines) <= 1
    long.keys(PAGE_UP)
    assert "there is nothing before this" in long.status or long.glass.lines[0] == "-- The log of #lobby begins here. --"


# -- Hits ------------------------------------------------------------------------------------------


def test_jumping_from_hit_to_hit(long: Case) -> None:
    long.keys("/search 77\r")
    assert long.shows("1 ")
    assert long.shows("#lobby <bob> number 277")
    long.keys("/jump\r")
    assert long.glass.is_alternate
    assert [line[6:] for line in long.glass.lines if "»" in line] == ["<bob> number 277"]
    long.keys("\x1b[F", "/jump\r")
    assert [line[6:] for line in long.glass.lines if "»" in line] == ["<bob> number 177"]
    long.keys("\x1b[F", "/jump 3\r")
    assert [line[6:] for line in long.glass.lines if "»" in line] == ["<bob> number 77"]
    long.keys("\x1b[F", "/jump 4\r")
    assert long.shows("!! There is no hit 4. /search WORDS finds messages")
    assert not long.glass.is_alternate


def test_a_hit_in_a_room_that_the_user_is_not_in_says_what_would_work(case: Case) -> None:
    case.tell(events.SearchResults(("tea",), (events.Said("ops", 7, TIME, "bob", "", "tea"),)))
    case.keys("/jump 1\r")
    assert case.shows("!! You are not in #ops. /join #ops enters it, then /jump 1")
    assert not case.glass.is_alternate


def test_a_jump_without_a_target_says_so(case: Case) -> None:
    case.keys("/jump\r", "/jump x\r", "/jump new\r")
    assert case.shows("!! There are no hits. /search WORDS finds messages")
    assert case.shows("!! /jump does not take x.")
    assert case.shows("!! No messages arrived here while you were away.")


def test_help_lists_the_clients_own_command(case: Case) -> None:
    case.keys("/help jump\r")
    assert case.shows("-- /jump [N]  go to hit N")
    who = events.HelpLine("who", "/who [ROOM]", "list who is in a room")
    case.tell(events.HelpText((who, who)))
    assert case.shows("-- /jump [N]    go to hit N")
    case.tell(events.HelpText((who,)))
    assert sum("/jump [N] " in line for line in case.glass.history) == 2


# -- Coming back -----------------------------------------------------------------------------------


def back(seq: int, said_since: int, **more: str) -> Case:
    """A person who comes back and has seen #lobby up to event ``seq``; ``said_since`` messages are
    new."""
    saved = SavedState(more.get("log", "log-1"), ("lobby",), "lobby", {"lobby": seq})
    return Case(before=LONG[: seq + said_since], saved=saved)


def end(case: Case) -> None:
    case.keys("\x03", "\x03")
    assert case.ends


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


def test_the_last_event_shown_is_saved() -> None:
    case = Case(before=LONG[:3])
    case.server.bob_says("four")
    case.server.later(SAVE_SECONDS + 1)
    cursors = len(case.server.log)
    assert case.saved == [(SavedState("log-1", ("lobby",), "lobby", {"lobby": cursors}), set())]
    case.server.later(10 * SAVE_SECONDS)
    assert len(case.saved) == 1
    case.server.bob_says("five")
    case.settle()
    end(case)
    assert case.saved[-1][0].cursors == {"lobby": cursors + 1}


def test_a_room_that_was_left_is_saved_as_left() -> None:
    case = Case()
    case.keys("/join ops\r")
    case.tell(events.Exited("lobby", "ops"))
    end(case)
    assert case.saved[-1] == (SavedState("log-1", ("ops",), "ops", {"ops": 1}), {"lobby"})


def test_a_room_that_was_left_and_entered_again_is_not_left() -> None:
    case = Case()
    case.tell(events.Exited("lobby", ""))
    case.keys("/join lobby\r")
    end(case)
    assert case.saved[-1][1] == set()


def test_nothing_is_saved_if_the_server_was_not_reached() -> None:
    assert Case(refuse=True).saved == []


def test_a_failure_to_save_is_reported_once(case: Case) -> None:
    case.no_place = True
    for _ in range(3):
        case.server.bob_says("hi")
        case.server.later(SAVE_SECONDS + 1)
    notes = [line for line in case.glass.history if "!! The state cannot be saved for the next time" in line]
    assert len(notes) == 1
    assert case.shows("No space left on device.")


# -- A terminal that can only print ----------------------------------------------------------------


def test_a_terminal_that_can_only_print_gets_the_history_as_lines() -> None:
    case = Case(before=LONG, dumb=True)
    case.keys(PAGE_UP)
    assert "This terminal can only print lines: /history shows earlier messages." in case.glass.text
    case.keys("/search 77\r", "/jump 2\r")
    assert not case.glass.is_alternate
    assert "number 177" in case.glass.text
    assert "number 178" in case.glass.text
    end(case)


# -- Passwords -------------------------------------------------------------------------------------

RIGHT = "zebra-quartz-lantern"


def registered(**more: Any) -> Case:
    return Case(passwords={"ada": RIGHT, "eve": RIGHT}, **more)


def test_the_password_of_a_registered_nick_is_asked_for_and_never_drawn() -> None:
    case = registered()
    assert "Type its password, or an empty line to" in case.status
    case.keys(RIGHT)
    assert case.typed == "password:"
    case.keys("\r")
    assert case.shows("You are in #lobby")
    assert case.typed == "ada>"
    case.keys("\x1b[A", "\x19")  # Up, Ctrl-Y
    assert case.typed == "ada>"
    assert not case.shows("zebra")


def test_a_wrong_password_is_asked_for_again_and_nothing_typed_meanwhile_is_a_message() -> None:
    case = registered()
    case.client.keys(b"wrong-one\r" + RIGHT.encode())
    case.settle()
    assert case.shows("!! That is not the password of ada.")
    assert case.typed == "password:"
    case.keys("\r")
    assert case.shows("You are in #lobby")
    assert case.server.texts == []


def test_an_empty_line_goes_back_to_choosing_a_nick() -> None:
    case = registered()
    case.keys("\r")
    assert case.shows("You gave no password.")
    assert case.typed == "nick:"
    case.keys("eve\r")
    assert case.typed == "password:"
    case.keys("\r")
    case.keys("bob\r")
    assert case.shows("You are in #lobby")
    assert case.typed == "bob>"


def test_the_password_of_the_server_comes_first() -> None:
    case = registered(server_password="of the server")
    assert "Type the password of the server" in case.status
    case.keys("wrong\r")
    assert case.shows("!! That is not the password of the server.")
    case.keys("of the server\r")
    assert "Type its password" in case.status
    case.keys(f"{RIGHT}\r")
    assert case.shows("You are in #lobby")
    case.server.connections[-1].cut()
    case.server.later(1)
    assert case.typed == "ada>"
    assert len([one for one in case.server.connections if one.live]) == 1


def test_a_reconnection_logs_in_with_what_is_in_memory_and_asks_when_that_is_wrong() -> None:
    kept: list[str] = []
    case = registered(login=Login(remember=True, keep_secret=kept.append))
    case.keys(f"{RIGHT}\r")
    case.keys("half a thought")
    case.server.connections[-1].cut()
    case.server.later(1)
    hello = case.server.connections[-1].received[0]
    assert isinstance(hello, commands.Hello)
    assert (hello.secret, hello.password) == ("secret-0", "")
    assert case.typed == "ada> half a thought"
    assert kept == ["secret-0"]
    case.server.secrets.clear()
    case.server.connections[-1].cut()
    case.server.later(1)
    assert kept == ["secret-0", ""]
    assert case.typed == "password:"
    case.keys(f"{RIGHT}\r")
    assert case.typed == "ada> half a thought"


def test_registering_asks_twice_and_keeps_the_password_for_the_next_connection(case: Case) -> None:
    case.keys("/register\r")
    assert "Type a new password" in case.status
    case.keys("short\r")
    assert case.typed == "password:"
    case.keys(f"{RIGHT}\r")
    assert "Type it once more" in case.status
    case.keys("another-password\r")
    assert case.shows("!! These are two different passwords.")
    case.keys(f"{RIGHT}\r", f"{RIGHT}\r")
    assert case.shows("ada is your nick now")
    assert case.server.passwords == {"ada": RIGHT}
    case.server.connections[-1].cut()
    case.server.later(1)
    assert case.typed == "ada>"
    case.keys("\x1b[A")
    assert case.typed == "ada>"


def test_changing_the_password_asks_for_the_old_one_again_if_it_is_wrong(case: Case) -> None:
    case.server.passwords["ada"] = RIGHT
    case.keys("/password\r")
    for wrong in ("wrong-password\r", "the-new-one\r", "the-new-one\r"):
        case.keys(wrong)
    assert case.shows("!! That is not the password of ada.")
    assert "Type your password" in case.status
    for right in (f"{RIGHT}\r", "the-new-one\r", "the-new-one\r"):
        case.keys(right)
    assert case.server.passwords["ada"] == "the-new-one"
    assert case.typed == "ada>"


def test_giving_up_changes_nothing(case: Case) -> None:
    case.keys("/login eve\r")
    case.keys("\r")
    assert case.shows("You gave no password. Nothing has changed.")
    assert case.typed == "ada>"
    case.keys("a message\r")
    assert case.server.texts == ["a message"]


def test_logging_in_to_another_account_changes_the_nick(case: Case) -> None:
    case.server.passwords["eve"] = RIGHT
    case.keys("/login eve\r")
    case.keys(f"{RIGHT}\r")
    assert case.typed == "eve>"


def test_a_password_behind_a_command_is_not_brought_back(case: Case) -> None:
    case.keys("first\r", f"/login ada {RIGHT}\r", "\x1b[A")
    assert case.typed == "ada> first"
    assert not case.shows("zebra")


def test_logging_out_ends_the_client_and_forgets_the_secret() -> None:
    kept: list[str] = []
    case = registered(login=Login(RIGHT, remember=True, keep_secret=kept.append))
    case.keys("/logout\r")
    case.server.later(2)
    assert kept == ["secret-0", ""]
    assert case.ends == [(0, "")]


def test_a_terminal_that_echoes_is_told_to_hide_a_password() -> None:
    case = registered(dumb=True)
    assert case.hidden
    lines = [line[6:].strip() for line in case.glass.history if line.strip()]
    assert lines == ["-- ada is registered.", "-- Type its password, or an empty line to choose another nick:"]
    case.keys(f"{RIGHT}\n")
    assert not case.hidden
    assert case.shows("You are in #lobby")


def test_a_password_that_others_could_read_is_asked_for_with_a_warning() -> None:
    case = registered(login=Login(is_private=False))
    assert "Not encrypted! Type its password" in case.status


def test_a_password_pasted_below_its_command_is_no_message(case: Case) -> None:
    case.keys(f"\x1b[200~/login eve\n{RIGHT}\x1b[201~\r")
    assert case.shows("What you pasted below the command may be a password")
    assert case.server.texts == []


def test_a_question_is_still_there_when_the_connection_is_back(case: Case) -> None:
    case.server.passwords["eve"] = RIGHT
    case.keys("/login eve\r")
    case.keys("zebra-")
    case.server.connections[-1].cut()
    case.server.later(1)
    assert case.shows("The connection is back.")
    assert case.typed == "password:"
    case.keys("quartz-lantern\r")
    assert case.typed == "eve>"
    assert case.server.texts == []
