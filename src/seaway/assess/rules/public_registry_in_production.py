"""ART-64: production pulls from a public registry. Run by `assess.examine`.

A node pulls when it starts a pod: at three in the morning, when the registry is down, or has counted too many pulls.
"""

from __future__ import annotations

from collections.abc import Iterator

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.images import named
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml.tree import get, string
from seaway.model.finding import Impact, Severity

_PUBLIC = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})


def survey(estate: Estate) -> list[Hit] | None:
    """Images of production that come from Docker Hub, whose anonymous pulls are counted; once per workload. Whether nodes have a mirror no file says."""
    workloads = [one for one in clusters.workloads(estate) if clusters.production(one)]
    return [hit for one in workloads for hit in _workload(estate, one)] if workloads else None


def _workload(estate: Estate, one: Object) -> Iterator[Hit]:
    if get(one.pod, "imagePullSecrets") is not None:
        return  # an account of one's own: its pulls are not counted with everybody's
    for container in one.all_containers:
        node = get(container, "image")
        image = named(string(node))
        if image is not None and image.registry in _PUBLIC and (image.tag or image.digest or "/" in image.path):
            words = f"{one.title} pulls {string(node)} from Docker Hub whenever a node starts it"
            yield clusters.hit(estate, one, node, words, string(node))
            return


RULE = Rule(
    id="public-registry-in-production",
    number="ART-64",
    title="Production pulls straight from a public registry",
    why="A limit on pulls or an outage elsewhere stops new pods, and with them the rollback, on a day that nobody chose.",
    advice="Copy what production runs to a registry of your own, or pull through a cache.",
    severity=Severity.MEDIUM,
    confidence=0.8,
    impact=Impact("recovery"),
    effort="M",
    refs=("Docker Hub: pull usage and limits", "NIST SSDF PS.3.1"),
    kinds=frozenset({Kind.KUBERNETES}),
    survey=survey,
)
