"""Attacks with rooms: many of them, long lists of them, and events in many at once."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from itertools import chain, count, repeat

from benchmarks.hostile.flood import Flood
from benchmarks.hostile.peers import Done, Tally, Target, connect, do, drain, hello

FILLERS = 50
ROOMS_EACH = 20
HOLDERS = 25
"""The number of people, each with their own address, in the 500 rooms that are listed."""

BURST = 40
NICKS = 39
QUIET_SECONDS = 0.2
ENTER_SECONDS = 10.0


def _rooms(name: str) -> list[str]:
    return [f"{name}-{number}" for number in range(ROOMS_EACH)]


def _fill(number: int) -> Iterator[bytes]:
    """Enter 20 new rooms, and replace each by another new one, again and again."""
    yield hello(f"filler{number}", *_rooms(f"fill{number}"))
    for new in count(ROOMS_EACH):
        yield do("leave", room=f"fill{number}-{new - ROOMS_EACH}") + do("join", room=f"fill{number}-{new}")


def fill_the_rooms(target: Target) -> Done:
    """Fifty connections enter 20 new rooms each, and then further new rooms."""
    return Flood(_fill, FILLERS).run(target)


def hold_rooms(port: int) -> list[socket.socket]:
    """Let 25 people from as many addresses be in 20 rooms each."""
    return [_holder(port, number) for number in range(HOLDERS)]


def _holder(port: int, number: int) -> socket.socket:
    link, tally = connect(port, f"127.0.6.{number + 1}"), Tally()
    link.sendall(hello(f"holder{number}", *_rooms(f"held{number}")))
    give_up = time.monotonic() + ENTER_SECONDS
    while tally.counts["entered"] < ROOMS_EACH and time.monotonic() < give_up:
        drain(link, QUIET_SECONDS, tally)
    return link


def list_rooms(target: Target) -> Done:
    """Lists of 500 rooms, forty at a time."""
    piece = do("rooms") * BURST
    return Flood(lambda number: chain([hello(f"lister{number}", "listers")], repeat(piece))).run(target)


def _renamed(number: int) -> Iterator[bytes]:
    yield hello(f"many{number}", "lobby", *_rooms("named")[1:])
    for turn in count():
        yield b"".join(do("nick", nick=f"many{number}-{turn % 2}-{new}") for new in range(NICKS))


def change_nicks(target: Target) -> Done:
    """39 changes of nick at a time, in 20 rooms."""
    return Flood(_renamed).run(target)
