"""Kotlin's own functions on texts, lists and dictionaries that settings use. Part of `evaluate`. What is not here is a Hole."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from seaway.formats.pipelines.teamcity.arguments import Call
from seaway.formats.pipelines.teamcity.scope import MISSING, Class, Function, Lambda, Word
from seaway.formats.pipelines.teamcity.values import (
    Entity,
    Hole,
    Item,
    Mixed,
    Symbol,
    Value,
    joined,
    pieces,
    shown,
    to_id,
)

if TYPE_CHECKING:
    from seaway.formats.pipelines.teamcity.evaluate import Machine

MOST = 10_000
_HOLE = re.compile("[\ue000-\uf8ff]")


def function(machine: Machine, name: str, call: Call) -> Value:
    """A function without a receiver; MISSING where the name is none."""
    del machine
    if name in {"listOf", "setOf", "mutableListOf", "arrayOf", "arrayListOf", "mutableSetOf", "listOfNotNull"}:
        return [one for one in call.args if one is not None or name != "listOfNotNull"]
    if name in {"emptyList", "emptySet"}:
        return []
    if name in {"mapOf", "mutableMapOf", "linkedMapOf", "hashMapOf", "emptyMap"}:
        pairs = [one for one in call.args if isinstance(one, tuple) and isinstance(one[0], (str, int, Symbol, Entity))]
        return dict(pairs) if len(pairs) == len(call.args) else MISSING
    if name == "Pair" and len(call.args) == 2:
        return tuple(call.args)
    return MISSING


def numbers(first: Value, last: Value) -> list[int] | None:
    """The numbers from one to another, or None where they are not known or too many."""
    if not isinstance(first, int) or not isinstance(last, int) or last - first > MOST:
        return None
    return list(range(first, last + 1))


def listed(value: Value) -> list[Value] | None:
    """What a loop goes over."""
    if isinstance(value, dict):
        return list(value.items())
    return value if isinstance(value, list) else None


def infix(word: str, left: Value, right: Value) -> Value:
    """`left to right`, `0 until 3`, `0..9 step 2`."""
    if word == "to":
        return (left, right)
    if word == "until" and isinstance(right, int):
        return numbers(left, right - 1) if numbers(left, right - 1) is not None else MISSING
    if word == "downTo" and numbers(right, left) is not None:
        return list(reversed(numbers(right, left) or ()))
    if word == "step" and isinstance(left, list) and isinstance(right, int) and right > 0:
        return left[::right]
    if word == "plus":
        return operate("+", left, right)
    return MISSING


def operate(operator: str, left: Value, right: Value) -> Value:
    """Two values and an operator; MISSING where the result is not known."""
    if operator in {"==", "!=", "===", "!=="}:
        if isinstance(left, (Hole, Mixed)) or isinstance(right, (Hole, Mixed)):
            return MISSING
        return (left == right) is (operator[0] == "=")
    if operator == "+" and isinstance(left, (str, Mixed)):
        return joined([*pieces(left), *pieces(right)])
    if operator == "+" and isinstance(left, list):
        return left + (right if isinstance(right, list) else [right])
    if operator == "+" and isinstance(left, dict) and isinstance(right, (dict, tuple)):
        return {**left, **(dict([right]) if isinstance(right, tuple) else right)}
    if operator == "-" and isinstance(left, list):
        out = right if isinstance(right, list) else [right]
        return [one for one in left if one not in out]
    numeric = (int, float)
    if not isinstance(left, numeric) or not isinstance(right, numeric) or isinstance(left, bool):
        return MISSING
    return _arithmetic(operator, left, right)


def _arithmetic(operator: str, left: float, right: float) -> Value:
    if operator in {"/", "%"} and not right:
        return MISSING
    whole = isinstance(left, int) and isinstance(right, int)
    table: dict[str, Callable[[], Any]] = {
        "+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right,
        "/": lambda: left // right if whole else left / right, "%": lambda: left % right,
        "<": lambda: left < right, "<=": lambda: left <= right, ">": lambda: left > right, ">=": lambda: left >= right,
    }  # fmt: skip
    return table[operator]() if operator in table else MISSING


def property_of(of: Value, name: str, default: Value) -> Value:
    """A property of a text, list, dictionary or pair."""
    if isinstance(of, (list, dict, str)) and name in {"size", "length"}:
        return len(of)
    if isinstance(of, dict) and name in {"keys", "values", "entries"}:
        return list(of) if name == "keys" else list(of.values()) if name == "values" else list(of.items())
    if isinstance(of, tuple) and name in {"first", "second", "key", "value"}:
        return of[0] if name in {"first", "key"} else of[-1]
    if isinstance(of, list) and name in {"indices", "lastIndex"}:
        return list(range(len(of))) if name == "indices" else len(of) - 1
    return default


def method(machine: Machine, of: Value, name: str, call: Call, *, is_value: bool) -> Value:
    """A method of a value; MISSING where it has none of this name."""
    if isinstance(of, (str, Mixed)):
        return _text(of, name, call.args)
    if name == "getOrPut" and isinstance(of, dict) and len(call.args) == 1 and call.trailing is not None:
        if call.args[0] not in of:
            of[call.args[0]] = machine.run(call.trailing, [])
        return of[call.args[0]]
    if isinstance(of, (list, dict)):
        code = next((one for one in call.lambdas()), None) or next(
            (one for one in call.args if isinstance(one, (Function, Word, Class))), None
        )
        if code is not None and name != "joinToString":
            return _over(machine, of, name, code, is_value=is_value)
        return _collection(machine, of, name, call)
    if isinstance(of, (int, float)) and name == "toString":
        return shown(of)
    if isinstance(of, Item) and name == "buildTypes":
        return builds(of)
    return MISSING


def builds(item: Item) -> list[Value]:
    """The build configurations of a chain, in order."""
    found: list[Value] = []
    for one in item.items or ():
        if one.word in {"build", "buildType"}:
            found += one.args[:1] or [one]
        else:
            found += builds(one)
    return found


def _applied(machine: Machine, code: Value, args: list[Value], is_value: bool) -> Value:
    """A lambda, a function or a word with arguments."""
    from seaway.formats.pipelines.teamcity import calls

    if isinstance(code, Lambda):
        return machine.run(code, args, is_value=is_value)
    return calls.apply(machine, code, args, is_value=is_value)


def _over(machine: Machine, of: Value, name: str, code: Value, *, is_value: bool) -> Value:
    """A method that calls its lambda for each element."""
    values = listed(of) or []

    def each(value: Value, *more: Value, asked: bool = True) -> Value:
        return _applied(machine, code, [*more, value], is_value=asked)

    if name in {"forEach", "onEach", "forEachIndexed"}:
        for at, value in enumerate(values):
            each(value, *((at,) if name == "forEachIndexed" else ()), asked=False)
        return of if name == "onEach" else None
    if name == "mapIndexed":
        return [each(value, at, asked=is_value) for at, value in enumerate(values)]
    if name in {"map", "mapNotNull", "flatMap"}:
        return _mapped(name, [each(value, asked=is_value) for value in values])
    if name in {"filter", "filterNot", "any", "all", "none", "find", "first", "firstOrNull", "count"}:
        return _asked(name, values, [each(value) for value in values], of)
    if name in {"associateWith", "associateBy", "associate", "mapValues", "groupBy", "sortedBy"}:
        return _keyed(name, values, [each(value) for value in values])
    return MISSING


def _mapped(name: str, found: list[Value]) -> list[Value]:
    if name == "flatMap":
        return [one for inner in found for one in (inner if isinstance(inner, list) else [inner])]
    return [one for one in found if one is not None] if name == "mapNotNull" else found


def _asked(name: str, values: list[Value], answers: list[Value], of: Value) -> Value:
    if not all(isinstance(one, bool) for one in answers):
        return MISSING
    chosen = [value for value, answer in zip(values, answers, strict=True) if answer]
    if name in {"filter", "filterNot"}:
        kept = chosen if name == "filter" else [value for value, no in zip(values, answers, strict=True) if not no]
        return dict(kept) if isinstance(of, dict) else kept
    if name in {"any", "all", "none"}:
        return {"any": any(answers), "all": all(answers), "none": not any(answers)}[name]
    if name == "count":
        return len(chosen)
    return chosen[0] if chosen else None


def _keyed(name: str, values: list[Value], answers: list[Value]) -> Value:
    try:
        if name == "associateWith":
            return dict(zip(values, answers, strict=True))
        if name == "associateBy":
            return dict(zip(answers, values, strict=True))
        if name == "associate":
            return dict(answers)
        if name == "mapValues":
            return {value[0]: answer for value, answer in zip(values, answers, strict=True)}
        if name == "sortedBy":
            return [value for _, value in sorted(zip(answers, values, strict=True), key=lambda pair: pair[0])]
        found: dict[Value, list[Value]] = {}
        for value, answer in zip(values, answers, strict=True):
            found.setdefault(answer, []).append(value)
        return found
    except (TypeError, ValueError):
        return MISSING


def _collection(machine: Machine, of: Value, name: str, call: Call) -> Value:
    """A method of a list or dictionary without a lambda."""
    args = call.args
    if name == "joinToString":
        return _joined(machine, listed(of) or [], call)
    if isinstance(of, dict):
        return _dictionary(of, name, args)
    if args:
        return _with_argument(of, name, args[0])
    if name in {"first", "last", "single", "firstOrNull", "lastOrNull"}:
        return (of[-1] if name.startswith("last") else of[0]) if of else None
    return _listed(of, name)


def _dictionary(of: dict[Value, Value], name: str, args: list[Value]) -> Value:
    if name in {"get", "getValue"} and args:
        return of.get(args[0])
    if name == "getOrDefault" and len(args) == 2:
        return of.get(args[0], args[1])
    if name in {"containsKey", "contains"} and args:
        return args[0] in of
    return {"toList": listed(of), "toMap": of, "isEmpty": not of, "isNotEmpty": bool(of)}.get(name, MISSING)


def _with_argument(of: list[Value], name: str, first: Value) -> Value:
    if name in {"add", "addAll"}:
        of += first if name == "addAll" and isinstance(first, list) else [first]
        return None
    if name in {"plus", "minus"}:
        return operate("+" if name == "plus" else "-", of, first)
    if name == "contains":
        return first in of
    if name in {"take", "drop", "dropLast"} and isinstance(first, int):
        return of[:first] if name == "take" else of[first:] if name == "drop" else of[: max(0, len(of) - first)]
    if name == "zip" and isinstance(first, list):
        return list(zip(of, first, strict=False))
    return MISSING


def _listed(of: list[Value], name: str) -> Value:
    table: dict[str, Callable[[], Any]] = {
        "toList": lambda: list(of), "toMutableList": lambda: list(of), "toTypedArray": lambda: of, "asList": lambda: of,
        "toSet": lambda: _distinct(of), "distinct": lambda: _distinct(of), "reversed": lambda: of[::-1],
        "filterNotNull": lambda: [one for one in of if one is not None], "isEmpty": lambda: not of,
        "isNotEmpty": lambda: bool(of), "withIndex": lambda: list(enumerate(of)), "asReversed": lambda: of[::-1],
        "flatten": lambda: [one for inner in of for one in inner] if all(isinstance(one, list) for one in of) else MISSING,
        "sorted": lambda: sorted(of) if all(isinstance(one, str) for one in of) else MISSING,
        "toMap": lambda: dict(of) if all(isinstance(one, tuple) for one in of) else MISSING,
        "count": lambda: len(of),
    }  # fmt: skip
    return table[name]() if name in table else MISSING


def _distinct(values: list[Value]) -> list[Value]:
    found: list[Value] = []
    for one in values:
        if one not in found:
            found.append(one)
    return found


def _joined(machine: Machine, values: list[Value], call: Call) -> Value:
    """`joinToString(separator, prefix, postfix) { ... }`."""
    words = dict(zip(("separator", "prefix", "postfix"), call.args, strict=False)) | call.named
    code = call.trailing or words.get("transform")
    shown_values = [machine.run(code, [one]) for one in values] if isinstance(code, Lambda) else values
    found: list[str | Hole] = pieces(words.get("prefix", ""))
    for at, one in enumerate(shown_values):
        found += [*(pieces(words.get("separator", ", ")) if at else ()), *pieces(one)]
    return joined([*found, *pieces(words.get("postfix", ""))])


def _text(of: str | Mixed, name: str, args: list[Value]) -> Value:
    """A method of a text. Holes in it stand for themselves while it is changed."""
    if isinstance(of, str):
        return _plain(of, name, args)
    holes = [part for part in of.parts if isinstance(part, Hole)]
    numbered = iter(range(len(holes)))
    found = _plain(
        "".join(part if isinstance(part, str) else chr(0xE000 + next(numbered)) for part in of.parts), name, args
    )
    if not isinstance(found, str) or len(holes) > 6000:
        return MISSING
    parts: list[str | Hole] = []
    at = 0
    for match in _HOLE.finditer(found):
        parts += [
            found[at : match.start()],
            holes[ord(match[0]) - 0xE000] if ord(match[0]) - 0xE000 < len(holes) else match[0],
        ]
        at = match.end()
    return joined([*parts, found[at:]])


def _plain(of: str, name: str, args: list[Value]) -> Value:
    simple = _SIMPLE.get(name)
    if simple is not None and not args:
        return simple(of)
    if not all(isinstance(one, (str, int)) for one in args) or not args:
        return _trim_margin(of, "|") if name == "trimMargin" else MISSING
    first, second = args[0], args[1] if len(args) > 1 else None
    if name == "trimMargin" and isinstance(first, str):
        return _trim_margin(of, first)
    if name == "plus":
        return of + shown(first)
    if name == "repeat" and isinstance(first, int):
        return of * first if 0 <= len(of) * first <= MOST else MISSING
    if name == "toId":
        return to_id(f"{first}{of}")
    if not isinstance(first, str):
        return of[:first] if name == "take" else of[first:] if name == "drop" else MISSING
    return _with_text(of, name, first, second)


def _with_text(of: str, name: str, first: str, second: Value) -> Value:
    if name == "replace" and isinstance(second, str):
        return of.replace(first, second) if len(of) * max(1, len(second)) < 1_000_000 else MISSING
    if name == "split":
        return of.split(first) if first else MISSING
    table: dict[str, Callable[[], Any]] = {
        "startsWith": lambda: of.startswith(first), "endsWith": lambda: of.endswith(first), "contains": lambda: first in of,
        "removePrefix": lambda: of.removeprefix(first), "removeSuffix": lambda: of.removesuffix(first),
        "substringBefore": lambda: of.partition(first)[0], "substringAfter": lambda: of.partition(first)[2] if first in of else of,
        "substringBeforeLast": lambda: of.rpartition(first)[0] if first in of else of,
        "substringAfterLast": lambda: of.rpartition(first)[2],
        "equals": lambda: of == first, "trimEnd": lambda: of.rstrip(first), "trimStart": lambda: of.lstrip(first),
        "ifEmpty": lambda: of or first,
    }  # fmt: skip
    return table[name]() if name in table else MISSING


def trim_indent(text: str) -> str:
    """As Kotlin's `trimIndent`: without the first and last line where they are blank, and without the common indentation."""
    lines = text.split("\n")
    if not lines[0].strip():
        lines = lines[1:]
    if lines and not lines[-1].strip():
        lines = lines[:-1]
    indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
    least = min(indents, default=0)
    return "\n".join(line[least:] for line in lines)


