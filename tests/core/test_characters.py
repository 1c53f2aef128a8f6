"""The tables of characters, compared with Python's `unicodedata` and with wcwidth."""

from __future__ import annotations

import re
import sys
import unicodedata

from wcwidth import wcwidth

from chatd.core.characters import BLANKS, DEFAULT_IGNORABLE, MARKS, in_class

EVERY = range(sys.maxunicode + 1)
CATEGORIES = [unicodedata.category(chr(code)) for code in EVERY]

DRAWN_FORMATS = {*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD}
"""Prepended_Concatenation_Mark: signs before a number, which are drawn (PropList.txt)."""
ANNOTATION = {0xFFF9, 0xFFFA, 0xFFFB}
HIEROGLYPH_FORMATS = {*range(0x13430, 0x13441)}


def codes(ranges: str) -> set[int]:
    ends = (part.partition("-") for part in ranges.split())
    return {code for first, _, last in ends for code in range(int(first, 16), int(last or first, 16) + 1)}


def of(*categories: str) -> set[int]:
    return {code for code in EVERY if CATEGORIES[code] in categories}


def test_ignorable_characters_are_those_that_unicode_derives() -> None:
    """UAX #44: Cf, variation selectors, Other_Default_Ignorable, without those that are drawn."""
    selectors = {code for code in EVERY if "VARIATION SELECTOR" in unicodedata.name(chr(code), "")}
    formats = of("Cf") - DRAWN_FORMATS - ANNOTATION - HIEROGLYPH_FORMATS
    ignorable = codes(DEFAULT_IGNORABLE)
    assert formats | selectors <= ignorable
    assert len(ignorable) == 4174  # the total of DerivedCoreProperties.txt
    others = {code for code in ignorable - formats - selectors if CATEGORIES[code] != "Cn"}
    assert others == {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}


def test_the_marks_include_all_marks_of_unicodedata() -> None:
    ignorable, marks = codes(DEFAULT_IGNORABLE), codes(MARKS)
    assert of("Mn", "Me", "Mc") - ignorable <= marks
    assert not marks & (ignorable | codes(BLANKS))
    rest = {code for code in marks - HIEROGLYPH_FORMATS if CATEGORIES[code] not in {"Mn", "Me", "Mc", "Cn"}}
    assert {unicodedata.name(chr(code)).split()[:2][1] for code in rest} == {"JUNGSEONG", "JONGSEONG"}


def test_a_character_without_a_cell_is_a_mark_a_blank_or_ignorable() -> None:
    no_cell = {code for code in EVERY if wcwidth(chr(code)) == 0}
    others = no_cell - codes(MARKS) - codes(BLANKS) - codes(DEFAULT_IGNORABLE)
    assert others == {0, 0x2028, 0x2029} | ANNOTATION


def test_every_space_is_a_blank() -> None:
    blanks = codes(BLANKS)
    assert of("Zs") < blanks
    assert {code for code in EVERY if "BLANK" in re.split("[ -]", unicodedata.name(chr(code), ""))} - {0x2422, 0x2423} <= blanks
    assert {
        code for code in EVERY if "HANGUL" in unicodedata.name(chr(code), "") and "FILLER" in unicodedata.name(chr(code), "")
    } - codes(MARKS) <= blanks


def test_a_table_becomes_a_class_of_a_regular_expression() -> None:
    assert in_class("0041 0061-0063") == r"\U00000041-\U00000041\U00000061-\U00000063"
    found = re.findall(f"[{in_class(BLANKS)}]", "".join(map(chr, EVERY)))
    assert {ord(blank) for blank in found} == codes(BLANKS)
