"""Words that several sentences share."""

from __future__ import annotations

import pytest

from chatd.codecs.wording import because, in_one_line, kept, log_name, place


@pytest.mark.parametrize(
    ("room", "name"),
    [
        ("lobby", "#lobby"),
        ("@", "your private messages"),
        ("@bob", "your private messages with bob"),
        ("@server", "this server"),
    ],
)
def test_a_place_has_a_name(room: str, name: str) -> None:
    assert place(room) == name


@pytest.mark.parametrize(("room", "name"), [("lobby", "#lobby"), ("@", "your inbox")])
def test_what_keeps_messages_has_a_name(room: str, name: str) -> None:
    assert log_name(room) == name


@pytest.mark.parametrize(
    ("keep", "words"),
    [("30d", "messages for 30 days"), ("none", "no messages"), ("", "messages as long as the server does")],
)
def test_what_is_kept_is_said_in_words(keep: str, words: str) -> None:
    assert kept(keep) == words


def test_a_reason_is_optional() -> None:
    assert [because("spam"), because("")] == [": spam", ""]


def test_lines_become_one() -> None:
    assert in_one_line("a\nb") == "a b"
