"""Row `pipelines`: how fast each dialect is read, and beside other tools on the same files in one run.

The corpora are made here (bench/corpus.py), about as large as public files. pipeline-check lives in an environment of its own
under .peers, because it brings much with it; zizmor is in the group `dev`.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from bench import executions
from bench.corpus import CORPORA, corpus
from bench.figures import Figure, Settings, interval, median, written
from seaway import registry

_LIMITS = {
    "github_actions": 1500,
    "gitlab_ci": 1500,
    "azure_pipelines": 1500,
    "circleci": 1500,
    "tekton": 1500,
    "jenkins": 100,
    "teamcity": 100,
}
_NO_YAML = frozenset({"jenkins", "teamcity"})
_PEERS = Path(__file__).parents[1] / ".peers"
_CHECK = "pipeline-check==1.19.0"
_READ_ALL = """
import sys
from pathlib import Path
from seaway.formats.pipelines.github_actions import parse
for path in sorted(Path(sys.argv[1]).rglob("*.yml")):
    parse(path.read_text(), str(path))
"""


def rows(settings: Settings) -> Iterator[Figure]:
    """One per dialect with a corpus, then the other tools, then what conversions do when they are run."""
    for system in CORPORA:
        yield _speed(system, settings)
    yield from _beside(settings)
    yield from executions.rows(settings)


def _speed(system: str, settings: Settings) -> Figure:
    files = corpus(system, settings.seed, settings.pick(60, 200))
    parse = registry.load_format("pipelines", system).parse
    speeds = [_files_a_second(files, parse) for _ in range(settings.pick(5, 21))]
    control, slower = _control(system, parse)
    slow = _files_a_second(dict(list(files.items())[:20]), slower)
    size = statistics.median(len(text.encode()) for text in files.values())
    limit = _LIMITS[system]
    found = median(speeds)
    return Figure(
        f"pipelines {system}", f"files read to the model with places, per second and core (median {size / 1000:.1f} kB each)",
        f"{found:.0f} files/s", f">= {limit}", found >= limit, f"{len(speeds)} times {len(files)} files",
        written(interval(speeds, median, settings.seed), 0),
        f"{control}: {slow:.0f} files/s ({'caught' if slow < limit else 'NOT caught'})",
    )  # fmt: skip


def _control(system: str, parse: Callable[[str, str], object]) -> tuple[str, Callable[[str, str], object]]:
    """A reader that is too slow, in words and as a function."""
    if system in _NO_YAML:
        return "reading each of them twenty times", lambda text, path: [parse(text, path) for _ in range(20)]
    return "composing them by the parser in Python alone", lambda text, _: list(
        yaml.compose_all(text, Loader=yaml.SafeLoader)
    )


def _files_a_second(files: dict[str, str], parse: Callable[[str, str], object]) -> float:
    began = time.process_time()
    for path, text in files.items():
        parse(text, path)
    return len(files) / (time.process_time() - began)


def _beside(settings: Settings) -> Iterator[Figure]:
    """Whole processes, one after another in turns, on a folder of workflows."""
    with tempfile.TemporaryDirectory(prefix="seaway-bench-") as name:
        folder = Path(name)
        files = corpus("github_actions", settings.seed, settings.pick(60, 300))
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        commands = {
            "seaway": [sys.executable, "-c", _READ_ALL, name],
            "zizmor": [_zizmor(), "--offline", "--no-progress", "--quiet", "--no-exit-codes", "--format", "json", name],
            "pipeline-check": [
                _pipeline_check(), "--pipeline", "github", "--gha-path", f"{name}/.github/workflows", "--output", "json",
            ],
        }  # fmt: skip
        took: dict[str, list[float]] = {tool: [] for tool in commands}
        for _ in range(settings.pick(1, 5)):
            for tool, command in commands.items():
                took[tool].append(_seconds(command, folder))
        for tool, limit in (("zizmor", 1.0), ("pipeline-check", 0.2)):
            yield _ratio(tool, limit, took, len(files), settings)


def _ratio(tool: str, limit: float, took: dict[str, list[float]], count: int, settings: Settings) -> Figure:
    ratios = [own / other for own, other in zip(took["seaway"], took[tool], strict=True)]
    found = median(ratios)
    return Figure(
        f"pipelines beside {tool}", f"reading {count} workflows, whole process, over the time that {tool} takes for them",
        f"{found:.2f}   ({median(took['seaway']):.2f} s and {median(took[tool]):.2f} s)", f"<= {limit}", found <= limit,
        f"{len(ratios)} of each", written(interval(ratios, median, settings.seed), 2),
        f"{tool} beside itself is 1.00 ({'no limit is above it' if limit >= 1 else 'caught'}); it also judges what it reads",
    )  # fmt: skip


def _seconds(command: list[str], folder: Path) -> float:
    """Processor time of the process and its threads, so that other work on the machine counts for nobody."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:  # 1: pipeline-check found something
        raise subprocess.CalledProcessError(process.returncode, command)
    return used.ru_utime + used.ru_stime


def _zizmor() -> str:
    return str(Path(sys.executable).with_name("zizmor"))


def _pipeline_check() -> str:
    """The program, installed into an environment of its own the first time."""
    place = _PEERS / "pipeline-check"
    program = place / "bin" / "pipeline_check"
    if not program.exists():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, timeout=120)
        command = [
            str(place / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            _CHECK,
        ]
        subprocess.run(command, check=True, timeout=300)
    return str(program)
