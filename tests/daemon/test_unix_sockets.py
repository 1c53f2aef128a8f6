"""UNIX sockets: their mode, and whose they are. They are real, and nobody calls."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from chatd.daemon.unix_sockets import UnixPort, listen

REACTOR = SimpleNamespace(addReader=lambda reader: None, removeReader=lambda reader: None, removeWriter=lambda writer: None)


def listening(text: str, folder: Path) -> UnixPort:
    return listen(REACTOR, Factory(), text, folder)


def close(port: UnixPort) -> None:
    port.connectionLost(Failure(ConnectionDone()))


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize(("text", "expected"), [("s", 0o660), ("s:mode=666", 0o666), ("s:mode=0600", 0o600), ("address=s", 0o660)])
def test_the_mode_is_660_or_as_it_is_named(tmp_path: Path, text: str, expected: int) -> None:
    umask = os.umask(0o027)
    try:
        port = listening(text, tmp_path)
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(umask)
    assert mode(tmp_path / "s") == expected
    assert port.about == f"{tmp_path}/s (mode {expected:04o})"
    close(port)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("text", ["", ":mode=660", "s:mode=abc", "s:mode=7777", "s:mode=", "s:colour=red", "s:backlog=x"])
def test_a_wrong_description_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="write unix:PATH"):
        listening(text, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_socket_of_a_crashed_server_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(str(tmp_path / "s"))
    close(listening("s", tmp_path))


def test_a_socket_in_use_and_any_other_file_stay(tmp_path: Path) -> None:
    port = listening("s", tmp_path)
    (tmp_path / "file").write_text("precious")
    for name in ("s", "file"):
        with pytest.raises(OSError, match="Address already in use"):
            listening(name, tmp_path)
    assert (tmp_path / "file").read_text() == "precious"
    close(port)


def test_a_socket_that_was_replaced_is_not_removed(tmp_path: Path) -> None:
    port = listening("s", tmp_path)
    (tmp_path / "s").unlink()
    newer = listening("s", tmp_path)
    close(port)
    assert (tmp_path / "s").exists()
    close(newer)


def test_the_socket_of_somebody_else_stays_as_it_is(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as theirs, socket.socket(socket.AF_UNIX) as caller:
        theirs.bind(str(tmp_path / "s"))
        theirs.listen()
        (tmp_path / "s").chmod(0o606)
        port = UnixPort(REACTOR, Factory(), theirs.dup(), "theirs")
        port.startListening()
        close(port)
        assert mode(tmp_path / "s") == 0o606
        caller.connect(str(tmp_path / "s"))  # Fails if the socket has been shut down.
