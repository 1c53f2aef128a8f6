"""The daemon from the point of view of an operator: options, log, signals, and errors at the
start."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from chatd.tap import Options
from tests.conversations.conftest import ssh_command
from tests.conversations.processes import DEADLINE, TWISTD, Daemon, Program, environment, need, run_twistd

Call = Callable[..., Program]
StartDaemon = Callable[..., Daemon]


def run_by_hand(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run twistd as a shell does."""
    env = environment(XDG_STATE_HOME=str(folder / "state"))
    command = [*TWISTD, *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=DEADLINE, check=False)


# -- Signals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_success_and_everybody_is_told(daemon: Daemon, nc: Call, number: int) -> None:
    ada, bob = nc("ada"), nc("bob")
    bob.hear("ada has joined")
    program = nc()
    program.say('{"type": "hello", "nick": "ci"}')
    program.hear('"entered"')
    silent = nc()
    bob.say("last words")
    ada.hear("<bob> last words")
    assert daemon.stop(number) == 0
    assert ada.line() == "-- The server is shutting down. Goodbye.\r\n"
    assert bob.hear("The server") == "-- The server is shutting down. Goodbye.\r\n"
    assert program.hear('"closing"') == '{"type":"closing","reason":"shutdown"}\n'
    silent.end_input()
    assert silent.rest() in (
        "",
        "-- The server is shutting down. Goodbye.\r\n",
        "-- Welcome to chatd. What is your nick?\r\n-- The server is shutting down. Goodbye.\r\n",
    )
    assert daemon.errors() == ""


def test_a_second_signal_changes_nothing(daemon: Daemon, nc: Call) -> None:
    nc("ada")
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.stop() == 0


def test_a_stalled_reader_cannot_delay_the_shutdown(start_daemon: StartDaemon, start_program: Callable[..., Program]) -> None:
    """Neither by TCP nor by SSH, whose window stays shut."""
    daemon = start_daemon("--port", "0", "--interface", "127.0.0.1", "--flood-rate", "0", "--address-rate", "0")
    with socket.socket() as deaf, socket.create_connection(("127.0.0.1", daemon.port), DEADLINE) as ada:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", daemon.port))
        deaf.sendall(b"deaf\n")
        daemon.await_log("session of deaf from .* has begun")
        shut = start_program(*ssh_command(daemon, "shut", "-T"))
        daemon.await_log("session of shut from .* has begun")
        ada.sendall(b"ada\n" + (b"x" * 4000 + b"\n") * 2000 + b"/quit\n")  # Eight megabytes: more than the kernel holds.
        daemon.await_log("session of ada from .* has ended")
        assert daemon.stop() == 0  # Fails after DEADLINE, which is longer than CLOSE_SECONDS.
        received = shut.rest()
        assert "<ada> xxx" in received
        assert len(received) < 2000 * 4000, "the server did not wait until everything is read"


# -- Errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "eighty"], "port"),
        (["--port", "65536"], "65535"),
        (["--port", "-1"], "port"),
        (["--motd", "no/such/file"], "no/such/file"),
        (["--motd", "."], "--motd"),
        (["--listen", "nonsense:1"], "nonsense:1"),
        (["--listen", "tcp:eighty"], "tcp:eighty"),
        (["--listen", ""], "--listen"),
        (["--port", "0", "--interface", "192.0.2.1"], "listen"),
        (["--port", "0", "--interface", "no.such.host.invalid"], "listen"),
        (["--listen", "unix:no/such/folder/chatd.sock"], "listen"),
        (["--flood-rate", "fast"], "fast"),
        (["--flood-rate", "nan"], "nan"),
        (["--flood-burst", "0"], "--flood-burst"),
        (["--max-sessions", "-5"], "-5"),
        (["--default-room", "a b"], "--default-room"),
        (["--name", "\x1b[2J"], "--name"),
        (["--listen", "systemd:domain=INET:index=0"], "systemd has passed no socket"),
        (["--data", "/proc/data"], "/proc/data"),
        (["--proxy", "proxy.example"], "--proxy"),
        (["--no-such-option"], "no-such-option"),
        (["stray"], ""),
    ],
)
def test_a_wrong_option_is_reported_in_one_line(tmp_path: Path, options: Sequence[str], words: str) -> None:
    done = run_twistd(tmp_path, "chatd", *options)
    assert done.returncode not in (0, -signal.SIGTERM)
    assert re.fullmatch(r"chatd: [^\n\x1b]+\n", done.stderr), done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_port_in_use_is_reported_in_one_line(tmp_path: Path, daemon: Daemon) -> None:
    done = run_twistd(tmp_path, "chatd", "--port", str(daemon.port), "--interface", "127.0.0.1")
    assert (done.returncode, done.stderr) == (1, f"chatd: cannot listen on port {daemon.port}: Address already in use\n")
    assert "Traceback" not in done.stdout


