"""The conversations of ``conversations/accounts.txt``, line by line and byte by byte."""

from __future__ import annotations

import pytest

from chatd.core.limits import IRC_SASL_BYTES, IRC_SASL_CHUNK
from tests.codecs.irc.network import STEPS, Network, follow


@pytest.mark.parametrize("step", STEPS)
def test_conversation(step: int) -> None:
    follow("accounts", step)


@pytest.mark.parametrize("step", STEPS)
def test_a_new_account_shows_in_the_host(step: int) -> None:
    follow("chghost", step)


def test_the_text_of_sasl_has_a_limit() -> None:
    network = Network()
    ada = network.connect()
    ada.send("CAP REQ sasl", "NICK ada", "USER a 0 * :A")
    assert ada.send("AUTHENTICATE PLAIN") == ["AUTHENTICATE +"]
    assert ada.send("AUTHENTICATE " + "x" * (IRC_SASL_CHUNK + 1)) == [":chatd 905 * :SASL message too long"]
    ada.send("AUTHENTICATE PLAIN")
    chunks = ["AUTHENTICATE " + "x" * IRC_SASL_CHUNK] * (IRC_SASL_BYTES // IRC_SASL_CHUNK)
    assert ada.send(*chunks) == []
    assert ada.send("AUTHENTICATE x") == [":chatd 905 * :SASL message too long"]
