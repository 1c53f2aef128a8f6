"""Safe text: decoding lines, and replacing unsafe characters."""

# ruff: noqa: RUF001 - many scripts are what is tested

from __future__ import annotations

import io
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import Logger, textFileLogObserver

from chatd.core.errors import NotText
from chatd.core.text import MARKS_ON_ONE_BASE, decode_line, safe_text

BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MARK = "\N{COMBINING ACUTE ACCENT}"

SHOWN_FORMATS = {
    *range(0x0600, 0x0606),  # visible Arabic signs before a number; the next line has more
    *(0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD),
    *(0x200B, 0x200C, 0x200D),  # word breaks of Khmer and Thai; joiners of Persian, Hindi and emoji
    *range(0x13430, 0x13440),  # for the layout of hieroglyphs
}

ALL_CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1)]
ANY_TEXT = st.text(st.characters() | st.sampled_from("\t\r\n\0\x1b\x7f\x9b\u2028\ufeff\ud800" + BIDI_CONTROLS + MARK))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", ""),
        (b"hi", "hi"),
        (b"hi\n", "hi"),
        (b"hi\r\n", "hi"),
        (b"hi\r", "hi"),
        (b"hi\r\r\n", "hi\r"),
        (b" hi \n", " hi "),
        ("größe 日本 🙂".encode(), "größe 日本 🙂"),
        (b"\0\x1b[31m", "\0\x1b[31m"),
    ],
)
def test_a_line_is_decoded_without_its_end(raw: bytes, text: str) -> None:
    assert decode_line(raw) == text


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b"gr\xf6\xdfe\n", "byte 0xf6 at position 3."),
        (b"\xff", "byte 0xff at position 1."),
        (b"cut \xe6\x97", "byte 0xe6 at position 5."),
        (b"overlong \xc0\xaf", "byte 0xc0 at position 10."),
        (b"surrogate \xed\xa0\x80", "byte 0xed at position 11."),
        (b"too high \xf4\x90\x80\x80", "byte 0xf4 at position 10."),
    ],
)
def test_invalid_utf8_is_refused_with_its_position(raw: bytes, where: str) -> None:
    with pytest.raises(NotText) as refused:
        decode_line(raw)
    assert refused.value.reason == f"The line is not UTF-8: {where}"
    assert "UTF-8" in refused.value.hint


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("a\tb", "a b"),
        ("a\r\nb", "a␍␊b"),
        ("\0", "␀"),
        ("\x1b[2J\x07", "␛[2J␇"),
        ("\x7f", "␡"),
        ("\x9b31m\x85", "�31m�"),
        ("ada\u202egnp.exe", "ada�gnp.exe"),
        ("a\u2028b\u2029c", "a�b�c"),
        ("pass\u00adword\ufeff\u2060", "pass�word��"),
        ("\ud83d \udc4d", "� �"),
        ("\U000e0041\U000e007f", "��"),
        ("\ufff9base\ufffaruby\ufffb", "�base�ruby�"),
    ],
)
def test_unsafe_characters_are_replaced_by_visible_ones(said: str, shown: str) -> None:
    assert safe_text(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "",
        "plain ASCII, {braces} and %s",
        "nœuds à façade, größe, niño",
        "Tiê\u0301ng Viê\u0323t",
        "می\u200cخواهم",
        "क्\u200dष",
        "שָׁלוֹם",
        "ភាសា\u200bខ្មែរ",
        "👩\u200d👩\u200d👧 ❤\ufe0f 👍🏽 🇳🇴",
        "葛\U000e0100城",
        "no-break\u00a0space",
    ],
)
def test_text_in_any_script_and_emoji_are_unchanged(said: str) -> None:
    assert safe_text(said) is said


def test_more_than_eight_marks_in_a_row_are_replaced() -> None:
    pile = "e" + MARK * MARKS_ON_ONE_BASE
    assert safe_text(pile) is pile
    assert safe_text(pile + MARK * 2 + "x" + MARK) == pile + "��x" + MARK


def test_all_controls_and_separators_are_replaced() -> None:
    replaced = {character for character in ALL_CHARACTERS if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}}
    assert [hex(ord(character)) for character in replaced if safe_text(character) == character] == []


def test_format_characters_are_replaced_unless_they_are_needed() -> None:
    formats = {character for character in ALL_CHARACTERS if unicodedata.category(character) == "Cf"}
    unchanged = {ord(character) for character in formats if safe_text(character) == character}
    assert {hex(code) for code in unchanged - SHOWN_FORMATS} == set()
    assert set(BIDI_CONTROLS) <= formats


def test_no_letter_digit_or_symbol_is_replaced() -> None:
    shown = "".join(character for character in ALL_CHARACTERS if unicodedata.category(character)[0] in "LNPSM")
    spaced = " ".join(shown)  # so that no marks are next to each other
    assert safe_text(spaced) == spaced


@given(ANY_TEXT)
def test_safe_text_is_safe(said: str) -> None:
    shown = safe_text(said)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(shown) & set(BIDI_CONTROLS)
    assert MARK * (MARKS_ON_ONE_BASE + 1) not in shown
    shown.encode()  # raises if UTF-8 cannot encode it


@given(ANY_TEXT)
def test_safe_text_keeps_the_length_and_is_idempotent(said: str) -> None:
    shown = safe_text(said)
    assert len(shown) == len(said)
    assert safe_text(shown) is shown
    assert decode_line(shown.encode() + b"\r\n") == shown


@given(ANY_TEXT)
def test_logged_text_is_one_line_and_not_formatted(said: str) -> None:
    written = io.StringIO()
    log = Logger("test", observer=textFileLogObserver(written, timeFormat=None))
    text = safe_text("{log_level} %s {0}" + said)
    log.info("said: {text}", text=text)
    assert written.getvalue() == f"- [test#info] said: {text}\n"
