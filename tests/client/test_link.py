"""The link: whenever it breaks, nothing is lost and nothing is repeated."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.client.link import (
    ANSWER_SECONDS,
    LOST_SECONDS,
    PAUSES,
    PING_SECONDS,
    QUIT_SECONDS,
    ReconnectingLink,
)
from chatd.codecs.json import encode_command
from chatd.core import answers, commands, events
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event, Reason
from chatd.core.limits import LINE_BYTES, ROOM_CHARACTERS, ROOMS_PER_PERSON
from chatd.tui.cursors import Cursors
from tests.client.scripted import ScriptedServer

HELLO = commands.Hello("ada", token="0123456789abcdef", rooms=("lobby",))


class Recorder:
    """A listener that records its callbacks."""

    def __init__(self) -> None:
        self.news: list[Event | Answer] = []
        self.answered: list[Command] = []
        self.refusals: list[tuple[str, bool]] = []
        self.losses: list[tuple[str, float]] = []
        self.distrust: list[str] = []
        self.ended = 0

    def on_received(self, news: Event | Answer, command: Command | None) -> None:
        self.news.append(news)
        if command is not None:
            self.answered.append(command)

    def on_hello_refused(self, refusal: answers.Refused, for_nick: bool) -> None:
        self.refusals.append((refusal.code, for_nick))

    def on_link_lost(self, why: str, pause: float) -> None:
        self.losses.append((why, pause))

    def on_untrusted(self, why: str) -> None:
        self.distrust.append(why)

    def on_link_ended(self) -> None:
        self.ended += 1

    @property
    def others(self) -> list[str]:
        """The texts of others."""
        return [text for text in self.texts if not text.startswith("ada")]

    @property
    def texts(self) -> list[str]:
        """All texts, with the scrollback."""
        news = [one for news in self.news for one in (news.scrollback if isinstance(news, answers.Entered) else (news,))]
        return [said.text for said in news if isinstance(said, events.Said)]


class Case:
    """A link to a scripted server."""

    def __init__(
        self, nick_taken: str = "", start: bool = True, rooms: tuple[str, ...] = ("lobby",), cursors: Cursors | None = None
    ) -> None:
        self.server = ScriptedServer(nick_taken)
        self.recorder = Recorder()
        hello = replace(HELLO, rooms=rooms)
        self.link = ReconnectingLink(self.server.clock, self.server, hello, self.recorder, jitter=lambda: 0.5, cursors=cursors)
        if start:
            self.start()

    def start(self) -> None:
        self.link.start()
        self.server.settle()

    @property
    def last(self) -> list[Command]:
        """The commands that the newest connection has received."""
        return self.server.connections[-1].received

    def say(self, text: str) -> None:
        self.link.send(commands.Say(text, "lobby"))


def test_hello_welcome_and_a_message() -> None:
    case = Case()
    assert case.link.up
    case.say("hi")
    assert case.link.outbox
    case.server.settle()
    assert case.server.texts == ["hi"]
    assert [type(news).__name__ for news in case.recorder.news if isinstance(news, Answer)] == ["Welcome", "Entered", "Ack"]
    assert case.recorder.texts == []
    assert not case.link.outbox


def test_messages_sent_before_the_link_is_up_wait() -> None:
    case = Case(start=False)
    case.say("early")
    case.start()
    assert case.server.texts == ["early"]


def test_quit_comes_after_everything_sent() -> None:
    case = Case()
    case.say("bye")
    case.link.quit("so long")
    case.link.quit("twice")
    case.server.settle()
    assert case.last[-1] == commands.Quit("so long")
    assert case.server.texts == ["bye"]
    assert case.recorder.ended == 1
    assert not case.recorder.losses
    assert not case.server.clock.getDelayedCalls()


def test_quit_does_not_wait_for_a_silent_server() -> None:
    case = Case()
    case.link.quit()
    before = case.recorder.ended
    case.server.clock.advance(QUIT_SECONDS)
    case.server.settle()
    assert (before, case.recorder.ended) == (0, 1)


def test_quit_without_a_link_ends_at_once() -> None:
    case = Case(start=False)
    case.server.refuse = True
    case.start()
    case.link.quit()
    assert case.recorder.ended == 1
    assert not case.server.clock.getDelayedCalls()


def test_a_refused_connection_is_tried_again_with_growing_pauses() -> None:
    case = Case(start=False)
    case.server.refuse = True
    case.start()
    case.server.later(120)
    pauses = [pause for _, pause in case.recorder.losses]
    assert pauses[:4] == [PAUSES[0], 2 * PAUSES[0], 4 * PAUSES[0], 8 * PAUSES[0]]
    assert max(pauses) == PAUSES[1]
    assert {why for why, _ in case.recorder.losses} == {"connection refused"}
    case.server.refuse = False
    case.server.later(PAUSES[1])
    assert case.link.up
    case.server.connections[-1].cut()
    case.server.settle()
    assert case.recorder.losses[-1][1] == PAUSES[0]


@pytest.mark.parametrize(("jitter", "factor"), [(0.0, 0.75), (1.0, 1.25)])
def test_pauses_have_jitter(jitter: float, factor: float) -> None:
    server, recorder = ScriptedServer(), Recorder()
    server.refuse = True
    ReconnectingLink(server.clock, server, HELLO, recorder, jitter=lambda: jitter).start()
    assert recorder.losses[0][1] == PAUSES[0] * factor


@pytest.mark.parametrize("ack_first", [True, False])
@pytest.mark.parametrize("reads", range(6))
@pytest.mark.parametrize("writes", [*range(11), None])
def test_a_break_at_any_point_loses_and_repeats_nothing(reads: int, writes: int | None, ack_first: bool) -> None:
    """Hello, three messages and their answers; the connection breaks after so many lines, and the
    next one does again."""
    case = Case(start=False)
    case.server.ack_first = ack_first
    case.server.script = [(reads, writes), (writes, reads), (2, None)]
    case.start()
    for number in range(3):
        case.say(f"ada {number}")
        case.server.bob_says(f"bob {number}")
        case.server.settle()
    case.server.later(10)
    case.server.bob_says("end")
    case.server.later(10)
    assert [text for text in case.server.texts if text.startswith("ada")] == ["ada 0", "ada 1", "ada 2"]
    assert case.recorder.others == ["bob 0", "bob 1", "bob 2", "end"]
    assert [command.id[-2:] for command in case.recorder.answered] == ["-1", "-2", "-3"]
    assert not case.link.outbox


steps = st.lists(
    st.one_of(
        st.sampled_from(["say", "bob", "cut", "settle", "wait", "refuse", "accept", "who"]),
        st.tuples(st.none() | st.integers(0, 4), st.none() | st.integers(0, 6)),
    ),
    max_size=25,
)


@given(steps, st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_sequence_ends_with_everything_once_and_in_order(story: list[object], ack_first: bool) -> None:
    case = Case()
    case.server.ack_first = ack_first
    said, others = [], []
    for number, step in enumerate(story):
        match step:
            case "say":
                said.append(f"ada {number}")
                case.say(said[-1])
            case "bob":
                others.append(f"bob {number}")
                case.server.bob_says(others[-1])
            case "cut":
                case.server.connections[-1].cut()
            case "settle":
                case.server.settle()
            case "wait":
                case.server.later(3)
            case "refuse" | "accept":
                case.server.refuse = step == "refuse"
            case "who":
                case.link.send(commands.Who("lobby"))
            case (int() | None as reads, int() | None as writes):
                last = case.server.connections[-1]
                last.reads, last.writes = reads, writes
    case.server.refuse = False
    case.server.connections[-1].reads = case.server.connections[-1].writes = None
    case.server.later(2 * PAUSES[1])
    # A break is noticed at the next write at the latest: this one and its answer.
    said.append("ada last")
    case.say("ada last")
    case.server.later(2 * PAUSES[1])
    assert [text for text in case.server.texts if not text.startswith("bob")] == said
    assert case.recorder.texts == others  # Own messages are confirmed by their acks.
    assert not case.link.outbox
    assert case.link.up


def test_an_ack_that_overtakes_does_not_hide_what_comes_after_it() -> None:
    case = Case()
    connection = case.server.connections[-1]
    connection.tell(answers.Ack("lobby", 4, 0, id="x"))
    connection.tell(events.Said("lobby", 2, 0, "bob", "", "two"))
    connection.tell(events.Said("lobby", 3, 0, "bob", "", "three"))
    connection.tell(events.Said("lobby", 3, 0, "bob", "", "three"))
    connection.tell(events.Said("lobby", 4, 0, "ada", "", "mine", id="x"))
    case.server.settle()
    assert case.recorder.texts == ["two", "three"]
    connection.cut()
    case.server.later(1)
    hello = case.last[0]
    assert isinstance(hello, commands.Hello)
    assert hello.resume == {"lobby": 4}
    assert hello.log == "log-1"


def test_nobody_else_can_confirm_a_message() -> None:
    case = Case()
    case.server.connections[-1].live = False
    case.say("mine")
    case.server.settle()
    case.server.connections[-1].live = True
    (id,) = case.link.outbox
    case.server.connections[-1].tell(events.Said("lobby", 2, 0, "mallory", "", "not yours", id=id))
    case.server.settle()
    assert case.recorder.texts == ["not yours"]
    assert case.link.outbox


def test_after_a_restart_with_a_new_log_the_numbers_start_again() -> None:
    case = Case()
    for number in range(5):
        case.server.bob_says(f"old {number}")
    case.server.settle()
    case.server.restart("log-2")
    case.server.connections[-1].cut()
    case.server.later(1)
    case.server.bob_says("new")
    case.server.settle()
    assert case.recorder.texts[-1] == "new"
    assert any(isinstance(news, answers.Missed) for news in case.recorder.news)


def test_a_restart_of_the_server_on_the_same_log_loses_nothing() -> None:
    case = Case()
    case.server.bob_says("1")
    case.server.settle()
    for run in ("run-2", "run-3"):
        case.server.begin_run(run)
        case.server.connections[-1].cut()
        case.server.settle()
        case.server.bob_says(f"before {run}")
        case.server.later(1)
        assert case.link.cursors.log == run
    assert case.recorder.texts == ["1", "before run-2", "before run-3"]
    assert not any(isinstance(news, answers.Missed) for news in case.recorder.news)


def test_until_every_room_is_answered_the_numbers_are_those_of_the_run_before() -> None:
    cursors = Cursors()
    cursors.reset("run-1")
    for room in ("lobby", "ops", "tea"):
        cursors.advance(room, 7)
    case = Case(start=False, cursors=cursors)
    case.server.silent = True
    case.start()
    connection = case.server.connections[-1]
    for answer in (
        answers.Welcome("ada", "chatd", "run-2", id="hello"),
        answers.Entered("ops", 9, 1, ("ada",), id="hello"),
        answers.Refused("not-delivered", "Not delivered.", id="hello"),
        answers.Missed("tea", 0, 3),
    ):
        connection.tell(answer)
        case.server.settle()
        assert case.link.cursors.log == "run-1"
    connection.tell(answers.Entered("lobby", 9, 1, ("ada",), id="hello"))
    case.server.settle()
    assert case.link.cursors.log == "run-2"


def test_missed_events_are_reported_and_skipped() -> None:
    case = Case()
    connection = case.server.connections[-1]
    connection.tell(answers.Missed("lobby", 2, 9))
    connection.tell(events.Said("lobby", 9, 0, "bob", "", "old"))
    connection.tell(events.Said("lobby", 10, 0, "bob", "", "new"))
    case.server.settle()
    assert case.recorder.texts == ["new"]


def test_the_cursors_of_an_earlier_run_are_resumed() -> None:
    cursors = Cursors()
    cursors.reset("log-1")
    cursors.advance("lobby", 2)
    case = Case(start=False, cursors=cursors)
    for number in range(1, 6):
        case.server.bob_says(f"{number}")
    case.start()
    assert case.last[0] == replace(HELLO, resume={"lobby": 2}, log="log-1", id="hello")
    assert case.recorder.texts == ["3", "4", "5"]


def test_the_longest_names_of_all_rooms_fit_into_a_hello() -> None:
    rooms = tuple(f"{number:02}{'漢' * (ROOM_CHARACTERS - 2)}" for number in range(ROOMS_PER_PERSON))
    cursors = Cursors()
    cursors.reset("log-1")
    for room in rooms:
        cursors.advance(room, 10**9)
    case = Case(rooms=(*rooms[:-1], "new"), cursors=cursors)
    hello = case.last[0]
    assert isinstance(hello, commands.Hello)
    assert len(encode_command(hello)) <= LINE_BYTES
    assert {*hello.rooms, *hello.resume} == {*rooms, "new"}


def test_rooms_left_are_not_resumed_and_rooms_entered_are() -> None:
    case = Case()
    case.link.send(commands.Join("ops"))
    case.server.settle()
    case.server.connections[-1].tell(answers.Exited("lobby", "ops"))
    case.server.settle()
    case.server.connections[-1].cut()
    case.server.later(1)
    hello = case.last[0]
    assert isinstance(hello, commands.Hello)
    assert hello.rooms == ("ops",)
    assert hello.resume == {"ops": 1}


def test_a_new_nick_is_kept_over_a_break() -> None:
    case = Case()
    case.link.send(commands.Nick("eve"))
    case.server.settle()
    case.server.connections[-1].cut()
    case.server.later(1)
    assert isinstance(case.last[0], commands.Hello)
    assert case.last[0].nick == "eve"


def test_a_refused_nick_can_be_followed_by_another() -> None:
    case = Case(nick_taken="ada")
    assert case.recorder.refusals == [("nick-taken", True)]
    case.link.hello_as("eve")
    case.server.settle()
    assert case.link.up


def test_nothing_is_tried_again_while_there_is_no_nick() -> None:
    case = Case(nick_taken="ada")
    case.server.connections[-1].cut()
    case.server.later(100)
    assert len(case.server.connections) == 1
    assert not case.recorder.losses
    case.link.hello_as("eve")
    case.server.settle()
    assert case.link.up
    assert len(case.server.connections) == 2


def test_another_refusal_of_the_hello_ends_the_connection() -> None:
    case = Case(start=False)
    case.server.silent = True
    case.start()
    case.server.connections[-1].tell(answers.Refused("server-full", "The server is full.", id="hello"))
    case.server.settle()
    assert case.recorder.refusals == [("server-full", False)]
    assert case.recorder.losses == [("The server is full", PAUSES[0])]


def test_silence_causes_a_ping_and_then_a_lost_link() -> None:
    case = Case()
    case.server.later(PING_SECONDS + 1)
    assert case.last[-1] == commands.Ping()
    case.server.later(10 * PING_SECONDS)
    assert case.link.up
    case.server.silent = True
    case.server.later(2 * LOST_SECONDS)
    assert "nothing was received for 60 s" in [why for why, _ in case.recorder.losses]


def test_any_message_counts_as_a_sign_of_life() -> None:
    case = Case()
    for _ in range(10):
        case.server.later(PING_SECONDS - 1)
        case.server.bob_says("still here")
        case.server.settle()
    assert commands.Ping() not in case.last


def test_a_server_that_does_not_answer_is_given_up() -> None:
    case = Case(start=False)
    case.server.silent = True
    case.start()
    case.server.later(ANSWER_SECONDS + 1)
    assert case.recorder.losses[0][0] == "no answer; is it a chatd server?"


def test_unknown_news_is_ignored() -> None:
    case = Case()
    case.server.connections[-1].send(b'{"type": "novelty", "n": 1}\n')
    case.server.bob_says("still here")
    case.server.settle()
    assert case.recorder.texts == ["still here"]


def test_a_protocol_error_ends_the_connection() -> None:
    case = Case()
    case.server.connections[-1].send(b"SSH-2.0-OpenSSH\r\n")
    case.server.settle()
    assert case.recorder.losses[0][0] == "this is not a chatd server, or it speaks another version of the protocol"
    case.server.later(1)
    assert case.link.up


def test_the_servers_goodbye_is_the_reason() -> None:
    case = Case()
    case.server.connections[-1].tell(answers.Closing(Reason.SHUTDOWN))
    case.server.connections[-1].cut()
    case.server.settle()
    assert case.recorder.losses[0][0] == "the server is shutting down"


def test_while_paused_nothing_is_read_and_silence_does_not_count() -> None:
    case = Case()
    case.link.pause(True)
    case.server.bob_says("later")
    case.server.silent = True
    case.server.later(3 * LOST_SECONDS)
    assert case.link.up
    case.link.pause(False)
    case.server.settle()
    assert case.recorder.texts == ["later"]
