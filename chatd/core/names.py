"""Nicks and room names: their grammar, and which of them are the same or look the same.

PRECIS (RFC 8265) enforces names: the profile UsernameCasePreserved makes the ``text``, and
UsernameCaseMapped the ``key``. Outside ASCII the profile alone decides which characters a name may
contain: letters and digits of any script, with the marks and joiners that its words need, but no
symbols and no emoji. In ASCII only letters, digits and ``-_.`` are allowed. Before that, the few
letters of living scripts that PRECIS refuses because they are ligatures are decomposed.

The ``skeleton`` is that of UTS #39, with one difference: two names that differ only in case are the
same name, so they need the same skeleton. If a capital and its small letter look like two different
characters, those count as alike too: ``I`` looks like ``l``, so ``i``, ``l`` and ``1`` are alike,
and so are ``o`` and ``0``. No other ASCII letters become alike in this way. For the few letters
that would require it (a capital Greek nu looks like N, a small one like v), each case has its own
skeleton, so two spellings of one key may have different skeletons. Therefore compare keys as well.
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
from chatd.core.limits import NAME_BYTES_A_CHARACTER, NICK_CHARACTERS, ROOM_CHARACTERS
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
"""Words that would mislead as a nick, case-folded. ``all`` is not one of them, because Ali looks
like it."""

_ASCII_NAME: Final = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_][A-Za-z0-9._-]*")
_ASCII_FORBIDDEN: Final = re.compile(r"[\x00-\x7f](?<![A-Za-z0-9._-])")
_PRECIS: Final = get_profile("UsernameCasePreserved")

_LIGATURES: Final = str.maketrans({letter: unicodedata.normalize("NFKC", letter) for letter in "\u0587\u0e33\u0eb3\u0edc\u0edd"})
"""Armenian ech yiwn, Thai and Lao am, Lao ho no and ho mo, and their decompositions.

PRECIS refuses characters with a compatibility decomposition (RFC 8264, 9.17), but names in these
scripts need them.
"""

_TONE_FIRST: Final = re.compile("([\u0e48-\u0e4b\u0ec8-\u0ecb]+)([\u0e4d\u0ecd])")
"""A tone mark before the first half of Thai or Lao am: people type them in this order, but they are
drawn in the other."""

_IN_CONTEXT: Final = ("joiner", "middle_dot", "greek_keraia", "hebrew_punctuation", "arabic_indic")
"""The ends of PRECIS error texts that mean: the character is only allowed next to certain others
(RFC 5892, A)."""

_CODE_POINTS_A_CHARACTER: Final = 4
"""The most code points that NFC combines into one (a Greek vowel with three marks). This bounds the
work."""


@dataclass(frozen=True, slots=True)
class Name:
    """A nick, or a room name without its ``#``.

    ``text`` is what people see. Names with equal ``key`` are the same, names with equal
    ``skeleton`` look the same; these two are never shown.
    """

    text: str
    key: str
    skeleton: str


@dataclass(frozen=True, slots=True, eq=False)
class _Grammar:
    """The differences between nicks and room names: what they are called, the longest length in
    characters, and the refusal."""

    what: str
    longest: int
    refusal: type[BadNick | BadRoom]

    def refusal_for(self, reason: str) -> BadNick | BadRoom:
        return self.refusal(
            f"{self.what} {reason}.",
            f"{self.what} has 1 to {self.longest} characters: letters and digits of any script, and - _ . "
            "(but not - or . at the beginning).",
        )


_JOINTS: Final = re.compile("[-_.]")
_NICK: Final = _Grammar("A nick", NICK_CHARACTERS, BadNick)
_ROOM: Final = _Grammar("A room name", ROOM_CHARACTERS, BadRoom)


# -- Parsing ---------------------------------------------------------------------------------------


def parse_nick(text: str, reserved: Collection[str] = ()) -> Name:
    """Parse ``text`` as a nick.

    ``reserved`` are reserved words besides `RESERVED`. Raises `BadNick` if ``text`` is not a valid
    nick, and `NickReserved` if it is a reserved word or looks like one.
    """
    name = _parse(text, _NICK)
    taken = _reserved(tuple(reserved))
    if _is_made_of(taken, name.key) or _is_made_of(taken, name.skeleton):
        raise NickReserved(f"{name.text} is reserved or looks like a reserved word.", "Choose another nick.")
    return name


def known_nick(text: str) -> Name:
    """The nick ``text``, which was valid and not reserved when it was stored."""
    try:
        return _parse(text, _NICK)
    except BadNick:  # The grammar was another one.
        return Name(text, fold(text), skeleton(text))


def parse_room(text: str) -> Name:
    """Parse ``text`` as a room name, with or without its ``#``. Raises `BadRoom`."""
    return _parse(text.removeprefix("#"), _ROOM)


