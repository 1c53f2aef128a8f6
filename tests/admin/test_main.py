"""``chatd-admin``: every way to end prints one plain line."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from unittest import mock

import pytest

from chatd.admin.main import STOPPED, UNREAD
from chatd.store import queries
from chatd.store.database import FILE_NAME
from tests.admin.command import ADMIN, admin, lines, said
from tests.conversations.processes import DEADLINE, environment
from tests.store.pumped import PumpedStore


def run(folder: Path, *arguments: str, out: int, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run it as a process with the output ``out``."""
    command = [*ADMIN, "--data", str(folder), *arguments]
    return subprocess.run(command, env=environment(**more), stdout=out, stderr=subprocess.PIPE, timeout=DEADLINE, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "nowhere"],
        ["export", "?!"],
        ["vacuum"],
        ["forget", "lobby"],
        ["import", "-", "--room", "new"],
        ["import", "/nowhere"],
        ["import", "/"],
        ["forget", "lobby", "--before", "tomorrow", "--dry-run"],
        ["forget", "nowhere", "--dry-run"],
        ["backup", "/nowhere/file"],
    ],
)
def test_a_running_server_is_reported_in_one_line(store: PumpedStore, arguments: list[str]) -> None:
    done = admin(store.path.parent, *arguments, given=lines(said(1)))
    assert (done.status, done.out) == (1, b"")
    assert done.line.startswith("chatd-admin: ")


@pytest.mark.parametrize(
    "arguments", [["check"], ["rooms"], ["vacuum"], ["vacuum", "--dry-run"], ["forget", "lobby"], ["backup", "b"]]
)
def test_a_folder_without_data_stays_empty(tmp_path: Path, arguments: list[str]) -> None:
    done = admin(tmp_path / "nothing", *arguments)
    assert done.status == 1
    assert done.line == f"chatd-admin: there is no data in {tmp_path / 'nothing'}; --data DIR names the folder"
    assert not (tmp_path / "nothing").exists()


def test_a_room_whose_name_the_terminal_cannot_show_is_listed(tmp_path: Path) -> None:
    assert admin(tmp_path, "import", "-", given=lines(said(1, room="茶"))).status == 0
    done = run(tmp_path, "rooms", out=subprocess.PIPE, PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"#\\u8336 1 1\n", b"")


def test_wrong_usage_has_its_own_status(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        admin(tmp_path, "export")


def test_a_file_that_is_not_a_database_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("this is a letter to my aunt, and much too long for a database header" * 20)
    for arguments in (["check"], ["rooms"], ["vacuum"], ["export", "lobby"]):
        done = admin(tmp_path, *arguments)
        assert (done.status, done.line) == (1, f"chatd-admin: {tmp_path / FILE_NAME}: file is not a database")


def test_ctrl_c_ends_with_one_line(folder: Path) -> None:
    with mock.patch.object(queries, "rooms", side_effect=KeyboardInterrupt):
        done = admin(folder, "export", "lobby")
    assert (done.status, done.line) == (STOPPED, "chatd-admin: stopped")


def test_a_reader_that_goes_away_ends_it_silently(folder: Path) -> None:
    come, go = os.pipe()
    os.close(come)
    for arguments in (["export", "lobby"], ["rooms"]):
        done = run(folder, *arguments, out=go)
        assert (done.returncode, done.stderr) == (UNREAD, b"")
    os.close(go)
    assert UNREAD == 128 + signal.SIGPIPE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_output_that_fails_is_named_once(folder: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    for arguments in (["export", "lobby"], ["rooms"]):
        done = run(folder, *arguments, out=full)
        assert (done.returncode, done.stderr) == (1, b"chatd-admin: No space left on device\n")
    os.close(full)
