"""OBS-72: an alert that reaches nobody. Run by `assess.examine`.

A receiver without any integration is a usual way to drop what is not wanted; it is wrong where everything ends there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import monitoring
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.monitoring.alertmanager import Routing
from seaway.formats.yaml.tree import get, sequence, string
from seaway.model.finding import Impact, Persona, Severity

_MEANT = re.compile(
    r"null|empty|none|black-?hole|drop|noop|devnull|nobody"
)  # names of receivers that are to tell nobody
_LAPTOP = re.compile(r"(?:^|/)(?:dev|development|local|laptop)(?:/|$)")


def survey(estate: Estate) -> list[Hit] | None:
    """Routes of Alertmanager to a receiver that does not exist, a configuration in which no route tells anybody, and a Prometheus that
    evaluates the alerts of this repository and knows no Alertmanager. An auditor is also shown routes without any inhibition.
    """
    routings = monitoring.routings(estate)
    found = [hit for one in routings for hit in (*_unknown(one), *_silent(one), *_uninhibited(one))]
    alerts = any(one.alert for one in monitoring.rules(estate))
    servers = [one for one in monitoring.configurations(estate) if sequence(one.get("rule_files")) and alerts]
    servers = [one for one in servers if not _LAPTOP.search(one.path)]
    for server in servers:
        if not sequence(server.get("alerting", "alertmanagers")):
            words = "Prometheus evaluates alerts and sends them nowhere: no Alertmanager is configured under `alerting`"
            found.append(Hit(server.key("rule_files"), words, ("no alertmanager",), confidence=0.85))
    return found if routings or servers else None


def _unknown(one: Routing) -> Iterator[Hit]:
    known = {string(get(receiver, "name")) for receiver in one.receivers}
    for route in one.routes:
        name = string(get(route, "receiver"))
        if name and name not in known and "{{" not in name:
            words = f"alerts are routed to {name}, and there is no receiver of this name: the whole configuration is refused"
            yield Hit(one.at(get(route, "receiver")), words, ("unknown receiver", name))
    root = one.get("route")
    if get(root, "receiver") is None:
        words = "the root route has no receiver: the whole configuration is refused"
        yield Hit(one.key("route"), words, ("no root receiver",))


def _silent(one: Routing) -> Iterator[Hit]:
    used = {string(get(route, "receiver")) for route in one.routes} - {""}
    if used and used <= one.silent:
        words = f"every alert ends at {', '.join(sorted(used))}, which tells nobody"
        meant = len(one.routes) == 1 and _MEANT.search(min(used).lower()) is not None
        persona = Persona.AUDITOR if meant else Persona.REGULAR
        yield Hit(one.at(get(one.get("route"), "receiver")), words, ("silent",), confidence=0.9, persona=persona)


def _uninhibited(one: Routing) -> Iterator[Hit]:
    if len(one.routes) > 1 and not (sequence(one.get("inhibit_rules")) or sequence(one.get("inhibitRules"))):
        words = "no alert silences another: one broken host tells of itself as often as it has alerts"
        yield Hit(one.key("route"), words, ("no inhibition",), Severity.LOW, 0.6, Persona.AUDITOR)


RULE = Rule(
    id="alert-to-nobody",
    number="OBS-72",
    title="An alert that reaches nobody",
    why="It fires, and nobody hears of it before the customers say so.",
    advice="A receiver with an integration for the root route; `amtool check-config` before a change is merged.",
    severity=Severity.HIGH,
    confidence=0.95,
    impact=Impact("recovery"),
    effort="S",
    refs=("Prometheus: alerting configuration", "DORA: monitoring and observability"),
    kinds=frozenset({Kind.ALERTMANAGER, Kind.PROMETHEUS, Kind.KUBERNETES}),
    survey=survey,
)
