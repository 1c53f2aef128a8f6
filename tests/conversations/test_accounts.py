"""Accounts with real programs: nc shows a password, telnet hides it, and nothing writes it down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.conversations.processes import Program, need

Call = Callable[..., Program]

PASSWORD = "zebra-quartz-lantern-fjord"
WRONG = "zebra-quartz-lantern-fjard"


def test_a_nick_is_still_owned_after_a_restart_and_no_password_is_written(
    tmp_path: Path, start_daemon: Callable[..., object], start_program: Call
) -> None:
    daemon = start_daemon("--port", "0", "--interface", "127.0.0.1")

    def call() -> Program:
        return start_program(need("nc"), "-N", "127.0.0.1", str(daemon.port))  # type: ignore[attr-defined]

    ada = call()
    ada.say("ada")
    ada.hear("Hello ada")
    ada.say("/register")
    ada.hear("Type a new password, or an empty line to stop (others can see it while you type):")
    ada.say(PASSWORD)
    ada.hear("Type it once more")
    ada.say(PASSWORD)
    ada.hear("ada is your nick now")
    ada.say(f"/login ada {PASSWORD}")
    ada.hear("never a password")
    ada.say("/quit")
    ada.hear("Goodbye.")
    bob = call()
    bob.say("bob", "/msg ada while you were away")
    bob.hear("ada is not here, and gets your message when they come back.")
    assert daemon.stop() == 0  # type: ignore[attr-defined]
    log = daemon.log_lines()  # type: ignore[attr-defined]
    daemon = start_daemon("--port", "0", "--interface", "127.0.0.1")
    eve = call()
    eve.say("ada")
    eve.hear("ada is registered")
    eve.say(WRONG)
    eve.hear("That is not the password of ada")
    eve.say(PASSWORD)
    eve.hear("Hello ada")
    eve.hear("1 private message is new:")
    eve.hear("[bob] while you were away")
    eve.say("/history @bob")
    eve.hear("History of your private messages with bob:")
    log += daemon.log_lines()  # type: ignore[attr-defined]
    written = b"".join(path.read_bytes() for path in (tmp_path / "chatd").iterdir()) + "\n".join(log).encode()
    for password in (PASSWORD, WRONG):
        assert password.encode() not in written
    assert b"$argon2id$" in written


def test_telnet_hides_a_password(nc: Call, telnet: Call) -> None:
    other = telnet()
    other.see("What is your nick?")
    other.say("eve")
    other.see("Hello eve")
    other.type(b"hm\x03")  # By this the server learns that it is telnet.
    other.say("/register")
    other.see("Type a new password, or an empty line to stop:")
    other.say(PASSWORD)
    other.see("Type it once more:")
    other.say(PASSWORD)
    while b"eve is your nick now" not in other._received:
        other._read_more("the answer")
    assert PASSWORD.encode() not in other._received
    other.say("and this is shown again")
    other.see("and this is shown again")
