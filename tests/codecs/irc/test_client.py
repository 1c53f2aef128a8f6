"""How lines are made for one client."""

from __future__ import annotations

from chatd.codecs.irc.client import Client, joined
from chatd.codecs.irc.numerics import Numeric
from chatd.codecs.irc.shared import Shared
from chatd.core.registry import Settings
from chatd.testing import NOON


def test_a_client_without_a_nick_is_a_star() -> None:
    client = Client(Shared(Settings(), lambda: NOON))
    assert client.numeric(Numeric.NOMOTD) == ("", ":chatd 422 * :There is no message of the day")
    assert client.mask == "!~@guest"
    assert joined("", "a", "", "b=1") == "a;b=1"
