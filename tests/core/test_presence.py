"""Presence: one person with several sessions, and the order of entering and leaving."""

from __future__ import annotations

import pytest

from chatd.core.answers import Closing, Entered, Exited, PersonInfo, Refused
from chatd.core.commands import Away, Back, Hello, Ignore, Join, Leave, Msg, Nick, Quit, Say, Whois
from chatd.core.driver import drive
from chatd.core.errors import NotDelivered
from chatd.core.events import Event, Joined, Left, Private, Reason, Renamed, Said
from chatd.core.perform import perform
from chatd.core.presence import attach, end, end_for_shutdown, follow_rooms
from chatd.core.registry import Registry
from chatd.testing import StandingClock, Visitor, arrive, new_registry, own_account
from tests.core.late import LateStore


@pytest.fixture
def registry() -> Registry:
    return new_registry()


def another_session(visitor: Visitor, seat: str = "phone") -> Visitor:
    """Another session of the same person."""
    other = Visitor(visitor.registry, door="text")
    assert visitor.session.person is not None
    attach(visitor.registry, other.session, visitor.session.person, seat)
    answers: list[Entered | Exception | None] = []
    drive(follow_rooms(visitor.registry, other.session, {}), answers.append)
    for answer in answers:
        if isinstance(answer, Entered):
            other.out.tell(answer)
    return other


def kinds(news: list[object]) -> list[type]:
    return [type(item) for item in news]


# -- Several sessions of one person ----------------------------------------------------------------


def test_another_session_is_attached_silently_and_follows_the_rooms(registry: Registry) -> None:
    bob, desk = arrive(registry, "bob"), arrive(registry, "ada", "lobby", "dev")
    desk.ask(Say("before", "dev"))
    bob.take()
    phone = another_session(desk)
    assert bob.take() == []
    lobby, dev = phone.take()
    assert isinstance(lobby, Entered)
    assert isinstance(dev, Entered)
    assert (lobby.room, lobby.seq, lobby.members, lobby.newcomer) == ("lobby", 2, ("bob", "ada"), "")
    assert (dev.room, dev.seq) == ("dev", 2)
    assert phone.session.current is registry.rooms.find("dev")
    assert [*registry.rooms.find("dev").members] == [desk.session.person]


def test_a_session_is_told_of_as_many_members_as_it_shows(registry: Registry) -> None:
    for nick in ("bob", "eve", "fay"):
        arrive(registry, nick, "lobby", "dev")
    desk = Visitor(registry)
    desk.out.names_shown = 2
    [entered] = [item for item in desk.ask(Hello("ada")) if isinstance(item, Entered)]
    assert (entered.count, entered.members) == (4, ("bob", "ada"))
    phone = another_session(desk)
    [followed] = phone.take()
    assert isinstance(followed, Entered)
    assert followed.members == ("bob", "eve", "fay", "ada")
    desk.ask(Join("dev"))
    assert [item.members for item in phone.take() if isinstance(item, Entered)] == [("bob", "eve", "fay", "ada")]


def test_a_session_that_is_replaced_while_it_enters_is_told_of_all_members() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    before = Visitor(registry)
    for visitor, nick, seat in ((Visitor(registry), "bob", ""), (before, "ada", "x" * 16), (Visitor(registry), "eve", "x" * 16)):
        perform(registry, visitor.session, Hello(nick, seat, rooms=("den", "dev")))
    while store.waiting:
        store.answer()
    entered = [item for item in before.take() if isinstance(item, Entered)]
    assert [(item.count, item.members) for item in entered] == [(2, ("bob", "ada"))] * 2


def test_each_session_gets_every_event_once(registry: Registry) -> None:
    bob, desk = arrive(registry, "bob"), arrive(registry, "ada")
    phone = another_session(desk)
    for visitor in (desk, phone):
        visitor.take()
    bob.ask(Say("to both"))
    desk.ask(Say("from the desk"))
    said = [[event.text for event in visitor.take() if isinstance(event, Said)] for visitor in (phone, bob)]
    assert said == [["to both", "from the desk"], ["from the desk"]]


