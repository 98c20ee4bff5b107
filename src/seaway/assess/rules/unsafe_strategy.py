"""SAF-23: a roll-out takes away too much at once. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import get, integer, string
from seaway.model.finding import Impact, Severity

_PERCENT = re.compile(r"(\d{1,3})%\Z")
_HALF = 50


def survey(estate: Estate) -> list[Hit] | None:
    """Deployments that open a port and have the strategy `Recreate` without a volume that only one pod may hold, a `maxUnavailable` of half
    of the pods or more, or, in production, one replica.
    """
    serving = [one for one in clusters.serving(estate) if one.kind in clusters.REPLICATED]
    return [hit for one in serving for hit in _workload(estate, one)] if serving else None


def _workload(estate: Estate, one: Object) -> Iterator[Hit]:
    strategy = get(one.node, "spec", "strategy")
    kind = get(strategy, "type")
    claims = _claims(one)
    if string(kind) == "Recreate" and not claims:
        words = f"{one.title}: Recreate stops all pods before the first new one starts, so each release is an outage"
        yield clusters.hit(estate, one, kind, words, "recreate")
    count = clusters.replicas(estate, one)
    away = get(strategy, "rollingUpdate", "maxUnavailable")
    percent = _PERCENT.match(string(away))
    number = integer(away)
    share = int(percent[1]) if percent else 0
    if number is not None and count is not None and count > 1:
        share = 100 * number // count
    if share >= _HALF and (count is None or count > 1) and (percent is not None or share >= _HALF + 1):
        words = f"{one.title}: a release may take away {string(away)} of its pods at once (maxUnavailable)"
        yield clusters.hit(estate, one, away, words, "maxUnavailable")
    scaled = clusters.scaler(estate, one) is not None  # then its least number is what is wrong: no-resource-requests
    if count == 1 and not scaled and one.kind != "StatefulSet" and not claims and string(kind) != "Recreate":
        written = one.get("spec", "replicas")
        words = f"{one.title} has one replica: when its node goes, or is drained, nobody answers"
        who = clusters.only_production(one)
        yield clusters.hit(estate, one, written, words, "one", severity=Severity.MEDIUM, persona=who)


def _claims(one: Object) -> bool:
    volumes = yaml.sequence(get(one.pod, "volumes"))
    return any(get(volume, "persistentVolumeClaim") is not None for volume in volumes)


RULE = Rule(
    id="unsafe-strategy",
    number="SAF-23",
    title="A roll-out takes away too much at once",
    why="While a release goes out, what is left cannot carry the load; a broken one has already replaced most of what worked.",
    advice="RollingUpdate with maxUnavailable 0 and maxSurge 1, and two replicas or more.",
    severity=Severity.HIGH,
    confidence=0.9,
    impact=Impact("cfr"),
    effort="S",
    refs=("Kubernetes: Deployments, strategy", "DORA: continuous delivery"),
    kinds=frozenset({Kind.KUBERNETES}),
    survey=survey,
)
