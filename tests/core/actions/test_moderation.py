"""Moderation: roles, removing, muting and banning people, and rooms that not everybody may
enter."""

from __future__ import annotations

import pytest

from chatd.codecs.json import encode_news
from chatd.core import answers, commands, events
from chatd.core.actions import moderation
from chatd.core.answers import BanLine, Entered, Exited, Invitation
from chatd.core.commands import (
    Ban,
    Bans,
    Command,
    Hello,
    History,
    Invite,
    Join,
    Keep,
    Kick,
    Mute,
    Op,
    Room,
    Say,
    Search,
    Topic,
    Who,
)
from chatd.core.events import BanSet, Joined, Left, ModeSet, Reason, RoleSet, Said
from chatd.core.limits import SHOWN_LINES
from chatd.core.policy import visible
from chatd.core.registry import Registry
from chatd.testing import NOON, StandingClock, Visitor, arrive, own_account
from tests.core.actions.answers import only, refusal

DEV = "dev"


def code(visitor: Visitor, command: Command) -> str:
    """The code of the refusal of ``command``."""
    visitor.take()
    return refusal(visitor.ask(command))[0]


def again(visitor: Visitor, nick: str, room: str = DEV, address: str = "192.0.2.1") -> list[str]:
    """What a new connection as ``nick`` that enters ``room`` gets: the codes of refusals."""
    other = Visitor(visitor.registry, address)
    return [news.code for news in other.ask(Hello(nick, rooms=(room,))) if isinstance(news, answers.Refused)]


# -- Roles -----------------------------------------------------------------------------------------


def test_the_owner_names_a_moderator(owner: Visitor, member: Visitor) -> None:
    assert only(answers.Done, owner.ask(Op("Mia"))).subject == "mia"
    news = only(RoleSet, member.take())
    assert (news.nick, news.to, news.role) == ("olga", "mia", "moderator")
    assert only(answers.Members, member.ask(Who())).roles == {"olga": "owner", "mia": "moderator"}


def test_nobody_acts_against_an_equal(registry: Registry, owner: Visitor, member: Visitor) -> None:
    owner.ask(Op("mia"))
    eve = arrive(registry, "eve", DEV)
    owner.ask(Op("eve"))
    for command in (Kick("eve"), Kick("olga"), Ban("olga"), Mute("eve"), commands.Deop("eve")):
        assert code(member, command) == "not-allowed"
    assert code(member, Op("zed")) == "not-allowed"
    assert only(answers.Done, owner.ask(commands.Deop("eve"))).subject == "eve"
    assert only(answers.Done, member.ask(Kick("eve"))).subject == "eve"
    assert eve.rooms == {}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (commands.Deop("olga"), ("not-allowed", "You are the only owner of the room.")),
        (Op("olga"), ("not-allowed", "You are the only owner of the room.")),
        (commands.Voice("olga"), ("bad-usage", "olga has a higher role already.")),
        (commands.Owner("olga"), ("bad-usage", "olga has this role already.")),
    ],
)
def test_the_last_owner_stays(owner: Visitor, command: Command, expected: tuple[str, str]) -> None:
    own_account(owner)
    assert refusal(owner.ask(command))[:2] == expected


def test_a_guest_may_give_up_their_room(owner: Visitor) -> None:
    assert only(answers.Done, owner.ask(commands.Deop("olga"))).subject == "olga"
    assert code(owner, Op("olga")) == "not-allowed"


def test_with_a_second_owner_the_first_may_go(owner: Visitor, member: Visitor) -> None:
    owner.ask(commands.Owner("mia"))
    assert only(answers.Done, owner.ask(commands.Deop("olga"))).subject == "olga"


def test_everybody_is_told_the_role_of_whoever_enters(registry: Registry, owner: Visitor, member: Visitor, ada: Visitor) -> None:
    own_account(member)
    owner.ask(Op("mia"))
    member.ask(commands.Leave(DEV))
    member.ask(Join(DEV))
    own_account(ada).ask(Join(DEV))
    arrive(registry, "bob", DEV)
    joined = [(event.nick, event.role) for event in owner.take() if isinstance(event, Joined)]
    assert joined == [("mia", "moderator"), ("ada", "operator"), ("bob", "")]
    assert only(Joined, registry.rooms.find(DEV).log.read(1, 2)).role == "owner"


