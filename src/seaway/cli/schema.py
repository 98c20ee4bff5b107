"""`seaway schema`: the JSON Schema of seaway.yaml, for editors."""

from __future__ import annotations

import click

from seaway.cli import console
from seaway.cli.commands import Command


@click.command(
    cls=Command,
    examples=("seaway schema > seaway.schema.json",),
    short_help="Print the JSON Schema of seaway.yaml.",
)
def command() -> None:
    """Print the JSON Schema of seaway.yaml.

    With `# yaml-language-server: $schema=seaway.schema.json` as the first line of seaway.yaml an editor checks while you type.
    """
    from seaway.config import schema

    console.document(schema.json_schema())
