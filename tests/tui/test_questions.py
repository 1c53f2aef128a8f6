"""Asking for another nick, and for passwords."""

from __future__ import annotations

from chatd.client.link import PAUSES
from chatd.client.login import Login
from chatd.core import commands
from tests.tui.person import RIGHT, Case, registered


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


def test_whoever_is_asked_for_a_nick_can_leave() -> None:
    case = Case(nick_taken="ada")
    case.keys("/quit\r")
    assert case.ends == [(0, "")]


def test_what_was_typed_before_a_nick_clash_is_kept(case: Case) -> None:
    case.keys("half a li")
    case.server.nick_taken = "ada"
    case.server.connections[-1].cut()
    case.server.later(PAUSES[1])
    assert case.typed == "nick:"
    assert "choose a nick" in case.status
    assert "lost" not in case.status
    case.keys("ada\r")
    assert case.typed == "nick:"
    case.keys("eve\r")
    assert case.typed == "eve> half a li"
    case.keys("ne\r")
    assert case.server.texts == ["half a line"]


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
    assert case.shows("-- That is not the password of the server.")
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
    case.settle()
    hello = case.server.connections[-1].received[0]
    assert isinstance(hello, commands.Hello)
    assert (hello.secret, hello.password) == ("secret-0", "")
    assert case.typed == "ada> half a thought"
    assert kept == ["secret-0"]
    case.server.secrets.clear()
    case.server.connections[-1].cut()
    case.server.later(1)
    case.settle()
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


def test_a_nick_can_be_registered_where_only_registered_people_are_admitted() -> None:
    case = Case(invitation="the-code")
    assert case.shows("!! Only registered people are admitted. Write /register NICK CODE.")
    assert case.typed == "nick:"
    case.keys("/register\r")
    assert case.shows("!! Type a nick, or /register NICK to register it, or /quit.")
    case.keys("\x15/register ada b c\r")
    assert case.shows("!! /register takes your nick and an invitation")
    case.keys("\x15/register ada wrong\r")
    assert case.shows("!! This invitation is not valid.")
    assert case.typed == "nick:"
    case.keys("/register ada the-code\r")
    assert case.shows("You are registering ada.")
    assert case.typed == "password:"
    case.keys("short\r", f"{RIGHT}\r")
    assert "Type it once more" in case.status
    case.keys(f"{RIGHT}\r")
    assert case.shows("You are in #lobby")
    assert case.server.passwords == {"ada": RIGHT}
    case.server.connections[-1].cut()
    case.server.later(1)
    assert case.typed == "ada>", "the next connection logs in"


def test_registering_can_be_given_up() -> None:
    case = Case(invitation="", passwords={"eve": RIGHT})
    case.keys("/register ada\r")
    case.keys("\r")
    assert case.shows("You gave no password.")
    case.keys("eve\r")
    assert case.shows("eve is registered.")
    case.keys(f"{RIGHT}\r")
    assert case.typed == "eve>"
    assert case.server.passwords == {"eve": RIGHT}


def test_registering_saves_a_secret_at_once_where_the_user_wants_one() -> None:
    kept: list[str] = []
    case = Case(login=Login(remember=True, keep_secret=kept.append))
    case.keys("/register\r")
    case.keys(f"{RIGHT}\r", f"{RIGHT}\r")
    assert kept == ["secret-0"]


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


def test_a_question_is_still_there_when_the_connection_is_back(case: Case) -> None:
    case.server.passwords["eve"] = RIGHT
    case.keys("/login eve\r")
    case.keys("zebra-")
    case.server.connections[-1].cut()
    case.server.later(1)
    case.settle()
    assert case.shows("The connection is back.")
    assert case.typed == "password:"
    case.keys("quartz-lantern\r")
    assert case.typed == "eve>"
    assert case.server.texts == []
