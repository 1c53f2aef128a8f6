"""Inboxes: private messages wait, and every session gets each of them once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chatd.core import inboxes, limits
from chatd.core.answers import (
    Ack,
    Answer,
    AwayNotice,
    Done,
    Entered,
    Forgotten,
    HistoryPage,
    InboxIs,
    Missed,
    ReadIs,
    Refused,
    RetentionIs,
    RoomList,
    SearchResults,
)
from chatd.core.command_table import parse
from chatd.core.commands import (
    Command,
    Delete,
    Hello,
    History,
    Ignore,
    Keep,
    Kick,
    Leave,
    Login,
    Logout,
    Msg,
    Nick,
    Quit,
    Read,
    Register,
    Reply,
    Rooms,
    Say,
    Search,
    Topic,
    Who,
)
from chatd.core.errors import NotDelivered
from chatd.core.events import Event, Private, Reason
from chatd.core.memory import MemoryLog, MemoryStore
from chatd.core.perform import perform
from chatd.core.presence import end_for_shutdown
from chatd.core.registry import Registry
from chatd.testing import NOON, StandingClock, Visitor, arrive, new_registry, own_account
from tests.core.actions.answers import only, refusal
from tests.core.late import LateStore

PASSWORD = "correct horse"
TOKEN = "t" * 16
FULL = NotDelivered("The disk is full.")


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def registry(clock: StandingClock) -> Registry:
    """A registry with the accounts of ada and bob, who are not here."""
    registry = new_registry(now=clock)
    for nick in ("ada", "bob"):
        visitor = arrive(registry, nick)
        visitor.ask(Register(password=PASSWORD))
        visitor.ask(Logout())
    return registry


def owner(registry: Registry, nick: str = "ada", **more: object) -> Visitor:
    """One more session of the owner of an account, which has taken nothing yet."""
    visitor = Visitor(registry)
    perform(registry, visitor.session, Hello(nick, password=PASSWORD, **more))  # type: ignore[arg-type]
    return visitor


def guest(registry: Registry, nick: str = "eve", token: str = TOKEN, address: str = "192.0.2.1", **more: object) -> Visitor:
    """A guest, who has taken nothing yet."""
    visitor = Visitor(registry, address)
    perform(registry, visitor.session, Hello(nick, token, **more))  # type: ignore[arg-type]
    return visitor


def private(news: list[Event | Answer]) -> list[str]:
    """The private messages among ``news``: ``bob: psst``, or ``to bob: psst``."""
    return [f"to {item.to}: {item.text}" if item.to else f"{item.nick}: {item.text}" for item in news if isinstance(item, Private)]


def seqs(news: list[Event | Answer]) -> list[int]:
    return [item.seq for item in news if isinstance(item, Private)]


# -- Accounts --------------------------------------------------------------------------------------


def test_a_message_waits_for_the_owner_of_an_account(registry: Registry) -> None:
    bob = owner(registry, "bob")
    bob.take()
    assert bob.ask(Msg("ADA", "one", id="1")) == [
        InboxIs(0, 0),
        Done("msg", "ada", seq=1, time=NOON, id="1"),
        AwayNotice("ada", "", True),
    ]
    assert bob.ask(Msg("ada", "two")) == [Done("msg", "ada", seq=2, time=NOON)]
    ada = owner(registry).take()
    assert only(InboxIs, ada) == InboxIs(0, 2)
    assert ada.index(only(InboxIs, ada)) < ada.index(next(item for item in ada if isinstance(item, Private)))
    assert private(ada) == ["bob: one", "bob: two"]
    bob.take()
    assert bob.ask(Msg("ada", "three")) == [Done("msg", "ada", seq=3, time=NOON)]


def test_what_was_received_is_not_told_to_the_next_session(registry: Registry) -> None:
    bob, desk = owner(registry, "bob"), owner(registry)
    bob.ask(Msg("ada", "one"))
    assert private(desk.take()) == ["bob: one"]
    desk.ask(Quit())
    bob.ask(Msg("ada", "two"))
    assert private(owner(registry).take()) == ["bob: two"]


def test_what_may_be_lost_on_the_way_is_told_again(registry: Registry) -> None:
    bob, desk = owner(registry, "bob"), owner(registry)
    bob.ask(Msg("ada", "one"))
    registry.inboxes.note_taken()
    desk.out.full = True  # Nothing arrives any more.
    bob.ask(Msg("ada", "two"))
    desk.lose_link()
    assert private(owner(registry).take()) == ["bob: two"]


def test_all_sessions_get_each_message_once_and_what_others_have_written(registry: Registry) -> None:
    bob, desk, phone = owner(registry, "bob"), owner(registry), owner(registry)
    bob.ask(Msg("ada", "hi"))
    assert private(phone.ask(Reply("what?"))) == ["bob: hi"]
    assert private(desk.take()) == ["bob: hi", "to bob: what?"]
    assert private(bob.take()) == ["ada: what?"]
    assert private(phone.take()) == []


def test_a_client_resumes_after_the_last_message_that_it_has_seen(registry: Registry) -> None:
    bob = owner(registry, "bob")
    for text in ("one", "two", "three"):
        bob.ask(Msg("ada", text))
    assert private(owner(registry).take()) == ["bob: one", "bob: two", "bob: three"]
    again = owner(registry, resume={"@": 1}, log="testlog").take()
    assert only(InboxIs, again) == InboxIs(1, 3)
    assert private(again) == ["bob: two", "bob: three"]
    assert only(InboxIs, owner(registry, resume={"@": 3}, log="testlog").take()) == InboxIs(3, 3)


@pytest.mark.parametrize(("seq", "log"), [(1, "another"), (-1, "testlog")])
def test_an_impossible_resume_goes_on_from_what_was_received(registry: Registry, seq: int, log: str) -> None:
    bob = owner(registry, "bob")
    bob.ask(Msg("ada", "one"))
    owner(registry).ask(Quit())
    bob.ask(Msg("ada", "two"))
    again = owner(registry, resume={"@": seq}, log=log).take()
    assert only(InboxIs, again) == InboxIs(1, 2)
    assert private(again) == ["bob: two"]


def test_without_an_inbox_the_numbers_begin_anew(registry: Registry) -> None:
    assert only(InboxIs, owner(registry, resume={"@": 7}, log="testlog").take()) == InboxIs(0, 0)


def test_a_message_to_oneself_is_for_the_other_sessions(registry: Registry) -> None:
    desk, phone = owner(registry), owner(registry)
    desk.take()
    assert only(Done, desk.ask(Msg("ada", "milk"))).seq == 1
    assert private(phone.take()) == ["to ada: milk"]


def test_nobody_can_write_to_an_account_that_is_no_more(registry: Registry) -> None:
    bob = owner(registry, "bob")
    bob.take()
    assert refusal(bob.ask(Msg("carol", "hi"))) == ("no-such-nick", "Nobody called carol is here.", "/who lists who is here.")


def test_the_end_of_the_server_notes_what_was_received(registry: Registry) -> None:
    bob, desk = owner(registry, "bob"), owner(registry)
    bob.ask(Msg("ada", "one"))
    end_for_shutdown(registry, desk.session)
    bob.ask(Msg("ada", "two"))
    assert private(owner(registry).take()) == ["bob: two"]


def test_who_is_ignored_writes_nothing_although_the_owner_is_not_here(registry: Registry) -> None:
    bob, desk = owner(registry, "bob"), owner(registry)
    desk.ask(Ignore("bob"))
    desk.ask(Quit())
    bob.take()
    assert refusal(bob.ask(Msg("ada", "hi"))) == ("not-delivered", "ada ignores you.", "Nothing was sent.")


# -- Guests ----------------------------------------------------------------------------------------


def test_a_guest_who_resumes_gets_what_came_meanwhile_once(registry: Registry) -> None:
    bob, eve = owner(registry, "bob"), guest(registry)
    bob.ask(Msg("eve", "one"))
    assert private(eve.take()) == ["bob: one"]
    eve.out.full = True
    bob.ask(Msg("eve", "two"))  # The link is dead, but nobody knows yet.
    again = guest(registry, resume={"@": 1}, log="testlog")
    news = again.take()
    assert only(InboxIs, news) == InboxIs(1, 2)
    assert private(news) == ["bob: two"]
    bob.ask(Msg("eve", "three"))
    assert private(again.take()) == ["bob: three"]


def test_the_inbox_of_a_guest_belongs_to_the_seat(registry: Registry) -> None:
    bob, eve = owner(registry, "bob"), guest(registry)
    bob.ask(Msg("eve", "one"))
    eve.lose_link()
    other = guest(registry, token="u" * 16, resume={"@": 0}, log="testlog")
    assert (only(InboxIs, news := other.take()), private(news)) == (InboxIs(0, 0), [])
    assert private(guest(registry, "eva", resume={"@": 0}, log="testlog").take()) == ["bob: one"]


@pytest.mark.parametrize(("seq", "log"), [(1, "another"), (9, "testlog")])
def test_a_guest_cannot_resume_in_another_log(registry: Registry, seq: int, log: str) -> None:
    bob, eve = owner(registry, "bob"), guest(registry)
    bob.ask(Msg("eve", "one"))
    eve.lose_link()
    assert only(InboxIs, guest(registry, resume={"@": seq}, log=log).take()) == InboxIs(1, 1)


def test_the_inbox_of_a_guest_goes_some_minutes_after_them(registry: Registry, clock: StandingClock) -> None:
    bob, eve = owner(registry, "bob"), guest(registry)
    bob.ask(Msg("eve", "one"))
    eve.lose_link()
    clock.advance(limits.MEMORY_ONLY_SECONDS - 1)
    registry.inboxes.note_taken()
    assert len(registry.inboxes._left) == 1
    clock.advance(1)
    registry.inboxes.note_taken()
    assert not registry.inboxes._left
    assert only(InboxIs, guest(registry, resume={"@": 1}, log="testlog").take()) == InboxIs(0, 0)


def test_the_number_of_inboxes_of_guests_who_have_left_is_limited(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.inboxes.LEFT_INBOXES", 2)
    bob = owner(registry, "bob")
    for number in range(4):
        eve = guest(registry, token=f"{number}" * 16)
        bob.ask(Msg("eve", "hi"))
        eve.lose_link()
    assert len(registry.inboxes._left) == 2


def test_the_inbox_of_a_guest_is_bounded(registry: Registry) -> None:
    bob, eve = owner(registry, "bob"), guest(registry)
    eve.take()
    for _ in range(100):
        bob.ask(Msg("eve", "x" * 4000))
    log = registry.inboxes.of(eve.session).log
    assert isinstance(log, MemoryLog)
    assert log.size <= limits.INBOX_LOG_BYTES
    again = guest(registry, resume={"@": 1}, log="testlog").take()
    assert only(Missed, again) == Missed("@", 2, log.first - 1)


def test_who_leaves_before_they_have_come_leaves_nothing() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    eve, bob = Visitor(registry), Visitor(registry)
    perform(registry, bob.session, Hello("bob"))
    store.answer()
    perform(registry, eve.session, Hello("eve", TOKEN))
    bob.ask(Msg("eve", "hi"))
    eve.lose_link()
    store.answer()
    assert list(registry.inboxes._left) == [eve.session.sender_id]
    assert set(registry.inboxes._by_key) == {bob.session.sender_id}
    assert set(registry.inboxes._attached) == {bob.session}


# -- Logging in ------------------------------------------------------------------------------------


def test_a_guest_who_logs_in_follows_the_inbox_of_the_account(registry: Registry) -> None:
    bob, eve = owner(registry, "bob"), guest(registry)
    bob.ask(Msg("ada", "for ada"))
    bob.ask(Msg("eve", "for eve"))
    assert private(eve.take()) == ["bob: for eve"]
    news = eve.ask(Login("ada", PASSWORD))
    assert only(InboxIs, news) == InboxIs(0, 1)
    assert private(news) == ["bob: for ada"]
    bob.ask(Msg("ada", "more"))
    assert private(eve.take()) == ["bob: more"]


def test_a_guest_who_joins_their_other_session_follows_its_inbox(registry: Registry) -> None:
    bob, eve, desk = owner(registry, "bob"), guest(registry), owner(registry)
    bob.ask(Msg("eve", "for eve"))
    eve.ask(Login("ada", PASSWORD))
    bob.ask(Msg("ada", "for ada"))
    assert private(eve.take()) == private(desk.take()) == ["bob: for ada"]


def test_the_inbox_of_a_new_account_begins_anew(registry: Registry) -> None:
    bob, eve = owner(registry, "bob"), guest(registry)
    bob.ask(Msg("eve", "to a guest"))
    eve.ask(Register(password=PASSWORD))
    eve.take()
    bob.ask(Msg("eve", "to an account"))
    news = eve.take()
    assert (only(InboxIs, news), seqs(news)) == (InboxIs(0, 0), [1])
    assert "@eve" in registry.store.logs


# -- Sent again ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sender", "recipient"), [("ada", "bob"), ("ada", "eve"), ("eve", "ada"), ("eve", "mia")])
def test_a_message_sent_again_is_not_delivered_twice(registry: Registry, sender: str, recipient: str) -> None:
    visitors = {
        "ada": owner(registry, "ada", token=TOKEN),
        "bob": owner(registry, "bob"),
        "eve": guest(registry, token="e" * 16),
        "mia": guest(registry, "mia", "m" * 16),
    }
    ada, bob = visitors[sender], visitors[recipient]
    ada.take()
    first = only(Done, ada.ask(Msg(recipient, "psst", id="7")))
    assert (first.subject, first.seq, first.id) == (recipient, 1, "7")
    assert only(Done, ada.ask(Msg(recipient, "psst", id="7"))) == first
    assert private(bob.take()) == [f"{sender}: psst"]
    bob.ask(Ignore(sender))
    assert only(Done, ada.ask(Msg(recipient, "psst", id="7"))) == first
    bob.lose_link()
    ada.take()
    assert only(Done, ada.ask(Msg(recipient, "psst", id="7"))) == first
    assert len(refusal(ada.ask(Msg("nobody-here", "psst", id="8")))) == 3


def test_the_number_of_a_message_from_before_a_guest_came_back_is_not_known(registry: Registry, clock: StandingClock) -> None:
    ada, eve = owner(registry), guest(registry)
    assert only(Done, eve.ask(Msg("ada", "psst", id="7"))).seq == 1
    eve.lose_link()
    clock.advance(limits.MEMORY_ONLY_SECONDS)
    registry.inboxes.note_taken()
    again = guest(registry)
    again.take()
    assert only(Done, again.ask(Msg("ada", "psst", id="7"))) == Done("msg", "ada", seq=0, time=NOON, id="7")
    assert private(ada.take()) == ["eve: psst"]


def test_an_id_of_a_message_in_a_room_is_that_message(registry: Registry) -> None:
    bob, ada, eve = owner(registry, "bob"), owner(registry), guest(registry)
    for visitor in (ada, eve):
        visitor.take()
        said = only(Ack, visitor.ask(Say("hi", id="7")))
        assert only(Ack, visitor.ask(Msg("bob", "psst", id="7"))) == said
    assert private(bob.take()) == []
    ada.take()
    assert refusal(ada.ask(Msg("nobody-here", "psst", id="7")))[0] == "no-such-nick"


# -- Bounds ----------------------------------------------------------------------------------------


def many(visitor: Visitor, nick: str, number: int, text: str = "x" * 1000) -> Iterator[bool]:
    """Write so many messages; whether each of them is delivered."""
    for _ in range(number):
        yield not [news for news in visitor.ask(Msg(nick, text)) if isinstance(news, Refused)]


def test_one_sender_cannot_fill_the_inbox_of_somebody_who_is_not_here(registry: Registry) -> None:
    bob, eve, mia = owner(registry, "bob"), guest(registry, token="e" * 16), guest(registry, "mia", "m" * 16)
    sent = sum(many(bob, "ada", 20))
    assert sent == limits.SENDER_BYTES // 1240
    assert refusal(bob.ask(Msg("ada", "x" * 1000))) == (
        "not-delivered",
        "ada is not here, and their inbox is full.",
        "Nothing was sent; try again later.",
    )
    assert sum(many(eve, "ada", 20)) == sent
    assert sum(many(mia, "ada", 1)) == 0  # At the address of eve.
    assert len(private(owner(registry).take())) == 2 * sent
    assert sum(many(mia, "ada", 20)) == 20  # Ada reads now.


def test_what_waits_in_all_is_limited(registry: Registry) -> None:
    strangers = [guest(registry, f"s{number}", f"{number:016}", f"192.0.2.{number}") for number in range(12)]
    sent = sum(sum(many(stranger, "ada", 20)) for stranger in strangers)
    assert sent == limits.PRIVATE_BYTES // 1240


def test_strangers_can_write_so_much_and_correspondents_more(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.inboxes.STRANGERS_BURST", 3)
    ada, bob, eve = owner(registry), owner(registry, "bob"), guest(registry)
    ada.ask(Msg("bob", "hi"))
    assert [sum(many(eve, "ada", 9)), sum(many(bob, "ada", 9))] == [3, 9]
    eve.take()
    assert refusal(eve.ask(Msg("ada", "hi"))) == (
        "not-delivered",
        "ada gets too many messages from people to whom they have not written.",
        "Try again later.",
    )
    ada.ask(Msg("eve", "hi"))
    assert sum(many(eve, "ada", 9)) == 9
    assert sum(many(bob, "eve", 9)) == 9  # A guest has no inbox that could be filled for ever.


def test_a_stranger_leaves_room_for_others(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.inboxes.STRANGER_BURST", 3)
    monkeypatch.setattr("chatd.core.inboxes.INBOX_CORRESPONDENTS", 2)
    ada, eve, same = owner(registry), guest(registry), guest(registry, "zoe", "z" * 16)
    assert [sum(many(eve, "ada", 9)), sum(many(same, "ada", 9))] == [3, 0]
    for number in range(3):
        other = guest(registry, f"s{number}", f"{number:016}", f"198.51.100.{number}")
        assert sum(many(other, "ada", 9)) == 3
    assert len(registry.inboxes.of(ada.session).shares) == 2


def test_the_number_of_correspondents_is_limited(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.inboxes.INBOX_CORRESPONDENTS", 2)
    ada = owner(registry)
    for number in range(3):
        guest(registry, f"s{number}", f"{number:016}")
        ada.ask(Msg(f"s{number}", "hi"))
    assert len(registry.inboxes.of(ada.session).correspondents) == 2


def test_the_number_of_those_who_know_of_an_absence_is_limited(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.inboxes.INBOX_CORRESPONDENTS", 2)
    strangers = [guest(registry, f"s{number}", f"{number:016}") for number in range(3)]
    assert [only(AwayNotice, stranger.ask(Msg("ada", "hi"))).absent for stranger in strangers] == [True] * 3
    inbox = registry.inboxes.get("@ada")
    assert inbox is not None
    assert len(inbox.told) == 1


# -- Memory ----------------------------------------------------------------------------------------


def test_the_inboxes_of_all_guests_have_a_limit(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    eve, zoe, quiet = guest(registry), guest(registry, "zoe", "z" * 16), guest(registry, "quiet", "q" * 16)
    eve.ask(Msg("quiet", "hi"))
    for number in range(20):
        eve.ask(Msg("zoe", f"message {number}"))
    logs = [registry.inboxes.of(visitor.session).log for visitor in (eve, zoe, quiet)]
    registry.inboxes.note_taken()
    assert [(log.first, log.end) for log in logs] == [(1, 22), (1, 21), (1, 2)]
    size = sum(log.size for log in logs if isinstance(log, MemoryLog))
    monkeypatch.setattr(inboxes, "GUEST_INBOXES_BYTES", size * 3 // 5)
    registry.inboxes.note_taken()
    assert [(log.first, log.end) for log in logs] == [(11, 22), (11, 21), (1, 2)], "the small one keeps all"
    zoe.lose_link()
    registry.inboxes.note_taken()
    zoe = guest(registry, "zoe", "z" * 16)
    monkeypatch.setattr(inboxes, "GUEST_INBOXES_BYTES", 0)
    registry.inboxes.note_taken()
    assert logs[1].first == 16, "it counts again after coming back"


def test_what_a_guest_has_not_received_is_not_dropped(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "GUEST_INBOXES_BYTES", 0)
    eve, zoe = guest(registry), guest(registry, "zoe", "z" * 16)
    zoe.out.full = True
    for number in range(20):
        eve.ask(Msg("zoe", f"message {number}"))
    registry.inboxes.note_taken()
    assert registry.inboxes.of(zoe.session).log.first == 1


# -- Replies ---------------------------------------------------------------------------------------


def test_a_reply_goes_to_the_last_sender_also_after_coming_back(registry: Registry) -> None:
    bob = owner(registry, "bob")
    bob.ask(Msg("ada", "hi"))
    ada = owner(registry)
    assert private(ada.ask(Reply("yes?"))) == ["bob: hi"]
    assert private(bob.take()) == ["ada: yes?"]
    bob.ask(Quit())
    assert only(Done, ada.ask(Reply("still there?", id="1"))) == Done("reply", "bob", seq=3, time=NOON, id="1")
    assert private(owner(registry, "bob").take()) == ["ada: still there?"]


def test_a_reply_does_not_go_to_another_one_with_the_nick_of_a_guest(registry: Registry) -> None:
    ada, eve = owner(registry), guest(registry)
    eve.ask(Msg("ada", "hi"))
    eve.lose_link()
    stranger = guest(registry, token="u" * 16)
    stranger.ask(Register(password=PASSWORD))
    ada.take()
    assert refusal(ada.ask(Reply("yes?")))[:2] == ("no-such-nick", "The person who wrote to you last has left.")


@pytest.mark.parametrize("change", [{"is_disabled": True}, {"made": NOON + 1}], ids=["disabled", "another one"])
def test_a_reply_goes_to_nobody_but_the_account_that_has_written(registry: Registry, change: dict[str, Any]) -> None:
    ada, bob = owner(registry), owner(registry, "bob")
    bob.ask(Msg("ada", "hi"))
    bob.ask(Quit())
    account = registry.accounts.get("bob")
    assert account is not None
    registry.accounts._apply(replace(account, **change))
    ada.take()
    assert refusal(ada.ask(Reply("yes?")))[:2] == ("no-such-nick", "The person who wrote to you last has left.")


def test_a_reply_to_an_account_does_not_go_to_who_has_its_seat_now(registry: Registry) -> None:
    ada, bob = owner(registry), owner(registry, "bob", token="t" * 16)
    bob.ask(Msg("ada", "hi"))
    bob.ask(Quit())
    eve = guest(registry, token="t" * 16)
    eve.take()
    ada.ask(Reply("only for bob"))
    assert private(eve.take()) == []
    assert private(owner(registry, "bob").take()) == ["ada: only for bob"]


def test_a_reply_that_is_not_stored_is_refused() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    ada, bob = Visitor(registry), Visitor(registry)
    for visitor, nick in ((ada, "ada"), (bob, "bob")):
        perform(registry, visitor.session, Hello(nick))
        store.answer()
    own_account(ada)
    perform(registry, bob.session, Msg("ada", "hi"))
    store.answer()
    assert private(ada.take()) == ["bob: hi"]
    perform(registry, ada.session, Reply("yes?"))
    store.waiting.pop(0)()  # What has come last is read, but the reply is not stored.
    store.failure = FULL
    store.answer()
    assert [item.reason for item in ada.take() if isinstance(item, Refused)] == ["The disk is full."]
    perform(registry, ada.session, Reply("yes?"))
    store.answer()
    assert [item.reason for item in ada.take() if isinstance(item, Refused)] == ["The server cannot read its disk."]
    perform(registry, bob.session, Msg("ada", "more"))
    store.answer()
    assert [item.reason for item in bob.take() if isinstance(item, Refused)] == ["The disk is full."]
    assert private(ada.take()) == []


def test_a_message_that_is_not_stored_is_in_no_inbox() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    ada, eve = Visitor(registry), Visitor(registry)
    for visitor, nick in ((ada, "ada"), (eve, "eve")):
        perform(registry, visitor.session, Hello(nick))
        store.answer()
    own_account(ada)
    for sender, recipient, other in ((ada, "eve", eve), (eve, "ada", ada)):
        store.failure = FULL
        perform(registry, sender.session, Msg(recipient, "hi"))
        store.answer()
        store.failure = None
        perform(registry, sender.session, Msg(recipient, "again"))
        assert private(other.take()) == []
        store.answer()
        assert [text[-5:] for text in private(other.take())] == ["again"]
        assert private(sender.take()) == []


def test_a_change_of_nick_changes_nothing(registry: Registry) -> None:
    bob, eve = owner(registry, "bob"), guest(registry)
    bob.ask(Msg("eve", "one"))
    eve.ask(Nick("eva"))
    bob.ask(Msg("eva", "two"))
    assert seqs(eve.take()) == [2]


def test_the_inboxes_of_accounts_without_a_disk_are_bounded() -> None:
    store = MemoryStore("testlog")
    registry = new_registry(store=store)
    eve, ada = guest(registry), own_account(arrive(registry, "ada"))
    eve.ask(Msg("ada", "hi"))
    assert store.logs["@ada"]._max_size == limits.INBOX_LOG_BYTES
    assert store.room_names() == ["lobby"]
    assert private(ada.take()) == ["eve: hi"]
    ada.lose_link(Reason.TIMED_OUT)


def test_an_inbox_from_before_the_start_is_found() -> None:
    store = MemoryStore("testlog")
    first = new_registry(store=store)
    ada = own_account(arrive(first, "ada"))
    guest(first).ask(Msg("ada", "before"))
    assert private(ada.take()) == ["eve: before"]
    second = new_registry(store=store)
    again = own_account(arrive(second, "ada"))
    assert private(again.take()) == ["eve: before"]


def test_what_an_account_gets_in_one_turn_is_not_limited(registry: Registry) -> None:
    ada, bob = owner(registry), owner(registry, "bob")
    ada.ask(Msg("bob", "hi"))
    ada.out.sent = lambda room: 1  # type: ignore[method-assign]  # The turn has not ended.
    assert sum(many(bob, "ada", 200)) == 200


# -- Reading back, searching, keeping and deleting -------------------------------------------------


@pytest.fixture(params=["account", "guest"])
def talker(registry: Registry, request: pytest.FixtureRequest) -> Visitor:
    """Ada, or a guest, who talks with bob and with mia."""
    bob, mia = owner(registry, "bob"), guest(registry, "mia", "m" * 16)
    talker = owner(registry) if request.param == "account" else guest(registry)
    for number in range(1, 4):
        talker.ask(Msg("bob", f"tea {number}"))
        bob.ask(Msg(talker.session.nick, f"milk {number}"))
        mia.ask(Msg(talker.session.nick, f"coffee {number}"))
    talker.take()
    return talker


def page(visitor: Visitor, **fields: Any) -> tuple[list[str], bool, bool]:
    """The texts of a page of the talk with bob, and whether there is more before and after."""
    answer = only(HistoryPage, visitor.ask(History(**{"room": "@bob", **fields})))
    assert answer.room == fields.get("room", "@bob")
    return [event.text for event in answer.events if isinstance(event, Private)], answer.more, answer.later


def test_the_history_of_a_talk_has_both_halves(talker: Visitor) -> None:
    everything = ["tea 1", "milk 1", "tea 2", "milk 2", "tea 3", "milk 3"]
    assert page(talker) == (everything, False, False)
    assert page(talker, room="@BOB") == (everything, False, False)
    assert page(talker, count=2) == (["tea 3", "milk 3"], True, False)
    assert page(talker, before=4, count=1) == (["milk 1"], True, True)
    assert page(talker, after=4, count=2) == (["milk 2", "tea 3"], True, True)
    assert page(talker, around=5, count=2) == (["tea 2", "milk 2"], True, True)
    assert page(talker, after_time="2026-11-23T12:00Z", count=1) == (["tea 1"], False, True)
    assert page(talker, before=10**11, count=1) == (["milk 3"], True, False)
    assert page(talker, room="@nobody") == ([], False, False)
    assert page(talker, room="@", count=2) == (["milk 3", "coffee 3"], True, False)


def test_people_type_the_history_of_a_talk(talker: Visitor) -> None:
    assert [parse("/history @bob 2"), parse("/history before 9 @bob"), parse("/history in:@bob")] == [
        History(2, "@bob"),
        History(0, "@bob", before=9),
        History(0, "@bob"),
    ]


@pytest.mark.parametrize(
    ("where", "word", "found"), [("@bob", "milk", [3, 2, 1]), ("@bob", "coffee", []), ("@", "coffee", [3, 2, 1])]
)
def test_a_search_finds_what_is_in_ones_own_inbox(talker: Visitor, where: str, word: str, found: list[int]) -> None:
    for command in (Search(f"{word} in:{where}"), Search(word, room=where)):
        results = only(SearchResults, talker.ask(command))
        assert [event.text for event in results.events if isinstance(event, Private)] == [f"{word} {number}" for number in found]
    assert only(SearchResults, talker.ask(Search(word))).events == ()
    limited = only(SearchResults, talker.ask(Search(f"{word} in:{where}", count=1)))
    assert (len(limited.events), limited.more) == (min(1, len(found)), len(found) > 1)


def test_one_deletes_ones_own_side(registry: Registry, talker: Visitor) -> None:
    assert only(Done, talker.ask(Delete("bob", "@bob"))) == Done("delete", "bob")
    assert page(talker, count=2)[0] == ["milk 2", "tea 3"]
    assert only(Done, talker.ask(Delete("1", "@"))).subject == talker.session.nick
    assert page(talker)[0] == ["milk 1", "tea 2", "milk 2", "tea 3"]
    assert refusal(talker.ask(Delete("nobody", "@bob")))[0] == "no-such-message"
    theirs = owner(registry, "bob").ask(History(room=f"@{talker.session.nick}"))
    assert len(only(HistoryPage, theirs).events) == 6


@pytest.mark.parametrize("command", [Say("hi", "@bob"), Topic("hi", "@bob"), Kick("bob", room="@"), Who("@bob"), Leave("@")])
def test_other_commands_are_about_rooms(registry: Registry, talker: Visitor, command: Command) -> None:
    assert len(refusal(talker.ask(command))) == 3
    inbox = registry.inboxes.of(talker.session)
    assert all(isinstance(event, Private) for event in inbox.log.read(1, inbox.log.end))


def test_an_operator_reads_no_inbox_but_their_own(registry: Registry) -> None:
    registry.settings = replace(registry.settings, operators=frozenset({"ada"}))
    ada, bob, eve = owner(registry), owner(registry, "bob"), guest(registry)
    eve.ask(Msg("bob", "secret"))
    ada.take()
    assert page(ada) == ([], False, False)
    assert page(ada, room="@") == ([], False, False)
    assert only(SearchResults, ada.ask(Search("secret in:@bob"))).events == ()
    assert only(SearchResults, ada.ask(Search("secret"))).events == ()
    assert "@" not in "".join(line.room for line in only(RoomList, ada.ask(Rooms())).rooms)
    assert private(bob.take()) == ["eve: secret"]


def test_an_inbox_is_kept_as_long_as_its_owner_wants(registry: Registry, clock: StandingClock) -> None:
    ada, phone, bob = owner(registry), owner(registry), owner(registry, "bob")
    bob.ask(Msg("ada", "old"))
    clock.advance(3 * 3600)
    bob.ask(Msg("ada", "new"))
    ada.take()
    phone.take()
    answers = ada.ask(Keep("2h", "@"))
    assert only(RetentionIs, answers) == RetentionIs("@", "2h")
    assert only(Forgotten, phone.take()).room == "@"
    assert page(ada) == (["new"], False, False)
    assert refusal(ada.ask(Keep("none", "@")))[:2] == ("bad-usage", "Private messages could not wait for you.")
    assert only(RetentionIs, ada.ask(Keep("-", "@bob"))).keep == ""
    [answer] = [news for news in bob.ask(History(room="@ada")) if isinstance(news, HistoryPage)]
    assert len(answer.events) == 2
    eve = guest(registry)
    eve.take()
    assert refusal(eve.ask(Keep("2h", "@")))[1] == "The private messages of a guest are never stored."


def test_an_inbox_holds_only_so_much(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.expiry.INBOX_EVENTS", 3)
    ada, bob = owner(registry), owner(registry, "bob")
    assert sum(many(bob, "ada", 5, "hi")) == 5
    ada.take()
    registry.expiry.delete_old()
    assert ada.take() == [Forgotten("@", 3, 0)]
    assert len(page(ada)[0]) == 3
    bob.lose_link()
    registry.expiry.delete_old()


class Unreadable(MemoryLog):
    """A log on a disk that cannot be read."""

    def find_talk(self, peer: str, seq: int, count: int, on_found: Callable[[Sequence[Event] | None], object]) -> None:
        on_found(None)


def test_a_talk_that_cannot_be_read_is_refused() -> None:
    registry = new_registry(store=MemoryStore("testlog", Unreadable))
    ada = own_account(arrive(registry, "ada"))
    guest(registry).ask(Msg("ada", "hi"))
    ada.take()
    assert refusal(ada.ask(History(room="@eve")))[:2] == ("not-delivered", "The server cannot read its disk.")


# -- Marks -----------------------------------------------------------------------------------------


def test_a_phone_knows_what_the_desk_has_read(registry: Registry) -> None:
    bob, desk, phone = owner(registry, "bob"), owner(registry), owner(registry)
    bob.ask(Msg("ada", "hi"))
    phone.take()
    assert only(ReadIs, desk.ask(Read("#Lobby", 3, id="1"))) == ReadIs("lobby", 3, NOON, id="1")
    assert only(ReadIs, phone.take()) == ReadIs("lobby", 3, NOON)
    assert only(ReadIs, desk.ask(Read("@Bob", 1))) == ReadIs("@bob", 1, NOON)
    assert only(ReadIs, phone.take()) == ReadIs("@bob", 1, NOON)
    assert desk.ask(Read("lobby", 2)) == [ReadIs("lobby", 3, NOON)], "it was read already"
    assert desk.ask(Read("lobby")) == [ReadIs("lobby", 3, NOON)]
    assert desk.ask(Read("lobby", time="2001-01-01")) == [ReadIs("lobby", 3, NOON)]
    assert [news for news in phone.take() if isinstance(news, ReadIs)] == []
    news = owner(registry).take()
    assert (only(Entered, news).read, only(InboxIs, news).read) == (3, {"@bob": 1})
    bob.take()
    assert only(Entered, owner(registry, "bob").take()).read == 0


def test_nothing_is_stored_of_a_guest(registry: Registry) -> None:
    eve = guest(registry)
    eve.take()
    assert eve.ask(Read("lobby", 1)) == [ReadIs("lobby", 1, NOON)]
    assert eve.ask(Read("lobby")) == [ReadIs("lobby", 1, NOON)], "as long as they are here"
    assert not registry.accounts._marks


@pytest.mark.parametrize(("room", "seq"), [("lobby", 99), ("lobby", -1), ("@bob", 1), ("@", 1)])
def test_what_is_not_there_cannot_be_read(registry: Registry, room: str, seq: int) -> None:
    ada = owner(registry)
    ada.ask(Msg("ada", "milk")) if room == "@" else None
    ada.take()
    assert [news.code for news in ada.ask(Read(room, seq)) if isinstance(news, Refused)] == ["bad-usage"]
    assert [news.code for news in ada.ask(Read("attic", 1)) if isinstance(news, Refused)] == ["not-in-room"]


def test_the_number_of_marks_is_limited(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.accounts.MARKS", 3)
    ada = owner(registry)
    ada.ask(Msg("ada", "milk"))
    registry.inboxes.note_taken()
    for nick in ("bob", "eve", "bob", "mia"):
        ada.ask(Read(f"@{nick}", 1))
    account = registry.accounts.get("ada")
    assert account is not None
    assert registry.accounts.read_talks(account) == {"@eve": 1, "@mia": 1}
