"""The link of a screen in the server: bounds, order and ends. What it carries is tested with the
screen."""

from __future__ import annotations

from twisted.internet.task import Clock

from chatd.core import answers, commands, events
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import BanSet, Event
from chatd.core.limits import SCREEN_BYTES, SCREEN_COMMANDS
from chatd.core.registry import Settings
from chatd.core.rooms import SERVER
from chatd.doors.screen_link import ScreenLink
from tests.doors.wire import RunningServer


class User:
    """A wire and a listener, which records."""

    transport = None

    def __init__(self, server: RunningServer, nick: str = "ada") -> None:
        self.server = server
        self.is_ready = True
        self.received: list[tuple[Event | Answer, Command | None]] = []
        self.refused: list[tuple[str, bool]] = []
        self.ends: list[str] = []
        self.more = 0
        self.link = ScreenLink(server.shared, server.clock, "192.0.2.1", 0, "ssh", True, self, lambda: self.ends.append("gone"))
        self.link.start(self)
        if nick:
            self.link.hello_as(nick)
        self.settle()

    def settle(self) -> None:
        for _ in range(5):
            self.server.clock.advance(0)

    def take_more(self) -> None:
        self.more += 1

    def on_received(self, news: Event | Answer, command: Command | None) -> None:
        self.received.append((news, command))

    def on_hello_refused(self, refusal: answers.Refused, for_nick: bool) -> None:
        self.refused.append((refusal.code, for_nick))

    def on_link_lost(self, why: str, pause: float) -> None:
        raise AssertionError

    def on_untrusted(self, why: str) -> None:
        raise AssertionError

    def on_link_ended(self) -> None:
        self.ends.append("ended")

    def texts(self) -> list[str]:
        return [news.text for news, _ in self.received if isinstance(news, events.Said)]


def test_a_command_comes_back_with_its_answer_and_an_own_message_once(clock: Clock) -> None:
    user = User(RunningServer(clock))
    assert (user.link.up, user.link.nick, user.link.log) == (True, "ada", "testlog")
    sent = user.link.send(commands.Say("hi"))
    user.settle()
    [(ack, command)] = [pair for pair in user.received if isinstance(pair[0], answers.Ack)]
    assert isinstance(ack, answers.Ack)
    assert command == sent
    assert user.texts() == []
    assert user.link.last_received("lobby") == ack.seq
    assert user.link.unanswered == 0
    user.link.send(commands.Nick("eve"))
    user.settle()
    assert user.link.nick == "eve"
    user.link.quit()
    user.settle()
    assert user.ends == ["ended", "gone"]
    user.link.lost()


def test_a_refused_nick_can_be_chosen_again(clock: Clock) -> None:
    user = User(RunningServer(clock), "lobby")
    assert user.refused == [("nick-reserved", True)]
    user.link.hello_as("bob")
    user.settle()
    assert user.link.up
    user.link.lost()
    assert user.ends == ["ended"]
    clock.advance(0)


def test_another_refusal_ends_the_link(clock: Clock) -> None:
    server = RunningServer(clock, Settings(address_rate=0))
    server.registry.store.log(SERVER).append(BanSet("@server", 0, 0, "eve", "", "ada"), lambda outcome: None)
    user = User(server)
    assert user.refused == [("banned", False)]
    user.settle()
    user.link.stop()
    assert user.ends == ["ended", "gone"]
    assert user.link.why.startswith("You are banned from this server")


def test_a_nick_is_registered_where_only_registered_people_are_admitted(clock: Clock) -> None:
    user = User(RunningServer(clock, Settings(address_rate=0, accounts_only=True)))
    assert user.refused == [("registration-needed", True)]
    user.link.hello_as("ada", code="")
    user.settle()
    assert user.refused[1:] == [("password-needed", True)]
    user.link.stop()
    user.settle()


def test_what_cannot_be_shown_waits_in_the_logs(clock: Clock) -> None:
    server = RunningServer(clock, Settings(address_rate=0, flood_rate=0))
    user, talker = User(server), User(server, "bob")
    user.is_ready = False
    for number in range(300):
        talker.link.send(commands.Say(f"{number} {'x' * 500}"))
        talker.settle()
    assert user.link._size < SCREEN_BYTES + 20_000
    assert user.texts() == []
    user.is_ready = True
    user.link.ready()
    for _ in range(200):
        clock.advance(0)
    assert [text.split()[0] for text in user.texts()] == [str(number) for number in range(300)]
    for each in (user, talker):
        each.link.lost()
    clock.advance(0)


def test_commands_wait_for_flood_control_in_order(clock: Clock) -> None:
    user = User(RunningServer(clock))
    for number in range(SCREEN_COMMANDS + 50):
        user.link.send(commands.Say(str(number)))
    user.settle()
    assert user.link.is_congested
    before = user.more
    for _ in range(60):
        clock.advance(1)
        user.settle()
    assert not user.link.is_congested
    assert user.more > before
    acks = [command for news, command in user.received if isinstance(news, answers.Ack)]
    assert [command.text for command in acks if isinstance(command, commands.Say)][:5] == ["0", "1", "2", "3", "4"]
    assert len(acks) == SCREEN_COMMANDS + 50
    user.link.lost()
    clock.advance(0)


def test_a_line_that_is_too_long_is_refused(clock: Clock) -> None:
    user = User(RunningServer(clock))
    user.link.send(commands.Say("x" * 5000))
    user.settle()
    assert any(isinstance(news, answers.Refused) and news.code == "too-long" for news, _ in user.received)
    user.link.lost()
    clock.advance(0)


def test_a_server_that_shuts_down_waits_until_the_wire_has_sent_everything(clock: Clock) -> None:
    server = RunningServer(clock)
    user = User(server)
    emptied = server.shared.shut_down()
    user.settle()
    assert user.ends == ["ended", "gone"]
    assert not emptied.called
    user.link.lost()
    assert emptied.called


def test_without_a_screen_the_reason_of_an_end_is_kept(clock: Clock) -> None:
    server = RunningServer(clock, Settings(address_rate=0, max_sessions=1))
    first = User(server)
    ends: list[str] = []
    second = ScreenLink(server.shared, clock, "192.0.2.1", 0, "ssh", True, first, lambda: ends.append("gone"))
    clock.advance(0)
    assert ends == ["gone"]
    assert "full" in second.why
    second.lost()
    first.link.lost()
    clock.advance(0)
