"""A canary's evidence over time, from its record: as text for a terminal, and as an SVG picture. Called by `seaway judge show`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from seaway.judge import record
from seaway.model import weight

LOWEST = -4.0  # ln E below which nothing is drawn: evidence for the other side
_WIDE, _HIGH = 640, 220
_LEFT, _RIGHT, _TOP, _GAP = 60, 150, 30, 40


@dataclass(frozen=True, slots=True)
class Look:
    """One look: when (s), ln E of harm and of the weakest proof, the band of the ratio, candidate requests, its weight (ppm)."""

    t: float
    harm: float
    proof: float | None
    low: float | None
    high: float | None
    requests: int
    weight: int | None


def course(data: dict[str, Any]) -> list[Look]:
    """Every look of a record, computed again. Raises like `record.restore`."""
    judgement = record.restore({**data, "ticks": []})
    edges = {name: tuple(values) for name, values in data["edges"].items()}
    looks = []
    for tick in data["ticks"]:
        batches = record.whole(tick, edges)
        standing = record.feed(judgement, [batches])
        state = next((each for each in standing.metrics.values() if each.low or each.high), None)
        configured = next((batch.weight for batch in batches if batch.weight is not None), None)
        looks.append(
            Look(
                t=max((batch.t for batch in batches), default=standing.at),
                harm=standing.harm,
                proof=standing.promote,
                low=state.low if state else None,
                high=state.high if state else None,
                requests=standing.candidate_requests,
                weight=configured,
            )
        )
    return looks


def text(looks: Sequence[Look], alpha: float, alpha_promote: float, *, width: int = 64, height: int = 12) -> list[str]:
    """Lines: `h` harm, `p` proof (`x` both) as ln E over time, and the thresholds as rows of `-` and `=`."""
    if not looks:
        return ["no batches"]
    fail, passed = math.log(1 / alpha), math.log(1 / alpha_promote)
    top = max(fail, passed, *(_drawn(look.harm) for look in looks), *(_drawn(look.proof) for look in looks)) + 0.5
    place = _scale(LOWEST, top, height - 1, 0)
    across = _scale(looks[0].t, max(looks[-1].t, looks[0].t + 1e-9), 0, width - 1)
    cells = [[" "] * width for _ in range(height)]
    cells[round(place(fail))] = ["-"] * width
    cells[round(place(passed))] = ["="] * width
    for look in looks:
        column = round(across(look.t))
        for letter, value in (("h", look.harm), ("p", look.proof)):
            if value is not None and value >= LOWEST:
                row = cells[round(place(min(value, top)))]
                row[column] = "x" if row[column] not in {letter, " ", "-", "="} else letter
    lines = [
        f"{LOWEST + (top - LOWEST) * (1 - row / (height - 1)):6.1f} |{''.join(cells[row])}" for row in range(height)
    ]
    lines.append(f"       +{'-' * width}")
    lines.append(f"        {looks[0].t:.0f} s{f'{looks[-1].t:.0f} s':>{width - len(f'{looks[0].t:.0f} s')}}")
    lines.append(f"ln E: h harm (fail at {fail:.1f} ----), p weakest proof (pass at {passed:.1f} ====), x both")
    return lines


def svg(looks: Sequence[Look], alpha: float, alpha_promote: float, title: str) -> str:
    """Three panels over the same time: evidence with its thresholds, the band of the ratio, and the weight. Plain SVG, no script."""
    begin, end = (looks[0].t, max(looks[-1].t, looks[0].t + 1e-9)) if looks else (0.0, 1.0)
    x = _scale(begin, end, _LEFT, _LEFT + _WIDE)
    fail, passed = math.log(1 / alpha), math.log(1 / alpha_promote)
    top = max([fail, passed, *(_drawn(look.harm) for look in looks), *(_drawn(look.proof) for look in looks)]) + 0.5
    parts = [_label(_LEFT, 18, _escaped(title), bold=True)]
    y = _panel(parts, 0, "ln E", LOWEST, top)
    parts += [_rule(y(fail), "fail", "#b91c1c"), _rule(y(passed), "pass", "#15803d")]
    parts.append(_line(((x(look.t), y(_drawn(look.harm))) for look in looks), "#b91c1c", "harm"))
    parts.append(
        _line(
            ((x(look.t), y(_drawn(look.proof))) for look in looks if look.proof is not None), "#15803d", "weakest proof"
        )
    )
    y = _panel(parts, 1, "ratio, 95 % (log)", math.log10(0.05), math.log10(50))
    parts.append(_rule(y(0.0), "as stable", "#6b7280"))
    parts.append(_line(((x(look.t), y(_log(look.low))) for look in looks if look.low), "#1d4ed8", "low bound"))
    parts.append(_line(((x(look.t), y(_log(look.high))) for look in looks if look.high), "#1d4ed8", "high bound"))
    y = _panel(parts, 2, "weight %", 0.0, max([1.0, *((look.weight or 0) / 10_000 for look in looks)]))
    held = ((x(look.t), y((look.weight or 0) * 100 / weight.WHOLE)) for look in looks if look.weight is not None)
    parts.append(_line(held, "#7c3aed", "weight"))
    bottom = _TOP + 3 * (_HIGH + _GAP)
    parts += [_label(_LEFT, bottom - 12, f"{begin:.0f} s"), _label(_LEFT + _WIDE - 40, bottom - 12, f"{end:.0f} s")]
    size = f'viewBox="0 0 {_LEFT + _WIDE + _RIGHT} {bottom}" font-family="sans-serif" font-size="12"'
    inner = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<rect width="100%" height="100%" fill="white"/>\n{inner}\n</svg>\n'


def _drawn(value: float | None) -> float:
    return LOWEST if value is None else max(LOWEST, value)


def _log(value: float | None) -> float:
    return math.log10(min(50.0, max(0.05, value or 1.0)))


def _scale(low: float, high: float, first: float, last: float) -> Callable[[float], float]:
    """Value -> place: `low` at `first`, `high` at `last`."""
    return lambda value: first + (last - first) * (value - low) / (high - low)


def _panel(parts: list[str], number: int, name: str, low: float, high: float) -> Callable[[float], float]:
    top = _TOP + number * (_HIGH + _GAP)
    parts.append(f'<rect x="{_LEFT}" y="{top}" width="{_WIDE}" height="{_HIGH}" fill="none" stroke="#d1d5db"/>')
    parts.append(_label(_LEFT, top + _HIGH + 16, name))
    return _scale(low, high, top + _HIGH, top)


def _rule(y: float, name: str, colour: str) -> str:
    line = (
        f'<line x1="{_LEFT}" x2="{_LEFT + _WIDE}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-dasharray="4 4"/>'
    )
    return line + _label(_LEFT + _WIDE + 6, y + 4, name, colour)


def _line(points: Iterable[tuple[float, float]], colour: str, name: str) -> str:
    found = list(points)
    if not found:
        return ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in found)
    line = f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    return line + _label(_LEFT + _WIDE + 6, found[-1][1] + 4, name, colour)


def _label(x: float, y: float, words: str, colour: str = "#111827", *, bold: bool = False) -> str:
    weight_ = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{weight_}>{words}</text>'


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
