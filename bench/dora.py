"""Row `dora`: the five metrics on a large repository, cold and from a warm store, and their equality with git itself.

The repository and the deployments are made here (SYNTHETIC, by `git fast-import`); the code that reads and counts is the product's.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from bench.figures import Figure, Settings, interval, median, none_of, written
from seaway.adapters._commits import Commits
from seaway.adapters._git import Git
from seaway.app import dora
from seaway.assess.dora import document
from seaway.assess.dora.report import Inputs, Scope, assess
from seaway.config.home import Home
from seaway.formats.history import deployments, incidents
from seaway.model.delivery import Deployment, Incident
from support import oracle
from support.repositories import Story, git

_WARM, _COLD = 0.3, 5.0  # seconds
_BEGIN = 1_600_000_000


def rows(settings: Settings) -> list[Figure]:
    """Warm, cold, equality."""
    return [*_large(settings), _equal(settings)]


def _large(settings: Settings) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="seaway-bench-") as name:
        folder = Path(name)
        commits, happened = settings.pick(20_000, 100_000), settings.pick(2_000, 10_000)
        with _repository(folder / "warm", commits, happened, settings.seed) as files:
            yield _warm(folder / "warm", files, Home(folder / "home"), settings, (commits, happened))
        commits = settings.pick(14_000, 70_000)
        with _repository(folder / "cold", commits, happened, settings.seed + 1) as files:
            yield _cold(folder / "cold", files, folder, settings, commits)


def _warm(path: Path, files: dict[str, str], home: Home, settings: Settings, size: tuple[int, int]) -> Figure:
    """Processor time of this process, and the clock beside it: other work on the machine moves the second only."""
    sources = dora.Sources(path, **files)
    dora.report(sources, Scope(), home)  # fills the store
    worked, took, reading = [], [], []
    for _ in range(settings.pick(5, 11)):
        begun, clock = time.process_time(), time.perf_counter()
        found = document.render(dora.report(sources, Scope(), home))
        worked.append(time.process_time() - begun)
        took.append(time.perf_counter() - clock)
        begun = time.process_time()
        deployments.parse(Path(files["deployments"]).read_bytes(), "")
        reading.append(time.process_time() - begun)
    counted = [each - read for each, read in zip(worked, reading, strict=True)]
    fresh = Commits(Git(path), None)
    begun = time.process_time()
    fresh.read([])
    unkept = time.process_time() - begun
    lead = found["services"][0]["change_lead_time"]
    whole = median(worked)
    return Figure(
        "dora warm", f"{size[0]:,} commits x {size[1]:,} deployments from a warm store, processor time without reading the deployments' lines, median",
        f"{median(counted):.3f} s   (with the lines {whole:.3f} s, by the clock {median(took):.3f} s; {lead['n']:,} changes attributed)",
        f"<= {_WARM} s", median(counted) <= _WARM, f"{len(worked)} runs",
        written(interval(counted, median, settings.seed)),
        f"without the store the commits alone cost {unkept:.3f} s more here, and git's own time ({'caught' if median(counted) + unkept > _WARM else 'NOT caught'})",
    )  # fmt: skip


def _cold(path: Path, files: dict[str, str], folder: Path, settings: Settings, commits: int) -> Figure:
    """The whole command as a process of its own, with an empty state folder each time."""
    words = [str(Path(sys.executable).with_name("seaway")), "dora", str(path), "--deployments", files["deployments"], "--incidents", files["incidents"], "--json"]  # fmt: skip
    took, worked = [], []
    for number in range(settings.pick(2, 3)):
        environment = {**os.environ, "SEAWAY_HOME": str(folder / f"home{number}")}
        before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, check=True)
        took.append(time.perf_counter() - clock)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        worked.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    each = _naive(path, files["deployments"])
    count = len(Path(files["deployments"]).read_bytes().splitlines())
    return Figure(
        "dora cold", f"`seaway dora` as a process, {commits:,} commits x {count:,} deployments, nothing kept, by the clock, median",
        f"{median(took):.2f} s   (processor time with git's {median(worked):.2f} s)", f"<= {_COLD} s", median(took) <= _COLD,
        f"{len(took)} runs", written(interval(took, median, settings.seed), 2),
        f"one `git rev-list A..B` per deployment costs {each * 1000:.1f} ms, {each * count:.0f} s for all ({'caught' if each * count > _COLD else 'NOT caught'})",
    )  # fmt: skip


def _naive(path: Path, file: str) -> float:
    """Seconds of one `git rev-list` between two deployments, over a sample."""
    shas = [json.loads(line)["sha"] for line in Path(file).read_text(encoding="utf-8").splitlines()][:21]
    begun = time.perf_counter()
    for before, after in itertools.pairwise(shas):
        git(path, "rev-list", after, f"^{before}")
    return (time.perf_counter() - begun) / 20


def _equal(settings: Settings) -> Figure:
    """Every lead time of random histories against `git rev-list`; the control forgets that copies count once."""
    right = wrong = caught = 0
    runs = settings.pick(5, 20)
    with tempfile.TemporaryDirectory(prefix="seaway-bench-") as name:
        for number in range(runs):
            folder = Path(name) / str(number)
            story = Story(folder, settings.seed + number)
            lanes = sorted({lane for lane, _, _ in story.deployments})
            happened = [
                Deployment(f"d{at}", "shop", lane, sha, finished - 1.0, float(finished))
                for at, (lane, sha, finished) in enumerate(story.deployments)
            ]
            commits = Commits(Git(folder), None)
            history, found = commits.read([each.sha for each in happened])
            inputs = Inputs(history, happened, (), head=history.where[found["HEAD"]], patches=commits.patches)
            told = _leads(inputs)
            everywhere = [sha for _, sha, _ in story.deployments]
            truth = {}
            for lane in lanes:
                steps = [(sha, when) for name_, sha, when in story.deployments if name_ == lane]
                truth[lane] = oracle.population(
                    folder, [sha for sha, _ in steps], [when for _, when in steps], everywhere
                )
            both = [
                (told[lane].get(sha), truth[lane].get(sha)) for lane in lanes for sha in {*told[lane], *truth[lane]}
            ]
            right += sum(one == other for one, other in both)
            wrong += sum(one != other for one, other in both)
            history.links.clear()
            caught += _leads(Inputs(history, happened, ())) != truth
    return Figure(
        "dora oracle", "lead times equal to those of one `git rev-list` per deployment, on random histories with merges, squashes, reverts, rollbacks, picks and lanes",
        f"{right / max(1, right + wrong):.2%}   ({right} of {right + wrong})", "100 %", wrong == 0 and right > 0,
        f"{runs} repositories, {right + wrong} lead times", f"[0, {none_of(right + wrong):.4f}] of wrong ones, upper 95 %" if not wrong else "none",
        f"without messages and patches {caught} of {runs} repositories differ ({'caught' if caught else 'NOT caught'})",
    )  # fmt: skip


def _leads(inputs: Inputs) -> dict[str, dict[str, float]]:
    return {
        each.lane.environment: {row["commit"]: row["seconds"] for row in each.lead_time.rows()}
        for each in assess(inputs, Scope(production=("none",))).lanes
    }


@contextmanager
def _repository(folder: Path, commits: int, happened: int, seed: int) -> Iterator[dict[str, str]]:
    """A main line with three merges in ten commits, deployed often, sometimes back, with an incident now and then."""
    dice = random.Random(seed)
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    _grow(folder, commits, dice)
    line = [
        each.split()
        for each in git(folder, "log", "--first-parent", "--reverse", "--format=%H %ct").decode().splitlines()
    ]
    steps, hurt = [], []
    for number in range(happened):
        at = number * (len(line) - 1) // happened
        sha, when = line[max(0, at - 30) if dice.random() < 0.03 else at]
        finished = int(line[at][1]) + number / 1000 + dice.randint(60, 500)
        kind = "failed" if dice.random() < 0.02 else "succeeded"
        steps.append(
            Deployment(f"d{number}", "shop", "production", sha, finished - 30, finished, deployments.Outcome(kind))
        )
        if dice.random() < 0.02:
            hurt.append(Incident(f"i{number}", "shop", finished + 300, finished + 4000))
        assert when
    files = {"deployments": str(folder.with_suffix(".d.jsonl")), "incidents": str(folder.with_suffix(".i.jsonl"))}
    Path(files["deployments"]).write_text(deployments.render(steps), encoding="utf-8")
    Path(files["incidents"]).write_text(incidents.render(hurt), encoding="utf-8")
    yield files


def _grow(folder: Path, commits: int, dice: random.Random) -> None:
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE) as process:
        assert process.stdin
        now, main, mark = _BEGIN, 0, 0
        branches: list[int] = []
        while mark < commits:
            mark, now = mark + 1, now + dice.randint(1, 600)
            merged = branches.pop(0) if len(branches) > 40 and dice.random() < 0.6 else 0
            aside = not merged and main and dice.random() < 0.45
            words = f"Change {mark}\n\nWith a sentence or two about why, as people write them.\n"
            parent = max(1, main - dice.randint(0, 30)) if aside else main
            process.stdin.write(
                f"commit refs/heads/{'side' if aside else 'main'}\nmark :{mark}\nauthor A <a@example.com> {now - 900} +0000\n"
                f"committer A <a@example.com> {now} +0000\ndata {len(words)}\n{words}\n"
                f"{f'from :{parent}' + chr(10) if parent else ''}{f'merge :{merged}' + chr(10) if merged else ''}"
                f"M 100644 inline d{mark % 40}/f{mark % 900}\ndata 8\n{mark:07d}\n\n".encode()
            )
            if aside:
                branches.append(mark)
            else:
                main = mark
    assert process.returncode == 0
