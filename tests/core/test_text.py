"""Safe text: decoding lines, and replacing unsafe characters."""

# ruff: noqa: RUF001 - the tests need many scripts

from __future__ import annotations

import io
import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import Logger, textFileLogObserver
from wcwidth import wcswidth

from chatd.core.characters import BLANKS, DEFAULT_IGNORABLE, MARKS, in_class
from chatd.core.errors import NotText
from chatd.core.limits import BLANKS_IN_A_ROW, MARKS_ON_ONE_BASE
from chatd.core.text import REPLACEMENT, decode_line, safe_lines, safe_part, safe_text, says_nothing

BIDI_CONTROLS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MARK = "\N{COMBINING ACUTE ACCENT}"

SHOWN_FORMATS = {0x0600, 0x0601, 0x0602, 0x0603, 0x0604, 0x0605, 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD}
"""Signs before a number, which are drawn."""

ALL_CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1)]
ODD = "ae1 \t\u00a0\u2800\u3000\u3164\u115f\u1160\uffa0\u1161\u11a8\u2de0\u05b0\u0f90\u093f\u034f\u200b\u200c\u200d\ufe00\ufe0f" + (
    "\u180b\u180e\u1820\U000e0100\u845b\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e007f\u2764\U0001f469\ufffdकم#<"
)
"""Characters whose treatment depends on their neighbours."""

DECEITFUL = st.text(ODD, max_size=60) | st.lists(
    st.tuples(
        st.sampled_from([*ODD, " " * 9, "\u0301" * 5, "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"]),
        st.integers(1, 12),
    ),
    max_size=20,
).map(lambda runs: "".join(character * count for character, count in runs))
ANY_TEXT = DECEITFUL | st.text(st.characters() | st.sampled_from("\t\r\n\0\x1b\x7f\x9b\u2028\ufeff\ud800" + BIDI_CONTROLS + MARK))


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


