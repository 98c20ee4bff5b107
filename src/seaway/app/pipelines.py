"""The use cases of pipelines: read a file, convert it, for `cli.pipeline` and `cli.convert`. Reads files; asks no network."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seaway import registry
from seaway.errors import ConfigError, Problem, UsageError
from seaway.formats.pipelines import detect
from seaway.formats.pipelines.sources import Sources
from seaway.model.loss import Loss, Written
from seaway.model.pipeline import Pipeline

LARGEST = 4 * 1024 * 1024  # bytes of one file
MANY = 10_000  # files that are looked at for a name with `*`
LISTED = (".yml", ".yaml", ".kt", ".xml")


@dataclass(frozen=True, slots=True)
class Converted:
    """The result of a conversion, and which system the file was read as."""

    written: Written
    source: Pipeline


@dataclass(frozen=True, slots=True)
class Saved:
    """The files that a conversion wrote, in order, with what they do not say."""

    files: tuple[Path, ...]
    losses: tuple[Loss, ...]
    source: Pipeline


def read(path: Path, system: str = "", libraries: Mapping[str, Path] | None = None) -> Pipeline:
    """The file's pipeline, resolved as far as the repository and the named libraries go.

    `system`: "" = found out by name and content. Raises UsageError (no file, unknown system) and ConfigError (unreadable).
    """
    text = text_of(path)
    name = system or detect.by_name(str(path)) or detect.by_text(text)
    if not name or name not in registry.FORMATS["pipelines"]:
        known = ", ".join(registry.formats("pipelines"))
        what = f"{path}: no pipeline of a system that is known" if not name else f"{path}: {name} is not read"
        raise UsageError(what, hint=f"say which system it is, with --from; known: {known}")
    root = root_of(path)
    try:
        place = path.resolve().relative_to(root).as_posix()
    except ValueError:
        place = path.name
    module: Any = registry.load_format("pipelines", name)
    pipeline: Pipeline = module.parse(text, place, sources(root, libraries or {}))
    return pipeline


def convert(path: Path, to: str, system: str = "", libraries: Mapping[str, Path] | None = None) -> Converted:
    """The file's pipeline in another system's language. Raises like `read`, and UsageError for a system that is not written."""
    module = writer(to)
    pipeline = read(path, system, libraries)
    return Converted(module.render(pipeline), pipeline)


def convert_to(
    output: Path, path: Path, to: str, system: str = "", libraries: Mapping[str, Path] | None = None
) -> Saved:
    """Like `convert`, into a file; for a system that keeps a pipeline in several files, into a folder of that name.

    Raises like `convert`, and UsageError for a place that cannot be written.
    """
    module = writer(to)
    pipeline = read(path, system, libraries)
    if not hasattr(module, "render_files"):
        if output.is_dir():
            raise UsageError(f"{output} is a folder", hint=f"name the file: {to} keeps a pipeline in one")
        written: Written = module.render(pipeline)
        return Saved(_save({output: written.text}), written.losses, pipeline)
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file", hint=f"name a folder: {to} keeps a pipeline in several files")
    found = module.render_files(pipeline)
    return Saved(_save({output / place: text for place, text in found.files}), found.losses, pipeline)


def _save(files: Mapping[Path, str]) -> tuple[Path, ...]:
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise UsageError(f"{path} cannot be written: {why}", hint="name another place") from None
    return tuple(files)


def written_systems() -> tuple[str, ...]:
    """Systems that can be written."""
    return tuple(
        name
        for name in registry.formats("pipelines")
        if hasattr(registry.load_format("pipelines", name), "render")
    )  # fmt: skip


def writer(to: str) -> Any:
    """The module that writes a system's language. Raises UsageError by name."""
    module: Any = registry.load_format("pipelines", to)
    if not hasattr(module, "render"):
        raise UsageError(f"{to} is read and not written", hint=f"written are: {', '.join(written_systems())}")
    return module


def root_of(path: Path) -> Path:
    """The repository around a file: the nearest folder with `.git`, else the working folder, else the file's own."""
    place = path.resolve().parent
    for folder in (place, *place.parents):
        if (folder / ".git").exists():
            return folder
    here = Path.cwd().resolve()
    return here if place.is_relative_to(here) else place


def sources(root: Path, libraries: Mapping[str, Path]) -> Sources:
    """Files below the repository's root and below each library's folder; links that lead out of it are not followed."""

    def library(name: str, place: str) -> str | None:
        folder = libraries.get(name)
        return _below(folder.resolve(), place) if folder else None

    return Sources(lambda place: _below(root, place), library, lambda: _listed_below(root))


def _listed_below(root: Path) -> list[str]:
    """The repository's files of the kinds that names with `*` may mean; at most MANY. Of hidden folders only three count."""
    found: list[str] = []
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(
            one for one in inner if not one.startswith(".") or one in {".gitlab", ".teamcity", ".BuildServer"}
        )
        place = Path(folder).relative_to(root)
        found += [(place / name).as_posix() for name in sorted(names) if name.endswith(LISTED)]
        if len(found) >= MANY:
            break
    return found[:MANY]


def _below(root: Path, place: str) -> str | None:
    found = (root / place).resolve()
    if not found.is_relative_to(root) or not found.is_file() or found.stat().st_size > LARGEST:
        return None
    try:
        return found.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


def text_of(path: Path) -> str:
    """A file's text as the readers take it. Raises UsageError (it cannot be read) and ConfigError (too large, not UTF-8)."""
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder", hint="name one pipeline file")
        if path.stat().st_size > LARGEST:
            size = f"the file is larger than {LARGEST // 1024 // 1024} MiB"
            raise ConfigError([Problem(str(path), 1, 1, size)], hint="name one pipeline file")
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {os.strerror(error.errno or 0)}", hint="check the path") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", errors="replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        words = f"byte 0x{content[error.start]:02x} is not UTF-8"
        raise ConfigError([Problem(str(path), line, column, words, "save the file as UTF-8")], hint="") from None
