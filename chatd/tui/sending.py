"""Sending: the lines that the user enters become commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatd.core import command_table, commands
from chatd.core.commands import Command
from chatd.core.errors import Refusal
from chatd.tui import editor
from chatd.tui.conversation import MESSAGES, Conversation
from chatd.tui.display import Display
from chatd.tui.history_opening import HistoryOpening
from chatd.tui.line_input import LineInput
from chatd.tui.link import Link
from chatd.tui.local_commands import Clear, Jump, LocalHelp, in_zone, parse_local
from chatd.tui.questions import ACCOUNT_COMMANDS, Questions
from chatd.tui.splitting import split

NOT_RECALLED: Final = tuple(f"/{row.name}" for row in command_table.ROW_OF.values() if row.make in ACCOUNT_COMMANDS)
"""What begins a line that Up does not bring back: somebody may have typed a password there."""


class Sending:
    """Takes the line that is typed, and gives its commands to ``link``, or carries them out itself.

    ``now`` gives the milliseconds since 1970-01-01 UTC. ``quit`` ends the program, with a last
    text. ``opening`` is set before the first line.
    """

    opening: HistoryOpening

    def __init__(
        self,
        conversation: Conversation,
        display: Display,
        line: LineInput,
        questions: Questions,
        link: Callable[[], Link],
        now: Callable[[], int],
        quit: Callable[[str], None],
    ) -> None:
        self._conversation = conversation
        self._display = display
        self._line = line
        self._questions = questions
        self._link = link
        self._now = now
        self._quit = quit
        self._asked_about = ""
        """The text of many lines that is sent if Enter is pressed again."""

    def enter(self) -> None:
        """Send what is typed. If the current room has changed while it was typed, ask before."""
        if self._conversation.was_moved and self._line.editor.text and not self._line.editor.text.startswith("/join"):
            self._conversation.was_moved = False
            self._display.refuse(f"You are in #{self._conversation.current} now. Enter sends this there, Ctrl-C drops it.")
            return
        typed, (entered, text) = self._line.editor.text, editor.enter(self._line.editor)
        if any(line.lower().startswith(NOT_RECALLED) for line in text.split("\n")):
            entered = editor.clear(self._line.editor)
            if "\n" in text:
                text = ""
                self._display.refuse("What you pasted asks for a password, and may have it: nothing is sent.")
        elif "\n" in text and typed != self._asked_about and (count := len(split(commands.Say(text)))) > 1:
            self._asked_about = typed
            self._display.note(f"These are {count:,} messages. Enter sends them, Ctrl-C drops them.")
            return
        self._line.editor, self._asked_about = entered, ""
        if text:
            self._execute(text)

    def _execute(self, text: str) -> None:
        """Do what ``text`` says: only one line can be a command."""
        try:
            local = None if "\n" in text else parse_local(text)
            self.run(command_table.parse(text)) if local is None else self._run_local(local)
        except Refusal as refusal:
            self._display.refuse(str(refusal))

    def run(self, command: Command) -> None:
        """Have the server execute ``command``. Raises Refusal."""
        link = self._link()
        if isinstance(command, commands.Quit):
            self._quit(command.text)
            return
        if isinstance(command, commands.Leave) and not command.room and self._conversation.talk is not None:
            self._conversation.leave_talk()
            here = self._conversation.current
            self._display.note(f"You are in #{here}." if here else "You are not in any room.")
            return
        command = in_zone(self._conversation.resolve(command), self._now())
        if isinstance(command, (commands.Say, commands.Me)) and not command.room:
            self._display.refuse("You are not in any room. /join ROOM enters one, /rooms lists them.")
            return
        if isinstance(command, ACCOUNT_COMMANDS) and link.up:
            self._questions.await_answer()
        for part in split(command):
            self._conversation.on_sent(link.send(part), self._now())
        if not link.up and not isinstance(command, MESSAGES):
            self._display.note("The command is sent as soon as the connection is back.")

    def _run_local(self, local: Jump | Clear | LocalHelp) -> None:
        if isinstance(local, Clear):
            self._display.clear()
        elif isinstance(local, LocalHelp):
            self._display.note(f"{local.about.usage}  {local.about.help}")
        elif local.new:
            self.opening.jump_to_new()
        else:
            self.opening.jump(local.hit)
