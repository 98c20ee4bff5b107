"""SEC-54: nobody raises dependencies, or an install passes over the lock file. Run by `assess.examine`.

pnpm and newer Yarns keep to the lock file in CI by themselves, so there only what turns that off counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from seaway.assess import shipping
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Answer, Case, Edits, Hit, Rule, Script
from seaway.assess.shipping import ANY, Shipment, What
from seaway.assess.signs import Signs
from seaway.formats.yaml.patch import Edit
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import Run, System
from seaway.model.span import Span

_MANIFEST = re.compile(
    r"(?:^|/)(?:package\.json|requirements[\w.-]*\.txt|pyproject\.toml|Pipfile|setup\.py|go\.mod|Cargo\.toml|pom\.xml|build\.gradle(?:\.kts)?|Gemfile|composer\.json|mix\.exs"
    r"|[^/]+\.csproj)$"
)
_UPDATERS = Signs(
    r"renovate|dependabot|pyup|scala-steward|updatecli|npm-check-updates|\bncu\b|depfu|snyk|greenkeeper|pip-compile --upgrade|uv lock --upgrade|pnpm update|poetry update|go get -u|cargo update|bundle update|composer update|npm update"
)
_SETTINGS = re.compile(
    r"(?:^|/)(?:\.?renovate(?:rc)?(?:\.json5?|\.js)?|\.renovaterc(?:\.json5?)?|\.?dependabot(?:/config)?\.ya?ml|\.pyup\.ya?ml|\.scala-steward\.conf|\.snyk|depfu\.yml|updatecli\S*)$"
)
_LOCKED = re.compile(r"(?:^|/)(?:[\w.-]*\.lock|[\w-]*lock\.(?:json|yaml)|npm-shrinkwrap\.json|go\.sum|bun\.lockb)$")
_BEGIN = r"(?:^|[;&|({]\s*|\s-c\s+[\"']|\b(?:then|do|sudo|time|run)\s+)(?:\w+=\S+\s+)*"
_END = r"(?P<flags>(?:\s+--?[\w-]+(?:=\S+)?)*)\s*(?=$|[;&|)#}'\"])"
_NPM = re.compile(_BEGIN + r"(?P<words>npm\s+(?:install|i))" + _END)
_YARN = re.compile(_BEGIN + r"(?P<words>yarn\s+install)" + _END)
_PNPM = re.compile(_BEGIN + r"(?P<words>pnpm\s+(?:install|i)\s[^\n;&|]*--no-frozen-lockfile)")
_COMPOSER = re.compile(_BEGIN + r"(?P<words>composer\s+update)" + _END)
_TOOLS = (("npm", _NPM), ("yarn", _YARN), ("pnpm", _PNPM), ("composer", _COMPOSER))
_SOUND = frozenset({"-g", "--global", "--immutable", "--frozen-lockfile", "--dry-run"})
_MOVES = re.compile(r"\b(?:cd|pushd)\s")
_WRITES = re.compile(r"git\s+(?:commit|add|push)|npm\s+version|--package-lock-only|lockfile-only|create-pull-request")
_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb")


def survey(estate: Estate) -> Answer:
    """Repositories that ship and have dependencies, and nothing that raises them; and installs that pass over a lock file."""
    installs = [
        hit for case in shipping.live(estate) for script in case.scripts for hit in _installs(estate, case, script)
    ]
    if not any(_MANIFEST.search(path) for path in estate.files):
        return installs or None
    found = shipping.absent(estate, ANY, _UPDATERS, lambda one: _said(estate, one), _SETTINGS)
    if isinstance(found, list):
        return [*installs, *found]
    return installs or found


def _said(estate: Estate, one: Shipment) -> Hit:
    """For auditors where only packages are published and nothing is locked: a library may well depend on nothing."""
    library = not shipping.shipments(estate, ANY - {What.PACKAGE}) and not any(
        _LOCKED.search(path) for path in estate.files
    )
    persona = Persona.AUDITOR if library else Persona.REGULAR
    words = f"`{one.shown}` ships dependencies that nobody raises: there is no Renovate and no Dependabot in this repository"
    return Hit(one.span, words, ("",), persona=persona)


@dataclass(frozen=True, slots=True)
class _Install:
    """`words`: of its command, without the options."""

    case: Case
    script: Script
    tool: str
    words: str
    options: tuple[str, ...]
    span: Span

    def hit(self, said: str, confidence: float | None = None, new: str = "") -> Hit:
        """`new`: what the patch writes instead."""
        key = (*self.script.place, self.words)
        fix = (lambda: self._instead(new)) if new else None
        return Hit(self.span, f"`{self.words}` {said}", key, confidence=confidence, fix=fix)

    def _instead(self, new: str) -> Edits:
        text = self.case.texts[self.span.path]
        return (
            [Edit(self.span.start, self.span.end, new)] if text[self.span.start : self.span.end] == self.words else ()
        )


def _installs(estate: Estate, case: Case, script: Script) -> Iterator[Hit]:
    if not any(word in script.text for word in ("npm", "yarn", "composer")):
        return
    if _WRITES.search(_shell(case, script)):
        return
    for line in script.lines:
        for tool, pattern in _TOOLS:
            match = pattern.search(line)
            if match is not None:
                words, options = match["words"], tuple((match.groupdict().get("flags") or "").split())
                span = shipping.within_line(case, script.job, script.step, line, words)
                yield from _judged(estate, _Install(case, script, tool, words, options, span))


def _judged(estate: Estate, one: _Install) -> Iterator[Hit]:
    if not _SOUND.isdisjoint(one.options):
        return
    locks = _locks(estate, one)
    changes = "may change the lock file and install what it does not say"
    if one.tool == "npm" and {"package-lock.json", "npm-shrinkwrap.json"} & locks:
        yield one.hit(changes, 0.9, "npm ci")
    elif one.tool == "npm" and not locks and _has_package(estate, one) and _deploys(one.case):
        yield one.hit("installs whatever is newest: package.json has no lock file, so no two runs ship the same")
    elif one.tool == "yarn" and "yarn.lock" in locks and not any(path.endswith(".yarnrc.yml") for path in estate.files):
        yield one.hit(changes, 0.85, f"{one.words} --frozen-lockfile")
    elif one.tool == "pnpm" and "pnpm-lock.yaml" in locks:
        yield one.hit("may install what the lock file does not say", 0.9)
    elif one.tool == "composer" and "composer.lock" in locks:
        yield one.hit("passes over the lock file and installs whatever is newest", 0.9, "composer install")


def _shell(case: Case, script: Script) -> str:
    """All that runs in one shell with it: in GitLab, the lines of the job's script are read as steps."""
    return case.scripts_of(script.job) if case.system is System.GITLAB_CI and script.job else script.text


