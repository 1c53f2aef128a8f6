"""What types of terminals can do besides showing characters: links, the title of the window, and
notifications."""

from __future__ import annotations

from typing import Final

from chatd.core.text import safe_part

SAVE_TITLE: Final = "\x1b[22;2t"
RESTORE_TITLE: Final = "\x1b[23;2t"
"""Put the title of the window aside, and take it back (xterm's XTWINOPS)."""

TITLE_CHARACTERS: Final = 60
NOTE_CHARACTERS: Final = 120

WITH_TITLE: Final = ("xterm", "tmux", "screen", "rxvt", "putty", "foot", "alacritty", "kitty", "wezterm", "konsole", "gnome", "vte")
"""How the types of terminals begin whose window has a title."""

NOTIFIERS: Final = {"foot": 777, "rxvt": 777, "wezterm": 9, "iterm": 9, "xterm-ghostty": 9, "xterm-kitty": 9}
"""How the types of terminals begin that show a notification, and with which sequence (OSC 9, OSC
777). Others may show the sequence itself."""

PROGRAMS: Final = {"iTerm.app": 9, "WezTerm": 9, "ghostty": 9, "vscode": 0}
"""The same by the name in ``TERM_PROGRAM``, where the terminal is known by it."""


WITHOUT_LINKS: Final = ("linux", "cons", "vt", "sun", "eterm")
"""The beginnings of TERM for terminals that may print an operating system command (ECMA-48, 8.3.89)
as text."""


def has_links(term: str) -> bool:
    """Whether a terminal of the type ``term`` knows links (OSC 8), or ignores them."""
    return not term.startswith(WITHOUT_LINKS)


def has_title(term: str) -> bool:
    """Whether a terminal of the type ``term`` has a title that can be set."""
    return term.startswith(WITH_TITLE)


def notifier(term: str, program: str = "") -> int:
    """The number of the sequence that makes such a terminal show a notification; 0: none does."""
    by_term = next((number for name, number in NOTIFIERS.items() if term.startswith(name)), 0)
    return PROGRAMS.get(program, by_term)


def title(text: str) -> str:
    """Makes ``text`` the title of the window."""
    return f"\x1b]2;{_plain(text, TITLE_CHARACTERS)}\x1b\\"


def notification(number: int, text: str) -> str:
    """Shows ``text`` as a notification, by the sequence with this ``number``."""
    text = _plain(text, NOTE_CHARACTERS)
    if number == 777:
        return f"\x1b]777;notify;chatd;{text.replace(';', ',')}\x1b\\"
    return f"\x1b]9;{text}\x1b\\" if number else ""


def _plain(text: str, most: int) -> str:
    return safe_part(text).replace("\n", " ")[:most]
