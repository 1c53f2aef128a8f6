"""Names: the grammar of nicks and room names, and which of them are equal or look alike."""

# ruff: noqa: RUF001 - the tests need look-alikes

from __future__ import annotations

import string
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from precis_i18n import get_profile
from precis_i18n.derived import derived_property
from precis_i18n.unicode import UnicodeData

import chatd
from chatd.core.errors import BadNick, BadRoom, NickReserved, Refusal
from chatd.core.limits import NICK_CHARACTERS, ROOM_CHARACTERS
from chatd.core.names import RESERVED, Name, fold, known_nick, parse_nick, parse_room, skeleton
from chatd.core.text import safe_text

CASE_MAPPED = get_profile("UsernameCaseMapped")

ASCII_CHARACTERS = string.ascii_letters + string.digits + "-_."
ASCII_NAMES = st.text(ASCII_CHARACTERS, min_size=1, max_size=NICK_CHARACTERS).filter(
    lambda text: text[0] not in "-." and any(map(str.isalnum, text))
)
ALPHABETS = [
    ASCII_CHARACTERS,
    "abcßẞæœıİéÉñŁłØøÐðÞþŊŋ\u0301\u0323",
    "αβγδεζηθικλμνξοπρσςτυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩάΆϊΐ",
    "абвгґдеєжзиіїйклмнопрстуфхцчшщьюяАБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯ",
    "աբգդեզՈոՍսԱԲԳԴ",
    "ᎠᎡᎢᎣꭰꭱꭲꭳ",
    "אבגדהוזחטיךכלםמןנסעףפץצקרשת\u05b0\u05b8",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي\u064e\u0650٠١٢",
    "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसह\u093e\u093f\u0940\u094d\u200d",
    "กขคงจฉชซญณดตถทนบปผพฟมยรลวสห\u0e31\u0e33\u0e34\u0e35\u0e48\u0e49\u0e4d",
    "ひらがなカタカナー漢字ｱｲｳﾞ",
    "가나다라마바사아자차카타파하",
    "ａｂｃＡＢＣ０１２－＿．",
]
ANY_SCRIPT = st.sampled_from(ALPHABETS).flatmap(lambda alphabet: st.text(alphabet + "1_", min_size=1, max_size=12))
MIXED = st.lists(ANY_SCRIPT, min_size=1, max_size=3).map("".join)
ANY_TEXT = st.text(st.characters()) | MIXED

CASES_DIFFER = set("ƽΓΝΥϬՅƼγνυϭյ") | set(map(chr, (0x118A6, 0x118C6, 0x118B5, 0x118D5, 0x118BC, 0x118DC)))
"""The letters whose two cases look like two different ASCII characters."""

LIKE_OTHER_CASE = set("ðƑƙƥƭƴɍɓɖɗɠηБꚌ")
"""The letters that look like their other case here, but like a letter with a mark in UTS #39."""

CONFUSABLES = [
    tuple("".join(chr(int(code, 16)) for code in column.split()) for column in row.split(";"))
    for row in Path(chatd.__path__[0], "core", "confusables.txt").read_text().splitlines()
    if not row.startswith("#")
]


def nick_or_reject(text: str) -> Name:
    """``text`` as a nick; if it is invalid, Hypothesis tries another text."""
    try:
        return parse_nick(text)
    except BadNick:
        assume(False)
        raise


