"""Prints docs/reference/cli.md: the help text of every command, as the command itself prints it. Run by scripts/generate-docs."""

from __future__ import annotations

from collections.abc import Iterator

import click

from seaway.cli import main

_HEAD = """\
# Commands

What each command prints for `--help`, made from the code by `scripts/generate-docs`. Exit codes have [their own page](exit-codes.md).
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for path, command in _walk(main.seaway, ("seaway",)):
        context = click.Context(command, info_name=" ".join(path), terminal_width=100, max_content_width=100)
        heading = "#" * min(3, len(path) + 1)
        parts.append(f"{heading} {' '.join(path)}\n\n```\n{command.get_help(context).rstrip()}\n```\n")
    return "\n".join(parts)


def _walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path[-1])
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _walk(inner, (*path, name))


if __name__ == "__main__":
    print(page(), end="")
