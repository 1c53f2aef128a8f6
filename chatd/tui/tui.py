"""The screen as a whole: joins the keys, the link, the conversation and the display.

Knows no real terminal and no reactor, only the clock and the `Terminal` that are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.codecs import phrases
from chatd.core import answers
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event
from chatd.tui import editor
from chatd.tui.catch_up import CatchUps
from chatd.tui.cells import BOLD, Line, Span
from chatd.tui.completion import options_for
from chatd.tui.conversation import Conversation, Talk
from chatd.tui.display import WAITING_LINES, Display, Terminal
from chatd.tui.formatter import Formatter, nick_style
from chatd.tui.history_opening import HistoryOpening
from chatd.tui.history_view import HistoryView
from chatd.tui.incoming import Incoming
from chatd.tui.keys import Key, KeyDecoder, Press
from chatd.tui.line_input import LineInput, Purpose
from chatd.tui.link import Link
from chatd.tui.questions import Questions
from chatd.tui.saving import Saving, Seen
from chatd.tui.screen import Footer
from chatd.tui.sending import Sending
from chatd.tui.status_line import link_line, rooms_line, window_title

INPUT_CHARACTERS: Final = 20_000
"""The longest input, in characters: some two hundred lines pasted at once."""

CLOSING_KEYS: Final = (Key.ESCAPE, Key.END, Key.NEWEST, Key.INTERRUPT, Key.END_OF_INPUT)
"""The keys that only close the history; every other key closes it and then has its usual effect."""

DONE: Final = 0
NOT_CONNECTED: Final = 1


class Tui:
    """The screen of one person. ``now`` gives the milliseconds since 1970-01-01 UTC; ``server`` is
    the address that was given. `link` is set before anything else is called.

    ``last_seen`` has the last event of each room that was shown in an earlier run, and ``current``
    the room to switch to. ``save`` gets what was seen in this run, and raises OSError if it fails.
    At most ``waiting_lines`` new lines wait while the history is open.
    """

    link: Link

    def __init__(
        self,
        clock: IReactorTime,
        now: Callable[[], int],
        terminal: Terminal,
        nick: str,
        server: str,
        last_seen: Mapping[str, int] | None = None,
        current: str = "",
        save: Callable[[Seen], None] = lambda seen: None,
        waiting_lines: int = WAITING_LINES,
    ) -> None:
        self._clock = clock
        self._terminal = terminal
        self._server = server
        self._conversation = conversation = Conversation(nick, last_seen, current)
        self._formatter = formatter = Formatter(now)
        self._history = history = HistoryView(self._send, formatter, lambda: conversation.nick, lambda: self.link.up)
        self._display = display = Display(clock, terminal, history, formatter, self._footer, waiting_lines)
        self._line = LineInput(terminal.hide)
        self._decoder = KeyDecoder()
        catch_ups = self._catch_ups = CatchUps(conversation, formatter, display.fits)
        self._saving = Saving(clock, conversation, catch_ups, self._get_link, save, display.refuse)
        self._questions = Questions(self._line, display, history, self._get_link)
        self._sending = Sending(conversation, display, self._line, self._questions, self._get_link, now, self.quit)
        self._opening = self._sending.opening = HistoryOpening(conversation, display, history, self._line, self._sending.run)
        self._incoming = Incoming(
            conversation, formatter, display, history, catch_ups, self._opening.hits, self._saving, self._get_link
        )
        self.note, self.refuse = display.note, display.refuse
        self._quitting = False
        self._status, self._why = DONE, ""
        self._link_lost = ""
        self._retry_at = 0.0
        self._unfinished: IDelayedCall | None = None
        self._tick_call: IDelayedCall | None = None

    def _get_link(self) -> Link:
        return self.link

    def _send(self, command: Command) -> Command:
        return self.link.send(command)

    # -- The keyboard

    def keys(self, data: bytes) -> None:
        """Take bytes from the keyboard."""
        _cancel(self._unfinished)
        self._press_all(self._decoder.feed(data))
        if self._decoder.patience:
            self._unfinished = self._clock.callLater(self._decoder.patience, self._flush)

    def _flush(self) -> None:
        self._press_all(self._decoder.flush())

    def _press_all(self, presses: list[Press]) -> None:
        for press in presses:
            if not self._quitting or press.key is Key.INTERRUPT:
                self._press(press)
        self._display.changed()

    def _press(self, press: Press) -> None:
        if press.key is Key.REDRAW:
            self.redraw()
        elif self._display.press_in_help(press.key):
            # A press may be a run of letters: the first is for the page, the others are typed.
            rest = press.text if press.key is Key.PASTE else press.text[1:]
            if rest:
                self._pressed(replace(press, text=rest))
        elif not self._line.press_in_search(press) and not self._pressed_in_history(press.key):
            self._pressed(press)

    def _pressed_in_history(self, key: Key) -> bool:
        """Whether the history has taken ``key``. Any key that it does not know closes it."""
        is_open, opening = self._history.window is not None, self._history.is_opening
        if self._history.press(key):
            return True
        if is_open or (opening and key not in (Key.PAGE_UP, Key.OLDEST)):
            self._history.close()
        return (is_open or opening) and key in CLOSING_KEYS

    def _pressed(self, press: Press) -> None:
        specials: dict[Key, Callable[[], None]] = {
            Key.ENTER: self._enter,
            Key.TAB: lambda: self._complete(+1),
            Key.BACK_TAB: lambda: self._complete(-1),
            Key.INTERRUPT: self._interrupt,
            Key.END_OF_INPUT: self._end_of_input,
            Key.SUSPEND: self._terminal.suspend,
            Key.PAGE_UP: self._opening.page_up,
            Key.OLDEST: self._opening.oldest,
            Key.NEXT_NEWS: self._go_to_news,
            Key.FIND: self._line.begin_search,
            Key.HELP: self._display.open_help,
            Key.ALT_DIGIT: lambda: self._switch_room(int(press.text)),
        }
        special = specials.get(press.key)
        if special is not None:
            special()
        elif len(self._line.editor.text) + len(press.text) > INPUT_CHARACTERS:
            self.refuse(f"This is too long: nothing was taken. The limit is {INPUT_CHARACTERS:,} characters.")
        else:
            self._line.editor = editor.press(self._line.editor, press)

    def _enter(self) -> None:
        (self._sending if self._line.is_talk else self._questions).enter()

    def _interrupt(self) -> None:
        if self._line.editor.text and not self._quitting:
            self._line.editor = editor.clear(self._line.editor)
        else:
            self.quit()

    def _end_of_input(self) -> None:
        if self._line.editor.text:
            self._line.editor = editor.press(self._line.editor, Press(Key.DELETE))
        else:
            self.quit()

    def _complete(self, step: int) -> None:
        if self._line.is_talk:
            before = self._line.editor
            self._line.editor = editor.complete(before, step, lambda before: options_for(before, self._conversation))

    def _switch_room(self, number: int) -> None:
        windows = self._conversation.windows
        self._switch_to(windows[number - 1] if 0 < number <= len(windows) else "")

    def _go_to_news(self) -> None:
        talks = (talk for talk in self._conversation.talks.values() if talk.unread)
        self._switch_to(next(talks, self._conversation.next_news))

    def _switch_to(self, window: str | Talk) -> None:
        if isinstance(window, Talk):
            self._conversation.enter_talk(window)
            self.note(f"You are talking with {window.nick}; /leave goes back to the room.")
        elif window:
            self._conversation.switch_to(window)
            self.note(f"You are in #{self._conversation.current}.")
            self._incoming.on_switched()

    # -- The end

    def quit(self, text: str = "") -> None:
        """Say goodbye and end; the second time, end at once."""
        if self._quitting:
            self.link.stop()
        self._quitting = True
        self.link.quit(text)

    def interrupt(self) -> None:
        """End, because of a signal."""
        self.quit()

    def _fail(self, why: str) -> None:
        self._status, self._why = NOT_CONNECTED, why
        self.link.stop()

    # -- The link

    def on_received(self, news: Event | Answer, command: Command | None) -> None:
        """Part of `link.LinkListener`."""
        self._display.changed()
        if isinstance(news, answers.Closing) or (isinstance(news, Answer) and self._history.take_answer(news)):
            return  # `on_link_lost` says why it is closing, unless the user has quit.
        if self._questions.asks_after(news, command):
            return
        if isinstance(news, answers.Welcome):
            self._display.open()
            if self._link_lost:
                self.note("The connection is back.")
        self._questions.on_answered(news, command)
        self._incoming.receive(news, command, is_back=bool(self._link_lost))
        if isinstance(news, answers.Welcome):
            self._link_lost = ""

    def on_hello_refused(self, refusal: answers.Refused, for_nick: bool) -> None:
        """Part of `link.LinkListener`: ask for a password or another nick, if that may help."""
        if for_nick:
            self._display.open()
            self._questions.on_hello_refused(refusal)
        elif not self._display.is_open:
            self._fail(f"{self._server} refuses: {phrases.refusal(refusal)}")

    def on_link_lost(self, why: str, pause: float) -> None:
        """Part of `link.LinkListener`."""
        if not self._display.is_open:
            self._fail(f"{self._server} cannot be reached: {why}.")
            return
        self._questions.on_link_lost()
        if not self._link_lost:
            self.note(f"The connection is lost: {why}. What you type is sent when it is back.")
        self._link_lost = why
        self._retry_at = self._clock.seconds() + pause
        self._tick()

    def on_untrusted(self, why: str) -> None:
        """Part of `link.LinkListener`."""
        self._fail(f"{why}.")

    def on_link_ended(self) -> None:
        """Part of `link.LinkListener`: give the terminal back."""
        self._incoming.drop_pending()
        for call in (self._unfinished, self._tick_call):
            _cancel(call)
        self._saving.now()
        self._display.close(self._status, self._why)

    def _tick(self) -> None:
        """Show the seconds until the next try."""
        _cancel(self._tick_call)
        if self._link_lost and not self._quitting:
            self._tick_call = self._clock.callLater(1, self._tick)
        self._display.changed()

    # -- The screen

    def ready(self) -> None:
        """The terminal is ready again: paint what has changed meanwhile."""
        self._display.changed()

    def ask_nick(self, greeting: str) -> None:
        """Ask for a nick, before there is any hello."""
        self._display.open()
        self.note(greeting)
        self._line.ask(Purpose.NICK)

    def resized(self, columns: int, rows: int) -> None:
        """The terminal has a new size."""
        self._display.resized(columns, rows)

    def redraw(self) -> None:
        """Paint everything again."""
        self._display.redraw()

    def suspend_screen(self) -> None:
        """The program is about to be stopped: leave the terminal to other programs."""
        self._display.suspend()

    def resume_screen(self) -> None:
        """The program goes on."""
        self._display.resume()

    def _footer(self) -> Footer:
        state, seconds, alarm = self._conversation, self._retry_at - self._clock.seconds(), bool(self._link_lost)
        pending = tuple(self._formatter.pending(state.nick, one.message, one.time, state.here) for one in state.pending.values())
        if not self._line.is_talk:
            return replace(self._questions.footer(), pending=pending)
        self._display.set_title(window_title(state))
        if self._line.search is not None:
            found, pattern = self._line.search.found, self._line.search.pattern
            prompt: Line = (Span(f"search {pattern}: ", BOLD),)
            return Footer(pending, (Span(" Enter takes the line, Ctrl-R finds the one before"),), (), False, prompt, found)
        link = link_line(state.server or self._server, alarm, seconds)
        status = self._history.status or rooms_line(state, self._history.notice or self._catch_ups.progress)
        if self._history.window is not None and not alarm:
            link = (Span(" Esc: back to live "),)
        if self._display.help is not None:
            link = (Span(" Esc: close the help "),)
        to = f" to {state.talk.nick}> " if state.talk is not None else "> "
        prompt, typed = (Span(state.nick, nick_style(state.nick)), Span(to)), self._line.editor
        return Footer(pending, status, link, alarm, prompt, typed.before, typed.after)


def _cancel(call: IDelayedCall | None) -> None:
    if call is not None and call.active():
        call.cancel()
