"""`seaway pipeline`: look at a pipeline of any system, write one from seaway.yaml, simulate it. Found through `cli.commands`."""

from __future__ import annotations

from pathlib import Path

import click

from seaway.cli import commands, console, options
from seaway.cli.commands import Command
from seaway.errors import UsageError


@click.group(
    name="pipeline",
    cls=commands.Family,
    purposes=(("Look", ("show", "simulate")), ("Write", ("render",))),
    short_help="Look at pipelines of any CI system.",
)
def group() -> None:
    """Look at pipelines of any CI system, as one model: triggers, jobs, their order, steps, each with its place."""


@group.command(
    cls=Command,
    examples=(
        "seaway pipeline show .github/workflows/ci.yml",
        "seaway pipeline show Jenkinsfile --format svg > pipeline.svg",
    ),
)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@options.from_system
@options.libraries
@click.option("--json", "as_json", is_flag=True, help="As a JSON document.")
@click.option("--expanded", is_flag=True, help="Each job of a matrix by itself.")
@click.option(
    "--format",
    "picture",
    type=click.Choice(["tree", "svg", "dot", "mermaid"]),
    default="tree",
    show_default=True,
    help="The tree, or a graph of jobs.",
)
def show(
    path: Path, system: str, library: tuple[str, ...], picture: str, *, as_json: bool, expanded: bool
) -> None:  # fmt: skip
    """Show what a pipeline does; what its file refers to is resolved from the repository, never from a network."""
    from seaway.app import pipelines
    from seaway.formats.pipelines import document, expand, graph

    pipeline = pipelines.read(path, options.system_name(system), options.folders(library))
    whole = expand.expand(pipeline) if expanded else expand.ordered(pipeline)
    if as_json:
        console.document(document.document(whole))
        return
    draw = {"tree": graph.tree, "svg": graph.svg, "dot": graph.dot, "mermaid": graph.mermaid}[picture]
    console.result(draw(whole))


@group.command(
    cls=Command,
    examples=(
        "seaway pipeline simulate .gitlab-ci.yml --durations durations.csv --runners 4",
        "seaway pipeline simulate ci.yml --cache test=40% --shards test=4 --by-data",
    ),
)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@options.from_system
@options.libraries
@click.option(
    "--durations",
    type=click.Path(path_type=Path),
    help="How long jobs take: CSV lines `job,seconds` or a JSON object; several of one job: their median counts.",
)
@click.option("--runners", type=click.IntRange(1), help="Machines of each kind  [default: as many as are wanted]")
@click.option(
    "--cache", "caches", multiple=True, metavar="JOB=SHARE", help="What if a cache saved this share, like 40%."
)
@click.option("--shards", multiple=True, metavar="JOB=N", help="What if this job were divided among N machines.")
@click.option("--by-data", is_flag=True, help="What if jobs waited only for those whose files or outputs they use.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON document.")
@click.option("--svg", type=click.Path(path_type=Path), help="Write the schedule to this file, as a picture.")
def simulate(
    path: Path, *, system: str, library: tuple[str, ...], durations: Path | None, runners: int | None, svg: Path | None,
    caches: tuple[str, ...], shards: tuple[str, ...], by_data: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show how long a pipeline takes and why: schedule, critical path, slack, and what changes would bring.

    A job without a duration counts as 60 s, and is named.
    """
    from seaway.app import simulation

    asked = simulation.Asked(
        options.system_name(system), options.folders(library), durations, runners,
        tuple(_share(one) for one in caches), tuple(_count(one) for one in shards), by_data,
    )  # fmt: skip
    found = simulation.simulate(path, asked)
    if svg is not None:
        try:
            svg.write_text(found.svg + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{svg} cannot be written: {error.strerror}", hint="name another file") from None
    if as_json:
        console.document(found.document)
        return
    console.result(found.text)


@group.command(
    cls=Command,
    examples=("seaway pipeline render seaway.yaml --to github_actions > .github/workflows/ci.yml",),
)
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--to", "to", required=True, metavar="SYSTEM", help="The system to write for.")
def render(path: Path, to: str) -> None:
    """Print the `pipeline:` of a seaway.yaml in a CI system's language.

    What that system cannot say is told on stderr. `seaway docs pipeline` shows what may stand there.
    """
    from seaway.app import pipelines
    from seaway.config import loader

    module = pipelines.writer(options.system_name(to))
    pipeline = loader.load(path).pipeline
    if pipeline is None:
        raise UsageError(f"{path} has no `pipeline:`", hint="seaway docs pipeline")
    written = module.render(pipeline)
    click.echo(written.text, nl=not written.text.endswith("\n"))
    for loss in written.losses:
        console.say(f"{loss.kind.value}: {loss.construct}: {loss.why}" + (f" ({loss.fix})" if loss.fix else ""))


def _share(text: str) -> tuple[str, float]:
    job, _, share = text.rpartition("=")
    try:
        value = float(share.removesuffix("%")) / 100
    except ValueError:
        value = -1.0
    if not job or not 0 < value <= 1:
        raise UsageError(f"--cache {text}: not a job and a share", hint="for example: --cache test=40%")
    return job, value


def _count(text: str) -> tuple[str, int]:
    job, _, count = text.rpartition("=")
    if not job or not count.isdecimal() or not 2 <= int(count) <= 1000:
        raise UsageError(f"--shards {text}: not a job and a number from 2", hint="for example: --shards test=4")
    return job, int(count)
