"""Ways around the rights in a room that lead nowhere."""

from __future__ import annotations

import pytest

from chatd.core import answers, commands
from chatd.core.account import Account
from chatd.core.actions import moderation
from chatd.core.actions.base import person_of
from chatd.core.answers import Done, Entered, Invitation, Refused, SearchResults
from chatd.core.commands import (
    Ban,
    Command,
    Deop,
    Hello,
    Invite,
    Join,
    Kick,
    Leave,
    Login,
    Mute,
    Nick,
    Op,
    Quit,
    Register,
    Room,
    Say,
    Search,
    Topic,
)
from chatd.core.events import Left, Reason, Said, TopicSet
from chatd.core.limits import EVENT_LINES, RIGHT_LINES
from chatd.core.membership import Role
from chatd.core.names import parse_nick
from chatd.core.perform import perform
from chatd.core.presence import attach
from chatd.core.registry import Registry, Settings
from chatd.core.ssh_keys import parse_key
from chatd.testing import NOON, StandingClock, Visitor, arrive, new_registry, own_account
from tests.core.actions.answers import TOKEN, every, only
from tests.core.late import LateStore

DEV = "dev"


def code(visitor: Visitor, command: Command) -> str:
    """The code of the refusal of ``command``; empty: there is none."""
    visitor.take()
    return "".join(news.code for news in visitor.ask(command) if isinstance(news, Refused))


def with_token(registry: Registry, nick: str, token: str = TOKEN) -> Visitor:
    visitor = Visitor(registry)
    visitor.ask(Hello(nick, token=token))
    return visitor


# -- Accounts and seats ----------------------------------------------------------------------------


def test_a_role_that_is_taken_from_an_account_does_not_stay_with_a_seat(registry: Registry, owner: Visitor) -> None:
    mia = own_account(with_token(registry, "mia"))
    owner.ask(Op("mia"))
    mia.lose_link()
    own_account(arrive(registry, "mia"))
    assert only(Done, owner.ask(Deop("mia"))).command == "deop"
    seat = with_token(registry, "eve")
    assert seat.session.person is not None
    assert registry.rooms.find(DEV).rights.role_of(seat.session.person.identity) is Role.MEMBER


def test_an_invitation_that_is_taken_from_an_account_does_not_stay_with_a_seat(registry: Registry, owner: Visitor) -> None:
    owner.ask(Room("private", "on"))
    mia = own_account(with_token(registry, "mia"))
    owner.ask(Invite("mia"))
    mia.lose_link()
    mia = own_account(arrive(registry, "mia"))
    only(Entered, mia.ask(Join(DEV)))
    owner.ask(Kick("mia"))
    assert code(with_token(registry, "eve"), Join(DEV)) == "not-invited"


def test_the_owner_of_a_banned_nick_may_not_enter_under_another(
    registry: Registry, owner: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry.accounts, "get", {"mia": Account(1, parse_nick("mia"), NOON)}.get)
    owner.ask(Ban("Mia"))
    mia = own_account(arrive(registry, "mia"))
    mia.ask(Nick("zoe"))
    assert code(mia, Join(DEV)) == "banned"


def test_registering_does_not_help_against_the_ban_of_an_address(registry: Registry, clock: StandingClock, owner: Visitor) -> None:
    def account(nick: str, address: str = "192.0.2.7") -> Visitor:
        visitor = Visitor(registry, address)
        visitor.ask(Hello(nick))
        visitor.ask(Register(password="correct horse battery"))
        return visitor

    old, mia = account("old"), Visitor(registry, "192.0.2.7")
    clock.advance(1)
    mia.ask(Hello("mia", rooms=(DEV,)))
    owner.ask(Ban("mia"))
    clock.advance(1)
    assert code(account("zoe"), Join(DEV)) == "banned"
    assert code(account("elsewhere", "198.51.100.7"), Join(DEV)) == ""
    assert code(old, Join(DEV)) == "", "their account is older than the ban"
    guest = Visitor(registry, "192.0.2.7")
    guest.ask(Hello("guest"))
    assert code(guest, Join(DEV)) == "banned"
    guest.ask(Login("old", "correct horse battery"))
    assert code(guest, Join(DEV)) == ""


KEY = parse_key("certificate MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")


def with_key(registry: Registry, nick: str, address: str, *rooms: str) -> Visitor:
    """Somebody who comes with a key."""
    visitor = Visitor(registry, address)
    visitor.session.key = KEY
    visitor.ask(Hello(nick, rooms=rooms))
    return visitor


