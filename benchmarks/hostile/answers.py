"""Attacks that could make the server lose answers: senders who read late, and a victim who gets
messages from strangers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, repeat

from benchmarks.hostile.flood import Flood
from benchmarks.hostile.peers import HONEST, VICTIM, Done, Tally, Target, connect, do, drain, hello, kind_of, line

SAID = 12_000
"""The number of messages that each program sends before it reads."""

SETTLE_SECONDS = 2.0
"""How long to wait for the remaining answers, in seconds."""

STRANGERS = 12
EACH_SECONDS = 0.5
"""The interval between messages of the victim, and of an honest person to the victim, in
seconds."""

SMALL_BUFFER = 4096


def _many_says(number: int) -> Iterator[bytes]:
    says = (line(type="say", text=f"message {count}", id=f"{number}-{count}") for count in range(SAID))
    return chain([hello(f"late{number}", f"late{number}")], says)


def say_and_read_late(target: Target) -> Done:
    """Programs that send 12,000 messages with ids each, and read only in the second half of the
    time."""
    tally = Tally()
    late = max(0.0, target.until - time.monotonic()) / 2
    done = Flood(_many_says, late=late, settle=SETTLE_SECONDS, received=tally).run(target)
    counts = tally.counts
    return {"messages said": counts["said"], "acks": counts["ack"], "messages refused": counts["refused"]} | done


def flood_the_inbox(target: Target) -> Done:
    """Strangers send messages to a victim who does not read meanwhile; so does an honest person."""
    done: Counter[str] = Counter()
    talk = threading.Thread(target=_victim_and_honest, args=(target, done))
    talk.start()
    piece = do("msg", nick="victim", text="x" * 3900)
    flood = Flood(lambda number: chain([hello(f"stranger{number}", "strangers")], repeat(piece)), STRANGERS).run(target)
    talk.join()
    return dict(done) | flood


def _victim_and_honest(target: Target, done: Counter[str]) -> None:
    with connect(target.port, VICTIM, SMALL_BUFFER) as victim, connect(target.port, HONEST) as honest:
        victim.sendall(hello("victim", "victims"))
        honest.sendall(hello("honest", "victims"))
        with suppress(OSError):
            while target.has_time():
                victim.sendall(line(type="say", text="here I am", id=str(done["victim's messages"])))
                done["victim's messages"] += 1
                honest.sendall(do("msg", nick="victim", text="are you well?"))
                done["honest messages"] += 1
                time.sleep(EACH_SECONDS)
        tally = Tally(lambda message: "honest" if b'"nick":"honest"' in message and b'"private"' in message else kind_of(message))
        drain(victim, SETTLE_SECONDS, tally)
        done["victim's acks"], done["honest ones arrived"] = tally.counts["ack"], tally.counts["honest"]
