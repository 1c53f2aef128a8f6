"""What happens in rooms, as lines."""

from __future__ import annotations

import pytest

from chatd.codecs.irc.capabilities import Cap
from chatd.codecs.irc.codec import IrcCodec
from chatd.codecs.irc.events import mask, mode_change, msgid, prefix, role_change, seq_of
from chatd.core import events
from chatd.core.events import Event, Reason
from chatd.core.registry import Settings
from chatd.testing import NOON

CODEC = IrcCodec(Settings(), lambda: NOON)
ALL = Cap.SHOWN


def done(cls: type[Event], *more: object, **fields: object) -> Event:
    return cls("dev", 7, NOON, "ada", "seat", *more, **fields)  # type: ignore[arg-type]


def lines(event: Event, view: int = 0) -> list[str]:
    return CODEC.encode(event, view).decode().split("\r\n")[:-1]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (done(events.Said, "hi"), ":ada!~ada@guest PRIVMSG #dev :hi"),
        (done(events.Said, "waves", True), ":ada!~ada@guest PRIVMSG #dev :\x01ACTION waves\x01"),
        (done(events.Said, "hi", notice=True), ":ada!~ada@guest NOTICE #dev :hi"),
        (done(events.Said, "\u2401VERSION\u2401"), ":ada!~ada@guest PRIVMSG #dev :\x01VERSION\x01"),
        (done(events.Said, "hi", account=True), ":ada!ada@account PRIVMSG #dev :hi"),
        (done(events.Blanked, ""), None),
        (done(events.Joined), ":ada!~ada@guest JOIN #dev"),
        (done(events.Left, Reason.LEFT), ":ada!~ada@guest PART #dev"),
        (done(events.Left, Reason.LEFT, "bye"), ":ada!~ada@guest PART #dev :bye"),
        (done(events.Left, Reason.QUIT, "bye"), ":ada!~ada@guest QUIT :quit: bye"),
        (done(events.Left, Reason.KICKED, "", "bob"), ":bob!~bob@guest KICK #dev ada :bob"),
        (done(events.Left, Reason.KICKED, "", "bob", by_account=True), ":bob!bob@account KICK #dev ada :bob"),
        (done(events.Left, Reason.KICKED), ":ada!~ada@guest QUIT :removed"),
        (done(events.Renamed, "eve"), ":ada!~ada@guest NICK :eve"),
        (done(events.TopicSet, "tea"), ":ada!~ada@guest TOPIC #dev :tea"),
        (done(events.RoleSet, "bob", "moderator", "", "member"), ":ada!~ada@guest MODE #dev +o bob"),
        (done(events.RoleSet, "bob", "moderator", "", "owner"), None),
        (done(events.BanSet, "bob"), ":ada!~ada@guest MODE #dev +b bob!*@*"),
        (done(events.BanSet, "bob", True), ":chatd NOTICE #dev :ada has muted bob"),
        (done(events.BanLifted, "bob"), ":ada!~ada@guest MODE #dev -b bob!*@*"),
        (done(events.BanLifted, "bob", True), ":chatd NOTICE #dev :ada has let bob speak again"),
        (done(events.Invited, "bob"), None),
        (done(events.ModeSet, "moderated", "on"), ":ada!~ada@guest MODE #dev +m"),
        (done(events.ModeSet, "limit", "7"), ":ada!~ada@guest MODE #dev +l 7"),
        (done(events.ModeSet, "key", "on", "hash"), ":ada!~ada@guest MODE #dev +k *"),
        (
            done(events.ModeSet, "slow", "7"),
            ":chatd NOTICE #dev :ada has put #dev into slow mode: one message in 7 s for each member",
        ),
        (done(events.Deleted, 3, "bob"), ":chatd NOTICE #dev :ada has deleted a message of bob"),
    ],
)
def test_an_event_is_one_line(event: Event, expected: str | None) -> None:
    assert lines(event) == ([expected] if expected else [])


def test_capabilities_show_more() -> None:
    time, account = "@time=2026-11-23T12:00:00.000Z", "account=ada"
    joined = done(events.Joined, "", "", "Ada Lovelace", "lunch", account=True)
    assert lines(joined, ALL) == [
        f"{time};msgid={msgid('dev', 7)};{account} :ada!ada@account JOIN #dev ada :Ada Lovelace",
        f"{time};{account} :ada!ada@account AWAY :lunch",
    ]
    assert lines(done(events.Joined), Cap.EXTENDED_JOIN) == [":ada!~ada@guest JOIN #dev * :ada"]
    assert lines(done(events.Invited, "bob"), Cap.INVITE) == [":ada!~ada@guest INVITE bob #dev"]
    assert lines(done(events.Deleted, 3, "bob"), Cap.REDACTION) == [f":ada!~ada@guest REDACT #dev {msgid('dev', 3)}"]
    assert lines(done(events.Said, "hi"), Cap.ACCOUNT_TAG) == [":ada!~ada@guest PRIVMSG #dev :hi"]


@pytest.mark.parametrize("is_action", [False, True])
def test_a_long_text_takes_several_lines(is_action: bool) -> None:
    found = lines(done(events.Said, "\N{SNOWMAN}" * 1000, is_action))
    assert len(found) == 7
    assert all(len(line.encode()) <= 510 for line in found)
    assert sum(line.count("\N{SNOWMAN}") for line in found) == 1000


def test_who_comes_back_to_their_role_is_shown_with_it() -> None:
    assert lines(done(events.Joined, "", "moderator")) == [":ada!~ada@guest JOIN #dev", ":chatd MODE #dev +o ada"]


def test_each_line_of_a_text_is_a_line() -> None:
    assert lines(done(events.Said, "one\n\ntwo")) == [":ada!~ada@guest PRIVMSG #dev :one", ":ada!~ada@guest PRIVMSG #dev :two"]


def test_an_id_is_that_of_its_room() -> None:
    assert seq_of(msgid("dev", 7), "DEV") == 7
    assert seq_of(msgid("dev", 7), "ops") is None
    assert seq_of("nonsense", "dev") is None


@pytest.mark.parametrize(
    ("before", "role", "expected"),
    [
        ("", "voice", "+v bob"),
        ("voice", "moderator", "+o-v bob bob"),
        ("owner", "voice", "+v-o bob bob"),
        ("owner", "member", "-ov bob bob"),
        ("voice", "member", "-v bob"),
        ("member", "member", ""),
    ],
)
def test_a_role_is_a_change_of_modes(before: str, role: str, expected: str) -> None:
    assert role_change(before, role, "bob") == expected


def test_masks_prefixes_and_modes() -> None:
    assert [mask(text) for text in ("bob*", "192.0.2.1", "192.0.2.0/24", "2001:db8::/32")] == [
        "bob*!*@*",
        "*!*@192.0.2.1",
        "*!*@192.0.2.0/24",
        "*!*@2001:db8::/32",
    ]
    assert [prefix(role) for role in ("owner", "moderator", "voice", "member")] == ["@", "@", "+", ""]
    assert prefix("owner", multi=True) == "@+"
    assert mode_change("limit", "off") == "-l"
    assert mode_change("history", "off") == ""


@pytest.mark.parametrize(
    ("reason", "by", "expected"),
    [(Reason.LEFT, "", "@account=ada :ada!ada@account PART #dev"), (Reason.KICKED, "bob", ":bob!~bob@guest KICK #dev ada :bob")],
)
def test_the_account_is_that_of_whoever_sends_the_line(reason: Reason, by: str, expected: str) -> None:
    assert lines(done(events.Left, reason, "", by, account=True), Cap.ACCOUNT_TAG) == [expected]
