"""The half that all clients share: each view is encoded once for all of its readers."""

from __future__ import annotations

from tests.codecs.irc.network import Network


def test_readers_with_the_same_capabilities_share_a_feed() -> None:
    network = Network()
    clients = [network.client("ada"), network.client("bob"), network.client("eve", "server-time"), network.client("dan", "batch")]
    for client in clients:
        client.send("JOIN #dev")
    feeds = network.server.fanout._feeds[network.registry.rooms.find("dev")]
    assert sorted(len(feed.readers) for feed in feeds.values()) == [1, 3]
    assert clients[1].send("CAP REQ server-time")[-1].endswith("CAP bob ACK :server-time")
    assert sorted(len(feed.readers) for feed in feeds.values()) == [2, 2]


def test_only_messages_with_a_label_are_acknowledged() -> None:
    network = Network()
    ada = network.client("ada", "labeled-response")
    ada.send("JOIN #dev")
    assert not network.server.irc.acknowledges_all
    assert ada.send("PRIVMSG #dev :hi") == []
    assert ada.send("@label=1 PRIVMSG #dev :hi") == ["@label=1 :chatd ACK"]
