"""Adapters have the methods of their ports, with their types: mypy says so, and would say otherwise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PORTS = Path(__file__).with_name("ports.py")


def check(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--strict", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=800, check=False)


@pytest.mark.timeout(900)
def test_every_adapter_satisfies_its_port() -> None:
    done = check(PORTS)
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(900)
def test_a_changed_parameter_would_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(
        """
from seaway.ports.secrets import Secrets

class Wrong:
    def resolve(self, name: int) -> str:
        return ""

    def check(self, name: str) -> None:
        return None

wrong: type[Secrets] = Wrong
"""
    )
    done = check(path)
    assert done.returncode == 1
    assert "Incompatible types in assignment" in done.stdout


def test_every_row_of_the_table_is_checked() -> None:
    from seaway import registry

    text = PORTS.read_text()
    for port, names in registry.TABLE.items():
        for place in names.values():
            module, _, name = place.partition(":")
            assert f"from {module} import {name}\n" in text, f"{port}: {place}"