def test_a_ban_is_about_the_key_that_somebody_has_come_with(registry: Registry, owner: Visitor) -> None:
    with_key(registry, "mia", "192.0.2.7", DEV)
    owner.ask(Ban("mia"))
    assert code(with_key(registry, "zoe", "198.51.100.7"), Join(DEV)) == "banned"
    account = with_key(registry, "eve", "198.51.100.8")
    account.ask(Register(password="correct horse battery"))
    assert code(account, Join(DEV)) == "banned"
    assert code(arrive(registry, "bob"), Join(DEV)) == ""


def test_a_key_can_be_banned_by_its_fingerprint(registry: Registry, owner: Visitor) -> None:
    mia = with_key(registry, "mia", "192.0.2.7", DEV)
    assert only(Done, owner.ask(Ban(KEY.fingerprint))).subject == KEY.fingerprint
    assert mia.rooms == {}
    assert code(with_key(registry, "zoe", "198.51.100.7"), Join(DEV)) == "banned"
    only(Done, owner.ask(commands.Unban(KEY.fingerprint)))
    assert code(mia, Join(DEV)) == ""


def test_who_is_removed_from_a_private_room_needs_an_invitation_whatever_their_role_was(
    registry: Registry, owner: Visitor, member: Visitor
) -> None:
    owner.ask(Op("mia"))
    owner.ask(Kick("mia"))
    assert code(member, Join(DEV)) == ""
    assert registry.rooms.find(DEV).rights.role_of(person_of(member.session).identity) is Role.MODERATOR
    owner.ask(Room("private", "on"))
    owner.ask(Kick("mia"))
    assert code(member, Join(DEV)) == "not-invited"
    owner.ask(Invite("mia"))
    assert code(member, Join(DEV)) == ""
    assert registry.rooms.find(DEV).rights.role_of(person_of(member.session).identity) is Role.MEMBER
    owner.ask(Kick("olga"))
    assert code(owner, Join(DEV)) == "", "who removes themselves, as an owner, goes on owning the room"


def test_another_session_of_who_was_removed_cannot_resume(registry: Registry, owner: Visitor) -> None:
    owner.ask(Room("history", "off"))
    first, second = own_account(arrive(registry, "mia")), Visitor(registry)
    second.ask(Hello("zoe", token=TOKEN, rooms=(DEV,)))
    sender_id = second.session.sender_id
    second.lose_link()
    assert first.session.person is not None
    again = Visitor(registry)
    attach(registry, again.session, first.session.person, sender_id)
    perform(registry, again.session, Join(DEV))
    seen = registry.rooms.find(DEV).log.end - 1
    owner.ask(Kick("mia"))
    owner.ask(Say("meanwhile"))
    first.lose_link()
    again.lose_link()
    last = Visitor(registry)
    news = last.ask(Hello("mia", token=TOKEN, resume={DEV: seen}, log="testlog"))
    assert every(Said, news) == []
    assert only(answers.Missed, news).last > seen


def test_who_was_removed_from_the_server_cannot_resume(registry: Registry, owner: Visitor, ada: Visitor) -> None:
    owner.ask(Room("history", "off"))
    mia = Visitor(registry)
    mia.ask(Hello("mia", token=TOKEN, rooms=(DEV,)))
    seen = registry.rooms.find(DEV).log.end - 1
    own_account(ada).ask(Kick("mia", room="@server"))
    owner.ask(Say("meanwhile"))
    assert every(Said, Visitor(registry).ask(Hello("mia", token=TOKEN, resume={DEV: seen}, log="testlog"))) == []


def test_a_seat_does_not_carry_a_person_past_a_ban(registry: Registry, owner: Visitor) -> None:
    first = Visitor(registry, "198.51.100.7")
    first.ask(Hello("mia", token=TOKEN, rooms=(DEV, "lobby")))
    owner.ask(Ban("192.0.2.0/24"))
    elsewhere = Visitor(registry, "198.51.100.8")
    assert only(Entered, [news for news in elsewhere.ask(Hello("mia", token=TOKEN)) if getattr(news, "room", "") == DEV])
    again = Visitor(registry, "192.0.2.9")
    news = again.ask(Hello("mia", token=TOKEN, rooms=(DEV, "lobby")))
    assert [(refused.code, refused.room) for refused in every(Refused, news)] == [("banned", DEV)]
    assert [*again.rooms] == ["lobby"]
    assert "mia" in [left.nick for left in every(Left, owner.take())]


# -- Rooms -----------------------------------------------------------------------------------------


