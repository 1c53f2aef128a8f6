"""``chatd-admin``: on the data of a server that runs."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.admin import UNREAD, main
from chatd.store.database import FILE_NAME
from tests.conversations.processes import DEADLINE, environment
from tests.store.pumped import PumpedStore, say


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PumpedStore]:
    """A server's data, in use: 30 messages in #lobby, one in #tea."""
    store = PumpedStore(tmp_path / "data")
    for number in range(30):
        say(store.room(), f"message {number}", id=str(number))
    say(store.room("tea"), "茶", room="tea")
    store.settle()
    yield store
    store.close()


def admin(store: PumpedStore, *arguments: str) -> int:
    return main(["--data", str(store.path.parent), *arguments])


def test_a_backup_of_a_running_server_has_everything_under_a_name_of_its_own(store: PumpedStore, tmp_path: Path) -> None:
    folder = tmp_path / "restored"
    folder.mkdir()
    copy = folder / FILE_NAME
    assert admin(store, "backup", str(copy)) == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    say(store.room(), "after the backup")
    restored = PumpedStore(folder)
    assert restored.room().end == 31
    assert restored.name != store.name
    assert restored.lookup(restored.room(), "o1", "7") is not None
    restored.close()


def test_a_backup_ends_however_much_is_said_meanwhile(store: PumpedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def show_progress(status: int, remaining: int, total: int) -> None:
        calls.append(remaining)
        assert len(calls) <= total, "it began anew"
        say(store.room(), f"during the backup {len(calls)}")
        store.settle()

    monkeypatch.setattr("chatd.admin.PAGES_AT_ONCE", 1)
    monkeypatch.setattr("chatd.admin._show_progress", show_progress)
    assert admin(store, "backup", str(tmp_path / "file")) == 0
    assert len(calls) > 5


def test_a_backup_overwrites_nothing(store: PumpedStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert admin(store, "backup", str(tmp_path / "file")) == 1
    assert "is there already" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


def test_a_check_finds_a_hole(store: PumpedStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert admin(store, "check") == 0
    assert capsys.readouterr().out == "no damage was found\n"
    with sqlite3.connect(store.path) as connection:
        connection.execute("DELETE FROM event WHERE sent = '7'")
    connection.close()
    assert admin(store, "check") == 1
    assert "#lobby: 29 events are stored where there should be 30" in capsys.readouterr().out


def test_rooms_are_listed(store: PumpedStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert admin(store, "rooms") == 0
    assert capsys.readouterr().out == "#lobby 1 30\n#tea 1 1\n"


def test_a_room_is_exported_as_text_and_as_json(store: PumpedStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert admin(store, "export", "#lobby") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 30
    assert lines[7].endswith("<ada> message 7")
    assert admin(store, "export", "tea", "--json") == 0
    [line] = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["type"], told["seq"], told["text"]) == ("said", 1, "茶")
    assert "origin" not in told


def test_a_reader_that_goes_away_ends_it_without_a_word(store: PumpedStore) -> None:
    come, go = os.pipe()
    os.close(come)
    program = [sys.executable, "-c", "from chatd.admin import main; raise SystemExit(main())", "--data", store.path.parent]
    for arguments in (["export", "lobby"], ["rooms"]):
        done = subprocess.run(
            [*program, *arguments], env=environment(), stdout=go, stderr=subprocess.PIPE, timeout=DEADLINE, check=False
        )
        assert (done.returncode, done.stderr) == (UNREAD, b"")
    os.close(go)


@pytest.mark.parametrize("arguments", [["export", "nowhere"], ["export", "?!"], ["vacuum"], ["vacuum", "--dry-run"]])
def test_what_cannot_be_done_is_told_in_one_line(
    store: PumpedStore, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert admin(store, *arguments) == 1
    told = capsys.readouterr().err
    assert told.startswith("chatd-admin: ")
    assert told.count("\n") == 1


def test_where_there_is_no_data_none_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path / "nothing"), "check"]) == 1
    assert "there is no data" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()


def test_vacuum_gives_back_what_was_deleted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = PumpedStore(tmp_path)
    for _ in range(300):
        say(store.room(), "x" * 3000)
    store.settle()
    store.close()
    with sqlite3.connect(store.path) as connection:
        connection.execute("DELETE FROM event WHERE time >= 0")
    connection.close()
    before = store.path.stat().st_size
    assert main(["--data", str(tmp_path), "vacuum", "--dry-run"]) == 0
    assert store.path.stat().st_size == before
    assert main(["--data", str(tmp_path), "vacuum"]) == 0
    assert store.path.stat().st_size < before / 5
    assert "bytes before" in capsys.readouterr().out
