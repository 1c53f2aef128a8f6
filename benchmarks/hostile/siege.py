"""One attack on one server: starts the server and the attackers, and measures."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.cores import FOR_LOAD, on_cores
from benchmarks.hostile.catalogue import Attack
from benchmarks.hostile.figures import Memory, Outcome
from benchmarks.hostile.innocent import ASKED, CAME, SEARCHED, Crowd
from benchmarks.hostile.peers import Done, Target
from benchmarks.process import forget_highest, highest_resident_mib, processor_seconds, resident_mib, waited_seconds
from benchmarks.servers import Server, Start, chatd, running

WARM_SECONDS = 1.5
ANSWER_SECONDS = 20.0
REST_SECONDS = 2.0
"""How long the innocent people ask before the attack; how long to wait for their last answers; and
how long after that the memory is measured, in seconds."""

PREPARE_SECONDS = 60.0
END_SECONDS = 20.0
NICE = 10
"""The niceness of the attackers: they share the core of the measuring client."""

_PROCESSES = multiprocessing.get_context("fork")


def server(filled: Path, certificate: Path) -> Server:
    """chatd with its default limits, TLS, and a copy of the filled log on disk."""

    def command(start: Start) -> list[str]:
        data = start.folder / f"data-{start.port}"
        shutil.copytree(filled, data)
        return [*chatd(start, str(data)), "--tls-cert", str(certificate)]

    return Server("chatd", "json", command, lambda: True)


@dataclass(slots=True)
class Attacker:
    """An attack in its own process, with the pipe on which it reports that it is ready, and its
    counts."""

    process: BaseProcess
    pipe: Connection

    @classmethod
    def start(cls, attack: Attack, port: int, seconds: float) -> Attacker:
        ours, theirs = _PROCESSES.Pipe()
        process = _PROCESSES.Process(target=_attack, args=(attack, port, seconds, theirs), daemon=True)
        process.start()
        return cls(process, ours)

    def is_ready(self) -> bool:
        """Wait until the attack is prepared."""
        return self.pipe.poll(PREPARE_SECONDS) and self.pipe.recv() is None

    def end(self) -> Done:
        """Wait for the end, and return the counts; a failed attack has none."""
        try:
            done: Done = self.pipe.recv() if self.pipe.poll(END_SECONDS) else {"attackers stuck": 1}
        except EOFError:
            done = {"attackers failed": 1}
        self.process.kill()
        self.process.join()
        return done


def _attack(attack: Attack, port: int, seconds: float, pipe: Connection) -> None:
    os.nice(NICE)
    kept = attack.prepare(port)
    pipe.send(None)
    pipe.recv()
    pipe.send(attack.run(Target(port, time.monotonic() + seconds)))
    del kept


@contextmanager
def _attackers(attacks: Sequence[Attack], port: int, seconds: float) -> Iterator[list[Attacker]]:
    attackers = [Attacker.start(attack, port, seconds) for attack in attacks]
    try:
        yield attackers
    finally:
        for attacker in attackers:
            attacker.process.kill()


class Siege:
    """Measures attacks, each on a server of its own."""

    def __init__(self, folder: Path, server: Server, seconds: float) -> None:
        self.folder = folder
        self.server = server
        self.seconds = seconds

    def measure(self, name: str, attacks: Sequence[Attack]) -> Outcome:
        """Run all ``attacks`` at once, and measure what the innocent people notice."""
        with running(self.server, self.folder, default_limits=True) as (port, pid):
            with on_cores(FOR_LOAD), _attackers(attacks, port, self.seconds) as attackers:
                done = Counter({"attackers not ready": sum(not attacker.is_ready() for attacker in attackers)})
                outcome = asyncio.run(self._beside(name, attackers, done, port, pid))
            done["tracebacks in the server's log"] = self._tracebacks(port)
        shutil.rmtree(self.folder / f"data-{port}")
        return outcome

    async def _beside(self, name: str, attackers: Sequence[Attacker], done: Counter[str], port: int, pid: int) -> Outcome:
        crowd = Crowd(port)
        await crowd.enter()
        await crowd.ask(WARM_SECONDS)
        await crowd.settle(ANSWER_SECONDS)
        before, used, waited = resident_mib(pid), processor_seconds(pid), waited_seconds(pid)
        forget_highest(pid)
        for attacker in attackers:
            attacker.pipe.send(None)
        await crowd.ask(self.seconds)
        shares = (100 * (processor_seconds(pid) - used) / self.seconds, 100 * (waited_seconds(pid) - waited) / self.seconds)
        await crowd.settle(ANSWER_SECONDS)
        for attacker in attackers:
            done.update(await asyncio.to_thread(attacker.end))
        await asyncio.sleep(REST_SECONDS)
        memory = Memory(before, highest_resident_mib(pid), resident_mib(pid))
        return _outcome(name, crowd, memory, shares, done)

    def _tracebacks(self, port: int) -> int:
        return (self.folder / f"{self.server.name}-{port}.log").read_text(errors="replace").count("Traceback")


def _outcome(name: str, crowd: Crowd, memory: Memory, shares: tuple[float, float], done: Counter[str]) -> Outcome:
    measured = crowd.measured
    others, newcomers, searches = (measured.seconds[kind] for kind in (ASKED, CAME, SEARCHED))
    refused, unanswered = dict(measured.refused), dict(measured.unanswered)
    return Outcome(
        name, others, measured.late, newcomers, searches, refused, unanswered, memory, *shares, dict(done), measured.pings
    )
