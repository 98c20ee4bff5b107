"""The scripts of the README: what they cannot serve is named before anything is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
SHELL = Path("/bin/sh")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the scripts alone, and a folder `bin` that hides the system's programs."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "bin").mkdir()
    pretend(tmp_path, "uname", 'case "$1" in -s) echo Linux;; *) echo x86_64;; esac')
    pretend(tmp_path, "getconf", "echo glibc 2.36")
    return tmp_path


def pretend(checkout: Path, name: str, body: str) -> None:
    program = checkout / "bin" / name
    program.write_text(f"#!{SHELL}\n{body}\n")
    program.chmod(0o755)


def run(checkout: Path, script: str = "demo", path: str = os.defpath) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{checkout / 'bin'}:{path}", "HOME": str(checkout), "PIP_NO_INDEX": "1"}
    return subprocess.run(
        [SHELL, checkout / "scripts" / script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    ("program", "body", "words"),
    [
        ("uname", 'case "$1" in -s) echo Darwin;; *) echo arm64;; esac', "this is Darwin arm64"),
        ("uname", 'case "$1" in -s) echo Linux;; *) echo riscv64;; esac', "this is Linux riscv64"),
        ("getconf", "echo glibc 2.30", "this is glibc 2.30"),
        ("getconf", "exit 1", "not glibc"),
    ],
)
@pytest.mark.parametrize("script", ["demo", "test", "check", "bench"])
def test_a_platform_without_a_proxy_is_named_before_anything_is_installed(
    checkout: Path, script: str, program: str, body: str, words: str
) -> None:
    pretend(checkout, program, body)
    done = run(checkout, script)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (checkout / ".venv").exists()


def test_an_old_python_is_named_before_anything_is_installed(checkout: Path) -> None:
    for name in ("python", "python3", *(f"python3.{minor}" for minor in range(11, 16))):
        pretend(checkout, name, 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    done = run(checkout)
    assert done.returncode == 2
    assert "Python 3.11 or newer; this machine has Python 3.9.2" in done.stderr
    assert not (checkout / ".venv").exists()


def test_a_folder_made_elsewhere_is_not_used(checkout: Path) -> None:
    pretend(checkout, "python3.11", f'exec {sys.executable} "$@"')
    stale = checkout / ".venv" / "bin"
    stale.mkdir(parents=True)
    (stale / "python").symlink_to(sys.executable)
    (stale / "pip").write_text("#!/elsewhere/.venv/bin/python\n")
    (stale / "stale").touch()
    done = run(checkout)  # no index is reachable, so the installation itself fails
    assert done.returncode == 1
    assert "made anew" in done.stderr
    assert not (stale / "stale").exists()
    assert (stale / "python").exists()


def test_a_folder_that_is_ready_is_used_as_it_is(checkout: Path) -> None:
    ready = checkout / ".venv" / "bin"
    ready.mkdir(parents=True)
    (ready / "python").symlink_to(sys.executable)
    (ready / "pip").write_text(f"#!{ready}/python\n")
    (ready / "seaway").write_text(f'#!{SHELL}\necho "told: $*"\n')
    (ready / "seaway").chmod(0o755)
    made = subprocess.run("cksum <pyproject.toml", shell=True, cwd=checkout, capture_output=True, text=True, check=True)
    (checkout / ".venv" / "seaway-made-for").write_text(f"dev {made.stdout}")
    done = run(checkout)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "told: demo\n"
    assert "Installing" not in done.stderr
