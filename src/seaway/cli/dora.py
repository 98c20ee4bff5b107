"""`seaway dora`: the five DORA metrics, from git and deployments. Found through `cli.commands`; numpy is loaded only when it runs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seaway.cli import console, options
from seaway.cli.commands import Command

if TYPE_CHECKING:
    from seaway.assess.dora.report import Report

_METRICS = ("lead-time", "frequency", "fail-rate", "recovery", "rework")


class Owned(click.ParamType[tuple[str, str]]):
    """SERVICE=PATHSPEC."""

    name = "paths"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The two parts, or click's error."""
        if isinstance(value, tuple):
            return value
        service, equals, paths = str(value).partition("=")
        if not (service and equals and paths) or "\n" in paths:
            self.fail(f"{value!r} is not SERVICE=PATH, like shop=services/shop", param, ctx)
        return service, paths


_file = click.Path(path_type=str)


@click.command(
    name="dora",
    cls=Command,
    examples=(
        "seaway dora --deployments deployments.jsonl --incidents incidents.jsonl",
        "seaway dora ../shop --tags 'v*' --json",
        "seaway dora --rollouts here --format prometheus",
        "seaway dora --runs runs.jsonl --environment production",
        "seaway dora --deployments deployments.jsonl --rows lead-time",
    ),
)
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option(
    "--deployments",
    type=_file,
    metavar="FILE",
    default="",
    help="Deployments, a JSON object a line; - reads standard input.",
)
@click.option("--incidents", type=_file, metavar="FILE", default="", help="Incidents, a JSON object a line.")
@click.option("--tags", metavar="GLOB", default="", help="Tags that match, as deployments to `release`.")
@click.option(
    "--rollouts", metavar="FILE", default="", help="Output of `rollout list --json`, or `here` for the control plane."
)
@click.option(
    "--runs",
    type=_file,
    metavar="FILE",
    default="",
    help="Runs of pipelines: their jobs with an environment are deployments.",
)
@click.option(
    "--revisions",
    type=_file,
    metavar="FILE",
    default="",
    help='Lines {"revision","sha"}: the commits of rollouts\' revisions.',
)
@click.option(
    "--pushes", type=_file, metavar="FILE", default="", help='Lines {"sha","pushed"}: when the server first saw a tip.'
)
@click.option(
    "--pulls", type=_file, metavar="FILE", default="", help='Lines {"id","sha","commits":[{"sha","committed"}]}.'
)
@click.option(
    "--paths",
    type=Owned(),
    metavar="SERVICE=PATH",
    multiple=True,
    help="Only commits that touch PATH are this service's; may be repeated.",
)
@click.option("--service", "-s", default="", help="Only this service.")
@click.option("--environment", "-e", default="", help="Only this environment.")
@click.option(
    "--production",
    metavar="NAME",
    multiple=True,
    help="An environment that users see; may be repeated.  [default: prod*, live*]",
)
@click.option("--since", type=options.MOMENT, help="Count deployments from this time on.")
@click.option(
    "--until",
    type=options.MOMENT,
    help="Count deployments up to this time.  [default: the last one that the data know]",
)
@click.option(
    "--window",
    type=options.DURATION,
    default="24h",
    show_default=True,
    help="How long after a deployment time alone is evidence.",
)
@click.option("--rows", type=click.Choice(_METRICS), help="Print the rows that this metric was computed from.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "prometheus")),
    default="text",
    show_default=True,
    help="How to print it.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(
    path: Path,
    *,
    since: float | None,
    until: float | None,
    window: timedelta,
    rows: str | None,
    form: str,
    **given: Any,
) -> None:
    """Measure the five DORA metrics of each service.

    PATH is a git repository; it is only read.

    \b
    A deployment: {"id","service","environment","sha","started","finished",
                   "outcome":"succeeded|failed","kind":"deploy|rollback|hotfix"|null}
    An incident:  {"id","service","started","resolved"|null,"caused_by"|null}

    Services and environments are never blended. Every figure has its n, an interval and the clock that was used.
    """  # noqa: D301 - \b is click's mark for a paragraph that keeps its lines
    from seaway.app import dora
    from seaway.assess.dora.report import Scope
    from seaway.config.home import Home
    from seaway.errors import UsageError

    form = "json" if given.pop("as_json") else form
    if rows and form == "prometheus":
        raise UsageError(
            "rows are printed as text or JSON, not for Prometheus", hint="add --json, or leave --format out"
        )
    if window <= timedelta():
        raise UsageError("the window must be longer than nothing", hint="--window 24h")
    owned: dict[str, list[str]] = {}
    for service, place in given.pop("paths"):
        owned.setdefault(service, []).append(place)
    scope = Scope(
        since, until, given.pop("service"), given.pop("environment"), given.pop("production"), window.total_seconds()
    )
    report = dora.report(dora.Sources(path, paths=owned, **given), scope, Home.find())
    _print_rows(report, rows, form) if rows else _print(report, form)


def _print(report: Report, form: str) -> None:
    from seaway.assess.dora import document, prometheus, text

    if form == "json":
        console.document(document.render(report))
    elif form == "prometheus":
        console.result(prometheus.render(report).rstrip("\n"))
    else:
        console.result(text.render(report))


def _print_rows(report: Report, metric: str, form: str) -> None:
    from seaway.assess.dora import document

    found = document.rows(report, metric)
    if form == "json":
        console.document(found)
        return
    rows = found["rows"]
    if not rows:
        console.say("no rows")
        return
    head = list(rows[0])
    console.result(
        console.table([name.upper() for name in head], [[_cell(row[name]) for name in head] for row in rows])
    )


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1 else f"{value:.0f}"
    return ", ".join(str(each) for each in value) if isinstance(value, list) else "" if value is None else str(value)
