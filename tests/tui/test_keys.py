"""Keys: a table of what terminals send, fed whole, byte by byte, and in any pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.tui.keys import ESCAPE_SECONDS, PASTE_BYTES, PASTE_SECONDS, SEQUENCE_BYTES, Key, KeyDecoder, Press

TABLE = [
    (b"hi", [Press(Key.TEXT, "hi")]),
    ("wörld 漢字 👨‍👩‍👧".encode(), [Press(Key.TEXT, "wörld 漢字 👨‍👩‍👧")]),
    (b"\r", [Press(Key.ENTER)]),
    (b"\n", [Press(Key.ENTER)]),
    (b"\x7f", [Press(Key.BACKSPACE)]),
    (b"\x08", [Press(Key.BACKSPACE)]),
    (b"\t", [Press(Key.TAB)]),
    (b"\x01\x05\x0b\x15\x17\x19", list(map(Press, (
        Key.HOME, Key.END, Key.KILL_TO_END, Key.KILL_TO_START, Key.KILL_WORD, Key.YANK)))),
    (b"\x03\x04\x0c\x1a", list(map(Press, (Key.INTERRUPT, Key.END_OF_INPUT, Key.REDRAW, Key.SUSPEND)))),
    (b"\x1b[A\x1b[B\x1b[C\x1b[D", list(map(Press, (Key.UP, Key.DOWN, Key.RIGHT, Key.LEFT)))),
    (b"\x1bOA\x1bOB\x1bOC\x1bOD", list(map(Press, (Key.UP, Key.DOWN, Key.RIGHT, Key.LEFT)))),
    (b"\x1b[H\x1b[F", [Press(Key.HOME), Press(Key.END)]),  # xterm
    (b"\x1bOH\x1bOF", [Press(Key.HOME), Press(Key.END)]),  # xterm, application mode
    (b"\x1b[1~\x1b[4~", [Press(Key.HOME), Press(Key.END)]),  # tmux, the Linux console
    (b"\x1b[7~\x1b[8~", [Press(Key.HOME), Press(Key.END)]),  # rxvt
    (b"\x1b[3~", [Press(Key.DELETE)]),
    (b"\x1b[Z", [Press(Key.BACK_TAB)]),
    (b"\x1b[1;5C\x1b[1;5D", [Press(Key.WORD_RIGHT), Press(Key.WORD_LEFT)]),  # Ctrl
    (b"\x1b[1;3C\x1b[1;3D", [Press(Key.WORD_RIGHT), Press(Key.WORD_LEFT)]),  # Alt
    (b"\x1bOc\x1bOd", [Press(Key.WORD_RIGHT), Press(Key.WORD_LEFT)]),  # rxvt, Ctrl
    (b"\x1b[1;2C", [Press(Key.RIGHT)]),  # Shift
    (b"\x1b[3;5~", [Press(Key.KILL_NEXT_WORD)]),
    (b"\x1bb\x1bf\x1bd\x1b\x7f", list(map(Press, (
        Key.WORD_LEFT, Key.WORD_RIGHT, Key.KILL_NEXT_WORD, Key.KILL_SHORT_WORD)))),
    (b"\x1b1\x1b9", [Press(Key.ALT_DIGIT, "1"), Press(Key.ALT_DIGIT, "9")]),
    (b"\x1b[5~\x1b[6~", [Press(Key.PAGE_UP), Press(Key.PAGE_DOWN)]),
    (b"\x1b[5;2~\x1b[6;2~", [Press(Key.PAGE_UP), Press(Key.PAGE_DOWN)]),  # Shift
    (b"\x1b[5;5~\x1b[6^", [Press(Key.PAGE_UP), Press(Key.PAGE_DOWN)]),  # Ctrl; the second of rxvt
    (b"\x1bv\x16", [Press(Key.PAGE_UP), Press(Key.PAGE_DOWN)]),  # Alt-V, Ctrl-V
    (b"\x1b[1;5H\x1b[1;5F", [Press(Key.OLDEST), Press(Key.NEWEST)]),  # Ctrl
    (b"\x1b[1;5~\x1b[4;5~\x1b[7^\x1b[8^", list(map(Press, (Key.OLDEST, Key.NEWEST, Key.OLDEST, Key.NEWEST)))),
    (b"\x1b<\x1b>", [Press(Key.OLDEST), Press(Key.NEWEST)]),
    (b"\x1b[1;2H", [Press(Key.HOME)]),  # Shift
    (b"\x1bOM", [Press(Key.ENTER)]),
    (b"\x1b\x1b[A", [Press(Key.ESCAPE), Press(Key.UP)]),
    (b"\x1b/join", [Press(Key.ESCAPE), Press(Key.TEXT, "/join")]),
    ("\x1bé".encode(), [Press(Key.TEXT, "é")]),
    (b"\x1b[200~one\r\ntwo\x1b[201~!", [Press(Key.PASTE, "one\r\ntwo"), Press(Key.TEXT, "!")]),
    (b"\x1b[200~a\x1b[Ab\x01\x1b[201~", [Press(Key.PASTE, "a\x1b[Ab\x01")]),
    (b"\x1b[200~\xff\x1b[201~", [Press(Key.PASTE, "\ufffd")]),
    (b"a\xffb", [Press(Key.TEXT, "a\ufffdb")]),
    (b"\xc3\rx", [Press(Key.ENTER), Press(Key.TEXT, "x")]),
    # None of these is a key, and none may be typed as text:
    (b"\x1b[2~", []),  # Insert
    (b"\x1b[[A\x1b[15~\x1bOP", [Press(Key.HELP), Press(Key.HELP)]),  # F1 on the Linux console, F5, F1
    (b"\x1b[I\x1b[O\x1b[?1;2c\x1b[<0;1;1M", []),  # focus, device attributes, mouse
    (b"\x00\x1c\x1d\x1e\x1f\x13", []),
    (b"\x12\x1ba", [Press(Key.FIND), Press(Key.NEXT_NEWS)]),
]  # fmt: skip


def merged(presses: list[Press]) -> list[Press]:
    """``presses`` with the runs of text joined."""
    joined: list[Press] = []
    for press in presses:
        if press.key is Key.TEXT and joined and joined[-1].key is Key.TEXT:
            joined[-1] = Press(Key.TEXT, joined[-1].text + press.text)
        else:
            joined.append(press)
    return joined


def decoded(*pieces: bytes) -> list[Press]:
    decoder = KeyDecoder()
    return merged([press for piece in pieces for press in decoder.feed(piece)])


@pytest.mark.parametrize(("data", "presses"), TABLE, ids=[repr(data) for data, _ in TABLE])
def test_whole(data: bytes, presses: list[Press]) -> None:
    assert decoded(data) == presses


@pytest.mark.parametrize(("data", "presses"), TABLE, ids=[repr(data) for data, _ in TABLE])
def test_byte_by_byte(data: bytes, presses: list[Press]) -> None:
    assert decoded(*(bytes([byte]) for byte in data)) == presses


@given(st.binary(max_size=40), st.lists(st.sampled_from(TABLE), max_size=4), st.data())
def test_pieces_make_no_difference(noise: bytes, rows: list[tuple[bytes, list[Press]]], data: st.DataObject) -> None:
    whole = noise + b"".join(row for row, _ in rows)
    cut = data.draw(st.integers(0, len(whole)))
    assert decoded(whole[:cut], whole[cut:]) == decoded(whole)


def test_a_lone_escape_is_a_key_after_a_while() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(b"\x1b") == []
    assert decoder.patience == ESCAPE_SECONDS
    assert decoder.flush() == [Press(Key.ESCAPE)]
    assert not decoder.patience
    assert decoder.flush() == []


def test_an_unfinished_sequence_is_dropped_after_a_while() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(b"\x1b[1;") == []
    assert decoder.flush() == []
    assert decoder.feed(b"5") == [Press(Key.TEXT, "5")]


def test_an_endless_sequence_is_not_kept() -> None:
    decoder = KeyDecoder()
    presses = decoder.feed(b"\x1b[" + b"1;" * SEQUENCE_BYTES)
    assert not decoder.patience
    assert presses


def test_a_paste_without_an_end_is_complete_after_a_while() -> None:
    decoder = KeyDecoder()
    assert decoder.feed("\x1b[200~grüße".encode()) == []
    assert decoder.feed(b"\r") == []
    assert decoder.patience == PASTE_SECONDS
    assert decoder.flush() == [Press(Key.PASTE, "grüße\r")]
    assert not decoder.patience
    assert decoder.feed(b"\x1b[201~x") == [Press(Key.TEXT, "x")]  # The end comes after all.


@pytest.mark.parametrize("pieces", [[b"\x1b[200~lost\r", b"\x03"], [b"\x1b[200~lost\x03"], [b"\x1b[200~", b"\r\x03"]])
def test_ctrl_c_ends_a_paste_without_an_end(pieces: list[bytes]) -> None:
    decoder = KeyDecoder()
    assert [press for piece in pieces for press in decoder.feed(piece)] == [Press(Key.INTERRUPT)]
    assert decoder.feed(b"x\x03\r") == list(map(Press, (Key.TEXT, Key.INTERRUPT, Key.ENTER), ("x", "", "")))


def test_a_huge_paste_is_bounded_and_its_end_is_recognised() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(b"\x1b[200~") == []
    for _ in range(40):
        assert decoder.feed(b"x" * (PASTE_BYTES // 16)) == []
    paste, after = decoder.feed(b"end\x1b[201~\r")
    assert PASTE_BYTES - 10 <= len(paste.text) <= PASTE_BYTES + 10
    assert after == Press(Key.ENTER)
