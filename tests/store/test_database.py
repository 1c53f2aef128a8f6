"""The database file: its lock, its version, and files that are damaged or not a database."""

from __future__ import annotations

import os
import re
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest

from chatd.core import folding
from chatd.store import database, index
from chatd.store.database import FILE_NAME, UnusableError
from tests.store.pumped import PumpedStore, say


def test_a_folder_has_only_one_server(tmp_path: Path) -> None:
    first = PumpedStore(tmp_path)
    with pytest.raises(UnusableError, match="another server is using the data in"):
        PumpedStore(tmp_path)
    first.close()
    PumpedStore(tmp_path).close()


def test_only_the_owner_can_read_the_data(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "chatd"
    store = PumpedStore(folder)
    say(store.room())
    store.drain()
    modes = {path.name: path.stat().st_mode & 0o777 for path in [folder, *folder.iterdir()]}
    store.close()
    assert modes.pop("chatd") == 0o700
    assert f"{FILE_NAME}-wal" in modes
    assert set(modes.values()) == {0o600}


def test_a_newer_database_is_refused_and_unchanged(tmp_path: Path) -> None:
    PumpedStore(tmp_path).close()
    path = tmp_path / FILE_NAME
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {database.VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(UnusableError, match="newer chatd"):
        PumpedStore(tmp_path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TABLE thing (id)")
    connection.close()
    with pytest.raises(UnusableError, match="not a chatd database"):
        PumpedStore(tmp_path)


@pytest.mark.parametrize("start", [0, 4096, 8192])
def test_a_damaged_database_is_reported_and_never_overwritten(tmp_path: Path, start: int) -> None:
    store = PumpedStore(tmp_path)
    for _ in range(500):
        say(store.room(), "something to fill the pages with")
    store.drain()
    store.close()
    path = tmp_path / FILE_NAME
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * 4096)
    before = path.read_bytes()
    with pytest.raises(UnusableError, match=f"{FILE_NAME} is damaged"):
        PumpedStore(tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("table", "leaf", "refused"), [("room", 0, True), ("event", 0, True), ("event", 3, False)])
def test_only_small_tables_of_a_large_database_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, leaf: int, refused: bool
) -> None:
    store = PumpedStore(tmp_path)
    for _ in range(500):
        say(store.room(), "something to fill the pages with")
    store.drain()
    store.close()
    monkeypatch.setattr(database, "CHECK_BYTES", 4096)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        [root] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    with (tmp_path / FILE_NAME).open("r+b") as file:
        file.seek(offset_of_leaf(file.read(), root, leaf))
        file.write(b"\xa5" * 4096)
    if refused:
        with pytest.raises(UnusableError, match=f"{FILE_NAME} is damaged"):
            PumpedStore(tmp_path)
    else:
        PumpedStore(tmp_path).close()


def offset_of_leaf(data: bytes, root: int, leaf: int) -> int:
    """The offset of leaf number ``leaf`` of a table whose ``root`` is a leaf or the parent of all
    leaves (SQLite, "B-tree Pages")."""
    start = 4096 * (root - 1)
    if data[start] == 5:
        [cell] = struct.unpack_from(">H", data, start + 12 + 2 * leaf)
        [child] = struct.unpack_from(">I", data, start + cell)
        start = 4096 * (child - 1)
    return start


def test_a_file_that_is_not_a_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("not a database at all, but long enough to be looked at " * 100)
    with pytest.raises(UnusableError, match="is damaged"):
        PumpedStore(tmp_path)


def test_a_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnusableError, match="cannot be used"):
        PumpedStore(tmp_path / "file" / "data")


def test_the_default_folder_is_the_state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert database.default_folder() == tmp_path / "chatd"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")  # The specification says to ignore such a path.
    monkeypatch.setenv("HOME", str(tmp_path))
    assert database.default_folder() == tmp_path / ".local" / "state" / "chatd"