def test_a_person_enters_a_room_once_for_all_sessions(registry: Registry) -> None:
    bob, desk = arrive(registry, "bob", "dev"), arrive(registry, "ada")
    phone = another_session(desk)
    phone.take()
    assert kinds([*desk.ask(Join("dev"))]) == [Entered]
    assert kinds([*phone.take()]) == [Entered]
    assert kinds([*bob.take()]) == [Joined]
    assert phone.session.current is registry.rooms.find("lobby")
    assert phone.ask(Say("hi", "dev"))
    assert only_said(bob) == ["hi"]


def only_said(visitor: Visitor) -> list[str]:
    return [event.text for event in visitor.take() if isinstance(event, Said)]


def test_a_person_leaves_a_room_once_for_all_sessions(registry: Registry) -> None:
    bob, desk = arrive(registry, "bob", "dev"), arrive(registry, "ada", "lobby", "dev")
    phone = another_session(desk)
    for visitor in (bob, phone):
        visitor.take()
    assert kinds([*desk.ask(Leave("dev"))]) == [Exited]
    assert kinds([*bob.take()]) == [Left]
    assert phone.session.current is phone.out.current is registry.rooms.find("lobby")
    bob.ask(Say("gone?"))
    assert only_said(phone) == []


def test_a_person_stays_until_the_last_session_ends(registry: Registry) -> None:
    bob, desk = arrive(registry, "bob"), arrive(registry, "ada")
    phone = another_session(desk)
    bob.take()
    assert kinds([*desk.ask(Quit())]) == [Closing]
    assert bob.take() == []
    assert registry.directory.find("ada") is phone.session.person
    assert phone.ask(Say("still here"))
    assert only_said(bob) == ["still here"]
    phone.lose_link()
    [left] = bob.take()
    assert isinstance(left, Left)
    assert left.reason is Reason.LINK_LOST


def test_a_person_is_away_if_all_of_their_sessions_are(registry: Registry) -> None:
    bob, desk = arrive(registry, "bob"), arrive(registry, "ada")

    def away() -> str | None:
        [info] = [news for news in bob.ask(Whois("ada")) if isinstance(news, PersonInfo)]
        return info.away

    phone = another_session(desk)
    desk.ask(Away("lunch"))
    assert away() is None
    phone.ask(Away("asleep"))
    assert away() == "asleep"
    tablet = another_session(desk, "tablet")
    assert away() is None
    tablet.lose_link()
    assert away() == "asleep"
    phone.lose_link()
    assert away() == "lunch"
    desk.ask(Back())
    assert away() is None


def test_a_further_session_is_shown_the_last_event_too(registry: Registry) -> None:
    bob, desk = arrive(registry, "bob"), arrive(registry, "ada")
    bob.ask(Say("hi"))
    [entered] = another_session(desk).take()
    assert isinstance(entered, Entered)
    assert [event.text for event in entered.scrollback if isinstance(event, Said)] == ["hi"]
    assert entered.seq == entered.scrollback[-1].seq


def test_nick_and_ignored_people_apply_to_all_sessions(registry: Registry) -> None:
    bob, desk = arrive(registry, "bob"), arrive(registry, "ada")
    phone = another_session(desk)
    desk.ask(Ignore("bob"))
    tablet = another_session(desk, "tablet")
    assert phone.out.filtered
    assert tablet.out.filtered
    bob.ask(Say("hi"))
    assert only_said(phone) == only_said(tablet) == []
    [refused] = [news for news in bob.ask(Msg("ada", "psst")) if isinstance(news, Refused)]
    assert refused.reason == "ada ignores you."
    phone.ask(Nick("eve"))
    assert desk.session.nick == "eve"
    assert len([event for event in bob.take() if isinstance(event, Renamed)]) == 1
    [info] = [news for news in bob.ask(Whois("eve")) if isinstance(news, PersonInfo)]
    assert info.rooms == ("lobby",)


def test_a_private_message_goes_to_all_sessions(registry: Registry) -> None:
    bob, desk = arrive(registry, "bob"), own_account(arrive(registry, "ada"))
    phone = another_session(desk)
    registry.inboxes.attach(phone.session)
    phone.take()
    bob.ask(Msg("ada", "psst"))
    assert [news.text for visitor in (desk, phone) for news in visitor.take() if isinstance(news, Private)] == ["psst"] * 2


