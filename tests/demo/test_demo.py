"""`seaway demo` from its first line to nothing left running."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import pace

pytestmark = [pytest.mark.journey, pytest.mark.timeout(700)]
ACTS = ("The first release", "A good release", "A broken release", "Second thoughts")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the demo makes its folder: a short path of its own."""
    path = Path(tempfile.mkdtemp(prefix="sw-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


def start(folder: Path, **streams: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "TMPDIR": str(folder), "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "120"}
    environment.pop("SEAWAY_HOME", None)
    command = [sys.executable, "-m", "seaway", "demo"]
    return subprocess.Popen(command, env=environment, text=True, stdin=subprocess.DEVNULL, **streams)


def processes(folder: Path) -> list[str]:
    """Everything on this machine that has to do with the folder."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and int(process.name) != os.getpid():
            try:
                about = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
                about += os.fsencode((process / "cwd").readlink())
            except OSError:
                continue
            if os.fsencode(folder) in about:
                found.append(about.replace(b"\0", b" ").decode(errors="replace")[:200])
    return found


def test_twice_in_a_row_it_tells_its_story_and_leaves_nothing_running(folder: Path) -> None:
    for _ in range(2):
        with pace.promptly(90):
            demo = start(folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            told, said = demo.communicate(timeout=300)
        assert demo.returncode == 0, told + said
        assert [act for act in ACTS if act in said] == list(ACTS)
        assert "0 lost by switching" in told
        assert re.search(r"v3 broken +rolled back", told)
        assert "Nothing of the demo runs any more" in said
        assert "\x1b[" not in told + said
        assert processes(folder) == []
    home = re.search(r"export SEAWAY_HOME=(\S+)", told)[1]
    for line in re.findall(r"^  \S+ -m seaway (.*?)(?: +#.*)?$|^  \S+/seaway (.*?)(?: +#.*)?$", told, re.MULTILINE):
        words = (line[0] or line[1]).split()
        done = subprocess.run(
            [sys.executable, "-m", "seaway", *words], env={**os.environ, "SEAWAY_HOME": home}, capture_output=True,
            text=True, timeout=180, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (words, done.stdout, done.stderr)
    assert processes(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("act", [ACTS[0], ACTS[1]])
def test_stopped_in_the_middle_it_cleans_up_and_says_so(folder: Path, act: str, number: signal.Signals) -> None:
    demo = start(folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = ""
    while act not in said:
        line = demo.stderr.readline()
        assert line, said
        said += line
    time.sleep(1.5)
    demo.send_signal(number)
    _, rest = demo.communicate(timeout=180)
    assert demo.returncode == 130
    assert "everything it started is stopped" in rest
    assert processes(folder) == []


def test_on_a_terminal_it_draws_the_tree_and_ctrl_c_ends_it(folder: Path) -> None:
    outside, inside = pty.openpty()
    demo = start(folder, stdout=inside, stderr=inside)
    os.close(inside)
    seen, interrupted = "", False
    while True:
        try:
            data = os.read(outside, 65_536)
        except OSError:
            break
        if not data:
            break
        seen += data.decode(errors="replace")
        if not interrupted and ACTS[1] in seen and "observed" in seen.split(ACTS[1])[1]:
            interrupted = True
            demo.send_signal(signal.SIGINT)
    os.close(outside)
    assert demo.wait(180) == 130
    assert "candidate" in seen
    assert "the rollout goes on" not in seen.split("^C: the demo ends here")[-1]
    assert processes(folder) == []


def test_a_second_demo_at_the_same_time_is_refused(folder: Path) -> None:
    first = start(folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert "^C stops" not in first.stderr.readline()
    second = start(folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, said = second.communicate(timeout=180)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=180)
    assert second.returncode == 1
    assert "another demo runs" in said
    assert processes(folder) == []


def test_a_folder_of_somebody_else_is_not_used(folder: Path) -> None:
    planted = folder / f"seaway-demo-{os.getuid()}"
    planted.mkdir(mode=0o777)
    planted.chmod(0o777)
    done = start(folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, said = done.communicate(timeout=180)
    assert done.returncode == 2
    assert "not a private folder" in said
