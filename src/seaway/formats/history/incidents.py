"""Incidents as JSON lines. Called by `app.dora` for `--incidents`.

`{"id","service","started","resolved"|null,"caused_by"|null}`; a line may also say the first bad signal (`impact`), when users were well
again (`mitigated`) the `version` on the alert, and who
saw it first (`seen_by`: `alert` or `person`). Other keys are let be.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seaway.formats.history import _lines
from seaway.model.delivery import Incident, Seen


def parse(data: bytes, path: str) -> list[Incident]:
    """Raises ConfigError with the place of every line that is wrong."""
    return _lines.read(data, path, _build, what="an incident")


def _build(data: dict[str, Any]) -> Incident:
    if "resolved" not in data:
        raise _lines.Misfit("resolved is missing; it is a time, or null while it goes on")
    found = Incident(
        _lines.text(data, "id"),
        _lines.text(data, "service"),
        _lines.moment(data, "started"),
        _lines.maybe(data, "resolved"),
        _lines.optional(data, "caused_by"),
        _lines.maybe(data, "impact"),
        _lines.maybe(data, "mitigated"),
        _lines.optional(data, "version"),
        "" if data.get("seen_by") is None else _lines.choice(data, "seen_by", Seen, " or ".join(Seen)).value,
    )
    if found.resolved is not None and found.resolved < found.started:
        raise _lines.Misfit("resolved is before started", "resolved")
    return found


def render(incidents: Iterable[Incident]) -> str:
    """JSON lines; `parse(render(x)) == x`."""
    return _lines.lines(
        {
            "id": each.id,
            "service": each.service,
            "started": _lines.written(each.started),
            "resolved": _lines.written(each.resolved),
            "caused_by": each.caused_by or None,
            **({"impact": _lines.written(each.impact)} if each.impact is not None else {}),
            **({"mitigated": _lines.written(each.mitigated)} if each.mitigated is not None else {}),
            **({"version": each.version} if each.version else {}),
            **({"seen_by": each.seen_by} if each.seen_by else {}),
        }
        for each in incidents
    )
