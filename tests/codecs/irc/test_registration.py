"""What a client says before it has a nick."""

from __future__ import annotations

from chatd.codecs.irc.registration import Registration
from chatd.core.commands import Hello


def test_everything_is_needed_once() -> None:
    registration = Registration(password="secret")
    assert registration.hello() is None
    registration.nick, registration.user, registration.realname = "ada", "al", "Ada"
    registration.is_negotiating = True
    assert registration.hello() is None
    registration.is_negotiating = False
    expected = Hello("ada", server_password="secret", user="al", realname="Ada", default_room=False)
    assert registration.hello() == expected
    assert registration.hello() is None


def test_the_password_may_be_that_of_the_account() -> None:
    registration = Registration("ada", "al", "Ada", "secret", gives_password=True)
    hello = registration.hello()
    assert hello is not None
    assert hello.password == "secret"