def test_a_person_is_as_idle_as_their_last_active_session() -> None:
    clock = StandingClock()
    registry = new_registry(now=clock)
    bob, desk = arrive(registry, "bob"), arrive(registry, "ada")
    clock.advance(60)
    phone = another_session(desk)
    clock.advance(60)
    [info] = [news for news in bob.ask(Whois("ada")) if isinstance(news, PersonInfo)]
    assert (info.idle, info.door) == (60, "text")
    desk.ask(Say("hi"))
    [info] = [news for news in bob.ask(Whois("ada")) if isinstance(news, PersonInfo)]
    assert (info.idle, info.door) == (0, "json")
    assert phone.out.closed is None


def test_a_stopping_server_tells_all_sessions(registry: Registry) -> None:
    bob, desk = arrive(registry, "bob"), arrive(registry, "ada")
    phone = another_session(desk)
    for visitor in (bob, desk, phone):
        visitor.take()
    for visitor in (desk, phone):
        end_for_shutdown(registry, visitor.session)
    assert bob.take() == []
    for visitor in (desk, phone):
        assert visitor.take() == [Closing(Reason.SHUTDOWN)]
        assert visitor.out.cursors == {}


# -- The order of the log --------------------------------------------------------------------------


def test_a_session_attached_during_entering_follows_the_room_once() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    desk = Visitor(registry)
    perform(registry, desk.session, Hello("ada"))
    phone = another_session(desk)
    assert phone.take() == []
    store.answer()
    assert kinds([*phone.take()]) == [Entered]
    assert list(phone.out.cursors) == [registry.rooms.find("lobby")]


def test_a_refused_room_does_not_stop_entering_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.rooms.ROOMS", 2)
    registry = new_registry()
    news = Visitor(registry).ask(Hello("ada", rooms=("one", "two", "three"), id="1"))
    answers = [(type(item).__name__, getattr(item, "room", ""), item.id) for item in news if not isinstance(item, Event)]
    assert answers == [("Welcome", "", "1"), ("Entered", "one", "1"), ("Entered", "two", "1"), ("Refused", "three", "1")]


def test_several_rooms_are_entered_at_the_same_time() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    ada = Visitor(registry)
    perform(registry, ada.session, Hello("ada", rooms=("one", "two")))
    assert len(store.waiting) == 2
    store.answer()
    assert list(ada.rooms) == ["one", "two"]
    assert set(ada.out.cursors) == set(ada.rooms.values())


def test_after_a_failed_joining_there_is_no_current_room() -> None:
    store = LateStore()
    store.failure = NotDelivered("The disk is full.")
    registry = new_registry(store=store)
    ada = Visitor(registry)
    perform(registry, ada.session, Hello("ada"))
    assert ada.session.current is registry.rooms.find("lobby")
    store.answer()
    assert ada.session.current is None
    assert not registry.rooms.find("lobby").members


# -- The end ---------------------------------------------------------------------------------------


def test_a_session_ends_once() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    ada = Visitor(registry)
    perform(registry, ada.session, Hello("ada"))
    store.answer()
    ada.take()
    perform(registry, ada.session, Quit(id="1"))
    end(registry, ada.session, Reason.QUIT)
    store.answer()
    assert [news for news in ada.take() if isinstance(news, Closing)] == [Closing(Reason.QUIT, id="1")]
    assert ada.out.closed is Reason.QUIT


def test_a_defect_at_the_end_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = new_registry()
    ada = arrive(registry, "ada")
    monkeypatch.setattr(registry.store, "after_pending", lambda then: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        end(registry, ada.session, Reason.TIMED_OUT)


def test_a_joining_that_fails_after_leaving_is_undone_once() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    ada = Visitor(registry)
    perform(registry, ada.session, Hello("ada"))
    store.failure = NotDelivered("The disk is full.")
    ada.lose_link()
    store.answer()
    assert not registry.rooms.find("lobby").members
    assert ada.out.reserved == 0
