"""Whether the files of the database are noticed to be gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chatd.core.errors import NotDelivered
from chatd.core.events import Event
from chatd.store import writer
from chatd.store.watch import FilesGoneError, Watch
from tests.store.pumped import PumpedStore, say


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "chatd.db"
    path.write_text("database")
    (tmp_path / "chatd.db-wal").write_text("log")
    return path


def test_files_that_stay_are_fine(path: Path) -> None:
    watch = Watch(path)
    watch.add_write_ahead_log()
    path.write_text("more")
    watch.check()


@pytest.mark.parametrize("name", ["chatd.db", "chatd.db-wal"])
def test_a_missing_or_other_file_is_noticed(path: Path, name: str) -> None:
    watch = Watch(path)
    watch.add_write_ahead_log()
    file, elsewhere = path.with_name(name), path.with_name("elsewhere")
    file.rename(elsewhere)
    with pytest.raises(FilesGoneError, match=f"^{name} was deleted or moved"):
        watch.check()
    shutil.copy(elsewhere, file)
    with pytest.raises(FilesGoneError, match=f"^{name} was replaced"):
        watch.check()
    elsewhere.rename(file)
    watch.check()


def test_nothing_is_acknowledged_until_the_file_is_back(tmp_path: Path) -> None:
    store = PumpedStore(tmp_path)
    assert store.stored(say(store.room(), "kept"))
    store.path.rename(tmp_path / "elsewhere")
    for _ in range(3):
        outcomes = say(store.room(), "lost")
        store.drain()
        [failure] = outcomes
        assert isinstance(failure, NotDelivered)
        assert failure.reason == "Not delivered: the server's data was deleted or moved."
    assert len(store.reports) == 1
    assert store.reports[0].startswith(f"nothing can be stored in {store.path}: chatd.db was deleted or moved")
    (tmp_path / "elsewhere").rename(store.path)
    [event] = store.stored(say(store.room(), "again"))
    assert event.seq == 2
    store.close()
    store = PumpedStore(tmp_path)
    assert [found.seq for found in store.find_messages("again") or ()] == [2]
    store.close()


def test_an_idle_writer_notices_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "WATCH_SECONDS", 0.001)
    store = PumpedStore(tmp_path)
    outcomes: list[Event | NotDelivered] = say(store.room(), "kept")
    assert store.stored(outcomes)
    store.path.unlink()
    store.wait(lambda: store.reports)
    assert len(store.reports) == 1
    store.close()
