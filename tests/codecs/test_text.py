"""The codec for people: every sentence, exactly, and the commands in lines."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chatd.codecs.event_phrases import MODES
from chatd.codecs.text import TextCodec, TextView
from chatd.core import answers, command_table, commands, events
from chatd.core.answers import Answer, Refused
from chatd.core.commands import Command, Hello, Me, Msg, Say, Who
from chatd.core.driver import drive
from chatd.core.errors import NotText, Refusal
from chatd.core.events import Event, Joined, Left, Reason, Renamed, RetentionSet, Said, TopicSet
from chatd.core.names import parse_nick
from chatd.core.perform import perform, refuse
from chatd.core.registry import Registry, Settings
from chatd.core.text import safe_lines, safe_text
from chatd.testing import NOON, Visitor, arrive, new_registry
from tests.codecs.strategies import ANY_TEXT, NEWS, NICKS, SAFE_TEXT, TIMES, texts_of

CODEC = TextCodec(lambda: NOON)
TALK = CODEC.talk()

HELP = answers.HelpLine("help", "/help [COMMAND]", "list the commands, or explain one")
MSG = answers.HelpLine("msg", "/msg NICK TEXT", "tell one person")


@pytest.fixture(autouse=True)
def _two_hours_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The zone of the server is two hours ahead of UTC."""
    monkeypatch.setenv("TZ", "EAST-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def said(text: str = "hi", **fields: object) -> Said:
    return Said("lobby", 7, NOON, "ada", "seat", text, **fields)  # type: ignore[arg-type]


def encoded(news: Event | Answer, view: TextView = TextView.CURRENT_ROOM) -> bytes:
    return CODEC.encode(news, view) if isinstance(news, Event) else TALK.encode(news)


def done(cls: type[Event], *more: object) -> Event:
    return cls("lobby", 7, NOON, "ada", "seat", *more)


PADDING = "." * 74
FORGED = "<ada> my password is hunter2"
PADDED = f"{PADDING}{FORGED}"


@pytest.mark.parametrize(
    ("news", "view", "line"),
    [
        (
            said(
                PADDED,
            ),
            TextView.CURRENT_ROOM,
            f"<ada> {PADDING}↳ {FORGED}",
        ),
        (said(f"{PADDING[:67]}{FORGED}"), TextView.OTHER_ROOM, f"#lobby <ada> {PADDING[:67]}↳ {FORGED}"),
        (said(f"{PADDING}* ada waves", action=True), TextView.CURRENT_ROOM, f"* ada {PADDING}↳ * ada waves"),
        (events.Private("@", 7, NOON, "ada", "seat", PADDED), TextView.CURRENT_ROOM, f"[ada] {PADDING}↳ {FORGED}"),
        (
            TopicSet("lobby", 7, NOON, "ada", "seat", "." * 44 + FORGED),
            TextView.CURRENT_ROOM,
            f"-- ada has set the topic of #lobby: {'.' * 44}↳ {FORGED}",
        ),
    ],
)
def test_no_text_begins_a_row_of_a_terminal_as_a_line_begins(news: Event | Answer, view: TextView, line: str) -> None:
    assert encoded(news, view).decode() == f"{line}\r\n"


@given(ANY_TEXT, st.booleans())
def test_no_line_of_a_message_begins_as_another_one(text: str, current: bool) -> None:
    shown = CODEC.encode(said(safe_lines(text)), TextView.CURRENT_ROOM if current else TextView.OTHER_ROOM).decode()
    head = "<ada> " if current else "#lobby <ada> "
    assert all(line.startswith(head) for line in shown.removesuffix("\r\n").split("\r\n"))
    assert "\n" not in shown.replace("\r\n", "")
    edited = CODEC.encode(done(events.Edited, 5, safe_lines(text)), TextView.CURRENT_ROOM).decode()
    assert edited.startswith("-- ada has changed a message")
    assert edited.count("\n") == edited.count("\r\n") == 1
    private = encoded(events.Private("@", 7, NOON, "ada", "seat", safe_lines(text))).decode()
    assert all(line.startswith("[ada] ") for line in private.removesuffix("\r\n").split("\r\n"))


# -- Events ----------------------------------------------------------------------------------------


DAY = 86_400_000


@pytest.mark.parametrize(
    ("event", "current", "elsewhere"),
    [
        (said(), "<ada> hi", "#lobby <ada> hi"),
        (said("waves", action=True), "* ada waves", "#lobby * ada waves"),
        (said("größe 日本 🙂"), "<ada> größe 日本 🙂", "#lobby <ada> größe 日本 🙂"),
        (Joined("lobby", 7, NOON, "ada", "seat"), "-- ada has joined #lobby", None),
        (Left("lobby", 7, NOON, "ada", "seat", Reason.LEFT), "-- ada has left #lobby", None),
        (Left("lobby", 7, NOON, "ada", "seat", Reason.QUIT), "-- ada has left #lobby (quit)", None),
        (Left("lobby", 7, NOON, "ada", "seat", Reason.QUIT, "bye"), "-- ada has left #lobby (quit: bye)", None),
        (Left("lobby", 7, NOON, "ada", "seat", Reason.LEFT, "bye"), "-- ada has left #lobby (bye)", None),
        (Left("lobby", 7, NOON, "ada", "seat", Reason.LINK_LOST), "-- ada has left #lobby (connection lost)", None),
        (Left("lobby", 7, NOON, "ada", "seat", Reason.TIMED_OUT), "-- ada has left #lobby (timed out)", None),
        (Left("lobby", 7, NOON, "ada", "seat", Reason.NOT_READING), "-- ada has left #lobby (not reading)", None),
        (Left("lobby", 7, NOON, "ada", "seat", Reason.REPLACED), "-- ada has left #lobby (reconnected)", None),
        (Left("lobby", 7, NOON, "ada", "seat", Reason.SHUTDOWN), "-- ada has left #lobby (server shutdown)", None),
        (Left("lobby", 7, NOON, "ada", "", Reason.KICKED, "spam"), "-- An operator has removed ada from the server: spam", None),
        (Renamed("lobby", 7, NOON, "ada", "seat", "bob"), "-- ada is now known as bob", "-- ada is now known as bob (in #lobby)"),
        (TopicSet("lobby", 7, NOON, "ada", "seat", "tea"), "-- ada has set the topic of #lobby: tea", None),
        (TopicSet("lobby", 7, NOON, "ada", "seat", ""), "-- ada has removed the topic of #lobby", None),
        (
            RetentionSet("lobby", 7, NOON, "ada", "seat", "30d", NOON + DAY),
            "-- ada has set #lobby to keep messages for 30 days, from 2026-11-24 14:00 on; /keep changes it",
            None,
        ),
        (
            RetentionSet("lobby", 7, NOON, "ada", "seat", "none", NOON),
            "-- ada has set #lobby to keep no messages; /keep changes it",
            None,
        ),
        (
            RetentionSet("lobby", 7, NOON, "ada", "seat", "", NOON),
            "-- ada has set #lobby to keep messages as long as the server does; /keep changes it",
            None,
        ),
    ],
)
def test_an_event_is_one_line(event: Event, current: str, elsewhere: str | None) -> None:
    assert CODEC.encode(event, TextView.CURRENT_ROOM) == f"{current}\r\n".encode()
    assert CODEC.encode(event, TextView.OTHER_ROOM) == f"{elsewhere or current}\r\n".encode()


# -- Answers ---------------------------------------------------------------------------------------

NEW = answers.Entered("lobby", 3, 1, ("ada",), newcomer="ada")
PAST = (
    Joined("lobby", 1, NOON - DAY, "ada", ""),
    said("hi"),
    said("waves", action=True),
    said("-- not the server"),
)


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (answers.Greeting("chatd"), ["-- Welcome to chatd. What is your nick?"]),
        (answers.Welcome("ada", "chatd", "log"), []),
        (answers.Welcome("ada", "chatd", "log", ("Be kind.", "Be brief.")), ["-- Be kind.", "-- Be brief."]),
        (NEW, ["-- Hello ada. You are in #lobby, alone. /help lists what you can do."]),
        (answers.Entered("dev", 3, 1, ("ada",)), ["-- You are in #dev, alone."]),
        (answers.Entered("dev", 3, 2, ("bob", "ada")), ["-- You are in #dev with bob."]),
        (
            answers.Entered("lobby", 3, 3, ("bob", "eve", "ada"), newcomer="ada"),
            ["-- Hello ada. You are in #lobby with bob and eve. /help lists what you can do."],
        ),
        (answers.Entered("dev", 3, 4, ("a", "b", "c", "ada")), ["-- You are in #dev with a, b and c."]),
        (
            answers.Entered("dev", 3, 14, (*"abcdefghijklm", "ada")),
            ["-- You are in #dev with a, b, c, d, e, f, g, h, i, j, k, l and 1 other."],
        ),
        (
            answers.Entered("dev", 3, 900, (*"abcdefghijklm", "ada")),
            ["-- You are in #dev with a, b, c, d, e, f, g, h, i, j, k, l and 887 others."],
        ),
        (
            answers.Entered("lobby", 3, 2, ("bob", "ada"), "tea", {"bob": "at lunch"}, PAST),
            [
                "-- You are in #lobby with bob.",
                "-- The topic is: tea",
                "-- Earlier in #lobby:",
                "-- 2026-11-22 14:00 ada has joined #lobby",
                "-- 14:00 <ada> hi",
                "-- 14:00 * ada waves",
                "-- 14:00 <ada> -- not the server",
            ],
        ),
        (answers.Exited("dev", "lobby"), ["-- You have left #dev. You are now talking in #lobby."]),
        (answers.Exited("dev", ""), ["-- You have left #dev. You are not in any room now."]),
        (answers.Ack("lobby", 3, NOON), []),
        (answers.Done("nick", "bob"), ["-- You are now known as bob."]),
        (answers.Done("join", "dev"), ["-- You are now talking in #dev."]),
        (answers.Done("msg", "bob"), ["-- Sent to bob."]),
        (answers.Done("reply", "bob"), ["-- Sent to bob."]),
        (answers.Done("away", "at lunch"), ["-- You are away. /back ends it."]),
        (answers.Done("back"), ["-- You are back."]),
        (answers.Done("topic", "tea {}"), ["-- The topic is now: tea {}"]),
        (answers.Done("topic"), ["-- There is no topic now."]),
        (events.Private("@", 7, NOON, "ada", "seat", "psst"), ["[ada] psst"]),
        (events.Private("@", 7, NOON, "ada", "seat", "psst", to="bob"), ["[to bob] psst"]),
        (events.Private("@", 7, NOON - 60_000, "ada", "seat", "psst"), ["-- 13:59 [ada] psst"]),
        (
            events.RetentionSet("@", 7, NOON, "ada", "seat", "30d", NOON),
            ["-- ada has set your inbox to keep messages for 30 days; /keep changes it"],
        ),
        (answers.RetentionIs("@", "30d"), ["-- By your own choice, your inbox keeps messages for 30 days."]),
        (answers.RetentionIs("@"), ["-- Your inbox keeps messages forever."]),
        (answers.HistoryPage("@bob", (), False), ["-- There is no history of your private messages with bob to show."]),
        (
            answers.HistoryPage("@", (events.Private("@", 7, NOON, "ada", "seat", "psst", to="bob"),), True),
            ["-- History of your private messages (earlier: /history before 7 @):", "-- 14:00 [to bob] psst"],
        ),
        (
            answers.SearchResults(("psst",), (events.Private("@", 7, NOON, "ada", "seat", "psst\nthere"),)),
            [
                "-- Found, newest first (/history around TIME in:#ROOM shows the context):",
                "-- 2026-11-23T14:00:00 [ada] psst there",
            ],
        ),
        (answers.InboxIs(7, 7), []),
        (answers.InboxIs(6, 7), ["-- 1 private message is new:"]),
        (answers.InboxIs(5, 7), ["-- 2 private messages are new:"]),
        (answers.AwayNotice("bob", "", True), ["-- bob is not here, and gets your message when they come back."]),
        (answers.AwayNotice("bob", "at lunch"), ["-- bob is away: at lunch"]),
        (answers.AwayNotice("bob", ""), ["-- bob is away."]),
        (answers.PersonChanged("bob", "realname", "Robert"), ["-- bob has changed their realname: Robert"]),
        (answers.PersonChanged("bob", "away"), ["-- bob is back."]),
        (answers.PersonChanged("bob", "away", "lunch"), ["-- bob is away: lunch"]),
        (answers.PeopleList(()), ["-- There is nobody to describe."]),
        (
            answers.PeopleList(
                (
                    answers.PersonLine("ada", realname="Ada L.", away="lunch", account=True, operator=True, role="owner", idle=5),
                    answers.PersonLine("bob", away=""),
                    answers.PersonLine("eve"),
                )
            ),
            [
                "-- ada is Ada L. (owner, operator, registered, away: lunch, idle 5 s)",
                "-- bob (guest, away, idle 0 s)",
                "-- eve (guest, idle 0 s)",
            ],
        ),
        (
            answers.FormerPeople("bob", (answers.FormerLine("Bob", NOON, realname="Robert"), answers.FormerLine("bob", NOON))),
            ["-- Bob, Robert, was here until 14:00.", "-- bob was here until 14:00."],
        ),
        (
            answers.Counts(people=5, most=9, operators=1, rooms=2, unknown=3),
            [
                "-- 5 people are here (at most 9 at once since the start), 1 of them operators, in 2 rooms; "
                "3 connections have no nick yet."
            ],
        ),
        (answers.Seen("bob"), ["-- bob has come."]),
        (answers.Seen("bob", gone=True), ["-- bob has left."]),
        (answers.ReadIs("lobby", 5), []),
        (
            answers.Members("dev", 4, ("eve", "Bob", "ada"), {"eve": "", "ada": "at lunch"}),
            ["-- In #dev (4): ada (away: at lunch), Bob, eve (away) and 1 other"],
        ),
        (answers.Members("dev", 1, ("eve",)), ["-- In #dev (1): eve"]),
        (
            answers.RoomList(3, (answers.RoomLine("lobby", 2, "tea", joined=True), answers.RoomLine("dev", 0))),
            ["-- #lobby (2, joined) -- tea", "-- #dev (0)", "-- and 1 more"],
        ),
        (answers.RoomList(1, (answers.RoomLine("dev", 1),)), ["-- #dev (1)"]),
        (
            answers.Members("dev", 2, ("eve", "bob"), {"bob": "tea"}, {"bob": "owner", "eve": "voice"}),
            ["-- In #dev (2): bob (owner; away: tea) and eve (voice)"],
        ),
        (answers.Exited("dev", "lobby", "ada", "spam"), ["-- ada has removed you from #dev: spam. You are now talking in #lobby."]),
        (answers.Announcement("ada", "noon", NOON), ["-- ada, an operator, tells everybody: noon"]),
        (answers.Report("ada", "bob", "spam", NOON), ["-- ada reports bob: spam"]),
        (answers.Invitation("ada", "dev"), ["-- ada invites you to #dev: /join #dev"]),
        (answers.Bans("dev", ()), ["-- Nobody is banned or muted in #dev."]),
        (
            answers.Bans("dev", (answers.BanLine("bob", True, NOON + DAY, "ada", "spam"), answers.BanLine("b*", by="ada"))),
            ["-- bob is muted in #dev by ada until 2026-11-24 14:00: spam", "-- b* is banned in #dev by ada"],
        ),
        (answers.RoomModes("dev"), ["-- #dev has no modes: everybody may enter and speak."]),
        (answers.RoomModes("dev", {"slow": "5", "private": "on"}), ["-- The modes of #dev: slow 5, private on."]),
        (
            answers.SessionList(
                (
                    answers.SessionLine(3, "text", NOON, NOON, connected=True, current=True),
                    answers.SessionLine(4, "web", NOON, NOON, connected=True, remembered=True),
                    answers.SessionLine(5, "json", NOON - 86_400_000, NOON, remembered=True),
                )
            ),
            [
                "-- 3: text, this one, since 14:00, last active 14:00",
                "-- 4: web, connected, remembered, since 14:00, last active 14:00",
                "-- 5: json, not connected, remembered, since 2026-11-22 14:00, last active 14:00",
            ],
        ),
        (answers.KeyList(()), ["-- You have no keys. /keys add KEY adds one."]),
        (
            answers.KeyList(
                (answers.KeyLine(7, "ssh-rsa", "SHA256:abc", "desk", NOON), answers.KeyLine(8, "ssh-rsa", "SHA256:d", "", NOON))
            ),
            ["-- 7: ssh-rsa SHA256:abc desk, since 14:00", "-- 8: ssh-rsa SHA256:d, since 14:00"],
        ),
        (
            answers.PersonInfo("bob", ("lobby", "dev"), NOON, 61, "telnet"),
            ["-- bob (a guest) is in #lobby, #dev; connected since 2026-11-23 14:00 by telnet, idle for 61 s"],
        ),
        (
            answers.PersonInfo("bob", (), NOON, 0, "json", "at lunch"),
            ["-- bob (a guest) is in no room; connected since 2026-11-23 14:00 by json, idle for 0 s", "-- bob is away: at lunch"],
        ),
        (
            answers.PersonInfo("bob", (), NOON, 0, "json", ""),
            ["-- bob (a guest) is in no room; connected since 2026-11-23 14:00 by json, idle for 0 s", "-- bob is away."],
        ),
        (
            answers.PersonInfo("bob", (), NOON, 0, "ssh", key="SHA256:abc"),
            [
                "-- bob (a guest) is in no room; connected since 2026-11-23 14:00 by ssh, idle for 0 s",
                "-- bob has come with the key SHA256:abc",
            ],
        ),
        (answers.ServerInfo("chatd", 2), ["-- chatd is this server; people connected: 2"]),
        (
            answers.ServerInfo("chatd", 2, "SHA256:abc"),
            ["-- chatd is this server; people connected: 2", "-- The fingerprint of its SSH key is SHA256:abc."],
        ),
        (answers.TopicIs("dev", "tea"), ["-- The topic of #dev is: tea"]),
        (answers.TopicIs("dev", ""), ["-- #dev has no topic."]),
        (
            answers.Entered("dev", 3, 1, ("ada",), keep="none"),
            ["-- You are in #dev, alone.", "-- By choice of its owner, #dev keeps no messages."],
        ),
        (answers.RetentionIs("dev"), ["-- #dev keeps messages forever."]),
        (answers.RetentionIs("dev", most="90d"), ["-- #dev keeps messages for 90 days."]),
        (answers.RetentionIs("dev", "1h"), ["-- By choice of its owner, #dev keeps messages for 1 hour."]),
        (
            answers.RetentionIs("dev", "none", NOON + DAY),
            ["-- By choice of its owner, #dev keeps no messages, from 2026-11-24 14:00 on."],
        ),
        (answers.Forgotten("dev", 7, NOON - DAY), ["-- Messages in #dev from before 2026-11-22 14:00 have been deleted."]),
        (answers.HistoryPage("dev", (), more=True), ["-- There is no history of #dev to show there."]),
        (answers.Ignoring(()), ["-- You ignore nobody."]),
        (answers.Ignoring(("bob",)), ["-- You ignore bob."]),
        (answers.Ignoring(("bob", "eve"), {"bob": "bob2"}), ["-- You ignore bob (now bob2) and eve."]),
        (answers.Ignoring(("bob", "eve", "joe")), ["-- You ignore bob, eve and joe."]),
        (answers.HistoryPage("dev", (), more=False), ["-- There is no history of #dev to show."]),
        (
            answers.HistoryPage("dev", (said(),), more=True),
            ["-- History of #dev (earlier: /history before 7 in:#dev):", "-- 14:00 <ada> hi"],
        ),
        (
            answers.HistoryPage("d", (said(),), more=True, later=True, limit=100),
            [
                "-- History of #d (at most 100 lines at once; earlier: /history before 7 in:#d; later: /history after 7 in:#d):",
                "-- 14:00 <ada> hi",
            ],
        ),
        (answers.HelpText((MSG,)), ["-- /msg NICK TEXT  tell one person"]),
        (answers.HelpText((replace(MSG, also=("query", "dm")),)), ["-- /msg NICK TEXT  tell one person; also /query, /dm"]),
        (
            answers.HelpText((HELP, MSG)),
            ["-- /help [COMMAND]  list the commands, or explain one", "-- /msg NICK TEXT   tell one person"],
        ),
        (
            answers.HelpText((HELP, MSG), ("moderation",)),
            [
                "-- /help [COMMAND]  list the commands, or explain one",
                "-- /msg NICK TEXT   tell one person",
                "-- /help moderation lists the commands for moderation.",
                "-- Everything else you type is sent to your current room; // sends a slash.",
            ],
        ),
        (answers.Refused("bad-nick", "No.", "Try again."), ["!! No. Try again."]),
        (answers.Refused("bad-nick", "No."), ["!! No."]),
        (answers.Missed("dev", 5, 9), ["-- You have missed 5 events in #dev: your connection did not keep up."]),
        (answers.Missed("dev", 0, 9), ["-- What you missed in #dev is unknown."]),
        (answers.Slowed(10.0), ["-- You are sending faster than 10 lines a second: your lines wait, and nothing is lost."]),
        (answers.Slowed(0.5), ["-- You are sending faster than 0.5 lines a second: your lines wait, and nothing is lost."]),
        (answers.Closing(Reason.QUIT), ["-- Goodbye."]),
        (answers.Closing(Reason.TIMED_OUT), ["-- You did not give a nick in time. Goodbye."]),
        (answers.Closing(Reason.NOT_READING), ["-- Your connection took no data for too long. Goodbye."]),
        (answers.Closing(Reason.REPLACED), ["-- You reconnected from elsewhere. Goodbye."]),
        (answers.Closing(Reason.SHUTDOWN), ["-- The server is shutting down. Goodbye."]),
        (answers.Closing(Reason.LINK_LOST), ["-- Goodbye."]),
        (answers.Closing(Reason.KICKED, "spam"), ["-- An operator has ended your connection: spam. Goodbye."]),
        (answers.Pong(), ["-- pong"]),
    ],
    ids=repr,
)
def test_an_answer_is_these_lines(answer: Answer, lines: list[str]) -> None:
    assert TALK.encode(answer).decode() == "".join(f"{line}\r\n" for line in lines)


