"""What is pure in ``python -m benchmarks --against``: the options that an earlier version is given,
and the ratio of the two."""

from __future__ import annotations

from benchmarks.earlier import known
from benchmarks.report import EARLIER, JUDGED, Measurement, Results, rows
from benchmarks.works import Figure, Load, Work, number

HELP = """\
      --data=          The folder for the log.
      --flood-rate=    Lines a second.
  -p, --port=          The TCP port.
"""


def test_an_earlier_version_is_given_no_option_that_it_does_not_know() -> None:
    command = ["twistd", "-n", "chatd", "--port", "8080", "--address-rate", "0", "--data", "none", "--flood-rate", "0"]
    assert known(command, 3, HELP) == ["twistd", "-n", "chatd", "--port", "8080", "--data", "none", "--flood-rate", "0"]


def test_each_run_is_compared_with_the_same_run_of_the_earlier_version() -> None:
    work = Work("talk", "they talk", {"talk": Load()}, (Figure("cost", number("talk", "cost")),), runs=3)
    results = Results([work], [JUDGED, EARLIER])
    costs = {JUDGED: (1.0, 3.0, 8.0), EARLIER: (2.0, 2.0, 4.0)}
    for server, values in costs.items():
        results.measurements += [Measurement(run, "talk", "talk", server, {"cost": cost}) for run, cost in enumerate(values, 1)]
    assert [row[-1] for row in rows(results)] == ["chatd, earlier = 1", "1.50 (0.50 to 2.00)"]


def test_what_the_earlier_version_cannot_do_is_not_compared() -> None:
    work = Work("talk", "they talk", {"talk": Load()}, (Figure("cost", number("talk", "cost")),), runs=1)
    results = Results([work], [JUDGED, EARLIER], [Measurement(1, "talk", "talk", JUDGED, {"cost": 1.0})])
    assert rows(results)[1][-1] == "-"
