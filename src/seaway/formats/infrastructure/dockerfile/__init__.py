"""Dockerfiles and Containerfiles: stages with their instructions and places, as BuildKit reads them (its reference, syntax 1).

Names in `FROM` are worked out from the defaults of `ARG`; what only the builder's command line says stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seaway.formats.infrastructure.dockerfile.lines import Instruction, Lines
from seaway.model.span import Span

_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^{}]*))?\})")
_ASSIGNED = re.compile(
    r"(?<!\S)([A-Za-z_]\w*+)(?:=(\"(?:[^\"\\]|\\.)*+\"|'[^']*+'|(?:[^\s\\]|\\(?:.|\Z))*+))?(?=\s|\Z)", re.DOTALL
)
_AS = re.compile(r"(\S+)(?:\s+[Aa][Ss]\s+(\S+))?\s*\Z")

MAX_STAGES = 100

__all__ = ["Dockerfile", "Instruction", "Stage", "parse", "variables"]


@dataclass(frozen=True, slots=True)
class Stage:
    """`image` as written; `base`: with the defaults of arguments, None where one has none; `parent`: the stage that it goes on from."""

    index: int
    name: str
    image: str
    base: str | None
    parent: Stage | None
    origin: Instruction  # its FROM
    instructions: tuple[Instruction, ...]

    def all(self, *words: str) -> list[Instruction]:
        """Its own instructions of these kinds."""
        return [one for one in self.instructions if one.word in words]

    @property
    def line(self) -> list[Stage]:
        """The stages that it is made of, first to last, without those that it only copies from."""
        found: list[Stage] = []
        stage: Stage | None = self
        while stage is not None:
            found.insert(0, stage)
            stage = stage.parent
        return found


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """`arguments`: defaults of the ARGs before the first FROM, None for those without."""

    path: str
    syntax: str
    escape: str
    arguments: Mapping[str, str | None]
    stages: tuple[Stage, ...]

    @property
    def span(self) -> Span:
        """Where the stage begins that is made."""
        return self.last.origin.span

    @property
    def last(self) -> Stage:
        """What a build without `--target` makes."""
        return self.stages[-1]


def parse(text: str, path: str) -> list[Dockerfile]:
    """The one Dockerfile of a text. Raises ConfigError."""
    lines = Lines(text.removeprefix("\ufeff"), path)
    arguments: dict[str, str | None] = {}
    groups: list[list[Instruction]] = []
    for one in lines.read():
        if one.word == "FROM":
            groups.append([one])
        elif groups:
            groups[-1].append(one)
        elif one.word == "ARG":
            for name, value, _ in variables(one):
                arguments[name] = _worked_out(value, arguments)
        else:
            raise lines.problem(one.span.line - 1, f"{one.word} stands before the first FROM")
    if not groups:
        raise lines.problem(0, "there is no FROM")
    if len(groups) > MAX_STAGES:
        raise lines.problem(groups[MAX_STAGES][0].span.line - 1, f"more than {MAX_STAGES} stages")
    stages: list[Stage] = []
    for group in groups:
        stages.append(_stage(lines, group, arguments, stages))
    return [Dockerfile(path, lines.directives.get("syntax", ""), lines.escape, arguments, tuple(stages))]


def _stage(lines: Lines, group: list[Instruction], arguments: Mapping[str, str | None], before: list[Stage]) -> Stage:
    match = _AS.match(group[0].value)
    if match is None:
        raise lines.problem(group[0].span.line - 1, "FROM wants an image, and perhaps `AS name`")
    base = _worked_out(match[1], arguments)
    known = (base or match[1]).lower()
    parent = next((one for one in reversed(before) if one.name and one.name == known), None)
    return Stage(len(before), (match[2] or "").lower(), match[1], base, parent, group[0], tuple(group[1:]))


def variables(one: Instruction) -> Iterator[tuple[str, str | None, Span]]:
    """(name, value or None, place) of each variable of an ARG or ENV; the old form `ENV name value` is one."""
    if one.word == "ENV" and (old := re.match(r"([A-Za-z_]\w*)\s+(?!=)(\S.*)\Z", one.value, re.DOTALL)):
        yield old[1], old[2].strip(), one.span
        return
    for match in _ASSIGNED.finditer(one.value):
        yield match[1], None if match[2] is None else _unquoted(match[2]), one.span


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]:
        return value[1:-1]
    return value


def _worked_out(value: str | None, known: Mapping[str, str | None]) -> str | None:
    """The value with the variables in it, or None where one of them has no value here."""
    if value is None:
        return None
    missing = False

    def put(match: re.Match[str]) -> str:
        nonlocal missing
        found = known.get(match[1] or match[2])
        mark, other = match[3] or "", match[4] or ""
        if mark.endswith("+"):
            return other if found is not None and (found or ":" not in mark) else ""
        if found is None or (not found and mark == ":-"):
            missing = missing or not mark
            return other
        return found

    made = _VARIABLE.sub(put, value)
    return None if missing else made.strip("\"'")
