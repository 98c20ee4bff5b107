"""How a parameter is asked for: `spec="text display='prompt'"` of XML <-> `text("name", "value", display = ...)`. Both ways.

Values are quoted as in TeamCity's service messages: a bar before a quote, a bar or a bracket, `|n` for a new line.
"""

from __future__ import annotations

import re

from seaway.formats.pipelines.teamcity.values import Item, Symbol, Value

WORDS = frozenset({"text", "password", "checkbox", "select"})
_PAIR = re.compile(r"\s*([A-Za-z_]\w*)='((?:[^'|]|\|.)*)'", re.DOTALL)
_ESCAPED = re.compile(r"\|(.)", re.DOTALL)
_QUOTED = re.compile(r"['|\[\]\n\r]")
_CODES = {"n": "\n", "r": "\r"}
_MARKS = {"\n": "|n", "\r": "|r"}
_PLAIN = {
    "label": "label", "description": "description", "checkedValue": "checked", "uncheckedValue": "unchecked",
    "validationMessage": "validationMessage", "regexp": "regex",
}  # fmt: skip
_TRUTHS = {"readOnly": "readOnly", "multiple": "allowMultiple"}
_EMPTY = {"any": True, "not_empty": False}


def read(spec: str) -> tuple[str, dict[str, Value]] | None:
    """The DSL's word and its named arguments; None for a spec that has no such word or says more."""
    word, _, rest = spec.strip().partition(" ")
    pairs = _pairs(rest)
    if word not in WORDS or pairs is None:
        return None
    options = _options(pairs)
    found: dict[str, Value] = {"options": options} if options else {}
    for key, value in pairs.items():
        if options and key.startswith(("data_", "label_")):
            continue
        more = _argument(key, value)
        if more is None:
            return None
        found |= more
    return word, found


def _pairs(text: str) -> dict[str, str] | None:
    pairs: dict[str, str] = {}
    at = 0
    while text[at:].strip():
        match = _PAIR.match(text, at)
        if match is None:
            return None
        pairs[match[1]] = _ESCAPED.sub(lambda found: _CODES.get(found[1], found[1]), match[2])
        at = match.end()
    return pairs


def _argument(key: str, value: str) -> dict[str, Value] | None:
    """What one pair is among the named arguments; nothing for a default, None for what has no argument."""
    if key in _PLAIN:
        return {_PLAIN[key]: value}
    if key in _TRUTHS and value in {"true", "false"}:
        return {_TRUTHS[key]: True} if value == "true" else {}
    if key == "display" and value in {"normal", "hidden", "prompt"}:
        return {"display": Symbol(f"ParameterDisplay.{value.upper()}")} if value != "normal" else {}
    if key == "validationMode" and value in {*_EMPTY, "regex"}:
        return {"allowEmpty": _EMPTY[value]} if value in _EMPTY else {}
    return None


def _options(pairs: dict[str, str]) -> list[Value]:
    """`data_1='a' label_1='A' data_2='b'` as values, with their labels where those differ."""
    numbers = sorted(int(key[5:]) for key in pairs if key.startswith("data_") and key[5:].isdigit() and len(key) < 12)
    values = ((pairs[f"data_{number}"], pairs.get(f"label_{number}", "")) for number in numbers)
    return [value if label in ("", value) else (label, value) for value, label in values]


def write(item: Item) -> str | None:
    """The spec of `text(...)` and its like; None for one that says what no spec can."""
    pairs: dict[str, str] = {}
    for name, value in item.named.items():
        if name in _PLAIN.values() and isinstance(value, str):
            pairs[next(key for key, word in _PLAIN.items() if word == name)] = value
            pairs |= {"validationMode": "regex"} if name == "regex" else {}
        elif name in _TRUTHS.values() and isinstance(value, bool):
            pairs |= {next(key for key, word in _TRUTHS.items() if word == name): "true"} if value else {}
        elif name == "display" and isinstance(value, Symbol):
            pairs["display"] = value.text.rpartition(".")[2].lower()
        elif name == "allowEmpty" and isinstance(value, bool):
            pairs.setdefault("validationMode", "any" if value else "not_empty")
        elif name == "options" and isinstance(value, list):
            for number, one in enumerate(value, 1):
                label, data = one if isinstance(one, tuple) and len(one) == 2 else ("", one)
                if not isinstance(data, str) or not isinstance(label, str):
                    return None
                pairs |= {f"data_{number}": data} | ({f"label_{number}": label} if label else {})
        else:
            return None
    return " ".join([item.word, *(f"{key}='{_quoted(value)}'" for key, value in pairs.items())])


def _quoted(text: str) -> str:
    return _QUOTED.sub(lambda found: _MARKS.get(found[0], f"|{found[0]}"), text)
