"""Options of `seaway assess` about what pipelines did: where run history comes from, and what it is worth. Used by `cli.assess`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seaway.cli import console
from seaway.cli import options as shared
from seaway.errors import UsageError

if TYPE_CHECKING:
    from seaway.app.forecasts import Store
    from seaway.assess.runs.bottlenecks import Prices
    from seaway.model.runs import RunHistory

F = TypeVar("F", bound=Callable[..., Any])
_DAYS = 30
_OPTIONS = (
    click.option("--runs", metavar="FILE", default="",
                 help="Run history, a JSON object a line; - reads standard input."),
    click.option("--from", "system", type=click.Choice(["github", "gitlab"]), default=None,
                 help="Fetch run history; the token is $GITHUB_TOKEN or $GH_TOKEN, or $GITLAB_TOKEN."),
    click.option("--project", metavar="NAME", default="",
                 help="With --from: the project, like owner/name  [default: where the repository was cloned from]"),
    click.option("--since", type=shared.MOMENT, default=None,
                 help=f"With --from: runs from this time on  [default: {_DAYS} days ago]"),
    click.option("--wait", type=shared.DURATION, default=None,
                 help="With --from: how long to wait in all when no more questions are allowed  [default: 15m]"),
    click.option("--save-runs", type=click.Path(path_type=Path), metavar="FILE", default=None,
                 help="With --from: write what was fetched, for --runs."),
    click.option("--price", multiple=True, metavar="[RUNNER=]AMOUNT",
                 help="What a minute of a machine costs, of one runner or of every other; may be given several times."),
    click.option("--forecast", type=click.Path(path_type=Path, dir_okay=False), metavar="STORE", default=None,
                 help="Keep what is foretold in this file, and say what came of what was."),
    click.option("--landed", multiple=True, metavar="ID=COMMIT|TIME",
                 help="With --forecast: this change has landed; its forecast is compared with the runs since."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the past, and what machines cost. `runs` None: nothing. `store`: of forecasts. `happened`: deployments and
    incidents.
    """

    runs: RunHistory | None
    prices: Prices
    store: Store | None
    happened: Sequence[object] = ()


def options(command: F) -> F:
    """The options as a decorator, in the order of the help."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def given(
    path: Path,
    deliveries: Mapping[str, str],
    *,
    runs: str,
    system: str | None,
    save_runs: Path | None,
    price: tuple[str, ...],
    forecast: Path | None,
    landed: tuple[str, ...],
    **fetched: Any,
) -> Past:
    """Reads or fetches what the words name. Raises UsageError, ConfigError and what the port `ci` raises."""
    from seaway.app import runs as work
    from seaway.app.forecasts import Store

    if runs and system:
        raise UsageError("--runs and --from: one reads runs, the other fetches them", hint="choose one")
    if not system:
        wrong = [
            name for name, value in {**fetched, "save-runs": save_runs}.items() if value is not None and value != ""
        ]
        if wrong:
            raise UsageError(f"--{wrong[0]} is about runs that are fetched", hint="add --from github or --from gitlab")
    for name, value in (("price", price), ("forecast", forecast)):
        if value and not runs and not system:
            raise UsageError(f"--{name} is about runs, and no run history was given", hint="add --runs FILE or --from")
    if landed and forecast is None:
        raise UsageError("--landed is about a stored forecast", hint="add --forecast STORE")
    store = Store(forecast, landed, datetime.now(UTC).timestamp()) if forecast is not None else None
    prices = work.prices(price)
    named = (deliveries["deployments"], deliveries["incidents"])
    if not system:
        return Past(work.read(runs), prices, store, work.happened(*named) if runs else ())
    found = _fetched(path, system, **fetched)
    if save_runs is not None:
        work.save(found, save_runs)
        console.say(f"{save_runs}: {len(found.runs)} attempts of runs written")
    return Past(found, prices, store, work.happened(*named))


def _fetched(path: Path, system: str, *, project: str, since: float | None, wait: timedelta | None) -> RunHistory:
    from seaway.app import runs as work
    from seaway.config.home import Home

    begin = since if since is not None else (datetime.now(UTC) - timedelta(days=_DAYS)).timestamp()
    patience = timedelta(minutes=15) if wait is None else wait
    wanted = work.Wanted(system, path, project, begin, patience.total_seconds())
    return work.fetch(wanted, Home.find(), console.say)
