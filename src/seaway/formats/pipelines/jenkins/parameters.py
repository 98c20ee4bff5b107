"""`parameters { }`, and durations such as `time: 5, unit: 'MINUTES'`. Used wherever Jenkins writes them."""

from __future__ import annotations

from datetime import timedelta

from seaway.formats.groovy import nodes
from seaway.formats.pipelines.jenkins.calls import Word, listed, word
from seaway.model.pipeline import Parameter

_TYPES = {"string": "string", "text": "string", "booleanParam": "boolean", "choice": "choice"}
UNITS = {
    "NANOSECONDS": timedelta(microseconds=0.001),
    "MICROSECONDS": timedelta(microseconds=1),
    "MILLISECONDS": timedelta(milliseconds=1),
    "SECONDS": timedelta(seconds=1),
    "MINUTES": timedelta(minutes=1),
    "HOURS": timedelta(hours=1),
    "DAYS": timedelta(days=1),
}


def parameter(call: Word) -> Parameter | None:
    """One parameter; None for a kind that the model does not have (password, file, plugins' own)."""
    name, kind = call.text("name"), _TYPES.get(call.name)
    if name is None or kind is None or not call.only("name", "defaultValue", "description", "choices", "trim"):
        return None
    if call.name == "text" or "trim" in call.named:
        return None
    options = _choices(call.named.get("choices"))
    default = call.text("defaultValue", 9)
    return Parameter(name, kind, default, call.text("description", 9) or "", options=options)


def _choices(value: nodes.Expr | None) -> tuple[str, ...]:
    if isinstance(value, nodes.Constant):
        return tuple(str(value.value).split("\n"))
    return tuple(str(item.value) for item in listed(value) if isinstance(item, nodes.Constant))


def read_list(value: nodes.Expr | None) -> tuple[Parameter, ...]:
    """`[string(name: 'A'), ...]`: those that are understood."""
    found = []
    for item in listed(value):
        call = word(item)
        made = parameter(call) if call is not None else None
        if made is not None:
            found.append(made)
    return tuple(found)


def duration(call: Word, default: str = "SECONDS") -> timedelta | None:
    """Of `timeout`, `sleep`, `quietPeriod`; None where it is computed."""
    value = call.value("time")
    unit = UNITS.get((call.text("unit", 1) or default).upper())
    if not isinstance(value, nodes.Constant) or isinstance(value.value, bool | str) or unit is None:
        return None
    try:
        return unit * (value.value or 0)
    except OverflowError:
        return None
