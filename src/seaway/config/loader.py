"""Reads seaway.yaml: text -> shapes -> model, with all mistakes at once, each with its place. Called by `app` and `cli`.

Nothing in the file is evaluated or expanded: `$HOME` is five characters, a secret is a reference that is resolved late.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from seaway.config import checks, document, problems
from seaway.config.document import MAX_BYTES, MAX_PROBLEMS, Document
from seaway.config.file import FileFields
from seaway.errors import ConfigError, Problem
from seaway.model.environment import Environment
from seaway.model.pipeline import Pipeline
from seaway.model.service import Service
from seaway.model.sink import Sink

NAME = "seaway.yaml"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What one seaway.yaml says. `path` is the absolute path of the file."""

    services: Mapping[str, Service]
    environments: Mapping[str, Environment]
    sinks: tuple[Sink, ...]
    path: Path
    pipeline: Pipeline | None = None


def load(path: Path, known: checks.Known | None = None) -> Configuration:
    """The configuration in the file at `path`, or in its seaway.yaml when `path` is a folder.

    `known`: port -> names of its adapters (`target`, `traffic`, `metrics`, `events`); names not among them become problems.
    Raises ConfigError with every problem that was found.
    """
    file = Path(path).absolute()
    if file.is_dir():
        file /= NAME
    return parse(_content(file), file, known)


def parse(content: bytes, path: Path, known: checks.Known | None = None) -> Configuration:
    """As `load`, for text that is at hand already; `path` says where it stands. Reads no file but looks for certificates."""
    name = _shown(path)
    read = document.parse(content, name)
    found: list[Problem] = []
    fields = _fields(read, name, found)
    folder = path.parent.resolve()
    configuration = Configuration(
        {key: value.service(key, folder) for key, value in fields.services.items()},
        {key: value.environment(key, folder) for key, value in fields.environments.items()},
        tuple(sink.sink(folder) for sink in fields.events),
        path,
        fields.pipeline.pipeline(name) if fields.pipeline else None,
    )
    for place, job in fields.pipeline.unknown_needs() if fields.pipeline else ():
        at = read.place(place)
        found.append(
            Problem(name, at.line, at.column, f"no job {job!r} stands above this one", "move it, or correct it")
        )
    found += checks.check(configuration.services, configuration.environments, read, name, known or {})
    if found:
        found.sort(key=lambda problem: (problem.line, problem.column))
        raise ConfigError(list(dict.fromkeys(found))[:MAX_PROBLEMS])
    return configuration


def _fields(read: Document, name: str, found: list[Problem]) -> FileFields:
    """The shapes of the file; entries with mistakes are reported and left out, so that the others are checked as well."""
    try:
        return FileFields.model_validate(read.data)
    except ValidationError as error:
        found += problems.explain(error, read, name)
        sound = _without(read.data, {detail["loc"] for detail in error.errors(include_url=False, include_input=False)})
    return FileFields.model_construct(**_shapes(sound))


def _without(data: Any, mistakes: set[tuple[str | int, ...]]) -> dict[str, Any]:
    if not isinstance(data, dict):
        return {}
    broken = {place[:2] for place in mistakes}
    sound: dict[str, Any] = {}
    for part in ("services", "environments"):
        entries = data.get(part)
        if isinstance(entries, dict):
            sound[part] = {key: value for key, value in entries.items() if (part, key) not in broken}
    return sound


def _shapes(sound: dict[str, Any]) -> dict[str, Any]:
    from seaway.config.environment import EnvironmentFields
    from seaway.config.service import ServiceFields

    return {
        "services": {key: ServiceFields.model_validate(value) for key, value in sound.get("services", {}).items()},
        "environments": {
            key: EnvironmentFields.model_validate(value) for key, value in sound.get("environments", {}).items()
        },
        "events": [],
        "pipeline": None,
    }


def _content(path: Path) -> bytes:
    """At most one byte more than is allowed. A pipe or a device would never end: only a regular file is read."""
    name = _shown(path)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ConfigError([Problem(name, 1, 1, "there is no such file")], hint="seaway init") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError([Problem(name, 1, 1, f"cannot be read: {reason}")], hint=f"ls -l {path}") from error
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ConfigError([Problem(name, 1, 1, "is not a regular file")], hint=f"ls -l {path}")
        return file.read(MAX_BYTES + 1)


def _shown(path: Path) -> str:
    """As a person at the present folder would write it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
