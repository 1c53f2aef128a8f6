"""Hypothesis strategies for what codecs decode and encode."""

from __future__ import annotations

import inspect
import string
from dataclasses import fields
from types import ModuleType
from typing import Any, TypeVar

from hypothesis import strategies as st

from chatd.core import answers, commands, events
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event, Reason
from chatd.core.text import safe_text

T = TypeVar("T")

EVIL = "\0\t\n\r\x0b\x1b\x7f\x85\x9b\u00ad\u202e\u2028\u2066\ufeff"
"""Characters that no text may contain after decoding."""

ANY_TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from(EVIL + "<>*#[]-!/ "), max_size=40)
SAFE_TEXT = ANY_TEXT.map(safe_text)
NICKS = st.text(string.ascii_letters + string.digits + "éж日", min_size=1, max_size=12)
TIMES = st.integers(0, 4_102_444_800_000)
NUMBERS = st.integers(0, 2**53)
SEQS = st.integers(0, 2**40 - 1)

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "time": TIMES,
    "since": TIMES,
    "seq": NUMBERS,
    "count": NUMBERS,
    "first": NUMBERS,
    "last": NUMBERS,
    "idle": NUMBERS,
    "rate": st.floats(0, 1e6),
    "before": NUMBERS,
    "scrollback": NUMBERS,
    "after": NUMBERS,
    "nick": NICKS,
    "to": NICKS,
    "room": NICKS,
    "current": NICKS | st.just(""),
    "reason": st.sampled_from(Reason),
    "sender_id": st.just(""),
    "hidden": st.just(""),
    "common_id": st.just(""),
    "until": TIMES,
    "mask": NICKS,
    "role": st.sampled_from(["owner", "moderator", "voice", "member"]),
    "target": SEQS,
    "mutes": st.booleans(),
    "by": NICKS | st.just(""),
    "groups": st.lists(SAFE_TEXT, max_size=2).map(tuple),
    "action": st.booleans(),
    **dict.fromkeys(
        ("notice", "default_room", "everybody", "member", "secure", "early", "gone", "stop", "stays", "by_account"), st.booleans()
    ),
    **dict.fromkeys(("operators", "most", "unknown"), NUMBERS),
    **dict.fromkeys(("accounts", "here", "missing"), st.lists(NICKS, max_size=4).map(tuple)),
    "topic_time": TIMES,
    "what": st.sampled_from(["away", "account", "realname"]),
    "joined": st.booleans(),
    "account": st.booleans(),
    "remember": st.booleans(),
    "own": st.booleans(),
    "register": st.booleans(),
    "connected": st.booleans(),
    "remembered": st.booleans(),
    "number": NUMBERS,
    "end": NUMBERS,
    "reply": SEQS,
    "edited": SEQS,
    "remove": NUMBERS,
    "used": TIMES,
    "more": st.booleans(),
    "later": st.booleans(),
    "absent": st.booleans(),
    "words": st.lists(SAFE_TEXT, max_size=3).map(tuple),
    **dict.fromkeys(("motd", "alerts"), st.lists(SAFE_TEXT, max_size=3).map(tuple)),
    "members": st.lists(NICKS, max_size=4).map(tuple),
    "nicks": st.lists(NICKS, max_size=4).map(tuple),
    "around": NUMBERS,
    "limit": NUMBERS,
    "keep": st.sampled_from(["", "none", "1h", "30d", "8w", "no span"]),
    "resume": st.dictionaries(SAFE_TEXT, NUMBERS, max_size=3),
}
"""The values of a field of this name, in every class; other fields are safe text."""


def classes(module: ModuleType, base: type[T]) -> list[type[T]]:
    """The subclasses of ``base`` in ``module`` (``__subclasses__`` also has those that ``slots``
    has replaced)."""
    classes = [cls for _, cls in inspect.getmembers(module, inspect.isclass)]
    return [cls for cls in classes if issubclass(cls, base) and cls is not base and not cls.__name__.startswith("_")]


