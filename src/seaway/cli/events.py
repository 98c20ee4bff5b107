"""`seaway events`: the ledger as it grows, one CDEvent per line."""

from __future__ import annotations

import click

from seaway.cli import console, naming
from seaway.cli.commands import Command


@click.command(
    cls=Command,
    examples=("seaway events", "seaway events production --after 120"),
    short_help="Follow what happens, as CDEvents.",
)
@click.argument("rollout", required=False, shell_complete=naming.complete)
@click.option("--after", default=0, show_default=True, help="Begin behind this sequence number.")
def command(rollout: str | None, after: int) -> None:
    """Print events, one JSON document per line: those that exist, then new ones as they come, until ^C.

    With ROLLOUT only those of one rollout, until it has ended.
    """
    from seaway.app.client import Client
    from seaway.config.home import Home

    with Client(Home.find()) as client:
        name = naming.find(client, rollout)["id"] if rollout else ""
        while True:
            for item in client.events(name, after):
                if item is not None:
                    after, event = item
                    console.line(event)
                    if name and event["customData"]["seaway"]["event"] == "rollout.finished":
                        return
