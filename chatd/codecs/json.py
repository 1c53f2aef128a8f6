"""The codec for programs: one JSON object a line (``docs/protocol.md``).

Both ends are here: the server decodes commands and encodes events and answers, a client does the
opposite. ``objects.py`` makes the objects.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from chatd.codecs.base import View
from chatd.codecs.objects import NEWS, Json, from_object, news_class, to_object
from chatd.core import command_table, commands
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.errors import BadUsage, Malformed, Refusal
from chatd.core.events import Event
from chatd.core.limits import NAMES_SHOWN
from chatd.core.text import decode_line, safe_text

REQUESTS: Final[Mapping[str, type[Command]]] = {
    "hello": commands.Hello,
    "say": commands.Say,
    "ping": commands.Ping,
    "read": commands.Read,
    "recent": commands.Recent,
}
"""The ``type`` of each thing that a client sends; every command of the table has the type
``do``."""

_REQUEST_OF: Final = {cls: name for name, cls in REQUESTS.items()}
_DUMPS: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

ONLY_VIEW: Final = "every room"
"""Programs are shown every room in the same way."""


class JsonCodec:
    """The half that all programs share."""

    name: Final = "json"
    echo: Final = True
    acknowledges_all: Final = True
    tells_once: Final = False
    names_shown: Final = NAMES_SHOWN

    def talk(self) -> JsonTalk:
        """The half for one more program."""
        return JsonTalk(self)

    def encode(self, event: Event, view: View) -> bytes:
        """The line of ``event``; there is one view."""
        return encode_news(event)


class JsonTalk:
    """The half that belongs to one program; it has no state."""

    __slots__ = ("codec",)
    next_command: Final = None
    read_series: Final = None

    def __init__(self, codec: JsonCodec) -> None:
        self.codec: Final = codec

    def decode(self, line: bytes, named: bool) -> Command:
        """The command that ``line`` asks for. Raises NotText, Malformed, BadUsage and
        UnknownCommand."""
        return decode_command(line)

    def encode(self, answer: Answer) -> bytes:
        """The line of ``answer``."""
        return encode_news(answer)

    def edit(self, event: Event, piece: bytes, own: bool) -> bytes:
        """Programs are sent everything but their own private messages."""
        return b"" if own else piece

    def view(self, current: bool) -> View:
        return ONLY_VIEW


def decode_command(line: bytes) -> Command:
    """The command in ``line``. Raises NotText, Malformed, BadUsage and UnknownCommand."""
    wire = _object(line)
    try:
        return from_object(_command_class(wire), wire)
    except Refusal as refusal:
        refusal.id = safe_text(wire["id"]) if isinstance(wire.get("id"), str) else ""
        raise


def _command_class(wire: Json) -> type[Command]:
    kind = wire.get("type")
    if kind == "do":
        name = wire.get("command")
        if not isinstance(name, str):
            raise BadUsage("A do needs a command.", 'Write {"type": "do", "command": "who"}.')
        return command_table.find_row(safe_text(name)).make
    if not isinstance(kind, str) or kind not in REQUESTS:
        raise Malformed("The type is none that is known.", "It is one of hello, say, do, ping, read and recent.")
    return REQUESTS[kind]


def encode_command(command: Command) -> bytes:
    """The line that asks for ``command``."""
    kind = _REQUEST_OF.get(type(command))
    head = {"type": kind} if kind else {"type": "do", "command": command_table.ROW_OF[type(command)].name}
    return _line({**head, **to_object(command)})


def encode_news(news: Event | Answer) -> bytes:
    """The line for ``news``."""
    return _line({"type": NEWS[type(news)], **to_object(news)})


def decode_news(line: bytes) -> Event | Answer | None:
    """The event or answer in a line of the server; None where this version does not know its type.
    Raises NotText and Malformed."""
    wire = _object(line)
    cls = news_class(wire)
    if cls is None:
        return None
    try:
        return from_object(cls, wire)
    except BadUsage as bad:
        raise Malformed(bad.reason, bad.hint) from None


def _object(line: bytes) -> Json:
    try:
        wire = json.loads(decode_line(line))
    except (ValueError, RecursionError):
        raise Malformed("This is not JSON.", "Each line is one JSON object.") from None
    if not isinstance(wire, dict):
        raise Malformed("This is not a JSON object.", "Each line is one JSON object.")
    return wire


def _line(wire: Json) -> bytes:
    return _DUMPS(wire).encode("utf-8", "replace") + b"\n"
