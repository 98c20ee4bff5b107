"""`seaway doctor`: what is missing on this machine, and the command that mends it."""

from __future__ import annotations

from pathlib import Path

import click

from seaway.cli import console
from seaway.cli.commands import Command

_GLYPHS = {"good": "✔", "missing": "✖", "note": "◌"}


@click.command(
    cls=Command,
    examples=("seaway doctor", "seaway doctor --json"),
    short_help="Say what is missing on this machine and what mends it.",
)
@click.option("--file", "-f", "path", type=click.Path(path_type=Path), help="Look at the ports of this seaway.yaml.")
@click.option("--json", "as_json", is_flag=True, help="Print seaway.doctor/v1.")
def command(path: Path | None, as_json: bool) -> None:
    """Look at the platform, Envoy, the state folder, the disk, the ports and the control plane.

    Ends with 1 when something is missing.
    """
    from seaway.app import doctor

    checks = doctor.examine(path)
    if as_json:
        console.document({"format": "seaway.doctor/v1", "checks": [check.encoded() for check in checks]})
    else:
        for check in checks:
            console.result(f"{_GLYPHS[check.result]} {check.result:<8} {check.name:<14} {check.detail}")
            if check.fix:
                console.result(f"  {'':<8} {'':<14} → {check.fix}")
    if any(check.result == "missing" for check in checks):
        raise click.exceptions.Exit(1)
