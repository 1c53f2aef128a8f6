"""The rights of a room: the fold of the events that change them."""

from __future__ import annotations

from typing import Any

import pytest

from chatd.core import rights as rights_module
from chatd.core.events import BanLifted, BanSet, Event, Invited, Joined, Left, ModeSet, Reason, RoleSet, Said
from chatd.core.identity import identify
from chatd.core.membership import Role
from chatd.core.rights import Mode, Modes, Rights, tokens
from chatd.testing import NOON

ADA = identify("ada", "ada", ["s1"], ["192.0.2.1"])
BOB = identify("bob", "", ["s2"], ["192.0.2.2"])


def event(cls: type[Event], *more: Any, **named: Any) -> Event:
    return cls("dev", 1, NOON, "eve", "", *more, **named)


def folded(*events: Event) -> Rights:
    rights = Rights()
    for each in events:
        rights = rights.apply(each)
    return rights


def test_who_makes_a_room_owns_it() -> None:
    rights = folded(event(Joined, "account:ada"), event(Joined))
    assert (rights.role_of(ADA), rights.role_of(BOB)) == (Role.OWNER, Role.MEMBER)
    assert rights.has_owner
    assert rights.is_plain


def test_roles_are_given_and_taken() -> None:
    given = event(RoleSet, "bob", "moderator", "seat:s2")
    assert folded(given).role_of(BOB) is Role.MODERATOR
    rights = folded(event(Joined, "account:ada"), given, event(RoleSet, "bob", "member", "seat:s2"))
    assert rights.roles == {"account:ada": Role.OWNER}
    assert folded(event(RoleSet, "bob", "emperor", "seat:s2")).roles == {}


def test_a_person_has_the_highest_role_of_their_subjects() -> None:
    rights = folded(event(RoleSet, "ada", "voice", "account:ada"), event(RoleSet, "ada", "moderator", "seat:s1"))
    assert rights.role_of(ADA) is Role.MODERATOR


def test_a_role_belongs_to_the_account_and_not_to_its_seats() -> None:
    hidden = " ".join(ADA.subjects)
    rights = folded(event(RoleSet, "ada", "owner", "seat:s1"), event(RoleSet, "ada", "moderator", hidden))
    assert rights.roles == {"account:ada": Role.MODERATOR}
    assert rights.apply(event(RoleSet, "ada", "member", hidden)).roles == {}


def test_without_subjects_as_at_a_client_nobody_has_a_role() -> None:
    assert folded(event(RoleSet, "bob", "moderator")).roles == {}


def test_bans_and_mutes_are_apart() -> None:
    hidden = "seat:s2 network:192.0.2.2"
    rights = folded(event(BanSet, "bob", hidden=hidden), event(BanSet, "bob", mutes=True))
    assert rights.ban_list.find(BOB, NOON) is rights.find("BOB", mutes=False)
    assert rights.mute_list.find(BOB, NOON) is rights.find("bob", mutes=True)
    ban = rights.bans[0]
    assert (ban.subjects, ban.networks, ban.by) == (("seat:s2",), ("192.0.2.2",), "eve")
    lifted = rights.apply(event(BanLifted, "Bob", mutes=True))
    assert lifted.bans == (ban,)
    for limiting in (rights, lifted):  # Whoever is banned, and in the room all the same, cannot speak.
        assert limiting.limits_speech
        assert limiting.limits(BOB)
    assert not lifted.apply(event(BanLifted, "bob")).limits_speech


def test_a_new_ban_replaces_the_one_before_and_those_that_are_over() -> None:
    rights = folded(event(BanSet, "eve", until=NOON), event(BanSet, "bob", text="one"), event(BanSet, "BOB", text="two"))
    assert [(ban.mask, ban.text) for ban in rights.bans] == [("BOB", "two")]


def test_an_invitation_holds_until_a_removal() -> None:
    rights = folded(event(Invited, "bob", "seat:s2"))
    assert rights.is_expected(BOB)
    assert not rights.is_expected(ADA)
    assert rights.apply(event(Left, Reason.QUIT)) is rights
    assert rights.apply(event(Left, Reason.KICKED, "", "ada", "seat:s1")) is rights
    assert not rights.apply(event(Left, Reason.KICKED, "", "ada", "seat:s2")).is_expected(BOB)


def test_who_has_a_role_needs_no_invitation() -> None:
    assert folded(event(RoleSet, "bob", "voice", "seat:s2")).is_expected(BOB)


def test_the_number_of_invitations_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights_module, "INVITED_PER_ROOM", 2)
    rights = folded(*(event(Invited, "x", f"seat:{number}") for number in range(4)))
    assert rights.invited == ("seat:2", "seat:3")


@pytest.mark.parametrize(
    ("mode", "value", "hidden", "modes"),
    [
        (Mode.PRIVATE, "on", "seat:s2", Modes(is_private=True)),
        (Mode.PRIVATE, "off", "", Modes()),
        (Mode.KEY, "on", "hash", Modes(key="hash")),
        (Mode.KEY, "on", "", Modes(key="on")),
        (Mode.KEY, "off", "", Modes()),
        (Mode.LIMIT, "5", "", Modes(limit=5)),
        (Mode.LIMIT, "off", "", Modes()),
        (Mode.MODERATED, "on", "", Modes(is_moderated=True)),
        (Mode.TOPIC, "moderator", "", Modes(has_locked_topic=True)),
        (Mode.TOPIC, "member", "", Modes()),
        (Mode.SLOW, "10", "", Modes(slow=10)),
        (Mode.HISTORY, "off", "", Modes(hides_past=True)),
        (Mode.HISTORY, "on", "", Modes()),
        ("of a later version", "on", "", Modes()),
    ],
)
def test_modes_are_set(mode: str, value: str, hidden: str, modes: Modes) -> None:
    assert folded(event(ModeSet, mode, value, hidden)).modes == modes


def test_who_is_there_when_a_room_becomes_private_may_come_back() -> None:
    assert folded(event(ModeSet, "private", "on", "seat:s2")).is_expected(BOB)


@pytest.mark.parametrize("modes", [Modes(is_private=True), Modes(key="x"), Modes(hides_past=True)])
def test_a_room_that_not_everybody_can_read_is_not_open(modes: Modes) -> None:
    assert not modes.is_open
    assert Modes(is_moderated=True, limit=3).is_open


def test_other_events_change_nothing() -> None:
    rights = folded(event(Joined, "account:ada"))
    for other in (event(Said, "hi"), event(Joined), event(Left, Reason.QUIT)):
        assert rights.apply(other) is rights


def test_tokens_are_separated_by_spaces() -> None:
    assert tokens("") == ()
    assert tokens("a b") == ("a", "b")