@pytest.mark.parametrize("more", [True, False])
def test_search_results_have_time_and_room(more: bool) -> None:
    long = said("x" * 100 + " tea " + "y" * 100)
    results = answers.SearchResults(("tea",), (long, Joined("dev", 1, NOON - DAY, "ada", "")), more)
    head, message, joined, *rest = TALK.encode(results).decode().splitlines()
    assert head.startswith("-- Found, newest first")
    assert message.startswith("-- 2026-11-23T14:00:00 #lobby <ada> ")
    assert " tea " in message
    assert len(message) < 200
    assert joined.startswith("-- 2026-11-22T14:00:00 ")
    assert joined.endswith("ada has joined #dev")
    assert len(rest) == more


def test_an_empty_search_result_says_so() -> None:
    assert TALK.encode(answers.SearchResults(("tea",), (), False)) == b"-- Nothing found.\r\n"


@pytest.mark.parametrize("news", [Event("lobby", 1, NOON, "ada", ""), Answer()], ids=repr)
def test_news_of_an_unknown_kind_is_a_defect(news: Event | Answer) -> None:
    with pytest.raises(TypeError, match="no words for"):
        encoded(news)


def test_a_day_ends_at_midnight_in_the_local_zone() -> None:
    history = answers.HistoryPage("dev", (said(),), more=False)
    for hours, stamp in [(9, b"-- 14:00 "), (10, b"-- 2026-11-23 14:00 ")]:
        lines = TextCodec(lambda hours=hours: NOON + hours * 3_600_000).talk().encode(history).splitlines()  # type: ignore[misc]
        assert lines[1].startswith(stamp)


