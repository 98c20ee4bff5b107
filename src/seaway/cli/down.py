"""`seaway down`: nothing of Seaway is left running. The history stays."""

from __future__ import annotations

import click

from seaway.cli import console
from seaway.cli.commands import Command


@click.command(
    cls=Command,
    examples=("seaway down", "seaway down --yes"),
    short_help="Stop everything that Seaway runs here.",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def command(yes: bool) -> None:
    """Stop the control plane, the proxies (drained first) and every instance of every environment of the state folder.

    Clients see refused connections afterwards. History, artifacts and placements stay; `deploy` starts again.
    """
    from seaway.app import housekeeping
    from seaway.config.home import Home

    home = Home.find()
    if console.live():
        console.confirm(f"Stop everything that runs from {home.root}?", "--yes", answered=yes)
    lines = list(housekeeping.down(home))
    for line in lines:
        console.result(line)
    console.say("nothing was running" if not lines else "nothing of Seaway runs here any more")
