"""``python -m benchmarks rights``: what roles, bans and mutes add to a message, and to entering a
large room.

Everything happens in this process, without sockets and without a disk, so that only the core's own
work is measured. Rooms with and without rights alternate, and the figures are medians, so what else
the machine does cancels out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Final

from benchmarks.report import Rows, machine, plain_table
from chatd.core.commands import Join, Say
from chatd.core.events import DRAFT, BanSet, Event, Invited, ModeSet, RoleSet
from chatd.core.limits import BANS_PER_ROOM, INVITED_PER_ROOM, PATTERNS_PER_ROOM, ROLES_PER_ROOM
from chatd.core.names import parse_room
from chatd.core.perform import perform
from chatd.core.registry import Registry, Settings
from chatd.core.room import Room
from chatd.testing import NOON, arrive, new_registry, own_account

ROUNDS: Final = 41
MESSAGES: Final = 2_000
"""The messages of one round in each room."""

MEMBERS: Final = 10_000
ENTRIES: Final = 300
"""How often somebody enters each of the large rooms, each time as a new person."""


def roles() -> list[Event]:
    """As many roles as a room takes."""
    return [RoleSet("", DRAFT, NOON, "ada", "", f"p{n}", "moderator", f"account:p{n}") for n in range(ROLES_PER_ROOM)]


def bans(mutes: bool) -> list[Event]:
    """As many bans or mutes as a room takes: ranges, patterns, and for the rest nicks."""
    ranges = BANS_PER_ROOM // 2
    masks = [f"10.{n // 256}.{n % 256}.0/{24 - n % 8}" for n in range(ranges)]
    masks += [f"spam{n}*" for n in range(PATTERNS_PER_ROOM)]
    masks += [f"eve{n}" for n in range(BANS_PER_ROOM - len(masks))]
    return [BanSet("", DRAFT, NOON, "ada", "", mask, mutes) for mask in masks]


def invitations() -> list[Event]:
    return [Invited("", DRAFT, NOON, "ada", "", f"i{n}", f"account:i{n}") for n in range(INVITED_PER_ROOM)]


def with_rights(registry: Registry, name: str, events: Sequence[Event]) -> Room:
    """The room ``name``, in which ``events`` have happened."""
    room = registry.rooms.open(parse_room(name))
    for event in events:
        room.log.append(event, lambda outcome: None)
    return room


ROOMS: Final[Mapping[str, Callable[[], list[Event]]]] = {
    "nothing": list,
    "1,000 roles": roles,
    "1,000 bans": lambda: bans(mutes=False),
    "1,000 mutes": lambda: bans(mutes=True),
    "moderated, and a voice": lambda: [
        ModeSet("", DRAFT, NOON, "ada", "", "moderated", "on"),
        RoleSet("", DRAFT, NOON, "ada", "", "speaker", "voice", "account:speaker"),
    ],
}


ENTERED: Final[Mapping[str, Callable[[], list[Event]]]] = {
    "nothing": list,
    "1,000 roles": roles,
    "1,000 invitations": invitations,
    "1,000 bans": lambda: bans(mutes=False),
}


def messages() -> dict[str, list[float]]:
    """The time of a message in each room, in microseconds, once for each round."""
    registry = new_registry()
    commands = {}
    for number, (name, events) in enumerate(ROOMS.items()):
        with_rights(registry, f"r{number}", events())
        commands[name] = Say("What is said in a room of people.", f"r{number}")
    speaker = own_account(arrive(registry, "speaker", *(command.room for command in commands.values())))
    times: dict[str, list[float]] = {name: [] for name in ROOMS}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            began = time.process_time_ns()
            for _ in range(MESSAGES):
                perform(registry, speaker.session, command)
            times[name].append((time.process_time_ns() - began) / MESSAGES / 1000)
            speaker.take()
    return times


def entries() -> dict[str, list[float]]:
    """The time to enter a large room, in microseconds, once for each entry."""
    registry = new_registry(Settings(max_sessions=2 * MEMBERS, max_per_address=0))
    names = {}
    for number, (name, events) in enumerate(ENTERED.items()):
        names[name] = with_rights(registry, f"r{number}", events()).name.text
    people = [arrive(registry, f"p{n}", *names.values()) for n in range(MEMBERS)]
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(ENTRIES):
        for name, room in names.items():
            newcomer = arrive(registry, "newcomer", "hall")
            began = time.process_time_ns()
            perform(registry, newcomer.session, Join(room))
            times[name].append((time.process_time_ns() - began) / 1000)
            newcomer.lose_link()
    assert len(people) == MEMBERS
    return times


def table(times: Mapping[str, Sequence[float]], what: str) -> Rows:
    base = median(times["nothing"])
    head = ["rights in the room", f"{what}, µs", "more, µs", "nothing = 1"]
    rows = [[name, f"{median(all):.2f}", f"{median(all) - base:+.2f}", f"{median(all) / base:.2f}"] for name, all in times.items()]
    return [head, *rows]


def main(arguments: Sequence[str]) -> int:
    """Measure, and print the tables."""
    argparse.ArgumentParser(prog="python -m benchmarks rights", description=__doc__).parse_args(arguments)
    print(plain_table(table(messages(), "a message")))
    print()
    print(plain_table(table(entries(), f"entering a room of {MEMBERS:,}")))
    print()
    print("\n".join(f"{name}: {value}" for name, value in machine().items()))
    return 0