# -- Talks -----------------------------------------------------------------------------------------


def test_no_message_is_acknowledged() -> None:
    assert not CODEC.acknowledges_all


def test_a_talk_belongs_to_its_connection_and_knows_its_codec() -> None:
    mine, yours = CODEC.talk(), CODEC.talk()
    assert mine is not yours
    assert mine.codec is yours.codec is CODEC


def test_the_current_room_and_all_others_are_two_views() -> None:
    assert TALK.view(current=True) is TextView.CURRENT_ROOM
    assert TALK.view(current=False) is TextView.OTHER_ROOM
    assert CODEC.talk().view(current=True) == TALK.view(current=True)  # So that all readers share one feed.


# -- Lines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "named", "command"),
    [
        (b"ada", False, Hello("ada")),
        (b"  ada ", False, Hello("ada")),
        (b"a b", False, Hello("a b")),
        (b"/nick ada", False, commands.Nick("ada")),
        (b"/who", False, Who()),
        (b"", False, None),
        (b" \t ", False, None),
        (b"", True, None),
        ("\u3000".encode(), True, None),
        ("\u3164\u2800\ufe0f".encode(), True, None),
        ("/me \u0301waves".encode(), True, Me("\ufffdwaves")),
        ("/msg bob \u2de0hi".encode(), True, Msg("bob", "\ufffdhi")),
        ("\u0301hi".encode(), True, Say("\ufffdhi")),
        (b"hi", True, Say("hi")),
        (b" hi ", True, Say(" hi ")),
        (b"hi\r", True, Say("hi")),
        (b"//hi", True, Say("/hi")),
        (b"/msg bob hi", True, Msg("bob", "hi")),
        (b"/me\twaves", True, Me("waves")),
        (b"a\0b\x1b[2J\x7f", True, Say("a\u2400b\u241b[2J\u2421")),
        ("a\u202eb\u2028c".encode(), True, Say("a\ufffdb\ufffdc")),
        ("größe".encode(), True, Say("größe")),
        (b'{"type":"ping"}', True, Say('{"type":"ping"}')),
    ],
)
def test_a_line_is_this_command(line: bytes, named: bool, command: Command | None) -> None:
    assert TALK.decode(line, named) == command


