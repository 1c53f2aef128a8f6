"""People and scripts with real SSH clients."""

from __future__ import annotations

import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.conversations.processes import DEADLINE, Daemon, Program, need

Call = Callable[..., Program]
Command = Callable[..., list[str]]


def run(command: list[str], input: str = "") -> tuple[int, str, str]:
    """The exit status of ``command``, its output and its errors."""
    done = subprocess.run(command, input=input, capture_output=True, text=True, timeout=DEADLINE, start_new_session=True)
    return done.returncode, done.stdout, done.stderr


def test_scripts(nc: Call, ssh: Command) -> None:
    ada = nc("ada")
    status, output, errors = run(ssh("ci", "-T"), "done\n")
    assert (status, errors) == (0, "")
    assert output.startswith("-- Hello ci.")
    ada.hear("<ci> done")
    assert run(ssh("ci", "the build is green")) == (0, "", "")
    ada.hear("<ci> the build is green")
    status, output, errors = run(ssh("ci", "/who"))
    assert (status, output) == (0, "-- In #lobby (2): ada and ci\n")
    assert run(ssh("ada", "hi"))[::2] == (1, "chatd: ada is here already. Choose another nick.\n")
    many = "".join(f"line {number}\n" for number in range(30))
    assert run(ssh("ci", "-T", RekeyLimit="1K"), many)[0] == 0
    ada.hear("<ci> line 29")


def test_nothing_but_chat(ssh: Command) -> None:
    assert run(ssh("eve", "-N", "-R", "0:127.0.0.1:1", ExitOnForwardFailure="yes"))[0] == 255
    assert run([*ssh("eve"), "-s", "sftp"])[0] != 0
    assert run(ssh("eve", "/who", Ciphers="aes128-cbc"))[0] == 255
    assert run(ssh("eve", "/who", MACs="hmac-sha1"))[0] == 255


def test_keys(ssh: Command, tmp_path: Path) -> None:
    keygen = need("ssh-keygen")
    for kind in ("ed25519", "ecdsa"):
        key = tmp_path / kind
        subprocess.run([keygen, "-q", "-t", kind, "-N", "", "-f", key], check=True)
        shown = subprocess.run([keygen, "-lf", key], capture_output=True, text=True, check=True).stdout.split()[1]
        more = {"IdentityFile": str(key), "IdentitiesOnly": "yes", "BatchMode": "yes"}
        status, output, _ = run(ssh(kind, f"/whois {kind}", **more))
        assert status == 0
        assert f"{kind} has come with the key {shown}" in output


def test_a_person_on_a_terminal(nc: Call, ssh: Command, start_program: Callable[..., Program]) -> None:
    ends = pty.openpty()
    ada = start_program(*ssh("ada"), terminal=ends)
    ada.see("ada> ")
    ada.type(b"half a l")
    nc("bob").say("hello")
    ada.see("<bob> hello")
    ada.type(b"ine\r")
    ada.see("half a line \N{CHECK MARK}")
    ada.type(b"\x04")
    ada.rest()
    assert ada.process.wait(DEADLINE) == 0


def test_fifty_at_once(daemon: Daemon, nc: Call, ssh: Command, start_program: Callable[..., Program]) -> None:
    ada = nc("ada")
    for number in range(50):
        start_program(*ssh(f"p{number}", "-T"))
    waiting = {f"p{number}" for number in range(50)}
    while waiting:
        waiting.discard(ada.hear("has joined").split()[1])


def test_other_clients(daemon: Daemon) -> None:
    line = daemon.await_log("the fingerprint of the SSH key is SHA256:")
    plink = [need("plink"), "-batch", "-hostkey", line.split()[-1], "-P", str(daemon.port), "putty@127.0.0.1", "/who"]
    assert run(plink)[:2] == (0, "-- In #lobby (1): putty\n")
    dropbear = [need("dbclient"), "-y", "-y", "-T", "-p", str(daemon.port), "bear@127.0.0.1"]
    assert run(dropbear, "hello\n")[0] == 0
    assert run([*dropbear, "/who"])[:2] == (0, "-- In #lobby (1): bear\n")
