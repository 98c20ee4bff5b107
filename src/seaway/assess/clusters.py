"""What runs in a cluster, as far as rules have to know: workloads, which of them serve or are of production, what belongs together.

Asked by rules on Kubernetes objects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from seaway.assess.aside import aside
from seaway.assess.estate import Estate
from seaway.assess.images import named
from seaway.assess.rule import Hit
from seaway.formats.infrastructure.compose import Service
from seaway.formats.infrastructure.helm import Chart
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import Node, get, is_mapping, mapping, string
from seaway.model.finding import Persona, Severity

MAKING_PODS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout", "Job", "CronJob", "Pod"})
LONG_RUNNING = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Rollout"})
REPLICATED = frozenset({"Deployment", "StatefulSet", "Rollout"})
_PRODUCTION = re.compile(r"(?:^|[._/-])(?:prod|production|prd|live)(?:[._/-]|\Z)", re.IGNORECASE)
_DEPLOYED = re.compile(r"(?:^|[._/-])(?:prod|production|swarm|stack|deploy)(?:[._/-]|\Z)", re.IGNORECASE)
_MOST = 2_000  # objects of a kind that are compared with one workload
_STORES = re.compile(
    r"redis|valkey|memcached|postgres|mysql|mariadb|mongo|rabbitmq|kafka|zookeeper|elasticsearch|opensearch|cassandra|etcd|nats|minio|clickhouse"
    r"|influxdb|couchdb|neo4j|pulsar"
)
_METRICS = re.compile(r"metric|prom|monitor|health|probe|admin|debug|pprof", re.IGNORECASE)


def workloads(estate: Estate, kinds: frozenset[str] = MAKING_PODS) -> list[Object]:
    """What makes pods, of these kinds."""
    return [one for one in estate.all(Object) if one.kind in kinds and one.containers]


def serving(estate: Estate) -> list[Object]:
    """What runs for long, opens a port for more than its own metrics, and is chosen by a Service. Files as they stand may be a part
    of what there is: there one without any Service beside it counts as well; what a chart or an overlay makes is whole.

    Databases, caches and queues of others are left out: how many of them there may be, and what they tell, is not one's own choice.
    """
    made = estate.known.get("clusters.serving")
    if isinstance(made, list):
        return made
    found = [
        one
        for one in workloads(estate, LONG_RUNNING)
        if any(ports(container) for container in one.containers) and not is_store(one) and _is_chosen(estate, one)
    ]
    estate.known["clusters.serving"] = found
    return found


def is_store(one: Object) -> bool:
    """Its first container with a port is a database, a cache or a queue that everybody knows."""
    images = (named(string(get(container, "image"))) for container in one.containers if ports(container))
    return any(image is not None and _STORES.search(image.base) for image in images)


def _is_chosen(estate: Estate, one: Object) -> bool:
    known = estate.known.setdefault("clusters.services", {})
    assert isinstance(known, dict)  # noqa: S101 - only this function writes it
    key = (one.made_by, one.namespace)
    if key not in known:  # selectors by their first label
        known[key] = {}
        for service in together(estate, one, "Service"):
            if not _for_requests(service):
                continue
            pairs = [(name, string(value)) for name, value in mapping(service.get("spec", "selector")).items()]
            if pairs:
                known[key].setdefault(pairs[0], []).append(set(pairs))
    labels = one.pod_labels.items()
    if not known[key]:
        return not one.made_by
    return any(each <= labels for pair in labels for each in known[key].get(pair, ()))


def _for_requests(service: Object) -> bool:
    """It is for more than metrics: its name and the names of its ports say nothing else."""
    named_ports = [string(get(port, "name")) for port in yaml.sequence(service.get("spec", "ports"))]
    return not _METRICS.search(service.called or service.name) and not (
        named_ports and all(_METRICS.search(name) for name in named_ports)
    )


def chooses(service: Object, one: Object) -> bool:
    """A Service sends its requests to these pods."""
    chosen = service.get("spec", "selector")
    return bool(yaml.items(chosen)) and selects(chosen, one.pod_labels)


def ports(container: Node) -> list[Node]:
    """The ports of a container, without those that are called after metrics or health."""
    return [one for one in yaml.sequence(get(container, "ports")) if not _METRICS.search(string(get(one, "name")))]


def production(one: Object) -> bool:
    """Its files, its overlay, its values or its namespace are called after production."""
    return any(_PRODUCTION.search(words) for words in (one.made_by, one.namespace, one.path))


def is_aside(one: Object) -> bool:
    """It is for an example, a test or development."""
    return aside(one.path) or (bool(one.made_by) and (aside(one.made_by) or aside(f"{one.made_by}/")))


def persona(one: Object) -> Persona:
    """Who is shown what is wrong with it."""
    return Persona.AUDITOR if is_aside(one) else Persona.REGULAR


def by_default(estate: Estate, one: Object) -> bool:
    """A chart made it with nothing but its own values: what those leave open, whoever installs it says elsewhere."""
    return bool(one.made_by) and any((chart.folder or ".") == one.made_by for chart in estate.all(Chart))


def only_production(one: Object) -> Persona:
    """The same for what is worth stopping for in production only."""
    return Persona.REGULAR if production(one) and not is_aside(one) else Persona.AUDITOR


def deployed(service: Service) -> Persona:
    """Who is shown what matters only where a compose file is deployed: by its name, or because it says how."""
    by_name = _DEPLOYED.search(service.path) is not None
    return Persona.REGULAR if (by_name or service.get("deploy")) and not aside(service.path) else Persona.AUDITOR


def hit(estate: Estate, one: Object, node: Node | None, words: str, key: str, **more: object) -> Hit:
    """An observation at one of an object's nodes. `more`: severity, confidence, persona (else that of the object)."""
    severity, confidence, who = more.get("severity"), more.get("confidence"), more.get("persona")
    return Hit(
        estate.within(one.at(node), ""),
        words,
        (one.kind, one.called or one.name, key),
        severity if isinstance(severity, Severity) else None,
        confidence if isinstance(confidence, float) else None,
        who if isinstance(who, Persona) else persona(one),
    )


