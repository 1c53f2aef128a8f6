"""Nicks and rooms: the one place that knows their grammar, and which of them are, or look, the
same.

A name is enforced by PRECIS (RFC 8265): its ``text`` by the profile UsernameCasePreserved, its
``key`` by UsernameCaseMapped. Outside ASCII the profile alone decides which characters a name may
hold: letters and digits of any script, the marks and joiners that its words need, no symbol, no
emoji. In ASCII only letters, digits and ``-_.`` are left. Before that, the few letters of living
scripts that PRECIS refuses for being ligatures are spelt out.

Its ``skeleton`` is that of UTS #39, with one difference: two names that differ in case only are the
same name, so they need the same skeleton. Where a capital and its small letter look like different
things, those count as alike too: ``I`` looks like ``l``, hence ``i``, ``l`` and ``1`` are alike,
and so are ``o`` and ``0``. No further ASCII letters become alike in this way. The few letters that
would demand it (a capital Greek nu looks like N, a small one like v) have the skeleton of what they
look like as they stand, so two spellings of one key may differ in their skeletons: compare keys as
well.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from precis_i18n import get_profile

from chatd.core.errors import BadNick, BadRoom, NickReserved
from chatd.core.limits import NICK_CHARACTERS, ROOM_CHARACTERS
from chatd.core.text import safe_text

# fmt: off
RESERVED: Final = frozenset({
    "chatd", "server", "service", "system", "console", "daemon", "root", "nickserv", "chanserv",
    "admin", "administrator", "sysadmin", "webmaster", "hostmaster", "postmaster", "superuser",
    "operator", "sysop", "owner", "moderator", "mod",
    "staff", "support", "security", "official",
    "everyone", "everybody", "anyone", "anybody", "someone", "somebody", "nobody", "me", "you",
    "here", "channel", "room", "lobby", "help",
})
# fmt: on
"""Words that would mislead as a nick, in folded form. ``all`` is not one of them: Ali looks like
it."""

_ASCII_NAME: Final = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_][A-Za-z0-9._-]*")
_ASCII_FORBIDDEN: Final = re.compile(r"[\x00-\x7f](?<![A-Za-z0-9._-])")
_PRECIS: Final = get_profile("UsernameCasePreserved")

_LIGATURES: Final = str.maketrans({letter: unicodedata.normalize("NFKC", letter) for letter in "\u0587\u0e33\u0eb3\u0edc\u0edd"})
"""Armenian ech yiwn, Thai and Lao am, Lao ho no and ho mo, and what they consist of.

