"""`seaway assess`: what is wrong with the way a repository ships, and the patches. Found through `cli.commands`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seaway import __version__
from seaway.cli import console, history, options
from seaway.cli.commands import Command
from seaway.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seaway.app.assess import Assessed
    from seaway.model.finding import Assessment
    from seaway.model.runs import Run

REACHED = 10
_file = click.Path(path_type=str)
_SEVERITIES = ("critical", "high", "medium", "low", "info")


@click.command(
    cls=Command,
    name="assess",
    examples=(
        "seaway assess",
        "seaway assess . --format json > before.json",
        "seaway assess . --baseline before.json --fail-on high",
        "seaway assess .github/workflows/ci.yml --diff",
        "seaway assess --runs runs.jsonl",
        "seaway assess --from github --save-runs runs.jsonl",
        "seaway assess . --tags 'v*' --format html > assessment.html",
    ),
)
@click.argument("path", metavar="[PATH]", default=".", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif", "html"]), default="text", show_default=True,
              help="How the report is written.")  # fmt: skip
@click.option("--diff", is_flag=True, help="Print the verified patches as one diff, in place of the report.")
@click.option("--fix", is_flag=True, help="Write the verified patches into the files.")
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE",
              help="An earlier JSON report: show only what is not in it.")  # fmt: skip
@click.option("--persona", type=click.Choice(["regular", "auditor"]), default="regular", show_default=True,
              help="auditor: also what is right to do and rarely worth stopping for.")  # fmt: skip
@click.option("--deployments", type=_file, metavar="FILE", default="",
              help="Deployments, a JSON object a line, as for `seaway dora`.")  # fmt: skip
@click.option("--incidents", type=_file, metavar="FILE", default="", help="Incidents, a JSON object a line.")
@click.option("--tags", metavar="GLOB", default="", help="Tags that match, as deployments to `release`.")
@click.option("--rollouts", metavar="FILE", default="",
              help="Output of `rollout list --json`, or `here` for the control plane.")  # fmt: skip
@click.option("--fail-on", type=click.Choice(_SEVERITIES), help="Exit with 10 when a finding is this bad or worse.")
@history.options
@options.libraries
def command(
    path: Path, *, form: str, baseline: Path | None, persona: str, fail_on: str | None, library: tuple[str, ...],
    diff: bool, fix: bool, **told: Any,
) -> int:  # fmt: skip
    """Say what is wrong with the pipelines of a repository.

    Each finding says where, why, and what mends it.

    PATH is a repository, a folder of it or one file  [default: the working folder]. Nothing is fetched (but runs,
    with --from) and nothing is run; a patch is called verified when the format reads the patched file, the rule finds nothing there any more, and actionlint,
    where it is installed, has nothing new to say.

    A comment silences a finding: # seaway: ignore[RULE] why until=2027-01-31, on its line or above it; with ignore-file for
    the whole file.
    """
    from seaway.app import assess as work
    from seaway.model.finding import Persona

    if diff and fix:
        raise UsageError("--diff and --fix: one prints the patches, the other writes them", hint="choose one")
    deliveries = {name: told.pop(name) for name in ("deployments", "incidents", "tags", "rollouts")}
    tells = (
        any(deliveries[name] for name in ("deployments", "tags", "rollouts")) or told.get("runs") or told.get("system")
    )
    if deliveries["incidents"] and not tells:
        raise UsageError("--incidents alone measures nothing", hint="add --deployments FILE, or --runs FILE")
    if diff and form != "text":
        raise UsageError(f"--diff prints a diff and --format {form} a report", hint="choose one")
    past = history.given(path, deliveries, **told)
    found = work.assess(
        path,
        today=datetime.now(UTC).date(),
        persona=Persona(persona),
        known=work.known_findings(baseline) if baseline else frozenset(),
        libraries=options.folders(library),
        fixes=form != "sarif",
        runs=past.runs,
        prices=past.prices,
        store=past.store,
        happened=past.happened,
    )
    if diff:
        click.echo(work.diffs(found), nl=False)
    else:
        _report(found, form, deliveries, past.runs.runs if past.runs else ())
    if fix:
        for name, count in work.apply(found).items():
            console.say(f"{name}: {count} patch{'es' if count > 1 else ''} written")
    return REACHED if _reaches(found.assessment, fail_on) else 0


def _report(found: Assessed, form: str, deliveries: dict[str, str], ran: Sequence[Run]) -> None:
    if form == "sarif":
        from seaway.assess import rules, sarif

        log = sarif.log(found.assessment, rules.rules(), __version__)
        click.echo(json.dumps(log, indent=2, ensure_ascii=False))
        return
    from seaway.app import report

    made = report.Report(found, report.measured(found, deliveries, ran))
    if form == "json":
        console.document(made.document())
    elif form == "html":
        click.echo(made.html(datetime.now(UTC).date()), nl=False)
    else:
        click.echo(made.text(), nl=False)


def _reaches(found: Assessment, least: str | None) -> bool:
    from seaway.model.finding import Severity

    return least is not None and any(one.severity.reaches(Severity(least)) for one in found.findings)
