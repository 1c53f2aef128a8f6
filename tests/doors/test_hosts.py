"""The names of the server, and the pages that may connect to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.doors.hosts import SHOWN_CHARACTERS, Hosts, hostname, parse_host


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("chat.example.org", "chat.example.org"),
        ("CHAT.example.org.", "chat.example.org"),
        ("localhost", "localhost"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("my_host", "my_host"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("2001:db8:0::1", "2001:db8::1"),
    ],
)
def test_names_and_addresses_are_hosts(text: str, name: str) -> None:
    assert parse_host(text) == name


@pytest.mark.parametrize(
    "text", ["", ".", "chat.example:8080", "http://chat.example", "a b", "b\u00fccher.example", "*", "-a", "[::1", "a/b"]
)
def test_nothing_else_is_a_host(text: str) -> None:
    if text == "[::1":
        assert parse_host(text) == "::1"
        return
    with pytest.raises(ValueError, match=r"."):
        parse_host(text)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("chat.example", "chat.example"),
        ("CHAT.example.:8080", "chat.example"),
        ("[::1]:8080", "::1"),
        ("127.0.0.1:8080", "127.0.0.1"),
        ("", ""),
        ("[", ""),
        ("evil.example/chat.example", "evil.example"),
        ("chat.example@evil.example", "evil.example"),
    ],
)
def test_the_name_is_without_its_port(host: str, name: str) -> None:
    assert hostname(host) == name


@given(st.text())
def test_no_header_raises(host: str) -> None:
    hosts = Hosts(["https://friend.example"], ["chat.example"])
    for objection in (hosts.object_to_host(host), hosts.object_to_page(host, host)):
        if objection is not None:
            assert objection.warning.isascii()
            assert objection.warning.isprintable()
            assert len(objection.warning) < 200 + 3 * 10 * SHOWN_CHARACTERS


def test_without_names_every_host_is_ours() -> None:
    assert Hosts([]).object_to_host("anything") is None


@pytest.mark.parametrize(
    ("host", "status"), [("chat.example", None), ("chat.example:8080", None), ("[::1]", None), ("evil.example", 421), ("", 421)]
)
def test_with_names_no_other_host_is_ours(host: str, status: int | None) -> None:
    objection = Hosts([], ["chat.example", "::1"]).object_to_host(host)
    assert (objection and objection.status) == status


def test_an_objection_names_what_it_is_about() -> None:
    objection = Hosts([]).object_to_page("https://chat.example:8443", "chat.example")
    assert objection is not None
    for text in (objection.reason, objection.warning):
        assert "https://chat.example:8443" in text
        assert "--origin" in text
        assert " chat.example" in text
