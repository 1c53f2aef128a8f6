"""Refusals in the protocol of each caller."""

from __future__ import annotations

import json

import pytest
from twisted.internet.task import Clock

from chatd.core.errors import DoorClosed
from chatd.doors.catalogue import IRC, JSON, SSH, TEXT, TLS, WEB, Door
from tests.doors.wire import new_server

REFUSAL = DoorClosed("Not hére.", "Elsewhere.")


@pytest.mark.parametrize(
    ("door", "said"),
    [
        (TEXT, "!! Not hére. Elsewhere.\r\n".encode()),
        (TLS, b"\x15\x03\x03\x00\x02\x02\x28"),
        (IRC, "ERROR :Not hére. Elsewhere.\r\n".encode()),
        (SSH, "Not hére. Elsewhere.\r\n".encode()),
    ],
)
def test_each_refusal_is_in_the_callers_protocol(clock: Clock, door: Door, said: bytes) -> None:
    assert door.refuse(REFUSAL, new_server(clock)) == said


def test_a_program_gets_the_code(clock: Clock) -> None:
    refused = json.loads(JSON.refuse(REFUSAL, new_server(clock)))
    assert refused == {"type": "refused", "code": "door-closed", "reason": "Not hére.", "hint": "Elsewhere."}


def test_a_browser_gets_a_complete_response(clock: Clock) -> None:
    head, _, body = WEB.refuse(REFUSAL, new_server(clock)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert f"Content-Length: {len(body)}".encode() in head
    assert body == "Not hére. Elsewhere.\n".encode()
