"""Asking for passwords: which command lacks one, and what an answer makes of it."""

from __future__ import annotations

import pytest

from chatd.codecs.asking import Asking, question_after
from chatd.core.commands import Command, Hello, Login, Nick, Password, Register, Who
from chatd.core.errors import BadUsage, NickNeeded

NEEDED = "password-needed"
GOOD = "correct horse battery"


def question(command: Command, code: str = NEEDED) -> Asking:
    asking = question_after(code, command, named=True)
    assert asking is not None
    return asking


@pytest.mark.parametrize(
    ("code", "command", "named", "complete"),
    [
        (NEEDED, Hello("ada"), False, Hello("ada", password="pass")),
        (NEEDED, Nick("ada"), False, Hello("ada", password="pass")),
        (NEEDED, Nick("ada"), True, Login("ada", "pass")),
        (NEEDED, Login("ada"), True, Login("ada", "pass")),
        ("server-password-needed", Hello("ada"), False, Hello("ada", server_password="pass")),
        ("server-password-needed", Nick("ada"), False, Hello("ada", server_password="pass")),
        (NEEDED, Who(), True, None),
        (NEEDED, None, True, None),
        ("bad-usage", Login("ada"), True, None),
    ],
)
def test_which_command_lacks_a_password(code: str, command: Command | None, named: bool, complete: Command | None) -> None:
    asking = question_after(code, command, named)
    assert (asking and asking.take("pass")) == complete


def test_a_new_password_is_asked_for_twice() -> None:
    assert question(Login("ada")).take(" a b ") == Login("ada", " a b ")
    again = question(Register()).take(GOOD)
    assert isinstance(again, Asking)
    assert again.prompt == "Type it once more"
    assert again.take(GOOD) == Register(password=GOOD)
    with pytest.raises(BadUsage, match=r"^These are two different passwords\. Nothing has changed\.$"):
        again.take("correct horse batter")
    with pytest.raises(BadUsage, match="too short"):
        question(Register()).take("short")


def test_the_old_password_is_asked_for_before_the_new_one() -> None:
    asking, prompts = question(Password()), list[str]()
    for line in ("old", GOOD):
        prompts.append(asking.prompt)
        taken = asking.take(line)
        assert isinstance(taken, Asking)
        asking = taken
    assert prompts == ["Type your password, or an empty line to stop", "Type the new password, or an empty line to stop"]
    assert asking.take(GOOD) == Password("old", GOOD)


def test_giving_up_says_what_comes_next() -> None:
    assert isinstance(question(Hello("ada")).give_up(), NickNeeded)
    assert str(question(Login("ada")).give_up()) == "You gave no password. Nothing has changed."