PRECIS refuses what has a compatibility decomposition (RFC 8264, 9.17); names in these scripts need
them.
"""

_TONE_FIRST: Final = re.compile("([\u0e48-\u0e4b\u0ec8-\u0ecb]+)([\u0e4d\u0ecd])")
"""A tone mark before the first half of Thai or Lao am: typed in that order, drawn in the other."""

_IN_CONTEXT: Final = ("joiner", "middle_dot", "greek_keraia", "hebrew_punctuation", "arabic_indic")
"""How a reason of PRECIS ends where a character is allowed beside certain others only (RFC 5892,
A)."""

_CODE_POINTS_A_CHARACTER: Final = 4
"""The most code points that NFC makes one of (a Greek vowel with three marks); it bounds the
work."""


@dataclass(frozen=True, slots=True)
class Name:
    """A nick, or a room without its ``#``.

    ``text`` is shown. ``key`` is equal for names that are the same, ``skeleton`` for names that
    look the same; these two are compared and never shown.
    """

    text: str
    key: str
    skeleton: str


@dataclass(frozen=True, slots=True)
class _Grammar:
    """What differs between nicks and rooms: what to call them, the limit in characters, the
    refusal."""

    what: str
    longest: int
    refusal: type[BadNick | BadRoom]

    def refused(self, reason: str) -> BadNick | BadRoom:
        return self.refusal(
            f"{self.what} {reason}.",
            f"{self.what} has 1 to {self.longest} characters: letters and digits of any script, - _ and . ; "
            "it begins with a letter, a digit or _.",
        )


_NICK: Final = _Grammar("A nick", NICK_CHARACTERS, BadNick)
_ROOM: Final = _Grammar("A room's name", ROOM_CHARACTERS, BadRoom)


# -- Parsing ---------------------------------------------------------------------------------------


def parse_nick(text: str, reserved: Collection[str] = ()) -> Name:
    """The nick that ``text`` is.

    ``reserved`` are further reserved words, besides `RESERVED`. Raises `BadNick` for what is no
    nick, and `NickReserved` for a reserved word and for what looks like one.
    """
    name = _parse(text, _NICK)
    taken = _reserved(tuple(reserved))
    if _is_made_of(taken, name.key) or _is_made_of(taken, name.skeleton):
        raise NickReserved(f"{name.text} is reserved, or looks like a word that is.", "Choose another nick.")
    return name


def parse_room(text: str) -> Name:
    """The room that ``text`` names, with its ``#`` or without; raises `BadRoom` for what is no
    room."""
    return _parse(text.removeprefix("#"), _ROOM)


def fold(text: str) -> str:
    """The key that the nick or room ``text`` has (a room without its ``#``), for look-ups.

    Never raises: what is no name folds to something that is no name's key.
    """
    if text.isascii():
        return text.lower()
    if len(text) > ROOM_CHARACTERS * _CODE_POINTS_A_CHARACTER:
        return ""
    return _folded(text)


@functools.lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    try:
        return _key(_PRECIS.enforce(_spelt_out(text)))
    except UnicodeEncodeError:
        return ""


@functools.lru_cache(maxsize=4096)
def _parse(text: str, grammar: _Grammar) -> Name:
    if not text:
        raise grammar.refused("cannot be empty")
    if _ASCII_NAME.fullmatch(text) is None:
        text = _enforced(text, grammar)
    if len(text) > grammar.longest:
        raise grammar.refused(f"cannot be longer than {grammar.longest} characters")
    return Name(text, _key(text), skeleton(text.translate(_SPECKS)))


def _enforced(text: str, grammar: _Grammar) -> str:
    """``text`` as PRECIS shows it; raises the grammar's refusal for what is not in the grammar."""
    if len(text) > grammar.longest * _CODE_POINTS_A_CHARACTER:
        raise grammar.refused(f"cannot be longer than {grammar.longest} characters")
    try:
        enforced = _PRECIS.enforce(_spelt_out(text))
    except UnicodeEncodeError as error:
        raise grammar.refused(_flaw(error)) from None
    if forbidden := _ASCII_FORBIDDEN.search(enforced):
        raise grammar.refused(f"cannot hold {_described(forbidden[0])}")
    if not (enforced[0].isalnum() or enforced[0] == "_"):
        raise grammar.refused(f"cannot begin with {_described(enforced[0])}")
    if not any(map(str.isalnum, enforced.translate(_SPECKS))):
        raise grammar.refused("needs a letter or a digit")
    if safe_text(enforced) != enforced:
        raise grammar.refused("cannot hold so many combining marks in a row")
    return enforced


def _spelt_out(text: str) -> str:
    return _TONE_FIRST.sub(r"\2\1", text.translate(_LIGATURES))


def _key(text: str) -> str:
    """The key of a text that PRECIS has enforced: UsernameCaseMapped does no more to it (RFC 8265,
    3.3)."""
    return unicodedata.normalize("NFC", text.lower())


def _flaw(error: UnicodeEncodeError) -> str:
    if error.reason.endswith("bidi_rule"):  # RFC 5893, section 2
        return "with right-to-left letters begins with one, ends with a letter or digit, and holds no others"
    where = " where it stands" if error.reason.endswith(_IN_CONTEXT) else ""
    return f"cannot hold {_described(error.object[error.start])}{where}"


def _described(character: str) -> str:
    """A character, safe to show: ``'!'``, or ``U+202E RIGHT-TO-LEFT OVERRIDE``."""
    if character == " ":
        return "a space"
    if character.isascii() and character.isprintable():
        return f"'{character}'"
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def _is_made_of(words: frozenset[str], spelling: str) -> bool:
    """Whether ``spelling`` is one of ``words`` within ``-_.``, or several joined by these."""
    bare = spelling.strip("-_.")
    return bare in words or words.issuperset(filter(None, re.split("[-_.]", bare)))


@functools.lru_cache(maxsize=16)
def _reserved(words: tuple[str, ...]) -> frozenset[str]:
    """The keys and skeletons of all reserved words; ``words``, unlike `RESERVED`, may be no names
    at all."""
    keys = RESERVED | {fold(word) for word in words}
    return keys | {skeleton(word) for word in (*RESERVED, *words)}


# -- Look-alikes -----------------------------------------------------------------------------------


def skeleton(text: str) -> str:
    """What ``text`` looks like, to be compared and never shown (UTS #39, section 4; both cases
    alike)."""
    prototypes = _prototypes()
    if text.isascii():
        return text.translate(prototypes)
    drawn = _decomposed(text).translate(prototypes).lower()
    return _decomposed(drawn).replace("l\u0307", "l").replace("j\u0307", "j")  # i and j have that dot already


_ASCII_RULES: Final = {ord(letter): letter.lower() for letter in "ABCDEFGHJKLMNOPQRSTUVWXYZ"} | {ord("i"): "l", ord("w"): "vv"}
"""Capitals look like their small letters; I looks like l, as in UTS #39, and so must i. That w
looks like vv is ours; UTS #39 has that m looks like rn. No further pair counts: cl and d would make
Clara and Dara one, and a terminal tells them apart."""

_SPECKS: Final = dict.fromkeys((*range(0x2B9, 0x300), 0x2E2F, 0xA67F, *range(0xA717, 0xA720), 0xA788, 0xA78F))
"""The letters that look like punctuation beside a letter, as U+02D1 does: names that differ in them
alone look the same. Words need some of them, so names may hold them."""

_JOINERS: Final = {0x200C: "", 0x200D: ""}
"""The two characters of a name that cannot be seen; UTS #39 leaves them out of skeletons."""


@functools.cache
def _prototypes() -> Mapping[int, str]:
    """What each character that looks like another is drawn as, for `str.translate`; all of ASCII
    included."""
    rules = _confusables() | _ASCII_RULES
    for capital, small in _cased_pairs(rules):
        _make_alike(rules, capital, small)
    return {code: _reduced(chr(code), rules) for code in rules} | _JOINERS


def _confusables() -> dict[int, str]:
    rows = Path(__file__).with_name("confusables.txt").read_text(encoding="ascii").splitlines()
    pairs = (row.split(";") for row in rows if not row.startswith("#"))
    return {int(source, 16): "".join(chr(int(code, 16)) for code in drawn.split()) for source, drawn in pairs}


def _cased_pairs(rules: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """The letters that the rules are about, as (capital, small) pairs; both spellings of a small
    sigma.

    The later code point comes first, which settles the Cyrillic ghe before its prototype, the Greek
    gamma.
    """
    letters = set(map(chr, rules)).union(*rules.values())
    for small in sorted({letter.lower() for letter in letters}, reverse=True):
        capital = small.upper()
        if len(capital) == 1 and capital.lower() == small != capital:
            yield capital, small
    yield "\N{GREEK SMALL LETTER FINAL SIGMA}", "\N{GREEK SMALL LETTER SIGMA}"


def _make_alike(rules: dict[int, str], capital: str, small: str) -> None:
    """Give both letters one prototype, unless that would make two ASCII letters or digits alike."""
    drawn = {letter: _reduced(letter, rules) for letter in (capital, small)}
    if drawn[capital] == drawn[small]:
        return
    for letter, other in ((small, capital), (capital, small)):
        prototype = drawn[letter]
        if len(prototype) == 1 and not prototype.isascii() and prototype not in drawn[other]:
            rules[ord(prototype)] = drawn[other]  # everything drawn like this letter goes along
            return
    for letter, other in ((small, capital), (capital, small)):
        if not drawn[letter].isascii():
            rules[ord(letter)] = drawn[other]  # a prototype with marks: this letter alone goes over
            return


def _reduced(text: str, rules: Mapping[int, str]) -> str:
    """``text`` with the rules applied until none fits. It ends: no rule leads back to its own
    source."""
    while (drawn := _decomposed(_decomposed(text).translate(rules))) != text:
        text = drawn
    return text


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)
