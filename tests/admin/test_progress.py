"""The line that shows progress."""

from __future__ import annotations

import io
import sqlite3
import threading

import pytest

from chatd.admin.progress import BAR_CHARACTERS, Progress, in_thread


class Terminal(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


class Watch:
    """A clock that the test moves on."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def test_progress_is_shown_after_a_delay_and_erased_at_the_end() -> None:
    terminal, now = Terminal(), Watch()
    with Progress("import", output=terminal, now=now) as progress:
        for time in (0.0, 0.49, 0.5, 0.55, 1.0):
            now.time = time
            progress.update(int(time * 100), 200)
    first = f"import [{'#' * (BAR_CHARACTERS // 4)}{'.' * (BAR_CHARACTERS * 3 // 4)}]  25 %"
    second = f"import [{'#' * (BAR_CHARACTERS // 2)}{'.' * (BAR_CHARACTERS // 2)}]  50 %"
    assert terminal.getvalue() == f"\r{first}\r{second}\r{' ' * len(first)}\r"


def test_without_a_total_seconds_or_words_are_shown() -> None:
    terminal, now = Terminal(), Watch()
    with Progress("vacuum", output=terminal, now=now) as progress:
        now.time = 12.7
        progress.show()
        now.time = 13
        progress.show("7 events")
    assert terminal.getvalue().split("\r")[1:3] == ["vacuum: 12 s", "vacuum: 7 events"]


def test_it_can_be_erased_before_the_end() -> None:
    terminal, now = Terminal(), Watch()
    with Progress("import", output=terminal, now=now) as progress:
        now.time = 1
        progress.show("7 events")
        progress.clear()
        terminal.write("done\n")
    assert terminal.getvalue() == f"\rimport: 7 events\r{' ' * 16}\rdone\n"


def test_after_ctrl_c_the_next_line_is_a_new_one() -> None:
    terminal, now = Terminal(), Watch()
    progress = Progress("import", output=terminal, now=now)
    now.time = 1
    progress.show("7 events")
    progress.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert terminal.getvalue() == "\rimport: 7 events\n"


def test_nothing_is_written_to_a_file() -> None:
    file, now = io.StringIO(), Watch()
    with Progress("import", output=file, now=now) as progress:
        now.time = 100
        progress.update(1, 2)
        progress.show()
    assert file.getvalue() == ""


def test_it_can_be_switched_off() -> None:
    terminal, now = Terminal(), Watch()
    with Progress("export", shown=False, output=terminal, now=now) as progress:
        now.time = 100
        progress.update(1, 2)
    assert terminal.getvalue() == ""


def test_it_is_one_row_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    terminal, now = Terminal(), Watch()
    with Progress("import", output=terminal, now=now) as progress:
        now.time = 1
        progress.update(200, 100)
    assert terminal.getvalue().split("\r")[1] == f"import [{'#' * 11}"


def test_work_in_a_thread_returns_and_raises() -> None:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    with Progress("work", output=Terminal()) as progress:
        assert in_thread(connection, progress, lambda: connection.execute("SELECT 7").fetchone()) == (7,)
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            in_thread(connection, progress, lambda: connection.execute("SELECT * FROM nowhere"))
    connection.close()


def test_ctrl_c_interrupts_sqlite() -> None:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    begun, ended = threading.Event(), []
    connection.create_function("begin", 0, begun.set)

    class Pressed(Progress):
        def show(self, words: str = "") -> None:
            begun.wait()
            raise KeyboardInterrupt

    def work() -> None:
        endless = "WITH RECURSIVE n(i) AS (SELECT begin() UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n"
        try:
            connection.execute(endless).fetchone()
        except sqlite3.OperationalError as error:
            ended.append(error.sqlite_errorcode)

    with pytest.raises(KeyboardInterrupt):
        in_thread(connection, Pressed("work"), work)
    assert ended == [sqlite3.SQLITE_INTERRUPT]
    connection.close()
