"""The classic Twisted chat server: one ``transport.write`` for each message and person.

The thing to beat. It speaks only as much of chatd's text dialect as the load generator needs.

    python classic.py PORT
"""
# ruff: noqa: N802  (Twisted calls these names)

from __future__ import annotations

import sys
from typing import cast

from twisted.internet import reactor
from twisted.internet.interfaces import IAddress, IReactorCore, IReactorTCP, ITCPTransport
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

BACKLOG = 4096


class ClassicChat(LineReceiver):
    """One person."""

    delimiter = b"\n"
    transport: ITCPTransport

    def __init__(self, people: set[ClassicChat]) -> None:
        self.people = people
        self.nick: bytes | None = None

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)

    def lineReceived(self, line: bytes) -> None:
        if self.nick is None:
            self.enter(line.strip())
        else:
            self.say(line)

    def enter(self, nick: bytes) -> None:
        self.nick = nick
        self.people.add(self)
        self.transport.write(b"-- Hello " + nick + b".\r\n")

    def say(self, text: bytes) -> None:
        assert self.nick is not None
        message = b"<" + self.nick + b"> " + text + b"\r\n"
        for person in self.people:
            if person is not self:
                person.transport.write(message)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.people.discard(self)


class ClassicFactory(ServerFactory):
    """Everybody is in one room."""

    def __init__(self) -> None:
        self.people: set[ClassicChat] = set()

    def buildProtocol(self, addr: IAddress | None) -> ClassicChat:
        return ClassicChat(self.people)


def main(port: int) -> None:
    cast(IReactorTCP, reactor).listenTCP(port, ClassicFactory(), backlog=BACKLOG, interface="127.0.0.1")
    cast(IReactorCore, reactor).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