@pytest.mark.parametrize(
    ("line", "named", "code"),
    [
        (b"gr\xf6\xdfe", True, "not-utf8"),
        (b"gr\xf6\xdfe", False, "not-utf8"),
        (b"/xyzzy", True, "unknown-command"),
        (b"/xyzzy", False, "unknown-command"),
        (b"/msg bob", True, "bad-usage"),
    ],
)
def test_a_line_is_refused(line: bytes, named: bool, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        TALK.decode(line, named)
    assert refused.value.code == code


# -- Properties ------------------------------------------------------------------------------------


@given(ANY_TEXT, st.booleans())
def test_decoded_text_is_safe(text: str, named: bool) -> None:
    assume("\n" not in text)
    try:
        command = TALK.decode(text.encode(), named)
    except Refusal as refusal:
        texts = [refusal.reason, refusal.hint]
    else:
        texts = texts_of(command) if command else []
    assert [text for text in texts if safe_text(text) != text] == []


@given(st.binary(max_size=40), st.booleans())
def test_any_bytes_are_a_command_or_refused(line: bytes, named: bool) -> None:
    try:
        TALK.decode(line, named)
    except Refusal as refusal:
        assert refusal.code in {"not-utf8", "unknown-command", "bad-usage"}  # noqa: PT017 - most lines are no refusal


@given(NEWS, st.sampled_from(TextView))
def test_every_line_is_complete_and_begins_with_a_known_mark(news: Event | Answer, view: TextView) -> None:
    output = encoded(news, view).decode()
    assert output == "" or output.endswith("\r\n")
    for line in output.split("\r\n")[:-1]:
        assert re.match(r"(-- |!! |<\w+> |\* \w+ |#\w+ (<\w+>|\* \w+) |\[(to )?\w+\] )", line)
        if not isinstance(news, answers.HelpText):  # Its columns are padded with blanks.
            assert safe_text(line) == line
    if isinstance(news, Event):
        assert output.count("\n") == 1


@given(NICKS, ANY_TEXT, TIMES, st.booleans())
def test_nobody_can_forge_the_beginning_of_a_line(nick: str, text: str, now: int, action: bool) -> None:
    command = TALK.decode(text.replace("\n", "\r").encode(), named=True) if not text.startswith("/") else None
    assume(isinstance(command, Say))
    assert isinstance(command, Say)
    message = Said("lobby", 1, now, nick, "", command.text, action)
    framed = f"* {nick} " if action else f"<{nick}> "
    for news, frame in [
        (encoded(message), framed),
        (encoded(message, TextView.OTHER_ROOM), f"#lobby {framed}"),
        (encoded(events.Private("@", 1, NOON, nick, "", command.text)), f"[{nick}] "),
    ]:
        line = news.decode()
        assert line == f"{frame}{command.text}\r\n"
        assert re.split("[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]", line)[1:] == ["", ""]


@given(SAFE_TEXT)
def test_earlier_events_are_reports(text: str) -> None:
    lines = encoded(answers.HistoryPage("dev", (said(text),), more=False)).decode().split("\r\n")
    assert lines[1:] == [f"-- 14:00 <ada> {text}", ""]


# -- A conversation --------------------------------------------------------------------------------


def typed(person: Visitor, line: str) -> list[str]:
    """The lines that the person gets after typing ``line``; as in every text connection, their own
    messages are not among them."""
    try:
        command = TALK.decode(line.encode(), person.session.person is not None)
        if command is not None:
            perform(person.registry, person.session, command)
    except Refusal as refusal:
        refuse(person.session, refusal)
    sender_id = person.session.sender_id
    read = [news for news in person.take() if not isinstance(news, Event) or news.sender_id != sender_id]
    return b"".join(map(encoded, read)).decode().splitlines()


def test_a_conversation() -> None:
    registry = new_registry()
    ada = arrive(registry, "ada")
    caller = Visitor(registry, door="text")
    assert typed(caller, "Ada") == ["!! ada is here already. Choose another nick."]
    assert typed(caller, "bob") == [
        "-- Hello bob. You are in #lobby with ada. /help lists what you can do.",
        "-- Earlier in #lobby:",
        "-- 14:00 ada has joined #lobby",
    ]
    assert typed(caller, "hi") == []
    assert typed(caller, "/me waves") == []
    assert typed(caller, "/wo") == ["!! There is no command /wo. Did you mean /who? /help lists all."]
    assert typed(caller, "/who") == ["-- In #lobby (2): ada and bob"]
    received = ada.ask(Say("hi bob")) + ada.ask(Msg("bob", "psst"))
    assert typed(caller, "/reply what?") == ["-- Sent to ada.", "<ada> hi bob", "[ada] psst"]
    assert typed(caller, "/quit") == ["-- Goodbye."]
    assert b"".join(map(encoded, received + ada.take())).decode().splitlines() == [
        "-- bob has joined #lobby",
        "<bob> hi",
        "* bob waves",
        "<ada> hi bob",
        "-- Sent to bob.",
        "-- bob has left #lobby (quit)",
        "[bob] what?",
    ]


def test_the_whole_help_fits_on_a_screen() -> None:
    ada = arrive(new_registry(), "ada")
    lines = typed(ada, "/help")
    listed = [row for row in command_table.TABLE if not row.group]
    assert len(lines) == len(listed) + len(command_table.GROUPS) + 1 < 24
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (done(events.Left, Reason.KICKED, "spam", "eve"), "-- eve has removed ada from #lobby: spam"),
        (done(events.Edited, 5, "better"), "-- ada has changed a message to: better"),
        (done(events.Edited, 5, "of two\nlines"), "-- ada has changed a message to: of two lines"),
        (done(events.Edited, 5, ""), "-- ada has changed a message"),
        (done(events.Deleted, 5, "ada"), "-- ada has deleted a message of their own"),
        (done(events.Deleted, 5, "bob"), "-- ada has deleted a message of bob"),
        (done(events.Blanked, ""), "-- a message of ada was deleted"),
        (done(events.Reported, "bob", "spam", "dev"), "-- ada reports bob in #dev: spam"),
        (done(events.Reported, "bob", "spam"), "-- ada reports bob: spam"),
        (done(events.Announced, "noon"), "-- ada, an operator, tells everybody: noon"),
        (done(events.RoleSet, "bob", "owner"), "-- ada has made bob an owner"),
        (done(events.RoleSet, "bob", "{0}"), "-- ada has given bob the role {0}"),
        (done(events.BanSet, "bob"), "-- ada has banned bob"),
        (done(events.BanSet, "bob", True, NOON + DAY, "spam"), "-- ada has muted bob until 2026-11-24 14:00: spam"),
        (done(events.BanLifted, "b*"), "-- ada has lifted the ban of b*"),
        (done(events.BanLifted, "b*", True), "-- ada has let b* speak again"),
        (done(events.Invited, "bob"), "-- ada has invited bob to #lobby"),
        (done(events.ModeSet, "limit", "5"), "-- ada has limited #lobby to 5 people"),
        (done(events.ModeSet, "slow", "5"), "-- ada has put #lobby into slow mode: one message in 5 s for each member"),
        (done(events.ModeSet, "slow", "off"), "-- ada has ended the slow mode of #lobby"),
        (done(events.ModeSet, "{", "}"), "-- ada has set the mode { of #lobby to }"),
    ],
    ids=repr,
)
def test_what_moderators_do_is_shown(event: Event, line: str) -> None:
    assert encoded(event).decode() == f"{line}\r\n"
    if not isinstance(event, (events.Reported, events.Announced)):
        assert "#lobby" in encoded(event, TextView.OTHER_ROOM).decode()


