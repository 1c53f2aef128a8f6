"""What each hello logs in with, and what a refusal makes the client forget."""

from __future__ import annotations

import pytest

from chatd.client.login import Login
from chatd.core import answers, commands

HELLO = commands.Hello("ada")
WRONG = answers.Refused("wrong-password", "That is not it.")


def test_the_secret_is_sent_instead_of_the_password() -> None:
    sent = Login("a password", secret="a secret", remember=True).added_to(HELLO)
    assert (sent.password, sent.secret, sent.remember) == ("", "a secret", True)
    assert Login("a password").added_to(HELLO).password == "a password"


def test_a_refused_secret_is_forgotten_and_the_password_is_tried() -> None:
    kept: list[str] = []
    login = Login("a password", secret="old", keep_secret=kept.append)
    assert login.is_tried_again(WRONG)
    assert kept == [""]
    sent = login.added_to(HELLO)
    assert (sent.secret, sent.password) == ("", "a password")
    assert not login.is_tried_again(WRONG)
    assert login.added_to(HELLO) == HELLO
    assert kept == [""]


def test_a_refusal_of_the_servers_password_costs_no_secret() -> None:
    login = Login(secret="a secret", server_password="of the server")
    for _ in range(2):
        assert login.added_to(HELLO).server_password == "of the server"
    assert not login.is_tried_again(answers.Refused("server-password-needed", "That is not it."))
    again = login.added_to(HELLO)
    assert (again.secret, again.server_password) == ("a secret", "")
    login.take("", "another one")
    assert login.added_to(HELLO).server_password == "another one"


def test_a_new_secret_is_kept_in_place_of_the_password() -> None:
    kept: list[str] = []
    login = Login("a password", remember=True, keep_secret=kept.append)
    login.on_welcome(answers.Welcome("ada", "chatd", "log", secret="new"))
    assert (kept, login.secret, login.password) == (["new"], "new", "")
    login.on_welcome(answers.Welcome("ada", "chatd", "log"))
    assert login.secret == "new"
    login.log_out()
    assert (kept, login.added_to(HELLO).secret) == (["new", ""], "")


@pytest.mark.parametrize(
    "command",
    [commands.Register(password="now"), commands.Login("ada", "now"), commands.Password("before", "now")],
    ids=lambda command: type(command).__name__,
)
def test_a_password_that_worked_is_for_the_next_connection(command: commands.Command) -> None:
    login = Login("before")
    login.on_done(commands.Ping(), answers.Pong())
    assert login.password == "before"
    login.on_done(command, answers.Done("login", "ada"))
    assert login.password == "now"


def test_another_nick_has_another_account_and_what_is_saved_stays() -> None:
    kept: list[str] = []
    login = Login("a password", secret="a secret", remember=True, keep_secret=kept.append)
    login.forget_account()
    assert login.added_to(HELLO) == HELLO
    assert kept == []


def test_nothing_secret_is_in_its_text() -> None:
    assert "hidden" not in repr(Login("hidden", "hidden", "hidden"))
