"""`seaway logs`: the output of a service's instances, of every revision, also of instances that are gone."""

from __future__ import annotations

import click

from seaway.cli import console, naming
from seaway.cli.commands import Command
from seaway.errors import UsageError


@click.command(
    cls=Command,
    examples=(
        "seaway logs production",
        "seaway logs production --service shop -f",
        "seaway logs production -n -1 > all.log",
    ),
    short_help="Print the output of a service's instances.",
)
@click.argument("environment", shell_complete=naming.complete_environment)
@click.option("--service", "-s", default="", help="The service, where the environment has several.")
@click.option("--follow", "-f", is_flag=True, help="Go on with new lines until ^C.")
@click.option("--lines", "-n", default=20, show_default=True, help="Lines of each instance; -1 for all.")
def command(environment: str, service: str, follow: bool, lines: int) -> None:
    """Print what the instances of a service in ENVIRONMENT wrote, oldest instance first, each line with its instance."""
    from seaway.app import housekeeping
    from seaway.config.home import Home

    home = Home.find()
    if not service:
        known = housekeeping.services(home, environment)
        if len(known) > 1:
            raise UsageError(
                f"{environment} has several services: {', '.join(known)}", hint=f"add --service {known[0]}"
            )
        service = known[0] if known else ""
    paths = housekeeping.logs(home, environment, service)
    follower = housekeeping.Follower()
    follower.skip(paths)
    for path, line in housekeeping.tail(paths, lines):
        console.result(f"{path.name.removesuffix('.log')} | {line}")
    while follow:
        housekeeping.pause()
        for path, line in follower.fresh(housekeeping.logs(home, environment, service)):
            console.result(f"{path.name.removesuffix('.log')} | {line}")
