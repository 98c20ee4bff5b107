"""Finds the foreign programs that tests hold Seaway against. Used by contract tests.

They come from `scripts/_peers` (Debian, npm, Go) and from the group `dev` of pyproject.toml (PyPI).
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NPM = ROOT / ".peers" / "node_modules"
_PLACES = (
    str(NPM / ".bin"),
    str(ROOT / ".peers" / "bin"),
    str(Path(sys.executable).parent),
    os.environ.get("PATH", os.defpath),
    "/usr/sbin",
)


def program(name: str) -> Path:
    """The program's path; the test is skipped, and the program named at the end of the run, when this machine lacks it."""
    found = shutil.which(name, path=os.pathsep.join(_PLACES))
    if found is None:
        pytest.skip(f"missing peer: the program {name} (scripts/test installs it, as root)")
    return Path(found)


def npm_module(name: str) -> Path:
    """The folder of a package from npm, for tests that run it with node."""
    program("node")
    folder = NPM / name
    if not folder.is_dir():
        pytest.skip(f"missing peer: {name} from npm (scripts/test installs it)")
    return folder


def go_module(name: str) -> Path:
    """The folder with the source of a Go module, whatever its version."""
    found = sorted((ROOT / ".peers" / "go" / Path(name).parent).glob(f"{Path(name).name}@*"))
    if not found:
        pytest.skip(f"missing peer: the Go module {name} (scripts/test fetches it)")
    return found[-1]