@pytest.mark.parametrize(("mode", "value"), MODES)
def test_every_mode_has_a_sentence(mode: str, value: str) -> None:
    line = encoded(done(events.ModeSet, mode, value)).decode()
    assert line.startswith("-- ada has ")
    assert "#lobby" in line


# -- Passwords -------------------------------------------------------------------------------------


class Person:
    """Somebody who types, and whose password the door may hide."""

    def __init__(self, registry: Registry, hides: bool = False) -> None:
        self.visitor = Visitor(registry)
        self.talk = CODEC.talk()
        self.hidden: list[bool] = []
        if hides:
            self.talk.hide = self.hidden.append

    def type(self, line: str) -> str:
        """What is shown after ``line``."""
        session, registry = self.visitor.session, self.visitor.registry
        try:
            command = self.talk.decode(line.encode(), session.person is not None)
            if command is not None:
                perform(registry, session, command)
        except Refusal as refusal:
            refuse(session, refusal)
        return b"".join(self.talk.encode(news) for news in self.visitor.take() if isinstance(news, Answer)).decode()


PASSWORD = "correct horse battery"
SHOWN = " (others can see it while you type):\r\n"


@pytest.fixture
def registered() -> Registry:
    """A registry with an account of ada, who has left."""
    registry = new_registry()
    ada = arrive(registry, "ada")
    ada.ask(commands.Register(password=PASSWORD))
    ada.lose_link()
    return registry


