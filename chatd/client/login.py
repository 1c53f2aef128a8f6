"""How the user logs in: the passwords and the session secret that each hello has.

They are in memory for the next connection; only the session secret is ever saved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from chatd.core import answers, commands
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.errors import ServerPasswordNeeded, WrongPassword


@dataclass(slots=True)
class Login:
    """What the user logs in with: a session ``secret``, else the ``password`` of the account; and
    the ``server_password``, if the server has one.

    ``remember`` asks for a session secret. ``keep_secret`` saves a new one, and with an empty text
    forgets the one saved. ``is_private``: nobody can read what is sent to the server on the way.
    """

    password: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    server_password: str = field(default="", repr=False)
    remember: bool = False
    keep_secret: Callable[[str], None] = lambda secret: None
    is_private: bool = True

    def added_to(self, hello: commands.Hello) -> commands.Hello:
        """``hello`` with what the user logs in with."""
        password = "" if self.secret else self.password
        return replace(hello, password=password, secret=self.secret, remember=self.remember, server_password=self.server_password)

    def take(self, password: str, server_password: str) -> None:
        """Use what the user has just given for the next hello; empty: as before."""
        self.password = password or self.password
        self.server_password = server_password or self.server_password

    def is_tried_again(self, refusal: answers.Refused) -> bool:
        """Forget what ``refusal`` of a hello says is wrong. Whether the next hello can be sent at
        once, because the user need not know of this one."""
        if refusal.code == ServerPasswordNeeded.code:
            self.server_password = ""
        if refusal.code != WrongPassword.code:
            return False
        if self.secret:
            self._forget_secret()
            return True
        self.password = ""
        return False

    def on_welcome(self, welcome: answers.Welcome) -> None:
        """Keep a new session secret; then the password is not needed any more."""
        self._take_secret(welcome.secret)

    def _take_secret(self, secret: str) -> None:
        if secret:
            self.secret, self.password = secret, ""
            self.keep_secret(secret)

    def on_done(self, command: Command, answer: Answer) -> None:
        """``command`` has been executed, with ``answer``: its password is that of the account now,
        unless there is a new session secret."""
        if isinstance(command, (commands.Register, commands.Login)):
            self.password = command.password
        elif isinstance(command, commands.Password):
            self.password = command.new
        if isinstance(answer, answers.Done):
            self._take_secret(answer.secret)

    def forget_account(self) -> None:
        """The user has another nick, whose account this is not; what is saved is for the first
        nick."""
        self.password = self.secret = ""
        self.remember = False

    def log_out(self) -> None:
        """The user has logged out: forget everything, what is saved included."""
        self._forget_secret()
        self.password = ""

    def _forget_secret(self) -> None:
        if self.secret:
            self.secret = ""
            self.keep_secret("")