INBOX: Final = "@"
"""What everybody calls their own inbox."""


def inbox_key(key: str) -> str:
    """The key of the inbox of the account with this ``key``."""
    return f"{INBOX}{key}"


def is_inbox(key: str) -> bool:
    """Whether the log with this ``key`` is the inbox of an account, and not that of a room or of
    the server."""
    return key.startswith(INBOX) and key != "@server"  # Which is reserved, so no nick.


def fold(text: str) -> str:
    """The key of the nick or room name ``text`` (without ``#``), for look-ups.

    Never raises: what cannot be a name stays as it is, which is the key of no name, and is empty
    only if ``text`` is.
    """
    if text.isascii():
        return text.lower()
    if len(text) > ROOM_CHARACTERS * _CODE_POINTS_A_CHARACTER:
        return text
    return _fold(text)


@functools.lru_cache(maxsize=1024)
def _fold(text: str) -> str:
    try:
        return _key(_PRECIS.enforce(_decompose_letters(text)))
    except UnicodeEncodeError:
        return text


@functools.lru_cache(maxsize=1024)
def _parse(text: str, grammar: _Grammar) -> Name:
    if not text:
        raise grammar.refusal_for("cannot be empty")
    if _ASCII_NAME.fullmatch(text) is None:
        text = _enforce(text, grammar)
    if len(text) > grammar.longest:
        raise grammar.refusal_for(f"cannot be longer than {grammar.longest} characters")
    if len(text.encode()) > grammar.longest * NAME_BYTES_A_CHARACTER:
        raise grammar.refusal_for(f"cannot be longer than {grammar.longest * NAME_BYTES_A_CHARACTER} bytes of UTF-8")
    key, drawn = _key(text), skeleton(text.translate(_SPECKS))
    return Name(text, text if key == text else key, key if drawn == key else drawn)  # Most names need one or two strings.


def _enforce(text: str, grammar: _Grammar) -> str:
    """``text`` as enforced by PRECIS. Raises the refusal of ``grammar`` if it is not valid."""
    if len(text) > grammar.longest * _CODE_POINTS_A_CHARACTER:
        raise grammar.refusal_for(f"cannot be longer than {grammar.longest} characters")
    try:
        enforced = _PRECIS.enforce(_decompose_letters(text))
    except UnicodeEncodeError as error:
        raise grammar.refusal_for(_reason(error)) from None
    if forbidden := _ASCII_FORBIDDEN.search(enforced):
        raise grammar.refusal_for(f"cannot contain {_describe(forbidden[0])}")
    if not (enforced[0].isalnum() or enforced[0] == "_"):
        raise grammar.refusal_for(f"cannot begin with {_describe(enforced[0])}")
    if not any(map(str.isalnum, enforced.translate(_SPECKS))):
        raise grammar.refusal_for("needs a letter or a digit")
    if safe_text(enforced) != enforced:
        raise grammar.refusal_for("cannot have so many combining marks in a row")
    return enforced


def _decompose_letters(text: str) -> str:
    return _TONE_FIRST.sub(r"\2\1", text.translate(_LIGATURES))


def _key(text: str) -> str:
    """The key of a text that PRECIS has enforced. This is all that UsernameCaseMapped adds (RFC
    8265, 3.3)."""
    return unicodedata.normalize("NFC", text.lower())