# -- The grammar -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "text", "key"),
    [
        ("ada", "ada", "ada"),
        ("Ada_L-1815.x", "Ada_L-1815.x", "ada_l-1815.x"),
        ("7", "7", "7"),
        ("_x", "_x", "_x"),
        ("x" * NICK_CHARACTERS, "x" * NICK_CHARACTERS, "x" * NICK_CHARACTERS),
        ("漢" * NICK_CHARACTERS, "漢" * NICK_CHARACTERS, "漢" * NICK_CHARACTERS),
        ("𐍈" * (NICK_CHARACTERS * 3 // 4), "𐍈" * (NICK_CHARACTERS * 3 // 4), "𐍈" * (NICK_CHARACTERS * 3 // 4)),
        ("Ａｄａ", "Ada", "ada"),
        ("e\u0301" * NICK_CHARACTERS, "é" * NICK_CHARACTERS, "é" * NICK_CHARACTERS),
        ("J\u030can", "J\u030can", "\u01f0an"),
        ("Straße", "Straße", "straße"),
        ("STRASSE", "STRASSE", "strasse"),
        ("Işıl", "Işıl", "işıl"),
        ("İnci", "İnci", "i̇nci"),
        ("Владимир", "Владимир", "владимир"),
        ("ΝΊΚΟΣ", "ΝΊΚΟΣ", "νίκος"),
        ("שלום", "שלום", "שלום"),
        ("ג׳ורג׳", "ג׳ורג׳", "ג׳ורג׳"),
        ("مریم۱", "مریم۱", "مریم۱"),
        ("श्री", "श्री", "श्री"),
        ("क्\u200dष", "क्\u200dष", "क्\u200dष"),
        (
            "\u0e19\u0e49\u0e33",
            "\u0e19\u0e4d\u0e49\u0e32",
            "\u0e19\u0e4d\u0e49\u0e32",
        ),  # nam, with the tone before am
        ("\u0e19\u0e49\u0e4d\u0e32", "\u0e19\u0e4d\u0e49\u0e32", "\u0e19\u0e4d\u0e49\u0e32"),
        ("\u0e99\u0ec9\u0eb3", "\u0e99\u0ecd\u0ec9\u0eb2", "\u0e99\u0ecd\u0ec9\u0eb2"),  # the same in Lao
        ("ໝາ", "ຫມາ", "ຫມາ"),
        ("Սևակ", "Սեւակ", "սեւակ"),
        ("Nguyễn", "Nguyễn", "nguyễn"),
        ("ｶﾞｲ", "ガイ", "ガイ"),
        ("김민준", "김민준", "김민준"),
        ("漢字", "漢字", "漢字"),
    ],
)
def test_a_nick_is_shown_and_compared_according_to_precis(typed: str, text: str, key: str) -> None:
    name = parse_nick(typed)
    assert (name.text, name.key) == (text, key)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "cannot be empty"),
        ("x" * (NICK_CHARACTERS + 1), "cannot be longer than 32 characters"),
        ("я" * (NICK_CHARACTERS + 1), "cannot be longer than 32 characters"),
        ("я" * 4096, "cannot be longer than 32 characters"),
        ("𐍈" * (NICK_CHARACTERS * 3 // 4 + 1), "cannot be longer than 96 bytes of UTF-8"),
        ("a b", "cannot contain a space"),
        ("ada!", "cannot contain '!'"),
        ("＃ada", "cannot contain '#'"),
        ("/quit", "cannot contain '/'"),
        ("a\x1b", "cannot contain U+001B"),
        ("a\x00é", "cannot contain U+0000"),
        ("ada\u202e", "cannot contain U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("ada\u200b", "cannot contain U+200B ZERO WIDTH SPACE"),
        ("a\u200dda", "cannot contain U+200D ZERO WIDTH JOINER in this position"),
        ("a\u200cda", "cannot contain U+200C ZERO WIDTH NON-JOINER in this position"),
        ("a·b", "cannot contain U+00B7 MIDDLE DOT in this position"),
        ("🙂", "cannot contain U+1F642 SLIGHTLY SMILING FACE"),
        ("a\ud800", "cannot contain U+D800"),
        ("ﬁn", "cannot contain U+FB01 LATIN SMALL LIGATURE FI"),
        ("Ⅷ", "cannot contain U+2167 ROMAN NUMERAL EIGHT"),
        ("-ada", "cannot begin with '-'"),
        (".ada", "cannot begin with '.'"),
        ("\u0301ada", "cannot begin with U+0301 COMBINING ACUTE ACCENT"),
        ("___", "needs a letter or a digit"),
        ("_\u0301", "needs a letter or a digit"),
        ("_ˑ", "needs a letter or a digit"),
        ("a" + "\u0316" * 9, "cannot have so many combining marks in a row"),
        ("a" + "\u2de0" * 31, "cannot have so many combining marks in a row"),
        ("א" + "\u05b0" * 31, "cannot have so many combining marks in a row"),
        ("ཀ" + "\u0f90" * 31, "cannot have so many combining marks in a row"),
        ("שלוםada", "with right-to-left letters must begin with one"),
        ("adaשלום", "with right-to-left letters must begin with one"),
    ],
)
def test_an_invalid_nick_is_refused_with_the_reason(typed: str, reason: str) -> None:
    with pytest.raises(BadNick) as refused:
        parse_nick(typed)
    assert refused.value.reason.startswith(f"A nick {reason}")
    assert refused.value.hint.startswith("A nick has 1 to 32 characters: letters and digits of any script")


@pytest.mark.parametrize(
    ("typed", "text", "key"),
    [
        ("#lobby", "lobby", "lobby"),
        ("lobby", "lobby", "lobby"),
        ("#Кухня", "Кухня", "кухня"),
        ("r" * ROOM_CHARACTERS, "r" * ROOM_CHARACTERS, "r" * ROOM_CHARACTERS),
        ("#admin", "admin", "admin"),
    ],
)
def test_a_room_name_does_not_include_the_hash_sign(typed: str, text: str, key: str) -> None:
    name = parse_room(typed)
    assert (name.text, name.key) == (text, key)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "cannot be empty"),
        ("#", "cannot be empty"),
        ("##a", "cannot contain '#'"),
        ("#-a", "cannot begin with '-'"),
        ("#" + "r" * (ROOM_CHARACTERS + 1), "cannot be longer than 50 characters"),
    ],
)
def test_an_invalid_room_name_is_refused_with_the_reason(typed: str, reason: str) -> None:
    with pytest.raises(BadRoom) as refused:
        parse_room(typed)
    assert refused.value.reason == f"A room name {reason}."
    assert refused.value.hint.startswith("A room name has 1 to 50 characters")


