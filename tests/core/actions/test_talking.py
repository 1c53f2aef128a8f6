"""Talking in a room and in private."""

from __future__ import annotations

import pytest

from chatd.core.commands import (
    Away,
    Hello,
    Join,
    Leave,
    Me,
    Msg,
    Nick,
    Reply,
    Say,
)
from chatd.core.errors import NotDelivered
from chatd.core.events import (
    Ack,
    AwayNotice,
    Done,
    Private,
    Refused,
    Said,
)
from chatd.core.perform import perform
from chatd.core.registry import Registry
from chatd.testing import NOON, StandingClock, Visitor, arrive, new_registry
from tests.core.actions.asking import LOST, LosingLog, every, only, refusal
from tests.core.late import LateStore

TOKEN = "t" * 16


# -- Talking ---------------------------------------------------------------------------------------


def test_a_message_is_acknowledged_and_told_to_all(ada: Visitor, bob: Visitor) -> None:
    ack, said = ada.ask(Say("hi", id="1"))
    assert ack == Ack("lobby", 3, NOON, id="1")
    assert bob.take() == [said]
    assert isinstance(said, Said)
    assert (said.room, said.seq, said.time, said.nick, said.text, said.action, said.id) == (
        "lobby",
        3,
        NOON,
        "ada",
        "hi",
        False,
        "1",
    )