def test_a_new_password_is_typed_twice_on_lines_of_its_own() -> None:
    ada = Person(new_registry())
    ada.type("ada")
    question = f"Type a new password, or an empty line to stop{SHOWN}"
    assert ada.type("/register") == f"-- You are registering ada. {question}"
    assert ada.type("short").endswith(f"-- {question}")
    assert ada.type(PASSWORD) == f"-- Type it once more{SHOWN}"
    assert ada.type("another one") == f"!! These are two different passwords. Nothing has changed.\r\n-- {question}"
    ada.type(PASSWORD)
    assert ada.type(PASSWORD).startswith("-- ada is your nick now")
    assert ada.type("hello") == ""


def test_the_owner_is_asked_for_the_password_at_the_greeting(registered: Registry) -> None:
    ada = Person(registered)
    question = f"Type its password, or an empty line to choose another nick{SHOWN}"
    assert ada.type("ada") == f"-- ada is registered. {question}"
    assert ada.type("/help wrong") == f"!! That is not the password of ada. Try again, or choose another nick.\r\n-- {question}"
    assert ada.type("") == "!! You gave no password. What is your nick?\r\n"
    ada.type("/nick ada")
    assert ada.type(PASSWORD).startswith("-- Hello ada.")


def test_a_mistyped_password_is_never_said_in_the_room(registered: Registry) -> None:
    bob = Person(registered)
    bob.type("bob")
    bob.type("/login ada")
    for _ in range(3):
        assert "an empty line to stop" in bob.type("wrong password")
    assert bob.type("") == "!! You gave no password. Nothing has changed.\r\n"
    bob.type("hello")
    said = [event.text for event in registered.rooms.find("lobby").log.read(1, 100) if isinstance(event, Said)]
    assert said == ["hello"]


