"""`seaway pipeline`: look at a pipeline of any system, write one from seaway.yaml, simulate it. Found through `cli.commands`."""

from __future__ import annotations

from pathlib import Path

import click

from seaway.cli import commands, console, options
from seaway.cli.commands import Command


@click.group(
    name="pipeline",
    cls=commands.Family,
    purposes=(("Look", ("show",)),),
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
