"""Line charts as SVG text, with nothing but strings: the plots of docs/explanation/judge.md. Used by bench/judge_plots.py."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 780, 400
LEFT, RIGHT, TOP, BOTTOM = 78, 236, 46, 52
COLOURS = ("#0b6e4f", "#c8553d", "#4059ad", "#8f6593", "#b8860b", "#5c6b73")
DASHES = ("", "7 4", "2 4", "10 4 2 4", "5 2", "1 3")


@dataclass(frozen=True)
class Line:
    """One rule's line; a point with None is left out (never found)."""

    name: str
    points: Sequence[tuple[float, float | None]]


def _ticks(low: float, high: float) -> list[float]:
    return [10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def _text(x: float, y: float, words: str, *, anchor: str = "middle", size: int = 12, turn: bool = False) -> str:
    rotate = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turn else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{rotate}>{html.escape(words)}</text>'
    )


def chart(title: str, x_name: str, y_name: str, lines: Sequence[Line], *, percent_y: bool = False) -> str:
    """A chart with logarithmic axes. Colours and dashes both tell the lines apart."""
    xs = [x for line in lines for x, y in line.points if y]
    ys = [y for line in lines for _, y in line.points if y]
    x_ticks, y_ticks = sorted(set(xs)), _ticks(min(ys), max(ys))
    low_x, high_x = math.log10(min(xs)), math.log10(max(xs))
    low_y, high_y = math.log10(y_ticks[0]), math.log10(y_ticks[-1])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - low_x) / max(high_x - low_x, 1e-9)
        up = (math.log10(y) - low_y) / max(high_y - low_y, 1e-9)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif" role="img">',
        f"<title>{html.escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 24, title, anchor="start", size=15),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_name),
        _text(18, (TOP + HEIGHT - BOTTOM) / 2, y_name, turn=True),
    ]
    for y in y_ticks:
        _, at = place(10**low_x, y)
        parts.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#d9d9d9"/>')
        parts.append(_text(LEFT - 8, at + 4, f"{y:.4g}%" if percent_y else f"{y:,.4g}", anchor="end"))
    for x in x_ticks:
        at, _ = place(x, y_ticks[0])
        parts.append(_text(at, HEIGHT - BOTTOM + 18, f"{x:.4g}"))
    for number, line in enumerate(lines):
        parts += _drawn(line, number, [place(x, y) for x, y in line.points if y])
    return "\n".join([*parts, "</svg>", ""])


def _drawn(line: Line, number: int, places: list[tuple[float, float]]) -> list[str]:
    colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    key = TOP + 12 + 20 * number
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places),
        f'<line x1="{WIDTH - RIGHT + 14}" y1="{key}" x2="{WIDTH - RIGHT + 44}" y2="{key}" stroke="{colour}" stroke-width="2"{dashed}/>',
        _text(WIDTH - RIGHT + 50, key + 4, line.name, anchor="start", size=11),
    ]
