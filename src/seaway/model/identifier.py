"""Identifiers that sort by time: `ro-06b3x1k9m2-4fq7`. The caller passes time and randomness, so callers stay pure."""

from __future__ import annotations

from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u


def _base32(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 32)
        digits = _ALPHABET[digit] + digits
    return digits


def new(prefix: str, now: datetime, randomness: int) -> str:
    """`prefix-<ms since 1970, 9 digits>-<20 random bits>`; sorts by time within a prefix."""
    return f"{prefix}-{_base32(int(now.timestamp() * 1000), 9)}-{_base32(randomness % 2**20, 4)}"