def test_the_number_of_roles_is_limited(owner: Visitor, member: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moderation, "ROLES_PER_ROOM", 1)
    assert code(owner, Op("mia")) == "too-many"


def test_the_default_room_belongs_to_the_operators(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    assert code(ada, Kick("bob")) == "not-allowed"
    own_account(ada)
    assert only(answers.Done, ada.ask(Kick("bob"))).subject == "bob"


def test_an_operator_has_every_right_in_every_room(registry: Registry, owner: Visitor, ada: Visitor) -> None:
    assert code(ada, Kick("olga", room=DEV)) == "not-in-room"
    own_account(ada)
    assert only(answers.Done, ada.ask(Kick("olga", room=DEV))).subject == "olga"


def test_operators_are_named_in_the_log_of_the_server_too(registry: Registry, owner: Visitor, ada: Visitor) -> None:
    own_account(ada)
    own_account(owner)
    assert not registry.is_operator(owner.session.person.identity)  # type: ignore[union-attr]
    log = registry.rooms.server
    log.post(RoleSet("@server", 0, 0, "ada", "", "olga", "operator", "account:olga"), lambda outcome: None)
    assert registry.is_operator(owner.session.person.identity)  # type: ignore[union-attr]


def test_without_an_owner_nobody_shortens_what_others_wrote(ada: Visitor, bob: Visitor) -> None:
    assert code(bob, Keep("30d")) == "not-allowed"
    own_account(ada).ask(Keep("30d"))
    assert only(answers.RetentionIs, bob.ask(Keep("-"))).keep == ""


def test_where_there_is_an_owner_only_they_choose(owner: Visitor, member: Visitor) -> None:
    assert only(answers.RetentionIs, owner.ask(Keep("30d"))).keep == "30d"
    assert code(member, Keep("-")) == "not-allowed"


# -- Removing --------------------------------------------------------------------------------------


def test_who_is_removed_sees_nothing_of_what_follows(owner: Visitor, member: Visitor) -> None:
    owner.ask(Say("before"))
    left = only(Left, owner.ask(Kick("mia", "off topic")))
    owner.ask(Say("after"))
    said, exited = member.take()
    assert isinstance(said, Said)
    assert exited == Exited(DEV, "", "olga", "off topic")
    assert (left.nick, left.by, left.text) == ("mia", "olga", "off topic")
    for command in (History(room=DEV), Say("hi", DEV), Topic("", DEV)):
        assert code(member, command) == "not-in-room"


def test_only_members_can_be_removed(registry: Registry, owner: Visitor, bob: Visitor) -> None:
    assert refusal(owner.ask(Kick("bob")))[:2] == ("not-there", "bob is not in #dev.")


# -- Bans and mutes --------------------------------------------------------------------------------


def test_a_ban_holds_against_a_new_nick_and_a_new_connection(owner: Visitor, member: Visitor) -> None:
    owner.ask(Ban("mia", "2h", "spam"))
    assert only(Exited, member.take()).text == "spam"
    assert refusal(member.ask(Join(DEV)))[:2] == ("banned", "You are banned from #dev until 2026-11-23 14:00: spam.")
    assert again(member, "mia2") == ["banned"]
    assert again(member, "mia3", address="198.51.100.1") == []


def test_a_ban_ends(owner: Visitor, member: Visitor, clock: StandingClock) -> None:
    owner.ask(Ban("mia", "10m"))
    clock.advance(601)
    assert only(Entered, member.ask(Join(DEV))).room == DEV
    assert only(answers.Bans, owner.ask(Bans())).bans == ()


def test_the_list_of_bans_is_charged_for_its_length(owner: Visitor) -> None:
    spent = []
    for mask in ("mia*", "*spam"):
        owner.ask(Ban(mask))
        before = owner.out.spent
        owner.ask(Bans())
        spent.append(owner.out.spent - before)
    assert spent == pytest.approx([SHOWN_LINES, 2 * SHOWN_LINES])


def test_a_ban_can_be_lifted(owner: Visitor, member: Visitor) -> None:
    owner.ask(Ban("mia*"))
    assert only(answers.Bans, owner.ask(Bans())) == answers.Bans(DEV, (BanLine("mia*", by="olga", since=NOON),))
    assert code(owner, commands.Unban("mia")) == "no-such-nick"
    owner.ask(commands.Unban("MIA*"))
    assert only(Entered, member.ask(Join(DEV))).room == DEV


def test_bans_of_what_cannot_be_a_nick_are_not_the_same(owner: Visitor) -> None:
    for mask in ("👍", "🎈"):
        owner.ask(Ban(mask))
    owner.ask(commands.Unban("🎈"))
    assert [ban.mask for ban in only(answers.Bans, owner.ask(Bans())).bans] == ["👍"]


def test_a_ban_of_a_range_removes_whoever_is_in_it(registry: Registry, owner: Visitor, member: Visitor) -> None:
    owner.ask(Ban("192.0.2.0/24"))
    assert only(Exited, member.take()).by == "olga"
    assert owner.rooms
    assert again(owner, "zed") == ["banned"]


def test_people_with_a_role_are_not_banned_by_a_pattern(owner: Visitor, member: Visitor) -> None:
    owner.ask(commands.Voice("mia"))
    owner.ask(Ban("m*"))
    assert member.rooms
    assert again(owner, "max") == ["banned"]


def test_the_address_of_an_account_is_not_banned(registry: Registry, owner: Visitor, member: Visitor) -> None:
    own_account(member)
    owner.ask(Ban("mia"))
    assert again(owner, "zed") == []
    assert member.rooms == {}


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "/run/chatd.sock"])
def test_the_address_of_the_machine_itself_is_not_banned(owner: Visitor, address: str) -> None:
    eve = Visitor(owner.registry, address)
    eve.ask(Hello("eve", rooms=(DEV,)))
    owner.ask(Ban("eve"))
    assert eve.rooms == {}
    assert again(owner, "zed", address=address) == []


