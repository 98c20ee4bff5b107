"""`seaway deploy ENV`: starts a release and watches it. The rollout belongs to the control plane: leaving does not stop it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seaway.cli import console, naming, options, words
from seaway.cli.commands import Command
from seaway.errors import SeawayError, UsageError
from seaway.model.environment import Concurrency

if TYPE_CHECKING:
    from seaway.app.client import Client
    from seaway.config.home import Home
    from seaway.model.plan import Plan


@click.command(
    cls=Command,
    examples=(
        "seaway deploy production",
        "seaway deploy production --plan release.json",
        "seaway deploy staging --detach",
        "seaway deploy production --json | jq .context.type",
    ),
    short_help="Start a release and watch it.",
)
@click.argument("environment", shell_complete=naming.complete_environment)
@click.option(
    "--plan", "saved", type=click.Path(path_type=Path), help="Run exactly this saved plan, or refuse when it is stale."
)
@click.option(
    "--service", "-s", help="The service, where seaway.yaml has several.", shell_complete=naming.complete_service
)
@click.option(
    "--artifact", type=click.Path(path_type=Path), help="Folder or file to release instead of the one in seaway.yaml."
)
@options.file
@click.option("--detach", is_flag=True, help="Return once the rollout is admitted.")
@options.timeout
@click.option(
    "--take-over", is_flag=True, help="Stop the process that holds the port now; the plan says what that loses."
)
@click.option("--yes", "-y", is_flag=True, help="Supersede a running rollout without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print the rollout's events, one CDEvent per line.")
def command(  # noqa: PLR0917 - click passes options by name
    environment: str,
    saved: Path | None,
    service: str | None,
    artifact: Path | None,
    path: Path | None,
    detach: bool,
    timeout: timedelta | None,
    take_over: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Start a release to ENVIRONMENT and watch it; the exit code is the outcome.

    ^C leaves, it never stops the rollout. Without a terminal and without a running control plane (a CI job) the engine runs as
    part of this command, to the rollout's end.
    """
    from seaway.app import planning, serving
    from seaway.config.home import Home

    home = Home.find()
    alone = not console.person() and not serving.alive(home)
    if detach and alone:
        raise UsageError(
            "--detach needs a control plane that stays: without a terminal the engine would end with this command",
            hint="seaway serve --detach, or seaway serve --install, before it; or leave --detach out",
        )
    if saved is not None and (service or artifact or path):
        raise UsageError("--plan runs a saved plan as it is", hint="leave --service, --artifact and --file out")
    if saved is not None:
        made = planning.read(saved, environment=environment)
    else:
        made = planning.plan(environment, path=path, service=service or "", artifact=artifact, release=True)
    _announce(made, take_over=take_over)
    with _control_plane(home, alone=alone):
        raise click.exceptions.Exit(_run(home, made, detach=detach, timeout=timeout, as_json=as_json, yes=yes))


def _announce(made: Plan, *, take_over: bool) -> None:
    """What will change and where, before it changes; a question where something of somebody else's is lost."""
    from seaway.app import planning

    basis = made.basis or "nothing"
    console.say(f"{made.service} to {made.environment}: {made.candidate.id} replaces {basis}, by {made.strategy}")
    for warning in made.warnings:
        console.say(f"note: {warning}")
    foreign = planning.foreign(made)
    if foreign is not None:
        words = f"process {foreign.pid} ({foreign.command}) of {foreign.user} holds the port and will be stopped."
        console.say(words)
        console.confirm("Stop it?", "--take-over", answered=take_over)


@contextlib.contextmanager
def _control_plane(home: Home, *, alone: bool) -> Iterator[None]:
    from seaway.app import serving

    if alone:
        console.say("no control plane here and no terminal: the engine runs as part of this command")
        with serving.foreground(home):
            try:
                yield
            finally:
                _left_behind(home)
    else:
        serving.ensure(home)
        yield


def _left_behind(home: Home) -> None:
    """An engine that ends with its command leaves what has not ended where it is: that must not look like going on."""
    from seaway.app.client import Client

    with contextlib.suppress(SeawayError), Client(home) as client:
        if client.documents(active=True):
            console.say(
                "the engine ends with this command: weights stay as they are, and nothing decides until one runs"
            )
            console.say("next: seaway serve --detach")


def _holders(client: Client, made: Plan, *, yes: bool) -> None:
    """Who is on the way already, and what this release does to it; asked about only where somebody sits."""
    for document in client.documents(made.service, made.environment, active=True):
        console.say(f"on the way: {document['id']}, {words.state(document['state'])}; {_CONSEQUENCE[made.concurrency]}")
        if made.concurrency is Concurrency.SUPERSEDE and console.live() and not yes:
            click.confirm("Supersede it?", abort=True, err=True)


_CONSEQUENCE = {
    Concurrency.SUPERSEDE: "this release supersedes it",
    Concurrency.QUEUE: "this release waits for its end",
    Concurrency.REJECT: "this release will be refused",
}


def _run(home: Home, made: Plan, *, detach: bool, timeout: timedelta | None, as_json: bool, yes: bool) -> int:
    from seaway.app.client import Client
    from seaway.cli import watching

    with Client(home) as client:
        _holders(client, made, yes=yes)
        name = client.submit(made, key=uuid.uuid4().hex)
        if detach:
            if as_json:
                console.document(client.document(name))
            else:
                console.result(name)
                console.say(f"next: seaway rollout watch {name}")
            return 0
    return watching.follow(home, name, timeout=options.seconds(timeout), as_json=as_json)
