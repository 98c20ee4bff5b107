"""Where words go: results to stdout, all else to stderr; and who is there to read them. Used by every command."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from seaway.errors import UsageError


def result(text: str) -> None:
    """What the command was asked for."""
    click.echo(text)


def say(text: str) -> None:
    """Progress, hints, anything that is not the result."""
    click.echo(text, err=True)


def document(data: Any) -> None:
    """A result as JSON with its `format`."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def line(data: Any) -> None:
    """One document of a sequence, on one line, at once."""
    click.echo(json.dumps(data, ensure_ascii=False, separators=(",", ":")))
    sys.stdout.flush()


def person() -> bool:
    """True when somebody sits at a terminal: questions may be asked, and ^C means them."""
    return sys.stdin.isatty() or sys.stderr.isatty()


def live() -> bool:
    """True when stderr is a terminal that can redraw."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in ("dumb", "")


def confirm(question: str, option: str, *, answered: bool) -> None:
    """Ask unless the option answered; without a terminal no question is asked, the error names the option.

    Raises UsageError for no terminal, click.Abort for no.
    """
    if answered:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(f"{question} That needs a yes, and there is no terminal to ask on", hint=f"add {option}")
    click.confirm(question, abort=True, err=True)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Aligned columns; put the widest free text last. Nothing is cut."""
    lines = [list(head), *[list(row) for row in rows]]
    widths = [max(len(row[column]) for row in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in lines
    )
