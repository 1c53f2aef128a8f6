"""Accounts as people use them: registering, logging in and out, and being here several times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chatd.core.account import Credential, Kind
from chatd.core.accounts import hash_of
from chatd.core.answers import (
    Alerts,
    Answer,
    AwayNotice,
    Closing,
    Done,
    Entered,
    HistoryPage,
    KeyList,
    Members,
    Missed,
    PersonInfo,
    Refused,
    Welcome,
)
from chatd.core.commands import (
    Alert,
    Audit,
    Away,
    Command,
    Hello,
    InviteCode,
    Keys,
    Login,
    Logout,
    Msg,
    Nick,
    Oper,
    Register,
    Release,
    Reply,
    Say,
    Who,
    Whois,
)
from chatd.core.driver import drive
from chatd.core.errors import NotDelivered
from chatd.core.events import BanSet, Event, Invited, Joined, Left, Private, Reason, Renamed, Said
from chatd.core.names import parse_nick
from chatd.core.registry import Registry, Settings
from chatd.core.rooms import SERVER
from chatd.core.ssh_keys import parse_key
from chatd.testing import NOON, InstantAuthenticator, Visitor, arrive, new_registry
from tests.core.actions.answers import only, refusal
from tests.core.late import LateStore

PASSWORD = "correct horse battery"
TOKEN, OTHER_TOKEN = "t" * 16, "u" * 16


@pytest.fixture
def registry() -> Registry:
    """A registry with ada's account, and nobody present."""
    registry = new_registry()
    ada = arrive(registry, "Ada")
    assert ada.ask(Register(password=PASSWORD, id="1")) == [Done("register", "Ada", id="1")]
    ada.lose_link()
    return registry


def owner(registry: Registry, **hello: object) -> Visitor:
    """One more session of ada."""
    visitor = Visitor(registry)
    perform = visitor.ask(Hello("ada", password=PASSWORD, **hello))  # type: ignore[arg-type]
    assert not any(isinstance(news, Refused) for news in perform), perform
    return visitor


def code(visitor: Visitor, command: Command) -> str:
    [refused] = [news for news in visitor.ask(command) if isinstance(news, Answer)]
    assert isinstance(refused, Refused)
    return refused.code


def texts(news: list[Event | Answer]) -> list[str]:
    return [event.text for event in news if isinstance(event, Said)]


# -- Words to be alerted to ------------------------------------------------------------------------


def test_words_are_kept_for_an_account_and_known_to_all_its_sessions(registry: Registry) -> None:
    desk = owner(registry)
    desk.ask(Alert(("tea",)))
    phone = Visitor(registry)
    assert only(Welcome, phone.ask(Hello("ada", password=PASSWORD))).alerts == ("tea",)
    assert phone.ask(Alert(("milk",))) == [Alerts(("tea", "milk"))]
    assert only(Alerts, desk.take()) == Alerts(("tea", "milk"))
    guest = arrive(registry, "guest")
    guest.ask(Alert(("bread",)))
    assert only(Alerts, guest.ask(Login("ada", PASSWORD))) == Alerts(("tea", "milk"))
    for session in (desk, phone, guest):
        session.lose_link()
    guest = arrive(registry, "guest")
    guest.ask(Alert(("bread",)))
    assert only(Alerts, guest.ask(Login("ada", PASSWORD))) == Alerts(("tea", "milk", "bread"))
    other = arrive(registry, "bob")
    assert other.ask(Alert()) == [Alerts()]


# -- Registering -----------------------------------------------------------------------------------


def test_a_registered_nick_is_kept_for_its_owner(registry: Registry) -> None:
    assert code(Visitor(registry), Hello("ada")) == "password-needed"
    bob = arrive(registry, "bob")
    assert code(bob, Nick("Ada")) == "password-needed"
    assert code(bob, Nick("\u0430da")) == "nick-taken"
    ada = owner(registry)
    assert code(ada, Register(password=PASSWORD)) == "bad-usage"
    bob.take()
    [info] = bob.ask(Whois("ada"))
    assert isinstance(info, PersonInfo)
    assert info.account
    [info] = bob.ask(Whois("bob"))
    assert isinstance(info, PersonInfo)
    assert not info.account