def test_who_opens_a_closed_room_again_does_not_own_it(registry: Registry, owner: Visitor) -> None:
    owner.ask(Say("hi"))
    room = registry.rooms.find(DEV)
    owner.ask(Leave())
    registry.rooms._drop(room)  # As if a thousand others had been made, with a log on the disk.
    eve = arrive(registry, "eve", DEV)
    assert registry.rooms.find(DEV) is not room
    assert code(eve, Room("private", "on")) == "not-allowed"
    assert only(Entered, owner.ask(Join(DEV))).role == "owner"


def test_who_is_banned_does_not_search_what_they_may_not_read(registry: Registry, owner: Visitor, member: Visitor) -> None:
    owner.ask(Say("tea"))
    assert len(only(SearchResults, member.ask(Search("tea"))).events) == 1
    owner.ask(Ban("mia"))
    member.take()
    assert only(SearchResults, member.ask(Search("tea"))).events == ()
    assert code(member, Search("tea in:dev")) == "not-in-room"


def test_a_search_does_not_tell_that_there_is_more_in_a_hidden_past(registry: Registry, owner: Visitor) -> None:
    owner.ask(Say("tea"))
    owner.ask(Say("tea"))
    owner.ask(Room("history", "off"))
    found = only(SearchResults, arrive(registry, "mia", DEV).ask(Search("tea", count=1)))
    assert (found.events, found.more) == ((), False)


# -- Speaking --------------------------------------------------------------------------------------


@pytest.mark.parametrize("silenced", [Mute("mia"), Room("moderated", "on")])
def test_who_may_not_speak_does_not_speak_in_a_topic_or_on_leaving(owner: Visitor, member: Visitor, silenced: Command) -> None:
    owner.ask(silenced)
    assert code(member, Topic("buy now")) == "muted"
    assert code(member, Topic()) == ""
    member.ask(Quit("buy now"))
    news = owner.take()
    assert every(TopicSet, news) == []
    assert [(left.reason, left.text) for left in every(Left, news)] == [(Reason.QUIT, "")]


@pytest.mark.parametrize("role", [None, commands.Voice("mia")])
def test_others_do(owner: Visitor, member: Visitor, role: Command | None) -> None:
    if role is None:
        owner.ask(Mute("zoe"))
    else:
        owner.ask(Room("moderated", "on"))
        owner.ask(role)
    assert code(member, Topic("tea")) == ""
    member.ask(Quit("bye"))
    assert only(Left, owner.take()).text == "bye"


def test_an_operator_sets_the_topic_of_a_room_that_they_are_not_in(owner: Visitor, ada: Visitor) -> None:
    owner.ask(Room("moderated", "on"))
    assert code(own_account(ada), Topic("tea", DEV)) == ""
    assert only(TopicSet, owner.take()).text == "tea"


def test_entering_again_does_not_help_in_slow_mode(owner: Visitor, member: Visitor, clock: StandingClock) -> None:
    owner.ask(Room("slow", "10"))
    assert code(member, Say("one")) == ""
    member.ask(Leave())
    member.ask(Join(DEV))
    assert code(member, Say("two")) == "muted"
    clock.advance(10)
    assert code(member, Say("two")) == ""


def test_a_room_forgets_who_has_waited(registry: Registry, owner: Visitor, member: Visitor, clock: StandingClock) -> None:
    owner.ask(Room("slow", "10"))
    member.ask(Say("one"))
    clock.advance(10)
    arrive(registry, "zoe", DEV).ask(Say("two"))
    assert len(registry.rooms.find(DEV).spoke_at) == 1


def test_nobody_takes_a_nick_that_is_banned(registry: Registry, owner: Visitor, member: Visitor, ada: Visitor) -> None:
    owner.ask(Ban("spam*"))
    assert code(member, Nick("spam-buy")) == "banned"
    assert code(owner, Nick("spam-ham")) == ""
    own_account(ada).ask(Ban("evil*", room="@server"))
    assert code(member, Nick("evil-mia")) == "banned"
    assert code(member, Nick("mia-2")) == ""


def test_an_invitation_of_somebody_ignored_is_not_heard_under_another_nick(owner: Visitor, bob: Visitor) -> None:
    bob.ask(commands.Ignore("olga"))
    owner.ask(Nick("inga"))
    owner.ask(Invite("bob"))
    assert every(Invitation, bob.take()) == []