def test_who_does_not_want_to_be_acknowledged_is_told_of_refusals_only(losing: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = arrive(losing, "ada")
    ada.out.acknowledges = False
    assert [type(news) for news in ada.ask(Say("hi"))] == [Said]
    monkeypatch.setattr(LosingLog, "losing", True)
    assert refusal(ada.ask(Say("hi"))) == LOST


def test_an_action_is_a_message_too(ada: Visitor, bob: Visitor) -> None:
    assert only(Ack, ada.ask(Me("waves", "#lobby")))
    said = only(Said, bob.take())
    assert (said.text, said.action) == ("waves", True)


@pytest.mark.parametrize("text", ["", " ", "\u3000 "])
@pytest.mark.parametrize("make", [Say, Me, lambda text: Msg("bob", text)])
def test_there_must_be_something_to_say(ada: Visitor, bob: Visitor, make: type[Say], text: str) -> None:
    assert refusal(ada.ask(make(text))) == ("bad-usage", "There is nothing to say in that.", "Write a text.")
    assert bob.take() == []


@pytest.mark.parametrize("make", [Say, Me])
def test_sent_again_is_not_said_twice(clock: StandingClock, ada: Visitor, bob: Visitor, make: type[Say]) -> None:
    first = only(Ack, ada.ask(make("hi", id="1")))
    clock.advance(60)
    assert ada.ask(make("hi", id="1")) == [first]
    assert len(bob.take()) == 1
    assert only(Ack, ada.ask(make("hi", id="2"))).seq == first.seq + 1


def test_without_an_id_the_same_is_said_again(ada: Visitor, bob: Visitor) -> None:
    ada.ask(Say("hi"))
    ada.ask(Say("hi"))
    assert len(every(Said, bob.take())) == 2


def test_the_id_of_another_sender_is_another_id(ada: Visitor, bob: Visitor) -> None:
    ada.ask(Say("hi", id="1"))
    assert only(Ack, bob.ask(Say("hi", id="1"))).seq == 4


def test_sent_again_from_the_next_connection_is_not_said_twice(registry: Registry, bob: Visitor) -> None:
    carol = Visitor(registry)
    carol.ask(Hello("carol", token=TOKEN))
    first = only(Ack, carol.ask(Say("hi", id="1")))
    carol.lose_link()
    bob.take()
    again = Visitor(registry)
    again.ask(Hello("karl", token=TOKEN))
    assert again.ask(Say("hi", id="1")) == [first]
    assert every(Said, bob.take()) == []


def test_sent_again_after_leaving_and_entering_is_not_said_twice(ada: Visitor, bob: Visitor) -> None:
    first = only(Ack, ada.ask(Say("hi", id="1")))
    ada.ask(Leave())
    ada.ask(Join("lobby"))
    assert ada.ask(Say("hi", id="1")) == [first]
    assert len(every(Said, bob.take())) == 1


def test_an_id_has_a_limit(ada: Visitor) -> None:
    assert only(Ack, ada.ask(Say("hi", id="x" * 64)))
    told = ada.ask(Say("hi", id="x" * 65))
    assert refusal(told) == ("too-long", "The id is too long.", "An id has at most 64 characters.")


# -- In private ------------------------------------------------------------------------------------


def test_a_private_message_is_told_to_one(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    carol = arrive(registry, "carol")
    told = ada.ask(Msg("BOB", "psst", id="1"))
    assert only(Done, told) == Done("msg", "bob", id="1")
    assert only(Private, bob.take()) == Private("ada", "psst", NOON)
    assert carol.take() == []
    assert only(Done, bob.ask(Reply("what?", id="2"))) == Done("reply", "ada", id="2")
    assert only(Private, ada.take()).text == "what?"


def test_who_is_absent_is_told_nothing(ada: Visitor) -> None:
    assert refusal(ada.ask(Msg("bob", "psst"))) == ("no-such-nick", "Nobody called bob is here.", "/who lists who is.")


def test_there_must_be_somebody_to_reply_to(ada: Visitor) -> None:
    assert refusal(ada.ask(Reply("what?"))) == ("bad-usage", "Nobody has written to you yet.", "Write /msg NICK TEXT.")


def test_a_reply_goes_to_whoever_wrote_under_whatever_nick_and_to_nobody_else(
    registry: Registry, ada: Visitor, bob: Visitor
) -> None:
    ada.ask(Msg("bob", "psst"))
    ada.ask(Nick("lovelace"))
    stranger = arrive(registry, "ada")
    ada.take()
    assert only(Done, bob.ask(Reply("what?"))).subject == "lovelace"
    assert only(Private, ada.take()).text == "what?"
    ada.lose_link()
    bob.take()
    assert refusal(bob.ask(Reply("hello?"))) == (
        "no-such-nick",
        "Whoever wrote to you last is gone.",
        "/who lists who is here.",
    )
    assert every(Private, stranger.take()) == []


def test_a_private_message_sent_again_is_not_told_twice(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    first = ada.ask(Msg("bob", "psst", id="1"))
    assert ada.ask(Msg("bob", "psst", id="1")) == first == [Done("msg", "bob", id="1")]
    assert len(bob.take()) == 1
    bob.lose_link()
    ada.take()
    assert ada.ask(Msg("bob", "psst", id="1")) == first


def test_a_reply_sent_again_from_the_next_connection_is_answered_again(registry: Registry, ada: Visitor) -> None:
    carol = Visitor(registry)
    carol.ask(Hello("carol", token=TOKEN))
    ada.ask(Msg("carol", "psst"))
    carol.ask(Reply("what?", id="1"))
    carol.lose_link()
    ada.take()
    again = Visitor(registry)
    again.ask(Hello("carol", token=TOKEN))
    ada.take()
    assert again.ask(Reply("what?", id="1")) == [Done("reply", "ada", id="1")]
    assert ada.take() == []


def test_without_an_id_the_same_is_told_again(ada: Visitor, bob: Visitor) -> None:
    ada.ask(Msg("bob", "psst"))
    ada.ask(Msg("bob", "psst"))
    assert len(bob.take()) == 2


def test_who_takes_nothing_more_is_told_nothing(ada: Visitor, bob: Visitor) -> None:
    bob.out.full = True
    told = ada.ask(Msg("bob", "psst", id="1"))
    assert refusal(told) == (
        "not-delivered",
        "bob is not reading at the moment.",
        "Nothing was sent; try again later.",
    )
    bob.out.full = False
    assert only(Done, ada.ask(Msg("bob", "psst", id="1")))
    assert len(bob.take()) == 1


# -- Private messages with an id -------------------------------------------------------------------


def private(visitor: Visitor) -> list[str]:
    return [news.text for news in visitor.take() if isinstance(news, Private)]


class Noting:
    """Ada and bob, on a store that answers late."""

    def __init__(self) -> None:
        self.store = LateStore()
        self.registry = new_registry(store=self.store)
        self.ada, self.bob = Visitor(self.registry), Visitor(self.registry)
        for visitor, nick in ((self.ada, "ada"), (self.bob, "bob")):
            perform(self.registry, visitor.session, Hello(nick, nick * 8))
        self.store.answer()
        self.ada.take()


def test_a_private_message_with_an_id_is_told_when_that_is_stored() -> None:
    case = Noting()
    perform(case.registry, case.ada.session, Msg("bob", "psst", id="7"))
    assert private(case.bob) == []
    case.store.answer()
    assert private(case.bob) == ["psst"]
    assert case.ada.take()[-1] == Done("msg", "bob", id="7")
    assert case.ada.ask(Msg("bob", "psst", id="7")) == [Done("msg", "bob", id="7")]
    assert case.store.waiting == []


def test_a_private_message_whose_id_is_not_stored_is_told_to_nobody() -> None:
    case = Noting()
    case.store.failure = NotDelivered("The disk is full.")
    perform(case.registry, case.ada.session, Msg("bob", "psst", id="7"))
    case.store.answer()
    assert [news.reason for news in case.ada.take() if isinstance(news, Refused)] == ["The disk is full."]
    assert private(case.bob) == []
    assert case.registry.directory.recipient_of(case.ada.session.sender_id, "7") is None


def test_who_stops_reading_meanwhile_has_not_got_it() -> None:
    case = Noting()
    perform(case.registry, case.ada.session, Msg("bob", "psst", id="7"))
    case.bob.out.full = True
    case.store.answer()
    assert case.store.noted == ["bob", ""]
    assert [type(news) for news in case.ada.take()] == [Refused]


def test_two_connections_of_one_sender_tell_it_once() -> None:
    case = Noting()
    perform(case.registry, case.ada.session, Msg("bob", "psst", id="7"))
    again = Visitor(case.registry)
    perform(case.registry, again.session, Hello("ada", "ada" * 8))
    held, case.store.waiting[:] = case.store.waiting[:1], case.store.waiting[1:]
    case.store.answer()
    perform(case.registry, again.session, Msg("bob", "psst", id="7"))
    case.store.waiting[:] = held + case.store.waiting
    case.store.answer()
    assert private(case.bob) == ["psst"]
    assert again.take()[-1] == Done("msg", "bob", id="7")


def test_who_writes_with_an_id_to_somebody_away_is_told_so_after_the_answer() -> None:
    registry = new_registry()
    ada, bob = arrive(registry, "ada"), arrive(registry, "bob")
    bob.ask(Away("at lunch"))
    assert [type(news) for news in ada.ask(Msg("bob", "psst", id="7")) if isinstance(news, (Done, AwayNotice))] == [
        Done,
        AwayNotice,
    ]