def _folder(case: Case, script: Script) -> str | None:
    """Where the script works, below the root; None = not known."""
    work = script.step.work
    cwd = (work.cwd if isinstance(work, Run) else "") or (script.job.cwd if script.job else "")
    if not isinstance(cwd, str) or "$" in cwd or "%" in cwd or _MOVES.search(_shell(case, script)):
        return None
    clean = cwd.strip("/").removeprefix("./").strip(".")
    return f"{clean}/" if clean else ""


def _locks(estate: Estate, one: _Install) -> set[str]:
    """The lock files beside the manifest that is installed; where that is not known, only those that stand beside each."""
    folder = _folder(one.case, one.script)
    names = (*_LOCKS, "composer.lock")
    if folder is not None:
        return {name for name in names if f"{folder}{name}" in estate.files}
    folders = {path.rpartition("package.json")[0] for path in estate.files if path.endswith("package.json")}
    return {name for name in names if folders and all(f"{place}{name}" in estate.files for place in folders)}


def _has_package(estate: Estate, one: _Install) -> bool:
    folder = _folder(one.case, one.script)
    return folder is not None and f"{folder}package.json" in estate.files and ".npmrc" not in estate.files


def _deploys(case: Case) -> bool:
    return any(one.what is not What.PACKAGE for one in shipping.shipments_of(case))


RULE = Rule(
    id="no-dependency-updates",
    number="SEC-54",
    title="Dependencies are raised by nobody, or installed past the lock file",
    why="Known holes stay in what is shipped; or a version that nobody has looked at gets in by itself, in the middle of a release.",
    advice="Renovate or Dependabot for every list of dependencies, and installs that keep to the lock file (`npm ci`, `yarn install --immutable`).",
    patch="`npm install` becomes `npm ci`, `yarn install` gets `--frozen-lockfile`, `composer update` becomes `composer install`, where the lock file is there.",
    severity=Severity.MEDIUM,
    confidence=0.8,
    impact=Impact("risk"),
    effort="S",
    refs=(
        "OpenSSF Scorecard: Dependency-Update-Tool",
        "OpenSSF Scorecard: Pinned-Dependencies",
        "NIST SSDF PW.4.4",
        "NIST SSDF RV.1.1",
    ),
    kinds=frozenset({Kind.REPOSITORY}),
    survey=survey,
)
