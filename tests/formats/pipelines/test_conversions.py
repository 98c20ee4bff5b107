"""Every case of every system, written for every other: nothing vanishes, and what is written is read there again.

Each word of a script of the source stands in the result, or a loss points at its step; each part that a reader kept as
native, and that is not written, is a loss. The controls break a writer and see it caught.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seaway import registry
from seaway.formats.pipelines import document, expand
from seaway.formats.pipelines.sources import Sources
from seaway.model import expression as trees
from seaway.model.loss import Loss, LossKind, Written
from seaway.model.pipeline import Opaque, Pipeline, Run, Step, steps

pytestmark = pytest.mark.broad

ROOT = Path(__file__).parents[1]
SYSTEMS = registry.formats("pipelines")
FILES = {
    "input",
    "workflow",
    "pipeline",
    "Jenkinsfile",
    ".gitlab-ci",
    "azure-pipelines",
    "config",
    "action",
    "settings",
    "project-config",
}
WRITTEN = [name for name in SYSTEMS if hasattr(registry.load_format("pipelines", name), "render")]
_WORD = re.compile(r"[A-Za-z0-9_./-]{5,}")


@dataclass(frozen=True, slots=True)
class Case:
    """A folder of one system's cases, and its root file."""

    system: str
    path: Path

    def __str__(self) -> str:
        return f"{self.system}-{self.path.parent.name}-{self.path.name}"

    def read(self) -> Pipeline:
        folder = self.path.parent

        def file(place: str) -> str | None:
            found = folder / place
            return found.read_text(encoding="utf-8") if found.is_file() else None

        module: Any = registry.load_format("pipelines", self.system)
        listed = [one.relative_to(folder).as_posix() for one in folder.rglob("*.xml")]
        sources = Sources(file, paths=lambda: listed)
        pipeline: Pipeline = module.parse(self.path.read_text(encoding="utf-8"), self.path.name, sources)
        return pipeline


def cases() -> Iterator[Case]:
    for system in SYSTEMS:
        places = [*(ROOT / system).glob("*/*"), *(ROOT / "pipelines" / system / "files").glob("*")]
        for path in sorted(places):
            named = path.stem in FILES or path.name in FILES or path.suffix in {".jenkinsfile", ".kts"}
            if path.is_file() and named and path.suffix not in {".json", ".md", ".py"}:
                yield Case(system, path)


CASES = list(cases())


def system_of(name: str) -> str:
    """The system whose language a format is: TeamCity has two."""
    return name.removesuffix("_xml")


def test_every_system_that_is_read_has_cases() -> None:
    assert {case.system for case in CASES} == set(SYSTEMS)


def words(step: Step) -> set[str]:
    """Words of a script that no writer has a reason to change."""
    work = step.work
    if not isinstance(work, Run):
        return set()
    plain = " ".join(part for part in trees.parts(work.script) if isinstance(part, str))
    return {word for word in _WORD.findall(re.sub(r"[$%]\S+", " ", plain)) if not word.startswith(("-", "./", "/"))}


def vanished(pipeline: Pipeline, written: Written) -> list[str]:
    """Words of scripts, and opaque steps, that are neither in the text nor told at their place."""
    told = [loss.source for loss in written.losses if loss.source is not None]
    found = []
    for job, step in steps(pipeline):
        if job is not None and job.template:
            continue
        span = step.span or (job.span if job else None)
        is_told = span is not None and any(
            one.path == span.path and one.line <= span.end_line and one.end_line >= span.line for one in told
        )
        lost = sorted(word for word in words(step) if word not in written.text)
        if lost and not is_told:
            found.append(f"{span}: {', '.join(lost)}")
        if isinstance(step.work, Opaque) and not is_told and step.work.text.strip().split("\n")[0] not in written.text:
            found.append(f"{span}: opaque {step.work.text[:40]!r}")
    return found


def converted(case: Case, to: str) -> tuple[Pipeline, Written]:
    pipeline = case.read()
    module: Any = registry.load_format("pipelines", to)
    return pipeline, module.render(pipeline)


@pytest.mark.parametrize("to", WRITTEN)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_of_a_script_vanishes_and_the_result_is_read_again(case: Case, to: str) -> None:
    pipeline, written = converted(case, to)
    assert vanished(pipeline, written) == []
    module: Any = registry.load_format("pipelines", to)
    again = module.parse(written.text, "written")
    assert again.system == system_of(to)
    assert expand.expand(again).jobs or not [job for job in pipeline.jobs if not job.template]


@pytest.mark.parametrize("to", WRITTEN)
@pytest.mark.parametrize("case", [case for case in CASES], ids=str)  # noqa: C416
def test_each_loss_says_what_and_why_and_the_report_counts_it(case: Case, to: str) -> None:
    pipeline, written = converted(case, to)
    for loss in written.losses:
        assert loss.construct
        assert loss.why
        assert "Template(parts" not in loss.construct + loss.why + loss.fix
        assert "Ref(context" not in loss.construct + loss.why + loss.fix
    report = document.losses(written.losses, pipeline.system, to)
    assert sum(report["counts"].values()) == len(report["losses"]) == len(written.losses)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_file_of_a_system_is_found_to_be_of_it(case: Case) -> None:
    from seaway.formats.pipelines import detect

    text = case.path.read_text(encoding="utf-8")
    assert (detect.by_name(case.path.name) or detect.by_text(text)) in {
        system_of(case.system),
        "",
    } or case.path.stem == "input"


def test_a_writer_that_forgets_a_step_is_caught() -> None:
    case = next(case for case in CASES if case.system == "github_actions" and "ci" in str(case))
    pipeline, written = converted(case, "github_actions")
    word = next(word for _, step in steps(pipeline) for word in sorted(words(step), key=len, reverse=True))
    broken = Written(written.text.replace(word, "x"), ())
    assert any(word in one for one in vanished(pipeline, broken))


def test_a_loss_at_the_step_counts_as_told() -> None:
    case = next(case for case in CASES if case.system == "github_actions" and "ci" in str(case))
    pipeline, _written = converted(case, "github_actions")
    losses = tuple(Loss(LossKind.DROPPED, "step", "why", "", step.span) for _, step in steps(pipeline))
    assert vanished(pipeline, Written("", losses)) == []
    assert vanished(pipeline, Written("", ()))
