"""Commands, events and answers as JSON objects.

The objects on the wire are the dataclasses of ``commands.py``, ``events.py`` and ``answers.py``,
field by field: a field with its default value is left out, ``sender_id`` and ``hidden`` never leave
the server, and a time is written in ISO 8601, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from types import UnionType
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from chatd.core import answers, events
from chatd.core.answers import Answer
from chatd.core.errors import BadUsage
from chatd.core.events import Event
from chatd.core.text import Lines, safe_lines, safe_text

T = TypeVar("T")
Json = Mapping[str, Any]

NEWS: Final[Mapping[type[Event | Answer], str]] = {
    events.Said: "said",
    events.Joined: "joined",
    events.Left: "left",
    events.Renamed: "renamed",
    events.TopicSet: "topic",
    events.RetentionSet: "kept",
    events.RoleSet: "role",
    events.BanSet: "banned",
    events.BanLifted: "unbanned",
    events.Invited: "invited",
    events.ModeSet: "mode",
    events.Blanked: "blanked",
    events.Private: "private",
    events.Edited: "edited",
    events.Deleted: "deleted",
    events.Reported: "reported",
    events.Announced: "announced",
    answers.Greeting: "greeting",
    answers.Welcome: "welcome",
    answers.Entered: "entered",
    answers.Exited: "exited",
    answers.Ack: "ack",
    answers.Done: "done",
    answers.InboxIs: "inbox",
    answers.ReadIs: "read",
    answers.AwayNotice: "away",
    answers.Members: "members",
    answers.RoomList: "rooms",
    answers.PersonInfo: "person",
    answers.ServerInfo: "server",
    answers.PeopleList: "people",
    answers.FormerPeople: "former",
    answers.Counts: "counts",
    answers.PersonChanged: "changed",
    answers.Watching: "watching",
    answers.Alerts: "alerts",
    answers.Seen: "seen",
    answers.TopicIs: "topic-is",
    answers.RetentionIs: "keeping",
    answers.Forgotten: "forgotten",
    answers.Invitation: "invitation",
    answers.Announcement: "announcement",
    answers.Report: "report",
    answers.Bans: "bans",
    answers.RoomModes: "modes",
    answers.Ignoring: "ignoring",
    answers.RecentList: "recent",
    answers.SessionList: "sessions",
    answers.KeyList: "keys",
    answers.HistoryPage: "history",
    answers.SearchResults: "found",
    answers.HelpText: "help",
    answers.Refused: "refused",
    answers.Missed: "missed",
    answers.Slowed: "slowed",
    answers.Closing: "closing",
    answers.Pong: "pong",
}
"""The ``type`` of each thing that the server sends."""

LINES: Final = (
    answers.RoomLine,
    answers.HelpLine,
    answers.BanLine,
    answers.RecentLine,
    answers.SessionLine,
    answers.KeyLine,
    answers.PersonLine,
    answers.FormerLine,
)
"""What lists in answers consist of."""

_NEWS_OF: Final = {name: cls for cls, name in NEWS.items()}
_WIRE_NAMES: Final = {"first": "from", "last": "to"}
_TIMES: Final = frozenset({"time", "since", "until", "used", "topic_time"})
_UNSEEN: Final = frozenset({"sender_id", "hidden", "common_id"})
"""The fields that never leave the server."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def news_class(wire: Json) -> type[Event | Answer] | None:
    """What kind of event or answer ``wire`` is; None where this version does not know its type."""
    kind = wire.get("type")
    return _NEWS_OF.get(kind) if isinstance(kind, str) else None


# -- Dataclass to object ---------------------------------------------------------------------------


def to_object(thing: Any) -> dict[str, Any]:
    """The fields of ``thing``, a dataclass, under their names on the wire, without a type."""
    wire: dict[str, Any] = {}
    for name, default, write in _writers(type(thing)):
        value = getattr(thing, name)
        if value != default:
            wire[_WIRE_NAMES.get(name, name)] = write(value)
    return wire


def _writers(cls: type) -> list[tuple[str, object, Callable[[Any], Any]]]:
    writers = _WRITERS.get(cls)
    if writers is None:
        hints = get_type_hints(cls)
        writers = _WRITERS[cls] = [
            (f.name, _default(f), _writer(f.name, hints[f.name])) for f in fields(cls) if f.name not in _UNSEEN
        ]
    return writers


_WRITERS: Final[dict[type, list[tuple[str, object, Callable[[Any], Any]]]]] = {}


