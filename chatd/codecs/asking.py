"""Asking a person for a password: it is a line of its own, which is neither a message nor a
command, and which a door may hide while it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from chatd.core import commands
from chatd.core.commands import Command
from chatd.core.errors import BadUsage, NickNeeded, PasswordNeeded, ServerPasswordNeeded
from chatd.core.password import check_length


@dataclass(frozen=True, slots=True)
class Question:
    """The question for one ``field`` of a command; ``is_new``: it is a new password, which is asked
    for twice."""

    field: str
    prompt: str
    is_new: bool = False


QUESTIONS: Final[Mapping[tuple[str, type[Command]], tuple[Question, ...]]] = {
    (ServerPasswordNeeded.code, commands.Hello): (
        Question("server_password", "Type the password of the server, or an empty line to choose another nick"),
    ),
    (PasswordNeeded.code, commands.Hello): (Question("password", "Type its password, or an empty line to choose another nick"),),
    (PasswordNeeded.code, commands.Login): (Question("password", "Type its password, or an empty line to stop"),),
    (PasswordNeeded.code, commands.Oper): (Question("password", "Type its password, or an empty line to stop"),),
    (PasswordNeeded.code, commands.Register): (Question("password", "Type a new password, or an empty line to stop", is_new=True),),
    (PasswordNeeded.code, commands.Password): (
        Question("password", "Type your password, or an empty line to stop"),
        Question("new", "Type the new password, or an empty line to stop", is_new=True),
    ),
}
"""What a person is asked for, by the code of the refusal and the command that was refused."""

NEW_ACCOUNT: Final = (Question("password", "Type a new password, or an empty line to choose another nick", is_new=True),)
"""What somebody is asked for who comes with a new account."""

ONCE_MORE: Final = "Type it once more"

IS_SHOWN: Final = " (others can see it while you type)"
"""A warning where the door cannot hide what is typed."""

ASKED_AGAIN: Final = frozenset({"wrong-password", "bad-usage", "too-many", "not-delivered"})
"""The codes of refusals after which a password is asked for again. Somebody who has mistyped it
types it again at once, and it must not become a message."""


class Asking:
    """The questions that are left for ``command``; ``first`` is what was typed the first time."""

    __slots__ = ("_command", "_first", "_questions")

    def __init__(self, command: Command, questions: tuple[Question, ...], first: str = "") -> None:
        self._command: Any = command
        self._questions = questions
        self._first = first

    @property
    def prompt(self) -> str:
        """The next question."""
        return ONCE_MORE if self._first else self._questions[0].prompt

    def take(self, line: str) -> Command | Asking:
        """The complete command after ``line``, or the next question. Raises BadUsage if a new
        password is too short or too long, or if two differ."""
        question, *left = self._questions
        if question.is_new and not self._first:
            check_length(line)
            return Asking(self._command, self._questions, line)
        if self._first not in ("", line):
            raise BadUsage("These are two different passwords.", "Nothing has changed.")
        command: Command = replace(self._command, **{question.field: line})
        return Asking(command, tuple(left)) if left else command

    def give_up(self) -> BadUsage | NickNeeded:
        """The refusal of an empty line."""
        if type(self._command) is commands.Hello:
            return NickNeeded("You gave no password.", "What is your nick?")
        return BadUsage("You gave no password.", "Nothing has changed.")


def question_after(code: str, command: Command | None, named: bool) -> Asking | None:
    """What is asked after ``command`` was refused with ``code``; None: nothing. ``named``: the
    person has a nick."""
    if isinstance(command, commands.Nick):
        command = (commands.Login if named else commands.Hello)(command.nick)
    if isinstance(command, commands.Register) and not named:
        command = commands.Hello(command.nick, register=True, code=command.code)
    if isinstance(command, commands.Hello) and command.register and code == PasswordNeeded.code:
        return Asking(command, NEW_ACCOUNT)
    questions = QUESTIONS.get((code, type(command)))  # type: ignore[arg-type]
    return None if questions is None or command is None else Asking(command, questions)
