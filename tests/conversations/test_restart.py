"""The daemon on its disk: a restart, a kill, a full disk, a second server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conversations.processes import TWISTD, Daemon, cannot, environment
from tests.conversations.talkers import Conversation
from tests.store.checker import check

HELLO = '{"type": "hello", "nick": "ci", "token": "a token that nobody guesses"}'
TEA = '{"type": "say", "text": "tea is ready", "id": "7"}'


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_was_said_is_there_after_the_end(tmp_path: Path, number: int) -> None:
    data = ("--port", "0", "--interface", "127.0.0.1", "--data", str(tmp_path / "data"))
    first = Daemon(tmp_path, *data)
    try:
        said = talk(first, TEA)
        assert '"ack"' in said
    finally:
        first.process.send_signal(number)
        first.close()
    second = Daemon(tmp_path, *data)
    try:
        said = talk(second, TEA, '{"type": "do", "command": "search", "text": "tea"}')
        assert said.count('"tea is ready"') == 2  # In the scrollback, and found; not said again.
        refused = subprocess.run(
            [*TWISTD, "chatd", *data], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=20, check=False
        )
        assert refused.returncode == 1
        assert refused.stderr == f"chatd: another server is using the data in {tmp_path / 'data'}\n"
    finally:
        second.close()


def talk(daemon: Daemon, *lines: str) -> str:
    """All that a program is told that says hello and ``lines``, and then closes its side."""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=20) as connection:
        connection.sendall("".join(f"{line}\n" for line in (HELLO, *lines)).encode())
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def test_a_server_that_is_killed_in_the_middle_of_bursts_loses_and_doubles_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    options = ("--flood-rate", "0", "--port", "0", "--interface", "127.0.0.1", "--data", str(data))
    acknowledged: dict[str, tuple[str, int]] = {}
    with ExitStack() as ends:

        def start() -> Daemon:
            daemon = Daemon(tmp_path, *options)
            ends.callback(daemon.close)
            return daemon

        daemons = [start()]

        async def restarted() -> int:
            daemons[-1].process.kill()
            daemons[-1].wait()
            check(data, {text: place for talker in talk.talkers for text, place in talker.places.items()})
            daemons.append(start())
            return await asyncio.to_thread(lambda: daemons[-1].port)

        kills = 10 if os.environ.get("CHATD_TEST_ALL") == "1" else 2
        talk = Conversation(["ada", "bob", "eve", "mallory"], 100 * (kills + 1), kills, restarted)
        asyncio.run(talk.run(daemons[0].port))
        assert daemons[-1].stop() == 0
        for daemon in daemons:
            assert daemon.errors() == ""
    for talker in talk.talkers:
        assert sorted(talker.places) == sorted(talker.texts)
        acknowledged |= talker.places
    stored = check(data, acknowledged)
    for talker in talk.talkers:
        seqs = [event["seq"] for event in talker.events]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), f"{talker.nick} heard something twice, or not at all"
        heard = {(event["room"], event["seq"]): (event["nick"], event.get("text", "")) for event in talker.events}
        assert heard == {place: stored[place][:2] for place in heard}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    if os.geteuid():
        cannot("only root can mount a small disk")
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], capture_output=True, check=False)
    if done.returncode:
        cannot("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_refuses_and_works_again_when_there_is_room(tmp_path: Path, small_disk: Path) -> None:
    options = ("--flood-rate", "0", "--port", "0", "--interface", "127.0.0.1", "--data", str(small_disk / "data"))
    daemon = Daemon(tmp_path, *options)
    try:
        assert '"ack"' in talk(daemon, '{"type": "say", "text": "kept", "id": "1"}')
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        large = [f'{{"type": "say", "text": "{"x" * 3000}", "id": "big {number}"}}' for number in range(60)]
        told = talk(daemon, *large)
        assert '"not-delivered"' in told
        assert "disk of the server" in told
        filler.unlink()
        told = talk(daemon, '{"type": "say", "text": "again", "id": "2"}', '{"type": "do", "command": "history"}')
        assert '"ack"' in told
        assert "big" not in told.partition('"history"')[2]
    finally:
        daemon.close()