def _default(field: Field[Any]) -> object:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def _writer(name: str, hint: Any) -> Callable[[Any], Any]:
    return iso_time if _is_time(name, hint) else _plain


def _is_time(name: str, hint: Any) -> bool:
    """Whether a field is a point in time; the ``time`` of a ban is a duration, ``10m``."""
    return name in _TIMES and hint is int


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int)):  # Most are, and to ask whether something is a Mapping takes longer than the rest.
        return value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Event):
        return {"type": NEWS[type(value)], **to_object(value)}
    if isinstance(value, LINES):
        return to_object(value)
    return dict(value) if isinstance(value, Mapping) else value


def iso_time(milliseconds: int) -> str:
    """``2026-11-23T12:00:00.000Z`` for milliseconds since 1970-01-01 UTC."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_iso_second(seconds)}.{rest:03}Z"


@lru_cache(maxsize=16)
def _iso_second(seconds: int) -> str:
    """``2026-11-23T12:00:00``. It is cached, since to format it again would be a quarter of what it
    costs to encode a message."""
    return (_EPOCH + timedelta(seconds=seconds)).isoformat().removesuffix("+00:00")


# -- Object to dataclass ---------------------------------------------------------------------------


def from_object(cls: type[T], wire: Json) -> T:
    """The ``cls`` whose fields are in ``wire``, with every text safe (``text.py``); fields that
    ``cls`` does not know are skipped. Raises BadUsage."""
    values = {"sender_id": ""} if issubclass(cls, Event) else {}
    for name, wire_name, required, read in _readers(cls):
        if wire_name in wire:
            try:
                values[name] = read(wire[wire_name])
            except (ValueError, OverflowError):
                raise BadUsage(f"The field {wire_name} is not of its type.", "docs/protocol.md has the types.") from None
        elif required:
            raise BadUsage(f"The field {wire_name} is missing.", "docs/protocol.md has the fields.")
    return cls(**values)


def _readers(cls: type) -> list[tuple[str, str, bool, Callable[[Any], Any]]]:
    readers = _READERS.get(cls)
    if readers is None:
        hints = get_type_hints(cls, include_extras=True)
        readers = _READERS[cls] = [
            (f.name, _WIRE_NAMES.get(f.name, f.name), _default(f) is MISSING, _reader(f.name, hints[f.name]))
            for f in fields(cls)
            if f.name not in _UNSEEN
        ]
    return readers


_READERS: Final[dict[type, list[tuple[str, str, bool, Callable[[Any], Any]]]]] = {}


def _reader(name: str, hint: Any) -> Callable[[Any], Any]:
    if _is_time(name, hint):
        return _read_time
    if hint == Lines:
        return _read_lines
    generic, arguments = get_origin(hint) or hint, get_args(hint)
    if generic is UnionType:  # ``str | None``: a field that is left out is None, and one that is there is a text.
        return _reader(name, arguments[0])
    if generic is tuple:
        return partial(_read_tuple, _reader("", arguments[0]))
    if isinstance(generic, type) and issubclass(generic, Mapping):
        return partial(_read_mapping, _reader("", arguments[1]))
    return _READ[generic]


def _read_lines(value: Any) -> str:
    return safe_lines(_of(str, value))


def _read_tuple(read: Callable[[Any], T], value: Any) -> tuple[T, ...]:
    return tuple(read(item) for item in _of(list, value))


def _read_mapping(read: Callable[[Any], T], value: Any) -> dict[str, T]:
    return {safe_text(key): read(item) for key, item in _of(dict, value).items()}


def _read_time(value: Any) -> int:
    moment = datetime.fromisoformat(_of(str, value))
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _read_event(value: Any) -> Event:
    cls = news_class(_of(dict, value))
    if cls is None or not issubclass(cls, Event):
        raise ValueError("not an event")
    return from_object(cls, value)


def _read_line(cls: type[T], value: Any) -> T:
    return from_object(cls, _of(dict, value))


def _of(cls: type[T], value: Any) -> T:
    if type(value) is not cls:
        raise ValueError(f"not of type {cls.__name__}")
    return value


_READ: Final[Mapping[Any, Callable[[Any], Any]]] = {
    str: lambda value: safe_text(_of(str, value)),
    int: partial(_of, int),
    bool: partial(_of, bool),
    float: lambda value: float(value) if type(value) in (int, float) else _of(float, value),
    events.Reason: lambda value: events.Reason(_of(str, value)),
    events.Event: _read_event,
    **{line: partial(_read_line, line) for line in LINES},
}
