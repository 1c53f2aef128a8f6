"""Formatting: what was received and sent, as styled lines for the screen.

Reports and refusals have the sentences of the text codec, so that every door says the same.
Messages get a colour for each nick, and those of the user a mark that says whether they are
delivered. Each line begins with the time, in the local zone. What stands out does so without
colours too.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from chatd.codecs.event_phrases import private, said
from chatd.codecs.phrases import Kind, Phrase, Phrases
from chatd.codecs.text import MARKS
from chatd.core import answers, commands, events
from chatd.core.answers import Answer
from chatd.core.events import Event
from chatd.core.highlight import CUT, Pieces, excerpt, highlight
from chatd.core.names import fold
from chatd.core.when import stamp
from chatd.tui.cells import BOLD, FAINT, PLAIN, FinalLine, Line, Span, Style, dimmed
from chatd.tui.conversation import MESSAGES, Message, Received

PENDING: Final = "\N{HORIZONTAL ELLIPSIS}"
DELIVERED: Final = "\N{CHECK MARK}"
REFUSED: Final = "\N{BALLOT X}"
HIT_MARK: Final = "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"
"""Follows the time of an event that the user has jumped to."""

INDENT: Final = 6
"""The width of the time at the beginning of each line, in cells."""

EXCERPT_CHARACTERS: Final = 24
"""How much of the text a hit shows on either side of a word, in characters: it takes one or two
rows of a usual terminal."""

PALETTE: Final = (167, 166, 130, 136, 100, 64, 28, 29, 30, 32, 67, 69, 99, 97, 134, 133, 164, 169, 162, 168)
"""Colours for nicks, of the 256: each has a contrast of 3 or more on white and on black (WCAG 2.1,
1.4.3)."""

GOOD: Final = Style(colour=28)
BAD: Final = Style(colour=196)
MATCH: Final = Style(bold=True, reverse=True)


def nick_style(nick: str) -> Style:
    """The colour of ``nick``: always the same, in upper and lower case."""
    return Style(colour=PALETTE[zlib.crc32(fold(nick).encode()) % len(PALETTE)])


class Formatter:
    """Makes lines. ``now`` gives the milliseconds since 1970-01-01 UTC."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._phrases = Phrases(now)
        self._day: date | None = None

    # -- What the server sends

    def received(self, received: Received, here: str) -> list[FinalLine]:
        """The lines of ``received`` for a user whose current room is ``here``; none if it tells
        them nothing new."""
        return list(self._received(received, here)) if received.shown else []

    def _received(self, received: Received, here: str) -> Iterator[FinalLine]:
        match news := received.news:
            case events.Private():
                yield from self._timed(news.time, _split(_private(news)))
            case events.Said():
                yield from self._event_lines(news, _split(_said(news, here, received.for_me)))
            case Event():
                yield from self._event_lines(news, self._report(news))
            case answers.Welcome():
                yield from self.note(*news.motd)
            case answers.Entered():
                yield from self._entered(news, here)
            case answers.HistoryPage():
                yield from self._history(news)
            case answers.SearchResults():
                yield from self._search_results(news)
            case answers.Missed():
                yield from self.note(_missing(news))
            case answers.Ack() | answers.Done(command="msg" | "reply" | "topic"):
                return
            case answers.Refused() if isinstance(received.command, MESSAGES):
                return
            case Answer():
                yield from self._timed(self._now(), self._report(news))

    def note(self, *notes: str) -> list[FinalLine]:
        """Lines that the client itself reports."""
        return list(self._timed(self._now(), [_styled(Phrase(Kind.REPORT, note)) for note in notes]))

    def refusal(self, why: str) -> list[FinalLine]:
        """The line with which the client itself refuses something."""
        return list(self._timed(self._now(), [_styled(Phrase(Kind.REFUSAL, why))]))

    def _entered(self, entered: answers.Entered, here: str) -> Iterator[FinalLine]:
        yield from self.earlier(entered.room, entered.scrollback, here)
        lines = self._timed(self._now(), self._report(replace(entered, scrollback=())), entered.room, entered.seq)
        yield from (replace(line, lasting=True) for line in lines)

    def _history(self, history: answers.HistoryPage) -> Iterator[FinalLine]:
        if not history.events:
            yield from self._timed(self._now(), self._report(history))
            return
        limit = f" (at most {history.limit} lines at once; Page Up goes on)" if history.limit else ""
        yield from self.note(f"History of #{history.room}{limit}:")
        yield from self._dimmed(history.events, history.room)

    def _report(self, news: Event | Answer) -> Iterable[Line]:
        return map(_styled, self._phrases.of(news))

    # -- Earlier events

    def earlier(self, room: str, past: Sequence[Event], here: str) -> list[FinalLine]:
        """The events ``past`` of ``room`` from before the user came, dimmed, below a heading;
        nothing if there are none."""
        return [*self.note(f"Earlier in #{room}:"), *self._dimmed(past, here)] if past else []

    def _dimmed(self, past: Sequence[Event], here: str) -> Iterator[FinalLine]:
        for event in past:
            lines = self._event_lines(event, self._lines_of(event, here))
            yield from (replace(one, line=dimmed(one.line)) for one in lines)

    def history_lines(self, event: Event, for_me: bool, words: Sequence[str] | None = None) -> tuple[Line, ...]:
        """The lines of ``event`` in the history of its room. ``for_me``: it mentions the user;
        ``words``: the user has jumped to it, and these words in it were searched for."""
        lines = self._lines_of(event, event.room, for_me, words or ())
        first, rest = self._clock(event.time), (Span(" " * INDENT),)
        if words is not None:
            first = (replace(first[0], style=MATCH), Span(HIT_MARK, MATCH))
        return tuple((*(rest if number else first), *line) for number, line in enumerate(lines))

    def _lines_of(self, event: Event, here: str, for_me: bool = False, words: Sequence[str] = ()) -> Iterable[Line]:
        return _split(_said(event, here, for_me, words)) if isinstance(event, events.Said) else self._report(event)

    # -- Search results

    def _search_results(self, results: answers.SearchResults) -> Iterator[FinalLine]:
        if not results.events:
            yield from self.note(f"Nothing found for {' '.join(results.words)}.")
            return
        yield from self.note(f"Found for {' '.join(results.words)}, newest first; /jump N goes to one:")
        for number, event in enumerate(results.events, start=1):
            line = (Span(f"{number:>4}  {self.stamp(event.time)} ", FAINT), *_hit(event, results.words))
            yield FinalLine(line, event.room, event.seq, quoted=True)
        if results.more:
            yield from self.note("There are more results: add a word, or in:#room, from:nick, before:DATE.")

    # -- What happened while the user was away

    def unread_mark(self, room: str, count: int, mentions: int, time: int) -> Line:
        """The line before ``count`` new messages in ``room``, the first of which is of ``time``;
        ``mentions`` of them mention the user."""
        return (Span(f"-- {_new_messages(count)} in #{room} since {self.stamp(time)}{_mentions(mentions)} --", BOLD),)

    def unread_elsewhere(self, room: str, count: int, mentions: int, time: int, key: str) -> list[FinalLine]:
        """The line that stands for the new messages of another room until the user switches to it,
        for instance with ``key``."""
        unread = f"{_new_messages(count)} in #{room} since {self.stamp(time)}{_mentions(mentions)}"
        return self._bold_note(f"{unread}; {key} shows them.")

    def catch_up_end(self, room: str, shown: int, count: int) -> list[FinalLine]:
        """The line below ``shown`` of ``count`` new messages of ``room``, where the screen does not
        show all of them."""
        those = f"the last {shown:,} of {_new_messages(count)}" if shown < count else f"the {_new_messages(count)}"
        return self._bold_note(f"Above are {those} in #{room}; /jump new goes to the first, Page Up goes back page by page.")

    def _bold_note(self, note: str) -> list[FinalLine]:
        return list(self._timed(self._now(), [(Span(f"{MARKS[Kind.REPORT]}{note}", BOLD),)]))

    # -- Messages of the user

    def pending(self, nick: str, message: Message, time: int, here: str) -> Line:
        """A message of the user that is not answered yet."""
        first, *rest = _split(_own(nick, message, here))
        return dimmed((*self._clock(time), *first, Span(f" {CUT if rest else ''}{PENDING}")))

    def delivered(self, nick: str, message: Message, time: int, here: str, seq: int = 0) -> list[FinalLine]:
        """A message of the user that was delivered at ``time``; ``seq`` is its number, if it went
        to a room."""
        room = message.room if isinstance(message, (commands.Say, commands.Me)) else ""
        return list(self._timed(time, _split((*_own(nick, message, here), Span(f" {DELIVERED}", GOOD))), room, seq))

    def not_delivered(self, nick: str, message: Message, why: str, here: str) -> list[FinalLine]:
        """A message of the user that was refused or never answered."""
        mark = Span(f" {REFUSED} not delivered: {why}", BAD)
        return list(self._timed(self._now(), _split((*_own(nick, message, here), mark))))

    # -- Times

    def day_line(self, time: int) -> Line:
        """The line that names the day of ``time``."""
        return (Span(f"-- {datetime.fromtimestamp(time / 1000).date():%A, %d %B %Y} --", FAINT),)

    def date(self, time: int) -> str:
        """The day of ``time``, in short: ``Sun 22 Nov 2026``."""
        return f"{datetime.fromtimestamp(time / 1000):%a %d %b %Y}"

    def stamp(self, time: int) -> str:
        """``14:05`` today, ``2026-11-22 14:05`` on another day."""
        return stamp(time, self._now())

    def _event_lines(self, event: Event, lines: Iterable[Line]) -> Iterator[FinalLine]:
        return self._timed(event.time, lines, event.room, event.seq)

    def _timed(self, time: int, lines: Iterable[Line], room: str = "", seq: int = 0) -> Iterator[FinalLine]:
        """``lines`` with their time before the first, and a line for the day before that if it is a
        new one."""
        first = True
        for line in lines:
            if first:
                yield from (FinalLine(line, room, seq) for line in self._new_day(time))
            yield FinalLine((*self._clock(time), *line) if first else (Span(" " * INDENT), *line), room, seq)
            first = False

    def _clock(self, time: int) -> Line:
        return (Span(clock_time(time), FAINT), Span(" "))

    def _new_day(self, time: int) -> Iterator[Line]:
        day = datetime.fromtimestamp(time / 1000).date()
        known, self._day = self._day, day
        if day != known and (known is not None or day != datetime.fromtimestamp(self._now() / 1000).date()):
            yield self.day_line(time)


