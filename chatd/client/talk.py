"""A person at a terminal: joins the keys, the link, the conversation and the screen.

Knows no terminal and no reactor, but the clock that is passed in: `Terminal` is what it needs of a terminal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd import commands, events
from chatd.client import editor
from chatd.client.cells import BOLD, PLAIN, Line, Span
from chatd.client.completion import options_for
from chatd.client.conversation import MESSAGES, Conversation, Waiting
from chatd.client.editor import Editor
from chatd.client.fit import fit
from chatd.client.keys import Key, KeyDecoder, Press
from chatd.client.link import ReconnectingLink
from chatd.client.screen import Live, Screen
from chatd.client.wording import Wording, nick_style
from chatd.commands import Command
from chatd.errors import Refusal
from chatd.events import Answer, Event

ESCAPE_SECONDS: Final = 0.05
"""How long what follows an ESC may take, in seconds: the bytes of one key come together, even over a slow link."""

INPUT_CHARACTERS: Final = 20_000
"""The longest input, in characters: some two hundred lines pasted at once."""

DONE: Final = 0
NOT_CONNECTED: Final = 1

BELL: Final = "\a"


class Terminal(Protocol):
    """What a person sits at."""

    def open(self) -> Screen:
        """Take the terminal over, and give its screen."""

    def write(self, text: str) -> None:
        """Show ``text``."""

    def suspend(self) -> None:
        """Stop the program, as Ctrl-Z does; comes back when it goes on."""

    def close(self, status: int, why: str) -> None:
        """Give the terminal back, and end with ``status``; ``why`` says on standard error why it is not 0."""


class Talk:
    """One person's conversation.  ``now`` gives the milliseconds since 1970-01-01 UTC; ``server`` is what was called."""

    def __init__(self, clock: IReactorTime, now: Callable[[], int], terminal: Terminal, nick: str, server: str) -> None:
        self.link: ReconnectingLink
        self._clock = clock
        self._now = now
        self._terminal = terminal
        self._server = server
        self._screen: Screen | None = None
        self._conversation = Conversation(nick)
        self._wording = Wording(now)
        self._decoder = KeyDecoder()
        self._editor = Editor()
        self._lines: list[Line] = []
        self._bell = False
        self._asking = False
        self._quitting = False
        self._status, self._why = DONE, ""
        self._away = False
        self._link_lost = ""
        self._retry_at = 0.0
        self._escape: IDelayedCall | None = None
        self._paint_call: IDelayedCall | None = None
        self._tick_call: IDelayedCall | None = None

    # -- The keyboard

    def keys(self, data: bytes) -> None:
        """Bytes have come from the keyboard."""
        _cancel(self._escape)
        self._press_all(self._decoder.feed(data))
        if self._decoder.waiting:
            self._escape = self._clock.callLater(ESCAPE_SECONDS, self._flush_escape)

    def _flush_escape(self) -> None:
        self._press_all(self._decoder.flush())

    def _press_all(self, presses: list[Press]) -> None:
        for press in presses:
            if not self._quitting or press.key is Key.INTERRUPT:
                self._press(press)
        self._changed()

    def _press(self, press: Press) -> None:
        specials: dict[Key, Callable[[], None]] = {
            Key.ENTER: self._enter,
            Key.TAB: lambda: self._complete(+1),
            Key.BACK_TAB: lambda: self._complete(-1),
            Key.INTERRUPT: self._interrupt,
            Key.END_OF_INPUT: self._end_of_input,
            Key.REDRAW: self.redraw,
            Key.SUSPEND: self._terminal.suspend,
            Key.ALT_DIGIT: lambda: self._turn_to(int(press.text)),
        }
        special = specials.get(press.key)
        if special is not None:
            special()
        elif len(self._editor.text) + len(press.text) > INPUT_CHARACTERS:
            self._note(f"!! That is too much for one line: nothing of it was taken. {INPUT_CHARACTERS:,} characters are.")
        else:
            self._editor = editor.press(self._editor, press)

    def _interrupt(self) -> None:
        if self._editor.text and not self._quitting:
            self._editor = editor.clear(self._editor)
        else:
            self.quit()

    def _end_of_input(self) -> None:
        if self._editor.text:
            self._editor = editor.press(self._editor, Press(Key.DELETE))
        else:
            self.quit()

    def _complete(self, step: int) -> None:
        if not self._asking:
            self._editor = editor.complete(self._editor, step, lambda before: options_for(before, self._conversation))

    def _turn_to(self, number: int) -> None:
        rooms = list(self._conversation.rooms)
        if 0 < number <= len(rooms):
            self._conversation.turn_to(rooms[number - 1])
            self._note(f"-- You are in #{self._conversation.current}.")

    # -- What is typed

    def _enter(self) -> None:
        if self._asking:
            nick = self._editor.text.strip()
            if nick:
                self._editor, self._asking = Editor(), False
                self.link.hello_as(nick)
            return
        self._editor, lines = editor.enter(self._editor)
        for line in lines:
            try:
                self._typed(commands.parse(line))
            except Refusal as refusal:
                self._note(f"!! {refusal}")

    def _typed(self, command: Command) -> None:
        if isinstance(command, commands.Quit):
            self.quit(command.text)
            return
        command = self._conversation.settle(command)
        if isinstance(command, (commands.Say, commands.Me)) and not command.room:
            self._note("!! You are in no room. /join ROOM enters one, /rooms lists them.")
            return
        for part in fit(command):
            self._conversation.expect(self.link.send(part), self._now())
        if not self.link.up and not isinstance(command, MESSAGES):
            self._note("-- That is asked as soon as the link is back.")

    def quit(self, text: str = "") -> None:
        """Say goodbye and end; the second time, end at once."""
        if self._quitting:
            self.link.stop()
        self._quitting = True
        self.link.quit(text)

    def interrupt(self) -> None:
        """The program is told to end, from outside."""
        self.quit()

    # -- The link

    def heard(self, news: Event | Answer, about: Command | None) -> None:
        """Part of `link.Listener`."""
        if isinstance(news, events.Welcome):
            self._linked()
        elif isinstance(news, events.Closing):
            return  # `link_lost` tells why, unless the person has quit.
        waiting = self._conversation.waiting.get(news.id) if isinstance(news, Answer) else None
        heard = self._conversation.hear(news, about)
        self._bell |= heard.loud and heard.shown
        if waiting is not None:
            self._answered(waiting, news)
        if not (isinstance(news, events.Welcome) and self._link_lost):
            self._lines += self._wording.heard(heard, self._conversation.current)
        if isinstance(news, events.Welcome):
            self._link_lost = ""
        self._changed()

    def _answered(self, waiting: Waiting, news: Event | Answer) -> None:
        message, here = waiting.message, self._conversation.current
        if isinstance(news, events.Refused):
            why = f"{news.reason} {news.hint}".strip()
            self._lines += self._wording.not_delivered(self._conversation.nick, message, why, here)
        else:
            time = news.time if isinstance(news, events.Ack) else waiting.time
            self._lines += self._wording.delivered(self._conversation.nick, message, time, here)

    def _linked(self) -> None:
        self._asking = False
        self._open()
        if self._link_lost:
            self._note("-- The link is back.")

    def refused(self, refusal: events.Refused, for_nick: bool) -> None:
        """Part of `link.Listener`: ask for another nick, if that is what it needs."""
        why = f"{refusal.reason} {refusal.hint}".rstrip()
        if for_nick:
            self._open()
            self._asking = True
            self._note(f"!! {why}")
        elif self._screen is None:
            self._fail(f"{self._server} refuses: {why}")

    def link_lost(self, why: str, pause: float) -> None:
        """Part of `link.Listener`."""
        if self._screen is None:
            self._fail(f"{self._server} cannot be reached: {why}.")
            return
        if not self._link_lost:
            self._note(f"-- The link is lost: {why}. What you type is sent when it is back.")
        self._link_lost = why
        self._retry_at = self._clock.seconds() + pause
        self._tick()

    def untrusted(self, why: str) -> None:
        """Part of `link.Listener`."""
        self._fail(f"{why}.")

    def link_ended(self) -> None:
        """Part of `link.Listener`: give the terminal back."""
        for waiting in self._conversation.waiting.values():
            why = "nobody has confirmed it before the end."
            self._lines += self._wording.not_delivered(self._conversation.nick, waiting.message, why, self._conversation.current)
        self._conversation.waiting.clear()
        self._finish()

    def _fail(self, why: str) -> None:
        self._status, self._why = NOT_CONNECTED, why
        self.link.stop()

    def _finish(self) -> None:
        for call in (self._escape, self._paint_call, self._tick_call):
            _cancel(call)
        if self._screen is not None:
            self._paint()
            self._terminal.write(self._screen.close())
            self._screen = None
        self._terminal.close(self._status, self._why)

    def _tick(self) -> None:
        """Count the seconds to the next try."""
        _cancel(self._tick_call)
        if self._link_lost and not self._quitting:
            self._tick_call = self._clock.callLater(1, self._tick)
        self._changed()

    # -- The screen

    def resized(self, columns: int, rows: int) -> None:
        """The terminal has another size."""
        if self._screen is not None and (columns, rows) != (self._screen.columns, self._screen.rows):
            self._terminal.write(self._screen.resize(columns, rows))

    def redraw(self) -> None:
        """Paint everything anew."""
        if self._screen is not None:
            self._terminal.write(self._screen.redraw())

    def leave_screen(self) -> None:
        """The program is about to be stopped: leave the terminal to others."""
        if self._screen is not None:
            self._paint()
            self._terminal.write(self._screen.close())
            self._away = True

    def return_to_screen(self) -> None:
        """The program goes on."""
        self._away = False
        if self._screen is not None:
            self._terminal.write(self._screen.open())
            self._changed()

    def _open(self) -> None:
        if self._screen is None:
            self._screen = self._terminal.open()
            self._terminal.write(self._screen.open())

    def _note(self, note: str) -> None:
        self._lines += self._wording.note(note)
        self._changed()

    def _changed(self) -> None:
        """Paint at the end of this turn of the reactor: all that comes in one turn is painted at once."""
        if self._paint_call is None or not self._paint_call.active():
            self._paint_call = self._clock.callLater(0, self._paint)

    def _paint(self) -> None:
        if self._screen is not None and not self._away:
            lines, self._lines = self._lines, []
            bell, self._bell = BELL if self._bell else "", False
            self._terminal.write(bell + self._screen.show(lines, self._live()))

    def _live(self) -> Live:
        talk = self._conversation
        waiting = tuple(
            self._wording.waiting(talk.nick, waiting.message, waiting.time, talk.current) for waiting in talk.waiting.values()
        )
        prompt = (Span("nick: ", BOLD),) if self._asking else (Span(talk.nick, nick_style(talk.nick)), Span("> "))
        link, alarm = self._link_words()
        return Live(waiting, self._rooms(), link, alarm, prompt, self._editor.before, self._editor.after)

    def _link_words(self) -> tuple[Line, bool]:
        if not self._link_lost:
            return (Span(f" linked to {self._conversation.server or self._server} "),), False
        left = self._retry_at - self._clock.seconds()
        when = f"next try in {left:.0f} s" if left >= 0.5 else "trying"
        return (Span(f" link lost, {when} "),), True

    def _rooms(self) -> Line:
        """The current room and who is there, then the others with what is unread."""
        talk = self._conversation
        if self._asking:
            return (Span(" another nick is needed"),)
        here = talk.rooms.get(talk.current)
        words = [Span(f" #{here.name}", BOLD), Span(f" {here.count} here")] if here else [Span(" in no room")]
        for view in talk.rooms.values():
            if view is not here:
                unread = f" ({view.unread}{'!' if view.called else ''})" if view.unread else ""
                words.append(Span(f"  #{view.name}{unread}", BOLD if view.unread else PLAIN))
        return tuple(words)


def _cancel(call: IDelayedCall | None) -> None:
    if call is not None and call.active():
        call.cancel()
