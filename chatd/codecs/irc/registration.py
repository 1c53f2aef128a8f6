"""What a client says before it has a nick (RFC 2812, 3.1): it becomes one command, ``Hello``."""

from __future__ import annotations

from dataclasses import dataclass

from chatd.core.commands import Hello


@dataclass(slots=True)
class Registration:
    """What is known of a client that has no nick yet."""

    nick: str = ""
    user: str = ""
    realname: str = ""
    password: str = ""
    """The parameter of PASS: the password of the server, or of the account."""
    is_negotiating: bool = False
    """Whether the client has begun to negotiate capabilities, and has not ended that."""
    is_asked: bool = False
    """Whether the answer to the `Hello` is awaited."""
    mechanism: str = ""
    """The mechanism of SASL that the client has begun to use."""
    sent: str = ""
    """What it has sent for that so far, in base64."""
    gives_password: bool = False
    """Whether the nick is registered, and ``password`` is tried as that of the account."""

    def hello(self) -> Hello | None:
        """The command, if everything is known that it needs."""
        if not (self.nick and self.user) or self.is_negotiating or self.is_asked:
            return None
        self.is_asked = True
        account = self.password if self.gives_password else ""
        return Hello(
            self.nick,
            password=account,
            server_password=self.password,
            user=self.user,
            realname=self.realname,
            default_room=False,
        )
