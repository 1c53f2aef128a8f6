"""How a shell, root and systemd start the daemon, what it leaves behind, and what happens to its
files meanwhile."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

import twisted
from tests.conversations.processes import DEADLINE, ROOT, TWISTD, Daemon, cannot, environment, need
from tests.conversations.proxies import configuration

StartDaemon = Callable[..., Daemon]

BACKGROUND = [TWISTD[0]]
"""twistd as it is started by hand, without ``-n``."""


def run(folder: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``command``; fails if it does not end."""
    env = environment(XDG_STATE_HOME=str(folder / "state"), **more)
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=DEADLINE, check=False)


@contextlib.contextmanager
def ended(pid_file: Path) -> Iterator[int]:
    """The number of a process in the background, which gets SIGTERM at the end and is awaited."""
    number = int(pid_file.read_text())
    process = os.pidfd_open(number)
    try:
        yield number
    finally:
        os.kill(number, signal.SIGTERM)
        gone = select.select([process], [], [], DEADLINE)[0]
        os.close(process)
    assert gone


def hello(address: str | tuple[str, int]) -> str:
    """What a person called ada hears first."""
    with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as ada, ada.makefile("rb") as lines:
        ada.settimeout(DEADLINE)
        ada.connect(address)
        ada.sendall(b"ada\n")
        return lines.readline().decode()


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


# -- In the background -----------------------------------------------------------------------------