def test_a_password_is_not_even_asked_for_where_others_could_read_it(registry: Registry) -> None:
    assert code(Visitor(registry, is_secure=False), Hello("ada")) == "not-secure"
    assert code(Visitor(registry), Hello("ada")) == "password-needed"


def test_nobody_becomes_an_operator_by_registering_first() -> None:
    registry = new_registry(Settings(operators=frozenset({"ada"})))
    assert code(Visitor(registry), Hello("Ada", register=True, password=PASSWORD)) == "not-allowed"
    assert code(arrive(registry, "ada"), Register(password=PASSWORD)) == "not-allowed"


def test_nobody_registers_where_registration_is_closed() -> None:
    registry = new_registry(Settings(registration="closed"))
    assert code(arrive(registry, "ada"), Register(password=PASSWORD)) == "not-allowed"


def test_the_owner_keeps_the_nick_and_may_spell_it_otherwise(registry: Registry) -> None:
    ada = owner(registry)
    assert code(ada, Nick("eve")) == "not-allowed"
    assert Done("nick", "ADA") in ada.ask(Nick("ADA"))
    assert ada.session.nick == "ADA"


# -- Logging in as a guest -------------------------------------------------------------------------


def test_a_guest_becomes_the_owner(registry: Registry) -> None:
    guest, eve = arrive(registry, "bob"), arrive(registry, "eve")
    assert code(guest, Login("ada")) == "password-needed"
    guest.take()
    assert Done("login", "Ada") in guest.ask(Login("ada", PASSWORD))
    assert [(event.nick, event.to) for event in eve.take() if isinstance(event, Renamed)] == [("bob", "Ada")]
    assert guest.session.person is registry.directory.of_account("ada")
    assert code(guest, Login("ada", PASSWORD)) == "bad-usage"


def test_what_may_be_a_password_is_not_repeated(registry: Registry) -> None:
    guest = arrive(registry, "bob")
    [refused] = guest.ask(Login("hunter2"))
    assert isinstance(refused, Refused)
    assert "hunter2" not in f"{refused.reason} {refused.hint}"


def test_a_guest_joins_the_owner_who_is_here(registry: Registry) -> None:
    desk, eve = owner(registry, rooms=("dev",)), arrive(registry, "eve", "lobby", "dev")
    guest = arrive(registry, "bob")
    for visitor in (desk, eve):
        visitor.take()
    news = guest.ask(Login("ada", PASSWORD, id="1"))
    assert [item.room for item in news if isinstance(item, Entered)] == ["dev"]
    assert [item.subject for item in news if isinstance(item, Done)] == ["Ada"]
    assert [type(event) for event in eve.take()] == [Left]
    assert guest.session.person is desk.session.person
    assert [*guest.rooms] == ["dev"]
    eve.ask(Say("hi", "dev"))
    assert texts(guest.take()) == ["hi"]


def test_who_is_banned_from_the_server_meanwhile_does_not_join_the_owner() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    drive(registry.accounts.add(parse_nick("ada"), f"hash of {PASSWORD}", registry.now()), lambda account: None)
    desk, guest = Visitor(registry), Visitor(registry, "192.0.2.7")
    store.answer()
    desk.ask(Hello("ada", password=PASSWORD))
    guest.ask(Hello("bob"))
    store.answer()
    registry.store.log(SERVER).append(BanSet("@server", 0, 0, "eve", "", "192.0.2.7"), lambda outcome: None)
    guest.ask(Login("ada", PASSWORD))
    store.answer()
    assert "banned" in [news.code for news in guest.take() if isinstance(news, Refused)]
    assert desk.session.person is not None
    assert guest.session in registry.directory.sessions(registry.directory.find("bob"))


def test_a_guest_who_leaves_while_logging_in_becomes_nobody(registry: Registry) -> None:
    desk = owner(registry)
    store = LateStore()
    late = new_registry(store=store)
    late.accounts._apply(next(iter([registry.accounts.get("ada")])))  # type: ignore[arg-type]
    desk, guest = Visitor(late), Visitor(late)
    desk.ask(Hello("ada", password=PASSWORD))
    guest.ask(Hello("bob"))
    store.answer()
    guest.ask(Login("ada", PASSWORD))
    guest.lose_link()
    store.answer()
    assert desk.session.person is not None
    assert late.directory.sessions(desk.session.person) == (desk.session,)


