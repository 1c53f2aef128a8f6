"""Who is let in by SSH, and as whom."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch.ssh.common import NS
from twisted.conch.ssh.keys import Key
from twisted.internet.task import Clock

from chatd.core import command_table, commands
from chatd.core.driver import drive
from chatd.core.limits import SSH_ATTEMPTS
from chatd.core.names import parse_nick
from chatd.testing import InstantAuthenticator
from tests.doors.ssh_client import FAILURE, INFO_RESPONSE, KEY_IS_OK, SUCCESS, Client, ssh_server
from tests.doors.wire import RunningServer
from tests.tui.glass import Glass

PASSWORD = "zebra-quartz-lantern"


@pytest.fixture
def server(clock: Clock) -> RunningServer:
    """A server on which ada has an account."""
    server = ssh_server(clock)
    accounts = server.registry.accounts
    server.registry.authenticator = InstantAuthenticator(accounts)
    drive(accounts.add(parse_nick("ada"), f"hash of {PASSWORD}", 0), lambda outcome: None)
    return server


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.hang_up()


def new_key() -> Key:
    return Key(Ed25519PrivateKey.generate())


def as_text(key: Key) -> str:
    return f"{key.sshType().decode()} {base64.b64encode(key.public().blob()).decode()}"


def give(server: RunningServer, key: Key) -> None:
    """Add ``key`` to ada's account."""
    account = server.registry.accounts.get("ada")
    assert account is not None
    drive(server.registry.accounts.add_key(account, as_text(key), "", 0), lambda outcome: None)


def person(server: RunningServer, nick: str) -> str:
    """The account of the person called ``nick``."""
    return server.registry.directory.find(nick).account


def test_nobody_is_let_in_before_they_had_a_chance_to_offer_a_key(client: Client) -> None:
    assert client.ask("bob", b"none") == FAILURE
    assert b"publickey,keyboard-interactive,password" in client.messages[0][1]


def test_a_guest_without_a_key_is_asked_for_nothing(server: RunningServer, client: Client) -> None:
    client.come_in("bob").terminal()
    assert person(server, "bob") == ""


def test_a_guest_may_give_any_password(server: RunningServer, client: Client) -> None:
    assert client.ask("bob", b"password", b"\0" + NS(b"whatever")) == SUCCESS
    client.terminal()
    assert person(server, "bob") == ""


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (Key(Ed25519PrivateKey.generate()), b""),
        (Key(ec.generate_private_key(ec.SECP256R1())), b""),
        (Key(rsa.generate_private_key(65537, 2048)), b"rsa-sha2-256"),
    ],
    ids=["ed25519", "ecdsa", "rsa"],
)
def test_a_guest_is_known_by_the_key_that_signed(server: RunningServer, client: Client, key: Key, algorithm: bytes) -> None:
    offer = NS(algorithm or key.sshType()) + NS(key.public().blob())
    assert client.ask("bob", b"publickey", b"\0" + offer) == KEY_IS_OK
    assert client.sign("bob", key, algorithm, forged=True) == FAILURE
    assert client.sign("bob", key, algorithm) == SUCCESS
    client.terminal()
    [session] = server.registry.directory.sessions(server.registry.directory.find("bob"))
    assert session.key is not None
    assert session.key.value == as_text(key)


def test_weak_keys_and_signatures_are_refused(client: Client) -> None:
    strong, weak = Key(rsa.generate_private_key(65537, 2048)), Key(rsa.generate_private_key(65537, 1024))
    assert client.sign("bob", strong, b"ssh-rsa") == FAILURE
    assert client.sign("bob", weak, b"rsa-sha2-256") == FAILURE
    assert client.ask("bob", b"publickey", b"\0" + NS(b"ssh-ed25519") + NS(NS(b"ssh-ed25519") + NS(b"short"))) == FAILURE
    assert client.ask("bob", b"publickey", b"\0" + NS(b"ssh-dss") + NS(NS(b"ssh-dss"))) == FAILURE


def test_the_owner_of_a_nick_is_recognised_by_their_key_alone(server: RunningServer, client: Client) -> None:
    mine, other = new_key(), new_key()
    give(server, mine)
    assert client.sign("ada", other) == FAILURE
    client.come_in("ada", mine).terminal()
    assert person(server, "ada") == "ada"


def test_the_key_of_an_account_makes_nobody_its_owner_under_another_nick(server: RunningServer, client: Client) -> None:
    key = new_key()
    give(server, key)
    client.come_in("bob", key).terminal()
    assert person(server, "bob") == ""


def test_the_owner_of_a_nick_may_give_the_password(server: RunningServer, client: Client) -> None:
    assert client.ask("ada", b"keyboard-interactive", NS(b"") + NS(b"")) == KEY_IS_OK
    assert b"Password of ada" in client.messages[0][1]
    client.send(INFO_RESPONSE, b"\0\0\0\1" + NS(PASSWORD.encode()))
    client.terminal()
    assert person(server, "ada") == "ada"


def test_a_wrong_password_is_asked_for_again_inside(server: RunningServer, client: Client) -> None:
    assert client.ask("ada", b"password", b"\0" + NS(b"a wrong one")) == SUCCESS
    glass = Glass(60, 12)
    client.terminal()
    glass.write(client.take())
    assert "That is not the password of ada." in glass.text
    client.type(f"{PASSWORD}\r")
    assert person(server, "ada") == "ada"
    glass.write(client.take())
    assert PASSWORD not in glass.text


def test_a_nick_that_cannot_be_had_is_asked_for_again_inside(server: RunningServer, client: Client) -> None:
    client.come_in("lobby").terminal()
    assert "nick:" in client.take()
    client.type("bob\r")
    assert person(server, "bob") == ""


def test_a_response_that_was_not_asked_for_is_ignored(client: Client) -> None:
    client.send(INFO_RESPONSE, b"\0\0\0\0")
    assert not client.took(SUCCESS)
    assert client.ask("bob", b"hostbased") == FAILURE


def test_attempts_are_limited(server: RunningServer, client: Client) -> None:
    for _ in range(SSH_ATTEMPTS):
        assert client.sign("ada", new_key()) == FAILURE
    assert client.sign("ada", new_key()) == 0
    assert not client.wire.open


def test_offers_without_a_signature_are_limited_too(client: Client) -> None:
    key = new_key()
    offer = b"\0" + NS(b"ssh-ed25519") + NS(key.public().blob())
    for _ in range(100):
        if client.ask("bob", b"publickey", offer) != KEY_IS_OK:
            break
    assert not client.wire.open


def test_another_service_is_refused(client: Client) -> None:
    client.send(50, NS(b"bob") + NS(b"ssh-agent") + NS(b"none"))
    assert client.took(FAILURE)


def test_keys_add_takes_the_key_that_one_has_come_with(server: RunningServer, client: Client) -> None:
    key = new_key()
    client.come_in("bob", key).terminal()
    glass = Glass(60, 12)
    glass.write(client.take())
    assert "/keys add" not in glass.text
    client.type("/login ada\r")
    client.type(f"{PASSWORD}\r")
    glass.write(client.take())
    assert "/keys add lets you in with the key" in glass.text
    client.type("/keys add\r")
    assert server.registry.accounts.find_key(as_text(key)) is not None
    assert commands.Keys(own=True) == command_table.parse("/keys add")
