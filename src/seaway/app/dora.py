"""`seaway dora`: reads git and what happened, and measures the five DORA metrics. Called by `cli.dora`; loads numpy."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from seaway.adapters._commits import Commits
from seaway.adapters._git import Git
from seaway.app import lines
from seaway.app.memory import uncollected
from seaway.assess.dora.report import Inputs, Report, Scope, assess
from seaway.config.home import Home
from seaway.errors import UsageError
from seaway.formats.history import deployments, incidents, pulls, pushes, rollouts, runs
from seaway.model.delivery import Deployment
from seaway.model.runs import Run

HERE = "here"  # as a source of rollouts: the control plane
_FILES = ("deployments", "incidents", "pushes", "pulls", "rollouts", "revisions", "runs")
RELEASE = "release"  # the environment of tags: what they say is that something was released, not where it runs


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to read. Files may be "-" for standard input; "" is not given. `paths`: by service, git pathspecs of its own files.

    `ran`: runs of pipelines that were read already.
    """

    path: Path
    deployments: str = ""
    incidents: str = ""
    pushes: str = ""
    pulls: str = ""
    rollouts: str = ""
    revisions: str = ""
    tags: str = ""
    runs: str = ""
    ran: Sequence[Run] = ()
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict)


def report(sources: Sources, scope: Scope, home: Home) -> Report:
    """Raises UsageError, ConfigError for lines that are wrong, and what git raises."""
    with uncollected():
        return _report(sources, scope, home)


def _report(sources: Sources, scope: Scope, home: Home) -> Report:
    piped = [name for name in _FILES if getattr(sources, name) == "-"]
    if len(piped) > 1:
        raise UsageError(
            f"only one of --{' and --'.join(piped)} can be standard input", hint="write the others to files"
        )
    git = Git(sources.path)
    happened = _deployments(sources, git, home)
    incident_lines = lines.read(sources.incidents, incidents.parse)
    pushed = lines.read(sources.pushes, pushes.parse) or []
    requests = lines.read(sources.pulls, pulls.parse) or []
    commits = Commits(git, _folder(home))
    names = [each.sha for each in happened if each.sha]
    history, found = commits.read([*names, *(each.sha for each in pushed), *(each.sha for each in requests)])
    _check(sources, happened)
    return assess(
        Inputs(
            history,
            [_whole(each, found) for each in happened],
            incident_lines,
            [replace(each, sha=found.get(each.sha, each.sha)) for each in pushed],
            [replace(each, sha=found.get(each.sha, each.sha)) for each in requests],
            history.where[found["HEAD"]] if "HEAD" in found else -1,
            {
                service: np.frombuffer(commits.touching(history, paths), np.uint8) != 0
                for service, paths in sources.paths.items()
            },
            commits.patches,
            commits.files,
        ),
        scope,
    )


def _deployments(sources: Sources, git: Git, home: Home) -> list[Deployment]:
    if not (sources.deployments or sources.rollouts or sources.tags or sources.runs or sources.ran):
        raise UsageError(
            "nothing tells what was deployed",
            hint="--deployments FILE, --runs FILE of a CI system, --tags 'v*' for releases, or --rollouts here for Seaway's own",
        )
    found = list(lines.read(sources.deployments, deployments.parse) or [])
    if sources.rollouts:
        found += _rollouts(sources, home)
    if sources.tags:
        found += _tags(sources, git)
    ran = [*(lines.read(sources.runs, runs.parse) or []), *sources.ran]
    return found + runs.deployed(ran, _name(sources))


def _rollouts(sources: Sources, home: Home) -> list[Deployment]:
    known = lines.read(sources.revisions, rollouts.revisions) or {}
    if sources.rollouts != HERE:
        return lines.read(sources.rollouts, lambda data, path: rollouts.parse(data, path, known)) or []
    from seaway.app.client import Client

    with Client(home) as client:
        return rollouts.build(client.documents(), known)


def _tags(sources: Sources, git: Git) -> list[Deployment]:
    """Tags as deployments of the whole repository; their date is when they were made."""
    found = git.tags(sources.tags)
    if not found:
        raise UsageError(f"no tag matches {sources.tags!r} in {sources.path}", hint=f"git -C {sources.path} tag --list")
    return [Deployment(name, _name(sources), RELEASE, sha, float(when), float(when)) for name, sha, when in found]


def _name(sources: Sources) -> str:
    """The service of what names none: the repository."""
    return sources.path.resolve().name or "repository"


def _whole(deployment: Deployment, found: Mapping[str, str]) -> Deployment:
    """With the whole id of its commit."""
    sha = found.get(deployment.sha, deployment.sha)
    return deployment if sha == deployment.sha else replace(deployment, sha=sha)


def _check(sources: Sources, happened: Sequence[Deployment]) -> None:
    known = sorted({each.service for each in happened})
    for service in sources.paths:
        if service not in known:
            raise UsageError(f"--paths names {service!r}, of which no deployment is known; known: {', '.join(known)}")


def _folder(home: Home) -> Path | None:
    """Where commits are kept between runs; None where the state folder cannot be used: then each run reads all of them."""
    with contextlib.suppress(UsageError, OSError):
        home.ensure()
        folder = home.root / "commits"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder
    return None