def test_whom_another_checker_knows_gets_an_account() -> None:
    registry = new_registry()
    authenticator = registry.authenticator
    assert isinstance(authenticator, InstantAuthenticator)
    authenticator.knows_others = True
    authenticator.check = lambda nick, password, asker, on_checked: on_checked(password == "secret of eve")  # type: ignore[method-assign, assignment]
    guest = arrive(registry, "bob")
    assert code(guest, Login("eve")) == "password-needed"
    assert code(guest, Login("eve", "wrong")) == "wrong-password"
    assert Done("login", "eve") in guest.ask(Login("eve", "secret of eve"))
    assert registry.accounts.get("eve") is not None
    assert code(Visitor(registry), Hello("eve")) == "password-needed"


@pytest.mark.parametrize("is_here", [False, True])
def test_who_sits_on_the_nick_of_somebody_that_another_checker_knows_gets_another(is_here: bool) -> None:
    registry = new_registry()
    authenticator = registry.authenticator
    assert isinstance(authenticator, InstantAuthenticator)
    authenticator.knows_others = True
    authenticator.check = lambda nick, password, asker, on_checked: on_checked(password == "secret of eve")  # type: ignore[method-assign, assignment]
    sitting, bob = arrive(registry, "EVE"), arrive(registry, "bob")
    sitting.take()
    eve = arrive(registry, "mia") if is_here else Visitor(registry)
    eve.ask(Login("eve", "secret of eve") if is_here else Hello("eve", password="secret of eve"))
    assert eve.session.nick == "eve"
    [told] = [news for news in sitting.take() if isinstance(news, Done)]
    assert told.subject == sitting.session.nick
    assert told.subject.startswith("guest-")
    assert next((event.nick, event.to) for event in bob.take() if isinstance(event, Renamed)) == ("EVE", told.subject)


def test_the_new_nick_of_such_a_guest_is_one_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = new_registry()
    sitting = arrive(registry, "eve")
    arrive(registry, "guest-000001")
    drive(registry.accounts.add(parse_nick("guest-000003"), "", registry.now()), lambda account: None)
    numbers = iter([1, 3, 2])
    monkeypatch.setattr("secrets.randbelow", lambda most: next(numbers))
    drive(registry.accounts.add(parse_nick("eve"), f"hash of {PASSWORD}", registry.now()), lambda account: None)
    Visitor(registry).ask(Hello("eve", password=PASSWORD))
    assert sitting.session.nick == "guest-000002"


