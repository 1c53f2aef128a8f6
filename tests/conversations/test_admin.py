"""``chatd-admin`` with a running daemon, and on a terminal."""

from __future__ import annotations

import json
import os
import pty
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatd.admin.main import STOPPED
from chatd.store.database import FILE_NAME
from tests.admin.command import ADMIN, admin, lines, said
from tests.conversations.conftest import IN_FRONT, StartDaemon
from tests.conversations.processes import DEADLINE, Program

HELLO = {"type": "hello", "nick": "ci", "token": "a token that nobody guesses"}
MANY = lines(*(said(seq, f"message {seq} " + "x" * 250) for seq in range(1, 20_001)))
"""More than one step of the copy."""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data with a room of 20,000 messages."""
    folder = tmp_path_factory.mktemp("imported") / "data"
    assert admin(folder, "import", "-", given=MANY).status == 0
    return folder


@pytest.fixture
def folder(imported: Path, tmp_path: Path) -> Path:
    """A copy of the data with a room of 20,000 messages."""
    return Path(shutil.copytree(imported, tmp_path / "data"))


class Caller:
    """A program connected to a daemon, with JSON lines."""

    def __init__(self, port: int, **hello: object) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self._file = self._socket.makefile("rwb")
        self.send({**HELLO, **hello})

    def send(self, request: dict[str, object]) -> None:
        self._file.write(json.dumps(request).encode() + b"\n")
        self._file.flush()

    def hear(self, type: str) -> dict[str, object]:
        """The next message of this type."""
        for line in self._file:
            news: dict[str, object] = json.loads(line)
            if news["type"] == type:
                return news
        pytest.fail(f"not heard: {type}")

    def say(self, text: str) -> object:
        """Send ``text``; its seq."""
        self.send({"type": "say", "text": text})
        return self.hear("ack")["seq"]

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def test_a_backup_during_talk_can_be_restored_as_documented(folder: Path, tmp_path: Path, start_daemon: StartDaemon) -> None:
    options = ("--port", "0", "--interface", "127.0.0.1", "--flood-rate", "0", "--data", str(folder))
    daemon = start_daemon(*options)
    caller, seqs, over = Caller(daemon.port), [], threading.Event()
    log = caller.hear("welcome")["log"]
    begun = threading.Event()

    def talk() -> None:
        while not over.is_set():
            seqs.append(caller.say("on and on"))
            begun.set()

    talker = threading.Thread(target=talk)
    talker.start()
    assert begun.wait(DEADLINE)
    said_before = len(seqs)
    backup = tmp_path / "backup.db"
    done = subprocess.run([*ADMIN, "--data", folder, "backup", backup], capture_output=True, timeout=DEADLINE, check=False)
    over.set()
    talker.join()
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(seqs) > said_before + 1
    last = caller.say("after the backup")
    caller.close()

    assert daemon.stop() == 0
    for path in folder.glob(f"{FILE_NAME}*"):
        path.rename(tmp_path / f"old-{path.name}")
    backup.rename(folder / FILE_NAME)
    assert admin(folder, "check").line == "no damage found"
    daemon = start_daemon(*options)
    caller = Caller(daemon.port, resume={"lobby": last}, log=log)
    assert caller.hear("welcome")["log"] != log
    assert caller.hear("missed")["from"] == 0
    entered = caller.hear("entered")
    assert entered["scrollback"]
    assert "after the backup" not in json.dumps(entered)
    assert isinstance(entered["seq"], int)
    assert caller.say("it goes on") == entered["seq"] + 1
    caller.close()


# -- On a terminal ---------------------------------------------------------------------------------

Run = Callable[..., Program]

EAGER = """
import chatd.admin.backup as backup, chatd.admin.progress as progress
backup.PAGES_AT_ONCE = 10
progress.DELAY_SECONDS = progress.STEP_SECONDS = 0
"""
"""Shows progress at once, and after every step."""

WAITING = f"""{EAGER}
import signal
write = progress.Progress._write
progress.Progress._write = lambda *line: (write(*line), signal.pause())
"""
"""Shows progress once, and waits there for Ctrl-C."""


@pytest.fixture
def run(folder: Path) -> Iterator[Run]:
    """Runs ``chatd-admin`` on a terminal."""
    programs = []

    def start(*arguments: str, out: str = "/dev/tty", manner: str = EAGER) -> Program:
        command = shlex.join([sys.executable, "-c", manner + ADMIN[2], "--data", str(folder), *arguments])
        front = [sys.executable, "-c", IN_FRONT, "/bin/sh", "-c", f"exec {command} > {out} 2> /dev/tty"]
        programs.append(Program(front, pty.openpty()))
        return programs[-1]

    yield start
    for program in programs:
        program.close()


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["backup", "backup"], ["backup [#", "100 %", "backup: "]),
        (["check"], ["looking for damage: 0 s", "looking for holes [#", "no damage found"]),
        (["export", "lobby"], ["export [#", "100 %"]),
        (["import", "lobby.jsonl", "--room", "tea"], ["import [#", "100 %", "imported 20,000 events", "index [#"]),
        (["forget", "lobby"], ["forget [#", "100 %", "deleted 20,000 events (1 to 20000)"]),
        (["vacuum"], ["vacuum: 0 s", "bytes before"]),
    ],
)
def test_a_long_command_shows_its_progress(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], shown: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lobby.jsonl").write_bytes(MANY)
    program = run(*arguments, out="/dev/null" if arguments[0] == "export" else "/dev/tty")
    for text in shown:
        program.see(text)
    program.rest()
    assert program.process.wait(DEADLINE) == 0


def test_an_export_to_the_terminal_shows_no_progress_bar(run: Run, folder: Path) -> None:
    few = lines(*(said(seq, f"message {seq}") for seq in range(1, 101)))
    assert admin(folder, "import", "-", "--room", "tea", given=few).status == 0
    run("export", "tea", out="/dev/null").see("export [#")
    shown = run("export", "tea").rest()
    assert "message 100" in shown
    assert "export [" not in shown


@pytest.mark.parametrize("arguments", [["backup", "backup"], ["check"], ["forget", "lobby"], ["vacuum"], ["export", "lobby"]])
def test_ctrl_c_ends_it_with_one_line_and_leaves_nothing_half_done(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    program = run(*arguments, manner=WAITING)
    program.line() if arguments[0] == "export" else program.see(
        "\r"
    )  # Only a part of the export is read, so that it has to wait as well.
    program.type(b"\x03")
    program.see("chatd-admin: stopped")
    program.rest()
    assert program.process.wait(DEADLINE) == STOPPED
    assert admin(folder, "check").line == "no damage found"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_ctrl_c_leaves_nothing_of_an_import(run: Run, folder: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    program = run("import", str(pipe), "--room", "tea")
    with pipe.open("wb") as file:
        file.write(b"".join(MANY.splitlines(keepends=True)[:100]))  # No more than a pipe holds.
        file.flush()
        program.see("import: 100 events")
        program.type(b"\x03")
        program.see("chatd-admin: stopped")
    program.rest()
    assert program.process.wait(DEADLINE) == STOPPED
    assert admin(folder, "rooms").out == b"#lobby 1 20000\n"
