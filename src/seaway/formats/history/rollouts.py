"""Rollouts of Seaway (`seaway rollout list --json`) -> deployments. Called by `app.dora` for `--rollouts`.

A rollout knows its revision, not the commit that it was built of: `revisions` tells those that are known. One that shifted traffic
and was taken back did reach users.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from seaway.errors import ConfigError, Problem
from seaway.formats.history import _lines
from seaway.model.delivery import Deployment, Kind, Outcome

_OUTCOMES = {"succeeded": Outcome.SUCCEEDED, "failed": Outcome.FAILED, "rolled_back": Outcome.FAILED}


def parse(data: bytes, path: str, revisions: Mapping[str, str]) -> list[Deployment]:
    """Those that have ended on their own; superseded and running ones are none. Raises ConfigError for another document."""
    try:
        document = json.loads(data)
        return build(_listed(document), revisions)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigError(
            [Problem(path, 1, 1, f"not seaway.rollouts/v1: {error}")], hint="seaway rollout list --json prints one"
        ) from None


def revisions(data: bytes, path: str) -> dict[str, str]:
    """`{"revision","sha"}` a line. Raises ConfigError with the place of every line that is wrong."""
    return dict(
        _lines.read(data, path, lambda line: (_lines.text(line, "revision"), _lines.sha(line)), what="a revision")
    )


def _listed(document: dict[str, Any]) -> list[dict[str, Any]]:
    if document["format"] != "seaway.rollouts/v1":
        raise ValueError(f"format is {document['format']!r}")
    found: list[dict[str, Any]] = document["rollouts"]
    return found


def build(rollouts: list[dict[str, Any]], revisions: Mapping[str, str]) -> list[Deployment]:
    """Documents as the control plane gives them. Raises KeyError or ValueError for what is none."""
    return list(_built(rollouts, revisions))


def _built(rollouts: list[dict[str, Any]], revisions: Mapping[str, str]) -> Iterator[Deployment]:
    for each in rollouts:
        if each["state"] not in _OUTCOMES or each["strategy"] == "scale":
            continue
        yield Deployment(
            each["id"],
            each["service"],
            each["environment"],
            revisions.get(each["revisions"]["candidate"], ""),
            _seconds(each["created"]),
            _seconds(each["ended"]),
            _OUTCOMES[each["state"]],
            Kind.ROLLBACK if each["undo"] else None,
            exposed=_exposed(each["steps"]),
        )


def _exposed(steps: list[dict[str, Any]]) -> float | None:
    """When traffic first went to the candidate: the first step that set a weight and began."""
    for step in steps:
        if step["kind"] in ("set_weight", "promote") and step["started"]:
            return _seconds(step["started"])
    return None


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
