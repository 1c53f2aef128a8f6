"""What happened earlier (``earlier.py``): encoded once a day."""

from __future__ import annotations

from dataclasses import replace

from chatd.codecs.earlier import Earlier
from chatd.core.events import Event, Said
from chatd.core.limits import SCROLLBACK_LINES
from chatd.testing import NOON

HI = Said("lobby", 7, NOON, "ada", "seat", "hi")

DAY = 24 * 3600 * 1000


class Case:
    """Events that are encoded as their number and how often that was done before."""

    def __init__(self) -> None:
        self.now = NOON
        self.encoded = 0
        self.earlier = Earlier(self._encode, lambda: self.now)

    def _encode(self, event: Event) -> bytes:
        self.encoded += 1
        return b"%d/%d " % (event.seq, self.encoded)


def test_each_event_is_encoded_once_and_again_on_the_next_day() -> None:
    case, events = Case(), [replace(HI, seq=1), replace(HI, seq=2)]
    assert case.earlier.of(events[:1]) == b"1/1 "
    assert case.earlier.of(events) == case.earlier.of(events) == b"1/1 2/2 "
    case.now += DAY
    assert case.earlier.of(events) == b"1/3 2/4 "


def test_an_event_that_was_changed_is_encoded_again() -> None:
    case = Case()
    assert case.earlier.of([HI]) != case.earlier.of([replace(HI, text="changed")])


def test_only_so_many_are_remembered() -> None:
    case = Case()
    case.earlier.of([HI])
    for _ in range(2):
        case.earlier.of([replace(HI, seq=seq) for seq in range(SCROLLBACK_LINES)])
    assert case.encoded == 1 + 2 * SCROLLBACK_LINES
    case.earlier.of([HI])
    assert case.encoded == 2 + 2 * SCROLLBACK_LINES
