"""Whatever is in a file, the result is valid events of one room."""

from __future__ import annotations

import codecs
import io
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.admin.jsonl import LATEST, READ_BYTES, events_of
from chatd.admin.progress import Progress
from chatd.codecs.json import encode_news
from chatd.codecs.text import TextCodec, TextView
from chatd.core.errors import NickReserved
from chatd.core.events import Event
from chatd.core.limits import LINE_BYTES
from chatd.core.names import parse_nick
from chatd.store.database import UnusableError
from chatd.store.queries import SEQ_BITS
from tests.admin.command import lines

TIME = "2026-11-23T12:00:00.000Z"


def read(raw: bytes) -> list[Event]:
    with Progress("import", output=io.StringIO()) as progress:
        return list(events_of("FILE", io.BytesIO(raw), progress))


def line(**changed: Any) -> bytes:
    fields = {"type": "said", "room": "lobby", "seq": 2, "time": TIME, "nick": "ada", "text": "hi"} | changed
    return json.dumps(fields).encode() + b"\n"


GOOD = line(seq=1)


def test_json_of_another_program_is_read() -> None:
    written = line(nick="\u00e9va", text="\u8336 \\", time="2026-11-23T13:00:00+01:00", more=1).replace(b"\n", b"\r\n")
    assert read(written) == read(line(nick="\u00e9va", text="\u8336 \\"))
    assert read(line().rstrip()) == read(line())


def test_a_byte_order_mark_may_begin_the_file() -> None:
    assert read(codecs.BOM_UTF8 + line()) == read(line())


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (b"\n", "This is not JSON"),
        (b"hello\n", "This is not JSON"),
        (line()[:-10], "This is not JSON"),
        (codecs.BOM_UTF8 * 2 + line(), "This is not JSON"),
        (b"\x1f\x8b\x08\x00\n", "not UTF-8"),
        (b"[1]\n", "not a JSON object"),
        (b"[" * 5000 + b"\n", "This is not JSON"),
        (line(type="welcome", server="chatd", log="7"), "not an event of a room"),
        (line(type="voted"), "not an event of a room"),
        (line(type=None), "not an event of a room"),
        (line(seq="2"), "The field seq is not of its type"),
        (line(seq=True), "The field seq is not of its type"),
        (line(seq=3), "The seq is 3, but 2 should follow"),
        (line(seq=1), "The seq is 1, but 2 should follow"),
        (line(room="tea"), "not that of the line before, #lobby"),
        (line(nick=""), "A nick cannot be empty"),
        (line(nick="x> <bob"), "A nick cannot contain"),
        (line(nick="\u202eada"), "A nick cannot contain"),
        (line(nick="\uff21\uff24\uff21"), "should be written ADA"),
        (line(type="renamed", to="a b"), "A nick cannot contain"),
        (line(time="2026-11-23"), "The field time is not of its type"),
        (line(time=7), "The field time is not of its type"),
        (line(time="1969-12-31T23:59:59.999Z"), "is not between the years 1970 and 9998"),
        (line(time="9999-01-01T00:00:00.000Z"), "is not between the years 1970 and 9998"),
        (line(time="0001-01-01T00:00:00.000+14:00"), "is not between the years 1970 and 9998"),
        (line(reply=-1), "The seq of another event is out of range"),
        (line(edited=2**SEQ_BITS), "The seq of another event is out of range"),
        (line(type="edited", target=2**70), "The seq of another event is out of range"),
        (line(text="x" * (LINE_BYTES + 1)), "A text is longer than 4096 characters"),
        (line(id="x" * (LINE_BYTES + 1)), "A text is longer than 4096 characters"),
        (line(text="x" * READ_BYTES), f"longer than {READ_BYTES} bytes"),
        (line(type="kept", keep="soon", since=TIME), "soon is not a duration"),
        (line(type="kept", keep="0d", since=TIME), "0d is not a duration"),
        (line(type="kept", keep="3d", since="1969-01-01T00:00:00Z"), "is not between the years 1970 and 9998"),
        (line(type="left", reason="bored"), "The field reason is not of its type"),
        (line(type="left"), "The field reason is missing"),
        (line(type="role", to="bob", role="operator"), "The role is none"),
        (line(type="role", to="b b", role="owner"), "A nick cannot contain"),
        (line(type="banned", mask="*"), "This would be about everybody"),
        (line(type="banned", mask="*a*a*a*a*"), "nobody who could be banned"),
        (line(type="banned", mask="192.0.2.1/24"), "The mask is not written"),
        (line(type="unbanned", mask="::ffff:192.0.2.1"), "The mask is not written"),
        (line(type="banned", mask="bob", until="9999-12-31T00:00:00Z"), "is not between the years"),
    ],
)
def test_anything_that_no_server_sent_is_refused_with_its_line(damaged: bytes, reason: str) -> None:
    with pytest.raises(UnusableError) as raised:
        read(GOOD + damaged)
    assert str(raised.value).startswith("FILE, line 2: ")
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("first", [line(seq=0), line(seq=-1), line(seq=2 ** (SEQ_BITS - 1)), line(room="a b"), line(room="")])
def test_the_first_line_is_checked_too(first: bytes) -> None:
    with pytest.raises(UnusableError, match="FILE, line 1: "):
        read(first)


def test_the_longest_text_is_accepted_however_it_is_escaped() -> None:
    text = "\U0001f375" * LINE_BYTES
    [event] = read(line(text=text))
    assert event == read(lines(event))[0]


def test_a_nick_that_was_reserved_later_is_accepted() -> None:
    assert [event.nick for event in read(line(nick="server"))] == ["server"]


ANY_LINE = st.one_of(
    st.binary(max_size=60),
    st.dictionaries(
        st.sampled_from(["type", "room", "seq", "time", "nick", "text", "to", "id", "reason", "action", "keep", "since", "mask"]),
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just(TIME), st.just([[]])),
    ).map(lambda changed: line(**changed)),
)


@given(st.lists(ANY_LINE, max_size=3))
def test_any_file_gives_valid_events_or_a_refusal(damaged_lines: list[bytes]) -> None:
    try:
        events = read(GOOD + b"".join(damaged_lines))
    except UnusableError:
        return
    for event in events:
        encode_news(event)
        TextCodec(lambda: LATEST - 1).encode(event, TextView.CURRENT_ROOM)
        with suppress(NickReserved):
            parse_nick(event.nick)