def _trim_margin(text: str, margin: str) -> str:
    lines = text.split("\n")
    if not lines[0].strip():
        lines = lines[1:]
    if lines and not lines[-1].strip():
        lines = lines[:-1]
    return "\n".join(line.lstrip()[len(margin) :] if line.lstrip().startswith(margin) else line for line in lines)


_SIMPLE: dict[str, Callable[[str], Any]] = {
    "trimIndent": trim_indent, "trim": str.strip, "trimMargin": lambda text: _trim_margin(text, "|"),
    "toLowerCase": str.lower, "lowercase": str.lower, "toUpperCase": str.upper, "uppercase": str.upper,
    "capitalize": lambda text: text[:1].upper() + text[1:], "decapitalize": lambda text: text[:1].lower() + text[1:],
    "toId": to_id, "toExtId": to_id, "toString": str, "lines": str.splitlines, "isBlank": lambda text: not text.strip(),
    "isNotBlank": lambda text: bool(text.strip()), "isEmpty": lambda text: not text, "isNotEmpty": bool,
    "toInt": lambda text: int(text) if text.lstrip("-").isdigit() and len(text) < 19 else MISSING,
    "prependIndent": lambda text: textwrap.indent(text, "    "), "trimEnd": str.rstrip, "trimStart": str.lstrip,
}  # fmt: skip
