"""Precision and recall of each rule on the labelled set, as a person who runs `seaway assess` sees it."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bench.labelled.draft import Label
from bench.labelled.sample import WRITERS, Sample
from seaway.app import assess
from seaway.assess import rules
from seaway.assess.estate import Kind
from seaway.model.finding import Blind, Finding, Persona

_PIPELINES = tuple(path for _, path in WRITERS.values())
NEAR = 3  # lines between a label and a finding that is about it: a rule may point at the step or at the line in it
PRECISION, RECALL = 0.95, 0.90


@dataclass(slots=True)
class Tally:
    """`right`, `wrong`: findings; `seen`, `missed`: labels. `exact` of `lines`: findings at the very line. `examples`: of both mistakes."""

    right: int = 0
    wrong: int = 0
    seen: int = 0
    missed: int = 0
    exact: int = 0
    lines: int = 0
    systems: set[str] = field(default_factory=set)
    examples: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float | None:
        found = self.right + self.wrong
        return self.right / found if found else None

    @property
    def recall(self) -> float | None:
        labelled = self.seen + self.missed
        return self.seen / labelled if labelled else None


@dataclass(slots=True)
class Measured:
    """One rule as everybody sees it, and as an auditor does. `quiet`: by default it says nothing at all."""

    shown: Tally = field(default_factory=Tally)
    asked: Tally = field(default_factory=Tally)

    @property
    def quiet(self) -> bool:
        return not self.shown.right + self.shown.wrong and bool(self.asked.right + self.asked.wrong)

    @property
    def tally(self) -> Tally:
        """What is held to the limits: what is shown by default, or what an auditor sees of a rule that is off by default."""
        return self.asked if self.quiet else self.shown

    @property
    def precise(self) -> bool:
        """What is shown by default is right; a rule that is off by default owes nothing here."""
        return self.quiet or self.shown.precision is None or self.shown.precision >= PRECISION

    @property
    def complete(self) -> bool:
        return self.tally.recall is None or self.tally.recall >= RECALL


def score(found: Iterable[Sample], only: frozenset[str] | None = None) -> dict[str, Measured]:
    """By rule, over all samples. `only`: rules to look at, all when None."""
    known = {rule.id: {one.value for one in (*rule.systems, *rule.kinds)} for rule in rules.rules()}
    measured = {rule: Measured() for rule in known if only is None or rule in only}
    with tempfile.TemporaryDirectory(prefix="seaway-labelled-") as name:
        for number, sample in enumerate(found):
            root = _written(Path(name) / str(number), sample)
            for persona in Persona:
                tallies = {
                    rule: one.shown if persona is Persona.REGULAR else one.asked for rule, one in measured.items()
                }
                answer = assess.assess(root, today=date(2026, 11, 27), persona=persona, fixes=False).assessment
                unread = [one for one in answer.unknowns if one.path in sample.files and not _unclear(one, known)]
                if unread:
                    raise ValueError(f"sample {number} ({sample.system}): {unread[0]}\n{sample.files[unread[0].path]}")
                _count(tallies, sample, [one for one in answer.findings if one.rule in tallies], known)
            shutil.rmtree(root)
    return measured


def _unclear(blind: Blind, known: Iterable[str]) -> bool:
    """A rule that does not know is no file that could not be read."""
    return blind.why.partition(":")[0] in known


def _written(root: Path, sample: Sample) -> Path:
    (root / ".git").mkdir(parents=True)
    for path, text in sample.files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def _count(tallies: dict[str, Tally], sample: Sample, found: list[Finding], known: dict[str, set[str]]) -> None:
    left = [one for one in sample.wrong if one.rule in tallies and _claimed(one, sample, known[one.rule])]
    met: set[Label] = set()
    for one in found:
        tally = tallies[one.rule]
        near = [label for label in left if _about(label, one)]
        if not near:
            tally.wrong += 1
            line = _line(sample, one.span.path, one.span.line)
            tally.examples.append(f"WRONG {sample.system} {one.span.path}:{one.span.line} {one.message} | {line}")
            continue
        best = min(near, key=lambda label: abs(label.line - one.span.line))
        tally.right += 1
        tally.lines += bool(best.line)
        tally.exact += best.line == one.span.line
        met.add(best)
    for label in left:
        tally = tallies[label.rule]
        tally.systems.add(sample.system if label.path != "Dockerfile" else "dockerfile")
        tally.seen += label in met
        if label not in met:
            tally.missed += 1
            tally.examples.append(
                f"MISSED {sample.system} {label.path}:{label.line} | {_line(sample, label.path, label.line)}"
            )


def _about(label: Label, one: Finding) -> bool:
    if label.rule != one.rule:
        return False
    return (label.line == 0 and label.path in ("", one.span.path, *_PIPELINES)) or (
        label.path == one.span.path and abs(label.line - one.span.line) <= NEAR
    )


def _claimed(label: Label, sample: Sample, names: set[str]) -> bool:
    """The rule says that it looks there."""
    if label.path in sample.files and not label.path.startswith(_PIPELINES):
        return True
    return sample.system in names or bool(names & {one.value for one in Kind})  # a survey sees all pipelines


def _line(sample: Sample, path: str, line: int) -> str:
    lines = sample.files.get(path, "").splitlines()
    return lines[line - 1].strip() if 0 < line <= len(lines) else ""


def low(hits: int, n: int) -> float:
    """The lower end of the 95 % score interval of a share (Wilson 1927)."""
    if not n:
        return 0.0
    z = 1.959963984540054
    p = hits / n
    return (p + z * z / (2 * n) - z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)
