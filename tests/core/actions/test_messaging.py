"""Messages in a room and in private."""

from __future__ import annotations

import pytest

from chatd.core.answers import Ack, AwayNotice, Done
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
from chatd.core.events import Private, Said
from chatd.core.limits import TEXT_LINES
from chatd.core.registry import Registry
from chatd.testing import NOON, StandingClock, Visitor, arrive, new_registry
from tests.core.actions.answers import LOST, LosingLog, every, only, refusal

TOKEN = "t" * 16


# -- In a room -------------------------------------------------------------------------------------


def test_a_message_is_acknowledged_and_broadcast(ada: Visitor, bob: Visitor) -> None:
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


def test_without_acknowledgements_only_refusals_are_answered(losing: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = arrive(losing, "ada")
    monkeypatch.setattr(ada.out, "acknowledges_all", False)
    assert [type(news) for news in ada.ask(Say("hi"))] == [Said]
    monkeypatch.setattr(LosingLog, "losing", True)
    assert refusal(ada.ask(Say("hi"))) == LOST


def test_an_action_is_a_message(ada: Visitor, bob: Visitor) -> None:
    assert only(Ack, ada.ask(Me("waves", "#lobby")))
    said = only(Said, bob.take())
    assert (said.text, said.action) == ("waves", True)


def test_a_message_may_have_several_lines_which_cost_what_they_show(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    text = "\n".join("x" * TEXT_LINES)
    before = ada.out.spent
    ada.ask(Say("x"))
    one = ada.out.spent - before
    ada.ask(Say(text))
    assert ada.out.spent - before == 2 * one + TEXT_LINES - 1
    assert [event.text for event in bob.take() if isinstance(event, Said)] == ["x", text]
    before = ada.out.spent
    ada.ask(Msg("bob", text))
    assert ada.out.spent - before == TEXT_LINES - 1
    assert only(Private, bob.take()).text == text
    for command in (Say(f"{text}\nx"), Msg("bob", f"{text}\nx")):
        assert refusal(ada.ask(command))[:2] == ("too-long", "The message has too many lines.")
    assert bob.take() == []


@pytest.mark.parametrize("text", ["", " ", "\u3000 ", "\u3164", "\u2800\u200b", "\ufe0f"])
@pytest.mark.parametrize("make", [Say, Me, lambda text: Msg("bob", text)])
def test_an_empty_message_is_refused(ada: Visitor, bob: Visitor, make: type[Say], text: str) -> None:
    assert refusal(ada.ask(make(text))) == ("bad-usage", "The message is empty.", "Write a text that can be seen.")
    assert bob.take() == []


@pytest.mark.parametrize("make", [Say, Me])
def test_a_message_sent_again_is_not_said_twice(clock: StandingClock, ada: Visitor, bob: Visitor, make: type[Say]) -> None:
    first = only(Ack, ada.ask(make("hi", id="1")))
    clock.advance(60)
    assert ada.ask(make("hi", id="1")) == [first]
    assert len(bob.take()) == 1
    assert only(Ack, ada.ask(make("hi", id="2"))).seq == first.seq + 1


def test_a_message_without_an_id_is_said_again(ada: Visitor, bob: Visitor) -> None:
    ada.ask(Say("hi"))
    ada.ask(Say("hi"))
    assert len(every(Said, bob.take())) == 2


def test_senders_have_separate_ids(ada: Visitor, bob: Visitor) -> None:
    ada.ask(Say("hi", id="1"))
    assert only(Ack, bob.ask(Say("hi", id="1"))).seq == 4


def test_a_message_sent_again_on_another_connection_is_not_said_twice(registry: Registry, bob: Visitor) -> None:
    carol = Visitor(registry)
    carol.ask(Hello("carol", token=TOKEN))
    first = only(Ack, carol.ask(Say("hi", id="1")))
    carol.lose_link()
    bob.take()
    again = Visitor(registry)
    again.ask(Hello("karl", token=TOKEN))
    assert again.ask(Say("hi", id="1")) == [first]
    assert every(Said, bob.take()) == []


def test_a_message_sent_again_after_rejoining_is_not_said_twice(ada: Visitor, bob: Visitor) -> None:
    first = only(Ack, ada.ask(Say("hi", id="1")))
    ada.ask(Leave())
    ada.ask(Join("lobby"))
    assert ada.ask(Say("hi", id="1")) == [first]
    assert len(every(Said, bob.take())) == 1


def test_the_length_of_an_id_is_limited(ada: Visitor) -> None:
    assert only(Ack, ada.ask(Say("hi", id="x" * 64)))
    answers = ada.ask(Say("hi", id="x" * 65))
    assert refusal(answers) == ("too-long", "The id is too long.", "An id has at most 64 characters.")


# -- In private ------------------------------------------------------------------------------------


def test_a_private_message_goes_to_one_person(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    carol = arrive(registry, "carol")
    answers = ada.ask(Msg("BOB", "psst", id="1"))
    assert only(Done, answers) == Done("msg", "bob", seq=1, time=NOON, id="1")
    seat = ada.session.sender_id
    received = only(Private, bob.take())
    assert received == Private("@", 1, NOON, "ada", seat, "psst", id="1", guest=True, common_id=received.common_id)
    assert carol.take() == []
    assert only(Done, bob.ask(Reply("what?", id="2"))) == Done("reply", "ada", seq=2, time=NOON, id="2")
    assert only(Private, ada.take()).text == "what?"


def test_a_private_message_needs_a_recipient(ada: Visitor) -> None:
    assert refusal(ada.ask(Msg("bob", "psst"))) == ("no-such-nick", "Nobody called bob is here.", "/who lists who is here.")


def test_a_reply_needs_an_earlier_message(ada: Visitor) -> None:
    assert refusal(ada.ask(Reply("what?"))) == ("bad-usage", "Nobody has written to you yet.", "Write /msg NICK TEXT.")


def test_a_reply_goes_to_the_sender_whatever_their_nick(registry: Registry, ada: Visitor, bob: Visitor) -> None:
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
        "The person who wrote to you last has left.",
        "/who lists who is here.",
    )
    assert every(Private, stranger.take()) == []


def test_a_private_message_sent_again_is_not_delivered_twice(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    first = ada.ask(Msg("bob", "psst", id="1"))
    assert ada.ask(Msg("bob", "psst", id="1")) == first == [Done("msg", "bob", seq=1, time=NOON, id="1")]
    assert len(bob.take()) == 1
    bob.lose_link()
    ada.take()
    assert ada.ask(Msg("bob", "psst", id="1")) == first


def test_a_reply_sent_again_on_another_connection_is_answered_again(registry: Registry, ada: Visitor) -> None:
    carol = Visitor(registry)
    carol.ask(Hello("carol", token=TOKEN))
    ada.ask(Msg("carol", "psst"))
    carol.ask(Reply("what?", id="1"))
    carol.lose_link()
    ada.take()
    again = Visitor(registry)
    again.ask(Hello("carol", token=TOKEN))
    ada.take()
    assert only(Done, again.ask(Reply("what?", id="1"))) == Done("reply", "ada", seq=2, time=NOON, id="1")
    assert ada.take() == []


def test_a_private_message_without_an_id_is_delivered_again(ada: Visitor, bob: Visitor) -> None:
    ada.ask(Msg("bob", "psst"))
    ada.ask(Msg("bob", "psst"))
    assert len(bob.take()) == 2


def test_a_guest_that_is_not_reading_gets_no_more_than_waits_for_them(ada: Visitor, bob: Visitor) -> None:
    bob.out.full = True
    sent = [ada.ask(Msg("bob", "x" * 1000)) for _ in range(20)]
    assert refusal(sent[-1]) == ("not-delivered", "bob is not reading at the moment.", "Nothing was sent; try again later.")
    bob.out.full = False
    assert only(Done, ada.ask(Msg("bob", "again")))


def test_who_writes_with_an_id_to_somebody_away_is_told_so_after_the_answer() -> None:
    registry = new_registry()
    ada, bob = arrive(registry, "ada"), arrive(registry, "bob")
    bob.ask(Away("at lunch"))
    assert [type(news) for news in ada.ask(Msg("bob", "psst", id="7")) if isinstance(news, (Done, AwayNotice))] == [
        Done,
        AwayNotice,
    ]
