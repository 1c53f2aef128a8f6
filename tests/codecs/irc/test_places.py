"""Rooms, talks and places in them, as clients name them."""

from __future__ import annotations

import pytest

from chatd.codecs.irc.places import LAST_TIME, Point, parse_timestamp, point, room_of
from chatd.codecs.objects import iso_time
from chatd.core.events import Private

NOON = 1_795_435_200_000


@pytest.mark.parametrize(
    ("target", "room"), [("#dev", "dev"), ("Bob", "@Bob"), ("@bob", ""), ("*", ""), ("", ""), ("a b", ""), ("#", "")]
)
def test_a_target_is_a_room_or_a_talk(target: str, room: str) -> None:
    assert room_of(target) == room


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("timestamp=2026-11-23T12:00:00.000Z", NOON),
        ("timestamp=2026-11-23T13:00:00.250+01:00", NOON + 250),
        ("timestamp=1970-01-01T00:00:00.000Z", 1),
        ("timestamp=0001-01-01T00:00:00.000+23:59", 1),
        ("timestamp=9999-12-31T23:59:59.999-23:59", LAST_TIME),
        ("timestamp=2026-11-23T12:00:00.000", None),
        ("timestamp=soon", None),
        ("timestamp=", None),
        ("time=2026-11-23T12:00:00.000Z", None),
        ("", None),
    ],
)
def test_every_time_is_one_that_can_be_written(text: str, time: int | None) -> None:
    assert parse_timestamp(text) == time
    assert time is None or iso_time(time)


@pytest.mark.parametrize(
    ("text", "room", "place"),
    [
        ("*", "dev", Point()),
        ("msgid=3-1173f105", "dev", Point(3)),
        ("msgid=3-1173f105", "ops", None),
        ("msgid=3-1173f105", "@bob", Point(time=3, id="3-1173f105")),
        ("msgid=x-1173f105", "@bob", None),
        ("msgid=999999999999999-1", "@bob", None),
        ("seq=3", "dev", None),
    ],
)
def test_a_place_is_a_message_or_a_time(text: str, room: str, place: Point | None) -> None:
    assert point(text, room) == place


def test_a_private_message_is_located_among_those_that_were_found() -> None:
    found = [Private("@", seq, NOON, "bob", "", "hi", common_id=f"{seq}{seq}") for seq in (7, 8)]
    place = Point(time=NOON, id=f"{NOON}-88")
    assert place.located(found) == Point(8, NOON, f"{NOON}-88")
    assert place.located(found[:1]) == place
