"""What the user is asked before they can go on: another nick, or a password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatd.codecs import phrases
from chatd.codecs.asking import ASKED_AGAIN, Asking, question_after
from chatd.core import answers, command_table, commands
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.errors import NickNeeded, Refusal, WrongPassword
from chatd.core.events import Event
from chatd.tui.cells import BOLD, Span
from chatd.tui.display import Display
from chatd.tui.history_view import HistoryView
from chatd.tui.line_input import LineInput, Purpose
from chatd.tui.link import Link
from chatd.tui.screen import Footer

ACCOUNT_COMMANDS: Final = (commands.Register, commands.Login, commands.Password)
"""The commands that ask for a password."""

NOT_ENCRYPTED: Final = "Not encrypted! "
"""A warning where others can read a password on its way to the server."""


class Questions:
    """Asks the user, and gives the answers to ``link``.

    Nothing of a password is shown, from before the question until the server has answered, since
    somebody who has mistyped it types it again at once.
    """

    def __init__(self, line: LineInput, display: Display, history: HistoryView, link: Callable[[], Link]) -> None:
        self._line = line
        self._display = display
        self._history = history
        self._link = link
        self._asking: Asking | None = None
        """The question for a password, if the next line answers one."""
        self._asked_after: tuple[str, Command] = ("", commands.Ping())
        """The code of the refusal after which a password was asked for last, and the command that
        was refused, without a password."""
        self._code: str | None = None
        """With which invitation the nick is being registered; None: it is not."""

    # -- The user

    def enter(self) -> None:
        """Take the line as an answer."""
        if self._line.purpose is Purpose.NICK:
            typed = self._line.editor.text.strip()
            if typed:
                self._take_nick(typed)
        elif self._asking is not None:
            self._take_password(self._asking)

    def _take_nick(self, typed: str) -> None:
        """Take the line as a nick, as ``/register NICK CODE``, or as ``/quit``."""
        nick, self._code = typed, None
        if typed.startswith("/"):
            try:
                command = command_table.parse(typed)
            except Refusal as refusal:
                return self._display.refuse(str(refusal))
            if isinstance(command, commands.Quit):
                return self._link().quit(command.text)
            if not isinstance(command, commands.Register) or not command.nick:
                return self._display.refuse("Type a nick, or /register NICK to register it, or /quit.")
            nick, self._code = command.nick, command.code
        self._line.resume()
        self._link().hello_as(nick, code=self._code)

    def _take_password(self, asking: Asking) -> None:
        """Take the line as the answer to ``asking``; of a paste, its first line."""
        self._asking, typed = None, self._line.take().partition("\n")[0]
        if not typed:
            self._give_up(asking.give_up())
            return
        try:
            taken = asking.take(typed)
        except Refusal as refusal:
            self._display.refuse(str(refusal))
            self._ask_password(*self._asked_after)
            return
        if isinstance(taken, Asking):
            self._ask(taken)
        elif isinstance(taken, commands.Hello):
            self._link().hello_as(taken.nick, taken.password, taken.server_password, self._code)
        else:
            self._link().send(taken)

    def _give_up(self, refusal: Refusal) -> None:
        self._line.resume()
        self._display.refuse(str(refusal))
        if isinstance(refusal, NickNeeded):
            self._line.ask(Purpose.NICK)

    # -- The server

    def asks_after(self, answer: Event | Answer, command: Command | None) -> bool:
        """Whether the user is asked for a password because of ``answer`` to ``command``."""
        if not isinstance(answer, answers.Refused) or command is None:
            return False
        if isinstance(command, ACCOUNT_COMMANDS) and command.password and answer.code in ASKED_AGAIN:
            self._display.refuse(phrases.refusal(answer))
            return self._ask_password(*self._asked_after)
        return self._ask_password(answer.code, command, answer.reason)

    def on_answered(self, answer: Event | Answer, command: Command | None) -> None:
        """``answer`` to ``command`` may end a question."""
        if isinstance(command, ACCOUNT_COMMANDS) or (isinstance(answer, answers.Welcome) and self._asking is None):
            self._stop_hiding()

    def on_hello_refused(self, refusal: answers.Refused) -> None:
        """Ask for what may be accepted after ``refusal``: a password, or another nick."""
        link = self._link()
        self._history.close()
        hello = commands.Hello(link.nick, register=self._code is not None, code=self._code or "")
        if self._ask_password(refusal.code, hello, refusal.reason):
            return
        self._display.refuse(phrases.refusal(refusal))
        if refusal.code == WrongPassword.code and self._code is None:
            self.await_answer()
            link.hello_as(link.nick)  # The server asks again for what it needs.
        else:
            self._asking = None
            self._line.ask(Purpose.NICK)

    def on_link_lost(self) -> None:
        """No answer comes to what was typed before."""
        if self._asking is None:
            self._stop_hiding()

    # -- Asking

    def await_answer(self) -> None:
        """Show nothing of what is typed until the server has answered: it may ask for a
        password."""
        self._line.ask(Purpose.PASSWORD)

    def _ask_password(self, code: str, command: Command, reason: str = "") -> bool:
        """Ask for the password that ``command`` needs, which was refused with ``code`` for
        ``reason``; whether it needs one."""
        asking = question_after(code, command, named=True)
        if asking is not None:
            self._asked_after = (code, command)
            if reason:
                self._display.note(reason)
            self._ask(asking)
        return asking is not None

    def _ask(self, asking: Asking) -> None:
        self._history.close()
        self.await_answer()
        self._asking = asking
        if not self._display.can_paint:
            self._display.note(f"{asking.prompt}:")

    def _stop_hiding(self) -> None:
        if self._line.is_hidden:
            self._asking = None
            self._line.resume()

    # -- The screen

    def footer(self) -> Footer:
        """The footer while the user is asked, without the pending messages."""
        if self._line.purpose is Purpose.NICK:
            editor = self._line.editor
            return Footer((), (Span(" choose a nick"),), (), False, (Span("nick: ", BOLD),), editor.before, editor.after)
        prompt = self._asking.prompt if self._asking is not None else "waiting for the server"
        warning = "" if self._link().is_private else NOT_ENCRYPTED
        return Footer((), (Span(f" {warning}{prompt}"),), (), False, (Span("password: ", BOLD),))
