"""The ratios as a bar chart: plain SVG, readable on a light and on a dark page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from benchmarks.report import JUDGED, REFERENCE, Results, show
from benchmarks.works import Figure, Work

WIDTH, LEFT, RIGHT, TOP = 760, 150, 60, 64
BAR, GAP, BETWEEN_WORKS = 14, 3, 18
TICKS = (0.5, 1, 2, 4, 8, 16, 32, 64)
COLOURS = {
    "chatd": "#2f81f7",
    "memory": "#1a7f37",
    "irc": "#d2359b",
    "classic": "#d29922",
    "ngircd": "#8b949e",
    "inspircd": "#a371f7",
}

_STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .faint { fill: #59636e; }
  .grid { stroke: #d1d9e0; }
  .one { stroke: #1f2328; }
  .limit { stroke: #cf222e; stroke-width: 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .faint { fill: #9198a1; } .grid { stroke: #3d444d; }
    .one { stroke: #f0f6fc; } .limit { stroke: #ff7b72; }
  }
"""


def _x(ratio: float) -> float:
    """The position of a ratio on the logarithmic axis."""
    share = math.log(max(TICKS[0], min(TICKS[-1], ratio)) / TICKS[0]) / math.log(TICKS[-1] / TICKS[0])
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def _line(x: float, top: float, bottom: float, kind: str) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" class="{kind}"/>'


def _bar(y: float, ratio: float, server: str, limit: float | None) -> Iterator[str]:
    """A bar from 1, the cost of the bare loop, to the server's ratio; then the number, to the
    right of the limit."""
    start, stop = sorted((_x(1), _x(ratio)))
    colour = COLOURS.get(server, "#8b949e")
    position = f'x="{start:.1f}" y="{y}" width="{max(stop - start, 1):.1f}" height="{BAR}"'
    yield f'<rect {position} rx="2" fill="{colour}"/>'
    if limit is not None:
        yield _line(_x(limit), y - 3, y + BAR + 3, "limit")
        stop = max(stop, _x(limit))
    yield _text(stop + 5, y + BAR - 3, show(ratio), "faint")


def _group(results: Results, work: Work, figure: Figure, servers: list[str], top: float) -> Iterator[str]:
    height = len(servers) * (BAR + GAP)
    yield _text(LEFT - 70, top + height / 2 + 4, work.name, anchor="end")
    for position, server in enumerate(servers):
        y = top + position * (BAR + GAP)
        yield _text(LEFT - 5, y + BAR - 3, server, "faint", "end")
        ratio = results.median(work, figure, server)
        if ratio is not None:
            yield from _bar(y, ratio, server, figure.limit if server == JUDGED else None)


def _axis(bottom: float) -> Iterator[str]:
    for tick in TICKS:
        yield _line(_x(tick), TOP - 10, bottom, "one" if tick == 1 else "grid")
        yield _text(_x(tick), bottom + 16, f"{tick:g}", "faint", "middle")


def svg(results: Results) -> str:
    """One group of bars for each work that is compared with the bare loop."""
    groups = [(work, figure) for work in results.works for figure in work.figures if figure.relative]
    servers = [server for server in results.servers if server != REFERENCE]
    group_height = len(servers) * (BAR + GAP) + BETWEEN_WORKS
    bottom = TOP + len(groups) * group_height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 30}" role="img">',
        f"<style>{_STYLE}</style>",
        _text(16, 24, "Server processor time of a delivery, a bare C loop = 1", "title"),
        _text(16, 42, "less is better; the upright stroke is chatd's limit; each line doubles", "faint"),
        *_axis(bottom),
    ]
    for position, (work, figure) in enumerate(groups):
        parts.extend(_group(results, work, figure, servers, TOP + position * group_height))
    return "\n".join([*parts, "</svg>"]) + "\n"
