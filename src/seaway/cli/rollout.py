"""`seaway rollout ...`: looks at rollouts and steers them. ROLLOUT is an id, an environment, environment/service, or left out for the newest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from seaway.cli import commands, console, naming, options, words
from seaway.cli.commands import Command


@click.group(
    name="rollout",
    cls=commands.Family,
    purposes=(
        ("Look", ("list", "show", "watch", "status", "why")),
        ("Steer", ("promote", "pause", "resume", "abort", "retry", "undo")),
    ),
    short_help="Look at rollouts and steer them.",
)
def group() -> None:
    """Look at rollouts and steer them.

    ROLLOUT is an id, an environment, environment/service, or left out: then the newest one, active ones first.
    """


_rollout = click.argument("rollout", required=False, shell_complete=naming.complete)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON with its format.")


@group.command("list", cls=Command, examples=("seaway rollout list", "seaway rollout list --active --json"))
@click.option("--environment", "-e", default="", help="Only of this environment.")
@click.option("--service", "-s", default="", help="Only of this service.")
@click.option("--active/--all", default=False, help="Only those that have not ended.")
@_json
def list_(environment: str, service: str, active: bool, as_json: bool) -> None:
    """List rollouts, newest first."""
    from seaway.app.client import Client
    from seaway.config.home import Home

    with Client(Home.find()) as client:
        documents = client.documents(service, environment, active=True if active else None)
    if as_json:
        console.document({"format": "seaway.rollouts/v1", "rollouts": documents})
        return
    now = datetime.now(UTC)
    rows = [
        (
            words.STATES[document["state"]][0],
            document["id"],
            f"{document['environment']}/{document['service']}",
            words.percent((document["weights"].get(document["revisions"]["candidate"]) or {}).get("verified")),
            words.between(document.get("created"), document.get("ended"), now),
            words.state(document["state"]),
        )
        for document in documents
    ]
    console.result(console.table(("", "ROLLOUT", "PLACE", "WEIGHT", "TIME", "STATE"), rows))


@group.command(cls=Command, examples=("seaway rollout show production", "seaway rollout show production --json"))
@_rollout
@_json
def show(rollout: str | None, as_json: bool) -> None:
    """Print a rollout: state, weights, steps, verdicts, what is waited for, losses."""
    from seaway.app.client import Client
    from seaway.cli import tree
    from seaway.config.home import Home

    with Client(Home.find()) as client:
        document = naming.find(client, rollout)
    if as_json:
        console.document(document)
    else:
        console.result(tree.text(tree.lines(document, datetime.now(UTC))))


@group.command(
    cls=Command,
    examples=("seaway rollout watch", "seaway rollout watch production --timeout 10m && notify-send shipped"),
)
@_rollout
@options.timeout
@click.option("--json", "as_json", is_flag=True, help="Print its events, one CDEvent per line.")
def watch(rollout: str | None, timeout: timedelta | None, as_json: bool) -> None:
    """Watch a rollout to its end; the exit code is the outcome. ^C leaves, the rollout goes on."""
    from seaway.app.client import Client
    from seaway.cli import watching
    from seaway.config.home import Home

    home = Home.find()
    with Client(home) as client:
        name = naming.find(client, rollout)["id"]
    raise click.exceptions.Exit(watching.follow(home, name, timeout=options.seconds(timeout), as_json=as_json))


@group.command(cls=Command, examples=("seaway rollout status production", "seaway rollout status --timeout 0"))
@_rollout
@options.timeout
@_json
def status(rollout: str | None, timeout: timedelta | None, as_json: bool) -> None:
    """Wait until a rollout rests (ended, or a person is needed) and end with its outcome as exit code.

    With --timeout 0 it says how things stand; 130 means that the rollout goes on.
    """
    from seaway.app.client import Client
    from seaway.cli import watching
    from seaway.config.home import Home

    home = Home.find()
    with Client(home) as client:
        name = naming.find(client, rollout)["id"]
        document = watching.wait(client, name, options.seconds(timeout), watching.resting)
    if as_json:
        console.document(document)
    else:
        console.result(f"{words.STATES[document['state']][0]} {name} {words.state(document['state'])}")
    raise click.exceptions.Exit(watching.code(document))


@group.command(cls=Command, examples=("seaway rollout why", "seaway rollout why production --json"))
@_rollout
@_json
def why(rollout: str | None, as_json: bool) -> None:
    """Print the chain of what is waited for: by whom, until when, and what happens then."""
    from seaway.app.client import Client
    from seaway.config.home import Home

    with Client(Home.find()) as client:
        name = naming.find(client, rollout)["id"]
        answer = client.why(name)
    if as_json:
        console.document(answer)
        return
    for line in answer["chain"]:
        console.result(line)


@group.command(cls=Command, examples=("seaway rollout promote production", "seaway rollout promote production --full"))
@_rollout
@click.option("--full", is_flag=True, help="Skip every remaining pause and analysis; guards stay on.")
def promote(rollout: str | None, full: bool) -> None:
    """End the current pause or hold and go on."""
    _act(rollout, "promote", "goes on" if not full else "goes on to 100 %, guards stay on", full=full)


@group.command(cls=Command, examples=("seaway rollout pause production",))
@_rollout
def pause(rollout: str | None) -> None:
    """Hold a rollout where it is, until somebody resumes it."""
    _act(rollout, "pause", "is asked to hold")


@group.command(cls=Command, examples=("seaway rollout resume production",))
@_rollout
def resume(rollout: str | None) -> None:
    """Leave a hold and go on where it was; after an abort, let queued and automatic releases start again."""
    _act(rollout, "resume", "goes on")


@group.command(cls=Command, examples=('seaway rollout abort production -m "customers complain"',))
@_rollout
@click.option("--reason", "-m", default="", help="Why; it is kept with the rollout.")
def abort(rollout: str | None, reason: str) -> None:
    """Bring all traffic back to the stable revision and end the rollout."""
    _act(rollout, "abort", "brings the traffic back", reason=reason)


@group.command(cls=Command, examples=("seaway rollout retry production",))
@_rollout
def retry(rollout: str | None) -> None:
    """Start a new rollout with the candidate of one that ended."""
    from seaway.app.client import Client
    from seaway.config.home import Home

    with Client(Home.find()) as client:
        document = naming.find(client, rollout)
        name = client.act(document["id"], "retry")["id"]
    console.result(name)
    console.say(f"next: seaway rollout watch {name}")


@group.command(
    cls=Command, examples=("seaway rollout undo production", "seaway rollout undo production --to shop-4f3a9c1e77b2")
)
@_rollout
@click.option("--to", default="", metavar="REVISION", help="A named earlier revision instead of the one before.")
@click.option("--detach", is_flag=True, help="Return once it is accepted.")
@options.timeout
def undo(rollout: str | None, to: str, detach: bool, timeout: timedelta | None) -> None:
    """Return to the revision before a rollout, code and configuration.

    While the rollout soaks the old revision is warm and this is one shift. Later it is a new rollout without pauses, which
    starts the old revision first.
    """
    from seaway.app.client import Client
    from seaway.cli import watching
    from seaway.config.home import Home

    home = Home.find()
    with Client(home) as client:
        document = naming.find(client, rollout)
        began = datetime.now(UTC)
        name = client.act(document["id"], "undo", to=to)["id"]
        if detach:
            console.result(name)
            console.say(f"next: seaway rollout watch {name}")
            return
        after = watching.wait(client, name, options.seconds(timeout), watching.returned)
    if not watching.returned(after):
        console.say(f"not yet verified\nnext: seaway rollout watch {name}")
        raise click.exceptions.Exit(watching.GOES_ON)
    took = words.span((datetime.now(UTC) - began).total_seconds())
    console.result(f"{watching.serving(after)} serves {after['environment']} at 100 %, verified after {took}")
    console.say(f"next: seaway rollout watch {name}")


def _act(rollout: str | None, action: str, says: str, **told: Any) -> None:
    from seaway.app.client import Client
    from seaway.config.home import Home

    with Client(Home.find()) as client:
        document = naming.find(client, rollout)
        name = document["id"]
        client.act(name, action, **told)
    console.result(f"{name} ({document['service']} to {document['environment']}) {says}")
    console.say(f"next: seaway rollout watch {name}")
