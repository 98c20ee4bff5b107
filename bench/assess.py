"""Row `assess`: how long `seaway assess` takes, as whole processes: many pipelines, a repository, one file; and beside other tools.

The limits are held to processor time of the process and all that it starts, so that other work on the machine counts for nobody;
the time by the clock stands beside it. Files are those of bench/corpus.py and bench/labelled. Bytecode is kept, as it is where
Seaway is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.corpus import CORPORA, corpus
from bench.figures import Figure, Settings, interval, median, written
from bench.labelled.sample import samples
from bench.pipelines import _pipeline_check, _zizmor

_SIX = ("github_actions", "gitlab_ci", "jenkins", "azure_pipelines", "circleci", "tekton")
_NAMES = {
    "gitlab_ci": ".gitlab-ci.yml", "azure_pipelines": "azure-pipelines.yml", "circleci": ".circleci/config.yml",
    "tekton": ".tekton/pipeline.yaml", "jenkins": "Jenkinsfile",
}  # fmt: skip
_PROGRAM = str(Path(sys.executable).with_name("seaway"))
_PODS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app-{number}}}
spec:
  replicas: 3
  selector: {{matchLabels: {{app: app-{number}}}}}
  template:
    metadata: {{labels: {{app: app-{number}}}}}
    spec:
      containers:
        - name: app
          image: ghcr.io/acme/app-{number}:1.{number}.0
          ports: [{{containerPort: 8080}}]
          readinessProbe: {{httpGet: {{path: /ready, port: 8080}}}}
          resources: {{requests: {{cpu: 100m, memory: 128Mi}}, limits: {{memory: 256Mi}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: app-{number}}}
spec: {{selector: {{app: app-{number}}}, ports: [{{port: 80, targetPort: 8080}}]}}
"""


@dataclass(slots=True)
class _Taken:
    """Seconds of each run."""

    worked: list[float] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)

    def add(self, found: tuple[float, float]) -> None:
        self.worked.append(found[0])
        self.clock.append(found[1])


def rows(settings: Settings) -> Iterator[Figure]:
    """Many, beside others, a repository, one file."""
    with tempfile.TemporaryDirectory(prefix="seaway-bench-") as name:
        folder = Path(name)
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "SEAWAY_HOME": str(folder / "home")}
        work = _Work(folder, environment, settings)
        yield work.many()
        yield from work.beside()
        yield work.repository()
        yield work.on_save()


