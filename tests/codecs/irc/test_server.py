"""The commands about the server, and those of operators, with every line that is sent."""

from __future__ import annotations

import pytest

from tests.codecs.irc.network import STEPS, Network, follow


@pytest.mark.parametrize("step", STEPS)
def test_the_conversation(step: int) -> None:
    follow("server", step)


@pytest.mark.parametrize("step", STEPS)
def test_what_is_asked_for_in_words(step: int) -> None:
    follow("words", step)


def test_another_server_is_not_known() -> None:
    ada = Network().client("ada")
    for command in ("MOTD", "VERSION", "TIME", "INFO", "ADMIN"):
        assert ada.send(f"{command} elsewhere") == [":chatd 402 ada elsewhere :No such server"]
        assert ada.send(f"{command} chatd")[0].startswith(":chatd ")
