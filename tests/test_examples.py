"""Every example runs as it stands, and so do the commands of the README; nothing is left running afterwards."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/run.sh"))
_SAYS = {
    "01-canary": ["hello from v1", "hello from v2", "hello from v1"],
    "02-blue-green": ["hello from v2", "hello from v1", "hello from v2"],
    "03-migration": ["hello from v2"],
    "04-worker": [],
    "05-ramp": ["hello from v2", "hello from v2"],
}

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(script: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    known = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "SEAWAY_HOME": str(home / "s")}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, **known, "NO_COLOR": "1", "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def _left(home: Path) -> list[str]:
    """Commands that still run from this state folder."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(home) in command:
                found.append(command)
    return found


@pytest.fixture
def clean(home: Path) -> Iterator[Path]:
    yield home
    _run("seaway down --yes", home, home)
    assert _left(home) == []
    for folder in (home / "s" / "artifacts").glob("**/"):
        folder.chmod(0o700)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_runs(example: Path, clean: Path) -> None:
    place, port = clean / "example", _free_port()
    shutil.copytree(example, place)
    for name in ("run.sh", "seaway.yaml"):
        path = place / name
        text = re.sub(r"\b1808\d\b", str(port), path.read_text())
        path.write_text(text.replace("/tmp/seaway-example", str(clean / "example")))
    done = _run("./run.sh", place, clean)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^hello from v\d$", done.stdout, re.MULTILINE) == _SAYS[example.name]
    assert "nothing of Seaway runs here any more" in done.stderr


def test_every_example_is_on_the_page_and_has_an_expectation() -> None:
    page = (ROOT / "examples" / "README.md").read_text()
    assert [path.name for path in EXAMPLES] == sorted(_SAYS)
    assert all(f"[{path.name}]({path.name}/run.sh)" in page for path in EXAMPLES)


def shortest_path() -> str:
    """The commands of the README's section about a service of one's own."""
    section = (ROOT / "README.md").read_text().partition("## A service of your own")[2]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[0]


def test_the_shortest_path_of_the_readme_runs_as_it_is_written(clean: Path) -> None:
    port = _free_port()
    script = shortest_path().replace("8080", str(port))
    script, edits = re.subn(
        r"^(seaway init .*)$", rf"\1\nsed -i s/8080/{port}/ seaway.yaml", script, flags=re.MULTILINE
    )
    assert edits == 1
    place = clean / "hello"
    place.mkdir()
    done = _run(script, place, clean)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^hello, v\d$", done.stdout, re.MULTILINE) == ["hello, v1", "hello, v2", "hello, v1"]


def test_a_command_that_fails_would_be_seen(clean: Path) -> None:
    assert _run("seaway plan nowhere\necho on\n", clean, clean).returncode == 2
