"""actionlint, where it is installed: a second opinion on patched GitHub workflows. Asked by `app.assess`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from functools import cache, lru_cache
from pathlib import Path

from seaway.adapters import _process
from seaway.errors import NotFound

_SECONDS = 20.0
_FORMAT = "{{range .}}{{.Kind}}: {{.Message}}\n{{end}}"


@cache
def found() -> str:
    """The program: on the path, or beside the Python that runs this; "" where there is none."""
    return shutil.which("actionlint") or shutil.which("actionlint", path=str(Path(sys.executable).parent)) or ""


@lru_cache(maxsize=256)
def complaints(text: str) -> frozenset[str]:
    """What it says about a workflow, without places: lines move. Empty also when it does not answer in time."""
    with tempfile.TemporaryDirectory(prefix="seaway-lint-") as folder:
        file = Path(folder) / "workflow.yml"
        file.write_bytes(text.encode())
        argv = [found(), "-no-color", "-shellcheck=", "-pyflakes=", "-format", _FORMAT, str(file)]
        try:
            ended = _process.run(argv, seconds=_SECONDS, cwd=Path(folder))
        except NotFound:
            return frozenset()
    return frozenset(line for line in ended.output.splitlines() if line.strip())
