"""``chatd-admin forget``, ``remove`` and ``vacuum``: what is deleted is gone, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.admin import data
from chatd.admin.main import STOPPED
from chatd.store import deletion, index
from chatd.store.database import FILE_NAME
from tests.admin.command import admin
from tests.store.pumped import PumpedStore, say
from tests.store.test_removing import left_of

SECOND_20 = datetime.fromtimestamp(20).isoformat()
"""When message 20 was said, as people write it here."""


def numbers(folder: Path) -> list[str]:
    assert admin(folder, "check").line == "no damage found"
    return admin(folder, "rooms").out.decode().splitlines()


def test_events_from_before_a_time_are_deleted_and_the_rest_is_unchanged(folder: Path) -> None:
    before = admin(folder, "export", "lobby", "--json").out.splitlines()
    dry = admin(folder, "forget", "#Lobby", "--before", SECOND_20, "--dry-run")
    assert dry.line == "#lobby: would delete 19 events (1 to 19), leave 11 events (20 to 30)"
    assert numbers(folder) == ["#lobby 1 30", "#tea 1 1"]
    done = admin(folder, "forget", "#Lobby", "--before", SECOND_20)
    assert done.status == 0
    assert done.out.decode().splitlines() == [
        "#lobby: deleted 19 events (1 to 19), left 11 events (20 to 30)",
        "chatd-admin vacuum erases them from the file, and frees the space",
    ]
    assert numbers(folder) == ["#lobby 20 30", "#tea 1 1"]
    assert admin(folder, "export", "lobby", "--json").out.splitlines() == before[19:]
    again = admin(folder, "forget", "lobby", "--before", SECOND_20)
    assert again.line == "#lobby: deleted no events, left 11 events (20 to 30)"


def test_without_a_time_everything_is_deleted_and_the_numbers_continue(folder: Path) -> None:
    done = admin(folder, "forget", "lobby")
    assert done.out.startswith(b"#lobby: deleted 30 events (1 to 30), left no events\n")
    assert numbers(folder) == ["#lobby 31 30", "#tea 1 1"]
    assert admin(folder, "export", "lobby").out == b""
    store = PumpedStore(folder)
    [event] = store.stored(say(store.room(), "it goes on", id="7"))
    assert (event.seq, store.room().first) == (31, 31)
    store.close()
    assert numbers(folder) == ["#lobby 31 31", "#tea 1 1"]


@settings(max_examples=20)
@given(st.lists(st.integers(0, 9), max_size=12), st.integers(0, 10), st.sampled_from([1, 3, 200]))
def test_a_dry_run_reports_what_is_done_later_even_after_the_clock_went_back(times: list[int], before: int, at_once: int) -> None:
    """Only the oldest part is deleted: an older event that comes after a newer one stays with
    it."""
    with pytest.MonkeyPatch.context() as patched, TemporaryDirectory() as name:
        patched.setattr(deletion, "DELETED_AT_ONCE", at_once)
        folder = Path(name)
        store = PumpedStore(folder)
        for time in [*times, 11]:
            say(store.room(), time=time * 1000)
        store.drain()
        store.close()
        moment = datetime.fromtimestamp(before).isoformat()
        dry = admin(folder, "forget", "lobby", "--before", moment, "--dry-run").line
        assert admin(folder, "forget", "lobby", "--before", moment).out.decode().splitlines()[0] == dry.replace(
            "would delete", "deleted"
        ).replace("leave", "left")
        first = next(seq for seq, time in enumerate([*times, 11], 1) if time >= before)
        assert numbers(folder) == [f"#lobby {first} {len(times) + 1}"]


def test_ctrl_c_reports_how_far_it_got(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "DELETED_AT_ONCE", 4)
    with data.open_to_change(folder) as connection:
        index.index(connection, data.room(connection, "lobby").id)
    indexed, real = iter(range(10)), index.words

    def pressed(text: str) -> str:
        if next(indexed) == 9:
            raise KeyboardInterrupt
        return real(text)

    with mock.patch.object(index, "words", pressed):
        done = admin(folder, "forget", "lobby")
    report = "stopped: #lobby: deleted 8 events (1 to 8), left 22 events (9 to 30); the same command continues"
    assert (done.status, done.line) == (STOPPED, f"chatd-admin: {report}")
    assert numbers(folder) == ["#lobby 9 30", "#tea 1 1"]


def test_a_removed_room_is_gone_with_everything_in_it(folder: Path) -> None:
    with data.open_to_change(folder) as connection:
        id = data.room(connection, "lobby").id
        while index.index(connection, id):
            pass
    dry = admin(folder, "remove", "#Lobby", "--dry-run")
    assert dry.line == "#lobby: would delete 30 events (1 to 30) and the room"
    assert numbers(folder) == ["#lobby 1 30", "#tea 1 1"]
    done = admin(folder, "remove", "#Lobby")
    assert done.status == 0
    assert done.out.decode().splitlines() == [
        "#lobby: deleted 30 events (1 to 30) and the room",
        "chatd-admin vacuum erases them from the file, and frees the space",
    ]
    assert numbers(folder) == ["#tea 1 1"]
    assert left_of(folder / FILE_NAME, id) == {}
    assert admin(folder, "remove", "lobby").line.startswith("chatd-admin: there is no room #lobby;")
    store = PumpedStore(folder)
    assert (find_seqs(store, "message"), find_seqs(store, "茶")) == ([], [1])
    [event] = store.stored(say(store.room(), "a new one"))
    assert event.seq == 1
    store.close()


def test_a_room_whose_events_are_deleted_can_be_removed_too(folder: Path) -> None:
    admin(folder, "forget", "lobby")
    assert admin(folder, "remove", "lobby").line == "#lobby: deleted no events and the room"
    assert numbers(folder) == ["#tea 1 1"]


def test_a_removal_that_is_stopped_continues_later(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "DELETED_AT_ONCE", 4)
    with mock.patch.object(deletion, "delete_oldest", _stopped_after(2)):
        done = admin(folder, "remove", "lobby")
    report = "stopped: #lobby: deleted 8 events (1 to 8), left 22 events (9 to 30); the same command continues"
    assert (done.status, done.line) == (STOPPED, f"chatd-admin: {report}")
    assert admin(folder, "remove", "lobby").out.startswith(b"#lobby: deleted 22 events (9 to 30) and the room\n")


def _stopped_after(parts: int) -> Callable[..., tuple[int, int]]:
    """``delete_oldest``, until Ctrl-C is pressed instead of the next of so many parts."""
    delete, done = deletion.delete_oldest, count(1)

    def delete_or_stop(*given: Any) -> tuple[int, int]:
        if next(done) > parts:
            raise KeyboardInterrupt
        return delete(*given)

    return delete_or_stop


def find_seqs(store: PumpedStore, *words: str) -> list[int]:
    return [event.seq for event in store.find_messages(*words)]


def test_after_a_vacuum_the_words_are_gone_and_the_file_is_smaller(tmp_path: Path) -> None:
    store = PumpedStore(tmp_path)
    for number in range(300):
        say(store.room(), "xylophone " * 300, id=f"quicksilver{number}")
    say(store.room("tea"), "zeppelin", room="tea")
    say(store.room(), "yesterday", time=2000)
    store.drain()
    assert find_seqs(store, "xylophone") != []
    store.drain()
    store.close()
    path = tmp_path / FILE_NAME
    before = path.stat().st_size
    assert admin(tmp_path, "forget", "lobby", "--before", datetime.fromtimestamp(2).isoformat()).status == 0
    assert b"xylophone" in path.read_bytes()
    dry = admin(tmp_path, "vacuum", "--dry-run")
    assert path.stat().st_size == before
    done = admin(tmp_path, "vacuum")
    after = path.stat().st_size
    assert (done.status, done.line) == (0, f"{before:,} bytes before, {after:,} now")
    least = int(dry.line.split()[2].replace(",", ""))
    assert before / 2 < least <= before - after
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(FILE_NAME)] == [FILE_NAME]
    raw = path.read_bytes()
    assert [word for word in (b"xylophone", b"quicksilver") if word in raw] == []
    assert [word for word in (b"yesterday", b"zeppelin") if word not in raw] == []
    store = PumpedStore(tmp_path)
    assert (find_seqs(store, "xylophone"), find_seqs(store, "zeppelin")) == ([], [1])
    store.close()


def test_a_dry_run_works_while_a_server_runs(store: PumpedStore) -> None:
    assert "bytes would be freed" in admin(store.path.parent, "vacuum", "--dry-run").line
    assert "would delete 30 events (1 to 30)" in admin(store.path.parent, "forget", "lobby", "--dry-run").line
