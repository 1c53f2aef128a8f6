"""irssi and WeeChat as people use them: a real terminal (tmux), and a real daemon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conversations.conftest import Call
from tests.conversations.processes import Daemon, need
from tests.conversations.test_client import OpenTerminal, Terminal, terminal
from tests.conversations.test_page import Page, browser, chromium

__all__ = ["browser", "chromium", "terminal"]


IRSSI_AT_ONCE = 'settings = { "irc/core" = { cmd_queue_speed = "1msec"; cmds_max_at_once = "100"; }; };\n'
WEECHAT_AT_ONCE = "/set irc.server.chat.anti_flood_prio_high 0;/set irc.server.chat.anti_flood_prio_low 0"
"""Clients of IRC wait for seconds between two lines, unless they are told not to."""

WITHOUT_LOG = "/set logger.file.auto_log off;/set logger.look.backlog 0"
"""WeeChat begins with the end of its log, in which the server has welcomed it before."""

REGISTERED = "There is no message of the day"
"""What the server says last when a client has come; WeeChat welcomes its user before that."""


def irssi(screen: Terminal, daemon: Daemon, home: Path) -> None:
    """Start irssi as ada."""
    need("irssi")
    home.mkdir(exist_ok=True)
    (home / "config").write_text(IRSSI_AT_ONCE)
    screen.enter(f"irssi --home={home} -c 127.0.0.1 -p {daemon.port} -n ada")


def weechat(screen: Terminal, daemon: Daemon, home: Path) -> None:
    """Start WeeChat as ada."""
    need("weechat-curses")
    server = f"/server add chat 127.0.0.1/{daemon.port} -notls -nicks=ada;/set irc.server.chat.capabilities *"
    start = f"{server};{WEECHAT_AT_ONCE};{WITHOUT_LOG};/connect chat"
    screen.enter(f"weechat-curses -d {home} -r '{start}'")


@pytest.mark.parametrize("start", [irssi, weechat])
def test_a_conversation(
    start: Callable[[Terminal, Daemon, Path], None], daemon: Daemon, terminal: OpenTerminal, nc: Call, tmp_path: Path
) -> None:
    bob = nc("bob")
    bob.say("the tea is ready")
    screen = terminal(columns=120, rows=30)
    start(screen, daemon, tmp_path / "home")
    screen.see(REGISTERED)
    screen.enter("/join #lobby")
    bob.hear("-- ada has joined #lobby")
    screen.see("the tea is ready")
    bob.say("one lump or two?")
    screen.see("one lump or two?")
    screen.enter("two, please")
    bob.hear("<ada> two, please")
    screen.enter("/me stirs")
    bob.hear("* ada stirs")
    screen.enter("/topic tea")
    bob.hear("tea")
    screen.enter("/msg bob psst")
    bob.hear("[ada] psst")
    screen.enter("/nick lea")
    bob.hear("lea")
    screen.enter("/part")
    bob.hear("-- lea has left #lobby")
    bob.say("/away gone to the shop")
    bob.hear("away")
    screen.enter("/query bob")
    screen.enter("still there?")
    bob.hear("[lea] still there?")
    screen.see("gone to the shop")
    bob.say("/msg lea yes")
    screen.see("yes")


@pytest.mark.parametrize("start", [irssi, weechat])
def test_the_page_is_in_the_same_room(
    start: Callable[[Terminal, Daemon, Path], None], daemon: Daemon, terminal: OpenTerminal, browser: Any, tmp_path: Path
) -> None:
    eve = Page(browser, f"http://127.0.0.1:{daemon.port}/").join("eve")
    screen = terminal(columns=120, rows=30)
    start(screen, daemon, tmp_path / "home")
    screen.see(REGISTERED)
    screen.enter("/join #lobby")
    eve.shows("#log", "ada has joined")
    eve.type("hello from a browser\n")
    screen.see("hello from a browser")
    screen.enter("hello from a terminal")
    eve.shows("#log", "hello from a terminal")
    screen.enter("/me waves")
    eve.shows("#log", "waves")


@pytest.mark.parametrize("start", [irssi, weechat])
def test_rights_and_coming_again(
    start: Callable[[Terminal, Daemon, Path], None], daemon: Daemon, terminal: OpenTerminal, nc: Call, tmp_path: Path
) -> None:
    bob = nc("bob")
    screen = terminal(columns=120, rows=30)
    start(screen, daemon, tmp_path / "home")
    screen.see(REGISTERED)
    screen.enter("/join #dev")
    screen.see("has joined #dev")  # First, so that the room is hers.
    bob.say("/join dev")
    bob.hear("You are in #dev")
    screen.see("bob")
    screen.enter("/mode #dev +v bob")
    bob.hear("voice")
    screen.enter("/kick bob spam")
    bob.hear("spam")
    screen.enter("/quit good night")
    screen.see_last("$")
    start(screen, daemon, tmp_path / "home")
    bob.say("/join dev", "are you there?")
    bob.hear("You are in #dev")
    screen.see(REGISTERED)
    screen.enter("/join #dev")
    bob.hear("-- ada has joined #dev")
    screen.see("are you there?")
