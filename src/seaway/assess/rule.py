"""What a rule is, and what it is given. Every file of `assess.rules` makes one `Rule`; `assess.examine` runs them.

A rule is a pure function: a `check` over one resolved pipeline, or a `survey` over the whole repository (`assess.estate`). It
answers with its hits, with None where there is nothing that it judges, or with `Unclear` where the answer lies in what could
not be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from seaway.formats.pipelines.expand import in_words
from seaway.formats.yaml.patch import Edit
from seaway.formats.yaml.tree import Tree, read
from seaway.model.expression import Text, parts
from seaway.model.finding import Dimension, Impact, Persona, Severity
from seaway.model.pipeline import Job, Pipeline, Run, Step, System, steps
from seaway.model.span import Span

if TYPE_CHECKING:
    from seaway.assess.estate import Estate, Kind

OPEN, CLOSE = "\u27e6", "\u27e7"  # around an expression in a script: `curl -H <open>secret.TOKEN<close>`
KOTLIN = "${'$'}"  # a dollar in a string of Kotlin, as TeamCity's scripts have it
MAX_LINE = 1_000  # characters of a script's line that are looked at
MAX_SCRIPTS = 128 * 1024  # characters of all scripts of a pipeline
_EXPRESSION = re.compile(f"{OPEN}[^{CLOSE}]*{CLOSE}")

Edits: TypeAlias = Sequence[Edit]


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule's observation. `key`: what it is about, without any line number: moved lines keep their finding.

    `severity`, `confidence` None: the rule's own. `fix`: makes the edits of the file at `span.path`; asked only when wanted,
    and may raise `Unfit` or answer with none.
    """

    span: Span
    message: str
    key: tuple[str, ...]
    severity: Severity | None = None
    confidence: float | None = None
    persona: Persona = Persona.REGULAR
    fix: Callable[[], Edits] | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """The rule cannot answer, and why."""

    why: str


Answer: TypeAlias = Sequence[Hit] | Unclear | None


@dataclass(frozen=True, slots=True)
class Script:
    """A script of a job, as text: expressions stand in it as `OPEN words CLOSE`."""

    job: Job | None
    step: Step
    text: str
    lines: tuple[str, ...]

    @property
    def place(self) -> tuple[str, ...]:
        """What a key begins with."""
        return (self.job.id if self.job else "",)


@dataclass(slots=True)
class Case:
    """One pipeline before the rules. `texts`: the files it was made of, by path, as the spans count them."""

    pipeline: Pipeline
    texts: Mapping[str, str]
    files: frozenset[str] = frozenset()  # all paths of the repository that were walked
    known: dict[str, object] = field(default_factory=dict)  # what rules share, made once (`assess.shipping`)
    _scripts: list[Script] | None = None
    _trees: dict[str, Tree] = field(default_factory=dict)

    @property
    def system(self) -> System:
        """The CI system."""
        return self.pipeline.system

    @property
    def jobs(self) -> list[Job]:
        """Jobs that run, without templates."""
        return [job for job in self.pipeline.jobs if not job.template]

    @property
    def steps(self) -> Iterator[tuple[Job | None, Step]]:
        """Steps of jobs that run."""
        return ((job, step) for job, step in steps(self.pipeline) if job is None or not job.template)

    @property
    def scripts(self) -> list[Script]:
        """All scripts, flattened once; what is longer than anybody writes is cut, so that no text costs more than a moment."""
        if self._scripts is None:
            self._scripts = []
            left = MAX_SCRIPTS
            for job, step in self.steps:
                if isinstance(step.work, Run) and left > 0:
                    text = _cut(flat(step.work.script), left)
                    left -= len(text)
                    self._scripts.append(Script(job, step, text, tuple(_unfolded(text))))
        return self._scripts

    def scripts_of(self, job: Job) -> str:
        """All scripts of a job as one text."""
        return "\n".join(script.text for script in self.scripts if script.job is job)

    def tree(self, path: str) -> Tree:
        """The YAML of one of the files; read again only for fixes."""
        if path not in self._trees:
            self._trees[path] = read(self.texts[path], path)
        return self._trees[path]

    def within(self, span: Span | None, words: str, job: Job | None = None) -> Span:
        """Where some words of a script stand inside a step: exact where the file has them verbatim, else the step's first line."""
        outer = span or (job.span if job else None) or self.pipeline.span or Span(self.pipeline.path, 1, 1, 1, 1)
        text = self.texts.get(outer.path, "")
        found = _found(text, outer, words.strip())
        return place(text, outer.path, *found) if found else first_line(text, outer)


