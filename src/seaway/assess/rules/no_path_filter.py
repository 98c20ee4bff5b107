"""VEL-08: every change of a repository with several packages runs the jobs of all of them. Run by `assess.examine`."""

from __future__ import annotations

import re

from seaway.assess import shipping
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Case, Hit, Rule
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Job, Run, System, TriggerKind

_ROOT = re.compile(
    r"(?P<folder>[^/]+(?:/[^/]+){0,2})/(?:package\.json|go\.mod|Cargo\.toml|pyproject\.toml|setup\.py|requirements\.txt|pom\.xml|build\.gradle(?:\.kts)?|Gemfile|composer\.json|mix\.exs|[^/]+\.csproj)"
)
_ASIDE = re.compile(
    r"(?:^|/)(?:examples?|tests?|testdata|fixtures|samples?|docs?|e2e|scripts|tools|templates?|\.[^/]+)(?:/|$)",
    re.IGNORECASE,
)
_CHOOSES = re.compile(
    r"paths-filter|changed-files|\baffected\b|\bnx\b|\bturbo\b|\bbazel\b|\blerna\b|\brush\b|\bpants\b|\bmoon\b|changedsince|--since\b|--filter\b|\bchanges:|changeset\b"
    r"|path-filtering|when \{[^}]{0,300}changeset|git diff --name-only|dorny|paths-ignore|include-paths|triggerrules|dynamic.config|setup: true|gradle-build-action|change_?detect"
)  # fmt: skip
_PATHS = re.compile(r"\bpaths:")  # of a trigger; in the others' files it says what a cache or an artifact keeps
_KEEP_PATHS = frozenset({System.GITLAB_CI, System.CIRCLECI})
_GONE_TO = re.compile(
    r"\b(?:cd|pushd)\s+[\"']?(?:\./)?([\w./-]+)|(?:--prefix|--cwd|--dir|-C|--working-dir(?:ectory)?|--chdir|--manifest-path|-f)[= ][\"']?(?:\./)?([\w./-]+)"
)
_STARTS = frozenset({TriggerKind.PUSH, TriggerKind.PULL_REQUEST})


def survey(estate: Estate) -> list[Hit] | None:
    """Pipelines without any filter by path, whose jobs work in different packages."""
    roots = {
        match["folder"]
        for path in estate.files
        if (match := _ROOT.fullmatch(path)) and not _ASIDE.search(match["folder"])
    }
    if len(roots) < 2 or not estate.whole:
        return None
    found, judged = [], False
    for case in shipping.live(estate):
        folders = _folders(case, roots)
        if len(folders) < 2 or not _starts(case):
            continue
        judged = True
        if _chooses(case) or case.pipeline.unresolved:
            continue
        listed = sorted(folders)
        names = f"{listed[0]} and {listed[1]}" + (f" and {len(listed) - 2} more" if len(listed) > 2 else "")
        job = folders[listed[0]]
        span = shipping.head(case, job)
        words = (
            f"every change runs the jobs of {names}, whichever it touches: nothing in this pipeline looks at the paths"
        )
        found.append(Hit(span, words, (case.pipeline.path,)))
    return found if judged else None


def _chooses(case: Case) -> bool:
    signs = (_CHOOSES,) if case.pipeline.system in _KEEP_PATHS else (_CHOOSES, _PATHS)
    return any(sign.search(text.lower()) for text in case.texts.values() for sign in signs)


def _starts(case: Case) -> bool:
    return not case.pipeline.triggers or any(one.kind in _STARTS for one in case.pipeline.triggers)


def _folders(case: Case, roots: set[str]) -> dict[str, Job]:
    """Package -> the job that works in it, and in no other."""
    found: dict[str, Job] = {}
    for job in case.jobs:
        own = {root for place in _places(case, job) if (root := _root(place, roots))}
        if len(own) == 1:
            found.setdefault(own.pop(), job)
    return found


def _places(case: Case, job: Job) -> list[str]:
    places = [job.cwd if isinstance(job.cwd, str) else ""]
    for script in case.scripts:
        if script.job is job:
            cwd = script.step.work.cwd if isinstance(script.step.work, Run) else ""
            places += [cwd if isinstance(cwd, str) else ""]
            places += [match[1] or match[2] for match in _GONE_TO.finditer(script.text)]
    return [place for place in places if place]


def _root(place: str, roots: set[str]) -> str:
    parts = place.strip("/").removeprefix("./").split("/")
    return next((name for count in range(len(parts), 0, -1) if (name := "/".join(parts[:count])) in roots), "")


RULE = Rule(
    id="no-path-filter",
    number="VEL-08",
    title="Every change runs the jobs of all packages",
    why="A correction of a text waits for, and pays for, the tests of everything; and one flaky package stops all others.",
    advice="`paths`, `rules: changes`, a path filter or a tool that knows what is affected; and one job that is always asked for, so that a branch can require it.",
    severity=Severity.LOW,
    confidence=0.85,
    impact=Impact("lead_time"),
    effort="M",
    refs=("DORA: continuous integration, fast feedback",),
    kinds=frozenset({Kind.REPOSITORY}),
    survey=survey,
)
