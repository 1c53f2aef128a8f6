"""One line of IRC: its tags, its command and its parameters (RFC 1459, 2.3.1; IRCv3
message-tags)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Final

from wcwidth import iter_graphemes

from chatd.core.errors import TooLong
from chatd.core.facts import fact
from chatd.core.limits import IRC_LINE_BYTES, IRC_TAGS_BYTES

END: Final = "\r\n"
MOST_PARAMETERS: Final = 15
_ESCAPES: Final = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_ESCAPED: Final = str.maketrans({";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"})
_KEY: Final = re.compile(r"\+?(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")


@fact()
class Message:
    """A line from a client; ``command`` is in capitals, and ``is_text`` says whether it was
    UTF-8."""

    command: str
    params: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    is_text: bool = True

    def param(self, index: int) -> str:
        """The parameter number ``index``, from 0 on; empty: there is none."""
        return self.params[index] if index < len(self.params) else ""


def parse(line: bytes) -> Message | None:
    """The message in ``line``, which has no line end; None: it is blank. Raises TooLong."""
    tags, rest = b"", line
    if line.startswith(b"@"):
        tags, _, rest = line.partition(b" ")
    if len(tags) >= IRC_TAGS_BYTES or len(rest) > IRC_LINE_BYTES - len(END):
        raise TooLong("The line is too long.", f"A line has at most {IRC_LINE_BYTES} bytes.")
    text, is_text = _decoded(rest)
    text = text.replace("\0", "").strip(" \r")
    if text.startswith(":"):
        text = text.partition(" ")[2].lstrip(" ")
    if not text:
        return None
    head, has_trailing, trailing = text.partition(" :")
    command, *params = head.split(" ")
    params = [param for param in params if param]
    if has_trailing:
        params.append(trailing)
    if len(params) > MOST_PARAMETERS:
        params[MOST_PARAMETERS - 1 :] = [" ".join(params[MOST_PARAMETERS - 1 :])]
    keys, are_text = _decoded(tags[1:])
    return Message(command.upper(), tuple(params), _tags(keys), is_text and are_text)


def _decoded(line: bytes) -> tuple[str, bool]:
    """The text of ``line``, and whether it is UTF-8."""
    try:
        return line.decode(), True
    except UnicodeDecodeError:
        return line.decode(errors="replace"), False


def _tags(text: str) -> Mapping[str, str]:
    if not text:
        return {}
    pairs = (pair.partition("=") for pair in text.split(";"))
    return {key: _unescape(value) for key, _, value in pairs if _KEY.fullmatch(key)}


def _unescape(value: str) -> str:
    if "\\" not in value:
        return value
    characters, result = iter(value), []
    for character in characters:
        if character == "\\":
            escaped = next(characters, "")
            result.append(_ESCAPES.get(escaped, escaped))
        else:
            result.append(character)
    return "".join(result)


def tag(key: str, value: str = "") -> str:
    """``key=value`` as a tag is written."""
    return f"{key}={value.translate(_ESCAPED)}" if value else key


_UNSAFE: Final = re.compile("[\r\n\0]")


def body(source: str, command: str, *params: str, trailing: str | None = None) -> str:
    """A line without tags and line end. ``trailing`` may hold spaces, and is cut if the line would
    be too long."""
    words = " ".join(_middle(param) for param in params)
    head = f":{source} {command} {words}" if words else f":{source} {command}"
    if trailing is None:
        return head
    return cut(f"{head} :{_UNSAFE.sub(' ', trailing)}")


def _middle(param: str) -> str:
    """``param`` as it may be written before the last one."""
    return param.lstrip(":").replace(" ", "_") or "*"


def cut(line: str, size: int = IRC_LINE_BYTES - len(END)) -> str:
    """The beginning of ``line`` that has at most ``size`` bytes, cut between two characters."""
    if len(line) * 4 <= size or len(encoded := line.encode()) <= size:
        return line
    return encoded[:size].decode(errors="ignore")


def pieces(text: str, size: int) -> Iterator[str]:
    """``text`` in pieces of at most ``size`` bytes, cut between what people see as characters."""
    if len(text) * 4 <= size or len(text.encode()) <= size:
        yield text
        return
    piece: list[str] = []
    left = size
    for character in iter_graphemes(text):
        length = len(character.encode())
        if length > left and piece:
            yield "".join(piece)
            piece, left = [], size
        piece.append(cut(character, size))
        left -= length
    yield "".join(piece)