ENGLAND, SCOTLAND, WALES = (
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in f"gb{region}\x7f") for region in ("eng", "sct", "wls")
)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "plain ASCII, {braces} and %s",
        "nœuds à façade, größe, niño",
        "Tiê\u0301ng Viê\u0323t, ngươ\u0300i",
        "ᾱ\u0313\u0301νήρ",  # Greek: length, breathing and accent
        "й\u0301 и\u0301ли, Ѡ\u0486\u0301",
        "Oʻzbekiston, Hawaiʻi",
        "می\u200cخواهم کتاب\u200cهای PDF\u200cها ۲۰\u200cساله ه\u200d.ش",
        "بِسْمِ ٱللَّهِ ٱلرَّحْمَـٰنِ ٱلرَّحِيمِ",
        "الضَّآلِّينَ ۝ لَا رَيْبَ ۛ فِيهِ ۛ",
        "שָׁלוֹם, ק\u05d5\u05bc\u05de",
        "בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים אֵ֥ת הַשָּׁמַ֖יִם",
        "יְרוּשָׁלַ\u0596\u034fִם, יְרוּשָׁלָ֔\u034fִם",  # with the grapheme joiner between two vowels
        "ܐܰܒܽܘܢ ܕܒܰܫܡܰܝܳܐ",
        "𞤆𞤵𞤤𞤢𞥄𞤪 𞤆𞤵\u200d𞤤",
        "ߒߞߏ ߞߊ߲߬ߜߍ߫",
        "क्\u200dष, क्\u200cष, कार्त्स्न्य, अ॒ग्निमी॑ळे",
        "র\u200d্যাব, কৃষ্ণ",
        "ਪੰਜਾਬੀ, ਸ੍ਰੀ",
        "ગુજરાતી, ક્ષત્રિય",
        "தமிழ், ஸ்ரீ",
        "తెలుగు, స్త్రీ",
        "ಕನ್ನಡ, ಕ್ಷೌರ, ರ್\u200dಯ",
        "മലയാളം, അവന്\u200d, നന്മ",
        "ශ්\u200dරී ලංකාව",
        "ภาษาไทย ที่\u200bนี่ น้ำ ปู่",
        "ພາສາລາວ ເຂົ້າ ນ້ຳ",
        "བོད་སྐད་ ཧ\u0f90\u0fb5\u0fa8\u0fb3\u0fba\u0fbc\u0fbb\u0f82 རྫོགས་ཆེན་",
        "မြန်မာဘာသာ မြွှေ့ ယောက်ျား၊ ဩ",
        "ភាសា\u200bខ្មែរ ស្ត្រី ក្រុម\u200bហ៊ុន",
        "ᨲ᩠ᩅᩫᨾᩮᩬᩥᨦ",
        "ᬩᬲᬩᬮᬶ, ꦧꦱꦗꦮ, ꦏꦿꦩ",
        "ᠮᠣᠩᠭᠣᠯ ᠬᠠᠷ\u180eᠠ ᠪᠣᠯᠤᠭ\u180bᠰᠠᠨ ᠵᠢᠷ\u202fᠤᠨ",
        "አማርኛ, ትግርኛ",
        "ქართული, Հայերեն, ᏣᎳᎩ, ᐃᓄᒃᑎᑐᑦ",
        "日本語　カ\u3099キ\u309a 葛\U000e0100城 辻\U000e0101 神\ufe00",
        "中文，繁體。 ㄅㄆㄇ ꀊꄶ",
        "한국어 \u1112\u1161\u11ab\u1100\u1173\u11af \u1112\u119e\u11ab \u115f\u1161",
        "no-break\u00a0space, l\u2019eau\u202f!, a\u20dd",
        "👍🏽 🇳🇴 1\ufe0f\u20e3 #\ufe0f\u20e3 *\ufe0f\u20e3 ©\ufe0f ™\ufe0f ℹ\ufe0f Ⓜ\ufe0f ㊗\ufe0f ‼\ufe0f ☎\ufe0e",
        "❤\ufe0f ↔\ufe0f ⛓\ufe0f\u200d💥 \U0001fae8\ufe0f",
        "👩\u200d👩\u200d👧 👨🏾\u200d🦱 🏳\ufe0f\u200d🌈 🏴\u200d☠\ufe0f ❤\ufe0f\u200d🔥 🐻\u200d❄\ufe0f 👁\ufe0f\u200d🗨\ufe0f",
        "👩🏻\u200d❤\ufe0f\u200d💋\u200d👨🏿 🧑🏽\u200d🚀 🙂\u200d↔\ufe0f 🚶🏻\u200d♀\ufe0f\u200d➡\ufe0f",
        f"{ENGLAND}, {SCOTLAND}{WALES}!",
        "∩\ufe00 𝒜\ufe00 0\ufe00",
        "𓉐:𓏤 𓂋\U00013430𓏤",
        "        indented = True",
        " " * BLANKS_IN_A_ROW + "x",
        "column      column",
    ],
)
def test_text_in_any_script_and_emoji_are_unchanged(said: str) -> None:
    assert safe_text(said) is said
    assert safe_text(unicodedata.normalize("NFC", said)) == unicodedata.normalize("NFC", said)
    assert safe_text(unicodedata.normalize("NFD", said)) == unicodedata.normalize("NFD", said)


# -- Marks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mark", ["\u0301", "\u2de0", "\u05b0", "\u064e", "\u1cd0", "\u0f90", "\u0903", "\u20dd", "\U00011241", "\u1acf", "\u1161"]
)
def test_marks_beyond_eight_are_replaced_by_one_sign(mark: str) -> None:
    pile = "e" + mark * MARKS_ON_ONE_BASE
    assert safe_text(pile) is pile
    assert safe_text(pile + mark * 2 + "x" + mark) == f"{pile}{REPLACEMENT}x{mark}"
    assert safe_text("e" + mark * 4000) == pile + REPLACEMENT


@pytest.mark.parametrize("between", ["\ufe0f", "\u200b", "\u200c", "\u200d", "\u034f", "\U000e0100", "\u180b", "\u3164", "\u1160"])
def test_an_invisible_character_does_not_reset_the_count_of_marks(between: str) -> None:
    for base in "eकᠠ葛❤":
        shown = safe_text(base + ("\u0301" * 7 + between) * 500)
        assert "\u0301" * (MARKS_ON_ONE_BASE + 1) not in re.sub(f"[{in_class(DEFAULT_IGNORABLE)}]", "", shown)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\u0301x", "�x"),
        ("\u0301" * 4000, "�"),
        ("\u093e", "�"),
        ("\u1161", "�"),
        ("\u200d\u0301x", "�x"),
        ("\u20dd", "�"),
    ],
)
def test_a_mark_without_a_base_is_replaced(said: str, shown: str) -> None:
    assert safe_text(said) == shown


