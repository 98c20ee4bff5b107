"""`seaway convert`: one pipeline in another system's language, with a report of every loss. Found through `cli.commands`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seaway.cli import console, options
from seaway.cli.commands import Command
from seaway.errors import UsageError

if TYPE_CHECKING:
    from seaway.model.loss import Loss

_SHOWN = 20  # losses on stderr; the report has all


@click.command(
    cls=Command,
    name="convert",
    examples=(
        "seaway convert .gitlab-ci.yml --to github_actions",
        "seaway convert Jenkinsfile --to gitlab_ci --report losses.json > .gitlab-ci.yml",
        "seaway convert Jenkinsfile --to teamcity_xml --output .teamcity",
    ),
)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--to", "to", required=True, metavar="SYSTEM", help="The system to write for.")
@options.from_system
@options.libraries
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Write this file instead of stdout; for teamcity_xml, which has several files, this folder.",
)
@click.option("--report", type=click.Path(path_type=Path), help="Write every loss to this file, as JSON.")
@click.option("--strict", is_flag=True, help="Exit with 1 when something was dropped or is opaque.")
def command(
    path: Path, *, to: str, system: str, library: tuple[str, ...], output: Path | None, report: Path | None, strict: bool
) -> int:  # fmt: skip
    """Print a pipeline in another system's language.

    What could not be carried over is told on stderr. TeamCity has two languages: teamcity is Kotlin, teamcity_xml is XML.

    Four kinds of loss: dropped (it is not in the result), approximated (the result does nearly the same), manual (a person
    must act), opaque (its meaning is not known; the text stands in a comment). Remote files are never fetched.
    """
    from seaway.app import pipelines

    asked = (path, options.system_name(to), options.system_name(system), options.folders(library))
    if output is not None:
        saved = pipelines.convert_to(output, *asked)
        losses, source = saved.losses, saved.source.system.value
        _report(report, losses, source, asked[1])
        for file in saved.files:
            console.say(f"written: {file}")
    else:
        converted = pipelines.convert(*asked)
        losses, source = converted.written.losses, converted.source.system.value
        _report(report, losses, source, asked[1])
        click.echo(converted.written.text, nl=not converted.written.text.endswith("\n"))
    return _tell(losses, source, asked[1], strict=strict)


def _report(report: Path | None, losses: tuple[Loss, ...], source: str, to: str) -> None:
    from seaway.formats.pipelines import document

    if report is None:
        return
    data = document.losses(losses, source, to)
    try:
        report.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{report} cannot be written: {error.strerror}", hint="name another file") from None


def _tell(losses: tuple[Loss, ...], source: str, to: str, *, strict: bool) -> int:
    """The losses on stderr, and the exit code."""
    counts: dict[str, int] = {}
    for loss in losses:
        counts[loss.kind.value] = counts.get(loss.kind.value, 0) + 1
    for loss in losses[:_SHOWN]:
        place = f"{loss.source}: " if loss.source else ""
        console.say(f"{place}{loss.kind.value}: {loss.construct}: {loss.why}" + (f" ({loss.fix})" if loss.fix else ""))
    if len(losses) > _SHOWN:
        console.say(f"... and {len(losses) - _SHOWN} more; --report FILE has them all")
    summary = ", ".join(f"{number} {kind}" for kind, number in counts.items()) or "nothing was lost"
    console.say(f"{source} -> {to}: {summary}")
    return 1 if strict and (counts.get("dropped") or counts.get("opaque")) else 0
