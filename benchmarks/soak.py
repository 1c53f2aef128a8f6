"""``python -m benchmarks soak``: people log in, talk and leave for a long time; the server's memory
should be level after the first minute."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.cores import FOR_LOAD, on_cores
from benchmarks.process import processor_seconds, resident_mib
from benchmarks.report import Rows, machine, table
from benchmarks.run import allow_open_files, positive
from benchmarks.servers import HERE, Server, ServerError, Start, chatd, running

SECONDS = 1300
EVERY_SECONDS = 60.0
"""The interval between measurements, in seconds; a tenth of the whole time if that is less."""

ROOMS = ["lobby", *(f"room{number}" for number in range(50))]
ADDRESSES = [f"127.0.{block}.{host}" for block in range(20, 24) for host in range(1, 251)]
COMING = 25.0
"""The number of people who log in per second; each sends two or three messages, 65 a second
together."""

SAID = (2, 3, 2, 3, 3)
STAY_SECONDS = (0.5, 1.5)
"""The random pause before each message and before leaving, in seconds."""

ANSWER_SECONDS = 30.0
LEVEL_MIB = 2.0
"""The growth in the second half, in MiB, that counts as level."""


@dataclass(frozen=True, slots=True)
class Look:
    """One measurement: memory in MiB, processor time in seconds, all counts since the start."""

    seconds: float
    memory: float
    processor: float
    connections: int
    messages: int
    failed: int


class Visitors:
    """People who log in, talk in one room and leave."""

    def __init__(self, port: int) -> None:
        self.counts: Counter[str] = Counter()
        self._port = port
        self._chance = random.Random(5)
        self._tasks: set[asyncio.Task[None]] = set()

    async def come(self, seconds: float) -> None:
        """Let people log in for ``seconds``, and wait until the last one has left."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(int(seconds * COMING)):
            await asyncio.sleep(max(0.0, began + number / COMING - loop.time()))
            task = asyncio.create_task(self._visit(number))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await asyncio.gather(*self._tasks)

    async def _visit(self, number: int) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._talk(number)
        except (OSError, TimeoutError):
            self.counts["failed"] += 1

    async def _talk(self, number: int) -> None:
        address, room = ADDRESSES[number % len(ADDRESSES)], self._chance.choice(ROOMS)
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(address, 0))
        self.counts["connections"] += 1
        reading = asyncio.create_task(self._read(reader))
        try:
            writer.write(_line(type="hello", nick=f"visitor{number}", rooms=[room]))
            for count in range(SAID[number % len(SAID)]):
                await asyncio.sleep(self._chance.uniform(*STAY_SECONDS))
                writer.write(_line(type="say", id=str(count), text=f"message {count} of visitor {number}, as long as others"))
            await asyncio.sleep(self._chance.uniform(*STAY_SECONDS))
        finally:
            writer.close()
            await reading

    async def _read(self, reader: asyncio.StreamReader) -> None:
        rest = b""
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                whole, _, rest = (rest + data).rpartition(b"\n")
                self.counts["messages"] += whole.count(b'"type":"ack"')
                self.counts["failed"] += whole.count(b'"type":"refused"')


def _line(**fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"


async def _watch(visitors: Visitors, pid: int, every: float, looks: list[Look]) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        counts = visitors.counts
        now = loop.time() - began
        look = Look(now, resident_mib(pid), processor_seconds(pid), counts["connections"], counts["messages"], counts["failed"])
        looks.append(look)
        print("  ".join(_row(look)), file=sys.stderr, flush=True)
        await asyncio.sleep(max(0.0, began + len(looks) * every - loop.time()))


async def _soak(port: int, pid: int, seconds: int, looks: list[Look]) -> None:
    visitors = Visitors(port)
    every = min(EVERY_SECONDS, seconds / 10)
    watching = asyncio.create_task(_watch(visitors, pid, every, looks))
    await visitors.come(seconds)
    await asyncio.sleep(every - (looks[-1].seconds + every - seconds) % every)
    watching.cancel()


def growth(looks: Sequence[Look], since: float) -> float:
    """The growth of the memory in MiB, from the first measurement at ``since`` seconds or later to
    the last."""
    later = [look.memory for look in looks if look.seconds >= since]
    return later[-1] - later[0] if later else 0.0


def _row(look: Look) -> list[str]:
    figures = (f"{look.connections:,}", f"{look.messages:,}", f"{look.failed:,}")
    return [f"{look.seconds:.0f}", f"{look.memory:.1f}", f"{look.processor:.1f}", *figures]


def rows(looks: Sequence[Look]) -> Rows:
    """The table: a heading, and one row for each measurement."""
    heading = ["seconds", "memory, MiB", "processor, s", "connections", "messages", "refused or failed"]
    return [heading, *map(_row, looks)]


def verdict(looks: Sequence[Look]) -> str:
    """One sentence: whether the memory was level."""
    half = growth(looks, looks[-1].seconds / 2)
    level = "level" if half <= LEVEL_MIB else "NOT level"
    after = growth(looks, EVERY_SECONDS)
    return f"Memory was {level}: {half:+.1f} MiB in the second half, {after:+.1f} MiB since the first minute."


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks soak",
        description=f"Let {COMING:g} people a second come to chatd from {len(ADDRESSES):,} addresses of loopback, say 65 "
        f"messages a second in {len(ROOMS)} rooms and go, and look at the server's memory each minute. The log is on disk.",
    )
    parser.add_argument("--seconds", type=positive, default=SECONDS, metavar="N", help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="folder for the results; default: %(default)s")
    return parser.parse_args(arguments)


def write(looks: Sequence[Look], facts: dict[str, str], out: Path) -> str:
    """Write soak.json and soak.md, and return the text of the latter."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "soak.json").write_text(json.dumps({"machine": facts, "looks": [asdict(look) for look in looks]}, indent=1) + "\n")
    lines = [f"- {key}: {value}" for key, value in facts.items()]
    text = "\n".join(["# Coming, talking and going", "", *lines, "", table(rows(looks)), "", verdict(looks)]) + "\n"
    (out / "soak.md").write_text(text)
    return text


def _on_disk(start: Start) -> list[str]:
    return chatd(start, str(start.folder / "data"))


def _measure(seconds: int, looks: list[Look]) -> None:
    with tempfile.TemporaryDirectory(prefix="chatd-benchmarks-", dir="/var/tmp") as name:  # /tmp may be in memory.
        server = Server("chatd", "json", _on_disk, lambda: True)
        with running(server, Path(name), default_limits=True) as (port, pid), on_cores(FOR_LOAD):
            asyncio.run(_soak(port, pid, seconds, looks))


def main(arguments: Sequence[str]) -> int:
    """Measure and write the results. Exit status: 0 level, 1 not level, 2 nothing was measured, 130
    interrupted."""
    options = parse_arguments(arguments)
    allow_open_files()
    looks: list[Look] = []
    facts, status = machine(), 0
    try:
        _measure(options.seconds, looks)
    except (ServerError, OSError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        status = 130
    if looks:
        print(write(looks, facts, options.out))
        status = status or int(growth(looks, looks[-1].seconds / 2) > LEVEL_MIB)
    return status
