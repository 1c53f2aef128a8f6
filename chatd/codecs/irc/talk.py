"""The half of the codec that belongs to one client: its lines become commands, and answers become
lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chatd.codecs.base import Codec, View
from chatd.codecs.irc import requests
from chatd.codecs.irc.answers import answer_lines
from chatd.codecs.irc.capabilities import Cap
from chatd.codecs.irc.client import Client
from chatd.codecs.irc.message import Message, parse
from chatd.codecs.irc.numerics import Numeric
from chatd.codecs.irc.request import Line, Request
from chatd.codecs.irc.shared import Shared, is_quit
from chatd.core import answers, commands, events
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.errors import TooLong
from chatd.core.events import Event
from chatd.core.names import fold

UNASKED: Final = (
    answers.InboxIs,
    answers.Invitation,
    answers.Announcement,
    answers.Report,
    answers.PersonChanged,
    answers.Missed,
    answers.Seen,
    answers.Slowed,
    answers.Closing,
    answers.Forgotten,
)
"""The answers that nobody has asked for."""

TOLD: Final = 64
"""How many events that happen in several rooms at once are remembered, in number, so that nobody is
told twice."""


class IrcTalk(Client):
    """One client; ``codec`` is the half that all share, and ``shared`` what it knows."""

    commands = frozenset(requests.HANDLERS)
    read_series: Final = None

    def __init__(self, codec: Codec, shared: Shared) -> None:
        super().__init__(shared)
        self.codec: Codec = codec
        self._told: dict[tuple[str, int, type, str, str], str] = {}

    # -- Lines to commands

    def decode(self, line: bytes, named: bool) -> Command | None:
        """The first command that ``line`` asks for; `next_command` has the others."""
        try:
            message = parse(line)
        except TooLong:
            self.request = None
            self.reply(Numeric.INPUTTOOLONG)
            return None
        if message is None:
            return None
        self.begin(message)
        return self.next_command()

    def begin(self, message: Message) -> None:
        """Take ``message`` as a new request."""
        label = message.tags.get("label", "") if self.caps & Cap.LABELS else ""
        request = self.request = Request(message.command, message.params, label[:64])
        self.running = None
        requests.handle(self, message)
        request.is_closed = True
        if request.is_answered:
            self.write(self.finished(request))

    def next_command(self) -> Command | None:
        """The next command that was asked for, if there is one; it is being carried out from now
        on."""
        if not self.queue:
            return None
        command, request = self.queue.popleft()
        is_message = isinstance(command, (commands.Say, commands.Me, commands.Msg))
        if not is_message or request.label:
            self.number += 1
            command = replace(command, id=f"{self.prefix}{self.number}")
        self.running, self.request = command, request
        if is_message and not request.label:
            request.open -= 1  # Nobody waits for it: only what is refused is answered.
        elif is_message:
            self.said[command.id] = request
        return command

    # -- Answers to lines

    def encode(self, answer: Answer) -> bytes:
        """The lines of ``answer``, as far as they are not collected."""
        request = self.answering = self._request_of(answer)
        lines = answer_lines(self, answer)
        result = self.out(lines, request)
        if request is not None and self._is_final(answer, request):
            self.said.pop(answer.id, None)
            request.open -= 1
            if request.is_answered:
                result += self.finished(request)
        return result

    def _request_of(self, answer: Answer) -> Request | None:
        """The request that ``answer`` is for; None: nobody has asked."""
        if answer.id in self.said:
            return self.said[answer.id]
        is_news = isinstance(answer, UNASKED) or (isinstance(answer, answers.ReadIs) and not answer.id)
        if is_news or self.running is None:
            return None
        if answer.id and answer.id != self.running.id:
            return None
        return self.request

    def _is_final(self, answer: Answer, request: Request) -> bool:
        if answer.id in self.said:
            return not self._is_echoed(answer)
        running = self.running
        if running is None or not running.id or isinstance(answer, answers.Welcome):
            return False
        return answer.id == running.id

    def _is_echoed(self, answer: Answer) -> bool:
        """Whether ``answer`` acknowledges a message that the client will be sent."""
        if not self.caps & Cap.ECHO:
            return False
        return isinstance(answer, answers.Done) or (isinstance(answer, answers.Ack) and answer.room in self.rooms)

    def edit(self, event: Event, piece: bytes, own: bool) -> bytes:
        """What this client is sent of ``event``: ``piece`` is what others are sent, and ``own``
        means that it has caused the event itself."""
        if isinstance(event, events.Private):
            return self._private(event, own)
        if not own:
            return piece if self._is_first(event) else b""
        if isinstance(event, (events.Deleted, events.Edited)):
            return piece
        if not isinstance(event, events.Said) or not self.caps & Cap.ECHO:
            return b""
        return self._echo(event, self.past(event))

    def _private(self, event: events.Private, own: bool) -> bytes:
        """The lines of a private message. What this client has written itself, or another session
        of its person, is for those who want echoes. Whoever writes to themselves gets the message
        too."""
        lines = b""
        if event.to and self.caps & Cap.ECHO:
            found = self.letter(event)
            lines = self._echo(event, found) if own else self.shared.join(found)
        if not event.to or fold(event.to) == fold(self.nick):
            lines += self.shared.join(self.letter(event))
        return lines

    def _echo(self, event: events.Said, lines: list[Line]) -> bytes:
        """Answer the message of this client that has become ``event`` with ``lines``."""
        request = self.said.pop(event.id, None)
        if request is None:
            return self.shared.join(lines)
        request.lines += lines
        request.open -= 1
        return self.finished(request) if request.is_answered else b""

    def _is_first(self, event: Event) -> bool:
        """Whether the client has not been told of ``event``, which may happen in several rooms at
        once, for another room."""
        if not isinstance(event, events.Renamed) and not (isinstance(event, events.Left) and is_quit(event)):
            return True
        to = event.to if isinstance(event, events.Renamed) else ""
        key = (event.sender_id, event.time, type(event), event.nick, to)
        if key not in self._told and len(self._told) == TOLD:
            del self._told[next(iter(self._told))]
        return self._told.setdefault(key, event.room) == event.room  # Again in that room: another event.

    def view(self, current: bool) -> View:
        """The capabilities that change how events are shown."""
        return self.shown