def test_nobody_is_shown_an_address_or_a_seat(owner: Visitor, member: Visitor) -> None:
    owner.ask(Ban("mia"))
    ban = only(BanSet, [event for event in owner.registry.rooms.find(DEV).log.read(1, 99) if isinstance(event, BanSet)])
    assert "192.0.2.1" in ban.hidden
    assert b"192.0.2.1" not in encode_news(ban)
    assert b"seat" not in encode_news(ban)


def test_who_is_muted_may_not_speak(owner: Visitor, member: Visitor) -> None:
    owner.ask(Mute("mia", "10m", "calm down"))
    member.take()
    assert refusal(member.ask(Say("hi")))[:2] == ("muted", "You are muted in #dev until 2026-11-23 12:10: calm down.")
    assert code(member, commands.Me("waves")) == "muted"
    owner.ask(commands.Unmute("mia"))
    assert only(Said, member.ask(Say("hi"))).text == "hi"


def test_the_number_of_bans_is_limited(owner: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moderation, "BANS_PER_ROOM", 1)
    owner.ask(Ban("one"))
    assert code(owner, Ban("two")) == "too-many"
    assert only(answers.Done, owner.ask(Ban("one", text="again"))).subject == "one"


@pytest.mark.parametrize("command", [Ban("bob", "soon"), Ban("bob", text="x" * 301), Kick("mia", "x" * 301)])
def test_an_invalid_time_or_reason_is_refused(owner: Visitor, member: Visitor, command: Command) -> None:
    assert code(owner, command) == "bad-usage"
    assert member.rooms


# -- Modes -----------------------------------------------------------------------------------------


def test_a_moderated_room_needs_a_voice(owner: Visitor, member: Visitor) -> None:
    assert only(answers.RoomModes, owner.ask(Room("moderated", "on"))).modes == {"moderated": "on"}
    assert only(ModeSet, member.take()).value == "on"
    assert code(member, Say("hi")) == "muted"
    owner.ask(commands.Voice("mia"))
    assert only(Said, member.ask(Say("hi"))).text == "hi"


def test_slow_mode_limits_members_only(owner: Visitor, member: Visitor, clock: StandingClock) -> None:
    owner.ask(Room("slow", "10"))
    member.ask(Say("one"))
    clock.advance(9.5)
    assert refusal(member.ask(Say("two")))[1:] == ("#dev is in slow mode: one message in 10 s.", "Try again in 1 s.")
    clock.advance(0.5)
    assert only(Said, member.ask(Say("three"))).text == "three"
    clock.advance(-3600)
    assert only(Said, member.ask(Say("the clock was set back"))).seq
    owner.ask(Say("as often"))
    assert only(Said, owner.ask(Say("as I like"))).seq