def together(estate: Estate, one: Object, *kinds: str) -> Iterator[Object]:
    """Objects of these kinds in the same rendering and namespace (one without a namespace is in any)."""
    index = _index(estate)
    for kind in kinds:
        for namespace in dict.fromkeys(("", one.namespace)) if one.namespace else index.get((kind, one.made_by), {}):
            yield from index.get((kind, one.made_by), {}).get(namespace, ())[:_MOST]


def _index(estate: Estate) -> dict[tuple[str, str], dict[str, list[Object]]]:
    """(kind, rendering) -> namespace -> objects; made once."""
    made = estate.known.get("clusters")
    if isinstance(made, dict):
        return made
    found: dict[tuple[str, str], dict[str, list[Object]]] = {}
    for one in estate.all(Object):
        found.setdefault((one.kind, one.made_by), {}).setdefault(one.namespace, []).append(one)
    estate.known["clusters"] = found
    return found


def scaler(estate: Estate, one: Object) -> Object | None:
    """What sets its number of replicas, or None."""
    for other in together(estate, one, "HorizontalPodAutoscaler", "ScaledObject"):
        if string(other.get("spec", "scaleTargetRef", "name")) == one.name:
            return other
    return None


def replicas(estate: Estate, one: Object) -> int | None:
    """How many of it there are at least, 1 where nobody says; None where that cannot be known."""
    by = scaler(estate, one)
    if by is not None:
        key = "minReplicas" if by.kind == "HorizontalPodAutoscaler" else "minReplicaCount"
        return (
            (yaml.integer(by.get("spec", key)) if by.get("spec", key) is not None else 1) if by.kind[0] == "H" else None
        )
    node = one.get("spec", "replicas")
    return 1 if node is None else yaml.integer(node)


def selects(selector: Node | None, labels: Mapping[str, str]) -> bool:
    """A label selector fits these labels; expressions count as fitting, because what they ask may be so."""
    wanted = get(selector, "matchLabels")
    if wanted is None and selector is not None and get(selector, "matchExpressions") is None and is_mapping(selector):
        wanted = selector if all(yaml.is_scalar(value) for _, _, value in yaml.items(selector)) else None
    return all(labels.get(name) == string(value) for name, _, value in yaml.items(wanted))


def environment(container: Node) -> Iterator[tuple[str, str, Node]]:
    """(name, value, place) of the variables with a value of a container."""
    for one in yaml.sequence(get(container, "env")):
        if get(one, "value") is not None:
            yield string(get(one, "name")), string(get(one, "value")), get(one, "value")


def name_of(container: Node) -> str:
    """What a message calls a container."""
    return string(get(container, "name")) or "its container"
