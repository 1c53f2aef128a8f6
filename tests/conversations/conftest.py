"""Daemons and callers for one test; all are stopped after it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.conversations.processes import Daemon, Program, need
from tests.conversations.proxies import certificate, haproxy, nginx, start_proxy

__all__ = ["certificate", "haproxy", "nginx", "start_proxy"]

StartDaemon = Callable[..., Daemon]
Call = Callable[..., Program]


@pytest.fixture
def start_daemon(tmp_path: Path) -> Iterator[StartDaemon]:
    """Starts daemons with the given options."""
    with ExitStack() as ends:

        def start(*options: str) -> Daemon:
            daemon = Daemon(tmp_path, *options)
            ends.callback(daemon.close)
            return daemon

        yield start


@pytest.fixture
def daemon(start_daemon: StartDaemon) -> Daemon:
    """A daemon that listens on a free port of this machine."""
    return start_daemon("--port", "0", "--interface", "127.0.0.1")


@pytest.fixture
def start_program() -> Iterator[Callable[..., Program]]:
    """Starts programs."""
    with ExitStack() as ends:

        def start(*command: str, terminal: tuple[int, int] | None = None) -> Program:
            program = Program(command, terminal)
            ends.callback(program.close)
            return program

        yield start


@pytest.fixture
def nc(daemon: Daemon, start_program: Callable[..., Program]) -> Call:
    """Connects to ``daemon`` with nc, as ``nick`` if one is given."""
    program = need("nc")

    def call(nick: str = "") -> Program:
        caller = start_program(program, "-N", "127.0.0.1", str(daemon.port))
        if nick:
            caller.say(nick)
            assert caller.line().startswith(f"-- Hello {nick}.")
        return caller

    return call


IN_FRONT = "import fcntl, os, sys, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\nos.execv(sys.argv[1], sys.argv[1:])\n"
"""A program that runs another one in the foreground of the terminal, so that Ctrl-C reaches it."""


@pytest.fixture
def telnet(daemon: Daemon, start_program: Callable[..., Program]) -> Call:
    """Connects to ``daemon`` with telnet, on a terminal."""
    import pty

    program = need("telnet")

    def call() -> Program:
        command = [sys.executable, "-c", IN_FRONT, program, "127.0.0.1", str(daemon.port)]
        return start_program(*command, terminal=pty.openpty())

    return call


def ssh_command(daemon: Daemon, nick: str, *words: str, **more: str) -> list[str]:
    """The command line of ssh to ``daemon`` for somebody, with further options and words."""
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")
    named = [f"{name}={value}" for name, value in more.items()]
    settings = [word for option in (*options, *named) for word in ("-o", option)]
    return [need("ssh"), "-F", "none", "-p", str(daemon.port), *settings, f"{nick}@127.0.0.1", *words]


@pytest.fixture
def ssh(daemon: Daemon) -> Callable[..., list[str]]:
    """The command line of ssh to ``daemon`` for somebody."""
    return partial(ssh_command, daemon)