def test_a_locked_topic_needs_a_moderator(owner: Visitor, member: Visitor) -> None:
    owner.ask(Room("topic", "moderator"))
    assert code(member, Topic("mine")) == "not-allowed"
    assert only(answers.TopicIs, member.ask(Topic())).text == ""
    assert only(answers.Done, owner.ask(Topic("ours"))).subject == "ours"


def test_a_limit_keeps_others_out(owner: Visitor, member: Visitor) -> None:
    owner.ask(Room("limit", "2"))
    assert again(owner, "zed") == ["room-full"]
    owner.ask(Room("limit", "off"))
    assert again(owner, "yan") == []


def test_a_key_lets_people_in(registry: Registry, owner: Visitor, bob: Visitor) -> None:
    owner.ask(Room("key", "s3cret"))
    assert only(answers.RoomModes, owner.ask(Room())).modes == {"key": "on"}
    assert refusal(bob.ask(Join(DEV)))[1] == "#dev needs a key."
    assert refusal(bob.ask(Join(DEV, "wrong")))[1] == "#dev needs a key, and this is not it."
    assert only(Entered, bob.ask(Join(DEV, "s3cret"))).room == DEV
    stranger = arrive(registry, "zed")
    assert refusal(stranger.ask(Search("plans", DEV)))[0] == "not-in-room"
    assert b"s3cret" not in repr(registry.rooms.find(DEV).log.read(1, 99)).encode()


def test_newcomers_see_nothing_of_the_past(owner: Visitor, bob: Visitor) -> None:
    owner.ask(Say("secret plans"))
    owner.ask(Room("history", "off"))
    entered = only(Entered, bob.ask(Join(DEV)))
    assert entered.scrollback == ()
    owner.ask(Say("open plans"))
    page = only(answers.HistoryPage, bob.ask(History()))
    assert [event.text for event in page.events if isinstance(event, Said)] == ["open plans"]
    assert not page.more
    assert [event.seq for event in only(answers.SearchResults, bob.ask(Search("plans"))).events] == [entered.seq + 1]
    assert len(only(answers.SearchResults, owner.ask(Search("plans"))).events) == 2
    own_account(bob)


@pytest.mark.parametrize(
    ("mode", "value"),
    [
        ("colour", "on"),
        ("private", "maybe"),
        ("limit", "0"),
        ("limit", "99999999"),
        ("slow", "-1"),
        ("slow", "3601"),
        ("topic", "owner"),
        ("key", "abc"),
        ("history", ""),
    ],
)
def test_an_unknown_mode_or_value_is_refused(owner: Visitor, mode: str, value: str) -> None:
    assert code(owner, Room(mode, value)) == "bad-usage"


@pytest.mark.parametrize(
    ("mode", "value", "shown"),
    [
        ("limit", "5", "5"),
        ("slow", "5", "5"),
        ("topic", "MODERATOR", "moderator"),
        ("history", "off", "off"),
        ("private", "on", "on"),
    ],
)
def test_modes_are_shown(owner: Visitor, mode: str, value: str, shown: str) -> None:
    assert only(answers.RoomModes, owner.ask(Room(mode.upper(), value))).modes == {mode: shown}
    off = {"topic": "member", "history": "on"}.get(mode, "off")
    assert only(answers.RoomModes, owner.ask(Room(mode, off))).modes == {}


# -- Private rooms ---------------------------------------------------------------------------------


@pytest.fixture
def private(owner: Visitor, member: Visitor) -> str:
    """A private room with olga and mia."""
    owner.ask(Say("secret tea"))
    owner.ask(Room("private", "on"))
    member.take()
    return DEV


def test_a_private_room_cannot_be_seen(private: str, registry: Registry, bob: Visitor, owner: Visitor) -> None:
    assert [line.room for line in only(answers.RoomList, bob.ask(commands.Rooms())).rooms] == ["lobby"]
    assert only(answers.RoomList, bob.ask(commands.Rooms())).count == 1
    assert only(answers.PersonInfo, bob.ask(commands.Whois("olga"))).rooms == ()
    assert only(answers.SearchResults, bob.ask(Search("secret"))).events == ()
    for command in (Who(DEV), Search("tea", DEV)):
        missing = type(command)("nowhere") if isinstance(command, Who) else Search("tea", "nowhere")
        seen = [text.replace("dev", "nowhere") for text in refusal(bob.ask(command))]
        assert tuple(seen) == refusal(bob.ask(missing))
    assert refusal(bob.ask(Join("DeV")))[:2] == ("not-invited", "#dev is private.")
    assert only(answers.PersonInfo, owner.ask(commands.Whois("mia"))).rooms == (DEV,)


