"""actionlint, where it is installed: a second opinion on patched GitHub workflows. Asked by `app.assess`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from seaway.adapters import _process
from seaway.errors import NotFound

_SECONDS = 60.0
_AT_ONCE = 1_000  # files of one run: an argument list has an end
_CAP = 16 * 1024 * 1024
_FORMAT = "{{range .}}{{.Filepath}}\t{{.Kind}}: {{.Message}}\n{{end}}"


@cache
def found() -> str:
    """The program: on the path, or beside the Python that runs this; "" where there is none."""
    return shutil.which("actionlint") or shutil.which("actionlint", path=str(Path(sys.executable).parent)) or ""


def complaints(texts: Iterable[str]) -> dict[str, frozenset[str]]:
    """What it says about each workflow, without places: lines move. Nothing is said also when it does not answer in time."""
    asked = list(dict.fromkeys(texts))
    found: dict[str, set[str]] = {text: set() for text in asked}
    for at in range(0, len(asked), _AT_ONCE):
        for text, words in _asked(asked[at : at + _AT_ONCE]):
            found[text].add(words)
    return {text: frozenset(words) for text, words in found.items()}


def _asked(texts: list[str]) -> Iterator[tuple[str, str]]:
    """(workflow, complaint), of one run of the program."""
    with tempfile.TemporaryDirectory(prefix="seaway-lint-") as folder:
        names = {f"{number}.yml": text for number, text in enumerate(texts)}
        for name, text in names.items():
            (Path(folder) / name).write_bytes(text.encode())
        argv = [found(), "-no-color", "-shellcheck=", "-pyflakes=", "-format", _FORMAT, *names]
        try:
            ended = _process.run(argv, seconds=_SECONDS, cwd=Path(folder), cap=_CAP)
        except NotFound:
            return
    for line in ended.output.splitlines():
        name, mark, words = line.partition("\t")
        if mark and name in names:
            yield names[name], words
