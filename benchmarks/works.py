"""The works: in each, how many people talk and listen, which figures are measured, and within which
limits chatd must stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

#: What the load generator prints for one case.
Outcome = Mapping[str, float | int | bool | str]
#: Computes a figure from the outcomes of a work's cases; None where that is impossible.
Compute = Callable[[Mapping[str, Outcome]], float | None]


@dataclass(frozen=True, slots=True)
class Load:
    """The options of one run of the load generator; ``load.c`` explains them."""

    listeners: int = 0
    speakers: int = 0
    stalled: int = 0
    trouble: str = "none"
    messages: int = 0
    window: int = 64
    rate: float = 0.0
    seconds: float = 0.0
    message_bytes: int = 64
    idle: float = 0.0
    everybody_at_once: bool = False
    joins: bool = True
    #: The listeners are those of ``readers.py``, of this kind; empty: those of ``load.c``.
    readers: str = ""
    #: Whether the speakers write to one person each, in private (``private.py``).
    private: bool = False
    #: Whether people enter the lobby and leave it, ``rate`` a second (``churn.py``).
    churn: bool = False

    @property
    def is_for_load_c(self) -> bool:
        """Whether ``load.c`` can run it."""
        return not (self.readers or self.private or self.churn)

    def shortened(self) -> Load:
        """The same load for a quick look: a fifth of the messages, a third of the time and of the
        people."""
        return replace(
            self,
            messages=-(-self.messages // 5),
            seconds=self.seconds / 3,
            idle=self.idle / 3,
            stalled=self.stalled // 3,
            listeners=self.listeners if self.speakers else self.listeners // 3,
        )

    def arguments(self) -> list[str]:
        pairs: dict[str, float | int | str] = {
            "--listeners": self.listeners,
            "--speakers": self.speakers,
            "--stalled": self.stalled,
            "--trouble": self.trouble,
            "--messages": self.messages,
            "--window": self.window,
            "--bytes": self.message_bytes,
            "--idle": self.idle,
        }
        if self.rate:
            pairs |= {"--rate": self.rate, "--seconds": self.seconds}
        return [str(word) for pair in pairs.items() for word in pair] + ([] if self.joins else ["--no-join"])


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a work, and the limit within which chatd must stay."""

    title: str
    compute: Compute
    limit: float | None = None
    #: Divide by the figure of ``bare`` in the same run.
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    name: str
    meaning: str
    cases: Mapping[str, Load]
    figures: tuple[Figure, ...]
    runs: int
    #: Whether the server runs with its default limits, flood limits included.
    default_limits: bool = False
    #: Whether only chatd as it comes is measured: other servers lack what it needs, or its figures
    #: compare cases of one server.
    only_chatd: bool = False


def number(case: str, key: str) -> Compute:
    """A figure that the outcome contains as it is."""
    return lambda outcomes: float(outcomes[case][key])


def _in_ms(case: str) -> Compute:
    return lambda outcomes: float(outcomes[case]["cpu_us_per_delivery"]) / 1000


def _percent(case: str, part: str, whole: str) -> Compute:
    return lambda outcomes: 100 * float(outcomes[case][part]) / (float(outcomes[case][whole]) or 1.0)


def _arrival_seconds(outcomes: Mapping[str, Outcome]) -> float | None:
    arrival = outcomes["arrival"]
    return float(arrival["arrival_seconds"]) if arrival["present"] == arrival["connections"] else None


def _growth_mib(outcomes: Mapping[str, Outcome]) -> float | None:
    stalled = outcomes["stalled"]
    return (float(stalled["rss_peak_kib"]) - float(stalled["rss_arrived_kib"])) / 1024


def _slowdown(key: str, beside: str) -> Compute:
    return lambda outcomes: float(outcomes[beside][key]) / (float(outcomes["alone"][key]) or 1.0)