def clock_time(time: int) -> str:
    """``12:01`` in the local zone for milliseconds since 1970-01-01 UTC."""
    return f"{datetime.fromtimestamp(time / 1000):%H:%M}"


def plain_line(news: events.Said) -> str:
    """A message as plain text: ``12:01 #lobby <ada> hi``, ``12:01 [ada] psst``, each of its lines
    behind the nick."""
    lines = private(news) if isinstance(news, events.Private) else said(news, current=False)
    return "\n".join(f"{clock_time(news.time)} {line}" for line in lines)


def _styled(phrase: Phrase) -> Line:
    mark = MARKS[phrase.kind]
    if phrase.kind is Kind.REFUSAL:
        return (Span(mark, replace(BAD, bold=True)), Span(phrase.text, BAD))
    return (Span(f"{mark}{phrase.text}", FAINT),)


def _room_prefix(room: str, here: str) -> Line:
    return () if room == here else (Span(f"#{room} ", BOLD),)


def _framed(nick: str, action: bool, style: Style) -> Line:
    return (Span("* "), Span(nick, style), Span(" ")) if action else (Span("<"), Span(nick, style), Span("> "))


def _said(said: events.Said, here: str, for_me: bool, words: Sequence[str] = ()) -> Line:
    style = nick_style(said.nick)
    style = replace(style, bold=True, reverse=True) if for_me else style
    text = _highlighted(highlight(said.text, words), BOLD if for_me else PLAIN)
    return (*_room_prefix(said.room, here), *_framed(said.nick, said.action, style), *text)


