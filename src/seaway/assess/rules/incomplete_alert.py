"""OBS-70: an alert that cannot be routed by its severity, or that tells its reader nothing. Run by `assess.examine`."""

from __future__ import annotations

from collections.abc import Iterator

from seaway.assess import monitoring, promql
from seaway.assess.aside import quietly
from seaway.assess.estate import Estate, Kind
from seaway.assess.promql import Is
from seaway.assess.rule import Hit, Rule
from seaway.formats.monitoring.prometheus.files import MonitoringRule
from seaway.model.finding import Impact, Persona, Severity

_SEVERITY = frozenset({"severity", "priority", "level", "urgency", "page", "sev"})
_OWNER = frozenset({"team", "owner", "squad", "service", "routing_key", "component"})
_TELLS = frozenset({"summary", "description", "message", "title", "text", "info"})
_RUNBOOK = frozenset({"runbook_url", "runbook", "runbook_link", "playbook", "dashboard", "dashboard_url"})
_FLAPS = frozenset({"up", "probe_success"})


def survey(estate: Estate) -> list[Hit] | None:
    """Alerts without a severity, without any words for their reader, or that a single lost measurement sets off (`up == 0` with no `for`).
    An auditor is also shown those without an owner, a runbook or a `for`.
    """
    alerts = [one for one in monitoring.rules(estate, every=True) if one.alert]
    found = []
    for one in alerts:
        lacks = list(_lacks(one))
        if lacks:
            words = f"{one.alert} has {' and '.join(lacks)}"
            found.append(Hit(one.place, words, (one.alert,)))
        wishes = list(_wishes(one))
        if wishes:
            words = f"{one.alert} names {' and '.join(wishes)}"
            found.append(Hit(one.place, words, (one.alert, "more"), Severity.LOW, 0.7, Persona.AUDITOR))
    return quietly(found) if alerts else None


def _lacks(one: MonitoringRule) -> Iterator[str]:
    if not _SEVERITY & one.labels.keys():
        yield "no severity, by which it could be routed"
    if not _TELLS & one.annotations.keys() and not _RUNBOOK & one.annotations.keys():
        yield "no summary, so whoever is called has to read the expression"
    if _flaps(one):
        yield "no `for`, so one lost measurement sets it off"


def _flaps(one: MonitoringRule) -> bool:
    if one.get("for") is not None or one.get("keep_firing_for") is not None:
        return False
    part = promql.parse(one.expression).part
    if part is None or part.kind is not Is.BINARY or part.name not in {"==", "<", "!="}:
        return False
    left, right = part.inner
    return left.kind is Is.SERIES and left.window is None and left.name in _FLAPS and right.constant is not None


def _wishes(one: MonitoringRule) -> Iterator[str]:
    if not _OWNER & one.labels.keys():
        yield "no owner"
    if not _RUNBOOK & one.annotations.keys():
        yield "no runbook"
    if one.get("for") is None and not any(each.window for each in promql.parse(one.expression).parts):
        yield "no time that it must last (`for`)"


RULE = Rule(
    id="incomplete-alert",
    number="OBS-70",
    title="An alert that cannot be routed or understood",
    why="Whoever is woken does not know how bad it is or what to do, and alerts that come and go by themselves are soon ignored.",
    advice="A `severity` label, a `summary`, a `runbook_url`, and a `for` of at least two scrapes.",
    severity=Severity.LOW,
    confidence=0.85,
    impact=Impact("recovery"),
    effort="S",
    refs=("Prometheus: alerting practices", "Google SRE book: monitoring distributed systems"),
    kinds=frozenset({Kind.PROMETHEUS, Kind.KUBERNETES}),
    survey=survey,
)
