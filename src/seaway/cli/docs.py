"""`seaway docs [SECTION]`: the annotated samples, which are the schema's help and the documentation page at once."""

from __future__ import annotations

import click

from seaway.cli import console
from seaway.cli.commands import Command


@click.command(
    cls=Command,
    examples=("seaway docs", "seaway docs strategy"),
    short_help="Print the annotated sample of a section of seaway.yaml.",
)
@click.argument("section", required=False)
def command(section: str | None) -> None:
    """Print the annotated, complete sample of a section of seaway.yaml; without a section, the list of them."""
    from seaway.config import docs

    if section is None:
        for name in docs.sections():
            console.result(name)
        console.say("next: seaway docs SECTION")
    else:
        console.result(docs.section(section).rstrip("\n"))
