"""ART-63: a build takes in what is different tomorrow. Run by `assess.examine`.

In pipelines: the time, and tools of whatever version is newest, in jobs that build or ship. In Dockerfiles: packages and downloads of
whatever version is newest, in what is shipped; base images are judged by unpinned-action. For auditors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import building, shipping
from seaway.assess.aside import aside
from seaway.assess.building import Build
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Case, Hit, Rule, Script
from seaway.formats.infrastructure.dockerfile import Dockerfile, Instruction
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import System

_TIME = re.compile(r"\$\(date\b[^)]*\)|`date\b[^`]*`|\$\(Get-Date[^)]*\)")
_BEGIN = r"(?:^|[;&|(]\s*|\b(?:then|do|sudo|run)\s+)"
_NEWEST = (
    (re.compile(_BEGIN + r"(?P<words>(?:python3?\s+-m\s+)?pip3?\s+install)\s+(?P<rest>[^;&|\n]*)"), re.compile(r"[=<>~@]=?|\s-r\b|\s-c\b|requirements|\s-e\b|\.whl|(?:^|\s)\.|/|\$|\u27e6|--upgrade pip\s*$")),
    (re.compile(_BEGIN + r"(?P<words>npm\s+(?:install|i)\s+(?:-g|--global))\s+(?P<rest>[^;&|\n]*)"), re.compile(r"\S@[\d^~v$\u27e6]|\$|\u27e6|/|\.tgz")),
    (re.compile(_BEGIN + r"(?P<words>go\s+install)\s+(?P<rest>\S+@latest)\b"), re.compile(r"(?!)")),
)  # fmt: skip
_PACKAGES = re.compile(
    r"\b(?P<words>(?:apt-get|apt|apk|dnf|yum|microdnf)\s+(?:-\S+\s+)*(?:install|add))\b(?P<rest>[^;&|#]*)"
)
_MOST = 20_000  # characters of a script that are looked at


def check(case: Case) -> list[Hit] | None:
    """Builds with the time in them and nothing that fixes it, and tools without a version in jobs that build or ship."""
    made = building.builds(case)
    busy = {one.job.id for one in made} | {one.key[0] for one in shipping.shipments_of(case)}
    if not busy:
        return None
    found = [hit for one in made for hit in _timed(case, one)]
    return found + [
        hit
        for script in case.scripts
        if script.job is not None and script.job.id in busy
        for hit in _tools(case, script)
    ]


def survey(estate: Estate) -> list[Hit] | None:
    """In the stages of a Dockerfile that are shipped, packages without a version, and the time."""
    files = [one for one in estate.all(Dockerfile) if not aside(one.path)]
    found: list[Hit] = []
    for file in files:
        for stage in file.last.line:
            for one in stage.all("RUN"):
                found += _run(estate, one)
    return found if files else None


def _run(estate: Estate, one: Instruction) -> Iterator[Hit]:
    text = (one.text if one.listed is None else " ".join(one.listed))[:_MOST]
    for match in _PACKAGES.finditer(text):
        named = [word for word in match["rest"].split() if not word.startswith("-") and word != "\\"]
        if named and not any("=" in word or "$" in word or "/" in word for word in named):
            words = f"`{match['words']}` takes whatever is newest on the day: {named[0]} has no version, so the same Dockerfile gives another image"
            yield Hit(
                estate.within(one.span, match["words"]), words, (match["words"], named[0]), persona=Persona.AUDITOR
            )
    time = _TIME.search(text)
    if time is not None and "SOURCE_DATE_EPOCH" not in text:
        words = "the image takes in the time, so that the same source gives another one each day"
        yield Hit(estate.within(one.span, time[0]), words, ("time", time[0]), persona=Persona.AUDITOR)


def _timed(case: Case, one: Build) -> Iterator[Hit]:
    match = _TIME.search(one.line)
    if match is None or "SOURCE_DATE_EPOCH" in case.scripts_of(one.job):
        return
    span = shipping.within_line(case, one.job, one.step, one.line, match[0])
    words = f"`{one.words}` takes in the time, so that the same source gives another artifact each time"
    yield Hit(span, words, (one.job.id, match[0]), persona=Persona.AUDITOR)


def _tools(case: Case, script: Script) -> Iterator[Hit]:
    for line in script.lines:
        if " install" not in line and " i -g" not in line:
            continue
        for pattern, fixed in _NEWEST:
            match = pattern.search(line)
            rest = match["rest"].partition(" #")[0].strip() if match else ""
            if match is None or not _names(rest) or fixed.search(f" {rest}"):
                continue
            span = shipping.within_line(case, script.job, script.step, line, match["words"])
            words = (
                f"the build's tools are whatever is newest on the day: `{match['words']} {rest[:60]}` names no version"
            )
            yield Hit(span, words, (*script.place, match["words"], rest[:60]), persona=Persona.AUDITOR)


def _names(rest: str) -> bool:
    """Something is named that is no option, and not only the installer itself."""
    return bool(
        [word for word in rest.split() if not word.startswith("-") and word not in {"pip", "setuptools", "wheel"}]
    )


RULE = Rule(
    id="not-reproducible",
    number="ART-63",
    title="A build takes in what is different tomorrow",
    why="Nobody can build the same artifact again to see whether it was tampered with, and a tool's new version breaks a release overnight.",
    advice="SOURCE_DATE_EPOCH from the commit instead of `date`, and versions for the tools, in a file that a bot raises.",
    severity=Severity.LOW,
    confidence=0.8,
    impact=Impact("risk"),
    effort="S",
    refs=("Reproducible Builds: SOURCE_DATE_EPOCH", "OpenSSF Scorecard: Pinned-Dependencies", "SLSA 1.0: Build L3"),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
    kinds=frozenset({Kind.DOCKERFILE}),
    survey=survey,
    auditor=True,
)
