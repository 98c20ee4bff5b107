"""A schedule as bars over time, as text and as SVG. Called by `cli.pipeline`."""

from __future__ import annotations

from collections.abc import Collection
from html import escape

from seaway.assess.flow.schedule import Schedule

_ROW, _LEFT, _WIDTH = 26, 220, 900


def span(seconds: float) -> str:
    """90 -> 1m 30s."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02d}m"


def text(plan: Schedule, critical: Collection[str], width: int = 80) -> str:
    """A line per job in order of start: `█` on the critical path, `▒` elsewhere."""
    if not plan.slots or plan.total <= 0:
        return "nothing takes any time"
    slots = sorted(plan.slots, key=lambda slot: (slot.start, slot.end, slot.name))
    label = min(max(len(slot.name) for slot in slots), 28)
    room = max(10, width - label - 12)
    lines = []
    for slot in slots:
        begin = int(slot.start / plan.total * room)
        length = max(1, round(slot.end / plan.total * room) - begin)
        bar = " " * begin + ("█" if slot.name in critical else "▒") * length
        name = slot.name if len(slot.name) <= label else slot.name[: label - 1] + "…"
        lines.append(f"{name:<{label}}  {bar:<{room}} {span(slot.end - slot.start):>8}".rstrip())
    return "\n".join(lines)


def svg(plan: Schedule, critical: Collection[str], title: str) -> str:
    """The same as a picture of its own."""
    slots = sorted(plan.slots, key=lambda slot: (slot.start, slot.end, slot.name))
    height = 40 + _ROW * len(slots) + 20
    total = plan.total or 1.0
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 90} {height}" '
            f'font-family="system-ui, sans-serif" font-size="12" role="img"><title>{escape(title)}</title>'
        )
    ]
    for tick in range(6):
        x = _LEFT + _WIDTH * tick / 5
        parts.append(
            f'<line x1="{x:.0f}" y1="24" x2="{x:.0f}" y2="{height - 16}" stroke="#e2e8f0"/>'
            f'<text x="{x:.0f}" y="16" text-anchor="middle" fill="#64748b">{span(total * tick / 5)}</text>'
        )
    for index, slot in enumerate(slots):
        y = 30 + _ROW * index
        x, width = _LEFT + slot.start / total * _WIDTH, max(2.0, (slot.end - slot.start) / total * _WIDTH)
        fill = "#b91c1c" if slot.name in critical else "#64748b"
        parts.append(
            f'<text x="{_LEFT - 8}" y="{y + 15}" text-anchor="end" fill="#0f172a">{escape(slot.name[:34])}</text>'
            f'<rect x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 8}" rx="3" fill="{fill}">'
            f"<title>{escape(slot.name)}: {span(slot.start)} to {span(slot.end)}</title></rect>"
            f'<text x="{x + width + 4:.1f}" y="{y + 15}" fill="#334155">{span(slot.end - slot.start)}</text>'
        )
    return "\n".join([*parts, "</svg>"])