def _split(line: Line) -> Iterator[Line]:
    """The lines of a message: each ends where its text has a line end."""
    spans: list[Span] = []
    for span in line:
        first, *rest = span.text.split("\n")
        spans.append(replace(span, text=first))
        for text in rest:
            yield tuple(spans)
            spans = [replace(span, text=text)]
    yield tuple(spans)


def _hit(event: Event, words: Sequence[str]) -> Line:
    """``event`` as a search result, with ``words`` highlighted."""
    if not isinstance(event, events.Said):
        return (Span(f"#{event.room} {event.nick}"),)
    return (
        *_room_prefix(event.room, ""),
        *_framed(event.nick, event.action, nick_style(event.nick)),
        *_highlighted(excerpt(event.text.replace("\n", " "), words, EXCERPT_CHARACTERS)),
    )


def _highlighted(parts: Pieces, style: Style = PLAIN) -> Line:
    return tuple(Span(text, MATCH if is_match else style) for text, is_match in parts)


def _new_messages(count: int) -> str:
    return f"{count:,} new message{'' if count == 1 else 's'}"


def _mentions(mentions: int) -> str:
    return f", {mentions:,} mentioning you" if mentions else ""


def _missing(missed: answers.Missed) -> str:
    if not missed.first:
        return f"What happened in #{missed.room} in the meantime is unknown: its log was restarted, or the room keeps no messages."
    count = missed.last - missed.first + 1
    events_are = "event is" if count == 1 else "events are"
    return f"{count:,} {events_are} missing here in #{missed.room}: the server no longer has {'it' if count == 1 else 'them'}."


def _private(private: events.Private) -> Line:
    if private.to:  # From another session of the user.
        return (Span("[to "), Span(private.to, nick_style(private.to)), Span(f"] {private.text}"))
    style = replace(nick_style(private.nick), bold=True, reverse=True)
    return (Span("["), Span(private.nick, style), Span("] "), Span(private.text, BOLD))


def _own(nick: str, message: Message, here: str) -> Line:
    style = replace(nick_style(nick), bold=True)
    match message:
        case commands.Msg():
            return (Span("[to "), Span(message.nick, nick_style(message.nick)), Span(f"] {message.text}"))
        case commands.Reply():
            return (Span(f"[to the last sender] {message.text}"),)
        case commands.Me():
            return (*_room_prefix(message.room, here), *_framed(nick, True, style), Span(message.text))
    return (*_room_prefix(message.room, here), *_framed(nick, False, style), Span(message.text))
