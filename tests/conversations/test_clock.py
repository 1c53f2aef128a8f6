"""The daemon while its wall clock is changed: numbers continue, and no timer runs an hour
longer."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from tests.conversations import stepping
from tests.conversations.processes import DEADLINE, Daemon
from tests.conversations.talkers import Caller
from tests.store.checker import check


def start(arguments: list[str], folder: Path, env: dict[str, str], out: int, err: int) -> subprocess.Popen[bytes]:
    """Start twistd with its own wall clock."""
    command = [sys.executable, stepping.__file__, *arguments]
    return subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=err)


def test_numbers_and_timers_ignore_a_changed_clock(tmp_path: Path) -> None:
    options = ("--flood-rate", "1000", "--port", "0", "--interface", "127.0.0.1", "--data", str(tmp_path / "data"))
    places: dict[str, tuple[str, int]] = {}
    with contextlib.closing(Daemon(tmp_path, *options, start=start)) as daemon:
        with Caller(daemon.port, "ada") as ada:

            def say() -> datetime:
                ack = ada.ask("ack", type="say", text="hi", id=f"{len(places)}")
                places[ack["id"]] = ack["room"], ack["seq"]
                return datetime.fromisoformat(ack["time"])

            before = say()
            for number, seconds in [*stepping.STEPS.items(), *stepping.STEPS.items()]:
                daemon.process.send_signal(number)
                while abs((say() - before).total_seconds() - seconds) > DEADLINE:
                    pass
                before = say()
                assert greeting(daemon) == b"-- Welcome to chatd. What is your nick?\r\n"
        assert daemon.stop() == 0
    check(tmp_path / "data", places)
    assert [seq for _, seq in places.values()] == list(range(2, len(places) + 2))


def greeting(daemon: Daemon) -> bytes:
    """What a silent caller receives: the greeting, after a timer of the server."""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=DEADLINE) as silent:
        return silent.makefile("rb").readline()
