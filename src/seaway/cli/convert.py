"""`seaway convert`: one pipeline in another system's language, with a report of every loss. Found through `cli.commands`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from seaway.cli import console, options
from seaway.cli.commands import Command
from seaway.errors import UsageError

_SHOWN = 20  # losses on stderr; the report has all


@click.command(
    cls=Command,
    name="convert",
    examples=(
        "seaway convert .gitlab-ci.yml --to github_actions",
        "seaway convert Jenkinsfile --to gitlab_ci --report losses.json > .gitlab-ci.yml",
    ),
)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--to", "to", required=True, metavar="SYSTEM", help="The system to write for.")
@options.from_system
@options.libraries
@click.option("--report", type=click.Path(path_type=Path), help="Write every loss to this file, as JSON.")
@click.option("--strict", is_flag=True, help="Exit with 1 when something was dropped or is opaque.")
def command(
    path: Path, to: str, system: str, library: tuple[str, ...], report: Path | None, *, strict: bool
) -> int:  # fmt: skip
    """Print a pipeline in another system's language.

    What could not be carried over is told on stderr.

    Four kinds of loss: dropped (it is not in the result), approximated (the result does nearly the same), manual (a person
    must act), opaque (its meaning is not known; the text stands in a comment). Remote files are never fetched.
    """
    from seaway.app import pipelines
    from seaway.formats.pipelines import document

    converted = pipelines.convert(path, options.system_name(to), options.system_name(system), options.folders(library))
    losses = converted.written.losses
    if report is not None:
        data = document.losses(losses, converted.source.system.value, options.system_name(to))
        try:
            report.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{report} cannot be written: {error.strerror}", hint="name another file") from None
    click.echo(converted.written.text, nl=not converted.written.text.endswith("\n"))
    counts: dict[str, int] = {}
    for loss in losses:
        counts[loss.kind.value] = counts.get(loss.kind.value, 0) + 1
    for loss in losses[:_SHOWN]:
        place = f"{loss.source}: " if loss.source else ""
        console.say(f"{place}{loss.kind.value}: {loss.construct}: {loss.why}" + (f" ({loss.fix})" if loss.fix else ""))
    if len(losses) > _SHOWN:
        console.say(f"... and {len(losses) - _SHOWN} more; --report FILE has them all")
    summary = ", ".join(f"{number} {kind}" for kind, number in counts.items()) or "nothing was lost"
    console.say(f"{converted.source.system.value} -> {options.system_name(to)}: {summary}")
    return 1 if strict and (counts.get("dropped") or counts.get("opaque")) else 0