@pytest.mark.parametrize("listen", [[], ["--listen", "unix:no/such/folder/chat.sock"]])
def test_a_start_in_the_background_fails_with_one_line_and_leaves_nothing(tmp_path: Path, listen: Sequence[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run(
            tmp_path, *BACKGROUND, "chatd", "--port", str(port), "--interface", "127.0.0.1", *listen, "--listen", "unix:chat.sock"
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"chatd: cannot listen on port {port}: Address already in use\n"
    assert list(tmp_path.iterdir()) == []


def test_the_life_of_a_server_in_the_background(tmp_path: Path) -> None:
    (tmp_path / "twistd.pid").write_text("1")  # As an earlier server may have left it in a container.
    done = run(tmp_path, *BACKGROUND, "chatd", "--listen", "unix:chat.sock")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    log = tmp_path / "twistd.log"
    with ended(tmp_path / "twistd.pid") as number:
        assert hello(str(tmp_path / "chat.sock")).startswith("-- Hello ada.")
        assert (mode(log), mode(tmp_path / "chat.sock")) == (0o600, 0o660)

        again = run(tmp_path, *BACKGROUND, "chatd", "--port", "0")
        assert again.returncode == 1
        assert f"PID {number}" in again.stderr
        again = run(tmp_path, *BACKGROUND, "--pidfile", "other.pid", "chatd", "--port", "0")
        assert (again.returncode, again.stderr) == (1, f"chatd: another server is using the data in {tmp_path}/state/chatd\n")

        assert "reactor class: chatd.daemon.epoll.QuickReactor" in log.read_text()
        log.rename(tmp_path / "twistd.log.1")
        os.kill(number, signal.SIGHUP)
        with Waiting(log) as opened_again:
            opened_again.await_text("SIGHUP: the log continues in")
        os.truncate(log, 0)
        assert hello(str(tmp_path / "chat.sock")).startswith("-- Hello ada.")
        with Waiting(log) as truncated:
            truncated.await_text("session of ada")
        assert log.read_bytes()[:1] == b"2"  # A date, and not the NUL of a hole.
    assert {path.name for path in tmp_path.iterdir()} == {"twistd.log", "twistd.log.1", "state"}
    assert "Server Shut Down" in log.read_text()
    assert "defect" not in log.read_text()


class Waiting:
    """Waits for lines in a file."""

    def __init__(self, path: Path) -> None:
        self._tail = subprocess.Popen(
            [need("tail"), "-n", "+1", "--retry", "-f", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> Waiting:
        return self

    def await_text(self, text: str) -> None:
        """Wait until a line has ``text``."""
        assert self._tail.stdout is not None
        received = b""
        while text.encode() not in received:
            assert select.select([self._tail.stdout], [], [], DEADLINE)[0], received
            received += os.read(self._tail.stdout.fileno(), 65536)

    def __exit__(self, *error: object) -> None:
        self._tail.kill()
        self._tail.wait()
        assert self._tail.stdout is not None
        self._tail.stdout.close()


# -- As root ---------------------------------------------------------------------------------------


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder to which every user can go, other than those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_root_starts_it_for_another_user(public: Path) -> None:
    if os.geteuid() != 0:
        cannot("only root can change the user")
    nobody = pwd.getpwnam("nobody")
    folder = public / "nobody's"
    folder.mkdir(mode=0o700)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)

    def start(*options: str) -> subprocess.CompletedProcess[str]:
        modules = f"{ROOT}:{Path(twisted.__file__).parents[1]}"
        return run(public, *python_for_everybody(), "-c", RUN, "--uid", "nobody", *options, PYTHONPATH=modules)

    refused = start("chatd", "--port", "0", "--data", "data")
    assert refused.returncode == 1
    assert refused.stderr == f"chatd: the data folder {public}/data cannot be used: Permission denied; name another with --data\n"
    assert list(public.iterdir()) == [folder]
    in_folder = ["--pidfile", f"{folder}/pid", "--logfile", f"{folder}/log"]
    done = start(*in_folder, "--reactor", "poll", "chatd", "--listen", f"unix:{folder}/sock", "--data", f"{folder}/data")
    assert (done.returncode, done.stderr) == (0, "")
    with ended(folder / "pid"):
        assert hello(str(folder / "sock")).startswith("-- Hello ada.")
        assert "PollReactor" in (folder / "log").read_text()
        owners = {path.name: path.stat().st_uid for path in folder.rglob("*")}
        del owners["pid"]  # twistd writes it as root; its folder allows the user to remove it.
        assert set(owners) >= {"log", "sock", "data", "chatd.db", "chatd.db-wal", "chatd.lock"}
        assert set(owners.values()) == {nobody.pw_uid}
    assert {path.name for path in folder.iterdir()} == {"log", "data"}


RUN = "import sys; sys.argv[0] = 'twistd'; from twisted.scripts.twistd import run; run()"


def python_for_everybody() -> list[str]:
    """A Python of this version that every user can run."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{name}"):
        with contextlib.suppress(OSError):
            if subprocess.run([python, "-c", ""], user="nobody", extra_groups=[], capture_output=True, check=False).returncode == 0:
                return [python]
    cannot(f"there is no {name} that every user can run")


# -- By systemd ------------------------------------------------------------------------------------


def unit(folder: Path, name: str) -> Path:
    """The unit that the document has, in ``folder``, for this environment."""
    text = textwrap.dedent(configuration(name)) + "\n"
    path = folder / name
    path.write_text(text.replace("/opt/chatd/bin/twistd", TWISTD[0]))
    return path


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    units = [str(unit(tmp_path, name)) for name in ("chatd.socket", "chatd.service")]
    done = run(tmp_path, need("systemd-analyze"), "verify", *units)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_passes_a_port_and_a_unix_socket(tmp_path: Path) -> None:
    activate = need("systemd-socket-activate")
    [line] = re.findall("^ExecStart=(.*)$", unit(tmp_path, "chatd.service").read_text(), re.MULTILINE)
    options = [*line.replace("%S", str(tmp_path)).split(), "--listen", "systemd:domain=UNIX:index=1"]
    path = tmp_path / "chat.sock"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [activate, "-l", f"127.0.0.1:{port}", "-l", str(path), *options]
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            for _ in range(2):
                assert b"Listening on" in process.stderr.readline()
            path.chmod(0o640)
            assert hello(str(path)).startswith("-- Hello ada.")
            assert hello(("127.0.0.1", port)).startswith("-- Hello ada.")
            process.send_signal(signal.SIGTERM)
            output = process.communicate(timeout=DEADLINE)[0].decode()
        finally:
            process.kill()
    assert process.returncode == 0
    assert f"listens on {path} (from systemd, mode 0640)\n" in output
    assert f"listens on 127.0.0.1 port {port}\n" in output
    assert mode(path) == 0o640


PASS = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""
"""A program that passes a socket to another one as systemd does."""


def test_a_socket_of_systemd_serves_one_start_after_another(tmp_path: Path) -> None:
    path = tmp_path / "chat.sock"
    with socket.socket(socket.AF_UNIX) as theirs:
        theirs.bind(str(path))
        theirs.listen()
        for _ in range(2):
            command = [
                sys.executable,
                "-c",
                PASS,
                str(theirs.fileno()),
                *TWISTD,
                "chatd",
                "--data",
                "none",
                "--listen",
                "systemd:index=0",
            ]
            env = environment(LISTEN_FDS="1")
            with subprocess.Popen(command, cwd=tmp_path, env=env, pass_fds=[theirs.fileno()], stdout=subprocess.DEVNULL) as process:
                try:
                    assert hello(str(path)).startswith("-- Hello ada.")
                    process.send_signal(signal.SIGTERM)
                    assert process.wait(DEADLINE) == 0
                finally:
                    process.kill()


# -- While it runs ---------------------------------------------------------------------------------


def test_when_no_more_files_can_be_opened_one_line_counts_the_callers(start_daemon: StartDaemon) -> None:
    daemon = start_daemon("--port", "0", "--interface", "127.0.0.1", "--data", "none")
    port = daemon.port
    used = len(list(Path(f"/proc/{daemon.process.pid}/fd").iterdir()))
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (used, used))
    with contextlib.ExitStack() as callers:
        for _ in range(20):
            caller = callers.enter_context(socket.create_connection(("127.0.0.1", port), DEADLINE))
            with contextlib.suppress(ConnectionResetError):
                assert caller.recv(1) == b""
        daemon.await_log(r"\d+ connections were closed at once: the server may open no more than \d+ files")
    assert daemon.stop() == 0
    assert len([line for line in daemon.log_lines() if "were closed" in line or "EMFILE" in line]) == 1


def test_a_database_that_is_deleted_is_noticed(tmp_path: Path, start_daemon: StartDaemon) -> None:
    daemon = start_daemon("--port", "0", "--interface", "127.0.0.1", "--data", "data")
    with socket.create_connection(("127.0.0.1", daemon.port), DEADLINE) as ada, ada.makefile("rb") as lines:
        ada.sendall(b"ada\nkept\n")
        assert lines.readline().startswith(b"-- Hello ada.")
        (tmp_path / "data" / "chatd.db").rename(tmp_path / "elsewhere")
        daemon.await_log(r"nothing can be stored in .*: chatd\.db was deleted or moved: put it back, or restart the server$")
        for _ in range(3):
            ada.sendall(b"lost\n")
            assert lines.readline() == b"!! Not delivered: the server's data was deleted or moved. Try again later.\r\n"
    assert daemon.stop() == 0
    assert len([line for line in daemon.log_lines() if "nothing can be stored" in line]) == 1


def test_a_data_folder_that_is_open_to_everybody_is_reported(tmp_path: Path, start_daemon: StartDaemon) -> None:
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o755)
    daemon = start_daemon("--port", "0", "--interface", "127.0.0.1", "--data", "data")
    daemon.await_log(f"the data folder {data} is open to everybody on this machine: chmod 700 {data}$")
    assert mode(data) == 0o755