@dataclass(frozen=True, slots=True)
class _Work:
    folder: Path
    environment: dict[str, str]
    settings: Settings

    def run(self, command: list[str], place: Path) -> tuple[float, float]:
        """(processor time, time by the clock) of a process with all its children. Raises for a failure."""
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=place, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in {0, 1}:  # 1: pipeline-check found something
            raise subprocess.CalledProcessError(process.returncode, command)
        return used.ru_utime + used.ru_stime, took

    def repeated(self, command: list[str], place: Path, times: int) -> _Taken:
        """Without the first, which writes bytecode."""
        self.run(command, place)
        taken = _Taken()
        for _ in range(times):
            taken.add(self.run(command, place))
        return taken

    def many(self) -> Figure:
        root, count = self.folder / "many", self.settings.pick(120, 1000)
        _pipelines(root, count, self.settings.seed)
        times = self.settings.pick(1, 3)
        taken = self.repeated([_PROGRAM, "assess", ".", "--format", "sarif"], root, times)
        patched = self.repeated([_PROGRAM, "assess", ".", "--format", "json"], root, 1)
        some = sorted((root / ".github/workflows").iterdir())[:3]
        slow = (
            count
            * sum(self.run([_PROGRAM, "assess", str(one), "--format", "sarif"], root)[0] for one in some)
            / len(some)
        )
        return self._figure(
            "assess many", f"{count:,} pipelines of six systems with all rules, whole process", taken, 5.0,
            more=f"with patches that are tried {patched.worked[0]:.2f} s, {patched.clock[0]:.2f} s by the clock",
            control=f"a process for each of them would take {slow:.0f} s", broken=slow,
        )  # fmt: skip

    def beside(self) -> Iterator[Figure]:
        """On the same workflows in turns; the others judge GitHub's files too, by rules of their own."""
        root, count = self.folder / "workflows", self.settings.pick(60, 300)
        for path, text in corpus("github_actions", self.settings.seed, count).items():
            _write(root / path, text)
        tools = {
            "seaway": [_PROGRAM, "assess", ".", "--format", "sarif"],
            "zizmor": [_zizmor(), "--offline", "--no-progress", "--quiet", "--no-exit-codes", "--format", "json", "."],
            "pipeline-check": [_pipeline_check(), "--pipeline", "github", "--gha-path", ".github/workflows", "--output", "json"],
        }  # fmt: skip
        taken = {tool: _Taken() for tool in tools}
        self.run(tools["seaway"], root)
        for _ in range(self.settings.pick(1, 3)):
            for tool, command in tools.items():
                taken[tool].add(self.run(command, root))
        for tool in ("zizmor", "pipeline-check"):
            ratios = [own / other for own, other in zip(taken["seaway"].worked, taken[tool].worked, strict=True)]
            own, other = median(taken["seaway"].worked), median(taken[tool].worked)
            yield Figure(
                f"assess beside {tool}", f"{count} workflows with all rules, processor time over that of {tool}",
                f"{median(ratios):.2f}   ({own:.2f} s and {other:.2f} s)", "printed", None, f"{len(ratios)} of each",
                written(interval(ratios, median, self.settings.seed), 2), f"{tool} beside itself is 1.00",
            )  # fmt: skip

    def repository(self) -> Figure:
        """A dozen workflows, forty services with manifests and Dockerfiles, two thousand other files."""
        root = self.folder / "repository"
        self._fill(root)
        taken = self.repeated([_PROGRAM, "assess"], root, self.settings.pick(3, 7))
        read = sum(path.is_file() for path in root.rglob("*"))
        twice = median(taken.worked) + self.run([sys.executable, "-c", "import dbos"], root)[0]
        return self._figure(
            "assess repository", f"one repository of {read:,} files, whole process with patches", taken, 1.0, more="",
            control=f"loading the engine's library besides would make it {twice:.2f} s", broken=twice,
        )  # fmt: skip

    def _fill(self, root: Path) -> None:
        (root / ".git").mkdir(parents=True)
        for path, text in corpus("github_actions", self.settings.seed, 12).items():
            _write(root / path, text)
        docker = [one.files["Dockerfile"] for one in samples(self.settings.seed, 1) if "Dockerfile" in one.files]
        for number in range(40):
            _write(root / f"services/app-{number}/deploy/app.yaml", _PODS.format(number=number))
            _write(root / f"services/app-{number}/Dockerfile", docker[number % len(docker)])
            for other in range(50):
                _write(root / f"services/app-{number}/src/part_{other}.py", "VALUE = 1\n" * 40)

    def on_save(self) -> Figure:
        root = self.folder / "repository"
        if not root.exists():
            self._fill(root)
        (file,) = sorted((root / ".github/workflows").iterdir())[:1]
        command = [_PROGRAM, "assess", str(file.relative_to(root)), "--format", "sarif"]
        taken = self.repeated(command, root, self.settings.pick(5, 15))
        bare = self.repeated([sys.executable, "-c", "pass"], root, self.settings.pick(5, 15))
        heavy = self.run([sys.executable, "-c", "import dbos"], root)[0]
        return self._figure(
            "assess on save", "one file, whole process", taken, 0.3, more=f"a bare interpreter {median(bare.worked):.3f} s",
            control=f"loading the engine's library alone costs {heavy:.2f} s", broken=heavy,
        )  # fmt: skip

    def _figure(
        self, row: str, what: str, taken: _Taken, limit: float, *, more: str, control: str, broken: float
    ) -> Figure:
        found = median(taken.worked)
        beside = f"   (by the clock {median(taken.clock):.2f} s{'; ' + more if more else ''})"
        return Figure(
            row, f"{what}, processor time, median", f"{found:.2f} s{beside}", f"<= {limit:g} s", found <= limit, f"{len(taken.worked)} runs",
            written(interval(taken.worked, median, self.settings.seed), 2), f"{control} ({'caught' if broken > limit else 'NOT caught'})",
        )  # fmt: skip


def _pipelines(root: Path, count: int, seed: int) -> None:
    """So many of six systems in turn."""
    (root / ".git").mkdir(parents=True)
    for at, system in enumerate(_SIX):
        size = count // len(_SIX) + (at < count % len(_SIX))
        for number, (path, text) in enumerate(corpus(system, seed, size).items()):
            place = path if system == "github_actions" else f"services/{system}-{number}/{_NAMES[system]}"
            _write(root / place, text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


assert set(_SIX) <= set(CORPORA)
