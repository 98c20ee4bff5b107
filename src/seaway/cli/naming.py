"""How people name a rollout: by id, by the end of it, by environment, by environment/service, or not at all. Used by every command that takes ROLLOUT."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from seaway.errors import NotFound

if TYPE_CHECKING:
    from seaway.app.client import Client

Json = dict[str, Any]


def find(client: Client, name: str | None) -> Json:
    """The document of the rollout that `name` means; the newest where it means several. Raises NotFound with what there is."""
    documents = client.documents()
    found = [document for document in documents if _means(name, document)]
    active = [document for document in found if document["state"] not in _ENDED]
    if found:
        return (active or found)[0]
    if not documents:
        raise NotFound("there is no rollout yet", hint="seaway deploy ENV")
    raise NotFound(f"no rollout is named {name!r}", hint="seaway rollout list")


_ENDED = frozenset({"succeeded", "rolled_back", "failed", "superseded"})


def _means(name: str | None, document: Json) -> bool:
    if not name:
        return True
    place = f"{document['environment']}/{document['service']}"
    return name in (document["id"], document["environment"], place) or document["id"].endswith(f"-{name}")


def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Rollouts that exist, newest first, with their state; nothing when no control plane answers."""
    from seaway.app.client import Client
    from seaway.config.home import Home

    with contextlib.suppress(Exception), Client(Home.find(), answer=1.0) as client:
        return [
            CompletionItem(
                document["id"], help=f"{document['service']} to {document['environment']}, {document['state']}"
            )
            for document in client.documents()
            if document["id"].startswith(incomplete)
        ]
    return []


def complete_environment(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Environments of the seaway.yaml that the command would read."""
    from seaway.app import planning

    with contextlib.suppress(Exception):
        names = planning.environments(context.params.get("path"))
        return [name for name in names if name.startswith(incomplete)]
    return []


def complete_service(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Services of the seaway.yaml that the command would read."""
    from seaway.app import planning

    with contextlib.suppress(Exception):
        names = planning.services(context.params.get("path"))
        return [name for name in names if name.startswith(incomplete)]
    return []