def test_bans_that_are_over_take_no_place(owner: Visitor, clock: StandingClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moderation, "BANS_PER_ROOM", 1)
    assert code(owner, Ban("zed", "1m")) == ""
    assert code(owner, Ban("eve")) == "too-many"
    clock.advance(60)
    assert code(owner, Ban("eve")) == ""


def test_patterns_are_few(owner: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moderation, "PATTERNS_PER_ROOM", 1)
    assert [code(owner, Ban(mask)) for mask in ("a*", "b?", "A*", "zed")] == ["", "too-many", "", ""]


def test_a_change_costs_as_much_as_there_is(owner: Visitor, member: Visitor) -> None:
    owner.ask(Ban("zed"))
    before = owner.out.spent
    owner.ask(Ban("eve"))
    owner.ask(commands.Unban("eve"))
    owner.ask(Topic("tea"))
    assert owner.out.spent == pytest.approx(before + 3 * EVENT_LINES + (2 + 3 + 2) * RIGHT_LINES)
    owner.ask(Kick("mia"))
    assert owner.out.spent == pytest.approx(before + 3 * EVENT_LINES + 9 * RIGHT_LINES)


# -- Races -----------------------------------------------------------------------------------------


class Late:
    """A registry whose changes are stored on request."""

    def __init__(self) -> None:
        self.store = LateStore()
        self.registry = new_registry(Settings(), store=self.store)
        self.olga, self.mia, self.eve = self.arrive("olga"), self.arrive("mia"), self.arrive("eve", "lobby")

    def arrive(self, nick: str, room: str = DEV) -> Visitor:
        visitor = Visitor(self.registry)
        self.give(visitor, Hello(nick, rooms=(room,)))
        self.store.answer()
        visitor.take()
        return visitor

    def give(self, visitor: Visitor, command: Command) -> None:
        perform(self.registry, visitor.session, command)


@pytest.mark.parametrize(
    ("command", "expected"), [(Room("private", "on"), "not-invited"), (Ban("eve"), "banned"), (Room("key", "sesame"), "wrong-key")]
)
def test_nobody_enters_behind_a_change_that_keeps_them_out(command: Command, expected: str) -> None:
    late = Late()
    late.give(late.olga, Say("before"))
    late.store.answer()
    late.give(late.olga, command)
    late.give(late.eve, Join(DEV))
    late.store.answer()
    late.give(late.olga, Say("after"))
    late.store.answer()
    news = late.eve.take()
    assert only(Refused, news).code == expected
    assert (every(Entered, news), every(Said, news)) == ([], [])
    assert list(late.eve.rooms) == ["lobby"]


def test_whoever_may_enters_behind_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Late()
    late.give(late.olga, Room("limit", "3"))
    late.give(late.eve, Join(DEV))
    late.store.answer()
    assert only(Entered, late.eve.take()).count == 3


def test_commands_keep_their_order_while_a_change_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    late = Late()
    done: list[str] = []
    late.give(late.olga, Mute("eve"))
    late.give(late.mia, Say("first"))
    monkeypatch.setattr(late.mia.out, "release", lambda size: done.append("the next command may be taken"))
    monkeypatch.setattr("chatd.core.room.Room.post", lambda room, said, then: done.append(said.text))
    late.store.answer()
    assert done[0] == "first"


def test_a_command_waits_for_the_change_of_a_right_that_it_needs() -> None:
    late = Late()
    late.give(late.olga, Room("topic", "moderator"))
    late.give(late.mia, Topic("tea"))
    assert late.mia.take() == []
    late.store.answer()
    assert only(Refused, late.mia.take()).code == "not-allowed"


def test_what_is_said_behind_a_removal_is_refused() -> None:
    late = Late()
    late.give(late.olga, Kick("mia"))
    late.give(late.mia, Say("wait", DEV))
    late.store.answer()
    assert [event.text for event in every(Said, late.olga.take())] == []
    assert [news.code for news in every(Refused, late.mia.take())] == ["not-in-room"]


@pytest.mark.parametrize("command", [commands.History(room=DEV), Search("secret in:dev")])
def test_who_is_removed_while_their_question_waits_gets_nothing(command: Command) -> None:
    late = Late()
    late.give(late.olga, Room("private", "on"))
    late.store.answer()
    late.give(late.olga, Say("secret"))
    late.store.answer()
    late.mia.take()
    late.give(late.mia, command)
    late.give(late.olga, Kick("mia"))
    late.store.answer()
    news = late.mia.take()
    assert every(Said, news) == []
    assert all(not answer.events for answer in every(SearchResults, news))
    assert every(answers.HistoryPage, news) == []
