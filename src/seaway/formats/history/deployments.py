"""Deployments as JSON lines. Called by `app.dora` for `--deployments`.

`{"id","service","environment","sha","started","finished","outcome":"succeeded|failed","kind":"deploy|rollback|hotfix"|null}`; a line may
also say its `region` and when its first user saw it (`exposed`). Other keys are let be.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seaway.formats.history import _lines
from seaway.model.delivery import Deployment, Kind, Outcome

_OUTCOMES = " or ".join(Outcome)
_KNOWN = {each.value: each for each in Outcome}
_KINDS = ", ".join(Kind) + " or null"


def parse(data: bytes, path: str) -> list[Deployment]:
    """Raises ConfigError with the place of every line that is wrong."""
    return _lines.read(data, path, _build, what="a deployment")


def _build(data: dict[str, Any]) -> Deployment:
    kind, outcome = data.get("kind"), _KNOWN.get(str(data.get("outcome")))
    found = Deployment(
        _lines.text(data, "id"),
        _lines.text(data, "service"),
        _lines.text(data, "environment"),
        _lines.sha(data),
        _lines.moment(data, "started"),
        _lines.moment(data, "finished"),
        outcome or _lines.choice(data, "outcome", Outcome, _OUTCOMES),
        None if kind is None else _lines.choice(data, "kind", Kind, _KINDS),
        _lines.optional(data, "region"),
        _lines.maybe(data, "exposed"),
    )
    if found.finished < found.started:
        raise _lines.Misfit("finished is before started", "finished")
    return found


def render(deployments: Iterable[Deployment]) -> str:
    """JSON lines; `parse(render(x)) == x` for deployments whose source is known."""
    return _lines.lines(
        {
            "id": each.id,
            "service": each.service,
            "environment": each.environment,
            "sha": each.sha,
            "started": _lines.written(each.started),
            "finished": _lines.written(each.finished),
            "outcome": each.outcome.value,
            "kind": each.kind.value if each.kind else None,
            **({"region": each.region} if each.region else {}),
            **({"exposed": _lines.written(each.exposed)} if each.exposed is not None else {}),
        }
        for each in deployments
    )