def test_its_name_is_not_told_to_who_makes_a_similar_one(registry: Registry, owner: Visitor, bob: Visitor) -> None:
    owner.ask(Join("deI"))
    owner.ask(Room("private", "on"))
    code_, reason, _ = refusal(bob.ask(Join("de1")))
    assert (code_, reason) == ("bad-room", "#de1 looks like the name of another room.")


def test_who_was_in_it_may_come_back(private: str, member: Visitor) -> None:
    member.ask(commands.Leave())
    assert only(Entered, member.ask(Join(DEV))).room == DEV


def test_who_was_removed_may_not(private: str, owner: Visitor, member: Visitor) -> None:
    owner.ask(Kick("mia"))
    assert code(member, Join(DEV)) == "not-invited"


def test_an_invitation_lets_somebody_in(private: str, owner: Visitor, bob: Visitor) -> None:
    assert only(answers.Done, owner.ask(Invite("bob"))).subject == "bob"
    assert bob.take() == [Invitation("olga", DEV)]
    assert {line.room for line in only(answers.RoomList, bob.ask(commands.Rooms())).rooms} == {"lobby", DEV}
    assert only(Entered, bob.ask(Join(DEV))).room == DEV
    assert code(owner, Invite("bob")) == "already-there"


def test_any_member_tells_others_of_an_open_room(registry: Registry, owner: Visitor, bob: Visitor) -> None:
    mia = arrive(registry, "mia", DEV)
    bob.take()
    assert only(answers.Done, mia.ask(Invite("bob"))).subject == "bob"
    assert bob.take() == [Invitation("mia", DEV)]
    assert not [news for news in owner.take() if isinstance(news, events.Invited)]


def test_an_invitation_from_somebody_ignored_is_not_heard(private: str, owner: Visitor, bob: Visitor) -> None:
    bob.ask(commands.Ignore("olga"))
    owner.ask(Invite("bob"))
    assert bob.take() == []


def test_operators_see_everything(private: str, ada: Visitor) -> None:
    own_account(ada)
    assert {line.room for line in only(answers.RoomList, ada.ask(commands.Rooms())).rooms} == {"lobby", DEV}
    assert len(only(answers.SearchResults, ada.ask(Search("secret"))).events) == 1
    assert only(Entered, ada.ask(Join(DEV))).room == DEV


def test_without_a_nick_nothing_private_is_seen(private: str, registry: Registry, owner: Visitor) -> None:
    gate = visible(registry, None)
    assert list(gate.rooms()) == []
    assert DEV not in gate.logs()
    room = registry.rooms.find(DEV)
    assert gate.first_seq(room) == 0
    owner.ask(Room("history", "off"))
    assert gate.first_seq(room) == room.log.end


def test_who_was_muted_speaks_again_when_the_time_is_over(clock: StandingClock, owner: Visitor, member: Visitor) -> None:
    owner.ask(Mute("mia", "1m"))
    assert code(member, Say("hi")) == "muted"
    clock.advance(60)
    member.take()
    assert only(Said, member.ask(Say("hi"))).text == "hi"


def test_what_may_not_be_read_takes_no_place_among_the_hits(owner: Visitor, member: Visitor) -> None:
    member.ask(commands.Leave())
    member.ask(Join("tea-house"))
    member.ask(Say("tea"))
    for number in range(5):
        owner.ask(Say(f"tea {number}"))
    owner.ask(Room("history", "off"))
    member.ask(Join(DEV))
    [found] = [news for news in member.ask(commands.Search("tea", count=1)) if isinstance(news, answers.SearchResults)]
    assert ([event.text for event in found.events if isinstance(event, Said)], found.more) == (["tea"], False)


@pytest.mark.parametrize("mask", ["0.0.0.0/0", "10.0.0.0/7", "::/0", "2001::/15", "::ffff:0.0.0.0/97"])
def test_a_range_that_is_a_large_part_of_everybody_is_not_banned(owner: Visitor, mask: str) -> None:
    assert refusal(owner.ask(Ban(mask)))[:2] == ("bad-usage", "This range is a large part of everybody.")


