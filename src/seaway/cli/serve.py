"""`seaway serve`: the control plane in the foreground, in the background, for every boot, or ended."""

from __future__ import annotations

import os

import click

from seaway.cli import console
from seaway.cli.commands import Command
from seaway.errors import UsageError


@click.command(
    cls=Command,
    examples=("seaway serve --detach", "seaway serve --stop", "seaway serve --install"),
    short_help="Run, stop or install the control plane.",
)
@click.option("--detach", is_flag=True, help="Start it as its own session and return once it answers.")
@click.option("--stop", is_flag=True, help="End the running one. Services and proxies run on.")
@click.option("--install", is_flag=True, help="Write a user service that starts it at every boot.")
@click.option(
    "--take-over", is_flag=True, help="Replace a control plane that holds the lock and has given no sign for 15 s."
)
def command(detach: bool, stop: bool, install: bool, take_over: bool) -> None:
    """Run the control plane of the state folder.

    Commands that need one start it by themselves. What it manages does not need it: proxies and services run on without.
    """
    from seaway.app import serving
    from seaway.config.home import Home

    if sum((detach, stop, install)) > 1:
        raise UsageError("choose one of --detach, --stop and --install")
    home = Home.find()
    if stop:
        console.say("the control plane has ended" if serving.stop(home) else "no control plane is running")
    elif install:
        from seaway.cli import boot

        boot.install(home.root)
    elif detach:
        serving.ensure(home, take_over=take_over)
        console.say(f"the control plane answers on {home.control_socket}")
    else:
        console.say(f"control plane of {home.root}; ^C ends it, services and proxies run on")
        serving.serve(home, take_over=take_over, parent=int(os.environ.get("SEAWAY_PARENT", "0") or 0))