def test_a_part_may_begin_with_marks_of_the_part_before() -> None:
    assert safe_part("\u0301x") == "\u0301x"
    assert safe_part("\u102c") == "\u102c"
    assert safe_part("\u200d👧") == "\u200d👧"
    assert safe_part("\x1b[2J") == "␛[2J"
    assert safe_part("\u0301\x9b") == "\u0301�"
    assert safe_part("plain") == "plain"
    assert safe_part("") == ""


# -- Blanks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "blank", [" ", "\t", "\u00a0", "\u2003", "\u2800", "\u3000", "\u3164", "\u115f", "\u1160", "\uffa0", "\u1680", "\U0001d159"]
)
@pytest.mark.parametrize("between", ["", "\u200b", "\u200d", "\ufe0f", "\u034f", "\u180b\u200c", "\U000e0100"])
def test_blanks_cannot_push_text_to_the_beginning_of_a_row(blank: str, between: str) -> None:
    shown = safe_text("hm" + (blank + between) * 70 + "<ada> my password is hunter2")
    assert shown.startswith("hm")
    assert shown.endswith("<ada> my password is hunter2")
    assert len(shown) <= len("hm<ada> my password is hunter2") + BLANKS_IN_A_ROW
    assert wcswidth(shown[: shown.index("<")]) <= 2 + 2 * BLANKS_IN_A_ROW


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (" " * 40, " " * BLANKS_IN_A_ROW),
        ("x" + " " * 40, "x" + " " * BLANKS_IN_A_ROW),
        (" " * 10 + "\u00a0" * 10, " " * 10 + "\u00a0" * 6),
        (" " * 10 + "\u200b" + " " * 10 + "é", " " * BLANKS_IN_A_ROW + "é"),
        ("a" + " " * 17 + "b" + " " * 17 + "c", "a" + " " * 16 + "b" + " " * 16 + "c"),
        ("é" + " " * 17 + "b", "é" + " " * 16 + "b"),
    ],
)
def test_a_long_run_of_blanks_is_cut(said: str, shown: str) -> None:
    assert safe_text(said) == shown


@pytest.mark.parametrize(
    "text",
    ["", " ", "\t", "\u3000 ", "\u3164", "\u2800\u2800", "\u115f\u1160\uffa0", "\ufe0f\u200b", "\u200d \u00ad", "\U000e0041"],
)
def test_a_text_that_looks_empty_says_nothing(text: str) -> None:
    assert says_nothing(text)
    assert not says_nothing(f"{text}.")


# -- Invisible characters --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("❤" + "\ufe0f" * 100, "❤\ufe0f"),
        ("葛" + "\U000e0100" * 100, "葛\U000e0100"),
        ("ᠠ" + "\u180b\u180c" * 100, "ᠠ\u180b"),
        ("😀" + "".join(map(chr, range(0xE0100, 0xE01F0))), "😀"),
        ("😀\U000e0100\ufe0f", "😀\ufe0f"),
        ("a\ufe0fb\ufe01c\U000e0142", "abc"),
        ("я\ufe01é\ufe0f", "яé"),
        ("<\ufe0f", "<"),
        ("a\u200bb\u200cc\u200d.", "abc."),
        ("ab\u200c\u200d\u200b", "ab\u200c"),  # at the end of a text that may still be typed
        ("ا\u200c\u200c\u200d\u200bب", "ا\u200cب"),
        ("क\u200d\ufe0fष", "क\u200dष"),
        ("a\u200d\u3164", "a\u3164"),
        ("a\u200d\u200d\u05d0", "a\u200d\u05d0"),
        ("�\u200dx", "�x"),
        (" \u200c\u0645", " \u0645"),
        ("\ufe0f\u200d", ""),
        ("a\u034fb\u034f", "ab"),
        ("a\u180eb", "ab"),
        ("🏴\U000e0067\U000e0062x", "🏴��x"),
        ("🏴\U000e0075\U000e0073\U000e0074\U000e0078\U000e007f", "🏴�����"),
        (ENGLAND[1:], "������"),
        (f"x{ENGLAND[1:]}", "x������"),
        (ENGLAND + ENGLAND[1:], f"{ENGLAND}������"),
        ("\u17b4\u17b5", "��"),
    ],
)
def test_invisible_characters_are_removed_or_replaced(said: str, shown: str) -> None:
    assert safe_text(said) == shown


