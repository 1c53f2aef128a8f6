"""CHATHISTORY and REDACT (IRCv3 chathistory, draft/message-redaction)."""

from __future__ import annotations

from chatd.codecs.irc.client import Client
from chatd.codecs.irc.events import seq_of
from chatd.codecs.irc.message import Message, body
from chatd.codecs.irc.places import Point, parse_timestamp, point, room_of, target_of
from chatd.codecs.irc.request import Line, Request
from chatd.codecs.objects import iso_time
from chatd.core import answers, commands, events
from chatd.core.limits import HISTORY_EVENTS, HISTORY_PAGES, SCROLLBACK_EVENTS, TOPIC_CHARACTERS

NEEDED = {"LATEST": 4, "BEFORE": 4, "AFTER": 4, "AROUND": 4, "BETWEEN": 5, "TARGETS": 4}
"""The kinds of requests, with how many parameters each has."""


def chathistory(talk: Client, message: Message) -> None:
    """Show what was said in a room, or in private."""
    kind, target = message.params[0].upper(), message.param(1)
    if kind not in NEEDED:
        return talk.fail("CHATHISTORY", "INVALID_PARAMS", "There is no such kind of history.", kind or "*")
    if len(message.params) < NEEDED[kind]:
        return talk.fail("CHATHISTORY", "NEED_MORE_PARAMS", "A parameter is missing.", kind)
    if kind == "TARGETS":
        return _targets(talk, message.params[1], message.params[2], message.params[3])
    number = message.params[-1]
    room = room_of(target)
    points = [point(text, room) for text in message.params[2:-1]]
    if None in points or (kind != "LATEST" and Point() in points) or not _is_number(number):
        return talk.fail("CHATHISTORY", "INVALID_PARAMS", "A place or the number cannot be read.", kind, target)
    if not room:
        return talk.fail("CHATHISTORY", "INVALID_TARGET", "There is no history for you there.", kind, target or "*")
    if kind == "BETWEEN" and len({bool(place and place.seq) for place in points}) > 1:
        return talk.fail("CHATHISTORY", "INVALID_PARAMS", "Name two messages, or two times.", kind, target)
    count = min(2 * int(number) + SCROLLBACK_EVENTS, HISTORY_EVENTS)  # Not all events are messages.
    return talk.ask(_command(kind, room, [place for place in points if place], count))


def _targets(talk: Client, first: str, second: str, number: str) -> None:
    """List the rooms and private talks whose last message is between two times."""
    start, end = parse_timestamp(first), parse_timestamp(second)
    if start is None or end is None or not _is_number(number):
        return talk.fail("CHATHISTORY", "INVALID_PARAMS", "A time or the number cannot be read.", "TARGETS")
    after, before = iso_time(min(start, end)), iso_time(max(start, end))
    return talk.ask(commands.Recent(int(number), after, before, oldest=start <= end))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text[:9]) <= 10**8


def targets(talk: Client, answer: answers.RecentList) -> list[Line]:
    """The answer to TARGETS."""
    server = talk.shared.server
    lines = (body(server, "CHATHISTORY", "TARGETS", target_of(line.room), iso_time(line.time)) for line in answer.rooms)
    return talk.batch("draft/chathistory-targets", "", map(talk.line, lines))


def _command(kind: str, room: str, points: list[Point], count: int) -> commands.History:
    first = points[0]
    is_forward = kind == "AFTER" or (kind == "BETWEEN" and not _is_later(first, points[1]))
    if kind == "AROUND":
        return commands.History(count, room, around=first.seq, around_time=first.as_text())
    if is_forward:
        return commands.History(count, room, after=first.seq, after_time=first.as_text())
    if kind == "LATEST":
        return commands.History(count, room)
    return commands.History(count, room, before=first.seq, before_time=first.as_text(later=bool(first.id)))


def _is_later(first: Point, second: Point) -> bool:
    return (first.seq, first.time) > (second.seq, second.time)


