"""A person at a terminal: joins the keys, the link, the conversation and the screen.

Knows no terminal and no reactor, but the clock that is passed in: `Terminal` is what it needs of a
terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.client import editor
from chatd.client.backlog import Backlogs
from chatd.client.cells import BOLD, Settled, Span
from chatd.client.completion import options_for
from chatd.client.conversation import MESSAGES, Conversation, Heard, Waiting
from chatd.client.display import Display, Terminal
from chatd.client.editor import Editor
from chatd.client.fit import fit
from chatd.client.hits import Hits
from chatd.client.keys import Key, KeyDecoder, Press
from chatd.client.link import ReconnectingLink
from chatd.client.lookback import Hit, Lookback, View
from chatd.client.own import OWN, Jump, OwnHelp, parse_own
from chatd.client.remembered import Remembered
from chatd.client.screen import Live
from chatd.client.status import link_words, rooms_line
from chatd.client.wording import Wording, nick_style
from chatd.codecs import phrases
from chatd.core import commands, events
from chatd.core.commands import Command
from chatd.core.errors import Refusal
from chatd.core.events import Answer, Event

ESCAPE_SECONDS: Final = 0.05
"""How long what follows an ESC may take, in seconds: the bytes of one key come together, even over
a slow link."""

INPUT_CHARACTERS: Final = 20_000
"""The longest input, in characters: some two hundred lines pasted at once."""

REMEMBER_SECONDS: Final = 5.0
"""How long after something new it is written down at the latest, in seconds: what a crash forgets
is shown twice, and not lost."""

LEAVING: Final = (Key.ESCAPE, Key.END, Key.NEWEST, Key.INTERRUPT, Key.END_OF_INPUT)
"""The keys that go back to the present and do nothing else; all others do there what they do."""

DONE: Final = 0
NOT_CONNECTED: Final = 1


class Talk:
    """One person's conversation. ``now`` gives the milliseconds since 1970-01-01 UTC; ``server`` is
    what was called.

    ``remembered`` is what counts of earlier runs; ``remember`` is told what to remember of this
    one, and raises OSError where it cannot.
    """

    def __init__(
        self,
        clock: IReactorTime,
        now: Callable[[], int],
        terminal: Terminal,
        nick: str,
        server: str,
        remembered: Remembered | None = None,
        remember: Callable[[Remembered, Collection[str]], None] = lambda now, left: None,
    ) -> None:
        self.link: ReconnectingLink
        remembered = remembered or Remembered()
        self._clock = clock
        self._now = now
        self._terminal = terminal
        self._server = server
        self._remember = remember
        self._left: set[str] = set()
        self._conversation = Conversation(nick, remembered.places, remembered.current)
        self._wording = Wording(now)
        self._look = Lookback(self._send, self._wording, lambda: self._conversation.nick, lambda: self.link.up)
        self._display = Display(clock, terminal, self._look, self._wording, self._live)
        self._backlogs = Backlogs(self._conversation, self._wording, self._display.fits)
        self._hits = Hits()
        self._decoder = KeyDecoder()
        self._editor = Editor()
        self._asking = False
        self._quitting = False
        self._status, self._why = DONE, ""
        self._link_lost = ""
        self._retry_at = 0.0
        self._escape: IDelayedCall | None = None
        self._tick_call: IDelayedCall | None = None
        self._remember_call: IDelayedCall | None = None

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
        self._display.changed()

    def _press(self, press: Press) -> None:
        if press.key is Key.REDRAW:
            self.redraw()
        elif not self._pressed_in_past(press.key):
            self._pressed(press)

    def _pressed_in_past(self, key: Key) -> bool:
        """Whether ``key`` has done all it does in the past; any other goes back to the present
        first."""
        looking, opening = self._look.past is not None, self._look.is_opening
        if self._look.press(key):
            return True
        if looking or (opening and key not in (Key.PAGE_UP, Key.OLDEST)):
            self._look.close()
        return (looking or opening) and key in LEAVING

    def _pressed(self, press: Press) -> None:
        specials: dict[Key, Callable[[], None]] = {
            Key.ENTER: self._enter,
            Key.TAB: lambda: self._complete(+1),
            Key.BACK_TAB: lambda: self._complete(-1),
            Key.INTERRUPT: self._interrupt,
            Key.END_OF_INPUT: self._end_of_input,
            Key.SUSPEND: self._terminal.suspend,
            Key.PAGE_UP: lambda: self._look_back(self._look.up),
            Key.OLDEST: lambda: self._look_back(self._look.to_oldest),
            Key.ALT_DIGIT: lambda: self._turn_to(int(press.text)),
        }
        special = specials.get(press.key)
        if special is not None:
            special()
        elif len(self._editor.text) + len(press.text) > INPUT_CHARACTERS:
            self.refuse(f"That is too much for one line: nothing of it was taken. {INPUT_CHARACTERS:,} characters are.")
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
            self.note(f"You are in #{self._conversation.current}.")
            self._display.add(self._backlogs.turned_to(self._conversation.current))

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
                own = parse_own(line)
                self._typed(commands.parse(line)) if own is None else self._asked_here(own)
            except Refusal as refusal:
                self.refuse(str(refusal))

    def _send(self, command: Command) -> Command:
        return self.link.send(command)

    def _typed(self, command: Command) -> None:
        if isinstance(command, commands.Quit):
            self.quit(command.text)
            return
        command = self._conversation.settle(command)
        if isinstance(command, (commands.Say, commands.Me)) and not command.room:
            self.refuse("You are in no room. /join ROOM enters one, /rooms lists them.")
            return
        for part in fit(command):
            self._conversation.expect(self.link.send(part), self._now())
        if not self.link.up and not isinstance(command, MESSAGES):
            self.note("That is asked as soon as the link is back.")

    def _asked_here(self, own: Jump | OwnHelp) -> None:
        if isinstance(own, OwnHelp):
            self.note(f"{own.about.usage}  {own.about.help}")
        elif own.new:
            self._jump_to_new()
        else:
            self._jump(*self._hits.choose(own.hit))

    def _jump(self, number: int, room: str, hit: Hit) -> None:
        """Show the place of ``hit``, which has this ``number``."""
        if room not in self._conversation.rooms:
            self.refuse(f"You are not in #{room}. /join #{room} enters it, then /jump {number} shows the place.")
        elif self._display.can_paint:
            self._look.to_event(self._view(room), hit.seq, hit)
        else:
            self._typed(commands.History(room=room, around=hit.seq))

    def _jump_to_new(self) -> None:
        here = self._conversation.rooms.get(self._conversation.current)
        if here is None or here.mark is None:
            self.refuse("Nothing has come here while you were away.")
        else:
            self._look_back(lambda view: self._look.to_event(view, here.mark[0] if here.mark else 0))

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
        self._display.changed()
        if isinstance(news, events.Closing) or (isinstance(news, Answer) and self._look.answers(news)):
            return  # `link_lost` tells why it is closing, unless the person has quit.
        if isinstance(news, events.Welcome):
            self._linked()
        waiting = self._conversation.waiting.get(news.id) if isinstance(news, Answer) else None
        before = self._conversation.current
        heard = self._conversation.hear(news, about)
        if heard.loud and heard.shown:
            self._display.ring()
        if isinstance(news, Event):
            self._happened(news, heard)
        else:
            self._told(news, heard, waiting)
        if self._conversation.current != before:
            self._display.add(self._backlogs.turned_to(self._conversation.current))

    def _happened(self, event: Event, heard: Heard) -> None:
        self._remember_soon()
        self._look.happened(event)
        before = self._backlogs.heard(event, heard)
        if before is None:
            return
        if isinstance(event, events.Said) and not self._conversation.is_own(event.nick):
            self._look.came(heard.loud)
        self._show(heard, before)

    def _told(self, answer: Answer, heard: Heard, waiting: Waiting | None) -> None:
        if waiting is not None:
            self._answered(waiting, answer)
        match answer:
            case events.Welcome() if self._link_lost:
                self._link_lost = ""
                return  # Its words of welcome were read before.
            case events.Private():
                self._look.came(loud=True)
            case events.Entered():
                self._show(heard)
                self._left.discard(answer.room)
                self._backlogs.entered(answer, self.link.seen.place(answer.room))
                return
            case events.Exited():
                self._left.add(answer.room)
                self._backlogs.left(answer.room)
                self._look.gone(answer.room)
            case events.Missed(first=0):
                self._display.add(self._backlogs.finish(answer.room))
                self._look.gone(answer.room)
            case events.Forgotten():
                self._forget(answer)
            case events.SearchResults():
                self._hits.found(answer)
            case events.HelpText() if len(answer.commands) > 1:
                heard = replace(heard, news=replace(answer, commands=(*answer.commands, *OWN)))
        self._show(heard)

    def _answered(self, waiting: Waiting, news: Answer) -> None:
        nick, message, here = self._conversation.nick, waiting.message, self._conversation.current
        if isinstance(news, events.Refused):
            why = phrases.refusal(news)
            self._display.add(self._wording.not_delivered(nick, message, why, here))
        elif isinstance(news, events.Ack):
            time, seq = news.time, news.seq
            if not self._backlogs.delivered(news, lambda here: self._wording.delivered(nick, message, time, here, seq)):
                self._display.add(self._wording.delivered(nick, message, time, here, seq))
        else:
            self._display.add(self._wording.delivered(nick, message, waiting.time, here))

    def _forget(self, forgotten: events.Forgotten) -> None:
        """What was deleted is shown no more, as far as that is in our hands."""
        room, before = forgotten.room, forgotten.before
        self._look.forgotten(room, before)
        self._backlogs.forgotten(room, before)
        self._hits.forget(room, before)
        self._display.forget(room, before)

    def _linked(self) -> None:
        self._asking = False
        self._display.open()
        if self._link_lost:
            self.note("The link is back.")

    def refused(self, refusal: events.Refused, for_nick: bool) -> None:
        """Part of `link.Listener`: ask for another nick, if that is what it needs."""
        why = phrases.refusal(refusal)
        if for_nick:
            self._display.open()
            self._look.close()
            self._asking = True
            self.refuse(why)
        elif not self._display.is_open:
            self._fail(f"{self._server} refuses: {why}")

    def link_lost(self, why: str, pause: float) -> None:
        """Part of `link.Listener`."""
        if not self._display.is_open:
            self._fail(f"{self._server} cannot be reached: {why}.")
            return
        if not self._link_lost:
            self.note(f"The link is lost: {why}. What you type is sent when it is back.")
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
            self._display.add(
                self._wording.not_delivered(self._conversation.nick, waiting.message, why, self._conversation.current)
            )
        self._conversation.waiting.clear()
        self._finish()

    def _fail(self, why: str) -> None:
        self._status, self._why = NOT_CONNECTED, why
        self.link.stop()

    def _finish(self) -> None:
        for call in (self._escape, self._tick_call, self._remember_call):
            _cancel(call)
        self._remember_now()
        self._display.close(self._status, self._why)

    def _tick(self) -> None:
        """Count the seconds to the next try."""
        _cancel(self._tick_call)
        if self._link_lost and not self._quitting:
            self._tick_call = self._clock.callLater(1, self._tick)
        self._display.changed()

    # -- What is remembered

    def _remember_soon(self) -> None:
        if self._remember_call is None or not self._remember_call.active():
            self._remember_call = self._clock.callLater(REMEMBER_SECONDS, self._remember_now)

    def _remember_now(self) -> None:
        """Have it remembered which rooms there are, and up to where their events were shown."""
        talk, seen = self._conversation, self.link.seen
        if not self.link.was_up or not (talk.rooms or self._left):
            return
        places = {room: self._backlogs.shown(room, seen.place(room)) for room in talk.rooms}
        try:
            self._remember(Remembered(seen.log, tuple(talk.rooms), talk.current, places), self._left)
        except OSError as error:
            self._remember = lambda now, left: None
            self.refuse(f"What you have seen cannot be remembered for the next time: {error.strerror}.")

    # -- The past

    def _look_back(self, look: Callable[[View], None]) -> None:
        room = self._conversation.current
        if not self._display.can_paint:
            self.note("This terminal can only print: /history shows what was before.")
        elif not self._asking and room in self._conversation.rooms:
            look(self._view(room))

    def _view(self, room: str) -> View:
        view = self._conversation.rooms[room]
        return View(room, view.as_of, self._display.oldest_in_sight(room), view.mark)

    # -- The screen

    def resized(self, columns: int, rows: int) -> None:
        """The terminal has another size."""
        self._display.resized(columns, rows)

    def redraw(self) -> None:
        """Paint everything anew."""
        self._display.redraw()

    def leave_screen(self) -> None:
        """The program is about to be stopped: leave the terminal to others."""
        self._display.leave()

    def return_to_screen(self) -> None:
        """The program goes on."""
        self._display.come_back()

    def note(self, note: str) -> None:
        """Say ``note`` as soon as there is a screen."""
        self._display.add(self._wording.note(note))

    def refuse(self, why: str) -> None:
        """Say that something cannot be done, and ``why``, as soon as there is a screen."""
        self._display.add(self._wording.refusal(why))

    def _show(self, heard: Heard, before: Sequence[Settled] = ()) -> None:
        self._display.add([*before, *self._wording.heard(heard, self._conversation.current)])

    def _live(self) -> Live:
        talk, seconds = self._conversation, self._retry_at - self._clock.seconds()
        waiting = tuple(
            self._wording.waiting(talk.nick, waiting.message, waiting.time, talk.current) for waiting in talk.waiting.values()
        )
        link, alarm = link_words(talk.server or self._server, bool(self._link_lost), seconds), bool(self._link_lost)
        if self._asking:
            return Live(waiting, (Span(" another nick is needed"),), link, alarm, (Span("nick: ", BOLD),), *self._typing)
        status = self._look.status or rooms_line(talk, self._look.notice or self._backlogs.progress)
        if self._look.past is not None and not alarm:
            link = (Span(" Esc: back to now "),)
        return Live(waiting, status, link, alarm, (Span(talk.nick, nick_style(talk.nick)), Span("> ")), *self._typing)

    @property
    def _typing(self) -> tuple[str, str]:
        return self._editor.before, self._editor.after


def _cancel(call: IDelayedCall | None) -> None:
    if call is not None and call.active():
        call.cancel()
