"""Bans: masks, times, and whom they are about."""

from __future__ import annotations

import ipaddress
from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.core import bans
from chatd.core.bans import Ban, BanList, Pattern, parse_mask, span
from chatd.core.errors import BadUsage
from chatd.core.identity import Identity, identify
from chatd.testing import NOON


def guest(nick: str = "bob", seat: str = "s1", address: str = "192.0.2.1") -> Identity:
    return identify(nick.casefold(), "", [seat], [address])


@pytest.mark.parametrize(
    ("text", "milliseconds"), [("10m", 600_000), ("2h", 7_200_000), ("7d", 604_800_000), ("4w", 2_419_200_000)]
)
def test_a_span_is_a_number_with_a_unit(text: str, milliseconds: int) -> None:
    assert span(text) == milliseconds


@pytest.mark.parametrize("text", ["", "soon", "0m", "10", "1y", "999999m", "\u0661m"])
def test_other_texts_are_no_span(text: str) -> None:
    assert span(text) is None


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("Bob", "Bob"),
        ("bob*", "bob*"),
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("7", "7"),
    ],
)
def test_a_mask_is_a_nick_a_pattern_or_a_range(text: str, mask: str) -> None:
    assert parse_mask(text) == mask


@pytest.mark.parametrize("text", ["", "*", "?*", "a b", "a*b*c*d*e", "#dev", "x" * 33, "1.2.3.4/99"])
def test_other_masks_are_refused(text: str) -> None:
    with pytest.raises(BadUsage):
        parse_mask(text)


@pytest.mark.parametrize(
    ("ban", "identity"),
    [
        (Ban("Bob"), guest("bob")),
        (Ban("b?b"), guest("bob")),
        (Ban("bob*"), guest("Bobby")),
        (Ban("x", subjects=("seat:s1",)), guest("new-nick")),
        (Ban("x", subjects=("account:bob",)), identify("robert", "bob", ["s9"], [])),
        (Ban("x", networks=("192.0.2.1",)), guest("new-nick", "new-seat")),
        (Ban("192.0.2.0/24"), guest("y", "s2", "192.0.2.200")),
        (Ban("192.0.2.200"), guest("y", "s2", "192.0.2.200")),
        (Ban("2001:db8::/32"), guest("y", "s2", "2001:db8::1")),
        (Ban("2001:db8::7"), guest("y", "s2", "2001:db8::1")),
    ],
)
def test_a_ban_finds_whom_it_is_about(ban: Ban, identity: Identity) -> None:
    found = BanList([Ban("somebody"), ban])
    assert found.find(identity, NOON) is ban
    assert found.find(identity, NOON) is ban


@pytest.mark.parametrize(
    ("ban", "identity"),
    [
        (Ban("bob"), guest("bobby")),
        (Ban("b?b"), guest("bobb")),
        (Ban("x.y*"), guest("xzy1")),
        (Ban("x", networks=("192.0.2.1",)), identify("ada", "ada", ["s9"], ["192.0.2.1"])),
        (Ban("192.0.2.0/24"), guest("y", "s2", "192.0.3.1")),
        (Ban("192.0.2.0/24"), guest("y", "s2", "2001:db8::1")),
    ],
)
def test_and_nobody_else(ban: Ban, identity: Identity) -> None:
    assert BanList([ban]).find(identity, NOON) is None


def test_a_ban_ends() -> None:
    found = BanList([Ban("bob", until=NOON)])
    assert found.find(guest(), NOON - 1) is not None
    assert found.find(guest(), NOON) is None


def test_no_bans_are_about_nobody() -> None:
    assert not BanList([])
    assert BanList([]).find(guest(), NOON) is None


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bans, "VERDICTS", 3)
    found = BanList([Ban("bob")])
    people = [guest(f"bob{number}") for number in range(10)]
    assert [found.find(person, NOON) for person in people] == [None] * 10
    assert len(found._verdicts) <= 3


@given(st.lists(st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "10.1.2.0/31"]), max_size=4), st.integers(0, 255))
def test_ranges_of_any_length_are_found(masks: list[str], last: int) -> None:
    """Law: the list finds a range if one of its ranges contains the address."""
    address = ipaddress.ip_address(f"10.1.2.{last}")
    expected = any(address in ipaddress.ip_network(mask) for mask in masks)
    assert (BanList(map(Ban, masks)).find(guest(address=str(address)), NOON) is not None) == expected


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
@example("*a*b*", "aabab")
@example("a*bb*a", "aba")
@example("a*b", "aa")
@example("a?a*", "ab")
def test_a_pattern_matches_as_a_shell_would(pattern: str, nick: str) -> None:
    assert Pattern(pattern).matches(nick) == fnmatchcase(nick, pattern)
