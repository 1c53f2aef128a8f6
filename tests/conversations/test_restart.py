"""The daemon and its disk: a restart, a kill, a full disk, an unwritable disk, a second server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from tests.conversations.processes import Daemon, cannot, need, run_twistd
from tests.conversations.talkers import Caller, Conversation
from tests.store.checker import check

LOCAL = ("--port", "0", "--interface", "127.0.0.1")
HELLO = '{"type": "hello", "nick": "ci", "token": "a token that nobody guesses"}'
LOGIN = HELLO.replace("}", ', "password": "zebra-quartz-lantern"}')
REGISTER = LOGIN.replace("}", ', "register": true}')
NOTE = '{"type": "do", "command": "msg", "nick": "ci", "text": "a note to myself", "id": "8"}'
TEA = '{"type": "say", "text": "tea is ready", "id": "7"}'


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_messages_survive_a_restart(tmp_path: Path, number: int) -> None:
    data = (*LOCAL, "--data", str(tmp_path / "data"))
    first = Daemon(tmp_path, *data)
    try:
        said = talk(first, TEA, NOTE, hello=REGISTER)
        assert '"ack"' in said
        done = [line for line in said.splitlines() if '"done"' in line]
        assert len(done) == 1
    finally:
        first.process.send_signal(number)
        first.close()
    second = Daemon(tmp_path, *data)
    try:
        inbox = '{"type": "do", "command": "history", "room": "@ci"}'
        said = talk(second, TEA, NOTE, inbox, '{"type": "do", "command": "search", "text": "tea"}', hello=LOGIN)
        assert said.count("a note to myself") == 1
        assert [line for line in said.splitlines() if '"done"' in line] == done
        assert said.count('"tea is ready"') == 2  # In the scrollback, and found; not said again.
        refused = start_in_vain(tmp_path, tmp_path / "data")
        assert refused.returncode == 1
        assert refused.stderr == f"chatd: another server is using the data in {tmp_path / 'data'}\n"
    finally:
        second.close()


def talk(daemon: Daemon, *lines: str, hello: str = HELLO) -> str:
    """The output for a program that sends ``hello`` and ``lines``, and then closes its side."""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=20) as connection:
        connection.sendall("".join(f"{line}\n" for line in (hello, *lines)).encode())
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def test_a_server_killed_during_bursts_loses_and_repeats_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    options = (*LOCAL, "--flood-rate", "0", "--data", str(data))
    with ExitStack() as ends:

        def start() -> Daemon:
            daemon = Daemon(tmp_path, *options)
            ends.callback(daemon.close)
            return daemon

        daemons = [start()]

        async def restarted() -> int:
            daemons[-1].process.kill()
            daemons[-1].wait()
            check(data, conversation.acknowledged())
            daemons.append(start())
            return await asyncio.to_thread(lambda: daemons[-1].port)

        kills = 10 if os.environ.get("CHATD_TEST_ALL") == "1" else 2
        conversation = Conversation(["ada", "bob", "eve", "mallory"], 100 * (kills + 1), kills, restarted)
        asyncio.run(conversation.run(daemons[0].port))
        assert daemons[-1].stop() == 0
        for daemon in daemons:
            assert daemon.errors() == ""
    assert conversation.acknowledged().keys() == conversation.all_texts
    stored = check(data, conversation.acknowledged())
    for talker in conversation.talkers:
        seqs = [event["seq"] for event in talker.events]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), f"{talker.nick} received something twice, or not at all"
        received = {(event["room"], event["seq"]): (event["nick"], event.get("text", "")) for event in talker.events}
        assert received == {place: stored[place][:2] for place in received}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    if os.geteuid():
        cannot("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    if mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)):
        cannot("a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def mount(*options: str) -> int:
    """The exit status of mount."""
    return subprocess.run(["mount", *options], capture_output=True, check=False).returncode


def test_a_full_disk_refuses_messages_until_there_is_space(tmp_path: Path, small_disk: Path) -> None:
    options = (*LOCAL, "--flood-rate", "0", "--data", str(small_disk / "data"))
    daemon = Daemon(tmp_path, *options)
    try:
        assert '"ack"' in talk(daemon, '{"type": "say", "text": "kept", "id": "1"}')
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        large = [f'{{"type": "say", "text": "{"x" * 3000}", "id": "big {number}"}}' for number in range(60)]
        output = talk(daemon, *large)
        assert '"not-delivered"' in output
        assert "the server's disk is full" in output
        filler.unlink()
        output = talk(daemon, '{"type": "say", "text": "again", "id": "2"}', '{"type": "do", "command": "history"}')
        assert '"ack"' in output
        assert "big" not in output.partition('"history"')[2]
    finally:
        daemon.close()


Unwritable = Callable[[Daemon, Path], AbstractContextManager[None]]
"""Meanwhile the daemon cannot write its data in this folder."""


@contextlib.contextmanager
def no_file_may_grow(daemon: Daemon, data: Path) -> Iterator[None]:
    """Every write to a file fails, also for root."""
    before = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def disk_is_read_only(daemon: Daemon, data: Path) -> Iterator[None]:
    """Every write to the database fails with EROFS, as after an error of the disk."""
    files = [word for name in ("chatd.db", "chatd.db-wal") for word in ("-P", str(data / name))]
    command = [need("strace"), "-f", "-o", "/dev/null", *files, "-e", "trace=pwrite64", "-e", "inject=pwrite64:error=EROFS"]
    with subprocess.Popen([*command, "-p", str(daemon.process.pid)], stderr=subprocess.PIPE) as strace:
        assert strace.stderr is not None
        said = strace.stderr.readline().decode()
        if "attached" not in said:
            cannot(said)
        try:
            yield
        finally:
            strace.send_signal(signal.SIGINT)


@pytest.mark.parametrize("unwritable", [no_file_may_grow, disk_is_read_only])
def test_on_an_unwritable_disk_people_can_read_and_later_talk_again(tmp_path: Path, unwritable: Unwritable) -> None:
    data = tmp_path / "data"
    with contextlib.closing(Daemon(tmp_path, *LOCAL, "--data", str(data))) as daemon:
        with Caller(daemon.port, "ada") as ada, Caller(daemon.port, "bob") as bob:
            bob.next("entered")
            kept = ada.ask("ack", type="say", text="kept", id="1")["seq"]
            assert bob.next("said")["text"] == "kept"
            assert bob.ask("found", type="do", command="search", text="kept")["events"]
            with unwritable(daemon, data):
                for _ in range(3):
                    refused = ada.ask("refused", type="say", text="lost", id="7")
                    assert refused["code"] == "not-delivered"
                    assert refused["reason"] == "Not delivered: the server cannot write to its disk."
                assert bob.ask("history", type="do", command="history", count=1)["events"][0]["seq"] == kept
                assert bob.ask("found", type="do", command="search", text="kept")["events"][0]["seq"] == kept
                with Caller(daemon.port, "eve") as eve:
                    assert eve.next("refused")["code"] == "not-delivered"
            assert ada.ask("ack", type="say", text="again", id="7")["seq"] == kept + 1
            assert bob.next("said")["text"] == "again"
        assert daemon.stop() == 0
        assert [line for line in daemon.log_lines() if "error" in line and "nothing can be stored" not in line] == []
    check(data, {"1": ("lobby", kept), "7": ("lobby", kept + 1)})


@pytest.mark.parametrize("used_before", [False, True])
def test_it_does_not_start_on_a_read_only_disk(tmp_path: Path, small_disk: Path, used_before: bool) -> None:
    data = small_disk / "data"
    if used_before:
        daemon = Daemon(tmp_path, *LOCAL, "--data", str(data))
        assert daemon.port
        daemon.close()  # Killed, so that there is something to recover.
    before = sorted(data.rglob("*"))
    assert mount("-o", "remount,ro", str(small_disk)) == 0
    refused = start_in_vain(tmp_path, data)
    assert mount("-o", "remount,rw", str(small_disk)) == 0
    assert refused.returncode == 1
    assert refused.stderr == f"chatd: the data folder {data} cannot be used: Read-only file system\n"
    assert sorted(data.rglob("*")) == before


def start_in_vain(tmp_path: Path, data: Path) -> subprocess.CompletedProcess[str]:
    """The error of a server that does not start."""
    return run_twistd(tmp_path, "chatd", *LOCAL, "--data", str(data))
