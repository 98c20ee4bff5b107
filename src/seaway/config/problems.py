"""What pydantic found -> problems for people: a place in the file, the reason, and the key that was perhaps meant.

Called by `config.loader` when a file does not have its shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from seaway.config import schema
from seaway.config.document import MAX_PROBLEMS, Document, Path, Place
from seaway.config.fields import kind, nearest
from seaway.errors import Problem

_KEY = "[key]"  # pydantic's mark for "the key itself is wrong"


def explain(error: ValidationError, document: Document, name: str) -> list[Problem]:
    """Every problem in the order of the file, at most MAX_PROBLEMS; `name` is the file's."""
    explanations = _Explanations(document, name, schema.shape())
    details = error.errors(include_url=False, include_input=False)[:MAX_PROBLEMS]
    return sorted((explanations.problem(item) for item in details), key=lambda found: (found.line, found.column))


class _Explanations:
    def __init__(self, document: Document, name: str, shape: Mapping[str, Any]) -> None:
        self._document, self._name, self._shape = document, name, shape

    def problem(self, error: ErrorDetails) -> Problem:
        path, is_key = _path(error)
        place = self._document.keys.get(path) if is_key or error["type"] == "extra_forbidden" else None
        message, suggestion = self._words(error, path)
        where = place or self._place(error, path)
        return Problem(self._name, where.line, where.column, message, suggestion)

    def _place(self, error: ErrorDetails, path: Path) -> Place:
        return self._document.place(path[:-1] if error["type"] == "missing" else path)

    def _words(self, error: ErrorDetails, path: Path) -> tuple[str, str]:
        context = error.get("ctx", {})
        what, key = error["type"], path[-1] if path else "the file"
        if what == "extra_forbidden":
            return f"unknown key `{key!s:.60}`", self._meant(path)
        if what == "missing":
            return f"`{key}` is missing{_inside(path[:-1])}", ""
        if what == "value_error":
            cause = context["error"]
            return f"{_subject(path)}{cause}", getattr(cause, "suggestion", "")
        if what in ("model_type", "dict_type", "model_attributes_type"):
            return f"{_subject(path)}keys are expected here, not {self._found(path)}", self._example(path)
        if what in ("list_type", "tuple_type"):
            return f"{_subject(path)}a list is expected here, not {self._found(path)}", "write [a, b] or lines with -"
        if what in ("greater_than_equal", "less_than_equal"):
            side = "at least" if what == "greater_than_equal" else "at most"
            return f"{_subject(path)}it must be {side} {context.get('ge', context.get('le'))}", ""
        if what in ("too_short", "string_too_short"):
            return f"{_subject(path)}it is empty", "give it a value, or remove the key"
        if what in ("too_long", "string_too_long"):
            return f"{_subject(path)}it is longer than {context['max_length']}", ""
        return f"{_subject(path)}{error['msg']}", ""

    def _found(self, path: Path) -> str:
        data = self._document.data
        for part in path:
            data = data[part]
        return "nothing" if kind(data) == "nothing" else f"a {kind(data)}"

    def _example(self, path: Path) -> str:
        known = list(schema.properties(self._shape, path))
        return f"known keys: {', '.join(known)}" if known else ""

    def _meant(self, path: Path) -> str:
        known = list(schema.properties(self._shape, path[:-1]))
        word = str(path[-1])
        meant = nearest(word, known)
        if meant:
            return f"did you mean {meant}?"
        holding = [section for section, keys in self._sections() if word in keys]
        elsewhere = next((one for one in holding if one.startswith(str(path[0]))), holding[0] if holding else "")
        if elsewhere:  # of several the one of the same part of the file
            return f"it belongs below {elsewhere}"
        return f"known here: {', '.join(known)}" if known else "no key is known here"

    def _sections(self) -> Iterator[tuple[str, list[str]]]:
        for path in schema.sections(self._shape):
            keys = list(schema.properties(self._shape, path))
            yield ".".join(str(part) for part in path if not isinstance(part, int)), keys


def _path(error: ErrorDetails) -> tuple[Path, bool]:
    path = tuple(part for part in error["loc"] if part != _KEY)
    return path, len(path) != len(error["loc"])


def _subject(path: Path) -> str:
    named = next((part for part in reversed(path) if isinstance(part, str)), "")
    return f"`{named:.60}`: " if named else ""


def _inside(path: Path) -> str:
    return f" in `{'.'.join(str(part) for part in path)}`" if path else ""
