"""Where an assessment gets run history from: a file, or the CI system itself. Called by `cli.assess`."""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from seaway import registry
from seaway.app import lines
from seaway.assess.runs.bottlenecks import Prices
from seaway.config.home import Home
from seaway.errors import SeawayError, UsageError
from seaway.formats.history import deployments, incidents, runs
from seaway.model.runs import CiSource, RunHistory

_TOLD = 100  # runs between two words about how far it is
_REMOTE = re.compile(r"(?:[a-z+]+://)?(?:[^@/\s]*@)?([^:/\s]+)(?::\d+)?[:/](.+?)(?:\.git)?/?")
_PART = r"(?!\.\.?(?:/|$))[\w.-]+"  # of a path: neither here nor above
_PROJECT = re.compile(f"{_PART}(?:/{_PART})+", re.ASCII)


@dataclass(frozen=True, slots=True)
class System:
    """Where a CI system is by default, and which variables say otherwise and hold its token; the first that is set counts."""

    host: str
    url: str
    address: str
    tokens: tuple[str, ...]


SYSTEMS = {
    "github": System("github.com", "https://api.github.com", "GITHUB_API_URL", ("GITHUB_TOKEN", "GH_TOKEN")),
    "gitlab": System("gitlab.com", "https://gitlab.com/api/v4", "CI_API_V4_URL", ("GITLAB_TOKEN",)),
}


def read(place: str) -> RunHistory | None:
    """The history in a file of JSON lines, None when none is given; "-" is standard input. Raises UsageError and ConfigError."""
    found = lines.read(place, runs.parse)
    return None if found is None else RunHistory(place, tuple(found))


def happened(deployed: str, hurt: str) -> list[object]:
    """Deployments and incidents for the rules that set runs against them; what comes through a pipe is left to the measures, which
    read it. Raises UsageError and ConfigError.
    """
    found: list[object] = []
    for place, parse in ((deployed, deployments.parse), (hurt, incidents.parse)):
        if place != "-":
            found += lines.read(place, parse) or []
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to fetch. `project` "": the one that the repository at `path` was cloned from. `since`: seconds since 1970."""

    system: str
    path: Path
    project: str
    since: float
    patience: float


def fetch(wanted: Wanted, home: Home, said: Callable[[str], None]) -> RunHistory:
    """What the CI system recorded: asks for what is not in the store yet. Raises what the port raises, and UsageError.

    `said`: told when it waits, and how many runs were fetched, also when it breaks off.
    """
    known = SYSTEMS[wanted.system]
    url = os.environ.get(known.address) or known.url
    project = wanted.project or _cloned_from(wanted.path, known.host if url == known.url else _host(url))
    if not _PROJECT.fullmatch(project):
        raise UsageError(f"{project!r} is no project", hint="--project owner/name")
    name = next((name for name in known.tokens if os.environ.get(name)), "")
    token = (lambda: os.environ[name]) if name else None
    from seaway.adapters._runs_kept import KeptRuns

    store = KeptRuns(_folder(home), wanted.system, url, project)
    system = registry.load("ci", wanted.system)(CiSource(url, project, wanted.patience), token, said)
    fetched = 0
    try:
        for one in system.listed(wanted.since):
            if not store.has(one):
                store.add(one, system.attempts(one))
                fetched += 1
                if fetched % _TOLD == 0:
                    said(f"{fetched} runs of {project} fetched so far")
    finally:
        system.close()
        said(f"{fetched} runs of {project} fetched, {len(store.runs(wanted.since))} known")
    return RunHistory(f"{wanted.system}:{project}", tuple(store.runs(wanted.since)))


def save(history: RunHistory, file: Path) -> None:
    """Write the runs as `--runs` reads them, whole or not at all. Raises UsageError."""
    beside = file.with_name(f".{file.name}.part")
    try:
        beside.write_text(runs.render(history.runs), encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise UsageError(f"{file} cannot be written: {error.strerror}", hint="check the path") from None


def _cloned_from(path: Path, host: str) -> str:
    """The project of the remote `origin`. Its host is compared and never asked: a repository does not say who gets a token."""
    from seaway.adapters._git import Git

    try:
        remote = Git(path if path.is_dir() else path.parent).ask("remote", "get-url", "origin").decode().strip()
    except (SeawayError, UnicodeDecodeError):
        remote = ""
    match = _REMOTE.fullmatch(remote)
    if match is None or match[1].lower() != host:
        here = f"its origin is on {match[1]}, and {host} is asked" if match else "it has no origin"
        raise UsageError(
            f"which project {path} is cannot be told: {here}",
            hint="--project owner/name; GITHUB_API_URL or CI_API_V4_URL name another server",
        )
    return match[2]


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()


def _folder(home: Home) -> Path | None:
    """Where runs are kept between calls; None where the state folder cannot be used: then each call asks for all of them."""
    with contextlib.suppress(UsageError, OSError):
        home.ensure()
        folder = home.root / "runs"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder
    return None


def prices(given: Sequence[str]) -> Prices:
    """`0.008` or `ubuntu-24.04=0.008`, each at most once. Raises UsageError."""
    every: float | None = None
    runners: dict[str, float] = {}
    for one in given:
        name, _, amount = one.rpartition("=")
        try:
            price = float(amount)
        except ValueError:
            price = math.nan
        if not (math.isfinite(price) and price >= 0):
            raise UsageError(f"--price {one}: {amount!r} is no amount", hint="for example --price ubuntu-24.04=0.008")
        if name in runners or (not name and every is not None):
            raise UsageError(f"--price {one}: {name or 'every other runner'} has a price already")
        if name:
            runners[name] = price
        else:
            every = price
    return Prices(every, runners)
