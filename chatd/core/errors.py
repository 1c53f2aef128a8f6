"""Every refusal a person can get.

A refusal is the answer to a person's mistake: it says why, and what would be accepted. Any other
exception is a defect of ours. The tree, with the stable codes that programs see
(``docs/protocol.md``, "Refusals")::

    Refusal
      Malformed            malformed          a line that cannot be read at all
        TooLong            too-long
        NotText            not-utf8
      UnknownCommand       unknown-command
      BadUsage             bad-usage
      BadNick              bad-nick
        NickTaken          nick-taken
        NickReserved       nick-reserved
      BadRoom              bad-room
      NickNeeded           nick-needed        a command before the nick was given
      NotInRoom            not-in-room
      NotAllowed           not-allowed        a right is missing
      NoSuchNick           no-such-nick
      NoSuchRoom           no-such-room
      TooMany              too-many           a limit of ``limits.py`` is reached
      ServerFull           server-full
      DoorClosed           door-closed        the language that the caller speaks is not spoken here
      NotDelivered         not-delivered      the log or the other's connection could not take it
"""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """What a person asked for is refused; nothing has changed.

    ``reason`` says why and ``hint`` what would be accepted, each a sentence for people; ``code`` is
    for programs and stays the same from version to version. ``id`` is the program's own name for
    what is refused, where a codec could read that much.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason, hint)
        self.reason = reason
        self.hint = hint
        self.id = ""

    def __str__(self) -> str:
        return f"{self.reason} {self.hint}".rstrip()


class Malformed(Refusal):
    """A line that the codec cannot read."""

    code = "malformed"


class TooLong(Malformed):
    """A line or a text over its limit; nothing of it is used."""

    code = "too-long"


class NotText(Malformed):
    """Bytes that are not UTF-8; nothing of the line is said."""

    code = "not-utf8"


class UnknownCommand(Refusal):
    """A command that is not in the table of ``commands.py``."""

    code = "unknown-command"


class BadUsage(Refusal):
    """A known command with arguments that it cannot use."""

    code = "bad-usage"


class BadNick(Refusal):
    """A nick outside the grammar of ``names.py``."""

    code = "bad-nick"


class NickTaken(BadNick):
    """A nick that somebody present has, or that looks like theirs."""

    code = "nick-taken"


class NickReserved(BadNick):
    """A nick that would mislead: a word such as ``server`` or ``admin``."""

    code = "nick-reserved"


class BadRoom(Refusal):
    """A room name outside the grammar of ``names.py``."""

    code = "bad-room"


class NickNeeded(Refusal):
    """A command that only somebody with a nick can give."""

    code = "nick-needed"


class NotInRoom(Refusal):
    """The room is there, the person is not in it."""

    code = "not-in-room"


class NotAllowed(Refusal):
    """A command that takes a right which the person does not have."""

    code = "not-allowed"


class NoSuchNick(Refusal):
    """Nobody of that nick is present."""

    code = "no-such-nick"


class NoSuchRoom(Refusal):
    """There is no room of that name."""

    code = "no-such-room"


class TooMany(Refusal):
    """A limit of ``limits.py`` is reached: rooms, ignored nicks."""

    code = "too-many"


class ServerFull(Refusal):
    """No further session is taken: in all, or from this address."""

    code = "server-full"


class NotDelivered(Refusal):
    """A message was not stored, or the other's connection takes nothing more."""

    code = "not-delivered"


class DoorClosed(Refusal):
    """The language that a caller speaks is not spoken here, or not to them; the connection
    closes."""

    code = "door-closed"
