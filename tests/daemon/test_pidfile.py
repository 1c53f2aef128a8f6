"""The pid file of an earlier server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatd.daemon.errors import CannotStart
from chatd.daemon.pidfile import check_folder, remove_stale


@pytest.mark.parametrize("text", ["", "\n", "\0\0\0\0", "1", "1\n", "own", "4194305"])
def test_a_stale_file_is_removed(tmp_path: Path, text: str) -> None:
    """A number is stale if its process is no twistd, is this one, or does not exist: no process of
    Linux has a number above 2^22."""
    path = tmp_path / "twistd.pid"
    path.write_text(str(os.getpid()) if text == "own" else text)
    remove_stale(path)
    assert not path.exists()


@pytest.mark.parametrize("text", ["no number", "1 2", "-1", "caf\u00e9"])
def test_a_file_that_is_no_pid_file_stays(tmp_path: Path, text: str) -> None:
    path = tmp_path / "twistd.pid"
    path.write_text(text)
    remove_stale(path)
    assert path.read_text() == text


def test_the_file_of_a_living_twistd_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "twistd.pid"
    path.write_text("1")
    monkeypatch.setattr(Path, "read_bytes", lambda path: b"python\0/usr/bin/twistd\0chatd\0")
    remove_stale(path)
    assert path.exists()


def test_no_file_is_fine(tmp_path: Path) -> None:
    remove_stale(tmp_path / "twistd.pid")
    remove_stale(tmp_path)


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    check_folder(tmp_path / "twistd.pid")
    with pytest.raises(CannotStart, match="--pidfile"):
        check_folder(tmp_path / "missing" / "twistd.pid")
