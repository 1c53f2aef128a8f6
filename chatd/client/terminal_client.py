"""The client for a person at a terminal: joins the keys, the link, the conversation and the screen.

Knows no real terminal and no reactor, only the clock and the `Terminal` that are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Final

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from chatd.client import editor
from chatd.client.catch_up import CatchUps
from chatd.client.cells import BOLD, FinalLine, Span
from chatd.client.completion import options_for
from chatd.client.conversation import MESSAGES, Conversation, PendingMessage, Received
from chatd.client.display import Display, Terminal
from chatd.client.editor import Editor
from chatd.client.formatter import Formatter, nick_style
from chatd.client.history_view import HistoryView, JumpTarget, RoomOnScreen
from chatd.client.keys import Key, KeyDecoder, Press
from chatd.client.link import ReconnectingLink
from chatd.client.local_commands import LOCAL, Clear, Jump, LocalHelp, in_zone, parse_local
from chatd.client.saved_state import SavedState
from chatd.client.screen import Footer
from chatd.client.search_hits import SearchHits
from chatd.client.splitting import split
from chatd.client.status_line import link_line, rooms_line
from chatd.codecs import phrases
from chatd.codecs.asking import ASKED_AGAIN, Asking, question_after
from chatd.core import commands, events
from chatd.core.commands import Command
from chatd.core.errors import NickNeeded, Refusal, WrongPassword
from chatd.core.events import Answer, Event

INPUT_CHARACTERS: Final = 20_000
"""The longest input, in characters: some two hundred lines pasted at once."""

UNASKED_LINES: Final = 3
"""How many lines Enter sends at once without asking: a paste of more may be a mistake."""

SAVE_SECONDS: Final = 5.0
"""How long after a new event the state is saved at the latest, in seconds. After a crash the events
since the last save are shown again."""

CLOSING_KEYS: Final = (Key.ESCAPE, Key.END, Key.NEWEST, Key.INTERRUPT, Key.END_OF_INPUT)
"""The keys that only close the history; every other key closes it and then has its usual effect."""

ACCOUNT_COMMANDS: Final = (commands.Register, commands.Login, commands.Password)
"""The commands that ask for a password."""

NOT_RECALLED: Final = tuple(f"/{row.name}" for row in commands.ROW_OF.values() if row.make in ACCOUNT_COMMANDS)
"""What begins a line that Up does not bring back: somebody may have typed a password there."""

NOT_ENCRYPTED: Final = "Not encrypted! "
"""A warning where others can read a password on its way to the server."""

DONE: Final = 0
NOT_CONNECTED: Final = 1


class TerminalClient:
    """The client of one person. ``now`` gives the milliseconds since 1970-01-01 UTC; ``server`` is
    the address that was given.

    ``saved`` is the state of an earlier run. ``save`` gets the state of this one and the rooms that
    the user has left, and raises OSError if it fails.
    """

    def __init__(
        self,
        clock: IReactorTime,
        now: Callable[[], int],
        terminal: Terminal,
        nick: str,
        server: str,
        saved: SavedState | None = None,
        save: Callable[[SavedState, Collection[str]], None] = lambda now, left: None,
    ) -> None:
        self.link: ReconnectingLink
        saved = saved or SavedState()
        self._clock = clock
        self._now = now
        self._terminal = terminal
        self._server = server
        self._save = save
        self._left: set[str] = set()
        self._conversation = Conversation(nick, saved.cursors, saved.current)
        self._formatter = Formatter(now)
        self._history = HistoryView(self._send, self._formatter, lambda: self._conversation.nick, lambda: self.link.up)
        self._display = Display(clock, terminal, self._history, self._formatter, self._footer)
        self._catch_ups = CatchUps(self._conversation, self._formatter, self._display.fits)
        self._hits = SearchHits()
        self._decoder = KeyDecoder()
        self._editor = Editor()
        self._asking_nick = False
        self._draft = Editor()
        """The line that is put aside while the user is asked for another nick, or a password."""
        self._hides = False
        """Whether what is typed is not shown: it is a password, from before the question until the
        server has answered, since somebody who has mistyped it types it again at once."""
        self._asking: Asking | None = None
        """The question for a password, if the next line answers one."""
        self._asked_after: tuple[str, Command] = ("", commands.Ping())
        """The code of the refusal after which a password was asked for last, and the command that
        was refused, without a password."""
        self._asked_about = ""
        """The text of many lines that is sent if Enter is pressed again."""
        self._quitting = False
        self._status, self._why = DONE, ""
        self._link_lost = ""
        self._retry_at = 0.0
        self._unfinished: IDelayedCall | None = None
        self._tick_call: IDelayedCall | None = None
        self._save_call: IDelayedCall | None = None

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
        elif not self._pressed_in_history(press.key):
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
            Key.PAGE_UP: lambda: self._open_history(self._history.page_up),
            Key.OLDEST: lambda: self._open_history(self._history.open_oldest),
            Key.ALT_DIGIT: lambda: self._switch_room(int(press.text)),
        }
        special = specials.get(press.key)
        if special is not None:
            special()
        elif len(self._editor.text) + len(press.text) > INPUT_CHARACTERS:
            self.refuse(f"This is too long: nothing was taken. The limit is {INPUT_CHARACTERS:,} characters.")
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
        if not (self._asking_nick or self._hides):
            self._editor = editor.complete(self._editor, step, lambda before: options_for(before, self._conversation))

    def _switch_room(self, number: int) -> None:
        rooms = list(self._conversation.rooms)
        if 0 < number <= len(rooms):
            self._conversation.switch_to(rooms[number - 1])
            self.note(f"You are in #{self._conversation.current}.")
            self._display.add(self._catch_ups.on_switched(self._conversation.current))

    # -- Input

    def _enter(self) -> None:
        if self._hides:
            if self._asking is not None:
                self._take_password(self._asking)
            return
        if self._asking_nick:
            nick = self._editor.text.strip()
            if nick:
                self._asking_nick, self._editor = False, self._draft
                self.link.hello_as(nick)
            return
        text, (entered, lines) = self._editor.text, editor.enter(self._editor)
        if len(lines) > UNASKED_LINES and text != self._asked_about:
            self._asked_about = text
            self.note(f"These are {len(lines):,} lines. Enter sends each as a message, Ctrl-C drops them.")
            return
        asks = [number for number, line in enumerate(lines, 1) if line.strip().lower().startswith(NOT_RECALLED)]
        if asks:
            entered = editor.clear(self._editor)
            if len(lines) > asks[0]:
                lines = lines[: asks[0]]
                self.refuse("What you pasted below the command may be a password, and is dropped.")
        self._editor, self._asked_about = entered, ""
        for line in lines:
            try:
                local = parse_local(line)
                self._run(commands.parse(line)) if local is None else self._run_local(local)
            except Refusal as refusal:
                self.refuse(str(refusal))

    def _send(self, command: Command) -> Command:
        return self.link.send(command)

    def _run(self, command: Command) -> None:
        if isinstance(command, commands.Quit):
            self.quit(command.text)
            return
        command = in_zone(self._conversation.resolve(command), self._now())
        if isinstance(command, (commands.Say, commands.Me)) and not command.room:
            self.refuse("You are not in any room. /join ROOM enters one, /rooms lists them.")
            return
        if isinstance(command, ACCOUNT_COMMANDS) and self.link.up:
            self._hide()
        for part in split(command):
            self._conversation.on_sent(self.link.send(part), self._now())
        if not self.link.up and not isinstance(command, MESSAGES):
            self.note("The command is sent as soon as the connection is back.")

    def _run_local(self, local: Jump | Clear | LocalHelp) -> None:
        if isinstance(local, Clear):
            self._display.clear()
        elif isinstance(local, LocalHelp):
            self.note(f"{local.about.usage}  {local.about.help}")
        elif local.new:
            self._jump_to_new()
        else:
            self._jump(*self._hits.choose(local.hit))

    def _jump(self, number: int, room: str, hit: JumpTarget) -> None:
        """Open the history at ``hit``, which has this ``number``."""
        if room not in self._conversation.rooms:
            self.refuse(f"You are not in #{room}. /join #{room} enters it, then /jump {number} goes there.")
        elif self._display.can_paint:
            self._history.open_at(self._room_on_screen(room), hit.seq, hit)
        else:
            self._run(commands.History(room=room, around=hit.seq))

    def _jump_to_new(self) -> None:
        here = self._conversation.rooms.get(self._conversation.current)
        if here is None or here.unread_mark is None:
            self.refuse("No messages arrived here while you were away.")
        else:
            first, _ = here.unread_mark
            self._open_history(lambda shown: self._history.open_at(shown, first))

    def quit(self, text: str = "") -> None:
        """Say goodbye and end; the second time, end at once."""
        if self._quitting:
            self.link.stop()
        self._quitting = True
        self.link.quit(text)

    def interrupt(self) -> None:
        """End, because of a signal."""
        self.quit()

    # -- Passwords

    def _hide(self) -> None:
        """Put the line being typed aside, and show nothing of what is typed from now on."""
        if not self._hides:
            self._draft = self._draft if self._asking_nick else self._editor
            self._asking_nick, self._hides, self._editor = False, True, Editor()
            self._terminal.hide(True)

    def _stop_hiding(self) -> None:
        if self._hides:
            self._hides, self._asking, self._editor = False, None, self._draft
            self._terminal.hide(False)

    def _ask_password(self, code: str, command: Command, reason: str = "") -> bool:
        """Ask for the password that ``command`` needs, which was refused with ``code`` for
        ``reason``; whether it needs one."""
        asking = question_after(code, command, named=True)
        if asking is not None:
            self._asked_after = (code, command)
            if reason:
                self.note(reason)
            self._ask(asking)
        return asking is not None

    def _ask(self, asking: Asking) -> None:
        self._history.close()
        self._hide()
        self._asking = asking
        if not self._display.can_paint:
            self.note(f"{asking.prompt}:")

    def _take_password(self, asking: Asking) -> None:
        """Take the line as the answer to ``asking``; of a paste, its first line."""
        typed = self._editor.text.partition("\n")[0]
        self._asking, self._editor = None, Editor()
        if not typed:
            self._give_up(asking.give_up())
            return
        try:
            taken = asking.take(typed)
        except Refusal as refusal:
            self.refuse(str(refusal))
            self._ask_password(*self._asked_after)
            return
        if isinstance(taken, Asking):
            self._ask(taken)
        elif isinstance(taken, commands.Hello):
            self.link.hello_as(taken.nick, taken.password, taken.server_password)
        else:
            self.link.send(taken)

    def _give_up(self, refusal: Refusal) -> None:
        self._stop_hiding()
        self.refuse(str(refusal))
        if isinstance(refusal, NickNeeded):
            self._ask_nick()

    def _ask_nick(self) -> None:
        self._stop_hiding()
        if not self._asking_nick:
            self._asking_nick, self._draft, self._editor = True, self._editor, Editor()

    def _asks_after(self, answer: Event | Answer, command: Command | None) -> bool:
        """Whether the user is asked for a password because of ``answer`` to ``command``."""
        if not isinstance(answer, events.Refused) or command is None:
            return False
        if isinstance(command, ACCOUNT_COMMANDS) and command.password and answer.code in ASKED_AGAIN:
            self.refuse(phrases.refusal(answer))
            return self._ask_password(*self._asked_after)
        return self._ask_password(answer.code, command, answer.reason)

    # -- The link

    def on_received(self, news: Event | Answer, command: Command | None) -> None:
        """Part of `link.LinkListener`."""
        self._display.changed()
        if isinstance(news, events.Closing) or (isinstance(news, Answer) and self._history.take_answer(news)):
            return  # `on_link_lost` says why it is closing, unless the user has quit.
        if self._asks_after(news, command):
            return
        if isinstance(news, events.Welcome):
            self._on_linked()
        if isinstance(command, ACCOUNT_COMMANDS) or (isinstance(news, events.Welcome) and self._asking is None):
            self._stop_hiding()
        pending = self._conversation.pending.get(news.id) if isinstance(news, Answer) else None
        before = self._conversation.current
        received = self._conversation.receive(news, command)
        if received.for_me and received.shown:
            self._display.ring()
        if isinstance(news, Event):
            self._on_event(news, received)
        else:
            self._on_answer(news, received, pending)
        if self._conversation.current != before:
            self._display.add(self._catch_ups.on_switched(self._conversation.current))

    def _on_event(self, event: Event, received: Received) -> None:
        self._save_soon()
        self._history.on_event(event)
        if isinstance(event, events.Deleted):
            self._history.on_deleted(event.room, event.target)
            self._hits.drop(event.room, event.target)
        before = self._catch_ups.on_event(event, received)
        if before is None:
            return
        if isinstance(event, events.Said) and not self._conversation.is_own(event.nick):
            self._history.on_message(received.for_me)
        self._show(received, before)

    def _on_answer(self, answer: Answer, received: Received, pending: PendingMessage | None) -> None:
        if pending is not None:
            self._on_message_answered(pending, answer)
        match answer:
            case events.Welcome() if self._link_lost:
                self._link_lost = ""
                return  # The user has read its message of the day before.
            case events.Private():
                self._history.on_message(for_me=True)
            case events.Entered():
                self._show(received)
                self._left.discard(answer.room)
                self._catch_ups.on_entered(answer, self.link.cursors.cursor(answer.room))
                return
            case events.Exited():
                self._left.add(answer.room)
                self._catch_ups.on_left(answer.room)
                self._history.on_room_gone(answer.room)
            case events.Missed(first=0):
                self._display.add(self._catch_ups.finish(answer.room))
                self._history.on_room_gone(answer.room)
            case events.Forgotten():
                self._forget(answer)
            case events.SearchResults():
                self._hits.replace(answer)
            case events.HelpText() if len(answer.commands) > 1:
                received = replace(received, news=replace(answer, commands=(*answer.commands, *LOCAL)))
        self._show(received)

    def _on_message_answered(self, pending: PendingMessage, news: Answer) -> None:
        nick, message, here = self._conversation.nick, pending.message, self._conversation.current
        if isinstance(news, events.Refused):
            why = phrases.refusal(news)
            self._display.add(self._formatter.not_delivered(nick, message, why, here))
        elif isinstance(news, events.Ack):
            time, seq = news.time, news.seq
            if not self._catch_ups.on_delivered(news, lambda here: self._formatter.delivered(nick, message, time, here, seq)):
                self._display.add(self._formatter.delivered(nick, message, time, here, seq))
        else:
            self._display.add(self._formatter.delivered(nick, message, pending.time, here))

    def _forget(self, forgotten: events.Forgotten) -> None:
        """Stop showing what has been deleted, as far as possible."""
        room, before = forgotten.room, forgotten.before
        self._history.on_forgotten(room, before)
        self._catch_ups.on_forgotten(room, before)
        self._hits.drop_before(room, before)
        self._display.drop_before(room, before)

    def _on_linked(self) -> None:
        self._display.open()
        if self._link_lost:
            self.note("The connection is back.")

    def on_hello_refused(self, refusal: events.Refused, for_nick: bool) -> None:
        """Part of `link.LinkListener`: ask for a password or another nick, if that may help."""
        why = phrases.refusal(refusal)
        if for_nick:
            self._display.open()
            self._history.close()
            if self._ask_password(refusal.code, commands.Hello(self.link.nick), refusal.reason):
                return
            self.refuse(why)
            if refusal.code == WrongPassword.code:
                self._hide()
                self.link.hello_as(self.link.nick)  # The server asks again for what it needs.
            else:
                self._ask_nick()
        elif not self._display.is_open:
            self._fail(f"{self._server} refuses: {why}")

    def on_link_lost(self, why: str, pause: float) -> None:
        """Part of `link.LinkListener`."""
        if not self._display.is_open:
            self._fail(f"{self._server} cannot be reached: {why}.")
            return
        if self._asking is None:
            self._stop_hiding()
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
        for pending in self._conversation.pending.values():
            why = "it was not confirmed before the end."
            self._display.add(
                self._formatter.not_delivered(self._conversation.nick, pending.message, why, self._conversation.current)
            )
        self._conversation.pending.clear()
        self._finish()

    def _fail(self, why: str) -> None:
        self._status, self._why = NOT_CONNECTED, why
        self.link.stop()

    def _finish(self) -> None:
        for call in (self._unfinished, self._tick_call, self._save_call):
            _cancel(call)
        self._save_now()
        self._display.close(self._status, self._why)

    def _tick(self) -> None:
        """Show the seconds until the next try."""
        _cancel(self._tick_call)
        if self._link_lost and not self._quitting:
            self._tick_call = self._clock.callLater(1, self._tick)
        self._display.changed()

    # -- Saved state

    def _save_soon(self) -> None:
        if self._save_call is None or not self._save_call.active():
            self._save_call = self._clock.callLater(SAVE_SECONDS, self._save_now)

    def _save_now(self) -> None:
        """Save which rooms there are, and the last event shown of each."""
        conversation, received = self._conversation, self.link.cursors
        if not self.link.was_up or not (conversation.rooms or self._left):
            return
        shown = {room: self._catch_ups.last_shown(room, received.cursor(room)) for room in conversation.rooms}
        try:
            self._save(SavedState(received.log, tuple(conversation.rooms), conversation.current, shown), self._left)
        except OSError as error:
            self._save = lambda now, left: None
            self.refuse(f"The state cannot be saved for the next time: {error.strerror}.")

    # -- The history

    def _open_history(self, show: Callable[[RoomOnScreen], None]) -> None:
        room = self._conversation.current
        if not self._display.can_paint:
            self.note("This terminal can only print lines: /history shows earlier messages.")
        elif not (self._asking_nick or self._hides) and room in self._conversation.rooms:
            show(self._room_on_screen(room))

    def _room_on_screen(self, room: str) -> RoomOnScreen:
        joined = self._conversation.rooms[room]
        return RoomOnScreen(room, joined.last, self._display.first_visible(room), joined.unread_mark)

    # -- The screen

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

    def note(self, note: str) -> None:
        """Show ``note`` as soon as there is a screen."""
        self._display.add(self._formatter.note(note))

    def refuse(self, why: str) -> None:
        """Show ``why`` something cannot be done, as soon as there is a screen."""
        self._display.add(self._formatter.refusal(why))

    def _show(self, received: Received, before: Sequence[FinalLine] = ()) -> None:
        self._display.add([*before, *self._formatter.received(received, self._conversation.current)])

    def _footer(self) -> Footer:
        state, seconds, alarm = self._conversation, self._retry_at - self._clock.seconds(), bool(self._link_lost)
        pending = tuple(self._formatter.pending(state.nick, one.message, one.time, state.current) for one in state.pending.values())
        link = link_line(state.server or self._server, alarm, seconds)
        if self._hides:
            prompt = self._asking.prompt if self._asking is not None else "waiting for the server"
            warning = "" if self.link.login.is_private else NOT_ENCRYPTED
            return Footer(pending, (Span(f" {warning}{prompt}"),), (), False, (Span("password: ", BOLD),), "", "")
        if self._asking_nick:
            return Footer(pending, (Span(" choose another nick"),), (), False, (Span("nick: ", BOLD),), *self._typing)
        status = self._history.status or rooms_line(state, self._history.notice or self._catch_ups.progress)
        if self._history.window is not None and not alarm:
            link = (Span(" Esc: back to live "),)
        return Footer(pending, status, link, alarm, (Span(state.nick, nick_style(state.nick)), Span("> ")), *self._typing)

    @property
    def _typing(self) -> tuple[str, str]:
        return self._editor.before, self._editor.after


def _cancel(call: IDelayedCall | None) -> None:
    if call is not None and call.active():
        call.cancel()
