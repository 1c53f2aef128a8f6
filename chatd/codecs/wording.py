"""Words that the sentences for events and those for answers share."""

from __future__ import annotations

from chatd.core import retention
from chatd.core.names import INBOX, is_inbox


def kept(text: str) -> str:
    """``messages for 30 days`` for 30d."""
    if text == retention.NONE:
        return "no messages"
    return f"messages for {retention.in_words(text)}" if text else "messages as long as the server does"


def in_one_line(text: str) -> str:
    """``text`` without line ends."""
    return text.replace("\n", " ")


def report(nick: str, to: str, text: str, about: str) -> str:
    """What ``nick`` reports about the person ``to`` in the room ``about``."""
    where = f" in #{about}" if about else ""
    return f"{nick} reports {to}{where}: {text}"


def announcement(nick: str, text: str) -> str:
    """What an operator tells everybody."""
    return f"{nick}, an operator, tells everybody: {text}"


def place(room: str) -> str:
    """``room``, or the server, whose log is no room."""
    if room == INBOX:
        return "your private messages"
    return f"your private messages with {room[1:]}" if is_inbox(room) else "this server" if room.startswith(INBOX) else f"#{room}"


def log_name(room: str) -> str:
    """``room``, as something that keeps messages."""
    return "your inbox" if room == INBOX else f"#{room}"


def because(text: str) -> str:
    """The reason that somebody has given, if they have."""
    return f": {text}" if text else ""
