"""The report of what this machine lacks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")
BODY = 'import pytest\ndef test_a(): pytest.skip("no moon on this machine")\ndef test_b(): pass\n'


def run(folder: Path, *options: str, ci: str = "", body: str = BODY) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST.read_text())
    (folder / "test_one.py").write_text(body)
    environment = {**os.environ, "CI": ci, "PYTEST_ADDOPTS": "", "NO_COLOR": "1"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *options]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize(("options", "ci", "code"), [([], "", 0), (["--require-peers"], "", 1), ([], "true", 1)])
def test_what_is_missing_is_named_and_fails_where_it_is_required(
    tmp_path: Path, options: list[str], ci: str, code: int
) -> None:
    done = run(tmp_path, *options, ci=ci)
    assert done.returncode == code, done.stdout
    assert "no moon on this machine: 1 test not run" in done.stdout


def test_a_run_that_lacks_nothing_says_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, ci="true", body="def test_b(): pass\n")
    assert done.returncode == 0
    assert "missing here" not in done.stdout


@pytest.mark.parametrize("options", [[], ["-n", "1"]])
def test_how_many_points_the_crash_matrix_has_is_printed_at_the_end(tmp_path: Path, options: list[str]) -> None:
    body = 'def test_matrix(record_property): record_property("crash matrix", "canary: 174 points")\n'
    done = run(tmp_path, *options, body=body)
    assert "crash matrix" in done.stdout
    assert "canary: 174 points" in done.stdout


def test_a_failure_is_named_when_it_happens(tmp_path: Path) -> None:
    done = run(tmp_path, body="def test_a(): assert False, 'the moon'\ndef test_b(): pass\n")
    assert done.returncode == 1
    named = done.stdout.index("failed: test_one.py::test_a (call, ")
    assert named < done.stdout.index("FAILURES")
    assert "test_b" not in done.stdout