def test_an_answer_to_something_earlier_does_not_let_a_mistyped_password_become_a_message(registered: Registry) -> None:
    bob = Person(registered)
    bob.type("bob")
    bob.type("/login ada")
    shown = bob.talk.encode(Refused("not-delivered", "Not delivered: the server's disk is full."))
    assert shown.endswith(f"Type its password, or an empty line to stop{SHOWN}".encode())
    bob.talk.encode(answers.Done("nick", "guest-000001"))
    assert "an empty line to stop" in bob.type("wrong password")


def test_the_password_of_the_server_is_asked_for_after_the_nick_and_before_its_own() -> None:
    registry = new_registry(Settings(server_password="open sesame"))
    drive(registry.accounts.add(parse_nick("ada"), f"hash of {PASSWORD}", NOON), lambda account: None)
    ada = Person(registry)
    question = f"Type the password of the server, or an empty line to choose another nick{SHOWN}"
    assert ada.type("ada") == f"-- This server has a password. {question}"
    assert ada.type("wrong") == f"-- That is not the password of the server. {question}"
    assert ada.type("open sesame").startswith("-- ada is registered. Type its password")
    assert ada.type("wrong").endswith(f"-- Type its password, or an empty line to choose another nick{SHOWN}")
    assert ada.type(PASSWORD).startswith("-- Hello ada.")


