"""`seaway init`: a commented seaway.yaml from what is found in the folder."""

from __future__ import annotations

from pathlib import Path

import click

from seaway.cli import console
from seaway.cli.commands import Command
from seaway.errors import UsageError


@click.command(
    cls=Command,
    examples=("seaway init", "seaway init path/to/repository"),
    short_help="Write a commented seaway.yaml from what is in the folder.",
)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path())
@click.option("--force", is_flag=True, help="Replace a seaway.yaml that is there.")
def command(folder: Path, force: bool) -> None:
    """Look at FOLDER (here by default) and write a seaway.yaml that says what was found and what to check."""
    from seaway.config import discover

    path = folder / "seaway.yaml"
    if path.exists() and not force:
        raise UsageError(f"{path} exists already", hint="seaway init --force replaces it")
    text = discover.render(folder)
    path.write_text(text, encoding="utf-8")
    console.result(str(path))
    console.say("next: read it (the command is the one thing that must be right), then: seaway plan production")
