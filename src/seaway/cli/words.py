"""The words and glyphs that every view of a rollout shares. Never only a colour: each state has a glyph and a word."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

# state -> glyph, style, exit code once a rollout rests there (None: it goes on)
STATES: dict[str, tuple[str, str, int | None]] = {
    "pending": ("◌", "dim", None),
    "admitted": ("◌", "dim", None),
    "preparing": ("⟳", "cyan", None),
    "ready": ("⟳", "cyan", None),
    "shifting": ("⟳", "cyan", None),
    "verifying_route": ("⟳", "cyan", None),
    "observing": ("⟳", "cyan", None),
    "deciding": ("⟳", "cyan", None),
    "promoting": ("⟳", "cyan", None),
    "soaking": ("⟳", "green", None),
    "rolling_back": ("↶", "yellow", None),
    "draining": ("↶", "yellow", None),
    "held": ("॥", "yellow", 4),
    "indeterminate": ("?", "red", 4),
    "succeeded": ("✔", "green", 0),
    "failed": ("✖", "red", 1),
    "rolled_back": ("↶", "red", 3),
    "superseded": ("»", "yellow", 6),
}
OUTCOMES = {
    "pass": ("✔", "green"),
    "fail": ("✖", "red"),
    "inconclusive": ("?", "yellow"),
    "no_data": ("◌", "yellow"),
    "error": ("!", "red"),
}
STEPS = {"done": ("✔", "green"), "failed": ("✖", "red"), "skipped": ("–", "dim")}
ENDED = frozenset({"succeeded", "failed", "rolled_back", "superseded"})


def state(name: str) -> str:
    """A state as people read it."""
    return name.replace("_", " ")


def percent(ppm: int | None) -> str:
    """Parts per million as percent, – when not known."""
    return "–" if ppm is None else f"{ppm / 10_000:.4f}".rstrip("0").rstrip(".") + " %"


def moment(text: str | None) -> datetime | None:
    """A time of a document."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def clock(when: datetime) -> str:
    """Local time of day, as on the reader's wall."""
    return f"{when.astimezone():%H:%M:%S}"


def span(seconds: float) -> str:
    """A length of time in its two largest units: 0.4 s, 12 s, 1m 05s, 2h 10m, 3d 4h."""
    if seconds < 0:
        return "0 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, part, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "m"), (60, "m", 1, "s")):
        if whole >= size:
            return f"{whole // size}{unit} {whole % size // part:02d}{smaller}"
    return f"{whole} s"


def between(begin: str | None, end: str | None, now: datetime) -> str:
    """How long something took, or takes so far; "" when it has not begun."""
    first = moment(begin)
    return span(((moment(end) or now) - first).total_seconds()) if first else ""


def step(data: Json) -> str:
    """A step of a plan in one phrase."""
    return str(data.get("text") or data.get("kind") or "step").replace("_", " ")
