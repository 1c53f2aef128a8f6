"""Information about commands and people."""

from __future__ import annotations

from chatd.core import answers, command_table, commands
from chatd.core.commands import (
    Away,
    Hello,
    Help,
    Join,
    Ping,
    Say,
    Whois,
)
from chatd.core.registry import Registry
from chatd.core.ssh_keys import parse_key
from chatd.testing import NOON, StandingClock, Visitor, arrive, new_registry
from tests.core.actions.answers import only, refusal
from tests.core.late import LateStore

TOKEN = "t" * 16
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


def test_whois_shows_the_server_by_its_name(registry: Registry, ada: Visitor) -> None:
    registry.ssh_fingerprint = "SHA256:abc"
    assert ada.ask(Whois("CHATD")) == [answers.ServerInfo("chatd", 1, "SHA256:abc")]


def test_whois_shows_a_person(registry: Registry, clock: StandingClock, ada: Visitor, bob: Visitor) -> None:
    ada.ask(Join("dev"))
    clock.advance(61.5)
    assert bob.ask(Whois("ADA", id="1")) == [
        answers.PersonInfo("ada", ("lobby", "dev"), NOON, 61, "json", roles={"dev": "owner"}, id="1")
    ]
    ada.ask(Away())
    assert bob.ask(Whois("ada")) == [answers.PersonInfo("ada", ("lobby", "dev"), NOON, 0, "json", "", roles={"dev": "owner"})]
    ada.ask(Away("at lunch"))
    assert only(answers.PersonInfo, bob.ask(Whois("ada"))).away == "at lunch"
    ada.session.key, ada.session.is_encrypted = parse_key(KEY), True
    assert only(answers.PersonInfo, bob.ask(Whois("ada"))).secure
    assert only(answers.PersonInfo, bob.ask(Whois("ada"))).key.startswith("SHA256:")
    assert refusal(bob.ask(Whois("carol"))) == ("no-such-nick", "Nobody called carol is here.", "/who lists who is here.")


def test_only_those_in_a_room_of_ones_own_are_found_by_a_pattern(registry: Registry, ada: Visitor, bob: Visitor) -> None:
    def found() -> list[str]:
        return [line.nick for line in only(answers.PeopleList, ada.ask(commands.People(like="*"))).people]

    assert found() == ["ada", "bob"]
    bob.ask(commands.Leave())
    assert found() == ["ada"]
    assert [line.nick for line in only(answers.PeopleList, ada.ask(commands.People(nicks=("bob",)))).people] == ["bob"]


def test_a_ping_waits_for_what_was_said_before_it() -> None:
    registry = new_registry(store=(store := LateStore()))
    ada = Visitor(registry)
    ada.ask(Hello("ada"))
    store.answer()
    ada.take()
    ada.ask(Say("hi"))
    ada.ask(Ping(id="1"))
    assert not [news for news in ada.take() if isinstance(news, answers.Pong)]
    store.answer()
    kinds = [type(news) for news in ada.take()]
    assert kinds.index(answers.Ack) < kinds.index(answers.Pong)


def test_a_ping_does_not_end_idleness(clock: StandingClock, ada: Visitor, bob: Visitor) -> None:
    clock.advance(60)
    ada.ask(Ping())
    assert only(answers.PersonInfo, bob.ask(Whois("ada"))).idle == 60
    ada.ask(Say("hi"))
    assert only(answers.PersonInfo, bob.ask(Whois("ada"))).idle == 0


def test_idleness_is_never_negative(clock: StandingClock, ada: Visitor) -> None:
    ada.ask(Say("hi"))
    clock.advance(-60)
    bob = arrive(ada.registry, "bob")
    assert only(answers.PersonInfo, bob.ask(Whois("ada"))).idle == 0


def test_help_lists_all_commands_or_explains_one(ada: Visitor) -> None:
    listed = only(answers.HelpText, ada.ask(Help(id="1")))
    assert [line.name for line in listed.commands] == [row.name for row in command_table.TABLE if not row.group]
    assert listed.groups == command_table.GROUPS
    grouped = [line.name for group in listed.groups for line in only(answers.HelpText, ada.ask(Help(group))).commands]
    assert sorted(grouped) == sorted(row.name for row in command_table.TABLE if row.group)
    for name in ("/MSG", "msg", "/query"):
        (line,) = only(answers.HelpText, ada.ask(Help(name, id="2"))).commands
        assert (line.usage, line.help) == ("/msg NICK TEXT", "send one person a message that nobody else sees")
        assert "query" in line.also
    assert refusal(ada.ask(Help("mgs"))) == (
        "unknown-command",
        "There is no command /mgs.",
        "Did you mean /msg? /help lists all.",
    )
