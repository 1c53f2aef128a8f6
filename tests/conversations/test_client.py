"""chatd-client as people use it: a real terminal (tmux), real pipes, a real daemon."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.conversations.conftest import Call, StartDaemon
from tests.conversations.processes import DEADLINE, ROOT, Daemon, environment, need

CLIENT = [sys.executable, "-c", "from chatd.client.main import main; main()"]


def until(what: Callable[[], object], missing: Callable[[], str]) -> None:
    """Wait until ``what`` is true; fail at the deadline, with ``why``."""
    end = time.monotonic() + DEADLINE
    while not what():
        if time.monotonic() > end:
            pytest.fail(missing())
        time.sleep(0.02)


def client(daemon: Daemon, *arguments: str) -> list[str]:
    """The command that starts a client of ``daemon``."""
    return [*CLIENT, address(daemon), *arguments]


def address(daemon: Daemon) -> str:
    return f"127.0.0.1:{daemon.port}"


Programs = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def programs() -> Iterator[Programs]:
    """Starts programs with pipes, and ends those that still run."""
    started: list[subprocess.Popen[bytes]] = []
    pipe = subprocess.PIPE

    def start(*command: str, stdin: int = pipe, stdout: int = pipe) -> subprocess.Popen[bytes]:
        program = subprocess.Popen(command, env=environment(USER="bot"), stdin=stdin, stdout=stdout, stderr=pipe)
        started.append(program)
        return program

    yield start
    for program in started:
        with program:
            program.kill()


# -- On a terminal ---------------------------------------------------------------------------------


class Terminal:
    """A terminal with a shell in it."""

    def __init__(self, socket_path: Path, columns: int = 80, rows: int = 16, **more: str) -> None:
        self._tmux = [need("tmux"), "-u", "-S", str(socket_path), "-f", "/dev/null"]
        self._env = environment(USER="bot", XDG_STATE_HOME=str(socket_path.parent / "state"), TZ="UTC", **more)
        self._size = ["-x", str(columns), "-y", str(rows)]

    def open(self) -> None:
        """Start the shell, and wait for it."""
        self._run("new-session", "-d", *self._size, "-c", str(ROOT), "sh")
        self._run("set-option", "-g", "status", "off")
        self.enter("PS1='$ '; clear")
        self.see_last("$")

    def _run(self, *arguments: str) -> str:
        return subprocess.run(
            [*self._tmux, *arguments], env=self._env, check=True, capture_output=True, text=True, timeout=DEADLINE
        ).stdout

    def type(self, text: str) -> None:
        self._run("send-keys", "-l", text)

    def key(self, *names: str) -> None:
        self._run("send-keys", *names)

    def enter(self, text: str) -> None:
        self.type(text)
        self.key("Enter")

    def paste(self, text: str) -> None:
        self._run("set-buffer", text)
        self._run("paste-buffer", "-p")

    def resize(self, columns: int, rows: int) -> None:
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def client(self, daemon: Daemon, nick: str) -> None:
        """Start the client, and wait until it is in the room."""
        self.enter(shlex.join(client(daemon, "--nick", nick)))
        self.see("You are in #")

    @property
    def lines(self) -> list[str]:
        return self._run("capture-pane", "-p").splitlines()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def colours(self) -> str:
        return self._run("capture-pane", "-p", "-e")

    @property
    def history(self) -> str:
        """The scrollback, and the screen."""
        return self._run("capture-pane", "-p", "-S", "-")

    @property
    def unwrapped(self) -> str:
        """The screen, with the rows joined that the terminal has broken itself."""
        return self._run("capture-pane", "-p", "-J")

    @property
    def cursor(self) -> tuple[int, int]:
        column, row = self._run("display-message", "-p", "#{cursor_x} #{cursor_y}").split()
        return int(column), int(row)

    @property
    def process(self) -> int:
        """The process of the client, a child of the shell."""
        shell = self._run("display-message", "-p", "#{pane_pid}").strip()
        children = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        return int(children[0])

    def see(self, text: str, times: int = 1) -> None:
        until(lambda: self.text.count(text) >= times, lambda: f"not seen: {text!r} in\n{self.history}")

    def see_last(self, text: str) -> None:
        """Wait for ``text`` on the last row that is not empty."""
        until(lambda: self.text.rstrip().rpartition("\n")[2] == text, lambda: f"not the last row: {text!r} in\n{self.text}")

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False, timeout=DEADLINE)


OpenTerminal = Callable[..., Terminal]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[OpenTerminal]:
    opened: list[Terminal] = []

    def open_one(**options: int | str) -> Terminal:
        opened.append(Terminal(tmp_path / f"tmux-{len(opened)}", **options))  # type: ignore[arg-type]
        opened[-1].open()
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def test_two_clients_and_netcat_talk(daemon: Daemon, terminal: OpenTerminal, nc: Call) -> None:
    ada, bob = terminal(), terminal()
    ada.client(daemon, "ada")
    bob.client(daemon, "bob")
    ada.see("bob has joined")
    eve = nc("eve")
    ada.see("eve has joined")
    ada.type("half a thought")
    bob.enter("hello, ada")
    ada.see("<bob> hello, ada")
    bob.see("<bob> hello, ada ✓")
    ada.see_last("ada> half a thought")
    eve.hear("<bob> hello, ada")
    eve.say("hello from netcat: wörld 漢字")
    ada.see("<eve> hello from netcat: wörld 漢字")
    bob.see("<eve> hello from netcat: wörld 漢字")
    ada.see("#lobby 3 here")
    ada.key("Enter")
    eve.hear("<ada> half a thought")
    bob.enter("/msg ada a word in private")
    ada.see("[bob] a word in private")
    bob.see("[to ada] a word in private ✓")
    ada.enter("/reply thanks")
    bob.see("[ada] thanks")
    bob.enter("/quit good night")
    ada.see("bob has left #lobby (quit: good night)")
    bob.see_last("$")


def same_port(daemon: Daemon) -> list[str]:
    """The options of a daemon that replaces ``daemon``."""
    return ["--port", str(daemon.port), "--interface", "127.0.0.1"]


def test_lines_typed_during_a_restart_are_sent_afterwards(
    daemon: Daemon, start_daemon: StartDaemon, terminal: OpenTerminal
) -> None:
    ada = terminal(columns=100)
    ada.client(daemon, "ada")
    again = same_port(daemon)
    daemon.stop()
    ada.see("The connection is lost")
    ada.enter("typed while it was away")
    ada.see("typed while it was away …")
    daemon = start_daemon(*again)
    ada.see("The connection is back")
    ada.see("typed while it was away ✓")
    bob = terminal()
    bob.client(daemon, "bob")
    bob.see("<ada> typed while it was away")
    bob.enter("welcome back, ada")
    ada.see("<bob> welcome back, ada")
    assert ada.history.count("typed while it was away") == 1


def modes(shell: Terminal, file: Path) -> str:
    """The modes of the terminal, from stty."""
    shell.enter(f"stty -g > {file}.new; mv {file}.new {file}")
    until(file.exists, lambda: shell.text)
    return file.read_text()


CRASH = """
from chatd.client.main import main
from chatd.tui.tui import Tui
Tui._switch_room = lambda self, number: 1 / 0
main()
"""


@pytest.mark.parametrize("way", ["quit", "ctrl-c", "ctrl-d", "SIGTERM", "SIGHUP", "SIGINT", "crash"])
def test_the_terminal_is_restored(daemon: Daemon, terminal: OpenTerminal, tmp_path: Path, way: str) -> None:
    shell = terminal(columns=200)
    before = modes(shell, tmp_path / "before")
    program = [sys.executable, "-c", CRASH] if way == "crash" else CLIENT
    shell.enter(shlex.join([*program, address(daemon), "--nick", "ada"]) + "; echo status $?")
    shell.see("You are in #lobby")
    shell.type("" if way in ("ctrl-c", "ctrl-d", "quit") else "half a line")
    match way:
        case "quit":
            shell.enter("/quit")
        case "ctrl-c" | "ctrl-d":
            shell.key(f"C-{way[-1]}")
        case "crash":
            shell.key("M-1")
            shell.see("ZeroDivisionError: division by zero")
        case name:
            os.kill(shell.process, signal.Signals[name])
    status = 70 if way == "crash" else 128 + signal.Signals[way] if way.startswith("SIG") else 0
    shell.see(f"status {status}")
    assert modes(shell, tmp_path / "after") == before
    shell.enter("echo visi'ble'")
    shell.see("visible")


def test_it_can_be_suspended_and_resumed(daemon: Daemon, terminal: OpenTerminal) -> None:
    ada = terminal()
    ada.client(daemon, "ada")
    ada.type("half a line")
    ada.key("C-z")
    ada.see("Stopped")
    ada.enter("echo in the she'll'")
    ada.see("in the shell")
    assert "half a line" not in ada.text
    ada.enter("fg")
    ada.see_last("ada> half a line")
    ada.key("Enter")
    ada.see("<ada> half a line ✓")


def test_a_paste_is_edited_and_then_sent_as_one_message(daemon: Daemon, terminal: OpenTerminal) -> None:
    ada = terminal()
    ada.client(daemon, "ada")
    ada.paste("first line\nsecond line\n")
    ada.see_last("ada> first line↵second line↵")
    ada.key("Enter")
    ada.see("<ada> first line")
    ada.see("      second line ✓")


def test_wide_characters_and_a_narrow_window(daemon: Daemon, terminal: OpenTerminal) -> None:
    ada = terminal()
    ada.client(daemon, "ada")
    ada.type("漢字é")
    ada.see_last("ada> 漢字é")
    assert ada.cursor == (10, 15)
    ada.key("Left", "Left")
    until(lambda: ada.cursor == (7, 15), lambda: f"the cursor is at {ada.cursor}")
    ada.key("BSpace")
    ada.see_last("ada> 字é")
    ada.key("C-e")
    ada.enter(" and a longer line that will have to be wrapped when the window is narrow")
    ada.see("narrow ✓")
    ada.type("typing")
    ada.resize(30, 10)
    ada.see("<ada> 字é and a longer\n      line that will have to\n      be wrapped when the\n      window is narrow ✓")
    ada.see_last("ada> typing")
    assert len([line for line in ada.lines if line.startswith(" #lobby 1 here")]) == 1
    ada.resize(100, 20)
    ada.see("<ada> 字é and a longer line that will have to be wrapped when the window is narrow ✓")
    ada.see_last("ada> typing")
    assert ada.text.count("ada> typing") == 1
    assert len(ada.lines) == 20


def test_a_long_address_is_whole_for_the_terminal(daemon: Daemon, terminal: OpenTerminal) -> None:
    ada = terminal()
    ada.client(daemon, "ada")
    address = "https://example.org/" + "abcdefghij/" * 12
    ada.enter(f"see {address} there")
    ada.see("there ✓")
    assert f"see {address}" in ada.unwrapped
    ada.key("C-l")
    ada.see("there ✓")
    assert f"see {address}" in ada.unwrapped


def test_the_keyboard_survives_a_paste_without_an_end(daemon: Daemon, terminal: OpenTerminal) -> None:
    ada = terminal()
    ada.client(daemon, "ada")
    ada.type("\x1b[200~typed")
    ada.see("ada> typed")
    ada.type("\x1b[200~lost")
    ada.key("C-c")
    ada.see_last("ada>")
    ada.key("C-c")
    ada.see_last("$")


def test_old_messages_are_in_the_terminals_own_scrollback(daemon: Daemon, terminal: OpenTerminal) -> None:
    ada = terminal()
    ada.client(daemon, "ada")
    ada.paste("\n".join(f"line number {number}" for number in range(25)))
    ada.key("Enter")
    ada.see("line number 24 ✓")
    shown = [line.strip() for line in ada.history.splitlines() if "line number" in line]
    assert [line[line.index("line") :] for line in shown] == [
        *(f"line number {number}" for number in range(24)),
        "line number 24 ✓",
    ]


def test_a_refused_nick_is_asked_for_again(daemon: Daemon, terminal: OpenTerminal) -> None:
    ada, other = terminal(), terminal()
    ada.client(daemon, "ada")
    other.enter(shlex.join(client(daemon, "--nick", "Ada")))
    other.see("!! ada is here already.")
    other.see_last("nick:")
    other.enter("eve")
    other.see("Hello eve.")


def test_a_registered_nick_and_its_password(daemon: Daemon, terminal: OpenTerminal, nc: Call, tmp_path: Path) -> None:
    password, start = "zebra-quartz-lantern-fjord", shlex.join(client(daemon, "--nick", "ada", "--remember"))
    ada = terminal()
    ada.client(daemon, "ada")
    ada.type("/register")
    ada.key("Enter")
    ada.see("Type a new password, or an empty line to stop")
    ada.enter(password)
    ada.see("Type it once more")
    ada.enter(password)
    ada.see("ada is your nick now")
    ada.see_last("ada>")
    ada.enter("/quit")
    ada.see_last("$")
    ada.enter(f"clear; {start}")
    ada.see("Type its password, or an empty line to choose another nick")
    ada.see_last("password:")
    ada.enter("zebra-quartz-lantern-fjard")
    ada.see("!! That is not the password of ada.")
    ada.see("Type its password, or an empty line to choose another nick")
    ada.enter(password)
    ada.see("Hello ada.")
    ada.key("Up")
    ada.enter("/quit")
    ada.see_last("$")
    ada.enter(f"clear; {start}")
    ada.see("Hello ada.")
    assert "zebra" not in ada.history
    [state] = (tmp_path / "state" / "chatd-client").iterdir()
    assert state.stat().st_mode & 0o777 == 0o600
    assert '"secret"' in state.read_text()
    ada.enter("/logout")
    ada.see_last("$")
    assert "secret" not in state.read_text()
    assert "zebra" not in state.read_text()
    file = tmp_path / "password"
    file.write_text(f"{password}\n")
    file.chmod(0o600)
    ended = run(daemon, "--nick", "ada", text="no password\n")
    assert ended.returncode == 1
    assert b"Give the password with --password-file FILE." in ended.stderr
    assert run(daemon, "--nick", "ada", "--password-file", str(file), text="from a script\n").returncode == 0


def say_many(daemon: Daemon, texts: Iterable[str], *arguments: str) -> None:
    """Let a program send ``texts``."""
    assert run(daemon, "--nick", "bot", *arguments, text="\n".join(texts)).returncode == 0


def fast(start_daemon: StartDaemon, *more: str) -> Daemon:
    """A daemon without a flood limit."""
    return start_daemon("--port", "0", "--interface", "127.0.0.1", "--flood-rate", "0", *more)


def test_the_history_page_by_page_and_back(start_daemon: StartDaemon, terminal: OpenTerminal) -> None:
    daemon = fast(start_daemon)
    say_many(daemon, (f"number {number} 漢字" for number in range(250)))
    ada = terminal(rows=24)
    ada.client(daemon, "ada")
    ada.see("number 249")
    ada.type("half a thought")
    ada.see_last("ada> half a thought")
    before = ada.history
    ada.key("PPage")
    ada.see("#lobby history")
    ada.see("number 220")
    assert "number 249" not in ada.text
    ada.key("C-Home")
    ada.see("-- The log of #lobby begins here. --")
    ada.see("number 0 ")
    say_many(daemon, ["new"])
    ada.see("#lobby history, 1 new")
    ada.resize(40, 10)
    ada.see("-- The log of #lobby begins here. --")
    ada.key("NPage")
    ada.see("number 9 ")
    ada.see_last("ada> half a thought")
    ada.resize(80, 24)
    ada.see("number 18 ")
    ada.key("Escape")
    ada.see("<bot> new")
    ada.see_last("ada> half a thought")
    lines = [line for line in ada.history.splitlines() if "number" in line]
    assert lines == [line for line in before.splitlines() if "number" in line]
    ada.key("Enter")
    ada.see("half a thought ✓")


def test_jumping_to_a_hit(start_daemon: StartDaemon, terminal: OpenTerminal) -> None:
    daemon = fast(start_daemon)
    say_many(daemon, (f"number {number}{' with émoji 👨‍👩‍👧' if number == 77 else ''}" for number in range(250)))
    ada = terminal(rows=24, NO_COLOR="1")
    ada.client(daemon, "ada")
    ada.enter("/search EMOJI")
    ada.see("   1  ")
    ada.see("#lobby <bot> number 77 with émoji")
    ada.enter("/jump 1")
    ada.see("»<bot> number 77 with émoji 👨‍👩‍👧")
    ada.see("<bot> number 70")
    ada.see("<bot> number 84")
    assert "\x1b[1;7mémoji" in ada.colours
    ada.type("typing")
    ada.see_last("ada> typing")
    ada.see("/jump N goes to one")


def test_coming_back_shows_the_new_messages_of_each_room_once(start_daemon: StartDaemon, terminal: OpenTerminal) -> None:
    daemon = fast(start_daemon)
    ada = terminal(rows=24, columns=100)
    ada.enter(shlex.join(client(daemon, "--nick", "ada", "--room", "ops", "--room", "lobby")))
    ada.see("You are in #lobby")
    ada.enter("/join lobby")
    ada.see(" #lobby 1 here  #ops")
    ada.enter("seen before")
    ada.see("seen before ✓")
    ada.enter("/quit")
    ada.see_last("$")
    say_many(daemon, ["new in lobby", "ada: look"])
    say_many(daemon, (f"number {number}" for number in range(120)), "--room", "ops")
    again = same_port(daemon)
    daemon.stop()
    daemon = start_daemon(*again, "--flood-rate", "0")
    ada.enter("clear")
    ada.client(daemon, "ada")
    ada.see("-- 2 new messages in #lobby since ")
    ada.see("mentioning you --")
    ada.see("<bot> ada: look")
    ada.see("-- 120 new messages in #ops since ")
    ada.see(" #lobby 1 here  #ops (120)")
    assert ada.text.index("seen before") < ada.text.index("2 new messages") < ada.text.index("new in lobby")
    assert "number" not in ada.text
    ada.key("M-1")
    ada.see("-- Above are the last 100 of 120 new messages in #ops")
    ada.see("number 119")
    ada.enter("/jump new")
    ada.see("-- 120 new messages in #ops since ")
    ada.see("<bot> number 0")
    ada.key("End")
    ada.enter("/quit")
    ada.see_last("$")
    ada.enter("clear")
    ada.client(daemon, "ada")
    ada.see("number 119")
    assert "new message" not in ada.text


def test_a_damaged_state_file_is_reported_and_ignored(daemon: Daemon, terminal: OpenTerminal, tmp_path: Path) -> None:
    ada = terminal(columns=300)
    ada.client(daemon, "ada")
    ada.enter("/quit")
    ada.see_last("$")
    (file,) = (tmp_path / "state" / "chatd-client").iterdir()
    file.write_text("{")
    ada.enter("clear")
    ada.client(daemon, "ada")
    ada.see("!! The saved state cannot be read: ")
    ada.see("it is damaged, and will be replaced.")


@pytest.mark.parametrize(("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours(daemon: Daemon, terminal: OpenTerminal, more: dict[str, str], coloured: bool) -> None:
    ada = terminal(**more)
    ada.client(daemon, "ada")
    ada.enter("hi")
    ada.see("hi ✓")
    assert ("38;5" in ada.colours) is coloured


def test_a_dumb_terminal_gets_lines(daemon: Daemon, terminal: OpenTerminal, nc: Call) -> None:
    ada = terminal()
    ada.enter("export TERM=dumb")
    ada.client(daemon, "ada")
    eve = nc("eve")
    eve.say("hi")
    ada.see("<eve> hi")
    ada.enter("hello")
    ada.see("<ada> hello ✓")
    eve.hear("<ada> hello")
    ada.enter("/quit")
    ada.see_last("$")


def test_an_unreachable_server_is_reported_in_one_line(daemon: Daemon, terminal: OpenTerminal) -> None:
    ada = terminal(columns=100)
    where = address(daemon)
    daemon.stop()
    ada.enter(shlex.join([*CLIENT, where]) + "; echo status $?")
    ada.see(f"chatd-client: {where} cannot be reached: connection refused.")
    ada.see("status 1")


# -- Off a terminal --------------------------------------------------------------------------------


def run(daemon: Daemon, *arguments: str, text: str = "") -> subprocess.CompletedProcess[bytes]:
    command = client(daemon, *arguments)
    return subprocess.run(
        command, input=text.encode(), env=environment(USER="bot"), capture_output=True, timeout=DEADLINE, check=False
    )


@pytest.fixture
def listen(daemon: Daemon, programs: Programs) -> Callable[..., subprocess.Popen[bytes]]:
    """Starts a client that prints, and waits until it is in the room."""

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        listener = programs(*client(daemon, "--nick", "log", "--listen", *arguments), stdin=subprocess.DEVNULL)
        daemon.await_log("session of log .*has begun")
        return listener

    return start


def test_lines_are_sent_and_printed(daemon: Daemon, listen: Programs) -> None:
    listener = listen()
    done = run(daemon, "--nick", "bot", "--verbose", text="one\n/two\n\nlast")
    assert (done.returncode, done.stderr) == (0, b"")
    assert [line.split(b":")[0] for line in done.stdout.splitlines()] == [b"the message has been delivered"] * 3
    printed = [listener.stdout.readline()[5:] for _ in range(3)]  # type: ignore[union-attr]
    assert printed == [b" #lobby <bot> one\n", b" #lobby <bot> /two\n", b" #lobby <bot> last\n"]
    listener.send_signal(signal.SIGINT)
    out, err = listener.communicate(timeout=DEADLINE)
    assert (listener.returncode, out, err) == (0, b"", b"")


def test_it_ends_quietly_when_its_reader_goes_away(daemon: Daemon, listen: Programs) -> None:
    listener = listen("--json")
    assert run(daemon, "--nick", "bot", text="one").returncode == 0
    listener.stdout.close()  # type: ignore[union-attr]
    run(daemon, "--nick", "bot", text="two")
    assert listener.wait(DEADLINE) == 0
    assert listener.stderr.read() == b""  # type: ignore[union-attr]


def test_a_file_no_input_and_closed_files(daemon: Daemon, programs: Programs, tmp_path: Path) -> None:
    lines = tmp_path / "lines"
    lines.write_text("".join(f"{number}\n" for number in range(30)))
    with lines.open("rb") as file:
        assert programs(*client(daemon), stdin=file.fileno()).wait(DEADLINE) == 0
    assert programs(*client(daemon), stdin=subprocess.DEVNULL).wait(DEADLINE) == 0
    assert programs("sh", "-c", f"{shlex.join(client(daemon))} <&- >&-").wait(DEADLINE) == 0


def test_a_taken_nick_is_reported_in_one_line(daemon: Daemon, listen: Programs) -> None:
    listener = listen()
    done = run(daemon, "--nick", "LOG", text="x")
    assert done.returncode == 1
    assert done.stderr.decode() == (
        f"chatd-client: {address(daemon)} refuses: log is here already. Choose another nick. Choose it with --nick NICK.\n"
    )
    listener.terminate()
    listener.communicate(timeout=DEADLINE)
    assert listener.returncode == 0


def test_a_bad_room_is_reported_in_one_line(daemon: Daemon) -> None:
    done = run(daemon, "--room", "a b", text="x")
    assert done.returncode == 1
    assert done.stderr.startswith(b"chatd-client: ")
    assert done.stderr.count(b"\n") == 1


def test_a_pipe_survives_a_restart(daemon: Daemon, start_daemon: StartDaemon, programs: Programs) -> None:
    bot = programs(*client(daemon, "--verbose"))
    assert bot.stdin is not None
    assert bot.stdout is not None
    bot.stdin.write(b"before\n")
    bot.stdin.flush()
    assert bot.stdout.readline().startswith(b"the message has been delivered")
    again = same_port(daemon)
    daemon.stop()
    bot.stdin.write(b"meanwhile\n")
    bot.stdin.flush()
    start_daemon(*again)
    assert bot.stdout.readline().startswith(b"the message has been delivered")
    rest, _ = bot.communicate(b"after\n", timeout=DEADLINE)
    assert bot.returncode == 0
    assert rest.count(b"the message has been delivered") == 1


def test_the_standard_files_are_restored(daemon: Daemon, programs: Programs) -> None:
    """Twisted makes them non-blocking, which other programs that share them do not expect."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = programs(*client(daemon), stdin=theirs.fileno(), stdout=theirs.fileno())
        ours.sendall(b"hi\n")
        ours.shutdown(socket.SHUT_WR)
        assert process.wait(DEADLINE) == 0
        assert os.get_blocking(theirs.fileno())