def test_a_refused_store_leaves_no_lock(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("no database " * 100)
    with pytest.raises(UnusableError):
        PumpedStore(tmp_path)
    os.unlink(tmp_path / FILE_NAME)
    PumpedStore(tmp_path).close()


def _schema(path: Path) -> dict[str, str]:
    """The SQL of everything in the database by name, without comments and spaces."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema").fetchall()
    return {name: re.sub(r"--.*|\s", "", sql) for name, sql in rows}


@pytest.mark.parametrize("version", range(1, database.VERSION))
def test_an_upgraded_database_equals_a_new_one_and_keeps_the_data(tmp_path: Path, version: int) -> None:
    old = tmp_path / FILE_NAME
    script = (Path(__file__).parent / f"schema-{version}.sql").read_text()
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript(f"{script} PRAGMA application_id = {database.APPLICATION_ID}; PRAGMA user_version = {version};")
        connection.executescript(
            f"""
            INSERT INTO {"server VALUES" if version < 4 else "run (name) VALUES"} ('thelog');
            INSERT INTO room (id, key, name, topic) VALUES (3, 'tea', 'Tea', 'green');
            """
        )
        for seq in range(1, 31):
            row = ((3 << 40) + seq, seq, 1, "ada", "o", f"tea {seq}", "", str(seq))
            connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.commit()
    store = PumpedStore(tmp_path)
    log = store.room("tea")
    assert (log.name, log.state.topic, log.end) == ("Tea", "green", 31)
    assert [store.knows("thelog", "tea", seq) for seq in (30, 31)] == [True, False]
    assert [event.seq for event in store.find_messages("tea", "7")] == [7]
    store.close()
    database.prepare(tmp_path / "fresh.db")
    assert _schema(old) == _schema(tmp_path / "fresh.db")


def test_an_older_index_is_built_again_after_the_start(tmp_path: Path) -> None:
    script = (Path(__file__).parent / "schema-5.sql").read_text()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.executescript(f"{script} PRAGMA application_id = {database.APPLICATION_ID}; PRAGMA user_version = 5;")
        connection.execute("INSERT INTO room (id, key, name) VALUES (3, 'tea', 'tea')")
        for seq, text in enumerate(["ΟΔΟΣ", "tea"], 1):
            row = ((3 << 40) + seq, seq, 1, "ada", "o", text, "", str(seq))
            connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            connection.execute("INSERT INTO search (rowid, text) VALUES (?, ?)", (row[0], text))
        connection.execute("INSERT INTO indexed VALUES (3, 3)")
        connection.commit()
    database.prepare(tmp_path / FILE_NAME)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert index.unindexed(connection) == {3}  # So the start has indexed nothing.
    store = PumpedStore(tmp_path)
    assert [event.seq for event in store.find_messages("οδός")] == [1]
    assert [event.seq for event in store.find_messages("TEA")] == [2]
    store.close()


def test_an_index_with_another_folding_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(folding, "RULE", "an older Unicode")
        older.setattr(index, "words", lambda text: text.replace("tea", "coffee"))
        store = PumpedStore(tmp_path)
        say(store.room(), "tea")
        assert len(store.find_messages("coffee")) == 1
        store.close()
    store = PumpedStore(tmp_path)
    assert (len(store.find_messages("coffee")), len(store.find_messages("tea"))) == (0, 1)
    store.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    database.prepare(tmp_path / FILE_NAME)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_a_failed_upgrade_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    PumpedStore(tmp_path).close()
    path = tmp_path / FILE_NAME
    real, broken = database._script, "CREATE TABLE more (id); SELECT nothing;"
    monkeypatch.setattr(database, "VERSION", database.VERSION + 1)
    monkeypatch.setattr(database, "_script", lambda name: broken if "upgrade" in name else real(name))
    before = path.read_bytes()
    with pytest.raises(UnusableError):
        database.prepare(path)
    assert path.read_bytes() == before
