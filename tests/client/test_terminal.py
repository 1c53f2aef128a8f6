"""The real terminal, on a pseudo-terminal; tests/conversations tests it with real programs."""

from __future__ import annotations

import os
import struct
import termios
from collections.abc import Iterator
from fcntl import ioctl

import pytest

from chatd.client.terminal import USUAL_SIZE, RawMode
from chatd.tui.screen import RESTORE


@pytest.fixture
def pty() -> Iterator[tuple[int, int]]:
    files = os.openpty()
    yield files
    for file in files:
        os.close(file)


def test_raw_mode_is_left_as_it_was_entered(pty: tuple[int, int]) -> None:
    outer, inner = pty
    before = termios.tcgetattr(inner)
    raw = RawMode(inner)
    raw.enter()
    during = termios.tcgetattr(inner)
    assert not during[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
    raw.leave()
    raw.leave()
    assert termios.tcgetattr(inner) == before
    assert os.read(outer, 1000).decode() == RESTORE


def test_a_password_is_hidden_and_shown_modes_come_back(pty: tuple[int, int]) -> None:
    outer, inner = pty
    before = termios.tcgetattr(inner)
    raw = RawMode(inner)
    raw.hide(True)
    during = termios.tcgetattr(inner)
    assert not during[3] & termios.ECHO
    assert during[3] & termios.ICANON
    raw.hide(False)
    assert termios.tcgetattr(inner) == before
    raw.hide(True)
    raw.leave()
    assert termios.tcgetattr(inner) == before
    os.set_blocking(outer, False)
    with pytest.raises(BlockingIOError):
        os.read(outer, 1)


def test_a_terminal_that_was_not_taken_over_is_not_touched(pty: tuple[int, int]) -> None:
    outer, inner = pty
    RawMode(inner).leave()
    os.set_blocking(outer, False)
    with pytest.raises(BlockingIOError):
        os.read(outer, 1)


def test_a_terminal_that_is_gone_causes_no_error() -> None:
    outer, inner = os.openpty()
    raw = RawMode(inner)
    raw.enter()
    os.close(outer)
    raw.leave()
    os.close(inner)


@pytest.mark.parametrize(("reported", "size"), [((100, 30), (100, 30)), ((0, 0), USUAL_SIZE)])
def test_size(pty: tuple[int, int], reported: tuple[int, int], size: tuple[int, int]) -> None:
    ioctl(pty[1], termios.TIOCSWINSZ, struct.pack("HHHH", reported[1], reported[0], 0, 0))
    assert RawMode(pty[1]).size() == size