def test_a_password_is_changed_after_the_old_one(registered: Registry) -> None:
    ada = Person(registered)
    ada.type("ada")
    ada.type(PASSWORD)
    assert ada.type("/password").startswith("-- You are changing the password of ada. Type your password")
    assert ada.type("wrong").startswith("-- Type the new password")
    assert ada.type("tr0mbone staple") == f"-- Type it once more{SHOWN}"
    assert "That is not the password of ada" in ada.type("tr0mbone staple")
    for line in (PASSWORD, "tr0mbone staple"):
        ada.type(line)
    assert ada.type("tr0mbone staple") == "-- Your password is changed. Your other sessions have ended, and need it.\r\n"


def test_a_password_that_is_no_text_is_asked_for_still(registered: Registry) -> None:
    ada = Person(registered)
    ada.type("ada")
    with pytest.raises(NotText):
        ada.talk.decode(b"\xff", False)
    assert ada.type(PASSWORD).startswith("-- Hello ada.")


def test_the_door_hides_what_is_typed_if_it_can(registered: Registry) -> None:
    ada = Person(registered, hides=True)
    assert ada.type("ada") == "-- ada is registered. Type its password, or an empty line to choose another nick:\r\n"
    assert ada.hidden == [True]
    ada.type("wrong")
    assert ada.hidden == [True, False, True]
    ada.type(PASSWORD)
    assert ada.hidden == [True, False, True, False]
    for line in ("/password", PASSWORD, "tr0mbone staple", "tr0mbone staple"):
        ada.type(line)
    assert ada.hidden[4:] == [True, True, True, False]


def test_somebody_new_registers_before_they_come_in() -> None:
    eve = Person(new_registry(Settings(accounts_only=True)))
    assert eve.type("eve") == "!! Only registered people are admitted to this server. Write /register NICK.\r\n"
    question = f"Type a new password, or an empty line to choose another nick{SHOWN}"
    assert eve.type("/register eve") == f"-- You are registering eve. {question}"
    assert eve.type("short").endswith(question)
    assert eve.type(PASSWORD) == f"-- Type it once more{SHOWN}"
    assert eve.type(PASSWORD).startswith("-- Hello eve.")


@pytest.mark.parametrize("line", ["/login ada secret", "/login", "/register ada code secret"])
def test_a_password_in_the_line_is_refused_and_not_repeated(registered: Registry, line: str) -> None:
    bob = Person(registered)
    bob.type("bob")
    shown = bob.type(line)
    assert "never a password: others can read the line. Write /" in shown
    assert "secret" not in shown


def test_a_later_refusal_asks_for_nothing(registered: Registry) -> None:
    bob = Person(registered)
    bob.type("bob")
    bob.type("/login ada")
    bob.type(PASSWORD)
    late = Refused("not-delivered", "Not delivered: the server's disk is full.")
    assert bob.talk.encode(late).count(b"\n") == 1
    assert CODEC.talk().encode(Refused("password-needed", "Why.", "What.")) == b"!! Why. What.\r\n"


def test_a_talk_knows_whether_the_next_line_is_a_password() -> None:
    talk = TextCodec(lambda: NOON).talk()
    assert not talk.is_asking
    talk.decode(b"ada", named=False)
    talk.encode(answers.Refused("password-needed", "ada is registered.", "Log in with its password."))
    assert talk.is_asking
    talk.decode(b"secret words", named=False)
    assert not talk.is_asking


def test_people_have_seen_what_they_typed() -> None:
    assert TALK.edit(Said("lobby", 7, NOON, "ada", "seat", "hi"), b"piece", own=True) == b""
    assert TALK.edit(Said("lobby", 7, NOON, "ada", "seat", "hi"), b"piece", own=False) == b"piece"


# -- Runs of messages ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "most", "texts", "end"),
    [
        (b"one\ntwo\r\nthree\n", 9, ["one", "two", "three"], 15),
        (b"one\ntwo\nthree\n", 2, ["one", "two"], 8),
        (b"one\ntwo\n/who\nthree\nfour\n", 9, ["one", "two"], 8),
        (b"one\ntwo\nthr", 9, ["one", "two"], 8),
        (b"one\n" + b"a" + b" " * 40 + b"b\n", 9, ["one", "a" + " " * 16 + "b"], 47),
        (b"one\n/who\n", 9, [], 0),
        (b"one\n two\n", 9, [], 0),
        (b"one\n\n", 9, [], 0),
        (b"one\nt\twice\n", 9, [], 0),
        (b"one\nt\rwice\n", 9, [], 0),
        ("one\nzwölf\n".encode(), 9, [], 0),
        (b"one\n" + b"x" * 256 + b"\n", 9, [], 0),
    ],
)
def test_several_plain_lines_are_a_series(data: bytes, most: int, texts: list[str], end: int) -> None:
    talk = TextCodec(lambda: NOON).talk()
    assert talk.read_series(b"/x\n" + data, 3, most) == (texts, end + 3)
    assert [talk.decode(line, True) for line in data[:end].splitlines()] == [Say(text) for text in texts]


def test_a_password_is_no_series(registered: Registry) -> None:
    talk = TextCodec(lambda: NOON).talk()
    talk.decode(b"carol", False)
    talk.encode(Refused("password-needed", "carol is registered.", ""))
    assert talk.is_asking
    assert talk.read_series(b"one\ntwo\n", 0, 9) == ([], 0)
