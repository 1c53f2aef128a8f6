"""Splitting: a text that is too long for one line of the protocol becomes several messages."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chatd.codecs.json import encode_command
from chatd.core.commands import Command, Me, Msg, Reply, Say
from chatd.core.errors import TooLong
from chatd.core.limits import LINE_BYTES, TEXT_LINES

LONGEST_ID: Final = "9" * 24
"""A stand-in for the id that the command gets later, which is no longer than this."""


def split(command: Command) -> list[Command]:
    """``command`` as one or more commands whose lines are within `LINE_BYTES`.

    A message is split between lines where possible, else between words or characters. Raises
    TooLong for any other command that does not fit.
    """
    if _fits(command):
        return [command]
    if not isinstance(command, (Say, Me, Msg, Reply)):
        raise TooLong("This is too long.", f"A line has at most {LINE_BYTES:,} bytes.")
    parts: list[Command] = []
    rest = command.text
    while rest:
        end = _end_of_part(command, rest)
        parts.append(replace(command, text=rest[:end].rstrip()))
        rest = rest[end:].lstrip("\n" if rest[end : end + 1] == "\n" else None)
    return parts


def _fits(command: Command) -> bool:
    if isinstance(command, (Say, Msg, Reply)) and command.text.count("\n") >= TEXT_LINES:
        return False
    return len(encode_command(replace(command, id=LONGEST_ID))) <= LINE_BYTES


def _end_of_part(command: Say | Me | Msg | Reply, text: str) -> int:
    """How many characters of ``text`` fit into the next message: at least one."""
    low, high = 1, min(len(text), LINE_BYTES)
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(replace(command, text=text[:middle])):
            low = middle
        else:
            high = middle - 1
    if low == len(text):
        return low
    line_end = text.rfind("\n", 1, low + 1)
    space = line_end if line_end > 0 else text.rfind(" ", low // 2, low + 1)
    return space if space > 0 else low
