"""`seaway completion SHELL`: the script that completes commands, options and live names."""

from __future__ import annotations

import click

from seaway.cli import console
from seaway.cli.commands import Command


@click.command(
    cls=Command,
    examples=('eval "$(seaway completion bash)"', "seaway completion fish > ~/.config/fish/completions/seaway.fish"),
    short_help="Print the completion script of a shell.",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell; rollouts, environments and services are completed by what exists."""
    from click.shell_completion import get_completion_class

    from seaway.cli.main import seaway

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - the choice above lists what click knows
    console.result(found(seaway, {}, "seaway", "_SEAWAY_COMPLETE").source())
