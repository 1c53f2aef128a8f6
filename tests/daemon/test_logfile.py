"""The log file."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from twisted.logger import LogLevel, formatEventAsClassicLogText

from chatd.daemon import logfile
from chatd.daemon.errors import CannotStart
from chatd.daemon.logfile import LogFile, log_file, observer

EVENT = {"log_format": "hi", "log_namespace": "chatd", "log_level": LogLevel.info, "log_time": 0.0}


def opened(path: Path) -> Any:
    file = LogFile(path)
    file.open()
    return file


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_file_is_readable_by_its_user_only(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        opened(tmp_path / "log").close()
    finally:
        os.umask(umask)
    assert mode(tmp_path / "log") == 0o600


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o640), (0o666, 0o660), (0o640, 0o640), (0o600, 0o600)])
def test_an_existing_file_is_closed_to_others_and_continued(tmp_path: Path, before: int, after: int) -> None:
    path = tmp_path / "log"
    path.write_text("old\n")
    path.chmod(before)
    file = opened(path)
    file.write("new\n")
    file.close()
    assert (mode(path), path.read_text()) == (after, "old\nnew\n")


def test_a_device_keeps_its_mode() -> None:
    before = mode(Path("/dev/null"))
    opened(Path("/dev/null")).close()
    assert mode(Path("/dev/null")) == before


def test_a_renamed_file_is_left_when_it_is_reopened(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = opened(path)
    file.write("one\n")
    path.rename(tmp_path / "log.1")
    file.write("two\n")
    file.reopen()
    file.write("three\n")
    file.close()
    assert ((tmp_path / "log.1").read_text(), path.read_text()) == ("one\ntwo\n", "three\n")


def test_a_file_that_cannot_be_reopened_stays_open(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    file = opened(folder / "log")
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError):
        file.reopen()
    file.write("still\n")
    file.close()
    assert (tmp_path / "elsewhere" / "log").read_text() == "still\n"


def test_a_truncated_file_has_no_hole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = opened(path)
    file.write("one\n")
    os.truncate(path, 0)
    file.write("two\n")
    file.close()
    assert path.read_bytes() == b"two\n"


def test_a_large_file_that_was_truncated_is_not_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "LOG_FILE_BYTES", 4)
    file = opened(tmp_path / "log")
    file.write("one\n")
    os.truncate(tmp_path / "log", 0)
    file.write("two\n")
    file.close()
    assert [path.read_text() for path in tmp_path.iterdir()] == ["two\n"]


def test_several_threads_lose_no_line_while_the_file_is_rotated_and_reopened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logfile, "LOG_FILE_BYTES", 100)
    monkeypatch.setattr(logfile, "LOG_FILES", 10_000)
    file = opened(tmp_path / "log")
    interval = sys.getswitchinterval()

    def write(thread: int) -> None:
        for number in range(100):
            file.write(f"{thread} {number}\n")
            if number % 30 == 0:
                file.reopen()

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert [*threads.map(write, range(4))] == [None] * 4
    finally:
        sys.setswitchinterval(interval)
        file.close()
    lines = [line for path in tmp_path.iterdir() for line in path.read_text().splitlines()]
    assert sorted(lines) == sorted(f"{thread} {number}" for thread in range(4) for number in range(100))


def test_a_large_file_is_rotated_and_others_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "LOG_FILE_BYTES", 4)
    monkeypatch.setattr(logfile, "LOG_FILES", 3)
    (tmp_path / "log.20261126").write_text("another program's\n")
    file = opened(tmp_path / "log")
    for number in range(5):
        file.write(f"{number}...\n")
    file.close()
    texts = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert texts == {"log": "4...\n", "log.1": "3...\n", "log.2": "2...\n", "log.20261126": "another program's\n"}
    assert mode(tmp_path / "log.1") == 0o600


def test_a_file_that_cannot_be_opened_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"No such file or directory; name another with twistd --logfile$"):
        opened(tmp_path / "missing" / "log")


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({}, None),
        ({"logfile": None}, "twistd.log"),
        ({"logfile": None, "nodaemon": True}, None),
        ({"logfile": None, "debug": True}, None),
        ({"logfile": "-", "nodaemon": True}, None),
        ({"logfile": "a/log", "nodaemon": True}, "a/log"),
        ({"logfile": "a/log"}, "a/log"),
        ({"logfile": "a/log", "syslog": True}, None),
        ({"logfile": "a/log", "logger": "some.observer"}, None),
    ],
)
def test_it_replaces_the_file_of_twistd(options: dict[str, object], path: str | None) -> None:
    file = log_file(options)
    assert (file and file.path) == (path and str(Path(path).absolute()))


@pytest.mark.parametrize(
    ("options", "is_ours"),
    [
        ({}, False),
        ({"logfile": None, "nodaemon": True}, True),
        ({"logfile": None, "nodaemon": True, "syslog": True}, False),
        ({"logfile": None, "nodaemon": True, "logger": "some.observer"}, False),
    ],
)
def test_what_goes_to_standard_output_has_the_same_lines(
    options: dict[str, object], is_ours: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    write = observer(options, log_file(options))
    if write is not None:
        write(EVENT)
    assert capsys.readouterr().out == (formatEventAsClassicLogText(EVENT) if is_ours else "")


def test_the_file_has_the_lines_of_the_log(tmp_path: Path) -> None:
    file = opened(tmp_path / "log")
    write = observer({"logfile": "log"}, file)
    assert write is not None
    write(EVENT)
    file.close()
    assert (tmp_path / "log").read_text() == formatEventAsClassicLogText(EVENT)


def test_the_background_has_no_standard_output() -> None:
    with pytest.raises(CannotStart, match="needs twistd -n"):
        log_file({"logfile": "-"})