@given(ANY_TEXT)
def test_nicks_and_refusals_are_safe_text(typed: str) -> None:
    answer: Name | BadNick
    try:
        answer = parse_nick(typed)
    except BadNick as refused:
        answer = refused
    shown = answer.text if isinstance(answer, Name) else str(answer)
    assert safe_text(shown) == shown
    assert not isinstance(answer, Name) or 1 <= len(shown) <= NICK_CHARACTERS
    assert not isinstance(answer, BadNick) or answer.hint


# -- Reserved words --------------------------------------------------------------------------------


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_reserved_word_is_refused_in_either_case(word: str) -> None:
    assert parse_room(word).key == word
    for typed in (word, word.upper()):
        with pytest.raises(NickReserved, match=f"^{typed} is reserved"):
            parse_nick(typed)


@pytest.mark.parametrize(
    "typed", ["chatd_", "_chatd_", "chatd-admin", "chatd.", "Server-1obby", "root_.-admin", "сhаtd_", "help_me"]
)
def test_reserved_words_with_separators_are_reserved(typed: str) -> None:
    with pytest.raises(NickReserved):
        parse_nick(typed)
    with pytest.raises(NickReserved):
        parse_nick("chat.example_", ["chat.example"])


@pytest.mark.parametrize("typed", ["room-mate", "admin-2", "chatd-fan", "help.desk", "ada_", "-".join(["me", "ada"])])
def test_a_nick_may_contain_reserved_words_and_others(typed: str) -> None:
    assert parse_nick(typed).text == typed


@pytest.mark.parametrize(
    "typed", ["аdmin", "ADM1N", "ｒｏｏｔ", "r00t", "Iobby", "ѕеrver", "adrnin", "ΑDΜΙΝ", "sysadmin", "chatdˑ", "ovvner"]
)
def test_a_look_alike_of_a_reserved_word_is_refused(typed: str) -> None:
    with pytest.raises(NickReserved):
        parse_nick(typed)


