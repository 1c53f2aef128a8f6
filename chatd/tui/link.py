"""The link between the screen and a server, whatever is in between."""

from __future__ import annotations

from typing import Final, Protocol

from chatd.core import answers
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event, Reason


class Link(Protocol):
    """A link to a server, which tells its `LinkListener` what the server sends."""

    @property
    def up(self) -> bool:
        """Whether there is a connection that the server has welcomed."""

    @property
    def was_up(self) -> bool:
        """Whether the server has ever sent a welcome."""

    @property
    def nick(self) -> str:
        """The nick of the user, or the one that the last hello asked for."""

    @property
    def is_private(self) -> bool:
        """Whether nobody can read on the way what is sent to the server."""

    @property
    def log(self) -> str:
        """The name of the server's run that the numbers of `last_received` belong to."""

    def last_received(self, room: str) -> int:
        """The last event of ``room`` up to which everything has been received; 0: nothing has."""

    def send(self, command: Command) -> Command:
        """Send ``command`` now, or as soon as the link is up again; returns it with its new id."""

    def hello_as(self, nick: str, password: str = "", server_password: str = "", code: str | None = None) -> None:
        """Try ``nick`` after the hello was refused, with these passwords, if any; with ``code``, an
        invitation or an empty text, register it."""

    def quit(self, text: str = "") -> None:
        """Say goodbye, after everything sent before, and end."""

    def stop(self) -> None:
        """End at once."""


class LinkListener(Protocol):
    """Gets the callbacks of the link."""

    def on_received(self, news: Event | Answer, command: Command | None) -> None:
        """The server has sent ``news``, which is new; ``command`` is the command that it answers,
        if any."""

    def on_hello_refused(self, refusal: answers.Refused, for_nick: bool) -> None:
        """The server has refused the hello. ``for_nick``: `Link.hello_as` may try another nick, or
        a password; otherwise the link is lost."""

    def on_link_lost(self, why: str, pause: float) -> None:
        """There is no connection, because of ``why``; the next try is in ``pause`` seconds."""

    def on_untrusted(self, why: str) -> None:
        """The server is not trusted, because of ``why``. There is no connection, and no further
        try."""

    def on_link_ended(self) -> None:
        """The link has ended after `Link.quit` or `Link.stop`; no more callbacks follow."""


NICK_REFUSALS: Final = frozenset(
    {
        "bad-nick",
        "nick-taken",
        "nick-reserved",
        "password-needed",
        "server-password-needed",
        "wrong-password",
        "not-secure",
        "registration-needed",
        "not-allowed",
        "bad-usage",
    }
)
"""The codes of refusals where another nick, or a password, may be accepted."""

NOT_FINAL: Final = (answers.AwayNotice, answers.Slowed, answers.Missed, answers.InboxIs)
"""Answers that may have the id of a command without being its final one."""

CLOSINGS: Final = {
    Reason.QUIT: "the server said goodbye",
    Reason.TIMED_OUT: "the server received nothing for too long",
    Reason.NOT_READING: "this client read nothing for too long",
    Reason.REPLACED: "another connection took over the seat",
    Reason.SHUTDOWN: "the server is shutting down",
}
"""Why the server closes the connection."""