def _instances(cls: type[Any], **special: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    known = FIELDS | special
    return st.builds(cls, **{field.name: known.get(field.name, SAFE_TEXT) for field in fields(cls)})


BLANKED: st.SearchStrategy[Event] = _instances(
    events.Blanked, text=st.just(""), action=st.just(False), reply=st.just(0), edited=st.just(0), notice=st.just(False)
)
ROOM_EVENTS: st.SearchStrategy[Event] = st.one_of(
    BLANKED,
    _instances(events.Joined, away=st.none() | SAFE_TEXT),
    _instances(events.RoleSet, before=NICKS),
    *(
        _instances(cls)
        for cls in classes(events, Event)
        if cls not in (events.Blanked, events.Private, events.Joined, events.RoleSet)
    ),
)
PRIVATE: st.SearchStrategy[Event] = _instances(events.Private, guest=st.booleans(), action=st.just(False))

SPECIAL: dict[type[Any], dict[str, st.SearchStrategy[Any]]] = {
    answers.Refused: {"reason": SAFE_TEXT.map("No: {}".format)},
    answers.Done: {
        "command": st.sampled_from(["nick", "join", "msg", "reply", "topic", "away", "back", "register", "login", "password"])
    },
    answers.InboxIs: {"after": NUMBERS, "read": st.dictionaries(NICKS, NUMBERS, max_size=3)},
    answers.Entered: {
        "read": NUMBERS,
        "members": st.lists(NICKS, min_size=1, max_size=20).map(tuple),
        "away": st.dictionaries(NICKS, SAFE_TEXT, max_size=3),
        "scrollback": st.lists(ROOM_EVENTS, max_size=3).map(tuple),
        "newcomer": NICKS | st.just(""),
    },
    answers.RetentionIs: {"most": st.sampled_from(["", "90d"])},
    answers.Members: {
        "secret": st.booleans(),
        **{name: st.dictionaries(NICKS, SAFE_TEXT, max_size=3) for name in ("away", "roles")},
    },
    answers.PeopleList: {
        "people": st.lists(_instances(answers.PersonLine, away=st.none() | SAFE_TEXT, operator=st.booleans()), max_size=3).map(
            tuple
        )
    },
    answers.FormerPeople: {"people": st.lists(_instances(answers.FormerLine), max_size=3).map(tuple)},
    answers.Counts: {"people": NUMBERS, "rooms": NUMBERS},
    answers.PersonChanged: {"text": st.none() | SAFE_TEXT},
    answers.RoomModes: {"modes": st.dictionaries(SAFE_TEXT, SAFE_TEXT, max_size=3)},
    answers.Bans: {"bans": st.lists(_instances(answers.BanLine), max_size=3).map(tuple)},
    answers.Ignoring: {"nicks": st.lists(NICKS, max_size=3).map(tuple), "now": st.dictionaries(NICKS, NICKS, max_size=3)},
    answers.HistoryPage: {"events": st.lists(ROOM_EVENTS, max_size=3).map(tuple)},
    answers.SearchResults: {"events": st.lists(ROOM_EVENTS, max_size=3).map(tuple)},
    answers.PersonInfo: {
        "rooms": st.lists(NICKS, max_size=3).map(tuple),
        "away": st.none() | SAFE_TEXT,
        "roles": st.dictionaries(NICKS, SAFE_TEXT, max_size=3),
        "operator": st.booleans(),
    },
    answers.RoomList: {"rooms": st.lists(_instances(answers.RoomLine), max_size=3).map(tuple)},
    answers.HelpText: {
        "commands": st.lists(_instances(answers.HelpLine, also=st.lists(NICKS, max_size=2).map(tuple)), min_size=1, max_size=3).map(
            tuple
        )
    },
    answers.RecentList: {"rooms": st.lists(_instances(answers.RecentLine), max_size=3).map(tuple)},
    answers.SessionList: {"sessions": st.lists(_instances(answers.SessionLine, current=st.booleans()), max_size=3).map(tuple)},
    answers.KeyList: {"keys": st.lists(_instances(answers.KeyLine), max_size=3).map(tuple)},
    commands.Hello: {"rooms": st.lists(SAFE_TEXT, max_size=3).map(tuple), "scrollback": NUMBERS},
    commands.Recent: {"oldest": st.booleans()},
    commands.Whowas: {"count": NUMBERS},
    commands.History: {"count": NUMBERS},
    commands.Read: {"time": SAFE_TEXT},
    commands.Mute: {"time": SAFE_TEXT},
    commands.Ban: {"time": SAFE_TEXT},
}

NEWS: st.SearchStrategy[Event | Answer] = st.one_of(
    ROOM_EVENTS, PRIVATE, *(_instances(cls, **SPECIAL.get(cls, {})) for cls in classes(answers, Answer))
)
COMMANDS: st.SearchStrategy[Command] = st.one_of(*(_instances(cls, **SPECIAL.get(cls, {})) for cls in classes(commands, Command)))


def texts_of(thing: Any) -> list[str]:
    """All texts in ``thing``, at any depth."""
    if isinstance(thing, str):
        return [thing]
    if isinstance(thing, dict):
        return [text for pair in thing.items() for part in pair for text in texts_of(part)]
    if isinstance(thing, tuple):
        return [text for part in thing for text in texts_of(part)]
    slots = [name for cls in type(thing).__mro__ for name in getattr(cls, "__slots__", ())]
    return [text for name in slots for text in texts_of(getattr(thing, name))]