@pytest.mark.parametrize("typed", ["Chat.Example", "chаt.example", "Küche", "KU\u0308CHE", "plaza", "p1aza"])
def test_the_caller_can_reserve_more_words(typed: str) -> None:
    further = ["chat.example", "küche", "PLAZA", "Ada's chat 🙂", ""]
    assert parse_nick(typed)
    with pytest.raises(NickReserved):
        parse_nick(typed, further)
    assert parse_nick("ada", further).text == "ada"


def test_a_reserved_word_is_recognised_by_its_key_too() -> None:
    assert parse_nick("νους").skeleton != parse_nick("ΝΟΥΣ").skeleton
    with pytest.raises(NickReserved):
        parse_nick("νους", ["ΝΟΥΣ"])


@pytest.mark.parametrize("nick", ["Ali", "Mia", "Neil", "Lily", "Alma", "Emma", "Rob", "Bot", "guest", "admin2", "Adam"])
def test_common_names_do_not_look_reserved(nick: str) -> None:
    assert parse_nick(nick).text == nick


# -- The same --------------------------------------------------------------------------------------


@given(ANY_SCRIPT)
def test_parsing_a_name_again_changes_nothing(typed: str) -> None:
    name = nick_or_reject(typed)
    assert parse_nick(name.text) == name
    assert parse_room(typed) == parse_room(f"#{typed}") == name


@given(ANY_SCRIPT)
def test_fold_gives_the_key_of_any_spelling(typed: str) -> None:
    name = nick_or_reject(typed)
    assert fold(typed) == fold(name.text) == fold(name.key) == name.key
    assert CASE_MAPPED.enforce(name.text) == name.key


@given(ASCII_NAMES)
def test_the_fast_path_for_ascii_gives_the_same_result(typed: str) -> None:
    name = parse_room(typed)
    assert name.text == get_profile("UsernameCasePreserved").enforce(typed)
    assert name.key == CASE_MAPPED.enforce(typed) == fold(typed.upper())
    assert name.skeleton == skeleton(typed + "ж").removesuffix(skeleton("ж"))


@given(ANY_TEXT)
def test_an_invalid_name_does_not_fold_to_the_key_of_a_name(typed: str) -> None:
    key = fold(typed)
    try:
        parse_room("_" + typed.removeprefix("#"))
    except BadRoom:
        with pytest.raises(Refusal):
            parse_room("_" + key)


@pytest.mark.parametrize("text", ["👍", "“bob”", "я" * 4096])
def test_what_cannot_be_a_name_stays_as_it_is(text: str) -> None:
    """So it is nobody, and not the same as another such text, or as none."""
    assert fold(text) == text


# -- Looking the same ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spellings",
    [
        ("ada", "Ada", "ADA", "аdа", "АDА", "ａｄａ", "ɑda", "𐊠da"),
        ("paypal", "PAYPAL", "paypaI", "paypa1", "pаypаl", "ΡΑΥΡΑL"),
        ("bill", "Bi11", "BILL", "ВILL", "bıll", "BİLL", "bi\u0307ll"),
        ("bob", "B0B", "b\u043eb", "bօb", "boЬ"),
        ("marnie", "MARNIE", "rnarnie", "marniе"),
        ("котик", "КОТИК", "Kотик", "koтик"),
        ("гена", "Гена", "ГEHA", "гeнa"),
        ("eve", "EVE", "eνe", "еve"),
        ("walter", "Walter", "vvalter", "VValter", "ԝalter", "ννalter"),
        ("ada", "adaˑ", "adaː", "ʼada", "aˈda", "adaꞏ"),
        ("Hawaiʻi", "Hawaii"),
        ("nat", "NAT", "ΝΑΤ", "Νat"),
        ("jan", "JAN", "ϳan", "ȷan", "j\u0307an"),
        ("क्ष", "क्\u200dष"),
        ("ΑΛΚΟΣ", "αλκος", "αλκοσ"),
        ("\u01ab\u0338a", "t\u0326\u0338a"),
    ],
)
def test_look_alikes_have_the_same_skeleton(spellings: tuple[str, ...]) -> None:
    assert len({parse_nick(spelling).skeleton for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana", "ava"),
        ("ray", "rar"),
        ("guy", "guu"),
        ("rene", "rené"),
        ("clara", "dara"),
        ("anna", "ama"),
        ("ada", "ada_"),
        ("דנה", "דינה"),
        ("ada", "ida"),
        ("a-b", "a_b"),
        ("a.b", "ab"),
    ],
)
def test_different_names_have_different_skeletons(one: str, other: str) -> None:
    assert parse_nick(one).skeleton != parse_nick(other).skeleton


