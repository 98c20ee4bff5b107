"""SAF-32: what runs is named by a tag that moves. Run by `assess.examine`.

Two pods of one Deployment can then run two programs, and a rollback to the same manifest brings back nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.images import ImageName, named
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.compose import Service
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.infrastructure.kustomize import Kustomization
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import get, string
from seaway.model.finding import Impact, Persona, Severity

_MOVING = frozenset(
    [
        "latest",
        "main",
        "master",
        "trunk",
        "head",
        "develop",
        "dev",
        "nightly",
        "edge",
        "canary",
        "stable",
        "current",
        "rolling",
        "snapshot",
        "staging",
        "prod",
        "production",
        "release",
    ]
)
_SETS = re.compile(r"\bset image\s|\bset-image\b|\bskaffold\b|\benvsubst\b|\bkbld\b|\bko (?:apply|resolve)\b")


def survey(estate: Estate) -> list[Hit] | None:
    """Images of workloads without a tag, with `latest` or with another tag that is a place and no version (`main`, `stable`), unless a
    kustomization or a pipeline puts the version in; in compose files those for production, the others for an auditor.
    """
    found: list[Hit] = []
    workloads, services = clusters.workloads(estate), [one for one in estate.all(Service) if one.image]
    put = _put_in(estate)
    setting = [script.text for _, script in estate.scripts if _SETS.search(script.text)]
    by_skaffold = any(path.endswith("skaffold.yaml") for path in estate.files)
    for one in workloads:
        found += _workload(estate, one, put, None if by_skaffold else setting)
    for service in services:
        found += _service(estate, service)
    return found if workloads or services else None


def _put_in(estate: Estate) -> frozenset[str]:
    """Images whose tag a kustomization sets."""
    entries = (entry for one in estate.all(Kustomization) for entry in yaml.sequence(get(one.node, "images")))
    return frozenset(string(get(entry, "name")) for entry in entries)


def _workload(estate: Estate, one: Object, put: frozenset[str], setting: list[str] | None) -> Iterator[Hit]:
    """`setting`: scripts that put versions in, None where that is done for all images."""
    for container in one.all_containers:
        node = get(container, "image")
        image = named(string(node))
        if image is None or image.digest or (not one.made_by and _bare(string(node)) in put):
            continue
        if image.tag.lower() in {"", *_MOVING}:
            later = not image.tag and (setting is None or any(image.base in text for text in setting))
            who = Persona.AUDITOR if later else clusters.persona(one)
            if string(get(container, "imagePullPolicy")) == "Never":
                who = Persona.AUDITOR
            words = f"{one.title} runs {string(node)}: {_why(image)}"
            yield clusters.hit(estate, one, node, words, string(node), persona=who)
        else:
            words = f"{one.title} runs {string(node)}: a tag without a digest can be pushed again"
            more = {"severity": Severity.LOW, "persona": Persona.AUDITOR}
            yield clusters.hit(estate, one, node, words, string(node), **more)


def _service(estate: Estate, service: Service) -> Iterator[Hit]:
    image = named(service.image)
    if image is None or image.digest or service.get("build") is not None or image.tag.lower() not in {"", *_MOVING}:
        return
    words = f"{service.name} runs {service.image}: {_why(image)}"
    place = estate.within(service.at(service.get("image")), "")
    yield Hit(place, words, (service.name, service.image), persona=clusters.deployed(service))


def _bare(text: str) -> str:
    head, slash, last = text.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def _why(image: ImageName) -> str:
    if not image.tag:
        return "without a tag it is whatever latest means when a node pulls it"
    return f"the tag {image.tag} is whatever was pushed last when a node pulls it"


RULE = Rule(
    id="mutable-image-tag",
    number="SAF-32",
    title="What runs is named by a tag that moves",
    why="Nobody can say what is running, pods of one release differ, and going back to the same manifest brings back nothing.",
    advice="Name the digest (image@sha256:...), or at least a version that is never pushed twice.",
    severity=Severity.HIGH,
    confidence=0.95,
    impact=Impact("recovery"),
    effort="S",
    refs=("Kubernetes: images, tags and digests", "SLSA: distributing provenance", "NIST SSDF PS.3.1"),
    kinds=frozenset({Kind.KUBERNETES, Kind.COMPOSE}),
    survey=survey,
)
