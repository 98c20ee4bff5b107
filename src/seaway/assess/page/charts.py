"""Charts as SVG in the page, in the colours of its style sheet. Used by `summary` and `delivery`."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

from seaway.assess.dora import words
from seaway.assess.page.element import Html, el

ROWS = 40  # jobs of a pipeline that are drawn
_GOOD, _FAIR = 80, 50
_CUT = 28
_GRID = 20


def bar(score: float | None, *, plain: bool = False) -> Html:
    """A score from 0 to 100 as a thin bar; an empty track where there is none. `plain`: it is neither good nor bad."""
    kind = "fill-good" if score and score >= _GOOD else "fill-mid" if score and score >= _FAIR else "fill-bad"
    kind = "path" if plain else kind
    parts = [el("rect", class_="track", width=200, height=6)]
    if score is not None:
        parts.append(el("rect", class_=kind, width=f"{max(3.0, score * 2):.1f}", height=6))
    return el("svg", *parts, viewBox="0 0 200 6", preserveAspectRatio="none", aria_hidden="true")


def whisker(value: float, low: float | None, high: float | None, limits: tuple[float, float], *, log: bool) -> Html:
    """A figure and its interval between two limits; what lies beyond them ends at the edge."""

    def at(number: float) -> float:
        one, first, last = (math.log(max(x, 1e-9)) if log else x for x in (number, *limits))
        return 4 + 152 * min(1.0, max(0.0, (one - first) / (last - first)))

    begin, end = at(limits[0] if low is None else low), at(limits[1] if high is None else high)
    return el(
        "svg",
        el("line", class_="axis", x1=4, x2=156, y1=7, y2=7),
        el("line", class_="span", x1=f"{begin:.1f}", x2=f"{end:.1f}", y1=7, y2=7),
        el("circle", class_="dot", cx=f"{at(value):.1f}", cy=7, r=4),
        viewBox="0 0 160 14", preserveAspectRatio="xMinYMid meet", class_="whisker", aria_hidden="true",
    )  # fmt: skip


def stream(spans: Sequence[tuple[str, float, float | None]], title: str) -> Html:
    """Spans that all end in production, from its right edge back: (since when, p50, p90 or None), in seconds."""
    left, width, row = 150, 470, 34
    most = max([p90 or p50 for _, p50, p90 in spans] + [p50 for _, p50, _ in spans]) or 1.0
    height = row * len(spans) + 30
    parts = [el("title", title)]
    for at, (name, p50, p90) in enumerate(spans):
        y = 6 + row * at
        if p90 is not None:
            long = width * p90 / most
            parts.append(
                el("rect", class_="ghost", x=f"{left + width - long:.1f}", y=y, width=f"{long:.1f}", height=20, rx=3)
            )
        short = max(2.0, width * p50 / most)
        parts.append(
            el("rect", class_="path", x=f"{left + width - short:.1f}", y=y, width=f"{short:.1f}", height=20, rx=3)
        )
        tail = words.span(p50) + (f"  (p90 {words.span(p90)})" if p90 is not None else "")
        parts += [
            el("text", name, x=left - 12, y=y + 15, text_anchor="end"),
            el("text", tail, x=left + width + 10, y=y + 15),
        ]
    parts += [
        el("line", class_="grid", x1=left + width, x2=left + width, y1=0, y2=height - 18),
        el("text", "in production", class_="axis", x=left + width, y=height - 4, text_anchor="middle"),
    ]  # fmt: skip
    return _chart(parts, height)


def way(jobs: Sequence[dict[str, Any]], critical: Collection[str], total: float, title: str, unit: str) -> Html:
    """Jobs over time, those of the critical path in the accent's colour."""
    left, width, row = 190, 580, 22
    shown = jobs[:ROWS] if len(jobs) <= ROWS else [one for one in jobs if one["id"] in critical][:ROWS]
    height = row * len(shown) + 8
    parts = [el("title", title)]
    steps = round(total) if unit == "jobs" and total <= _GRID else 4
    for step in range(steps + 1):
        x = f"{left + width * step / steps:.1f}"
        parts.append(el("line", class_="grid", x1=x, x2=x, y1=0, y2=height))
    for at, job in enumerate(shown):
        y = 4 + row * at
        x, long = left + width * job["start"] / total, width * (job["end"] - job["start"]) / total
        parts += [
            el("text", _cut(job["id"]), x=left - 12, y=y + 12, text_anchor="end"),
            el("rect", el("title", job["id"]), class_="path" if job["id"] in critical else "ghost",
               x=f"{x + 1.5:.1f}", y=y, width=f"{max(2.0, long - 3):.1f}", height=row - 6, rx=3),
        ]  # fmt: skip
    return _chart(parts, height)


def _chart(parts: Sequence[Html], height: int) -> Html:
    return el("div", el("svg", *parts, viewBox=f"0 0 780 {height}", class_="chart", role="img"), class_="scroll")


def _cut(name: str) -> str:
    return name if len(name) <= _CUT else name[: _CUT - 1] + "…"
