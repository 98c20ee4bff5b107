"""Weights: integers in parts per million that sum to WHOLE; shown as percent. Used wherever traffic is divided."""

from __future__ import annotations

WHOLE = 1_000_000


def parse(value: str | float) -> int:
    """`5`, `"5%"`, `0.5` (all percent) -> ppm. Raises ValueError outside 0..100 % or finer than one ppm."""
    text = str(value).strip().removesuffix("%").strip()
    try:
        percent = float(text)
    except ValueError:
        raise ValueError(f"{value!r} is not a percentage; write 5 or 5%") from None
    ppm = percent * 10_000
    if not 0 <= ppm <= WHOLE:
        raise ValueError(f"{value!r} is outside 0 to 100 %")
    if abs(ppm - round(ppm)) > 1e-6:
        raise ValueError(f"{value!r} is finer than 0.0001 % (one part per million)")
    return round(ppm)


def render(ppm: int) -> str:
    """Ppm -> `5 %`, `0.25 %`."""
    return f"{ppm / 10_000:.4f}".rstrip("0").rstrip(".") + " %"


def share(count: int, total: int) -> int:
    """`count` of `total` as ppm, rounded down so that shares never sum above WHOLE."""
    return WHOLE if count >= total else count * WHOLE // total


def replicas_for(ppm: int, replicas: int) -> int:
    """Instances that cover a share of the traffic which `replicas` instances carry in full: rounded up, 0 for 0."""
    return -(-ppm * replicas // WHOLE)


def replicas_beside(ppm: int, replicas: int, others: int) -> int:
    """Instances with which a share is as dense as the rest is on `others` instances, so that both sides can be compared; at most
    `replicas`, and never fewer than cover the share.
    """
    fair = replicas if ppm >= WHOLE else -(-others * ppm // (WHOLE - ppm))
    return max(replicas_for(ppm, replicas), min(replicas, fair))
