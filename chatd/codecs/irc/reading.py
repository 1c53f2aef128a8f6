"""MARKREAD: how far the owner of an account has read (IRCv3 read-marker)."""

from __future__ import annotations

from chatd.codecs.irc.capabilities import Cap
from chatd.codecs.irc.client import Client
from chatd.codecs.irc.message import Message, body
from chatd.codecs.irc.places import parse_timestamp, room_of, target_of
from chatd.codecs.irc.request import Line
from chatd.codecs.objects import iso_time
from chatd.core import commands
from chatd.core.answers import ReadIs


def markread(talk: Client, message: Message) -> None:
    """Note how far one has read a room or a private talk, or ask for it."""
    target, stamp = message.param(0), message.param(1)
    room, time = room_of(target), parse_timestamp(stamp)
    if not target:
        talk.fail("MARKREAD", "NEED_MORE_PARAMS", "A parameter is missing.")
    elif not room or (stamp and time is None):
        talk.fail("MARKREAD", "INVALID_PARAMS", "This is no room, no nick or no time.", target, *([stamp] if stamp else []))
    else:
        talk.ask(commands.Read(room, time="" if time is None else iso_time(time)))


def read(talk: Client, answer: ReadIs) -> list[Line]:
    """How far the person has read: the answer to MARKREAD, or news from another session."""
    asked = talk.answering.name if talk.answering is not None else ""
    if asked != "MARKREAD" and not talk.caps & Cap.READ_MARKER:
        return []
    target = target_of(answer.room)
    if asked == "MARKREAD" and talk.answering is not None:
        target = talk.answering.params[0]
    stamp = f"timestamp={iso_time(answer.time)}" if answer.time else "*"
    return [talk.line(body(talk.shared.server, "MARKREAD", target, stamp))]
