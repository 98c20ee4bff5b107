"""The one codec for everything that is stored or sent: frozen dataclasses <-> plain JSON, canonical and typed.

Durations become `90s`, times RFC 3339 UTC, enums their value, tuples lists. Unions of dataclasses are told apart by a
`kind` field with a Literal default. Unknown keys are refused, missing ones take their defaults: an older record still reads.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import types
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from seaway.model import duration

T = TypeVar("T")
Json = Any  # what json.loads returns


class CodecError(ValueError):
    """A document that does not fit its type: says the path inside the document and why."""


def encode(value: Any) -> Json:
    """Model -> plain JSON data."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return duration.render(value)
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    return value


def decode(kind: type[T], data: Json, path: str = "$") -> T:
    """Plain JSON data -> model of type `kind`. Raises CodecError with the path of the first misfit."""
    return cast("T", _decode(kind, data, path))


def canonical(value: Any) -> str:
    """One text per value: sorted keys, no spaces. What hashes are taken of."""
    return json.dumps(encode(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """sha256 of the canonical text, 64 hex digits."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(kind: Any, data: Json, path: str) -> Any:
    origin = get_origin(kind)
    if kind is Any or kind is object:
        return data
    if origin in (Union, types.UnionType):
        return _decode_union(get_args(kind), data, path)
    if origin is Literal:
        return _checked(data in get_args(kind), data, kind, path)
    if origin is tuple:
        return _decode_tuple(get_args(kind), data, path)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        value_kind = get_args(kind)[1]
        _checked(isinstance(data, dict), data, kind, path)
        return {key: _decode(value_kind, item, f"{path}.{key}") for key, item in data.items()}
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(cast("type", kind), data, path)
    return _decode_scalar(kind, data, path)


def _decode_scalar(kind: Any, data: Json, path: str) -> Any:
    try:
        if kind is datetime:
            return datetime.fromisoformat(data).astimezone(UTC)
        if kind is timedelta:
            return -duration.parse(data[1:]) if data.startswith("-") else duration.parse(data)
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return kind(data)
    except (TypeError, ValueError, AttributeError) as error:
        raise CodecError(f"{path}: {error}") from error
    if kind is float:
        return float(_checked(isinstance(data, (int, float)) and not isinstance(data, bool), data, kind, path))
    if kind is int:
        return _checked(isinstance(data, int) and not isinstance(data, bool), data, kind, path)
    return _checked(isinstance(data, kind), data, kind, path)


def _decode_tuple(arguments: tuple[Any, ...], data: Json, path: str) -> tuple[Any, ...]:
    _checked(isinstance(data, list), data, tuple, path)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_decode(arguments[0], item, f"{path}[{index}]") for index, item in enumerate(data))
    _checked(len(data) == len(arguments), data, tuple, path)
    return tuple(
        _decode(kind, item, f"{path}[{index}]") for index, (kind, item) in enumerate(zip(arguments, data, strict=True))
    )


def _decode_union(arguments: tuple[Any, ...], data: Json, path: str) -> Any:
    if data is None and type(None) in arguments:
        return None
    choices = [kind for kind in arguments if kind is not type(None)]
    if isinstance(data, dict) and "kind" in data:
        for kind in choices:
            if dataclasses.is_dataclass(kind) and data["kind"] in get_args(
                _hints(cast("type", kind)).get("kind", Literal[()])
            ):
                return _decode(kind, data, path)
    if len(choices) == 1:
        return _decode(choices[0], data, path)
    for kind in choices:
        if isinstance(kind, type) and not dataclasses.is_dataclass(kind) and type(data) is kind:
            return data
    raise CodecError(f"{path}: fits none of {', '.join(getattr(kind, '__name__', str(kind)) for kind in choices)}")


def _decode_dataclass(kind: type, data: Json, path: str) -> Any:
    _checked(isinstance(data, dict), data, kind, path)
    hints = _hints(kind)
    names = {field.name for field in dataclasses.fields(kind)}
    unknown = sorted(set(data) - names)
    if unknown:
        raise CodecError(f"{path}: {kind.__name__} has no field {unknown[0]!r}")
    values = {name: _decode(hints[name], item, f"{path}.{name}") for name, item in data.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise CodecError(f"{path}: {error}") from error


def _checked(fits: bool, data: Json, kind: Any, path: str) -> Json:
    if not fits:
        raise CodecError(f"{path}: {data!r:.60} is not {getattr(kind, '__name__', kind)}")
    return data
