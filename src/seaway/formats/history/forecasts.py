"""The store of forecasts as JSON lines. Called by `app.forecasts` for `--forecast`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seaway.formats.history import _lines
from seaway.model.bottleneck import Figure, Promise

MOST = 10_000
HINT = "the file is written by seaway assess --forecast; name another one"
_WORDS = 1_000  # characters
_MOST_SECONDS = 1e12


def parse(data: bytes, path: str) -> list[Promise]:
    """Raises ConfigError with the place of every line that is wrong."""
    return _lines.read(data, path, _build, what="a forecast", hint=HINT, most=MOST)


def _build(data: dict[str, Any]) -> Promise:
    after = data.get("after")
    if not isinstance(after, dict):
        raise _lines.wrong(data, "after", "an object with value, low, high and n")
    return Promise(
        _long(data, "id"),
        _long(data, "pipeline"),
        _long(data, "change"),
        _long(data, "assumes"),
        _lines.moment(data, "made"),
        _number(data, "before_s"),
        Figure(_number(after, "value"), _number(after, "low"), _number(after, "high"), int(_number(after, "n"))),
        _lines.maybe(data, "landed"),
        _lines.optional(data, "by"),
    )


def _long(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if type(value) is not str or not 0 < len(value) <= 2 * _WORDS:
        raise _lines.wrong(data, key, f"a text of 1 to {2 * _WORDS} characters")
    return value


def _number(data: dict[str, Any], key: str) -> float:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < _MOST_SECONDS:
        raise _lines.wrong(data, key, "a number of at least 0")
    return float(value)


def render(promises: Iterable[Promise]) -> str:
    """JSON lines; `parse(render(x)) == x`."""
    return _lines.lines(
        {
            "id": one.id,
            "pipeline": one.pipeline,
            "change": one.change,
            "assumes": one.assumes,
            "made": _lines.written(one.made),
            "before_s": one.before,
            "after": {"value": one.after.value, "low": one.after.low, "high": one.after.high, "n": one.after.n},
            "landed": _lines.written(one.landed),
            **({"by": one.by} if one.by else {}),
        }
        for one in promises
    )
