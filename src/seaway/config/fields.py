"""What a scalar of seaway.yaml may mean: durations, weights, names, addresses. Each type says what is wrong in words for people.

Called by the shapes (`config.service`, `config.environment`, `config.file`). Every type has its JSON Schema beside its
reading, so that an editor and the loader give the same verdict.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import shlex
import signal
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)

from seaway.config.document import Plain
from seaway.model import duration, weight

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

_DURATION = r"^(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+$"
_SPAN = r"^(?=.*[1-9])(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+$"
_PERCENT = r"^(?:100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]{1,4})?)%$"
_WEIGHT = r"^(?:100(?:\.0+)?|[0-9]{1,2}(?:\.[0-9]{1,4})?)%?$"
_COUNT_OR_PERCENT = r"^(?:(?:100|[0-9]{1,2})%|[0-9]{1,4})$"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})$"
_NAME = r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$"
ADAPTER = r"^[a-z0-9][a-z0-9_-]{0,39}$"
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_REFERENCE = r"^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$"
_HOST = r"^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$"
_PATH = r"^/[^\s?#]*$"
_EXCLUDE = r"^[^!\s][^\n]*$"
_TOKEN = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"  # noqa: S105 - the characters of a header's or cookie's name
_LISTEN = r"^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$"
_QUANTILE = r"^p(?:[1-9]|[1-9][0-9])(?:\.[0-9]{1,3})?$"

_ARTICLE = {"nothing": "nothing", "boolean": "true or false", "integer": "a number", "number": "a number"}
_LONGEST = timedelta(days=366)
_SHORTEST_TICK, _LONGEST_TICK = timedelta(milliseconds=100), timedelta(minutes=5)
_SHELL = frozenset({"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1", "(", ")"})
_UNSTOPPABLE = frozenset({"SIGKILL", "SIGSTOP"})

Choice = TypeVar("Choice", bound=StrEnum)


class Meant(ValueError):
    """A wrong value, with what was perhaps meant."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was perhaps meant, "" for none; `setWeight` and `set-weight` mean `set_weight`."""
    squeezed = {re.sub(r"[^a-z0-9]", "", name.lower()): name for name in known}
    wanted = re.sub(r"[^a-z0-9]", "", word[:80].lower())
    close = difflib.get_close_matches(wanted, squeezed, n=1, cutoff=0.7)
    return squeezed[close[0]] if close else ""


