"""The words: what is heard and said, as lines for the screen.

Reports and refusals have the words of the text codec, so that every door says the same; messages get a colour for each nick,
and the marks of one's own.  Each line begins with the time, in the local zone.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from chatd import commands, events
from chatd.client.cells import BOLD, FAINT, PLAIN, Line, Span, Style, dimmed
from chatd.client.conversation import MESSAGES, Heard, Message
from chatd.codecs.text import TextCodec
from chatd.events import Answer, Event
from chatd.names import fold

WAITS: Final = "\N{HORIZONTAL ELLIPSIS}"
DELIVERED: Final = "\N{CHECK MARK}"
REFUSED: Final = "\N{BALLOT X}"

INDENT: Final = 6
"""The cells that the time takes, at the beginning of each line."""

PALETTE: Final = (167, 166, 130, 136, 100, 64, 28, 29, 30, 32, 67, 69, 99, 97, 134, 133, 164, 169, 162, 168)
"""Colours for nicks, of the 256: each has a contrast of 3 or more on white and on black (WCAG 2.1, 1.4.3)."""

GOOD: Final = Style(colour=28)
BAD: Final = Style(colour=196)


def nick_style(nick: str) -> Style:
    """The colour of ``nick``: the same everywhere and always, however it is capitalised."""
    return Style(colour=PALETTE[zlib.crc32(fold(nick).encode()) % len(PALETTE)])


class Wording:
    """Lines of what is heard.  ``now`` gives the milliseconds since 1970-01-01 UTC."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._codec = TextCodec(now)
        self._day: date | None = None

    # -- What others say

    def heard(self, heard: Heard, here: str) -> list[Line]:
        """The lines of ``heard`` for somebody whose current room is ``here``; none where there is nothing to say."""
        return list(self._heard(heard, here)) if heard.shown else []

    def _heard(self, heard: Heard, here: str) -> Iterator[Line]:
        match news := heard.news:
            case events.Said():
                yield from self._at(news.time, [_said(news, here, heard.loud)])
            case events.Private():
                yield from self._at(news.time, [_private(news)])
            case Event():
                yield from self._at(news.time, self._report(news))
            case events.Welcome():
                yield from self.note(*(f"-- {line}" for line in news.motd))
            case events.Entered():
                yield from self._entered(news, here)
            case events.History():
                yield from self.note(f"-- What happened in #{news.room}:" if news.events else "-- Nothing before that.")
                yield from self._past(news.events, news.room)
            case events.Ack() | events.Done(command="msg" | "reply" | "topic"):
                return
            case events.Refused() if isinstance(heard.about, MESSAGES):
                return
            case Answer():
                yield from self._at(self._now(), self._report(news))

    def note(self, *notes: str) -> list[Line]:
        """Lines that the client itself says; each begins with ``-- `` or ``!! ``."""
        return list(self._at(self._now(), map(_styled, notes)))

    def _entered(self, entered: events.Entered, here: str) -> Iterator[Line]:
        if entered.scrollback:
            yield from self.note(f"-- What happened before in #{entered.room}:")
            yield from self._past(entered.scrollback, here)
        yield from self._at(self._now(), self._report(replace(entered, scrollback=())))

    def _past(self, past: Sequence[Event], here: str) -> Iterator[Line]:
        for event in past:
            lines = [_said(event, here, loud=False)] if isinstance(event, events.Said) else self._report(event)
            yield from map(dimmed, self._at(event.time, lines))

    def _report(self, news: Event | Answer) -> Iterable[Line]:
        return map(_styled, self._codec.encode(news).decode().splitlines())

    # -- What one says oneself

    def waiting(self, nick: str, message: Message, time: int, here: str) -> Line:
        """An own message that is on its way."""
        return dimmed((*self._clock(time), *_own(nick, message, here), Span(f" {WAITS}")))

    def delivered(self, nick: str, message: Message, time: int, here: str) -> list[Line]:
        """An own message that the server has acknowledged, with its ``time``."""
        return list(self._at(time, [(*_own(nick, message, here), Span(f" {DELIVERED}", GOOD))]))

    def not_delivered(self, nick: str, message: Message, why: str, here: str) -> list[Line]:
        """An own message that was refused, or that nobody has answered."""
        mark = Span(f" {REFUSED} not delivered: {why}", BAD)
        return list(self._at(self._now(), [(*_own(nick, message, here), mark)]))

    # -- The time

    def _at(self, time: int, lines: Iterable[Line]) -> Iterator[Line]:
        """``lines`` with their time before the first; a line for the day where another has begun."""
        first = True
        for line in lines:
            if first:
                yield from self._day_of(time)
            yield ((*self._clock(time), *line) if first else (Span(" " * INDENT), *line))
            first = False

    def _clock(self, time: int) -> Line:
        return (Span(clock_time(time), FAINT), Span(" "))

    def _day_of(self, time: int) -> Iterator[Line]:
        day = datetime.fromtimestamp(time / 1000).date()
        known, self._day = self._day, day
        if day != known and (known is not None or day != datetime.fromtimestamp(self._now() / 1000).date()):
            yield (Span(f"-- {day:%A, %d %B %Y} --", FAINT),)


def clock_time(time: int) -> str:
    """``12:01`` in the local zone for milliseconds since 1970-01-01 UTC."""
    return f"{datetime.fromtimestamp(time / 1000):%H:%M}"


def plain_line(news: events.Said | events.Private) -> str:
    """What was said, for a program's eyes: ``12:01 #lobby <ada> hi``, ``12:01 [ada] psst``."""
    if isinstance(news, events.Private):
        return f"{clock_time(news.time)} [{news.nick}] {news.text}"
    frame = f"* {news.nick}" if news.action else f"<{news.nick}>"
    return f"{clock_time(news.time)} #{news.room} {frame} {news.text}"


def _styled(report: str) -> Line:
    if report.startswith("!! "):
        return (Span("!! ", replace(BAD, bold=True)), Span(report[3:], BAD))
    return (Span(report, FAINT),)


def _place(room: str, here: str) -> Line:
    return () if room == here else (Span(f"#{room} ", BOLD),)


def _framed(nick: str, action: bool, style: Style) -> Line:
    return (Span("* "), Span(nick, style), Span(" ")) if action else (Span("<"), Span(nick, style), Span("> "))


def _said(said: events.Said, here: str, loud: bool) -> Line:
    style = nick_style(said.nick)
    style = replace(style, bold=True, reverse=True) if loud else style
    return (*_place(said.room, here), *_framed(said.nick, said.action, style), Span(said.text, BOLD if loud else PLAIN))


def _private(private: events.Private) -> Line:
    style = replace(nick_style(private.nick), bold=True, reverse=True)
    return (Span("["), Span(private.nick, style), Span("] "), Span(private.text, BOLD))


def _own(nick: str, message: Message, here: str) -> Line:
    style = replace(nick_style(nick), bold=True)
    match message:
        case commands.Msg():
            return (Span("[to "), Span(message.nick, nick_style(message.nick)), Span(f"] {message.text}"))
        case commands.Reply():
            return (Span(f"[to whoever wrote last] {message.text}"),)
        case commands.Me():
            return (*_place(message.room, here), *_framed(nick, True, style), Span(message.text))
    return (*_place(message.room, here), *_framed(nick, False, style), Span(message.text))
