"""`seaway approve` and `seaway reject`: a gate, decided by a named person, bound to the plan and the digest that person saw."""

from __future__ import annotations

import click

from seaway.cli import console, naming
from seaway.cli.commands import Command


def _decide(rollout: str | None, comment: str, plan_hash: str, *, action: str) -> None:
    from seaway.app.client import Client
    from seaway.config.home import Home

    with Client(Home.find()) as client:
        document = naming.find(client, rollout)
        seen = plan_hash or document["plan_hash"]
        candidate = document["revisions"]["candidate"]
        console.say(f"{document['service']} to {document['environment']}: {candidate}, plan {seen[:12]}")
        client.act(document["id"], action, plan_hash=seen, comment=comment)
        console.result(f"{document['id']} {action}{'d' if action.endswith('e') else 'ed'}")


_rollout = click.argument("rollout", required=False, shell_complete=naming.complete)
_comment = click.option("--comment", "-m", default="", help="Why; it is kept with the decision.")
_plan = click.option("--plan-hash", default="", help="Decide only about this plan; another one is refused.")


@click.command(
    cls=Command,
    examples=("seaway approve production", 'seaway approve ro-06b3x1k9m-4fq7 -m "load test passed"'),
    short_help="Let a rollout pass its gate.",
)
@_rollout
@_comment
@_plan
def approve(rollout: str | None, comment: str, plan_hash: str) -> None:
    """Approve the plan of ROLLOUT, in your name. The decision is bound to the plan's hash and so to the artifact's digest."""
    _decide(rollout, comment, plan_hash, action="approve")


@click.command(
    cls=Command,
    examples=('seaway reject production -m "not before the weekend"',),
    short_help="Refuse a rollout at its gate.",
)
@_rollout
@_comment
@_plan
def reject(rollout: str | None, comment: str, plan_hash: str) -> None:
    """Reject the plan of ROLLOUT, in your name: it ends, and nothing was changed."""
    _decide(rollout, comment, plan_hash, action="reject")