def page(talk: Client, answer: answers.HistoryPage, request: Request) -> list[Line]:
    """The messages that the CHATHISTORY of ``request`` has asked for. Much else happens in rooms:
    if ``answer`` has too few, none is shown yet, and further events are asked for."""
    params, room = request.params, answer.room
    kind, count = params[0].upper(), min(int(params[-1]), HISTORY_EVENTS)
    points = [place for text in params[2:-1] if (place := point(text, room)) is not None]
    backward = kind not in ("AFTER", "AROUND") and not (kind == "BETWEEN" and not _is_later(*points))
    found = [event for event in answer.events if isinstance(event, events.Said) and type(event) in events.MESSAGES]
    found = [*found, *request.found] if backward else [*request.found, *found]
    places = [place.located(found) for place in points]
    if kind == "BETWEEN" and all(place.seq for place in places):
        backward = _is_later(*places)
    said = _cut(kind, places[0], _between(kind, places, found, backward), count, backward)
    if len(said) < count and request.pages < HISTORY_PAGES:
        further = _further(kind, places, answer, backward)
        if further is not None:
            request.found, request.pages = found, request.pages + 1
            talk.ask_later(further)
            return []
    return talk.batch("chathistory", target_of(room), [line for event in said for line in talk.past(event)])


def _between(kind: str, places: list[Point], found: list[events.Said], is_backward: bool) -> list[events.Said]:
    """Those of ``found`` that are on the right side of the places that were named."""
    low = high = None
    match kind:
        case "LATEST" | "AFTER":
            low = places[0] if places[0] != Point() else None
        case "BEFORE":
            high = places[0]
        case "BETWEEN":
            low, high = reversed(places) if is_backward else places
    if low is not None:
        found = [event for event in found if low.is_before(event)]
    if high is not None:
        found = [event for event in found if (event.seq < high.seq if high.seq else event.time < high.time)]
    return found


def _further(kind: str, places: list[Point], answer: answers.HistoryPage, is_backward: bool) -> commands.History | None:
    """What asks for the events beyond ``answer``; None: there are none, or they are beyond what was
    named."""
    if kind == "AROUND" or not answer.events or not (answer.more if is_backward else answer.later):
        return None
    first, last, end = answer.events[0], answer.events[-1], places[-1]
    is_limited = kind == "BETWEEN" or (kind == "LATEST" and end != Point())
    if is_limited and (not end.is_before(first) if is_backward else end.is_before(last)):
        return None
    if is_backward:
        return commands.History(HISTORY_EVENTS, answer.room, before=first.seq)
    return commands.History(HISTORY_EVENTS, answer.room, after=last.seq)


def _cut(kind: str, place: Point, said: list[events.Said], count: int, is_backward: bool) -> list[events.Said]:
    """The ``count`` events of ``said`` that are nearest to ``place``."""
    if kind == "AROUND":
        before = sum(not place.is_before(event) for event in said)
        start = max(0, min(before - (count + 1) // 2, len(said) - count))
        return said[start : start + count]
    return said[-count:] if is_backward else said[:count]


def redact(talk: Client, message: Message) -> None:
    """Delete a message."""
    target, id = message.params[0], message.params[1]
    seq = seq_of(id, target[1:])
    if not target.startswith("#"):
        talk.fail("REDACT", "INVALID_TARGET", "Private messages cannot be deleted.", target)
    elif target[1:] not in talk.rooms:
        talk.fail("REDACT", "INVALID_TARGET", "You are not in this room.", target)
    elif seq is None:
        unknown(talk, target, id)
    else:
        talk.ask(commands.Delete(str(seq), target[1:], message.param(2)[:TOPIC_CHARACTERS]))


def unknown(talk: Client, target: str, id: str) -> None:
    """Say that there is no such message."""
    talk.fail("REDACT", "UNKNOWN_MSGID", "There is no such message.", target, id)
