"""The capabilities, and how they are listed and asked for."""

from __future__ import annotations

from chatd.codecs.irc.capabilities import BY_NAME, NAMES, Cap, lines, names, requested, words

OFFERED = {"sasl": "PLAIN", "batch": "", "server-time": ""}


def test_only_a_new_client_is_shown_values() -> None:
    assert [*words(OFFERED, 302)] == ["batch", "sasl=PLAIN", "server-time"]
    assert [*words(OFFERED, 301)] == ["batch", "sasl", "server-time"]


def test_long_lists_take_several_lines() -> None:
    assert lines([]) == [""]
    found = lines([f"capability-{number}" for number in range(100)])
    assert len(found) == 4
    assert all(len(line) <= 400 for line in found)


def test_a_request_is_granted_as_a_whole() -> None:
    assert requested("batch  sasl", 0, OFFERED) == Cap.BATCH | Cap.SASL
    assert requested("batch nothing", Cap.TIME, OFFERED) is None
    assert requested("-batch server-time", Cap.BATCH, OFFERED) == Cap.TIME


def test_each_capability_has_its_bit() -> None:
    assert names(Cap.BATCH | Cap.TIME) == ["batch", "server-time"]
    assert set(NAMES) <= set(BY_NAME)
    bits = [cap for cap in BY_NAME.values() if cap]
    assert len(set(bits)) == len(bits)