def _found(text: str, outer: Span, words: str) -> tuple[int, int] | None:
    """Offsets of the words, or of the line in which all that stands between their expressions follows one another."""
    if not words:
        return None
    if OPEN not in words:
        for written in (words, words.replace("$", KOTLIN)) if "$" in words else (words,):
            at = text.find(written, outer.start, outer.end)
            if at >= 0:
                return at, at + len(written)
        return None
    runs = [run.strip() for run in _EXPRESSION.split(words)]
    pattern = re.compile(r"[^\n]*?".join(re.escape(run) for run in runs))
    match = pattern.search(text, outer.start, outer.end) if any(len(run) > 2 for run in runs) else None
    return match.span() if match else None


def _cut(text: str, most: int) -> str:
    """The text, at most so long, and none of its lines longer than MAX_LINE."""
    if len(text) > MAX_LINE:
        text = "\n".join(line[:MAX_LINE] for line in text[:most].split("\n"))
    return text


def flat(text: Text) -> str:
    """A text with its expressions in brackets."""
    return "".join(part if isinstance(part, str) else f"{OPEN}{in_words(part)}{CLOSE}" for part in parts(text))


def _unfolded(text: str) -> Iterator[str]:
    """Logical lines of a script: those that end in a backslash go on, those that begin with `#` say nothing."""
    begun = ""
    for line in text.split("\n"):
        if line.rstrip().endswith("\\"):
            begun += line.rstrip()[:-1] + " "
            continue
        whole, begun = begun + line, ""
        if whole.strip() and not whole.lstrip().startswith("#"):
            yield whole
    if begun.strip():
        yield begun


def place(text: str, path: str, start: int, end: int) -> Span:
    """The span between two offsets of a text."""
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    end_line, end_column = text.count("\n", 0, end) + 1, end - text.rfind("\n", 0, end)
    return Span(path, line, column, end_line, end_column, start, end)


def first_line(text: str, span: Span) -> Span:
    """The span, cut at the end of its first line."""
    if span.line == span.end_line or not text:
        return span
    stop = text.find("\n", span.start, span.end)
    stop = span.end if stop < 0 else stop
    stop -= text[stop - 1 : stop] == "\r"
    return place(text, span.path, span.start, stop)


@dataclass(frozen=True, slots=True)
class Rule:
    """`id`: kebab-case, the file's stem with `_` as `-`. `number`: of the specification, like SEC-41.

    `why`: what it leads to. `advice`: what to do. `patch`: what its patches do, "" = it has none.
    `refs`: where others ask for the same (SLSA, OpenSSF Scorecard, CIS, NIST SSDF). A rule has a `check` and the `systems` whose
    pipelines it is asked about, or a `survey` and the `kinds` that it reads beside all pipelines, or both.
    `auditor`: all that it finds is for auditors.
    """

    id: str
    number: str
    title: str
    why: str
    severity: Severity
    confidence: float
    impact: Impact
    effort: str
    refs: tuple[str, ...]
    advice: str
    systems: frozenset[System] = frozenset()
    check: Callable[[Case], Answer] | None = None
    kinds: frozenset[Kind] = frozenset()
    survey: Callable[[Estate], Answer] | None = None
    patch: str = ""
    auditor: bool = False

    def ask(self, subject: Case | Estate) -> Answer:
        """The rule's answer about a pipeline or a repository; None where it asks about the other."""
        if isinstance(subject, Case):
            return self.check(subject) if self.check is not None and subject.system in self.systems else None
        return self.survey(subject) if self.survey is not None else None

    @property
    def dimension(self) -> Dimension:
        """What it counts for."""
        return Dimension[self.number.partition("-")[0]]