@pytest.mark.parametrize("mask", ["10.0.0.0/8", "2001::/16", "2001:db8::7", "bob*"])
def test_other_masks_are(owner: Visitor, mask: str) -> None:
    assert only(answers.Done, owner.ask(Ban(mask))).subject == mask


def test_whom_a_ban_lets_stay_cannot_speak(owner: Visitor, member: Visitor) -> None:
    nick = member.session.nick
    assert only(answers.Done, owner.ask(Ban(nick, stays=True))).subject == nick
    assert code(member, Say("hi")) == "muted"
    owner.ask(commands.Unban(nick))
    member.take()
    assert only(Said, member.ask(Say("hi"))).text == "hi"


# -- The whole server ------------------------------------------------------------------------------


def test_an_operator_ends_a_connection(ada: Visitor, bob: Visitor) -> None:
    own_account(ada)
    assert only(answers.Done, ada.ask(Kick("bob", "enough", "@server"))).subject == "bob"
    assert bob.take() == [answers.Closing(Reason.KICKED, "enough")]
    assert bob.out.closed is Reason.KICKED
    audit = only(answers.HistoryPage, ada.ask(History(room="@server"))).events
    assert [(event.nick, event.by, event.text) for event in audit if isinstance(event, Left)] == [("bob", "ada", "enough")]


def test_a_ban_from_the_server_holds_for_every_room(ada: Visitor, bob: Visitor) -> None:
    own_account(ada)
    ada.ask(Ban("bob", room="@server"))
    assert bob.out.closed is Reason.KICKED
    assert again(ada, "bob2", "lobby") == ["banned"]
    assert again(ada, "zed", "lobby", "198.51.100.9") == []
    assert ada.out.closed is None
    ada.ask(commands.Unban("bob", "@server"))
    assert again(ada, "bob3", "lobby") == []


def test_a_mute_on_the_server_holds_in_every_room_and_in_private(ada: Visitor, bob: Visitor) -> None:
    bob.ask(Join("den"))  # Which is theirs.
    own_account(ada).ask(Mute("bob", text="spam", room="@server"))
    bob.take()
    refused = only(answers.Refused, bob.ask(Say("hi")))
    assert (refused.code, refused.reason) == ("muted", "You are muted on this server: spam.")
    for command in (commands.Topic("hi"), commands.Msg("ada", "hi")):
        assert code(bob, command) == "muted"
    ada.take()
    bob.ask(commands.Quit("buy spam"))
    assert only(Left, ada.take()).text == ""


def test_an_operator_is_not_muted_on_the_server(ada: Visitor) -> None:
    own_account(ada).ask(Mute("*a", room="@server"))
    assert only(Said, ada.ask(Say("hi"))).text == "hi"


def test_others_do_not_learn_of_the_log_of_the_server(ada: Visitor, bob: Visitor) -> None:
    for command in (Kick("ada", room="@server"), History(room="@server"), Bans("@server")):
        assert code(bob, command) == "bad-room"
    own_account(ada)
    ada.ask(Ban("zed", room="@server"))
    assert only(answers.SearchResults, bob.ask(Search("zed"))).events == ()
    assert [line.room for line in only(answers.RoomList, ada.ask(commands.Rooms())).rooms] == ["lobby"]


# -- Resuming --------------------------------------------------------------------------------------


@pytest.mark.parametrize("removed", [False, True])
def test_who_was_removed_cannot_resume_where_the_past_is_hidden(registry: Registry, owner: Visitor, removed: bool) -> None:
    token = "t" * 16
    bob = Visitor(registry)
    bob.ask(Hello("bob", token=token, rooms=(DEV,)))
    owner.ask(Room("history", "off"))
    seen = registry.rooms.find(DEV).log.end - 1
    if removed:
        owner.ask(Kick("bob"))
    bob.lose_link()
    owner.ask(Say("meanwhile"))
    again = Visitor(registry)
    news = again.ask(Hello("bob", token=token, resume={DEV: seen}, log="testlog"))
    assert ("meanwhile" in [event.text for event in news if isinstance(event, Said)]) == (not removed)


def test_an_invitation_is_not_told_whom_it_would_bother(registry: Registry) -> None:
    ada, bob = arrive(registry, "ada"), arrive(registry, "bob")
    ada.ask(commands.Join("tea"))
    bob.ask(commands.Ignore("ada"))
    assert only(answers.Done, ada.ask(Invite("bob"))).subject == "bob"
    assert not [news for news in bob.take() if isinstance(news, answers.Invitation)]