def test_a_guest_whose_new_nick_cannot_be_stored_keeps_the_nick(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = new_registry()
    sitting = arrive(registry, "eve")
    drive(registry.accounts.add(parse_nick("eve"), f"hash of {PASSWORD}", registry.now()), lambda account: None)
    monkeypatch.setattr("chatd.core.attendance.Attendance.may_take", lambda *given: False)
    assert code(Visitor(registry), Hello("eve", password=PASSWORD)) == "not-delivered"
    assert sitting.session.nick == "eve"


def test_a_guest_who_has_the_nick_of_their_account_logs_in() -> None:
    registry = new_registry()
    guest = arrive(registry, "eve")
    drive(registry.accounts.add(parse_nick("eve"), f"hash of {PASSWORD}", registry.now()), lambda account: None)
    assert guest.ask(Login("eve", PASSWORD)) == [Done("login", "eve")]
    assert guest.session.person is registry.directory.of_account("eve")


def test_a_nick_that_the_log_still_assigns_to_a_guest_waits() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    guest = Visitor(registry)
    guest.ask(Hello("eve"))
    store.answer()
    drive(registry.accounts.add(parse_nick("eve"), f"hash of {PASSWORD}", registry.now()), lambda account: None)
    store.answer()
    eve = Visitor(registry)
    eve.ask(Hello("eve", password=PASSWORD))
    store.answer()
    assert eve.session.nick == "eve"
    assert [type(event) for event in registry.rooms.find("lobby").log.read(1, 10)] == [Joined, Renamed, Joined]


# -- Several sessions ------------------------------------------------------------------------------


def test_the_owner_is_one_person_however_often_they_are_here(registry: Registry) -> None:
    bob = arrive(registry, "bob")
    desk = owner(registry)
    assert [type(event) for event in bob.take()] == [Joined]
    phone = owner(registry)
    assert bob.take() == []
    assert desk.session.person is phone.session.person
    [members] = bob.ask(Who())
    assert isinstance(members, Members)
    assert members.members == ("bob", "Ada")
    desk.ask(Say("from the desk"))
    assert texts(phone.take()) == ["from the desk"]
    assert texts(bob.take()) == ["from the desk"]
    desk.lose_link()
    assert bob.take() == []
    phone.lose_link()
    assert [type(event) for event in bob.take()] == [Left]


def test_an_answer_reaches_whichever_session_is_left(registry: Registry) -> None:
    bob, desk, phone = arrive(registry, "bob"), owner(registry), owner(registry)
    phone.ask(Msg("bob", "psst"))
    phone.lose_link()
    assert Done("reply", "Ada", seq=2, time=NOON) in bob.ask(Reply("yes"))
    assert [(item.to, item.text) for item in desk.take() if isinstance(item, Private)] == [("bob", "psst"), ("", "yes")]
    desk.lose_link()
    bob.take()
    assert bob.ask(Reply("still there?")) == [Done("reply", "Ada", seq=3, time=NOON), AwayNotice("Ada", "", True)]


def test_a_further_session_enters_the_rooms_and_those_it_asks_for(registry: Registry) -> None:
    desk = owner(registry, rooms=("lobby", "dev"))
    phone = Visitor(registry)
    news = phone.ask(Hello("ada", password=PASSWORD, rooms=("dev", "ops"), id="1"))
    assert [type(item) for item in news if isinstance(item, Answer)] == [Welcome, Entered, Entered, Entered]
    answers = [(item.room, item.newcomer, item.id) for item in news if isinstance(item, Entered)]
    assert answers == [("lobby", "Ada", "1"), ("dev", "", "1"), ("ops", "", "1")]
    assert [item.room for item in desk.take() if isinstance(item, Entered)] == ["ops"]
    for visitor in (desk, phone):
        assert {room.name.text for room in visitor.out.cursors} == {"lobby", "dev", "ops"}


def test_a_further_session_resumes_without_a_gap(registry: Registry) -> None:
    bob, desk, phone = arrive(registry, "bob"), owner(registry), owner(registry)
    bob.ask(Say("seen"))
    seen = [event.seq for event in phone.take() if isinstance(event, Said)][-1]
    phone.lose_link()
    bob.ask(Say("missed"))
    again = owner(registry, resume={"lobby": seen}, log="testlog")
    assert texts(again.take()) == []  # It has been taken already, with the answers:
    third = Visitor(registry)
    news = third.ask(Hello("ada", password=PASSWORD, resume={"lobby": seen}, log="testlog"))
    assert texts(news) == ["missed"]
    assert not any(isinstance(item, Missed) for item in news)
    fourth = Visitor(registry)
    news = fourth.ask(Hello("ada", password=PASSWORD, resume={"lobby": 1000}, log="testlog"))
    assert [item.last for item in news if isinstance(item, Missed)] == [registry.rooms.find("lobby").log.end - 1]
    assert desk.session.person is fourth.session.person


def test_the_owner_takes_over_the_seat_of_a_broken_link(registry: Registry) -> None:
    bob, desk, phone = arrive(registry, "bob"), owner(registry), owner(registry, token=TOKEN)
    bob.take()
    again = owner(registry, token=TOKEN)
    assert phone.out.closed is Reason.REPLACED
    assert bob.take() == []
    person = desk.session.person
    assert person is not None
    assert registry.directory.sessions(person) == (desk.session, again.session)


def test_the_only_session_is_taken_over_with_its_settings(registry: Registry) -> None:
    phone = owner(registry, token=TOKEN)
    phone.ask(Away("lunch"))
    again = owner(registry, token=TOKEN)
    assert phone.out.closed is Reason.REPLACED
    assert again.session.person is not None
    assert (again.session.person.account, again.session.person.away) == ("ada", "lunch")


def test_a_token_alone_takes_over_no_session_of_an_account(registry: Registry) -> None:
    ada = owner(registry, token=TOKEN)
    assert code(Visitor(registry), Hello("eve", token=TOKEN)) == "not-allowed"
    assert code(Visitor(registry), Hello("ada", token=TOKEN)) == "not-allowed"
    assert ada.out.closed is None


def test_a_guest_comes_back_as_the_owner_with_the_same_token(registry: Registry) -> None:
    guest = Visitor(registry)
    guest.ask(Hello("bob", token=TOKEN))
    ada = owner(registry, token=TOKEN)
    assert guest.out.closed is Reason.REPLACED
    assert ada.session.nick == "Ada"


def test_a_session_that_comes_while_the_first_is_entering_is_told_later() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    first = Visitor(registry)
    first.ask(Hello("ada"))
    store.answer()
    first.ask(Register(password=PASSWORD))
    store.answer()
    first.lose_link()
    store.answer()
    desk, phone = Visitor(registry), Visitor(registry)
    desk.ask(Hello("ada", password=PASSWORD))
    news = phone.ask(Hello("ada", password=PASSWORD, id="1"))
    assert news[-1] == Done("login", "ada", id="1")
    store.answer()
    assert [item.room for item in phone.take() if isinstance(item, Entered)] == ["lobby"]
    assert len(phone.out.cursors) == 1


def test_a_session_that_is_lost_while_it_is_shown_the_rooms_follows_none(registry: Registry) -> None:
    desk, phone = owner(registry, rooms=("one", "two")), Visitor(registry)
    waiting: list[Callable[[], object]] = []
    phone.out.when_taken = waiting.append  # type: ignore[method-assign, assignment]
    phone.ask(Hello("ada", password=PASSWORD))
    phone.lose_link()
    waiting[0]()
    assert phone.out.cursors == {}
    assert desk.session.person is not None
    assert registry.directory.sessions(desk.session.person) == (desk.session,)
    assert phone.out.reserved == 0


# -- Logging out -----------------------------------------------------------------------------------


def test_logging_out_makes_the_secret_invalid(registry: Registry) -> None:
    ada = Visitor(registry)
    welcome = ada.ask(Hello("ada", password=PASSWORD, remember=True))[0]
    assert isinstance(welcome, Welcome)
    assert isinstance(ada.ask(Logout())[-1], Closing)
    assert code(Visitor(registry), Hello("ada", secret=welcome.secret)) == "wrong-password"
    account = registry.accounts.get("ada")
    assert account is not None
    assert registry.accounts.credentials(account, Kind.SECRET) == []


def test_logging_out_ends_all_connections_with_the_same_secret(registry: Registry) -> None:
    first, second, third = Visitor(registry), Visitor(registry), owner(registry)
    [welcome] = [news for news in first.ask(Hello("ada", password=PASSWORD, remember=True)) if isinstance(news, Welcome)]
    second.ask(Hello("ada", secret=welcome.secret))
    second.take()
    first.ask(Logout())
    assert second.take() == [Closing(Reason.ENDED)]
    third.take()
    assert texts(third.ask(Say("still here"))) == ["still here"]


def test_logging_out_needs_no_secret_but_an_account(registry: Registry) -> None:
    assert isinstance(owner(registry).ask(Logout())[-1], Closing)
    assert code(arrive(registry, "bob"), Logout()) == "bad-usage"


# -- Keys ------------------------------------------------------------------------------------------

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


def listed(visitor: Visitor, command: Keys) -> list[tuple[int, str, str]]:
    [answer] = [news for news in visitor.ask(command) if isinstance(news, KeyList)]
    return [(key.number, key.kind, key.comment) for key in answer.keys]


def test_keys_are_added_and_removed(registry: Registry) -> None:
    ada, bob = owner(registry), arrive(registry, "bob")
    ada.take()
    assert listed(ada, Keys()) == []
    assert listed(ada, Keys(add=f"{KEY} desk")) == [(1, "ssh-ed25519", "desk")]
    bob.ask(Register(password=PASSWORD))
    assert code(bob, Keys(add=KEY)) == "nick-taken"
    assert code(bob, Keys(remove=1)) == "bad-usage"
    assert code(ada, Keys(add="ssh-ed25519 AAAA")) == "bad-usage"
    assert listed(ada, Keys(remove=1)) == []
    assert listed(bob, Keys(add=KEY)) == [(2, "ssh-ed25519", "")]
    assert code(arrive(registry, "eve"), Keys()) == "bad-usage"


def test_the_owner_of_a_nick_is_recognised_by_their_key(registry: Registry) -> None:
    ada = owner(registry)
    assert code(ada, Keys(own=True)) == "bad-usage"
    ada.session.key = parse_key(KEY)
    assert listed(ada, Keys(own=True)) == [(1, "ssh-ed25519", "")]
    other = Visitor(registry)
    other.session.key = parse_key(KEY)
    other.ask(Hello("ada"))
    assert other.session.person is ada.session.person
    guest = Visitor(registry)
    guest.session.key = parse_key(KEY)
    guest.ask(Hello("bob"))
    assert guest.session.person is not None
    assert guest.session.person.account == ""
    assert code(guest, Login("bob")) == "bad-usage"
    guest.ask(Login("ada"))
    assert guest.session.person is ada.session.person
    stranger = Visitor(registry)
    assert code(stranger, Hello("ada")) == "password-needed"


# -- A closed server -------------------------------------------------------------------------------


def test_the_password_of_the_server_comes_before_anything_else() -> None:
    registry = new_registry(Settings(server_password="open sesame"))
    visitor = Visitor(registry)
    assert code(visitor, Hello("ada")) == "server-password-needed"
    assert code(visitor, Hello("ada", password="wrong")) == "server-password-needed"
    assert code(visitor, Hello("ada", server_password="open")) == "server-password-needed"
    assert visitor.session.failed_logins == 1
    assert code(Visitor(registry, is_secure=False), Hello("ada")) == "not-secure"
    visitor.ask(Hello("ada", server_password="open sesame"))
    assert visitor.session.person is not None
    assert code(Visitor(registry), Hello("ada")) == "server-password-needed"
    other = Visitor(registry)
    assert code(other, Hello("ada", server_password="open sesame")) == "nick-taken"
    other.ask(Hello("bob"))
    assert other.session.person is not None


def test_only_registered_people_are_admitted(registry: Registry) -> None:
    closed = new_registry(Settings(accounts_only=True))
    ada = registry.accounts.get("ada")
    assert ada is not None
    closed.accounts._apply(ada)
    assert code(Visitor(closed), Hello("bob")) == "registration-needed"
    assert code(Visitor(closed), Hello("ada")) == "password-needed"
    assert code(Visitor(closed), Hello("\u0430da")) == "nick-taken"
    assert owner(closed).session.nick == "Ada"


@pytest.mark.parametrize(
    ("registration", "said"),
    [
        ("open", Refused("registration-needed", "Only registered people are admitted to this server.", "Write /register NICK.")),
        (
            "invite",
            Refused(
                "registration-needed",
                "Only registered people are admitted to this server.",
                "Write /register NICK CODE, with an invitation.",
            ),
        ),
        (
            "closed",
            Refused("not-allowed", "Only registered people are admitted to this server.", "Ask its operator for an account."),
        ),
    ],
)
def test_a_guest_who_is_not_admitted_is_told_how_to_register(registration: str, said: Refused) -> None:
    registry = new_registry(Settings(accounts_only=True, registration=registration))
    assert Visitor(registry).ask(Hello("bob")) == [said]


@pytest.mark.parametrize(
    ("registration", "hint"), [("closed", "Ask its operator for an account."), ("open", "Write /register NICK.")]
)
def test_whom_another_checker_may_know_is_asked_for_the_password(registration: str, hint: str) -> None:
    """They have no account before they have logged in once."""
    registry = new_registry(Settings(accounts_only=True, registration=registration))
    assert isinstance(registry.authenticator, InstantAuthenticator)
    registry.authenticator.knows_others = True
    bob, overheard = Visitor(registry), Visitor(registry)
    overheard.session.is_secure = False
    assert refusal(bob.ask(Hello("bob"))) == (
        "password-needed",
        "bob needs a password, as everybody does here.",
        f"Log in with it. {hint}",
    )
    assert refusal(overheard.ask(Hello("bob")))[0] == "not-secure"


# -- A session secret for those who register or log in later ---------------------------------------


def secret_of(news: list[Event | Answer]) -> str:
    [secret] = [answer.secret for answer in news if isinstance(answer, (Done, Welcome))]
    return secret


def test_registering_and_logging_in_can_give_a_session_secret(registry: Registry) -> None:
    guest, bob, eve = arrive(registry, "guest"), arrive(registry, "bob"), Visitor(registry)
    once_more = arrive(registry, "once-more")
    secrets = {
        secret_of(bob.ask(Register(password=PASSWORD, remember=True))): "bob",
        secret_of(guest.ask(Login("ada", PASSWORD, remember=True))): "ada",
        secret_of(once_more.ask(Login("ada", PASSWORD, remember=True))): "ada",
        secret_of(eve.ask(Register("eve", password=PASSWORD, remember=True))): "eve",
    }
    assert len({*secrets, ""}) == 5
    for secret, nick in secrets.items():
        assert Visitor(registry).ask(Hello(nick, secret=secret))[0] == Welcome(
            registry_nick(registry, nick), "chatd", "testlog", account=True
        )


def registry_nick(registry: Registry, key: str) -> str:
    account = registry.accounts.get(key)
    assert account is not None
    return account.name.text


def test_an_account_whose_secret_cannot_be_stored_is_made_all_the_same() -> None:
    store = LateStore()
    registry = new_registry(store=store)
    ada = Visitor(registry)
    ada.ask(Hello("ada"))
    store.answer()
    ada.take()
    ada.ask(Register(password=PASSWORD, remember=True))
    store.waiting.pop(0)()
    store.failure = NotDelivered("The disk is full.", "Nothing has changed.")
    store.answer()
    assert ada.take() == [Done("register", "ada")]


# -- Registering at the door -----------------------------------------------------------------------


def invited(registry: Registry) -> str:
    """The code of a new invitation."""
    ada, codes = registry.accounts.get("ada"), list[Any]()
    assert ada is not None
    drive(registry.accounts.add_secret(ada, Kind.INVITE, "", registry.now()), codes.append)
    return str(codes[0][0])


def with_account(settings: Settings) -> Registry:
    registry = new_registry(settings)
    drive(registry.accounts.add(parse_nick("Ada"), f"hash of {PASSWORD}", registry.now()), lambda account: None)
    return registry


@pytest.mark.parametrize("command", [Hello("eve", register=True, password=PASSWORD), Register("eve", password=PASSWORD)])
def test_somebody_new_comes_with_an_account(command: Command) -> None:
    registry = with_account(Settings(accounts_only=True))
    eve = Visitor(registry)
    assert any(isinstance(news, Entered) for news in eve.ask(command))
    assert eve.session.person is registry.directory.of_account("eve")


def test_only_a_free_nick_can_be_registered_at_the_door() -> None:
    registry = with_account(Settings())
    arrive(registry, "bob")
    for nick, refused in (("ada", "nick-taken"), ("\u0430da", "nick-taken"), ("bob", "nick-taken"), ("eve", "password-needed")):
        assert code(Visitor(registry), Hello(nick, register=True)) == refused


def test_a_nick_that_is_taken_meanwhile_is_not_registered() -> None:
    registry = with_account(Settings())
    hashed: list[Callable[[str], object]] = []
    registry.authenticator.hash = lambda password, asker, on_hashed: hashed.append(on_hashed)  # type: ignore[method-assign]
    late = Visitor(registry)
    late.ask(Hello("eve", register=True, password=PASSWORD))
    arrive(registry, "eve")
    hashed[0]("hash")
    [refused] = late.take()
    assert isinstance(refused, Refused)
    assert refused.code == "nick-taken"
    assert registry.accounts.get("eve") is None


INVITING = Settings(registration="invite", operators=frozenset({"ada"}))


def test_an_operator_invites_people_to_register() -> None:
    registry = with_account(INVITING)
    ada = owner(registry)
    [done] = ada.ask(InviteCode())
    assert isinstance(done, Done)
    assert (done.command, done.subject) == ("invite-code", "")
    assert Done("register", "bob") in arrive(registry, "bob").ask(Register("bob", done.secret, PASSWORD))
    [page] = [answer for answer in ada.ask(Audit()) if isinstance(answer, HistoryPage)]
    assert [(event.nick, event.to) for event in page.events if isinstance(event, Invited)] == [("Ada", "bob")]


def test_the_number_of_unused_invitations_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.actions.service.CREDENTIALS", 1)
    ada = owner(with_account(INVITING))
    ada.ask(InviteCode())
    assert code(ada, InviteCode()) == "too-many"


def test_an_invitation_is_good_while_its_maker_is_an_operator() -> None:
    registry = with_account(INVITING)
    invitation = invited(registry)
    registry.settings = Settings(registration="invite")
    assert code(arrive(registry, "bob"), Register("bob", invitation, PASSWORD)) == "wrong-password"
    registry.settings = INVITING
    ada = registry.accounts.get("ada")
    assert ada is not None
    registry.accounts._apply(replace(ada, is_disabled=True))
    assert code(arrive(registry, "eve"), Register("eve", invitation, PASSWORD)) == "wrong-password"


def test_the_operator_of_the_machine_invites_too() -> None:
    registry = with_account(INVITING)
    registry.accounts._apply(Credential(9, 0, Kind.INVITE, hash_of("the code"), "chatd-admin", NOON, NOON))
    arrive(registry, "bob").ask(Register("bob", "the code", PASSWORD))
    [event] = registry.rooms.server.log.read(1, 2)
    assert isinstance(event, Invited)
    assert (event.nick, event.to) == ("chatd-admin", "bob")


# -- Taking one's nick back ------------------------------------------------------------------------


def test_the_owner_takes_the_nick_back_from_whoever_sits_on_it(registry: Registry) -> None:
    ada = owner(registry)
    other = Visitor(registry)
    [secret] = [news.secret for news in other.ask(Hello("ada", password=PASSWORD, remember=True)) if isinstance(news, Welcome)]
    assert ada.ask(Release()) == [Done("release", "Ada")]
    assert other.take()[-1] == Closing(Reason.ENDED)
    assert code(Visitor(registry), Hello("ada", secret=secret)) == "wrong-password"
    assert Done("msg", "Ada", seq=1, time=NOON) in arrive(registry, "bob").ask(Msg("ada", "still there?"))
    assert [news.text for news in ada.take() if isinstance(news, Private)] == ["still there?"]


def test_an_invitation_is_good_for_one_account() -> None:
    registry = with_account(INVITING)
    invitation = invited(registry)
    assert code(Visitor(registry), Hello("eve", register=True, password=PASSWORD)) == "not-allowed"
    assert code(Visitor(registry), Hello("eve", register=True, password=PASSWORD, code="guess")) == "wrong-password"
    assert code(Visitor(registry), Hello("eve", register=True, code=invitation)) == "password-needed"
    eve, bob = Visitor(registry), arrive(registry, "bob")
    eve.ask(Hello("eve", register=True, password=PASSWORD, code=invitation))
    assert registry.accounts.get("eve") is not None
    assert code(bob, Register("bob", invitation, PASSWORD)) == "wrong-password"
    assert code(bob, Register("hunter2", invited(registry), PASSWORD)) == "bad-usage"
    assert Done("register", "bob") in bob.ask(Register("bob", invited(registry), PASSWORD))


# -- Proving it before there is a nick -------------------------------------------------------------


def test_the_owner_may_prove_it_before_the_nick(registry: Registry) -> None:
    early = Visitor(registry)
    assert code(early, Login("ada", PASSWORD)) == "nick-needed"
    assert code(early, Login("ada", "wrong", early=True)) == "wrong-password"
    assert early.ask(Login("ada", PASSWORD, early=True)) == [Done("login", "Ada")]
    early.ask(Hello("somebody-else"))
    assert early.session.nick == "Ada"


def test_a_key_proves_it_too(registry: Registry) -> None:
    owner(registry).ask(Keys(add=KEY))
    early = Visitor(registry)
    assert code(early, Login("", early=True)) == "wrong-password"
    early.session.key = parse_key(KEY)
    assert code(early, Login("bob", early=True)) == "wrong-password"
    assert early.ask(Login("", early=True)) == [Done("login", "Ada")]


def test_what_was_proved_may_be_true_no_longer(registry: Registry) -> None:
    early = Visitor(registry)
    early.ask(Login("ada", PASSWORD, early=True))
    account = registry.accounts.get("ada")
    assert account is not None
    early.session.account = replace(account)
    assert code(early, Hello("ada")) == "wrong-password"
    assert early.session.account is None


def test_an_operator_needs_the_password(registry: Registry) -> None:
    bob = arrive(registry, "bob")
    assert code(bob, Oper("ada")) == "password-needed"
    assert code(bob, Oper("ada", PASSWORD)) == "not-allowed"