def test_numbered_nicks_do_not_collide() -> None:
    assert len({parse_nick(f"b{number}").skeleton for number in range(9001)}) == 9001


@given(ASCII_NAMES)
def test_ascii_has_only_five_look_alikes(typed: str) -> None:
    drawn = typed.lower().translate({ord("i"): "l", ord("1"): "l", ord("0"): "o", ord("m"): "rn", ord("w"): "vv"})
    assert parse_room(typed).skeleton == drawn


@given(ANY_SCRIPT)
def test_equal_names_have_the_same_skeleton(typed: str) -> None:
    name = nick_or_reject(typed)
    assume(not CASES_DIFFER.intersection(unicodedata.normalize("NFD", name.text)))
    for spelling in (typed.upper(), typed.lower(), typed.title(), typed.swapcase(), name.key):
        if fold(spelling) == name.key:
            assert skeleton(fold(spelling)) == parse_room(spelling).skeleton == name.skeleton


@given(MIXED)
def test_the_skeleton_of_a_skeleton_is_the_same(text: str) -> None:
    assert skeleton(skeleton(text)) == skeleton(text)


@given(ASCII_NAMES, st.data())
def test_a_disguised_nick_has_the_same_skeleton(typed: str, data: st.DataObject) -> None:
    disguises = {letter: [letter] for letter in typed}
    for source, drawn in CONFUSABLES:
        if drawn in disguises and unicodedata.bidirectional(source) == "L":
            disguises[drawn].append(source)
    disguised = "".join(data.draw(st.sampled_from(disguises[letter])) for letter in typed)
    assert nick_or_reject(disguised).skeleton == parse_room(typed).skeleton


def is_room(text: str) -> bool:
    try:
        parse_room(text)
    except BadRoom:
        return False
    return True


def test_both_cases_of_a_letter_look_alike_with_known_exceptions() -> None:
    different = set()
    for letter in map(chr, range(sys.maxunicode + 1)):
        small = letter.lower()
        if small != letter and is_room(letter):
            assert parse_room(small).key == parse_room(letter).key
            if skeleton(letter) != skeleton(small):
                different |= {*unicodedata.normalize("NFD", letter + small)}
    assert {letter for letter in different if letter.isalpha()} == CASES_DIFFER


def test_skeletons_follow_the_confusables_with_known_exceptions() -> None:
    assert {source for source, drawn in CONFUSABLES if skeleton(source) != skeleton(drawn)} == LIKE_OTHER_CASE


def test_the_confusables_contain_only_characters_of_names() -> None:
    ucd = UnicodeData()
    derived = {source: derived_property(ord(source), ucd) for source, _ in CONFUSABLES}
    wrong = {
        source: kind
        for source, kind in derived.items()
        if kind[0] not in {"PVALID", "CONTEXTJ", "CONTEXTO"} and unicodedata.category(source) != "Cn"
    }
    assert len(CONFUSABLES) > 2500
    if unicodedata.unidata_version == "14.0.0":  # later versions of Unicode assign some of them
        assert wrong == {}


# -- Stored nicks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("nick", ["Ada", "admin", "Éva", "not a nick", "\u202e"])
def test_a_stored_nick_is_read_whatever_the_grammar_says_today(nick: str) -> None:
    name = known_nick(nick)
    assert (name.text, name.key) == (nick, fold(nick) or nick)
    assert name.skeleton


def test_a_stored_nick_is_the_same_name_as_the_one_that_is_typed() -> None:
    assert known_nick("Ada") == parse_nick("Ada")
