"""The words: what is heard and said, as lines for the screen.

Reports and refusals have the words of the text codec, so that every door says the same; messages
get a colour for each nick, and the marks of one's own. Each line begins with the time, in the local
zone. What stands out does so without colours too.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from chatd.client.cells import BOLD, FAINT, PLAIN, Line, Settled, Span, Style, dimmed
from chatd.client.conversation import MESSAGES, Heard, Message
from chatd.client.finding import Pieces, excerpt, pieces
from chatd.codecs import phrases
from chatd.codecs.phrases import Kind, Phrase, Phrases
from chatd.codecs.text import MARKS
from chatd.core import commands, events
from chatd.core.events import Answer, Event
from chatd.core.names import fold

WAITS: Final = "\N{HORIZONTAL ELLIPSIS}"
DELIVERED: Final = "\N{CHECK MARK}"
REFUSED: Final = "\N{BALLOT X}"
HIT: Final = "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"
"""Stands behind the time of what one has jumped to."""

INDENT: Final = 6
"""The cells that the time takes, at the beginning of each line."""

PALETTE: Final = (167, 166, 130, 136, 100, 64, 28, 29, 30, 32, 67, 69, 99, 97, 134, 133, 164, 169, 162, 168)
"""Colours for nicks, of the 256: each has a contrast of 3 or more on white and on black (WCAG 2.1,
1.4.3)."""

GOOD: Final = Style(colour=28)
BAD: Final = Style(colour=196)
FOUND: Final = Style(bold=True, reverse=True)


def nick_style(nick: str) -> Style:
    """The colour of ``nick``: the same everywhere and always, however it is capitalised."""
    return Style(colour=PALETTE[zlib.crc32(fold(nick).encode()) % len(PALETTE)])


class Wording:
    """Lines of what is heard. ``now`` gives the milliseconds since 1970-01-01 UTC."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._phrases = Phrases(now)
        self._day: date | None = None

    # -- What others say

    def heard(self, heard: Heard, here: str) -> list[Settled]:
        """The lines of ``heard`` for somebody whose current room is ``here``; none where there is
        nothing to say."""
        return list(self._heard(heard, here)) if heard.shown else []

    def _heard(self, heard: Heard, here: str) -> Iterator[Settled]:
        match news := heard.news:
            case events.Said():
                yield from self._told(news, [_said(news, here, heard.loud)])
            case events.Private():
                yield from self._at(news.time, [_private(news)])
            case Event():
                yield from self._told(news, self._report(news))
            case events.Welcome():
                yield from self.note(*news.motd)
            case events.Entered():
                yield from self._entered(news, here)
            case events.HistoryPage():
                yield from self._history(news)
            case events.SearchResults():
                yield from self._found(news)
            case events.Missed():
                yield from self.note(_what_is_missing(news))
            case events.Ack() | events.Done(command="msg" | "reply" | "topic"):
                return
            case events.Refused() if isinstance(heard.about, MESSAGES):
                return
            case Answer():
                yield from self._at(self._now(), self._report(news))

    def note(self, *notes: str) -> list[Settled]:
        """Lines that the client itself says."""
        return list(self._at(self._now(), [_styled(Phrase(Kind.REPORT, note)) for note in notes]))

    def refusal(self, why: str) -> list[Settled]:
        """The line with which the client itself refuses something."""
        return list(self._at(self._now(), [_styled(Phrase(Kind.REFUSAL, why))]))

    def _entered(self, entered: events.Entered, here: str) -> Iterator[Settled]:
        yield from self.before(entered.room, entered.scrollback, here)
        lines = self._at(self._now(), self._report(replace(entered, scrollback=())), entered.room, entered.seq)
        yield from (replace(line, lasting=True) for line in lines)

    def _history(self, history: events.HistoryPage) -> Iterator[Settled]:
        if not history.events:
            yield from self._at(self._now(), self._report(history))
            return
        yield from self.note(f"What happened in #{history.room}:")
        yield from self._before(history.events, history.room)

    def _report(self, news: Event | Answer) -> Iterable[Line]:
        return map(_styled, self._phrases.of(news))

    # -- What was before

    def before(self, room: str, past: Sequence[Event], here: str) -> list[Settled]:
        """What happened in ``room`` before one came, fainter; nothing where nothing did."""
        return [*self.note(f"What happened before in #{room}:"), *self._before(past, here)] if past else []

    def _before(self, past: Sequence[Event], here: str) -> Iterator[Settled]:
        for event in past:
            yield from (replace(one, line=dimmed(one.line)) for one in self._told(event, self._lines_of(event, here)))

    def of_log(self, event: Event, loud: bool, words: Sequence[str] | None = None) -> tuple[Line, ...]:
        """The lines of ``event`` amid the log of its room. ``loud``: it is meant for the person
        here; ``words``: it is the one that one has jumped to, and these words in it were searched
        for."""
        lines = self._lines_of(event, event.room, loud, words or ())
        first, rest = (self._clock(event.time), (Span(" " * INDENT),))
        if words is not None:
            first = (replace(first[0], style=FOUND), Span(HIT, FOUND))
        return tuple((*(rest if number else first), *line) for number, line in enumerate(lines))

    def _lines_of(self, event: Event, here: str, loud: bool = False, words: Sequence[str] = ()) -> Iterable[Line]:
        return [_said(event, here, loud, words)] if isinstance(event, events.Said) else self._report(event)

    def day(self, time: int) -> Line:
        """The line that says the day of ``time``."""
        return (Span(f"-- {datetime.fromtimestamp(time / 1000).date():%A, %d %B %Y} --", FAINT),)

    def date(self, time: int) -> str:
        """The day of ``time`` in a few letters: ``Sun 22 Nov 2026``."""
        return f"{datetime.fromtimestamp(time / 1000):%a %d %b %Y}"

    def stamp(self, time: int) -> str:
        """``14:05`` today, ``2026-11-22 14:05`` on another day."""
        return phrases.stamp(time, self._now())

    # -- What was found

    def _found(self, found: events.SearchResults) -> Iterator[Settled]:
        if not found.events:
            yield from self.note(f"Nothing is found for {' '.join(found.words)}.")
            return
        yield from self.note(f"Found for {' '.join(found.words)}, the newest first; /jump N shows the place of one:")
        for number, event in enumerate(found.events, start=1):
            line = (Span(f"{number:>4}  {self.stamp(event.time)} ", FAINT), *_hit(event, found.words))
            yield Settled(line, event.room, event.seq, quoted=True)
        if found.more:
            yield from self.note("There is more: give another word, or in:#room, from:nick, before:DATE.")

    # -- What came while one was away

    def mark(self, room: str, count: int, calls: int, time: int) -> Line:
        """The line between what was seen in ``room`` and ``count`` new messages, the first of which
        is of ``time``; ``calls`` of them say one's nick."""
        return (Span(f"-- {_new(count)} in #{room} since {self.stamp(time)}{_calls(calls)} --", BOLD),)

    def unread(self, room: str, count: int, calls: int, time: int, key: str) -> list[Settled]:
        """The line that stands for new messages of another room until one turns to it, for instance
        with ``key``."""
        note = f"-- {_new(count)} in #{room} since {self.stamp(time)}{_calls(calls)}; {key} shows them."
        return list(self._at(self._now(), [(Span(note, BOLD),)]))

    def last_of(self, room: str, shown: int, count: int) -> list[Settled]:
        """The line below ``shown`` new messages of ``room`` that do not fit on the screen, or are
        the last of ``count``."""
        those = f"the last {shown:,} of {_new(count)}" if shown < count else f"the {_new(count)}"
        note = f"-- Above are {those} in #{room}; /jump new goes to the first, Page Up back page by page."
        return list(self._at(self._now(), [(Span(note, BOLD),)]))

    # -- What one says oneself

    def waiting(self, nick: str, message: Message, time: int, here: str) -> Line:
        """An own message that is on its way."""
        return dimmed((*self._clock(time), *_own(nick, message, here), Span(f" {WAITS}")))

    def delivered(self, nick: str, message: Message, time: int, here: str, seq: int = 0) -> list[Settled]:
        """An own message that the server has acknowledged, with its ``time``, as event ``seq`` of
        its room, if it went to one."""
        room = message.room if isinstance(message, (commands.Say, commands.Me)) else ""
        return list(self._at(time, [(*_own(nick, message, here), Span(f" {DELIVERED}", GOOD))], room, seq))

    def not_delivered(self, nick: str, message: Message, why: str, here: str) -> list[Settled]:
        """An own message that was refused, or that nobody has answered."""
        mark = Span(f" {REFUSED} not delivered: {why}", BAD)
        return list(self._at(self._now(), [(*_own(nick, message, here), mark)]))

    # -- The time

    def _told(self, event: Event, lines: Iterable[Line]) -> Iterator[Settled]:
        return self._at(event.time, lines, event.room, event.seq)

    def _at(self, time: int, lines: Iterable[Line], room: str = "", seq: int = 0) -> Iterator[Settled]:
        """``lines`` with their time before the first; a line for the day where another has
        begun."""
        first = True
        for line in lines:
            if first:
                yield from (Settled(line, room, seq) for line in self._day_of(time))
            yield Settled((*self._clock(time), *line) if first else (Span(" " * INDENT), *line), room, seq)
            first = False

    def _clock(self, time: int) -> Line:
        return (Span(clock_time(time), FAINT), Span(" "))

    def _day_of(self, time: int) -> Iterator[Line]:
        day = datetime.fromtimestamp(time / 1000).date()
        known, self._day = self._day, day
        if day != known and (known is not None or day != datetime.fromtimestamp(self._now() / 1000).date()):
            yield self.day(time)


