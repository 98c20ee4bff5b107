"""VEL-02: a cache of dependencies that is written once and never again. Run by `assess.examine`.

Only for systems whose caches cannot be changed under one key. GitLab writes a cache anew after every job, so a key without a
hash is sound there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess.rule import Case, Hit, Rule, flat
from seaway.model.expression import Call, Ref, parts, refs, walk
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Cache, Job, Step, System

_DEPENDENCIES = re.compile(
    r"node_modules|\.npm\b|npm_config_cache|npm-cache|\.yarn|yarn[-_]cache|pnpm|\.cache/pip|pip[-_]cache|\.cache/pypoetry|\.venv|\bvenv\b|site-packages"
    r"|\.m2\b|maven|\.gradle|gradle|\.cargo|vendor/bundle|\bvendor\b|composer|\.nuget|nuget_packages|go/pkg/mod|go-build|Pods\b|bundle",
    re.IGNORECASE,
)
_KEY = re.compile(r"\bkey[\"']?:[ \t]*(\S[^\n#]*?)[ \t\r]*(?:#[^\n]*)?$", re.MULTILINE)
_UNIQUE = frozenset({"sha", "short_sha", "id", "number", "attempt"})


def check(case: Case) -> list[Hit] | None:
    """Keys without the hash of any file, for paths that hold dependencies."""
    caches = list(_caches(case))
    return [hit for job, step, cache in caches for hit in _judged(case, job, step, cache)] if caches else None


def _caches(case: Case) -> Iterator[tuple[Job, Step, Cache]]:
    for job in case.jobs:
        for step in job.steps:
            if isinstance(step.work, Cache) and not step.work.tool and step.work.action != "restore":
                yield job, step, step.work


def _judged(case: Case, job: Job, step: Step, cache: Cache) -> Iterator[Hit]:
    paths = " ".join(flat(path) for path in cache.paths)
    if not cache.key or cache.files or not _DEPENDENCIES.search(paths) or _changes(cache):
        return
    key = flat(cache.key)
    span = case.within(step.span, _written(case, step) or key, job)
    words = f"the key {_shown(key)} stays the same when the lock file changes: the cache is never written again"
    yield Hit(span, words, (job.id, key))


def _written(case: Case, step: Step) -> str:
    """The key as the file has it: readers may put it together anew."""
    span = step.span
    match = _KEY.search(case.texts.get(span.path, ""), span.start, span.end) if span is not None else None
    return match[1] if match else ""


def _shown(key: str) -> str:
    return f"`{key.replace(chr(0x27E6), '<').replace(chr(0x27E7), '>')}`"


def _changes(cache: Cache) -> bool:
    """The key holds a hash, or something that differs from run to run or that is computed elsewhere."""
    for part in parts(cache.key):
        if isinstance(part, str):
            if (
                "checksum" in part
                or "hashFiles" in part
                or re.search(r"\|\s*\S*(?:\.lock|-lock|\.txt|\.json|\.xml|\.mod|\.sum|\*)", part)
            ):
                return True
            continue
        if any(isinstance(one, Call) for one in walk(part)):
            return True
    return any(_is_open(ref) for ref in refs(cache.key))


def _is_open(ref: Ref) -> bool:
    if ref.context in {"step", "job", "env", "var", "input", "native"}:
        return True
    return ref.context in {"git", "run"} and bool(ref.path) and ref.path[0] in _UNIQUE


RULE = Rule(
    id="cache-key-without-lockfile",
    number="VEL-02",
    title="A cache's key does not follow the lock file",
    why="A key that never changes keeps the first run's files for ever: each new dependency is downloaded in every run.",
    advice="Put the hash of the lock file into the key, and the rest of the key as a fallback.",
    severity=Severity.LOW,
    confidence=0.9,
    impact=Impact("lead_time"),
    effort="S",
    refs=("DORA: continuous integration, fast feedback",),
    systems=frozenset({System.GITHUB_ACTIONS, System.AZURE_PIPELINES, System.CIRCLECI}),
    check=check,
)
