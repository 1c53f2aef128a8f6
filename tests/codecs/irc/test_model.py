"""A stateful model of one channel, seen through IRC: who is in it and with which prefix, its topic
and modes, bans, invitations and kicks.

The model has the rules in its own, simple way. It says with which numeric a command is refused, and
which line everybody in the channel is sent of one that is not.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.codecs.irc.network import Client, Network

OWNER, MODERATOR, VOICE, NONE = 3, 2, 1, 0
PREFIX = {OWNER: "@", MODERATOR: "@", VOICE: "+", NONE: ""}
NICKS = ("ada", "bob", "eve", "kim")
KEYS = ("", "word", "wrong")
FLAGS = "imnst"

Others = st.sampled_from(NICKS[1:])
Anybody = st.sampled_from(NICKS)


class Channel(RuleBasedStateMachine):
    """The channel #dev. ada has made it, owns it, and is always there."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network()
        self.clients: dict[str, Client] = {nick: self.network.client(nick) for nick in NICKS}
        self.clients["ada"].send("JOIN #dev")
        self.members: dict[str, None] = {"ada": None}
        self.roles = {nick: OWNER if nick == "ada" else NONE for nick in NICKS}
        self.invited: set[str] = set()
        self.bans: dict[str, None] = {}
        self.flags = {"n"}
        self.key = ""
        self.limit = 0
        self.topic = ""

    # -- What the model knows

    def sees(self, nick: str) -> bool:
        """Whether ``nick`` may know that the channel is there."""
        return not self.flags & {"i", "s"} or nick in self.members or self.is_expected(nick)

    def is_expected(self, nick: str) -> bool:
        return nick in self.invited or self.roles[nick] > NONE

    def is_banned(self, nick: str) -> bool:
        return nick in self.bans and self.roles[nick] == NONE

    def absent(self, nick: str) -> str:
        """The numeric for somebody who is not in the channel; empty: they are."""
        if nick in self.members:
            return ""
        return "442" if self.sees(nick) else "403"

    def unable(self, nick: str, role: int) -> str:
        """The numeric for somebody who has less than ``role`` in the channel; empty: they may."""
        return self.absent(nick) or ("" if self.roles[nick] >= role else "482")

    def silenced(self, nick: str) -> bool:
        return self.roles[nick] < VOICE and ("m" in self.flags or nick in self.bans)

    # -- How it is compared

    def ask(self, nick: str, line: str, numeric: str, told: str = "", also: tuple[str, ...] = ()) -> None:
        """Let ``nick`` send ``line``. They are refused with ``numeric``, or everybody who is in the
        channel, and those who are ``also`` told, are sent ``told``; empty: nobody is sent
        anything."""
        for client in self.clients.values():
            client.take()
        got = self.clients[nick].send(line)
        if numeric:
            assert [text.split(" ")[1] for text in got] == [numeric], (line, got)
        told = "" if numeric else told
        for other, client in self.clients.items():
            received = [*(got if other == nick else []), *client.take()]
            if told and (other in self.members or other in also):
                assert f":{nick}!~{nick}@guest {told}" in received, (line, other, received)
            elif other != nick:
                assert not received, (line, other, received)
            elif not numeric and not told:
                assert not received, (line, received)

    # -- What people do

    @initialize(nicks=st.sets(Others))
    def begin(self, nicks: set[str]) -> None:
        for nick in sorted(nicks):
            self.join(nick, "")

    @rule(nick=Others, key=st.sampled_from(KEYS))
    def join(self, nick: str, key: str) -> None:
        numeric = ""
        if nick not in self.members:
            if self.is_banned(nick):
                numeric = "474"
            elif not self.is_expected(nick):
                if "i" in self.flags:
                    numeric = "473"
                elif self.key and key != self.key:
                    numeric = "475"
                elif self.limit and len(self.members) >= self.limit:
                    numeric = "471"
        told = "" if numeric or nick in self.members else "JOIN #dev"
        if not numeric:
            self.members[nick] = None
        if told:
            self._joined(nick, key)
        else:
            self.ask(nick, f"JOIN #dev {key}", numeric)

    def _joined(self, nick: str, key: str) -> None:
        role = self.roles[nick]
        for client in self.clients.values():
            client.take()
        got = self.clients[nick].send(f"JOIN #dev {key}")
        assert got[0] == f":{nick}!~{nick}@guest JOIN #dev", got
        for other, client in self.clients.items():
            if other != nick:
                shown = [f":{nick}!~{nick}@guest JOIN #dev"]
                if role:
                    shown.append(f":chatd MODE #dev +{'v' if role == VOICE else 'o'} {nick}")
                assert client.take() == (shown if other in self.members else []), (nick, other)

    @rule(nick=Others)
    def part(self, nick: str) -> None:
        self.ask(nick, "PART #dev", self.absent(nick), "PART #dev", also=(nick,))
        self.members.pop(nick, None)

    @rule(nick=Anybody, text=st.sampled_from(("hi", "there")))
    def say(self, nick: str, text: str) -> None:
        if nick in self.members:
            is_heard = not self.silenced(nick)
        else:
            is_heard = "n" not in self.flags and self.sees(nick) and not self.is_banned(nick) and not self.silenced(nick)
        for client in self.clients.values():
            client.take()
        got = self.clients[nick].send(f"PRIVMSG #dev :{text}")
        assert [line.split(" ")[1] for line in got] == ([] if is_heard else ["404"]), got
        for other in set(NICKS) - {nick}:
            heard = [f":{nick}!~{nick}@guest PRIVMSG #dev :{text}"] if is_heard and other in self.members else []
            assert self.clients[other].take() == heard

    @rule(nick=Anybody, text=st.sampled_from(("", "tea", "coffee")))
    def set_topic(self, nick: str, text: str) -> None:
        numeric = self.unable(nick, MODERATOR if "t" in self.flags else NONE)
        if not numeric and self.silenced(nick):
            numeric = "404"
        self.ask(nick, f"TOPIC #dev :{text}", numeric, f"TOPIC #dev :{text}")
        if not numeric:
            self.topic = text

    @rule(nick=Anybody, sign=st.sampled_from("+-"), flag=st.sampled_from(FLAGS))
    def set_flag(self, nick: str, sign: str, flag: str) -> None:
        numeric = self.unable(nick, OWNER)
        self.ask(nick, f"MODE #dev {sign}{flag}", numeric, f"MODE #dev {sign}{flag}")
        if not numeric:
            (self.flags.add if sign == "+" else self.flags.discard)(flag)
            if flag == "i" and sign == "+":
                self.invited.update(self.members)

    @rule(key=st.sampled_from(("word", "")))
    def set_key(self, key: str) -> None:
        for client in self.clients.values():
            client.take()
        got = self.clients["ada"].send(f"MODE #dev +k {key}" if key else "MODE #dev -k")
        assert got == [f":ada!~ada@guest MODE #dev {'+k word' if key else '-k *'}"]
        for nick in NICKS[1:]:
            shown = [f":ada!~ada@guest MODE #dev {'+k' if key else '-k'} *"]
            assert self.clients[nick].take() == (shown if nick in self.members else [])
        self.key = key

    @rule(limit=st.integers(0, 4))
    def set_limit(self, limit: int) -> None:
        change = f"+l {limit}" if limit else "-l"
        self.ask("ada", f"MODE #dev {change}", "", f"MODE #dev {change}")
        self.limit = limit

    @rule(nick=Anybody, other=Anybody, role=st.sampled_from((VOICE, MODERATOR)))
    def give(self, nick: str, other: str, role: int) -> None:
        letter = "v" if role == VOICE else "o"
        self._change_role(nick, f"MODE #dev +{letter} {other}", other, OWNER if role == MODERATOR else MODERATOR, lambda had: role)

    @rule(nick=Anybody, other=Others, role=st.sampled_from((VOICE, MODERATOR)))
    def take_away(self, nick: str, other: str, role: int) -> None:
        letter = "v" if role == VOICE else "o"
        is_meant = (self.roles[other] == VOICE) is (role == VOICE) and self.roles[other] > NONE
        self._change_role(nick, f"MODE #dev -{letter} {other}", other, MODERATOR, lambda had: NONE if is_meant else had)

    def _change_role(self, nick: str, line: str, other: str, needed: int, change: Callable[[int], int]) -> None:
        numeric = self.unable(nick, needed)
        if not numeric and other not in self.members:
            numeric = "441"
        if not numeric and nick != other and self.roles[nick] <= self.roles[other]:
            numeric = "482"
        had = self.roles[other]
        has = change(had)
        if had > VOICE and has == VOICE:
            has = had  # Their role includes a voice already.
        if other == "ada" == nick:
            return  # What becomes of a channel without an owner is no matter of this model.
        for client in self.clients.values():
            client.take()
        got = self.clients[nick].send(line)
        if numeric:
            assert [text.split(" ")[1] for text in got] == [numeric], (line, got)
        elif had != has:
            assert got == [f":{nick}!~{nick}@guest {line}"]
        else:
            assert got == []
        is_changed = not numeric and had != has
        for watcher in set(NICKS) - {nick}:
            received = self.clients[watcher].take()
            assert bool(received) is (is_changed and watcher in self.members), (line, watcher, received)
            assert all(text.startswith(f":{nick}!~{nick}@guest MODE #dev ") for text in received)
        if is_changed:
            self.roles[other] = has

    @rule(nick=Anybody, other=Anybody)
    def kick(self, nick: str, other: str) -> None:
        numeric = self.unable(nick, MODERATOR)
        if not numeric and other not in self.members:
            numeric = "441"
        if not numeric and nick != other and self.roles[nick] <= self.roles[other]:
            numeric = "482"
        if other == "ada" == nick:
            return
        self.ask(nick, f"KICK #dev {other} :out", numeric, f"KICK #dev {other} :out", also=(nick,))
        if not numeric:
            self.members.pop(other)
            self.invited.discard(other)
            if "i" in self.flags and nick != other:
                self.roles[other] = NONE

    @rule(nick=Anybody, other=Others)
    def invite(self, nick: str, other: str) -> None:
        is_closed = "i" in self.flags or bool(self.key) or bool(self.limit)
        numeric = self.absent(nick)
        if not numeric and other in self.members:
            numeric = "443"
        if not numeric and is_closed:
            numeric = self.unable(nick, MODERATOR)
        for client in self.clients.values():
            client.take()
        got = self.clients[nick].send(f"INVITE {other} #dev")
        assert [line.split(" ")[1] for line in got] == [numeric or "341"], got
        told = self.clients[other].take() if other != nick else []
        assert told == ([] if numeric else [f":{nick}!~{nick}@guest INVITE {other} #dev"])
        if not numeric and self.roles[nick] >= MODERATOR:
            self.invited.add(other)

    @rule(nick=Anybody, other=Others)
    def ban(self, nick: str, other: str) -> None:
        numeric = self.unable(nick, MODERATOR)
        if not numeric and nick != other and self.roles[nick] <= self.roles[other]:
            numeric = "482"
        self.ask(nick, f"MODE #dev +b {other}!*@*", numeric, f"MODE #dev +b {other}!*@*")
        if not numeric:
            self.bans.pop(other, None)
            self.bans[other] = None

    @rule(nick=Anybody, other=Others)
    def unban(self, nick: str, other: str) -> None:
        numeric = self.unable(nick, MODERATOR)
        told = f"MODE #dev -b {other}!*@*" if other in self.bans else ""
        self.ask(nick, f"MODE #dev -b {other}!*@*", numeric, told)
        if not numeric:
            self.bans.pop(other, None)

    # -- What is true at any time

    @invariant()
    def ada_sees_what_the_model_knows(self) -> None:
        ada = self.clients["ada"]
        ada.take()
        (names, _) = ada.send("NAMES #dev")
        assert sorted(names.rpartition(":")[2].split(" ")) == sorted(PREFIX[self.roles[nick]] + nick for nick in self.members)
        letters, *arguments = ada.send("MODE #dev")[0].partition(" 324 ada #dev ")[2].split(" ")
        assert set(letters) == {"+", *self.flags, *("k" if self.key else ""), *("l" if self.limit else "")}
        assert arguments == [*("*" if self.key else ""), *([str(self.limit)] if self.limit else [])]
        topic = ada.send("TOPIC #dev")[0].partition(" #dev :")[2]
        assert topic == (self.topic or "No topic is set")
        bans = [line.split(" ")[4] for line in ada.send("MODE #dev +b") if " 367 " in line]
        assert bans == [f"{nick}!*@*" for nick in self.bans]


Channel.TestCase.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
TestChannel = Channel.TestCase
