"""The attacks by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep

from benchmarks.hostile.answers import flood_the_inbox, say_and_read_late
from benchmarks.hostile.peers import Done, Target
from benchmarks.hostile.rooms import change_nicks, fill_the_rooms, hold_rooms, list_rooms
from benchmarks.hostile.work import (
    are_you_there,
    do_option,
    enter_and_go,
    fragments,
    many_names,
    pipelined_gets,
    read_back,
    replayed_handshakes,
    searches,
)


def _nothing_to_prepare(port: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack, which runs in a process of its own.

    ``prepare`` is called before anything is measured; its result is kept until the end.
    """

    name: str
    meaning: str
    run: Callable[[Target], Done]
    prepare: Callable[[int], object] = _nothing_to_prepare


def _wait(target: Target) -> Done:
    sleep(max(0.0, target.until - monotonic()))
    return {}


NOTHING = "nothing"
ALL = "all"

ATTACKS = (
    Attack("say", "8 programs say 12,000 things each with ids, and read in the second half only", say_and_read_late),
    Attack("msg", "12 strangers write to a victim who does not read; so does an honest person", flood_the_inbox),
    Attack("ayt", "telnet's IAC AYT on 8 connections that do not read", are_you_there),
    Attack("do", "telnet's IAC DO x on 8 connections that do not read", do_option),
    Attack("get", "3,600 pipelined GETs in one piece on 8 connections that do not read", pipelined_gets),
    Attack("fragments", "WebSocket messages of 16,000 fragments of one byte on 8 connections", fragments),
    Attack("names", "hello with 439 names of rooms on 8 connections", many_names),
    Attack("passing", "hello with 20 rooms and a close, 3,000 times a second", enter_and_go),
    Attack("list", "/rooms of 500 rooms, 40 at a time, on 8 connections", list_rooms, hold_rooms),
    Attack("nicks", "39 changes of nick at a time in 20 rooms, on 8 connections", change_nicks),
    Attack("search", "searches for 22 frequent beginnings of words by 12 guests, of a nick that never spoke", searches),
    Attack("history", "100 connections that read back 100 messages at a time", read_back),
    Attack("tls", "a recorded TLS ClientHello, replayed 3,000 times a second", replayed_handshakes),
    Attack("rooms", "20 new rooms on each of 50 connections, and then further new ones", fill_the_rooms),
)

CHOICES = {
    NOTHING: "nobody attacks, for comparison",
    **{attack.name: attack.meaning for attack in ATTACKS},
    ALL: "all of these at once, from one address",
}
"""The choices for ``--only``, with their meanings."""


def attacks_of(choice: str) -> tuple[Attack, ...]:
    """The attacks that run together for ``choice``."""
    if choice == NOTHING:
        return (Attack(NOTHING, CHOICES[NOTHING], _wait),)
    return tuple(attack for attack in ATTACKS if choice in (ALL, attack.name))