class Fields(BaseModel):
    """A mapping of seaway.yaml. `one_of`: exactly one of these keys must be given."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    one_of: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _exactly_one(self) -> Fields:
        aliases = {name: field.alias or name for name, field in type(self).model_fields.items()}
        given = sorted({aliases[name] for name in self.model_fields_set} & set(self.one_of))
        if self.one_of and len(given) != 1:
            words = f"{' and '.join(given)} exclude each other" if given else "something is missing"
            raise ValueError(f"{words}: give exactly one of {', '.join(self.one_of)}")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler.resolve_ref_schema(handler(core))
        if cls.one_of:
            schema["oneOf"] = [{"required": [name]} for name in cls.one_of]
        for name, field in cls.model_fields.items():
            described = schema["properties"][field.alias or name]
            described.pop("default", None)
            default = None if name in cls.one_of else _as_written(field.default)
            if default is not None:
                described["default"] = default
        return schema


def _as_written(default: Any) -> Any:
    """A default as it would stand in the file; None where leaving the key out means something else than any value."""
    if isinstance(default, timedelta):
        return duration.render(default)
    if isinstance(default, float) and default > 1:
        return default
    if isinstance(default, float):
        return f"p{default * 100:g}" if default > 0.5 else f"{default * 100:g}%"
    return default if isinstance(default, (int, str)) and default != "" else None


def kind(value: Any) -> str:
    """What YAML 1.2 makes of a value: mapping, list, nothing, boolean, integer, number or string (yes and on are strings)."""
    if not isinstance(value, str):
        return "mapping" if isinstance(value, dict) else "list"
    if not isinstance(value, Plain):
        return "string"
    if value in _NULL:
        return "nothing"
    if value in _BOOL:
        return "boolean"
    if _INTEGER.fullmatch(value):
        return "integer"
    return "number" if _NUMBER.fullmatch(value) else "string"


def _scalar(value: Any, example: str) -> str:
    """The value as written, of whatever kind but nothing."""
    what = kind(value)
    if what in ("mapping", "list"):
        raise ValueError(f"a {what} stands where one value is expected: write {example}")
    if what == "nothing":
        raise ValueError(f"there is no value: write {example}, or remove the key")
    return str(value)


def _text(value: Any, example: str) -> str:
    text = _scalar(value, example)
    what = kind(value)
    if what != "string":
        raise Meant(f"{text:.40} is read as {_ARTICLE[what]}, a text is expected: write {example}", "put it in quotes")
    if "\0" in text:
        raise ValueError("the character U+0000 cannot be part of a text")
    return text


def _matching(pattern: str, what: str, example: str) -> Callable[[Any], str]:
    compiled = re.compile(pattern)

    def read(value: Any) -> str:
        text = _text(value, example)
        if not compiled.search(text) or text.endswith("\n"):
            raise ValueError(f"{text[:60]!r} is not {what}: write {example}")
        return text

    return read


def _integer(value: Any) -> int:
    text = _scalar(value, "a number like 3")
    if kind(value) != "integer" or len(text) > 9:
        raise ValueError(f"{text[:40]!r} is not a whole number: write one like 3, without quotes")
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def _number(value: Any) -> float:
    text = _scalar(value, "a number like 2 or 1.5")
    if kind(value) not in ("integer", "number") or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text):
        raise ValueError(f"{text[:40]!r} is not a number: write one like 2 or 1.5, without quotes")
    return float(text)


def _boolean(value: Any) -> bool:
    text = _scalar(value, "true or false")
    if kind(value) != "boolean":
        raise ValueError(f"{text[:40]!r} is neither true nor false")
    return _BOOL[text]


def _written(value: Any) -> str:
    """A scalar as written, number or not: `1.10` stays `1.10`."""
    text = _scalar(value, '"" for an empty text')
    if "\0" in text:
        raise ValueError("the character U+0000 cannot be handed to a program")
    return text


def _duration(value: Any) -> timedelta:
    if kind(value) in ("integer", "number"):
        raise Meant(f"{value:.40} has no unit: write a duration like 30s or 10m", f"did you mean {value:.10}s?")
    text = _text(value, "a duration like 30s")
    if not re.search(_DURATION, text):
        duration.parse(text)
        raise ValueError(f"{text[:40]!r} is not a duration; write it as 250ms, 90s, 10m, 2h or 1h30m")
    try:
        span = duration.parse(text)
    except OverflowError:
        span = timedelta.max
    if span > _LONGEST:
        raise ValueError(f"{text[:40]} is longer than a year")
    if span % timedelta(milliseconds=1) or (not span and re.search(r"[1-9]", text)):
        raise ValueError(f"{text[:40]} is finer than a millisecond")
    return span


def _span(value: Any) -> timedelta:
    span = _duration(value)
    if not span:
        raise ValueError("the duration must be longer than nothing")
    return span


def _tick(value: Any) -> timedelta:
    tick = _span(value)
    if not _SHORTEST_TICK <= tick <= _LONGEST_TICK:
        limits = f"{duration.render(_SHORTEST_TICK)} to {duration.render(_LONGEST_TICK)}"
        raise ValueError(f"{duration.render(tick)} is outside {limits}")
    return tick


def _weight(value: Any) -> int:
    text = _scalar(value, "a percentage like 5 or 0.5%")
    if not re.search(_WEIGHT, text):
        weight.parse(text)
        raise ValueError(f"{text[:40]!r} is not a percentage; write 5 or 0.5%")
    return weight.parse(text)


def _percent(value: Any) -> float:
    text = _scalar(value, "a percentage like 99%")
    if not re.search(_PERCENT, text):
        raise ValueError(f"{text[:40]!r} is not a percentage from 0% to 100%: write it with its sign, like 99.9%")
    return float(Decimal(text[:-1]) / 100)


def _count_or_percent(value: Any) -> str:
    text = _scalar(value, "a number like 1 or a percentage like 25%")
    if not re.search(_COUNT_OR_PERCENT, text):
        raise ValueError(f"{text[:40]!r} is neither a number of instances like 1 nor a percentage like 25%")
    return text


def _quantile(value: Any) -> float:
    return float(Decimal(_matching(_QUANTILE, "a quantile", "p99, p95 or p99.9")(value)[1:]) / 100)


def _time(value: Any) -> datetime:
    text = _matching(_TIME, "a time with its zone", "2030-01-31T09:00:00+01:00")(value)
    return datetime.fromisoformat(text).astimezone(UTC)


def _pause(value: Any) -> timedelta | None:
    if kind(value) == "string" and str(value) == "until promoted":
        return None
    if kind(value) in ("mapping", "nothing"):
        raise ValueError("write a duration like 30s, or `until promoted`")
    return _span(value)


def _name(value: Any) -> str:
    text = _scalar(value, "a name like shop-web")
    if not re.search(_NAME, text) or text.endswith("\n"):
        lower = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")
        meant = f"did you mean {lower}?" if lower else ""
        raise Meant(f"{text[:60]!r} is not a name: small letters, digits and hyphens, at most 40", meant)
    return text


def _reference(value: Any) -> str:
    # The value may be a secret that somebody wrote here: it is never repeated.
    help_ = "write where it is found: env:NAME (a variable of the control plane) or file:/absolute/path"
    if kind(value) == "string" and re.search(_REFERENCE, value) and value.isprintable():
        return str(value)
    raise ValueError(f"this is no reference to a secret, and a secret itself may not stand in this file; {help_}")


def _listen(value: Any) -> str:
    example = "127.0.0.1:8080, or 0.0.0.0:8080 for every network"
    text = _matching(_LISTEN, "an address and a port", example)(value)
    host, _, port = text.rpartition(":")
    ipaddress.ip_address(host.strip("[]"))
    if not 1 <= int(port) <= 65535:
        raise ValueError(f"there is no port {port}: write {example}")
    return text


def _command(value: Any) -> tuple[str, ...]:
    """A list, or a text that is split like a shell splits words; no shell ever runs it."""
    if isinstance(value, list):
        words = tuple(_written(word) for word in value)
    else:
        text = _text(value, "[python3, app.py]")
        try:
            words = tuple(shlex.split(text))
        except ValueError as error:
            raise ValueError(f"the command cannot be split into words: {error}") from None
        shell = next((word for word in words if word in _SHELL), "")
        if shell:
            raise ValueError(f"no shell runs this, so `{shell}` would be a mere word: write [sh, -c, '...'] to use one")
    if not words or not words[0]:
        raise ValueError("the command is empty: write it like [python3, app.py]")
    return words


def _signal(value: Any) -> str:
    text = _text(value, "SIGTERM")
    known = [item.name for item in signal.Signals if item.name not in _UNSTOPPABLE]
    if text not in known:
        meant = nearest(text if text.startswith("SIG") else f"SIG{text}", known)
        raise Meant(f"{text[:40]!r} is no signal that a program can answer", f"did you mean {meant}?" if meant else "")
    return text


def choice(enum: type[Choice]) -> Any:
    """The reader of a word out of a few."""
    known = [item.value for item in enum]

    def read(value: Any) -> Choice:
        text = _scalar(value, " or ".join(known))
        if text not in known:
            meant = nearest(text, known)
            raise Meant(f"{text[:40]!r} is none of {', '.join(known)}", f"did you mean {meant}?" if meant else "")
        return enum(text)

    return BeforeValidator(read)


def _pattern(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


def _any(*schemas: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": list(schemas)})


_WRITTEN: dict[str, Any] = {"type": ["string", "number", "boolean"]}

Text = Annotated[str, BeforeValidator(lambda value: _text(value, "a text"))]
Exclude = Annotated[
    str,
    BeforeValidator(_matching(_EXCLUDE, "a pattern", "a name or pattern like *.log; patterns with ! are not known")),
    _pattern(_EXCLUDE),
]
Written = Annotated[str, BeforeValidator(_written), WithJsonSchema(_WRITTEN)]
Integer = Annotated[int, BeforeValidator(_integer)]
Number = Annotated[float, BeforeValidator(_number)]
Boolean = Annotated[bool, BeforeValidator(_boolean)]
Duration = Annotated[timedelta, BeforeValidator(_duration), _pattern(_DURATION)]
Span = Annotated[timedelta, BeforeValidator(_span), _pattern(_SPAN)]
Tick = Annotated[timedelta, BeforeValidator(_tick), _pattern(_SPAN)]
Pause = Annotated[
    timedelta | None, BeforeValidator(_pause), _any({"const": "until promoted"}, {"type": "string", "pattern": _SPAN})
]
Weight = Annotated[
    int,
    BeforeValidator(_weight),
    _any({"type": "number", "minimum": 0, "maximum": 100}, {"type": "string", "pattern": _WEIGHT}),
]
Percent = Annotated[float, BeforeValidator(_percent), _pattern(_PERCENT)]
CountOrPercent = Annotated[
    str,
    BeforeValidator(_count_or_percent),
    _any({"type": "integer", "minimum": 0, "maximum": 9999}, {"type": "string", "pattern": _COUNT_OR_PERCENT}),
]
Quantile = Annotated[float, BeforeValidator(_quantile), _pattern(_QUANTILE)]
Time = Annotated[datetime, BeforeValidator(_time), _pattern(_TIME)]
Name = Annotated[str, BeforeValidator(_name), _pattern(_NAME)]
Adapter = Annotated[
    str, BeforeValidator(_matching(ADAPTER, "the name of an adapter", "one like envoy")), _pattern(ADAPTER)
]
Variable = Annotated[
    str, BeforeValidator(_matching(_VARIABLE, "the name of a variable", "letters, digits and _")), _pattern(_VARIABLE)
]
Reference = Annotated[str, BeforeValidator(_reference), _pattern(_REFERENCE)]
Host = Annotated[
    str,
    BeforeValidator(_matching(_HOST, "a host name", "shop.example.com or *.example.com, without port")),
    _pattern(_HOST),
]
UrlPath = Annotated[str, BeforeValidator(_matching(_PATH, "a path", "/api, from the slash on")), _pattern(_PATH)]
Token = Annotated[
    str, BeforeValidator(_matching(_TOKEN, "the name of a cookie or header", "it like x-user")), _pattern(_TOKEN)
]
Listen = Annotated[str, BeforeValidator(_listen), _pattern(_LISTEN)]
Signal = Annotated[str, BeforeValidator(_signal), _pattern("^SIG(?!KILL$|STOP$)[A-Z0-9]+$")]
Command = Annotated[
    tuple[str, ...],
    BeforeValidator(_command),
    _any({"type": "array", "items": _WRITTEN, "minItems": 1}, {"type": "string", "minLength": 1}),
]