def _reason(error: UnicodeEncodeError) -> str:
    if error.reason.endswith("bidi_rule"):  # RFC 5893, section 2
        return "with right-to-left letters must begin with one, end with one or a digit, and have no other letters"
    position = " in this position" if error.reason.endswith(_IN_CONTEXT) else ""
    return f"cannot contain {_describe(error.object[error.start])}{position}"


def _describe(character: str) -> str:
    """A description of a character that is safe to show: ``'!'``, or ``U+202E RIGHT-TO-LEFT
    OVERRIDE``."""
    if character == " ":
        return "a space"
    if character.isascii() and character.isprintable():
        return f"'{character}'"
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def _is_made_of(words: frozenset[str], spelling: str) -> bool:
    """Whether ``spelling`` is one of ``words`` within ``-_.``, or several joined by these."""
    bare = spelling.strip("-_.")
    return bare in words or words.issuperset(filter(None, _JOINTS.split(bare)))


@functools.lru_cache(maxsize=16)
def _reserved(words: tuple[str, ...]) -> frozenset[str]:
    """The keys and skeletons of all reserved words; ``words``, unlike `RESERVED`, need not be
    valid names."""
    keys = RESERVED | {fold(word) for word in words}
    return keys | {skeleton(word) for word in (*RESERVED, *words)}


# -- Look-alikes -----------------------------------------------------------------------------------


def skeleton(text: str) -> str:
    """The skeleton of ``text``, the same for upper and lower case (UTS #39, section 4). It is only
    for comparing."""
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
"""The two invisible characters that names may contain; UTS #39 removes them from skeletons."""


@functools.cache
def _prototypes() -> Mapping[int, str]:
    """A table for `str.translate` from each character that looks like another, and all of ASCII, to
    its prototype."""
    rules = _confusables() | _ASCII_RULES
    for capital, small in _cased_pairs(rules):
        _make_alike(rules, capital, small)
    return {code: _reduced(chr(code), rules) for code in rules} | _JOINERS


def _confusables() -> dict[int, str]:
    rows = Path(__file__).with_name("confusables.txt").read_text(encoding="ascii").splitlines()
    pairs = (row.split(";") for row in rows if not row.startswith("#"))
    return {int(source, 16): "".join(chr(int(code, 16)) for code in drawn.split()) for source, drawn in pairs}


def _cased_pairs(rules: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """The letters in the rules as pairs (capital, small), and the two forms of the small sigma.

    Higher code points come first, so that the Cyrillic ghe comes before its prototype, the Greek
    gamma.
    """
    letters = set(map(chr, rules)).union(*rules.values())
    for small in sorted({letter.lower() for letter in letters}, reverse=True):
        capital = small.upper()
        if len(capital) == 1 and capital.lower() == small != capital:
            yield capital, small
    yield "\N{GREEK SMALL LETTER FINAL SIGMA}", "\N{GREEK SMALL LETTER SIGMA}"


def _make_alike(rules: dict[int, str], capital: str, small: str) -> None:
    """Give both letters the same prototype, unless that would make two ASCII letters or digits
    alike."""
    drawn = {letter: _reduced(letter, rules) for letter in (capital, small)}
    if drawn[capital] == drawn[small]:
        return
    for letter, other in ((small, capital), (capital, small)):
        prototype = drawn[letter]
        if len(prototype) == 1 and not prototype.isascii() and prototype not in drawn[other]:
            rules[ord(prototype)] = drawn[other]  # this applies to everything that looks like this letter
            return
    for letter, other in ((small, capital), (capital, small)):
        if not drawn[letter].isascii():
            rules[ord(letter)] = drawn[other]  # a prototype with marks: only this letter changes
            return


def _reduced(text: str, rules: Mapping[int, str]) -> str:
    """``text`` with the rules applied until nothing changes. This ends, since no rule leads back to
    its own source."""
    while (drawn := _decomposed(_decomposed(text).translate(rules))) != text:
        text = drawn
    return text


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)
