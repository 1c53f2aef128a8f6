"""The directory: nicks, sessions, and delivery to people."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chatd.core.account import Account, Change
from chatd.core.accounts import Accounts
from chatd.core.answers import AwayNotice, Pong
from chatd.core.directory import Directory
from chatd.core.driver import drive
from chatd.core.errors import NickTaken, NoSuchNick, NotDelivered, PasswordNeeded
from chatd.core.ignoring import IgnoreList
from chatd.core.log import OnChanged
from chatd.core.memory import MemoryStore
from chatd.core.names import parse_nick
from chatd.core.person import Person
from chatd.core.session import Session
from chatd.testing import NOON, RecordingOutgoing


def new_directory() -> Directory:
    return Directory(Accounts(MemoryStore("testlog")), lambda: 0)


def new_session() -> Session:
    out = RecordingOutgoing()
    out.session = Session(out, "192.0.2.1", "text", NOON)
    return out.session


def arrived(directory: Directory, nick: str, sender_id: str = "") -> Session:
    """The session of somebody who has arrived."""
    session = new_session()
    directory.arrive(session, parse_nick(nick), sender_id or nick)
    return session


def person_of(session: Session) -> Person:
    assert session.person is not None
    return session.person


def received(session: Session) -> list[object]:
    """What ``session`` has received."""
    assert isinstance(session.out, RecordingOutgoing)
    return [*session.out.take()]


# -- Nicks -----------------------------------------------------------------------------------------


def test_a_nick_is_found_in_any_spelling() -> None:
    directory = new_directory()
    person = person_of(arrived(directory, "Éva"))
    for spelling in ("Éva", "éva", "E\u0301VA"):
        assert directory.find(spelling) is person
    with pytest.raises(NoSuchNick, match=r"^Nobody called Eva is here\. /who lists who is here\.$"):
        directory.find("Eva")


@pytest.mark.parametrize(
    ("nick", "why"),
    [
        ("ada", "Ada is here already. Choose another nick."),
        ("ADA", "Ada is here already. Choose another nick."),
        ("\u0430da", "\u0430da looks like Ada, who is here already. Choose another nick."),
    ],
)
def test_a_nick_has_one_holder(nick: str, why: str) -> None:
    directory = new_directory()
    holder = person_of(arrived(directory, "Ada"))
    with pytest.raises(NickTaken) as refused:
        arrived(directory, nick)
    assert str(refused.value) == why
    directory.rename(holder, parse_nick(nick))
    assert holder.nick == nick


def test_a_nick_is_taken_if_only_the_key_is_equal() -> None:
    directory = new_directory()
    arrived(directory, "νους")
    with pytest.raises(NickTaken, match="νους is here already"):
        arrived(directory, "ΝΟΥΣ")


def test_a_nick_is_free_after_renaming_and_after_leaving() -> None:
    directory = new_directory()
    session = arrived(directory, "ada", "seat")
    directory.rename(person_of(session), parse_nick("bob"))
    arrived(directory, "ada")
    assert directory.detach(session)
    assert not directory.detach(session)
    arrived(directory, "bob")


def test_a_refused_nick_changes_nothing() -> None:
    directory = new_directory()
    ada, bob = person_of(arrived(directory, "ada")), person_of(arrived(directory, "bob"))
    with pytest.raises(NickTaken):
        directory.rename(bob, parse_nick("ada"))
    assert (directory.find("ada"), directory.find("bob")) == (ada, bob)


def test_an_owned_nick_is_for_its_owner_present_or_not() -> None:
    accounts = Accounts(MemoryStore("testlog"))
    directory = Directory(accounts, lambda: 0)
    drive(accounts.add(parse_nick("Ada"), "", NOON), lambda ada: None)
    eve = person_of(arrived(directory, "eve"))
    for nick in ("ada", "ADA"):
        with pytest.raises(PasswordNeeded, match=rf"^{nick} is registered\. Log in with its password, or choose another nick\.$"):
            arrived(directory, nick)
    with pytest.raises(PasswordNeeded):
        directory.rename(eve, parse_nick("ada"))
    with pytest.raises(NickTaken, match=r"^\u0430da looks like Ada, who is registered\. Choose another nick\.$"):
        directory.rename(eve, parse_nick("\u0430da"))
    assert directory.of_account("ada") is None
    ada = directory.arrive(new_session(), parse_nick("Ada"), "seat", "ada")
    assert (ada.account, directory.of_account("ada")) == ("ada", ada)
    directory.rename(ada, parse_nick("ADA"))
    assert ada.nick == "ADA"
    assert directory.of_account("eve") is None


# -- Sessions --------------------------------------------------------------------------------------


def test_a_seat_has_one_session() -> None:
    directory = new_directory()
    session = arrived(directory, "ada", "seat")
    assert directory.session_of("seat") is session
    with pytest.raises(AssertionError):
        arrived(directory, "bob", "seat")
    directory.detach(session)
    assert directory.session_of("seat") is None


def test_a_person_stays_until_their_last_session_ends() -> None:
    directory = new_directory()
    desk, phone = arrived(directory, "ada"), new_session()
    ada = person_of(desk)
    directory.attach(phone, ada, "phone")
    assert directory.sessions(ada) == (desk, phone)
    assert not directory.detach(desk)
    assert directory.find("ada") is ada
    assert directory.detach(phone)
    assert directory.sessions(ada) == ()
    with pytest.raises(NoSuchNick):
        directory.find("ada")


def test_detaching_a_session_without_a_seat_does_nothing() -> None:
    assert not new_directory().detach(new_session())


# -- Delivering ------------------------------------------------------------------------------------


def test_an_answer_goes_to_all_sessions() -> None:
    directory = new_directory()
    desk, phone = arrived(directory, "ada"), new_session()
    directory.attach(phone, person_of(desk), "phone")
    directory.tell(person_of(desk), Pong())
    assert (received(desk), received(phone)) == ([Pong()], [Pong()])


def test_an_ignored_sender_delivers_nothing() -> None:
    directory = new_directory()
    ada, bob = arrived(directory, "ada"), arrived(directory, "bob")
    directory.set_ignoring(person_of(bob), IgnoreList(["ada"]))
    assert isinstance(bob.out, RecordingOutgoing)
    assert bob.out.filtered
    with pytest.raises(NotDelivered, match=r"^bob ignores you\. Nothing was sent\.$"):
        directory.check_ignored(ada, person_of(bob))


def test_an_away_notice_is_sent_once_for_each_absence() -> None:
    directory = new_directory()
    ada, desk = arrived(directory, "ada"), arrived(directory, "bob")
    bob = person_of(desk)
    assert directory.away_notice(ada, bob) is None
    for text in ("at lunch", ""):
        directory.set_away(desk, text)
        assert directory.away_notice(ada, bob) == AwayNotice("bob", text)
        assert directory.away_notice(ada, bob) is None
    directory.set_away(desk, None)
    assert directory.away_notice(ada, bob) is None


def test_whom_an_owner_ignores_is_known_while_they_are_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.core.directory.IGNORE_LISTS", 2)
    directory = new_directory()
    eve = arrived(directory, "eve")
    owners = [Account(id, parse_nick(nick), NOON) for id, nick in enumerate(("ada", "bob", "carol"))]
    for owner in owners:
        session, key = new_session(), owner.name.key
        person = directory.arrive(session, owner.name, key, key)
        directory.set_ignoring(person, IgnoreList(["eve"]))
        directory.detach(session)
    directory.check_ignored(eve, owners[0])  # Forgotten, since there are too many.
    for owner in owners[1:]:
        with pytest.raises(NotDelivered, match=f"^{owner.name.text} ignores you"):
            directory.check_ignored(eve, owner)
    again = directory.arrive(new_session(), owners[1].name, "again", "bob")
    assert "eve" in again.ignoring
    directory.check_ignored(eve, owners[1])  # The person knows it now.


def test_the_words_of_an_owner_are_known_after_a_restart_also_from_before_they_were_one() -> None:
    store = RememberingStore()
    accounts = Accounts(store)
    directory = Directory(accounts, lambda: 0)
    guest = person_of(arrived(directory, "ada"))
    directory.set_alerts(guest, {"tea": "Tea"})
    assert store.changes == []
    drive(accounts.add(guest.name, "", NOON), lambda ada: None)
    directory.own(guest, "ada")
    directory.set_alerts(guest, guest.alerts)
    assert len(store.changes) == 2, "what has not changed is not stored again"
    directory = Directory(Accounts(store), lambda: 0)
    later = person_of(arrived(directory, "eve"))
    directory.set_alerts(later, {"milk": "milk"})
    directory.own(later, "ada")
    assert later.alerts == {"tea": "Tea", "milk": "milk"}


class RememberingStore(MemoryStore):
    """Keeps the changes of accounts for the next start."""

    def __init__(self) -> None:
        super().__init__("testlog")
        self.changes: list[Change] = []

    @property
    def accounts(self) -> Sequence[Change]:
        return list(self.changes)

    def change_accounts(self, changes: Sequence[Change], on_changed: OnChanged) -> None:
        self.changes += changes
        on_changed(None)


def test_whom_an_owner_ignores_is_known_after_a_restart_also_from_before_they_were_one() -> None:
    store = RememberingStore()
    accounts = Accounts(store)
    directory = Directory(accounts, lambda: 0)
    guest = person_of(arrived(directory, "ada"))
    ignoring = IgnoreList()
    ignoring.add("eve", ["seat of eve"])
    directory.set_ignoring(guest, ignoring)
    assert store.changes == []
    drive(accounts.add(guest.name, "", NOON), lambda ada: None)
    directory.own(guest, "ada")
    directory.set_ignoring(guest, guest.ignoring)
    assert len(store.changes) == 2, "what has not changed is not stored again"

    accounts = Accounts(store)
    directory = Directory(accounts, lambda: 0)
    eve, ada = arrived(directory, "eve"), accounts.get("ada")
    assert ada is not None
    with pytest.raises(NotDelivered, match=r"^ada ignores you\. Nothing was sent\.$"):
        directory.check_ignored(eve, ada)
    person = directory.arrive(new_session(), ada.name, "seat", "ada")
    assert "eve" in person.ignoring
    person.ignoring.remove("eve")
    directory.set_ignoring(person, person.ignoring)
    assert accounts.ignored(ada) == Accounts(store).ignored(ada) == ()