def clock_time(time: int) -> str:
    """``12:01`` in the local zone for milliseconds since 1970-01-01 UTC."""
    return f"{datetime.fromtimestamp(time / 1000):%H:%M}"


def plain_line(news: events.Said | events.Private) -> str:
    """What was said, for a program's eyes: ``12:01 #lobby <ada> hi``, ``12:01 [ada] psst``."""
    message = phrases.private(news) if isinstance(news, events.Private) else phrases.said(news, current=False)
    return f"{clock_time(news.time)} {message}"


def _styled(phrase: Phrase) -> Line:
    mark = MARKS[phrase.kind]
    if phrase.kind is Kind.REFUSAL:
        return (Span(mark, replace(BAD, bold=True)), Span(phrase.text, BAD))
    return (Span(f"{mark}{phrase.text}", FAINT),)


def _place(room: str, here: str) -> Line:
    return () if room == here else (Span(f"#{room} ", BOLD),)


def _framed(nick: str, action: bool, style: Style) -> Line:
    return (Span("* "), Span(nick, style), Span(" ")) if action else (Span("<"), Span(nick, style), Span("> "))


def _said(said: events.Said, here: str, loud: bool, words: Sequence[str] = ()) -> Line:
    style = nick_style(said.nick)
    style = replace(style, bold=True, reverse=True) if loud else style
    text = _marked(pieces(said.text, words), BOLD if loud else PLAIN)
    return (*_place(said.room, here), *_framed(said.nick, said.action, style), *text)


def _hit(event: Event, words: Sequence[str]) -> Line:
    """What is shown of ``event``, which was found with ``words``."""
    if not isinstance(event, events.Said):
        return (Span(f"#{event.room} {event.nick}"),)
    return (
        *_place(event.room, ""),
        *_framed(event.nick, event.action, nick_style(event.nick)),
        *_marked(excerpt(event.text, words)),
    )


def _marked(parts: Pieces, style: Style = PLAIN) -> Line:
    return tuple(Span(text, FOUND if found else style) for text, found in parts)


def _new(count: int) -> str:
    return f"{count:,} new message{'' if count == 1 else 's'}"


def _calls(calls: int) -> str:
    return f", {calls:,} with your nick" if calls else ""


def _what_is_missing(missed: events.Missed) -> str:
    if not missed.first:
        return f"What happened in #{missed.room} meanwhile is not known: its log has begun anew, or nothing of it is kept."
    count = missed.last - missed.first + 1
    events_are, them = ("event is", "it") if count == 1 else ("events are", "them")
    return f"{count:,} {events_are} missing here in #{missed.room}: the server has {them} no longer."


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
