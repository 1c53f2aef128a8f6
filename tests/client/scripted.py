"""A server that follows a script: the protocol of docs/protocol.md in a few lines, over connections
that break on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from twisted.internet import defer, error
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.test import iosim
from zope.interface import implementer

from chatd.codecs.json import decode_command, encode_news
from chatd.core import answers, commands, events
from chatd.core.answers import Answer
from chatd.core.commands import Command
from chatd.core.events import Event

TIME = 1_790_000_000_000


def history(log: Sequence[Event], asked: commands.History, room: str = "lobby", ignored: str = "") -> answers.HistoryPage:
    """The answer to ``asked`` of a server with this ``log``, without the messages of
    ``ignored``."""
    first, end = (log[0].seq, log[-1].seq + 1) if log else (1, 1)
    if asked.after_time:
        start = first
    elif asked.after:
        start = asked.after + 1
    elif asked.around:
        start = min(asked.around, end) + asked.count // 2 - asked.count
    else:
        start = min(asked.before or end, end) - asked.count
    start, stop = max(start, first), min(start + asked.count, end)
    page = tuple(event for event in log if start <= event.seq < stop and event.nick != ignored)
    return answers.HistoryPage(room, page, start > first, stop < end, id=asked.id)


class Connection(Protocol):
    """The server's side of one connection. It breaks after it has read ``reads`` lines or written
    ``writes`` (None: never)."""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self.token = ""
        self.received: list[Command] = []
        self.reads: int | None = None
        self.writes: int | None = None
        self.live = True
        self.admitted = False
        self._rest = b""

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self.live and self._may("reads"):
                self.received.append(decode_command(line))
                self.server.asked(self, self.received[-1])

    def tell(self, news: Event | Answer) -> None:
        if self.live and self._may("writes"):
            self.send(encode_news(news))

    def send(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(data)

    def _may(self, what: str) -> bool:
        left = getattr(self, what)
        if left == 0:
            self.cut()
            return False
        if left is not None:
            setattr(self, what, left - 1)
        return True

    def cut(self) -> None:
        """Break the connection; what was written before still arrives."""
        self.live = False
        transport: Any = self.transport
        transport.loseConnection()

    def connectionLost(self, reason: Failure | None = None) -> None:  # noqa: N802
        self.live = False


@implementer(IStreamClientEndpoint)
class ScriptedServer:
    """A server with one room and its log, and the endpoint that reaches it.

    ``refuse``: connections are refused. ``silent``: nothing is answered. ``ack_first``: the ack of
    a message comes before the message itself, not after it. ``script`` gives the next connections
    their budgets of lines read and written. ``passwords`` has that of each registered nick,
    ``secrets`` the session secrets that are valid, ``server_password`` that of the server. With an
    ``invitation``, only registered people are admitted, and it is what others register with.
    """

    def __init__(self, nick_taken: str = "") -> None:
        self.clock = MemoryReactorClock()
        self.connections: list[Connection] = []
        self.pumps: list[iosim.IOPump] = []
        self.refuse = False
        self.silent = False
        self.ack_first = True
        self.nick_taken = nick_taken
        self.script: list[tuple[int | None, int | None]] = []
        self.passwords: dict[str, str] = {}
        self.secrets: list[str] = []
        self.server_password = ""
        self.invitation: str | None = None
        self.restart("log-1")

    def restart(self, log_name: str) -> None:
        """Forget everything, and start a log with another name."""
        self.log_name = log_name
        self.past = {log_name}
        self.log: list[Event] = []
        self.said: dict[tuple[str, str], int] = {}

    def begin_run(self, log_name: str) -> None:
        """Go on with the same log, under another name."""
        self.log_name = log_name
        self.past.add(log_name)

    # -- The endpoint

    def connect(self, protocolFactory: IProtocolFactory) -> defer.Deferred[IProtocol]:  # noqa: N803
        if self.refuse:
            return defer.fail(Failure(error.ConnectionRefusedError()))
        client: Any = protocolFactory.buildProtocol(None)  # type: ignore[arg-type]
        connection = Connection(self)
        if self.script:
            connection.reads, connection.writes = self.script.pop(0)
        self.connections.append(connection)
        ours, theirs = iosim.makeFakeServer(connection), iosim.makeFakeClient(client)
        self.pumps.append(iosim.connect(connection, ours, client, theirs))
        return defer.succeed(client)

    def settle(self) -> None:
        """Deliver everything that has been sent."""
        moved = True
        while moved:
            moved = False
            for pump in self.pumps:
                moved |= bool(pump.pump())

    def later(self, seconds: float) -> None:
        """Let time pass, in steps, and deliver everything."""
        self.settle()
        while seconds > 0:
            self.clock.advance(min(1.0, seconds))
            self.settle()
            seconds -= 1.0

    # -- The chat

    def append(self, event: Event) -> Event:
        event = replace(event, seq=len(self.log) + 1)
        self.log.append(event)
        for connection in self.connections:
            if connection.token:
                connection.tell(event)
        return event

    def bob_says(self, text: str) -> None:
        self.append(events.Said("lobby", 0, TIME, "bob", "bob", text))

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.log if isinstance(event, events.Said)]

    def asked(self, connection: Connection, command: Command) -> None:
        match command:
            case commands.Hello() if not self.silent:
                self._hello(connection, command)
            case commands.Say():
                self._say(connection, command)
            case commands.Ping() if not self.silent:
                connection.tell(answers.Pong())
            case commands.Nick(nick=nick):
                connection.tell(answers.Done("nick", nick, id=command.id))
            case commands.Register() | commands.Login() | commands.Password():
                connection.tell(self._on_account(command))
            case commands.Quit() | commands.Logout():
                connection.tell(answers.Closing(events.Reason.QUIT, id=command.id))
                connection.cut()
            case commands.Read(room=room, seq=seq):
                connection.tell(answers.ReadIs(room, seq, id=command.id))
            case commands.Alert(words=words):
                connection.tell(answers.Alerts(tuple(word for word in words if f"-{word}".lower() not in words), id=command.id))
            case commands.Who():
                connection.tell(answers.Members("lobby", 1, ("ada",), id=command.id))
            case commands.Join():
                connection.tell(answers.Entered(command.room, 1, 1, ("ada",), id=command.id))
            case commands.History() if not self.silent:
                connection.tell(history(self.log, command))
            case commands.Search(text=text):
                hits = tuple(event for event in reversed(self.log) if isinstance(event, events.Said) and text in event.text)
                connection.tell(answers.SearchResults((text,), hits, id=command.id))

    def _hello(self, connection: Connection, hello: commands.Hello) -> None:
        if hello.nick == self.nick_taken:
            refused = answers.Refused("nick-taken", f"{hello.nick} is here already.", "Choose another nick.", id=hello.id)
            connection.tell(refused)
            return
        refusal = self._check(connection, hello)
        if refusal is not None:
            connection.tell(replace(refusal, id=hello.id))
            return
        secret = f"secret-{len(self.secrets)}" if hello.remember and not hello.secret and hello.nick in self.passwords else ""
        self.secrets += [secret] if secret else []
        cursor = hello.resume.get("lobby") if hello.log in self.past else None
        joined = self.append(events.Joined("lobby", 0, TIME, hello.nick, hello.token)).seq
        connection.token = hello.token
        connection.tell(answers.Welcome(hello.nick, "chatd", self.log_name, secret=secret, id=hello.id))
        if hello.resume and cursor is None:
            connection.tell(answers.Missed("lobby", 0, joined - 1))
        scrollback = () if cursor is not None else tuple(self.log[:-1])
        connection.tell(answers.Entered("lobby", joined, 1, (hello.nick,), "", {}, scrollback, id=hello.id))
        for event in self.log[cursor:] if cursor is not None else self.log[joined - 1 :]:
            connection.tell(event)

    def _check(self, connection: Connection, hello: commands.Hello) -> answers.Refused | None:
        """Why ``hello`` does not log in, if it does not."""
        if self.server_password and not connection.admitted:
            if not hello.server_password:
                return answers.Refused("server-password-needed", "This server has a password.")
            if hello.server_password != self.server_password:
                return answers.Refused("server-password-needed", "That is not the password of the server.")
            connection.admitted = True
        if hello.nick not in self.passwords:
            return None if self.invitation is None else self._register(hello)
        if not (hello.secret or hello.password):
            return answers.Refused("password-needed", f"{hello.nick} is registered.")
        if hello.secret in self.secrets if hello.secret else hello.password == self.passwords[hello.nick]:
            return None
        return answers.Refused("wrong-password", f"That is not the password of {hello.nick}.")

    def _register(self, hello: commands.Hello) -> answers.Refused | None:
        if not hello.register:
            return answers.Refused("registration-needed", "Only registered people are admitted.", "Write /register NICK CODE.")
        if hello.code != self.invitation:
            return answers.Refused("wrong-password", "This invitation is not valid.", "Ask for another one.")
        if not hello.password:
            return answers.Refused("password-needed", f"You are registering {hello.nick}.", "Choose a password.")
        self.passwords[hello.nick] = hello.password
        return None

    def _on_account(self, command: commands.Register | commands.Login | commands.Password) -> Answer:
        nick = command.nick if isinstance(command, commands.Login) else "ada"
        if not command.password:
            return answers.Refused("password-needed", f"This is about {nick}.", id=command.id)
        if self.passwords.get(nick, command.password) != command.password:
            return answers.Refused("wrong-password", f"That is not the password of {nick}.", id=command.id)
        self.passwords[nick] = command.new if isinstance(command, commands.Password) else command.password
        secret = f"secret-{len(self.secrets)}" if getattr(command, "remember", False) else ""
        self.secrets += [secret] if secret else []
        return answers.Done(type(command).__name__.lower(), nick, secret, id=command.id)

    def _say(self, connection: Connection, say: commands.Say) -> None:
        key, seq = (connection.token, say.id), len(self.log) + 1
        new = key not in self.said
        self.said.setdefault(key, seq)
        ack = answers.Ack("lobby", self.said[key], TIME, id=say.id)
        if self.ack_first:
            connection.tell(ack)
        if new:
            self.append(events.Said("lobby", 0, TIME, "ada", connection.token, say.text, id=say.id))
        if not self.ack_first:
            connection.tell(ack)
