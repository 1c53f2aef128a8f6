"""Which doors there are, and what happens where a library is not installed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from twisted.internet.task import Clock

from chatd.doors import catalogue
from chatd.doors.catalogue import NEEDS, is_installed, missing, open_line_doors
from chatd.doors.openings import Door
from tests.doors.wire import RunningServer


@pytest.mark.parametrize("door", NEEDS)
def test_the_tests_have_every_door(door: Door) -> None:
    assert is_installed(door)


def test_a_door_without_its_library_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "find_spec", lambda name: None)
    assert [door for door in NEEDS if is_installed(door)] == [Door.TEXT, Door.JSON]
    assert missing(Door.TLS) == "tls needs OpenSSL, which is not installed: pip install 'Twisted[tls]'"


def test_no_library_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys, chatd.tap; print(*sorted({'wsproto', 'twisted.web', 'chatd.doors.tls', 'chatd.doors.web'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(("doors", "served"), [([Door.TEXT], False), ([Door.TEXT, Door.JSON], True)])
def test_a_person_turns_into_a_program_only_where_programs_are_let_in(clock: Clock, doors: list[Door], served: bool) -> None:
    server = RunningServer(clock)
    server.front.doors.clear()
    open_line_doors(server.front, doors)
    wire = server.call()
    wire.say(b'two words\n{"type": "hello", "nick": "ci"}\n')
    server.turn()
    assert (b'"welcome"' in wire.take()) is served
    wire.lose()
    server.turn()
