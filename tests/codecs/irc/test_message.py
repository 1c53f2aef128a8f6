"""Reading and writing single lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.codecs.irc.message import Message, body, cut, parse, pieces, tag
from chatd.core.errors import TooLong


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"PING", Message("PING")),
        (b"ping  a   b ", Message("PING", ("a", "b"))),
        (b":ada!a@b PRIVMSG #dev :hi  there :)", Message("PRIVMSG", ("#dev", "hi  there :)"))),
        (b"TOPIC #dev :", Message("TOPIC", ("#dev", ""))),
        (b"@label=1;+x=a\\sb\\:\\\\\\r\\nc\\ PING x", Message("PING", ("x",), {"label": "1", "+x": "a b;\\\r\nc"})),
        (b"@a;;=b;c!=d PING", Message("PING", (), {"a": ""})),
        (b"A 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", Message("A", (*map(str, range(1, 15)), "15 16"))),
        (b"PING \xff", Message("PING", ("\N{REPLACEMENT CHARACTER}",), is_text=False)),
        (b"@a=\xff PING", Message("PING", (), {"a": "\N{REPLACEMENT CHARACTER}"}, is_text=False)),
        (b"  \r", None),
        (b":prefix", None),
        (b"PING a\0b", Message("PING", ("ab",))),
    ],
)
def test_a_line_is_read(line: bytes, expected: Message | None) -> None:
    assert parse(line) == expected


@pytest.mark.parametrize("line", [b"x" * 510, b"@" + b"t" * 4094 + b" " + b"x" * 510])
def test_the_longest_line_is_read(line: bytes) -> None:
    assert parse(line) is not None


@pytest.mark.parametrize("line", [b"x" * 511, b"@" + b"t" * 4095 + b" x"])
def test_a_longer_line_is_not(line: bytes) -> None:
    with pytest.raises(TooLong):
        parse(line)


@given(st.binary(max_size=600))
def test_anything_can_be_read(line: bytes) -> None:
    try:
        message = parse(line)
    except TooLong:
        assert len(line) > 510
    else:
        assert message is None or message.param(99) == ""


def test_nothing_adds_a_line_or_a_parameter() -> None:
    assert body("ada", "KICK", "#a b", ":bob", trailing="x\r\nQUIT\0y") == ":ada KICK #a_b bob :x  QUIT y"
    assert body("ada", "NICK", "") == ":ada NICK *"


@given(st.text(max_size=700))
def test_a_line_is_cut_between_characters(text: str) -> None:
    line = body("chatd", "NOTICE", "ada", trailing=text)
    assert len(line.encode()) <= 510
    assert line.startswith(":chatd NOTICE ada :")


@given(st.text(max_size=200), st.integers(8, 50))
def test_pieces_are_the_text(text: str, size: int) -> None:
    found = [*pieces(text, size)]
    assert all(len(piece.encode()) <= size for piece in found)
    assert "".join(found) == text or any(len(cut(piece, size)) for piece in found)


def test_a_family_is_not_cut() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert [*pieces(f"ab{family}c", 20)] == ["ab" + family, "c"]
    assert [*pieces(f"abc{family}", 20)] == ["abc", family]
    assert [*pieces(family, 8)] == ["\U0001f468\u200d"]


@pytest.mark.parametrize(("value", "written"), [("", "key"), ("a b;\\\r\n", "key=a\\sb\\:\\\\\\r\\n")])
def test_a_tag_is_escaped(value: str, written: str) -> None:
    assert tag("key", value) == written
    message = parse(f"@{written} X".encode())
    assert message is not None
    assert message.tags == {"key": value}
