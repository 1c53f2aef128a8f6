"""What is known of one client, and how lines are made and sent to it."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from chatd.codecs.irc.capabilities import VERSION_WITH_VALUES, Cap
from chatd.codecs.irc.events import private_msgid, source, tags, text_lines
from chatd.codecs.irc.message import body, tag
from chatd.codecs.irc.numerics import Numeric
from chatd.codecs.irc.registration import Registration
from chatd.codecs.irc.request import Line, Request
from chatd.codecs.irc.shared import Shared
from chatd.codecs.objects import iso_time
from chatd.core import answers, events
from chatd.core.commands import Command
from chatd.core.events import Event
from chatd.core.session import Session


class Client:
    """One client. Whoever makes it sets ``session`` and the functions below."""

    commands: frozenset[str] = frozenset()
    """The commands that there are."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.session: Session | None = None
        self.write: Callable[[bytes], object] = lambda lines: None
        """Sends lines to this client."""
        self.on_view: Callable[[], object] = lambda: None
        """Called when what `view` returns has changed."""
        self.caps = 0
        self.sts = ""
        """The policy about TLS for this connection (IRCv3 sts); empty: there is none."""
        self.version = 0
        """The version of capability negotiation that the client speaks; 0: not known."""
        self.registration = Registration()
        self.nick = ""
        """The nick that the client believes to have; empty: it is not registered."""
        self.rooms: dict[str, answers.Entered | None] = {}
        """The rooms that the client believes to be in; with the answer that has entered one, until
        its names are sent."""
        self.modes: set[str] = {"i"}
        """The modes of the person, as the client sees them."""
        self.motd: tuple[str, ...] = ()
        self.held: list[Line] | None = None
        """What waits for the end of the welcome; None: it is over, or has not begun."""
        self.running: Command | None = None
        """The command that is carried out."""
        self.request: Request | None = None
        """The request that it belongs to."""
        self.answering: Request | None = None
        """The request that the answer is for which is being encoded."""
        self.queue: deque[tuple[Command, Request]] = deque()
        self.said: dict[str, Request] = {}
        """The requests with a label whose messages are not delivered yet, by the id of the
        message."""
        self.prefix = secrets.token_hex(4)
        self.number = 0
        self._batch = 0

    @property
    def shown(self) -> int:
        """The capabilities that change how events are shown."""
        return self.caps & Cap.SHOWN

    @property
    def offered(self) -> Mapping[str, str]:
        """The capabilities that this client is offered, with their values. Those for accounts are
        only where passwords are accepted."""
        session, always = self.session, self.shared.offered
        if session is None or not (session.is_secure or self.shared.settings.clear_passwords):
            return always
        mechanisms = "PLAIN,EXTERNAL" if session.key is not None else "PLAIN"
        return {**always, "sasl": mechanisms, "draft/account-registration": ""}

    @property
    def listed(self) -> Mapping[str, str]:
        """What CAP LS lists: what is offered, and what is only told, for clients that read
        values."""
        is_told = self.sts and self.version >= VERSION_WITH_VALUES
        return {**self.offered, "sts": self.sts} if is_told else self.offered

    def leave(self) -> None:
        """The connection is gone."""
        self.session = None
        self.write = lambda lines: None
        self.on_view = lambda: None

    # -- Commands

    def ask(self, *asked: Command) -> None:
        """Have commands carried out for the request, one after the other."""
        request = self.request
        assert request is not None
        for command in asked:
            self.queue.append((command, request))
            request.open += 1

    def ask_later(self, command: Command) -> None:
        """Have ``command`` carried out because of an answer, as a part of what it answers, if
        anything was asked at all."""
        request = self.answering or Request("", is_closed=True)
        self.queue.appendleft((command, request))
        request.open += 1

    # -- Output

    def out(self, lines: list[Line], request: Request | None) -> bytes:
        if not lines:
            return b""
        if request is not None and request.label:
            request.lines += lines
            return b""
        if self.held is not None:
            self.held += lines
            return b""
        return self.shared.join(lines)

    def send(self, *lines: Line) -> None:
        """Send or collect ``lines``, which belong to the request."""
        written = self.out([*lines], self.request)
        if written:
            self.write(written)

    def finished(self, request: Request) -> bytes:
        """What remains to be sent for ``request``, which is answered."""
        last = request.end
        if change := request.mode_change():
            last = [self.line(f":{self.mask} MODE {request.room} {change}"), *last]
        if not request.label:
            return self.shared.join(last)
        request.lines += last
        label, found = tag("label", request.label), request.lines
        server = self.shared.server
        if not found:
            return self.shared.join([self.line(f":{server} ACK", label)])
        if len(found) == 1 or not self.caps & Cap.BATCH:
            (tags, line), *others = found
            return self.shared.join([(joined(label, tags), line), *others])
        first, last_line = found[0][1], found[-1][1]
        if first.startswith(f":{server} BATCH +") and first.split(" ")[2][1:] == last_line.split(" ")[2][1:]:
            return self.shared.join([(joined(label, found[0][0]), first), *found[1:]])
        self._batch += 1
        name = f"l{self._batch}"
        inner = [(tags if "batch=" in tags else joined(f"batch={name}", tags), line) for tags, line in found]
        begin, end = self.line(f":{server} BATCH +{name} labeled-response", label), self.line(f":{server} BATCH -{name}")
        return self.shared.join([begin, *inner, end])

    def batch(self, kind: str, target: str, lines: Iterable[Line]) -> list[Line]:
        """``lines`` as a batch of ``kind``, if the client has asked for batches."""
        if not self.caps & Cap.BATCH:
            return [*lines]
        self._batch += 1
        name, server = f"h{self._batch}", self.shared.server
        inner = [(joined(f"batch={name}", tags), line) for tags, line in lines]
        return [self.line(f":{server} BATCH +{name} {kind} {target}".rstrip()), *inner, self.line(f":{server} BATCH -{name}")]

    def line(self, text: str, *more: str) -> Line:
        """``text`` with the tags of a line that is sent now."""
        time = f"time={iso_time(self.shared.now())}" if self.caps & Cap.TIME else ""
        return joined(*more, time), text

    def numeric(self, numeric: Numeric, *params: str, trailing: str | None = None) -> Line:
        """A numeric for this client, with its usual text unless ``trailing`` is another one."""
        text = (numeric.text or None) if trailing is None else trailing
        return self.line(body(self.shared.server, numeric.number, self.target, *params, trailing=text))

    def reply(self, numeric: Numeric, *params: str, trailing: str | None = None) -> None:
        """Send a numeric (:meth:`numeric`)."""
        self.send(self.numeric(numeric, *params, trailing=trailing))

    def notice(self, text: str) -> Line:
        """A line in which the server tells this client something."""
        return self.line(body(self.shared.server, "NOTICE", self.target, trailing=text))

    def fail(self, command: str, code: str, text: str, *context: str) -> None:
        """Send a standard reply."""
        self.send(self.failure(command, code, text, *context))

    def failure(self, command: str, code: str, text: str, *context: str) -> Line:
        """A standard reply (IRCv3 standard-replies)."""
        return self.line(body(self.shared.server, "FAIL", command, code, *context, trailing=text))

    @property
    def target(self) -> str:
        """Whom numerics are for."""
        return self.nick or "*"

    @property
    def mask(self) -> str:
        """How others see this client: ``nick!user@host``."""
        return source(self.nick, self.is_registered)

    @property
    def channel(self) -> str:
        """The room, without its ``#``, that the command is about which is carried out: the current
        one if the command names none, as those of CHATD may."""
        current = self.session.current if self.session else None
        return getattr(self.running, "room", "").removeprefix("#") or (current.name.text if current else "")

    @property
    def is_asked_in_words(self) -> bool:
        """Whether the answer is for CHATD."""
        return self.answering is not None and self.answering.name == "CHATD"

    @property
    def is_registered(self) -> bool:
        """Whether the person owns an account."""
        person = self.session.person if self.session else None
        return person is not None and person.is_registered

    def past(self, event: Event) -> list[Line]:
        """The lines of ``event`` for this client, as one of the past."""
        if isinstance(event, events.Private):
            return self.letter(event)
        first, further = (tags(event, shown).strip("@ ") for shown in (self.shown, self.shown & ~Cap.TAGS))
        return _with_id(first, further, self.shared.lines.of(event, self.shown))

    def letter(self, event: events.Private) -> list[Line]:
        """The lines of a private message."""
        time = tags(event, self.shown & ~Cap.TAGS).strip("@ ")
        id = f"msgid={private_msgid(event)}" if self.caps & Cap.TAGS else ""
        is_tagged = self.caps & Cap.ACCOUNT_TAG and not event.guest and not event.account
        account = f"account={event.nick}" if is_tagged else ""
        first, further = joined(time, id, account), joined(time, account)
        head = f":{source(event.nick, not event.guest)} {'NOTICE' if event.notice else 'PRIVMSG'} {event.to or self.nick}"
        return _with_id(first, further, text_lines(head, event.text, event.action))


def _with_id(first: str, further: str, lines: Iterable[str]) -> list[Line]:
    """The ``lines`` of one message, whose id is in the tags of the ``first`` line alone."""
    return [(further if number else first, line) for number, line in enumerate(lines)]


def joined(*tags: str) -> str:
    """``tags``, as they are written before a line."""
    return ";".join(filter(None, tags))
