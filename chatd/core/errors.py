"""All refusals.

A refusal answers a mistake of a person or a program: it says why, and what would be accepted. Any
other exception is a defect of the server. The tree, with the stable codes that programs see
(``docs/protocol.md``, "Refusals")::

    Refusal
      Malformed            malformed          a line that cannot be read at all
        TooLong            too-long
        NotText            not-utf8
      UnknownCommand       unknown-command
      BadUsage             bad-usage
        AlreadyThere       already-there      they are in the room already
      BadNick              bad-nick
        NickTaken          nick-taken
        NickReserved       nick-reserved
      PasswordNeeded       password-needed    the nick belongs to an account
        ServerPasswordNeeded server-password-needed
      WrongPassword        wrong-password     not the password, or not a valid session secret
      RegistrationNeeded   registration-needed  the server admits registered people alone
      NotSecure            not-secure         a password over a link that others can read
      BadRoom              bad-room
      NickNeeded           nick-needed        a command before a nick was given
      NotInRoom            not-in-room
      NotAllowed           not-allowed        the person lacks a right
      NotInvited           not-invited        a private room
      WrongKey             wrong-key          a room that needs a key
      Banned               banned             the person is banned from the room, or from the server
      Muted                muted              the person may not speak in the room now
      NoSuchNick           no-such-nick
        NotThere           not-there          they are here, but not in the room
      NoSuchRoom           no-such-room
      NoSuchMessage        no-such-message
      TooLate              too-late           the message is too old to be changed
      TooMany              too-many           a limit of ``limits.py`` is reached
        RoomFull           room-full          the room takes no more people
      ServerFull           server-full
      DoorClosed           door-closed        the caller uses a protocol that is not open to them
      NotDelivered         not-delivered      the log or the recipient could not take the message
"""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """A command is refused; nothing has changed.

    ``reason`` says why and ``hint`` what would be accepted, each in a sentence for people. ``code``
    is for programs and does not change between versions. ``id`` is the id that the program gave to
    the command, if the codec could read it.
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
    """A line or a text over its limit; all of it is discarded."""

    code = "too-long"


class NotText(Malformed):
    """Bytes that are not UTF-8; the whole line is discarded."""

    code = "not-utf8"


class UnknownCommand(Refusal):
    """A command that is not in ``command_table.py``."""

    code = "unknown-command"


class BadUsage(Refusal):
    """A command with invalid arguments."""

    code = "bad-usage"


class AlreadyThere(BadUsage):
    """Somebody who is invited to a room that they are in."""

    code = "already-there"


class BadNick(Refusal):
    """A nick that does not match the grammar in ``names.py``."""

    code = "bad-nick"


class NickTaken(BadNick):
    """A nick that somebody else has, or that looks like theirs."""

    code = "nick-taken"


class NickReserved(BadNick):
    """A nick that would mislead: a word such as ``server`` or ``admin``."""

    code = "nick-reserved"


class PasswordNeeded(Refusal):
    """The nick belongs to an account, whose owner gives a password or a session secret."""

    code = "password-needed"


class ServerPasswordNeeded(PasswordNeeded):
    """The server has a password of its own, which everybody gives first, and which this is not."""

    code = "server-password-needed"


class WrongPassword(Refusal):
    """The password is not that of the account, there is no such account, or the session secret is
    not valid, or not any more."""

    code = "wrong-password"


class RegistrationNeeded(Refusal):
    """The server admits registered people alone, and anybody, or anybody with an invitation, can
    register."""

    code = "registration-needed"


class NotSecure(Refusal):
    """A password would go over a link that others can read."""

    code = "not-secure"


class BadRoom(Refusal):
    """A room name that does not match the grammar in ``names.py``."""

    code = "bad-room"


class NickNeeded(Refusal):
    """A command that needs a nick."""

    code = "nick-needed"


class NotInRoom(Refusal):
    """The command is about a room that the person is not in."""

    code = "not-in-room"


class NotAllowed(Refusal):
    """A command that needs a right which the person does not have."""

    code = "not-allowed"


class NotInvited(Refusal):
    """A private room, to which the person is not invited."""

    code = "not-invited"


class WrongKey(Refusal):
    """A room that needs a key, without the right one."""

    code = "wrong-key"


class Banned(Refusal):
    """The person is banned from the room, or from the server."""

    code = "banned"


class Muted(Refusal):
    """The person may not speak in the room now."""

    code = "muted"


class NoSuchNick(Refusal):
    """Nobody with that nick is connected."""

    code = "no-such-nick"


class NotThere(NoSuchNick):
    """Somebody who is not in the room that the command is about."""

    code = "not-there"


class NoSuchRoom(Refusal):
    """There is no room with that name."""

    code = "no-such-room"


class NoSuchMessage(Refusal):
    """There is no such message in the room."""

    code = "no-such-message"


class TooLate(Refusal):
    """The message is too old to be changed."""

    code = "too-late"


class TooMany(Refusal):
    """A limit of ``limits.py`` is reached, such as rooms or ignored nicks."""

    code = "too-many"


class RoomFull(TooMany):
    """The room has as many members as it takes."""

    code = "room-full"


class ServerFull(Refusal):
    """The server accepts no more connections, in total or from this address."""

    code = "server-full"


class NotDelivered(Refusal):
    """A message could not be stored, or the recipient's connection accepts nothing more."""

    code = "not-delivered"


class DoorClosed(Refusal):
    """The caller uses a protocol that is not open, or not open to them; the connection closes."""

    code = "door-closed"