def test_a_letter_keeps_few_invisible_characters() -> None:
    """Every invisible character, in every order, after each kind of letter: at most one selector
    and one joiner remain."""
    hidden = [chr(code) for code in range(0xE0000, 0xE0200)] + list("\ufe00\ufe0f\u200b\u200c\u200d\u180b\u180e\u2060\ufeff\u00ad")
    for base in "aяकمᠠ葛❤1 ":
        kept = [character for character in safe_text((base + "".join(hidden)) * 3) if character in hidden]
        assert len(kept) <= 2 * 3, base


def test_all_controls_and_separators_are_replaced() -> None:
    replaced = {character for character in ALL_CHARACTERS if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}}
    assert [hex(ord(character)) for character in replaced if safe_text(character) == character] == []


def test_format_characters_are_replaced_unless_they_are_needed() -> None:
    formats = {character for character in ALL_CHARACTERS if unicodedata.category(character) == "Cf"}
    assert {ord(character) for character in formats if safe_text(character) == character} == SHOWN_FORMATS
    assert set(BIDI_CONTROLS) <= formats


def test_ignorable_characters_without_a_neighbour_are_removed_or_replaced() -> None:
    ignorable = re.findall(f"[{in_class(DEFAULT_IGNORABLE)}]", "".join(ALL_CHARACTERS))
    blank = re.compile(f"[{in_class(BLANKS)}]")
    assert {
        character for character in ignorable if not blank.match(character) and safe_text(f"a{character}b") not in {"ab", "a�b"}
    } == set()


def test_no_letter_digit_or_symbol_is_replaced() -> None:
    ignorable = re.compile(f"[{in_class(DEFAULT_IGNORABLE)}]")
    shown = [
        character
        for character in ALL_CHARACTERS
        if unicodedata.category(character)[0] in "LNPSM" and not ignorable.match(character)
    ]
    dotted = ".".join(["", *shown])  # separates the marks
    assert safe_text(dotted) == dotted


@given(ANY_TEXT)
def test_safe_text_is_safe(said: str) -> None:
    shown = safe_text(said)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(shown) & set(BIDI_CONTROLS)
    assert re.search(f"^[{in_class(MARKS)}]", shown) is None
    ignorable = re.compile(f"[{in_class(DEFAULT_IGNORABLE)}]")
    drawn = ignorable.sub("", shown)
    assert re.search(f"[{in_class(MARKS)}]{{{MARKS_ON_ONE_BASE + 1}}}", drawn) is None
    assert re.search(f"[{in_class(BLANKS)}]{{{BLANKS_IN_A_ROW + 1}}}", shown) is None
    assert (
        re.search(
            f"[{in_class(DEFAULT_IGNORABLE.replace('115F-1160', ''))}]{{4}}",
            shown.replace("\u3164", "").replace("\uffa0", "").replace(ENGLAND, ""),
        )
        is None
    )
    shown.encode()  # raises if it cannot be encoded


@given(ANY_TEXT)
def test_safe_text_is_never_longer_and_does_not_change_safe_text(said: str) -> None:
    shown = safe_text(said)
    assert len(shown) <= len(said)
    assert safe_text(shown) is shown
    assert decode_line(shown.encode() + b"\r\n") == shown


@given(ANY_TEXT, st.integers(0, 60))
def test_a_part_of_a_safe_text_is_a_safe_part(said: str, at: int) -> None:
    shown = safe_text(said)
    assert len(safe_part(shown[at:])) <= len(shown[at:])
    assert safe_part(safe_part(shown)) == safe_part(shown) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("one", "one"),
        ("\n \none\r\n\n  two\n\t\n", "one\n\n  two"),
        ("a\n\u0301b\rc\x1b", "a\n\ufffdb\u240dc\u241b"),
        (" \n\u3164\n", ""),
        ("\n", ""),
    ],
)
def test_each_line_of_a_text_is_safe(said: str, shown: str) -> None:
    assert safe_lines(said) == shown
    assert safe_lines(shown) == shown


@given(ANY_TEXT, ANY_TEXT)
def test_safe_lines_are_safe_texts(one: str, other: str) -> None:
    shown = safe_lines(f"{one}\n{other}")
    assert all(safe_text(line) == line for line in shown.split("\n"))
    assert safe_lines(shown) == shown


@given(ANY_TEXT)
def test_logged_text_is_one_line_and_not_formatted(said: str) -> None:
    written = io.StringIO()
    log = Logger("test", observer=textFileLogObserver(written, timeFormat=None))
    text = safe_text("{log_level} %s {0}" + said)
    log.info("said: {text}", text=text)
    assert written.getvalue() == f"- [test#info] said: {text}\n"
