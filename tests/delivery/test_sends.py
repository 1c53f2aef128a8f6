"""Sends: to a few one by one, to many by the ring, and always to everybody."""

from __future__ import annotations

import errno
from collections.abc import Sequence

import pytest

from chatd.delivery.ring import Ring
from chatd.delivery.sends import RING_READERS, Sends


class Peer:
    """A reader that is its own sink, and takes at most ``space`` bytes; ``number``: of its
    socket."""

    def __init__(self, number: int, space: int = 100) -> None:
        self.number = number
        self.space = space
        self.taken = b""
        self.ways: list[str] = []

    @property
    def sink(self) -> Peer:
        return self

    def fileno(self) -> int:
        return self.number

    def send(self, data: bytes, /) -> int:
        self.ways.append("send")
        taken = self.take(data)
        if taken < 0:
            raise OSError(-taken, "nothing is taken")
        return taken

    def take(self, data: bytes) -> int:
        data = data[: self.space]
        self.space -= len(data)
        self.taken += data
        return len(data) or -errno.EAGAIN


class FakeRing(Ring):
    """A ring that gives to peers by their numbers, to ``most`` in all."""

    def __init__(self, peers: Sequence[Peer], most: int = 1_000_000) -> None:
        self.peers = {peer.number: peer for peer in peers}
        self.most = most

    def send(self, chunk: bytes, sockets: Sequence[int]) -> list[int]:
        return self.send_each([chunk] * len(sockets), sockets)

    def send_each(self, chunks: Sequence[bytes], sockets: Sequence[int]) -> list[int]:
        sockets = sockets[: self.most]
        self.most -= len(sockets)
        for number in sockets:
            self.peers[number].ways.append("ring")
        return [self.peers[number].take(chunk) for chunk, number in zip(chunks, sockets, strict=False)]


MANY = range(RING_READERS)


def test_a_few_need_no_ring() -> None:
    def open_ring() -> Ring:
        raise AssertionError("nobody needs it")

    peers = [Peer(number) for number in MANY[1:]]
    assert Sends(open_ring).send(b"hi", peers) == []
    assert {(peer.taken, *peer.ways) for peer in peers} == {(b"hi", "send")}


def test_many_are_sent_to_by_the_ring() -> None:
    peers = [Peer(number) for number in MANY]
    sends = Sends(lambda: FakeRing(peers))
    assert sends.send(b"hi", peers) == sends.send(b" all", {*peers}) == []
    assert {(peer.taken, *peer.ways) for peer in peers} == {(b"hi all", "ring", "ring")}


def test_whoever_has_no_socket_is_sent_to_without_the_ring() -> None:
    peers = [Peer(number) for number in MANY]
    others = [Peer(-1), Peer(-1, space=1)]
    sends = Sends(lambda: FakeRing(peers))
    assert sends.send(b"hi", [others[0], *peers, others[1]]) == [(others[1], 1)]
    assert sends.send(b"!", [Peer(-1) for _ in MANY]) == []
    assert {(peer.taken, *peer.ways) for peer in peers} == {(b"hi", "ring")}
    assert [(peer.taken, *peer.ways) for peer in others] == [(b"hi", "send"), (b"h", "send")]


@pytest.mark.parametrize("way", ["ring", "send"])
def test_each_gets_their_own_chunk(way: str) -> None:
    peers = [Peer(number, space=1 if number == 3 else 100) for number in MANY]
    strangers = [] if way == "ring" else [Peer(-1)]
    chunks = [b"%d!" % number for number in MANY] + [b"-"] * len(strangers)
    sends = Sends(lambda: FakeRing(peers))
    assert sends.send_each(chunks, [*peers, *strangers]) == [(peers[3], 1)]
    assert [peer.taken for peer in peers] == [b"3" if number == 3 else b"%d!" % number for number in MANY]
    assert {tuple(peer.ways) for peer in peers} == {(way,)}
    assert [peer.taken for peer in strangers] == [b"-"] * len(strangers)
    assert sends.send_each([b"a", b"b"], peers[:2]) == []
    assert [peer.ways[-1] for peer in peers[:3]] == ["send", "send", way]


def test_a_ring_that_fails_is_not_used_for_the_rest() -> None:
    peers = [Peer(number, space=1 if number in (1, 4) else 100) for number in MANY]
    sends = Sends(lambda: FakeRing(peers, most=2))
    assert sends.send_each([b"%d!" % number for number in MANY], peers) == [(peers[1], 1), (peers[4], 1)]
    assert [peer.ways for peer in peers] == [["ring"]] * 2 + [["send"]] * (len(peers) - 2)
    assert all(peer.taken in (b"%d!" % peer.number, b"%d" % peer.number) for peer in peers)


@pytest.mark.parametrize("has_ring", [True, False])
def test_who_has_not_taken_all_is_named(has_ring: bool) -> None:
    def open_ring() -> Ring:
        if has_ring:
            return FakeRing(peers)
        raise PermissionError(errno.EPERM, "not allowed here")

    peers = [Peer(number, space=3 if number == 2 else 0 if number == 5 else 100) for number in MANY]
    sends = Sends(open_ring)
    assert sends.send(b"hello", peers) == [(peers[2], 3), (peers[5], 0)]
    assert {tuple(peer.ways) for peer in peers} == {("ring",) if has_ring else ("send",)}


def test_a_ring_that_fails_is_not_used_again() -> None:
    peers = [Peer(number, space=5 if number == 1 else 100) for number in MANY]
    sends = Sends(lambda: FakeRing(peers, most=2))
    assert sends.send(b"hello, all", peers) == [(peers[1], 5)]
    assert [peer.ways for peer in peers] == [["ring"]] * 2 + [["send"]] * (len(peers) - 2)
    assert {peer.taken for peer in peers} == {b"hello, all", b"hello"}
    assert sends.send(b"!", [peer for peer in peers if peer.space]) == []
    assert peers[0].ways == ["ring", "send"]
