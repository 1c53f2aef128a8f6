"""Standard files: changes of Twisted are undone, and the last output is written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from chatd.client.files import BlockingMode, LinkPauser, StateFile, StdioProtocol
from chatd.client.saved_state import SavedState


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    files = os.pipe()
    yield files
    for file in files:
        os.close(file)


def test_blocking_is_restored_even_after_the_file_is_closed(pipe: tuple[int, int]) -> None:
    mine = os.dup(pipe[0])
    blocking = BlockingMode(mine)
    os.set_blocking(mine, False)
    os.close(mine)
    assert not os.get_blocking(pipe[0])
    blocking.restore()
    assert os.get_blocking(pipe[0])


class Case:
    """A `StdioProtocol` on a fake transport, whose callbacks are recorded."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.ends = StdioProtocol(
            lambda data: self.calls.append(data.decode()), lambda: self.tell("no more"), lambda: self.tell("broken")
        )
        self.transport = StringTransport()
        self.ends.transport = self.transport
        self.clock = Clock()

    def tell(self, what: str) -> None:
        self.calls.append(what)


def test_input_end_and_broken_output_are_reported() -> None:
    case = Case()
    case.ends.dataReceived(b"data")
    case.ends.readConnectionLost()
    case.ends.writeConnectionLost()
    assert case.calls == ["data", "no more", "broken"]


def test_draining_waits_until_everything_is_written() -> None:
    case = Case()
    case.ends.drain(case.clock, None, lambda: case.tell("drained"))
    case.ends.dataReceived(b"too late")
    case.ends.readConnectionLost()
    assert case.transport.disconnecting
    assert case.calls == []
    case.ends.connectionLost()
    case.ends.connectionLost()
    assert case.calls == ["drained"]


def test_draining_has_a_time_limit() -> None:
    case = Case()
    case.ends.drain(case.clock, 1.0, lambda: case.tell("drained"))
    case.clock.advance(1.0)
    case.ends.connectionLost()
    assert case.calls == ["drained"]


def test_draining_ends_at_once_if_nobody_reads() -> None:
    case = Case()
    case.ends.writeConnectionLost()
    case.ends.drain(case.clock, None, lambda: case.tell("drained"))
    assert case.calls == ["broken", "drained"]


def test_a_full_output_pauses_the_link() -> None:
    class Link:
        paused: list[bool] = []  # noqa: RUF012

        def pause(self, paused: bool) -> None:
            self.paused.append(paused)

    link = Link()
    pauser = LinkPauser(link)  # type: ignore[arg-type]
    pauser.pauseProducing()
    pauser.resumeProducing()
    pauser.stopProducing()
    assert link.paused == [True, False]


# -- The state file --------------------------------------------------------------------------------

LAST = SavedState("log-1", ("lobby", "漢字"), "lobby", {"lobby": 41})


def test_what_was_saved_is_loaded_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    file = StateFile("host:1", "ada", {"XDG_STATE_HOME": str(tmp_path)})
    assert file.load() == SavedState()
    file.save(SavedState("log-0"))
    file.save(LAST)
    assert file.load() == LAST
    assert list(file.path.parent.iterdir()) == [file.path]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (file.path, file.path.parent)] == [0o600, 0o700]


def test_a_file_that_a_crash_has_left_lends_its_rights_to_nothing(tmp_path: Path) -> None:
    file = StateFile("host:1", "ada", {"XDG_STATE_HOME": str(tmp_path)})
    file.path.parent.mkdir()
    left = file.path.with_suffix(f".{os.getpid()}.new")
    left.touch()
    left.chmod(0o666)
    file.save(LAST)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_each_server_and_nick_has_its_own(tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    others = [StateFile(server, nick, environment).path for server in ("host:1", "host:2") for nick in ("ada", "../bob")]
    assert len(set(others)) == 4
    assert {path.parent for path in others} == {tmp_path / "chatd-client"}


@pytest.mark.parametrize("state", ["", "relative"])
def test_without_a_state_folder_it_is_in_the_home(tmp_path: Path, state: str) -> None:
    file = StateFile("host:1", "ada", {"HOME": str(tmp_path), "XDG_STATE_HOME": state})
    assert file.path.parent == tmp_path / ".local" / "state" / "chatd-client"


def test_errors_of_reading_and_writing_are_raised(tmp_path: Path) -> None:
    file = StateFile("host:1", "ada", {"XDG_STATE_HOME": str(tmp_path)})
    file.path.parent.mkdir()
    file.path.write_bytes(b"\xff{")
    with pytest.raises(ValueError, match="utf-8"):
        file.load()
    blocked = StateFile("host:1", "ada", {"XDG_STATE_HOME": str(file.path)})
    with pytest.raises(OSError, match="Not a directory"):
        blocked.save(LAST)
    with pytest.raises(OSError, match="Not a directory"):
        blocked.load()