def test_a_motd_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "motd").write_bytes(b"caf\xe9\n")
    done = run_twistd(tmp_path, "chatd", "--motd", "motd")
    assert (done.returncode, done.stderr) == (1, "chatd: --motd: motd is not UTF-8 text.\n")


# -- Options ---------------------------------------------------------------------------------------


def test_twistd_lists_chatd(tmp_path: Path) -> None:
    done = run_by_hand(tmp_path, "--help")
    assert done.returncode == 0
    assert re.search(r"^ +chatd +A chat server: one chat, every door\.$", done.stdout, re.MULTILINE)
    assert "Traceback" not in done.stdout + done.stderr


def test_help_names_every_option_with_its_default(tmp_path: Path) -> None:
    done = run_by_hand(tmp_path, "chatd", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    shown = re.sub(r"\s+", " ", done.stdout)
    rows: list[Any] = [*Options.optParameters]
    for name, _, default, words, *_ in rows:
        assert f"--{name}=" in shown
        assert words in shown
        assert default in (None, "") or f"[default: {default}]" in shown
    assert "--listen=" in shown
    texts = [re.sub(r"^ *(-\w, +)?(--[a-z-]+=?)? *", "", line) for line in done.stdout.splitlines()]
    assert [text for text in texts if "  " in text] == []
    assert "--version" in shown


def test_version(tmp_path: Path) -> None:
    done = run_by_hand(tmp_path, "chatd", "--version")
    assert (done.returncode, done.stdout) == (0, f"chatd {__import__('chatd').__version__}\n")


def test_it_listens_on_a_unix_socket(tmp_path: Path, start_daemon: StartDaemon, start_program: Callable[..., Program]) -> None:
    daemon = start_daemon("--listen", "unix:chat.sock")
    daemon.await_log(r"listens on \S*chat\.sock \(mode 0660\)$")
    assert not [line for line in daemon.log_lines() if "listens on port" in line]
    eve = start_program(need("nc"), "-N", "-U", str(tmp_path / "chat.sock"))
    eve.say("eve", "/whois eve")
    assert eve.line().startswith("-- Hello eve. ")
    eve.hear("eve (a guest) is in #lobby")
    daemon.await_log("session of eve from this machine has begun")
    assert daemon.stop() == 0
    assert not (tmp_path / "chat.sock").exists()


def test_a_last_line_counts_when_a_unix_socket_is_closed_with_unread_answers(
    tmp_path: Path, start_daemon: StartDaemon, start_program: Callable[..., Program]
) -> None:
    start_daemon("--listen", "unix:chat.sock").await_log(r"listens on \S*chat\.sock")
    path = str(tmp_path / "chat.sock")
    eve = start_program(need("nc"), "-N", "-U", path)
    eve.say("eve")
    eve.hear("Hello eve")
    with socket.socket(socket.AF_UNIX) as ci:
        ci.settimeout(DEADLINE)
        ci.connect(path)
        ci.sendall(b"ci\n")
        ci.recv(1, socket.MSG_PEEK)  # The answer is there, and stays unread.
        ci.sendall(b"build 17 ok")
    assert eve.line() == "-- ci has joined #lobby\r\n"
    assert eve.line() == "<ci> build 17 ok\r\n"
    assert eve.line() == "-- ci has left #lobby (quit)\r\n"


def test_it_listens_on_a_port_and_an_endpoint(start_daemon: StartDaemon) -> None:
    daemon = start_daemon("--port", "0", "--listen", "tcp:0:interface=127.0.0.1")
    daemon.await_log(r"listens on .*port \d+", times=2)
    for line in daemon.log_lines():
        if match := re.search(r"listens on .*port (\d+)$", line):
            with socket.create_connection(("127.0.0.1", int(match[1])), DEADLINE):
                pass


def test_every_interface_means_ipv4_and_ipv6(start_daemon: StartDaemon) -> None:
    daemon = start_daemon("--port", "0")
    port = daemon.port
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as ada:
        ada.sendall(b"ada\n")
        daemon.await_log(r"session of ada from 127\.0\.0\.1 has begun")
    if "[::1]" in Path("/etc/hosts").read_text() or Path("/proc/net/if_inet6").exists():
        with socket.create_connection(("::1", port), DEADLINE) as eve:
            eve.sendall(b"eve\n")
            daemon.await_log(r"session of eve from ::1 has begun")


def test_name_motd_and_room(tmp_path: Path, start_daemon: StartDaemon, start_program: Callable[..., Program]) -> None:
    (tmp_path / "motd").write_text("Be kind.\n\x1b[31mNo ads.\n")
    options = ["--name", "teahouse", "--motd", "motd", "--default-room", "Tea"]
    daemon = start_daemon("--port", "0", "--interface", "127.0.0.1", *options)
    ada = start_program(need("nc"), "-N", "127.0.0.1", str(daemon.port))
    assert ada.line() == "-- Welcome to teahouse. What is your nick?\r\n"
    ada.say("teahouse")
    assert ada.line().startswith("!! ")
    ada.say("ada")
    assert ada.line() == "-- Be kind.\r\n"
    assert ada.line() == "-- ␛[31mNo ads.\r\n"
    assert ada.line() == "-- Hello ada. You are in #Tea, alone. /help lists what you can do.\r\n"


def test_limits_are_options(start_daemon: StartDaemon, start_program: Callable[..., Program]) -> None:
    options = ["--flood-rate", "50", "--flood-burst", "2", "--max-sessions", "3", "--max-per-address", "2"]
    daemon = start_daemon("--port", "0", "--interface", "127.0.0.1", *options)

    def call() -> Program:
        return start_program(need("nc"), "-N", "127.0.0.1", str(daemon.port))

    ada = call()
    ada.say("ada")
    assert ada.line().startswith("-- Hello ada.")
    bob = call()
    bob.say("bob")
    assert bob.line().startswith("-- Hello bob.")
    eve = call()
    eve.say("eve")
    assert eve.line() == "!! There are too many connections from your address. Close one of them first.\r\n"
    ada.say(*["/back"] * 5)
    lines = [ada.hear("--" if number == 0 else "") for number in range(7)]
    assert lines[0] == "-- bob has joined #lobby\r\n"
    assert sorted(set(lines[1:])) == [
        "!! You are not away. /away marks you as away.\r\n",
        "-- You are sending faster than 50 lines a second: your lines wait, and nothing is lost.\r\n",
    ]


# -- The log ---------------------------------------------------------------------------------------


def test_the_log_names_the_start_and_the_end_of_sessions(daemon: Daemon, nc: Call) -> None:
    ada = nc("ada")
    daemon.await_log(r"session of ada from 127\.0\.0\.1 has begun \(text\)$")
    ada.end_input()
    daemon.await_log(r"session of ada from 127\.0\.0\.1 has ended: quit$")


def test_a_broken_connection_is_reported(daemon: Daemon, nc: Call) -> None:
    ada = nc("ada")
    with socket.create_connection(("127.0.0.1", daemon.port)) as eve:
        eve.sendall(b"eve\n")
        ada.hear("eve has joined")
        # Reset by the other side, as when its machine has started anew (SO_LINGER of socket(7)).
        eve.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert ada.line() == "-- eve has left #lobby (connection lost)\r\n"
    daemon.await_log(r"session of eve from 127\.0\.0\.1 has ended: link-lost$")


def test_nobody_can_forge_a_log_line(daemon: Daemon, nc: Call) -> None:
    nicks = ["%s", "%(nick)s", "x{nick}", "x{log_source}", "x{0}", "a\x1b[2Jb", "x\rsession of root from 10.0.0.1 has begun (text)"]
    ada = nc()
    for nick in [*nicks, "ada_{nick}"]:  # One at a time: lines behind a refused nick are not read.
        ada.say(nick)
        ada.hear("!! ")
    ada.say("ada")
    ada.hear("-- Hello ada")
    ada.say(
        "{nick} %s \x1b[31m",
        "/me {0}",
        "/topic {nick}",
        "/away {x}",
        "/join {nick}",
        '{"type": "hello", "nick": "root"}',
        "/nick {n}",
    )
    ada.say("/quit {why} \r 2026-01-01 session of root from 10.0.0.1 has begun (text)")
    daemon.await_log("session of ada from .* has ended")
    assert daemon.stop() == 0
    lines = [line.partition("#info] ")[2] for line in daemon.log_lines() if "session of" in line]
    assert lines == ["session of ada from 127.0.0.1 has begun (text)", "session of ada from 127.0.0.1 has ended: quit"]
    log = "\n".join(line for line in daemon.log_lines() if "data is in" not in line)
    assert "root" not in log
    assert "\x1b" not in log
    assert "Unable to format" not in log
