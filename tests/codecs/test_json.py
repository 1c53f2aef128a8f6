"""The codec for programs: the bytes on the wire, in both directions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.codecs.json import ONLY_VIEW, JsonCodec, decode_command, decode_news, encode_command, encode_news
from chatd.codecs.objects import NEWS as NAMES
from chatd.core import answers, command_table, commands, events
from chatd.core.answers import Answer
from chatd.core.commands import Command, Hello, History, Me, Msg, Ping, Say, Topic, Who
from chatd.core.errors import Malformed, NotText, Refusal
from chatd.core.events import Event, Joined, Left, Reason, Renamed, RetentionSet, Said, TopicSet
from chatd.core.text import safe_lines, safe_text
from chatd.testing import NOON
from tests.codecs.strategies import ANY_TEXT, COMMANDS, NEWS, TIMES, texts_of

CODEC = JsonCodec()
TALK = CODEC.talk()
IN = '"room":"lobby","seq":7,"time":"2026-11-23T12:00:00.000Z","nick":"ada"'


# -- To a program ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("news", "line"),
    [
        (Said("lobby", 7, NOON, "ada", "", "hi"), f'{{"type":"said",{IN},"text":"hi"}}'),
        (Said("lobby", 7, NOON, "ada", "", "x", True, "1"), f'{{"type":"said",{IN},"text":"x","action":true,"id":"1"}}'),
        (Said("lobby", 7, NOON, "ada", "", 'ж 🙂 "\\'), f'{{"type":"said",{IN},"text":"ж 🙂 \\"\\\\"}}'),
        (Joined("lobby", 7, NOON, "ada", ""), f'{{"type":"joined",{IN}}}'),
        (Joined("lobby", 7, NOON, "ada", "", role="owner"), f'{{"type":"joined",{IN},"role":"owner"}}'),
        (Left("lobby", 7, NOON, "ada", "", Reason.LINK_LOST), f'{{"type":"left",{IN},"reason":"link-lost"}}'),
        (Left("lobby", 7, NOON, "ada", "", Reason.QUIT, "bye"), f'{{"type":"left",{IN},"reason":"quit","text":"bye"}}'),
        (Renamed("lobby", 7, NOON, "ada", "", "bob"), f'{{"type":"renamed",{IN},"to":"bob"}}'),
        (TopicSet("lobby", 7, NOON, "ada", "", ""), f'{{"type":"topic",{IN},"text":""}}'),
        (
            RetentionSet("lobby", 7, NOON, "ada", "", "30d", NOON),
            f'{{"type":"kept",{IN},"keep":"30d","since":"2026-11-23T12:00:00.000Z"}}',
        ),
        (answers.RetentionIs("lobby", id="1"), '{"type":"keeping","id":"1","room":"lobby"}'),
        (
            answers.RetentionIs("lobby", "30d", NOON, "90d"),
            '{"type":"keeping","room":"lobby","keep":"30d","since":"2026-11-23T12:00:00.000Z","most":"90d"}',
        ),
        (
            answers.Forgotten("lobby", 7, NOON),
            '{"type":"forgotten","room":"lobby","before":7,"time":"2026-11-23T12:00:00.000Z"}',
        ),
        (answers.Greeting("chatd"), '{"type":"greeting","server":"chatd"}'),
        (answers.Welcome("ada", "chatd", "5b1c"), '{"type":"welcome","nick":"ada","server":"chatd","log":"5b1c"}'),
        (
            answers.Welcome("ada", "chatd", "5b1c", ("a", "b"), id="1"),
            '{"type":"welcome","id":"1","nick":"ada","server":"chatd","log":"5b1c","motd":["a","b"]}',
        ),
        (
            answers.Entered("lobby", 8, 2, ("bob", "ada")),
            '{"type":"entered","room":"lobby","seq":8,"count":2,"members":["bob","ada"]}',
        ),
        (
            answers.Entered("lobby", 8, 1, ("ada",), "tea", {"ada": ""}, (Joined("lobby", 7, NOON, "ada", ""),), "ada"),
            '{"type":"entered","room":"lobby","seq":8,"count":1,"members":["ada"],"topic":"tea","away":{"ada":""},'
            f'"scrollback":[{{"type":"joined",{IN}}}],"newcomer":"ada"}}',
        ),
        (answers.Exited("dev", ""), '{"type":"exited","room":"dev","current":""}'),
        (
            answers.Ack("lobby", 7, NOON, id="1"),
            '{"type":"ack","id":"1","room":"lobby","seq":7,"time":"2026-11-23T12:00:00.000Z"}',
        ),
        (answers.Done("back", id="1"), '{"type":"done","id":"1","command":"back"}'),
        (answers.Done("nick", "ada"), '{"type":"done","command":"nick","subject":"ada"}'),
        (
            events.Private("@", 7, NOON, "ada", "", "hi", guest=True),
            '{"type":"private","room":"@","seq":7,"time":"2026-11-23T12:00:00.000Z","nick":"ada","text":"hi","guest":true}',
        ),
        (
            events.Private("@", 8, NOON, "bob", "", "what?", id="1", to="ada"),
            '{"type":"private","room":"@","seq":8,"time":"2026-11-23T12:00:00.000Z","nick":"bob","text":"what?","id":"1","to":"ada"}',
        ),
        (answers.InboxIs(6, 8), '{"type":"inbox","after":6,"seq":8}'),
        (
            answers.Done("msg", "ada", seq=8, time=NOON),
            '{"type":"done","command":"msg","subject":"ada","seq":8,"time":"2026-11-23T12:00:00.000Z"}',
        ),
        (answers.AwayNotice("ada", ""), '{"type":"away","nick":"ada","text":""}'),
        (
            answers.Members("dev", 9, ("ada",), {"ada": "tea"}),
            '{"type":"members","room":"dev","count":9,"members":["ada"],"away":{"ada":"tea"}}',
        ),
        (
            answers.RoomList(2, (answers.RoomLine("a", 0), answers.RoomLine("b", 1, "tea", True))),
            '{"type":"rooms","count":2,"rooms":[{"room":"a","count":0},{"room":"b","count":1,"topic":"tea","joined":true}]}',
        ),
        (
            answers.PersonInfo("ada", ("dev",), NOON, 5, "text"),
            '{"type":"person","nick":"ada","rooms":["dev"],"since":"2026-11-23T12:00:00.000Z","idle":5,"door":"text"}',
        ),
        (
            answers.PersonInfo("ada", (), NOON, 0, "text", ""),
            '{"type":"person","nick":"ada","rooms":[],"since":"2026-11-23T12:00:00.000Z","idle":0,"door":"text","away":""}',
        ),
        (answers.TopicIs("dev", ""), '{"type":"topic-is","room":"dev","text":""}'),
        (answers.Ignoring(("eve",)), '{"type":"ignoring","nicks":["eve"]}'),
        (
            answers.HistoryPage("lobby", (Joined("lobby", 7, NOON, "ada", "secret"),), more=False),
            f'{{"type":"history","room":"lobby","events":[{{"type":"joined",{IN}}}],"more":false}}',
        ),
        (
            answers.HelpText((answers.HelpLine("who", "/who [ROOM]", "list"),)),
            '{"type":"help","commands":[{"name":"who","usage":"/who [ROOM]","help":"list"}]}',
        ),
        (
            answers.Refused("bad-nick", "No.", "Try.", id="1"),
            '{"type":"refused","id":"1","code":"bad-nick","reason":"No.","hint":"Try."}',
        ),
        (answers.Missed("dev", 3, 5), '{"type":"missed","room":"dev","from":3,"to":5}'),
        (answers.Missed("dev", 0, 0), '{"type":"missed","room":"dev","from":0,"to":0}'),
        (answers.Slowed(10.0), '{"type":"slowed","rate":10.0}'),
        (answers.Closing(Reason.SHUTDOWN), '{"type":"closing","reason":"shutdown"}'),
        (answers.Pong(id="1"), '{"type":"pong","id":"1"}'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_news_are_encoded_and_decoded(news: Event | Answer, line: str) -> None:
    wire = line.encode() + b"\n"
    assert encode_news(news) == wire
    assert (CODEC.encode(news, ONLY_VIEW) if isinstance(news, Event) else TALK.encode(news)) == wire
    if not isinstance(news, answers.HistoryPage):  # Its events have no sender_id.
        assert decode_news(wire) == news


def test_the_sender_id_never_leaves_the_server() -> None:
    event = Said("lobby", 7, NOON, "ada", "secret", "hi")
    for news in (
        event,
        answers.Entered("lobby", 8, 1, ("ada",), scrollback=(event,)),
        answers.HistoryPage("lobby", (event,), False),
    ):
        assert b"secret" not in encode_news(news)
        assert b"sender_id" not in encode_news(news)


def test_every_message_is_acknowledged() -> None:
    assert CODEC.acknowledges_all


def test_a_talk_belongs_to_its_connection_and_knows_its_codec() -> None:
    mine, yours = CODEC.talk(), CODEC.talk()
    assert mine is not yours
    assert mine.codec is yours.codec is CODEC


def test_every_room_is_shown_in_one_view() -> None:
    assert TALK.view(current=True) == TALK.view(current=False) == ONLY_VIEW


# -- From a program --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ('{"type":"hello","nick":"ci"}', Hello("ci")),
        (
            '{"type":"hello","nick":"ci","token":"t","rooms":["a"],"resume":{"b":3},"log":"5b","id":"1"}',
            Hello("ci", "t", ("a",), {"b": 3}, "5b", id="1"),
        ),
        ('{"type":"say","text":"hi"}', Say("hi")),
        ('{"type":"say","room":"lobby","text":"hi","id":"1"}', Say("hi", "lobby", id="1")),
        ('{"type":"ping"}', Ping()),
        ('{"type":"do","command":"who"}', Who()),
        ('{"type":"do","command":"/WHO"}', Who()),
        ('{"type":"do","command":"msg","nick":"bob","text":"hi"}', Msg("bob", "hi")),
        ('{"type":"do","command":"history","count":5,"before":7}', History(5, before=7)),
        ('{"type":"do","command":"help","about":"who"}', commands.Help("who")),
        ('{"type":"do","command":"ban","nick":"bob","time":"2h","text":"spam"}', commands.Ban("bob", "2h", "spam")),
    ],
)
def test_a_line_is_this_command_and_back(line: str, command: Command) -> None:
    assert TALK.decode(line.encode(), named=True) == TALK.decode(line.encode(), named=False) == command
    assert decode_command(encode_command(command)) == command
    assert json.loads(encode_command(command)) == json.loads(line.replace("/WHO", "who"))


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (' {"type" : "say", "text": "hi"} \r', Say("hi")),
        ('{"type":"say","text":"hi","colour":["red"]}', Say("hi")),
        ('{"type":"say","text":"a\\nb\\u0000\\u001b\\u2028"}', Say("a\nb\u2400\u241b\ufffd")),
        ('{"type":"say","text":"\\n \\na\\r\\n\\nb\\n"}', Say("a\n\nb")),
        ('{"type":"do","command":"topic","text":"a\\nb"}', Topic("a\u240ab")),
        ('{"type":"do","command":"me","text":"a\\nb"}', Me("a\u240ab")),
        ('{"type":"say","text":"\\ud800"}', Say("\ufffd")),
        ('{"type":"say","text":"\\ud83d\\ude42"}', Say("🙂")),
        ('{"type":"say","text":"a","text":"b"}', Say("b")),
        ('{"type":"hello","nick":"a","rooms":["a\\n"],"resume":{"b\\n":1}}', Hello("a", rooms=("a\u240a",), resume={"b\u240a": 1})),
    ],
)
def test_other_forms_of_a_line_are_this_command(line: str, command: Command) -> None:
    assert TALK.decode(line.encode(), named=True) == command


@pytest.mark.parametrize(
    ("line", "code", "reason"),
    [
        ("", "malformed", "This is not JSON."),
        ("hi", "malformed", "This is not JSON."),
        ("{", "malformed", "This is not JSON."),
        ("[" * 4000, "malformed", "This is not JSON."),
        ('{"a":' * 800, "malformed", "This is not JSON."),
        ('{"type":"say","text":"a\tb"}', "malformed", "This is not JSON."),
        ('{"id":' + "9" * 4090 + "}", "malformed", "The type is none that is known."),
        ("[]", "malformed", "This is not a JSON object."),
        ('"hi"', "malformed", "This is not a JSON object."),
        ("null", "malformed", "This is not a JSON object."),
        ("{}", "malformed", "The type is none that is known."),
        ('{"type":"shout"}', "malformed", "The type is none that is known."),
        ('{"type":["say"]}', "malformed", "The type is none that is known."),
        ('{"type":null}', "malformed", "The type is none that is known."),
        ('{"type":"do"}', "bad-usage", "A do needs a command."),
        ('{"type":"do","command":3}', "bad-usage", "A do needs a command."),
        ('{"type":"do","command":"hello","nick":"a"}', "unknown-command", "There is no command /hello."),
        ('{"type":"do","command":"mgs"}', "unknown-command", "There is no command /mgs."),
        ('{"type":"do","command":"\\u001b"}', "unknown-command", "There is no command /\u241b."),
        ('{"type":"say"}', "bad-usage", "The field text is missing."),
        ('{"type":"say","text":5}', "bad-usage", "The field text is not of its type."),
        ('{"type":"say","text":null}', "bad-usage", "The field text is not of its type."),
        ('{"type":"say","text":["a"]}', "bad-usage", "The field text is not of its type."),
        ('{"type":"say","text":"a","id":5}', "bad-usage", "The field id is not of its type."),
        ('{"type":"hello","nick":"a","rooms":"b"}', "bad-usage", "The field rooms is not of its type."),
        ('{"type":"hello","nick":"a","rooms":[1]}', "bad-usage", "The field rooms is not of its type."),
        ('{"type":"hello","nick":"a","resume":[]}', "bad-usage", "The field resume is not of its type."),
        ('{"type":"hello","nick":"a","resume":{"b":"3"}}', "bad-usage", "The field resume is not of its type."),
        ('{"type":"hello","nick":"a","resume":{"b":3.5}}', "bad-usage", "The field resume is not of its type."),
        ('{"type":"do","command":"history","count":true}', "bad-usage", "The field count is not of its type."),
        ('{"type":"do","command":"history","count":1e3}', "bad-usage", "The field count is not of its type."),
        ('{"type":"do","command":"history","count":NaN}', "bad-usage", "The field count is not of its type."),
    ],
)
def test_a_line_is_refused(line: str, code: str, reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        TALK.decode(line.encode(), named=True)
    assert (refused.value.code, refused.value.reason) == (code, reason)
    assert refused.value.hint


def test_a_line_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(NotText):
        TALK.decode(b'{"type":"say","text":"gr\xf6\xdfe"}', named=True)


@pytest.mark.parametrize(
    ("line", "id"),
    [
        ('{"type":"say","id":"7"}', "7"),
        ('{"type":"shout","id":"7"}', "7"),
        ('{"type":"do","command":"xyzzy","id":"a\\nb"}', "a\u240ab"),
        ('{"type":"say","id":7}', ""),
        ('{"type":"say"}', ""),
    ],
)
def test_a_refusal_has_the_id_if_it_could_be_read(line: str, id: str) -> None:
    with pytest.raises(Refusal) as refused:
        TALK.decode(line.encode(), named=True)
    assert refused.value.id == id


# -- What a client reads ---------------------------------------------------------------------------


def test_a_client_ignores_unknown_types_and_fields() -> None:
    assert decode_news(b'{"type":"weather","sun":true}') is None
    assert decode_news(b'{"type":["said"]}') is None
    assert decode_news(b"{}") is None
    assert decode_news(b'{"type":"pong","sun":true}') == answers.Pong()


@pytest.mark.parametrize(
    "line",
    [
        "pong",
        '["pong"]',
        '{"type":"ack","room":"lobby","seq":1}',
        '{"type":"ack","room":"lobby","seq":1,"time":"now"}',
        '{"type":"ack","room":"lobby","seq":1,"time":5}',
        '{"type":"ack","room":"lobby","seq":1,"time":"2026-11-23T12:00:00"}',
        '{"type":"closing","reason":"boredom"}',
        '{"type":"closing","reason":["quit"]}',
        '{"type":"slowed","rate":"10"}',
        '{"type":"slowed","rate":true}',
        '{"type":"history","room":"lobby","more":false,"events":[{"type":"weather"}]}',
        '{"type":"history","room":"lobby","more":false,"events":[{"type":"pong"}]}',
        '{"type":"history","room":"lobby","more":false,"events":[{"type":[]}]}',
        '{"type":"history","room":"lobby","more":false,"events":["said"]}',
        '{"type":"history","room":"lobby","more":false,"events":[{"type":"joined"}]}',
        '{"type":"history","room":"lobby","more":1,"events":[]}',
        '{"type":"rooms","count":1,"rooms":[{"room":"a"}]}',
        '{"type":"rooms","count":1,"rooms":["a"]}',
        '{"type":"help","commands":["a"]}',
        '{"type":"entered","room":"a","seq":1,"count":1,"members":["a"],"away":{"a":1}}',
    ],
)
def test_a_client_refuses_other_lines(line: str) -> None:
    with pytest.raises(Malformed):
        decode_news(line.encode())


@pytest.mark.parametrize("rate", ["10", "10.0", "1e1"])
def test_a_rate_can_be_any_number(rate: str) -> None:
    assert decode_news(f'{{"type":"slowed","rate":{rate}}}'.encode()) == answers.Slowed(10.0)


def test_a_client_gets_only_safe_text() -> None:
    assert decode_news(b'{"type":"away","nick":"a\\u001b","text":"\\u202e"}') == answers.AwayNotice("a\u241b", "\ufffd")


# -- Properties ------------------------------------------------------------------------------------


@given(COMMANDS)
def test_a_command_survives_encoding(command: Command) -> None:
    line = encode_command(command)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert TALK.decode(line, named=True) == command


@given(NEWS)
def test_news_survive_encoding(news: Event | Answer) -> None:
    line = encode_news(news)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_news(line) == news


@given(TIMES)
def test_a_time_survives_encoding(milliseconds: int) -> None:
    assert decode_news(TALK.encode(answers.Ack("lobby", 1, milliseconds))) == answers.Ack("lobby", 1, milliseconds)


@given(ANY_TEXT, st.text())
def test_typed_text_is_encoded_as_one_line(text: str, id: str) -> None:
    line = encode_command(Say(text, id=id))
    assert line.count(b"\n") == 1
    decoded = TALK.decode(line, named=True)
    assert isinstance(decoded, Say)
    assert decoded.text == safe_lines(text)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
FIELD_NAMES = ["nick", "text", "room", "rooms", "resume", "token", "log", "id", "count", "before", "about"]
OBJECTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["hello", "say", "ping", "do", "do", "do"]) | JSON},
    optional={"command": st.sampled_from([row.name for row in command_table.TABLE]) | JSON, **dict.fromkeys(FIELD_NAMES, JSON)},
)


@given(OBJECTS)
def test_any_object_is_a_safe_command_or_a_safe_refusal(wire: dict[str, Any]) -> None:
    try:
        texts = texts_of(TALK.decode(json.dumps(wire).encode(), named=True))
    except Refusal as refusal:
        texts = [refusal.reason, refusal.hint, refusal.id]
    assert [text for text in texts if safe_text(text) != text] == []


@given(st.sampled_from(sorted(NAMES.values())), st.dictionaries(st.sampled_from(["time", "since", "events", *FIELD_NAMES]), JSON))
def test_any_object_is_safe_news_or_malformed(kind: str, wire: dict[str, Any]) -> None:
    try:
        news = decode_news(json.dumps({**wire, "type": kind}).encode())
    except Malformed:
        return
    assert [text for text in texts_of(news) if safe_text(text) != text] == []


@given(st.binary(max_size=60))
def test_any_bytes_are_a_command_or_refused(line: bytes) -> None:
    with pytest.raises(Refusal):  # Sixty random bytes are never a command.
        TALK.decode(line, named=True)


def test_a_program_is_not_sent_its_own_private_messages() -> None:
    talk, event = CODEC.talk(), events.Private("@", 7, 0, "ada", "seat", "psst", to="bob")
    assert talk.edit(event, b"piece", own=True) == b""
    assert talk.edit(event, b"piece", own=False) == b"piece"
