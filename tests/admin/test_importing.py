"""``chatd-admin import``: everything, or nothing."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.admin import data, importing
from chatd.admin.main import STOPPED
from chatd.core.commands import Ban, Deop, Leave, Mute, Op, Room, Say
from chatd.core.errors import BadNick, NickReserved
from chatd.core.events import Event, Joined, RetentionSet, Said, TopicSet
from chatd.core.limits import ROOMS_STORED, SCROLLBACK_EVENTS
from chatd.core.names import parse_nick
from chatd.core.retention import Retention
from chatd.store import index
from chatd.store.database import FILE_NAME, LOCK_NAME, UnusableError
from tests.admin.command import ADMIN, admin, lines, said
from tests.codecs.strategies import ROOM_EVENTS
from tests.conversations.processes import cannot
from tests.store.pumped import PumpedStore, Server, say


def content(folder: Path) -> dict[str, bytes]:
    """The export of each room in ``folder``, which must be sound."""
    if not (folder / FILE_NAME).exists():
        return {}
    assert admin(folder, "check").line == "no damage found"
    names = re.findall("^#([^ ]*)", admin(folder, "rooms").out.decode(), re.MULTILINE)
    return {name: admin(folder, "export", name, "--json").out for name in names}


def _is_name(text: str) -> bool:
    try:
        return parse_nick(text).text == text
    except NickReserved:
        return True
    except BadNick:
        return False


def _in_one_room(events: Sequence[Event], first: int) -> list[Event]:
    return [replace(_as_stored(event), room=events[0].room, seq=first + place) for place, event in enumerate(events)]


def _as_stored(event: Event) -> Event:
    """``event`` without what only those who are present are told."""
    known = replace(event, account=event.account and type(event) is Said)
    return replace(known, realname="", away=None) if isinstance(known, Joined) else known


def _could_happen(event: Event) -> bool:
    return all(map(_is_name, [event.room, event.nick, getattr(event, "to", "ada")])) and getattr(event, "keep", "") != "no span"


EVENTS = ROOM_EVENTS.filter(_could_happen)
ROOMS = st.builds(_in_one_room, st.lists(EVENTS, min_size=1, max_size=12), st.integers(1, 2**39 - 1))


@settings(max_examples=20)
@given(ROOMS)
def test_an_export_of_an_import_has_the_same_bytes(events: list[Event]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        exported = lines(*events)
        assert admin(Path(folder), "import", "-", given=exported).status == 0
        assert content(Path(folder)) == {events[0].room: exported}


def test_a_new_server_starts_with_the_imported_room(folder: Path, tmp_path: Path) -> None:
    exported = admin(folder, "export", "lobby", "--json").out
    (tmp_path / "lobby.jsonl").write_bytes(exported)
    new = tmp_path / "new" / "data"
    done = admin(new, "import", str(tmp_path / "lobby.jsonl"))
    assert (done.status, done.line) == (0, "#lobby: imported 30 events (1 to 30)")
    assert sorted(path.name for path in new.iterdir()) == [FILE_NAME, LOCK_NAME]
    assert new.stat().st_mode & 0o777 == 0o700
    assert (new / FILE_NAME).stat().st_mode & 0o777 == 0o600
    store, old = PumpedStore(new), PumpedStore(folder)
    assert store.name != old.name
    assert store.room().end == 31
    say(store.room(), "it goes on", id="7")
    store.drain()
    assert store.room().end == 32
    store.close()
    old.close()
    assert content(new)["lobby"].startswith(exported)


def test_an_imported_room_has_the_rights_of_the_exported_one(tmp_path: Path) -> None:
    server = Server(tmp_path / "old")
    olga, mia = server.arrive("olga", rooms=("dev",), token="o" * 16), server.arrive("mia", rooms=("dev",))
    server.ask(olga, Op("mia"), Room("key", "open sesame"), Room("private", "on"), Room("slow", "5"))
    server.ask(olga, Mute("192.0.2.0/24", "2h"), Ban("spam*", text="advertising"), Say("hi"))
    server.ask(mia, Leave())
    server.ask(server.arrive("ada"), Ban("mia", room="dev"), Deop("mia", room="dev"), Ban("mia", room="dev"))
    rights = server.store.room("dev").state.rights
    assert (len(rights.roles), len(rights.bans), len(rights.invited), rights.modes.slow) == (1, 3, 2, 5)
    assert {ban.networks for ban in rights.bans} == {(), ("192.0.2.1",)}
    exported = admin(tmp_path / "old", "export", "dev", "--json").out
    server.store.close()
    assert admin(tmp_path / "new", "import", "-", given=exported).status == 0
    assert content(tmp_path / "new") == {"dev": exported}
    store = PumpedStore(tmp_path / "new")
    assert store.room("dev").state.rights == rights
    store.close()


def find_seqs(store: PumpedStore, *words: str) -> list[int]:
    return [event.seq for event in store.find_messages(*words)]


def test_imported_messages_are_in_the_search_index_before_a_server_starts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "INDEXED_AT_ONCE", 4)
    given = lines(*(said(seq, f"word{seq}", room="old") for seq in range(11, 31)))
    assert admin(folder, "import", "-", given=given).status == 0
    with data.open_to_read(folder) as connection:
        id = data.room(connection, "old").id
        assert connection.execute("SELECT next FROM indexed WHERE room = ?", (id,)).fetchone() == (31,)
    store = PumpedStore(folder)
    assert find_seqs(store, "word17") == [17]
    assert find_seqs(store, "word7") == []
    store.close()


def test_a_server_adds_the_rest_to_the_search_index(folder: Path) -> None:
    with mock.patch.object(index, "index", side_effect=KeyboardInterrupt):
        done = admin(folder, "import", "-", given=lines(said(1, "one", room="old"), said(2, "two", room="old")))
    assert done.status == STOPPED
    assert done.out == b"#old: imported 2 events (1 to 2)\n"
    assert done.err == "chatd-admin: stopped: the server adds the rest to the search index\n"
    store = PumpedStore(folder)
    assert find_seqs(store, "two") == [2]
    store.close()


def test_no_server_can_start_before_the_end(folder: Path) -> None:
    def and_then(connection: sqlite3.Connection, room: int) -> bool:
        with pytest.raises(UnusableError, match="another server"):
            PumpedStore(folder)
        return False

    with mock.patch.object(index, "index", side_effect=and_then) as called:
        assert admin(folder, "import", "-", given=lines(said(1, room="old"))).status == 0
    assert called.called


def test_a_failure_of_the_index_undoes_nothing(folder: Path) -> None:
    with mock.patch.object(index, "index", side_effect=sqlite3.OperationalError("database or disk is full")):
        done = admin(folder, "import", "-", given=lines(said(1, room="old")))
    assert (done.status, done.out) == (1, b"#old: imported 1 event (1)\n")
    assert done.err.endswith("full; the server adds the rest to the search index\n")
    assert content(folder)["old"] == lines(said(1, room="old"))


def test_the_last_topic_is_the_topic(tmp_path: Path) -> None:
    topics = [TopicSet("lobby", seq, 0, "ada", "", f"topic {seq}") for seq in (7, 8)]
    after = map(said, range(9, 9 + 2 * SCROLLBACK_EVENTS))  # More than a server reads when it starts.
    assert admin(tmp_path, "import", "-", given=lines(said(6), *topics, *after)).status == 0
    store = PumpedStore(tmp_path)
    assert store.room().state.topic == "topic 8"
    assert (store.room().first, store.room().end) == (6, 9 + 2 * SCROLLBACK_EVENTS)
    store.close()


@pytest.mark.parametrize(
    ("keep", "report"),
    [
        ("30d", "keep messages for 30 days: the server deletes older ones"),
        ("none", "keep no messages: the server deletes them"),
        ("", ""),
    ],
)
def test_the_retention_of_the_room_is_imported_and_reported(tmp_path: Path, keep: str, report: str) -> None:
    given = lines(said(1), RetentionSet("lobby", 2, 5, "ada", "", "1h", 6), RetentionSet("lobby", 3, 7, "ada", "", keep, 8))
    dry = admin(tmp_path, "import", "-", "--dry-run", given=given)
    done = admin(tmp_path, "import", "-", given=given)
    assert done.out.splitlines()[1:] == dry.out.splitlines()[1:]
    assert done.out.decode().partition("\n")[2] == (f"its members have set it to {report}\n" if report else "")
    store = PumpedStore(tmp_path)
    assert store.room().state.retention == Retention(keep, 8)
    store.close()


def test_imported_ids_belong_to_no_sender_and_do_not_collide(folder: Path) -> None:
    same = lines(*(said(seq, id="7", room="old") for seq in (1, 2)))
    for room in ("old", "older"):
        assert admin(folder, "import", "-", "--room", room, given=same).status == 0
    store = PumpedStore(folder)
    assert store.lookup("", "7") is None
    known = store.lookup("o1", "7")
    assert known is not None
    assert known.room == "lobby"
    say(store.room("old"), "again", id="7", sender_id="o2", room="old")
    store.drain()
    assert store.room("old").end == 4
    store.close()
    assert content(folder)["old"].startswith(same)


def test_a_room_can_get_another_name(folder: Path) -> None:
    done = admin(folder, "import", "-", "--room", "#Lobby-2025", given=lines(said(1), said(2)))
    assert done.line == "#Lobby-2025: imported 2 events (1 to 2)"
    assert content(folder)["Lobby-2025"] == lines(said(1, room="Lobby-2025"), said(2, room="Lobby-2025"))


# -- Refused: nothing changes ----------------------------------------------------------------------


def refused(folder: Path, *arguments: str, given: bytes) -> str:
    before = content(folder)
    for dry_run in ((), ("--dry-run",)):
        done = admin(folder, "import", "-", *arguments, *dry_run, given=given)
        assert (done.status, done.out) == (1, b"")
    assert content(folder) == before
    assert [path for path in folder.glob("*") if path.name not in (FILE_NAME, LOCK_NAME)] == []
    return done.line.removeprefix("chatd-admin: ")


def test_a_room_that_has_had_events_is_refused(folder: Path) -> None:
    reason = "#lobby has had events up to number 30: --room NAME imports into another room"
    assert refused(folder, given=lines(said(31, room="Lobby"))) == reason
    assert refused(folder, "--room", "LOBBY", given=lines(said(1, room="old"))) == reason
    assert admin(folder, "forget", "lobby").status == 0
    assert refused(folder, given=lines(said(1))) == reason


def test_a_damaged_line_changes_nothing(folder: Path, tmp_path: Path) -> None:
    given = lines(*(said(seq, room="old") for seq in range(1, 5000))) + b"half a li"
    reason = "standard input, line 5000: This is not JSON. Each line is one JSON object."
    assert refused(folder, given=given) == reason
    assert refused(tmp_path / "new", given=given) == reason


def test_a_file_without_events_is_refused(folder: Path, tmp_path: Path) -> None:
    assert refused(folder, given=b"") == "standard input has no events"
    refused(tmp_path / "new", given=b"")
    assert not (tmp_path / "new").exists()


def test_an_invalid_name_is_refused(folder: Path) -> None:
    assert "A room name cannot contain" in refused(folder, "--room", "a b", given=lines(said(1)))


def test_a_running_server_is_not_disturbed(store: PumpedStore) -> None:
    done = admin(store.path.parent, "import", "-", given=lines(said(1, room="old")))
    assert (done.status, done.line) == (1, f"chatd-admin: a server is using the data in {store.path.parent}: stop it first")


def test_the_limit_of_rooms_holds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "ROOMS_STORED", 2)
    assert refused(folder, given=lines(said(1, room="old"))) == "there are 2 rooms already, and the server takes no more"
    assert ROOMS_STORED > 2


def test_a_dry_run_changes_nothing_while_a_server_runs(store: PumpedStore, tmp_path: Path) -> None:
    given = lines(said(7, room="old"), said(8, room="old"))
    for folder in (store.path.parent, tmp_path / "new"):
        done = admin(folder, "import", "-", "--dry-run", given=given)
        assert (done.status, done.line) == (0, "#old: would import 2 events (7 to 8)")
    assert not (tmp_path / "new").exists()
    assert b"#old" not in admin(store.path.parent, "rooms").out


# -- Killed: everything, or nothing ----------------------------------------------------------------

MANY = lines(*(said(seq, f"message {seq} {'x' * 200}", room="old") for seq in range(1, 3001)))


@pytest.fixture(params=["new", "old"])
def data_folder(request: pytest.FixtureRequest, folder: Path, tmp_path: Path) -> Path:
    """The folder to import into: one that does not exist yet, or one that has data."""
    return tmp_path / "new" if request.param == "new" else folder


def run(folder: Path, *wrapper: str) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    command = [*wrapper, *ADMIN, "--data", str(folder), "import", "-"]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)


def goes_through(folder: Path, before: dict[str, bytes]) -> None:
    """The import that was killed can be done again."""
    assert admin(folder, "import", "-", given=MANY).status == 0
    assert content(folder) == before | {"old": MANY}


@pytest.mark.parametrize("part", [0.25, 0.9])
def test_a_kill_while_it_reads_leaves_nothing(data_folder: Path, part: float) -> None:
    before = content(data_folder)
    process = run(data_folder)
    assert process.stdin is not None
    process.stdin.write(MANY[: int(len(MANY) * part)])  # It is blocked until all but a pipe's buffer is read.
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert content(data_folder) == before
    goes_through(data_folder, before)


def test_ctrl_c_while_it_reads_leaves_nothing(data_folder: Path) -> None:
    before = content(data_folder)
    process = run(data_folder)
    assert process.stdin is not None
    process.stdin.write(MANY[: len(MANY) // 2])
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (STOPPED, b"", b"chatd-admin: stopped\n")
    assert content(data_folder) == before
    assert [path for path in data_folder.iterdir() if path.name not in (FILE_NAME, LOCK_NAME)] == []


STRACE = shutil.which("strace")
EVERYTHING = bool(os.environ.get("CHATD_TEST_ALL"))


SOME: Final = [("pwrite64", 40), ("pwrite64", 390), ("fdatasync", 3), ("fdatasync", 15), ("rename", 1), ("unlink", 8)]
ALL: Final = [
    *(("pwrite64", when) for when in (1, 2, 3, 5, 10, 15, 20, 40, 80, 160, 240, 320, 380, 390, 400, 420, 500)),
    *(("fdatasync", when) for when in range(1, 25)),
    *(("unlink", when) for when in range(1, 18)),
    ("rename", 1),
]


@pytest.mark.parametrize(("call", "when"), ALL if EVERYTHING else SOME)
def test_a_kill_at_any_call_leaves_everything_or_nothing(data_folder: Path, call: str, when: int) -> None:
    if STRACE is None:
        cannot("strace is missing")
    before = content(data_folder)
    kill = ["-f", "-q", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={when}"]
    process = run(data_folder, STRACE, *kill)
    process.communicate(MANY)
    after = content(data_folder)
    assert after in (before, before | {"old": MANY})
    if after == before:
        goes_through(data_folder, before)