def _delivery(name: str, meaning: str, load: Load, ratio: float | None, p99_ms: float | None = None) -> Work:
    cost = number(name, "cpu_us_per_delivery")
    figures = (
        Figure("processor time of a delivery, bare = 1", cost, ratio, relative=True),
        Figure("processor time of a delivery, µs", cost),
        Figure("latency, p99, ms", number(name, "p99_ms"), p99_ms),
    )
    return Work(name, meaning, {name: load}, figures, runs=3)


def _times(case: str, beside: str) -> Compute:
    """How many times the processor time of a delivery in another case."""
    key = "cpu_us_per_delivery"
    return lambda outcomes: float(outcomes[case][key]) / float(outcomes[beside][key])


_READERS = Load(listeners=200, speakers=1, messages=1000, window=1)
_BURST = replace(_READERS, messages=6400, window=64)
_TALKERS = Load(speakers=50, rate=200, seconds=12, message_bytes=400)
_FLOODED = Load(listeners=100, speakers=50, rate=25, seconds=6)
_TROUBLES = ("lines", "endless", "newlines", "trickle")

WORKS = (
    _delivery(
        "talk",
        "200 listeners; one message at a time",
        Load(listeners=200, speakers=1, messages=2000, window=1),
        ratio=1.35,
    ),
    _delivery(
        "burst",
        "200 listeners; one speaker with 64 messages on the way",
        Load(listeners=200, speakers=1, messages=20000, window=64),
        ratio=1.7,
    ),
    _delivery(
        "crowd",
        "150 listeners and 50 speakers, each with 4 messages on the way",
        Load(listeners=150, speakers=50, messages=500, window=4),
        ratio=1.7,
    ),
    _delivery(
        "storm",
        "150 listeners and 50 speakers, each with 64 messages on the way",
        Load(listeners=150, speakers=50, messages=1000, window=64),
        ratio=None,
    ),
    _delivery(
        "paced",
        "600 listeners; 750 messages a second for 6 s",
        Load(listeners=600, speakers=1, rate=750, seconds=6),
        ratio=0.4,
        p99_ms=20,
    ),
    _delivery(
        "wide",
        "1,500 listeners; 75 messages a second for 6 s",
        Load(listeners=1500, speakers=1, rate=75, seconds=6),
        ratio=0.6,
        p99_ms=30,
    ),
    Work(
        "readers",
        "200 listen over TCP, over a WebSocket, inside TLS, by IRC and by SSH; one message at a time, or 64",
        {
            **{kind: replace(_READERS, readers=kind) for kind in ("tcp", "websocket", "tls", "text", "irc", "tags", "ssh")},
            **{f"{kind} burst": replace(_BURST, readers=kind) for kind in ("tcp", "tls", "text", "irc", "tags")},
            "screen": replace(_READERS, readers="screen", messages=100),
        },
        (
            Figure("processor time of a delivery over a WebSocket, over TCP = 1", _times("websocket", "tcp"), 1.2),
            Figure("processor time of a delivery inside TLS, over TCP = 1", _times("tls", "tcp"), 1.8),
            Figure("the same inside TLS, in a burst", _times("tls burst", "tcp burst"), 1.8),
            Figure("processor time of a delivery to IRC, text over TCP = 1", _times("irc", "text"), 1.15),
            Figure("the same to IRC, in a burst", _times("irc burst", "text burst"), 1.15),
            Figure("the same to IRC with server-time, msgid and account-tag", _times("tags", "text"), 1.3),
            Figure("the same to IRC with these, in a burst", _times("tags burst", "text burst"), 1.3),
            Figure("processor time of a line by SSH, over TCP = 1", _times("ssh", "text"), 9),
            Figure("processor time of a screen by SSH, a line over TCP = 1", _times("screen", "text"), 35),
        ),
        runs=3,
        only_chatd=True,
    ),
    Work(
        "private",
        "50 programs write to 50 others in private, each with 4 messages on the way",
        {"private": Load(speakers=50, messages=400, window=4, private=True)},
        (Figure("processor time of a private message, µs", number("private", "cpu_us_per_delivery"), 60),),
        runs=3,
        only_chatd=True,
    ),
    Work(
        "churn",
        "500 people listen while others enter and leave, 50 or 5 a second",
        {
            "50 a second": Load(listeners=500, rate=50, seconds=10, churn=True),
            "5 a second": Load(listeners=500, rate=5, seconds=20, churn=True),
        },
        (
            Figure("processor time of a joining and a leaving, ms, 50 of each a second", _in_ms("50 a second"), 2),
            Figure("the same, 5 of each a second", _in_ms("5 a second")),
        ),
        runs=5,
        only_chatd=True,
    ),
    Work(
        "silent",
        "9,000 people who have logged in and say nothing",
        {"silent": Load(listeners=9000, idle=10, joins=False)},
        (
            Figure("resident memory of a person, KiB", number("silent", "rss_per_connection_kib"), 4),
            Figure(
                "processor time while nobody talks, % of a core",
                _percent("silent", "idle_cpu_seconds", "idle_seconds"),
                1,
            ),
        ),
        runs=3,
        only_chatd=True,
    ),
    Work(
        "arrival",
        "5,000 people who connect and log in at once",
        {"arrival": Load(listeners=5000, everybody_at_once=True, joins=False)},
        (
            Figure("all are greeted after, s", _arrival_seconds, 5),
            Figure("greeted, % of all", _percent("arrival", "present", "connections")),
            Figure("processor time, s", number("arrival", "arrival_cpu_seconds")),
        ),
        runs=1,
        only_chatd=True,
    ),
    Work(
        "stalls",
        "50 people who talk, 200 messages of 400 bytes a second for 12 s: alone; beside 1,000 who read; "
        "beside 1,000 who read nothing until 35 s after the talk",
        {
            "alone": _TALKERS,
            "reading": replace(_TALKERS, listeners=1000),
            "stalled": replace(_TALKERS, stalled=1000, idle=35),
        },
        (
            Figure("growth of resident memory, MiB", _growth_mib, 64),
            Figure("p99 beside 1,000 who never read, alone = 1", _slowdown("p99_ms", "stalled"), 2),
            Figure("the same once they have stalled", _slowdown("second_half_p99_ms", "stalled"), 2),
            Figure("p99 beside 1,000 who read, alone = 1", _slowdown("p99_ms", "reading")),
            Figure("p99 alone, ms", number("alone", "p99_ms")),
            Figure("p99 beside 1,000 who read, ms", number("reading", "p99_ms")),
            Figure("p99 beside 1,000 who never read, ms", number("stalled", "p99_ms")),
            Figure("p99 once they have stalled, ms", number("stalled", "second_half_p99_ms")),
            Figure("disconnected within 47 s, % of the stalled", _percent("stalled", "stalled_closed", "stalled")),
            Figure("told what they missed, % of the stalled", _percent("stalled", "stalled_told", "stalled")),
            Figure(
                "missed something without being told, % of the stalled",
                _percent("stalled", "stalled_untold", "stalled"),
                0,
            ),
        ),
        runs=1,
        only_chatd=True,
    ),
    Work(
        "flood",
        "100 listeners and 50 speakers, 25 messages a second for 6 s, and one more who sends lines, bytes "
        "without a newline or bare newlines as fast as the server takes them, or a byte a second",
        {"quiet": _FLOODED} | {trouble: replace(_FLOODED, trouble=trouble) for trouble in _TROUBLES},
        (
            Figure("p99 without the one, ms", number("quiet", "p99_ms")),
            *(Figure(f"p99 beside {trouble}, ms", number(trouble, "p99_ms"), 100) for trouble in _TROUBLES),
        ),
        runs=1,
        default_limits=True,
        only_chatd=True,
    ),
)
