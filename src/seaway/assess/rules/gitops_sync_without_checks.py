"""SAF-36: a reconciler changes the cluster and does not look what came of it. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess.aside import quietly
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml.tree import get, is_true, sequence, string
from seaway.model.finding import Impact, Persona, Severity

_APPLICATIONS = {"Application": ("spec",), "ApplicationSet": ("spec", "template", "spec")}
_FLUX = "kustomize.toolkit.fluxcd.io/"
_PRODUCTION = re.compile(r"(?:^|[^a-z])(?:prod|production|live|prd)(?:[^a-z]|$)")


def survey(estate: Estate) -> list[Hit] | None:
    """Applications of Argo CD that prune by themselves, with neither selfHeal nor windows of their project, or that may prune everything (`allowEmpty`);
    Kustomizations of Flux that others depend on, or that are for production, with neither `wait` nor health checks. An auditor is also shown the other ones.
    """
    objects = estate.all(Object)
    applications = [one for one in objects if one.kind in _APPLICATIONS and one.api.startswith("argoproj.io/")]
    windows = {one.name for one in objects if one.kind == "AppProject" and sequence(one.get("spec", "syncWindows"))}
    flux = [one for one in objects if one.kind == "Kustomization" and one.api.startswith(_FLUX)]
    awaited = {string(get(each, "name")) for one in flux for each in sequence(one.get("spec", "dependsOn"))}
    found = [hit for one in applications for hit in _application(one, windows)]
    found += [hit for one in flux for hit in _kustomization(one, awaited)]
    return quietly(found) if applications or flux else None


def _application(one: Object, windows: set[str]) -> Iterator[Hit]:
    spec = one.get(*_APPLICATIONS[one.kind])
    automated = get(spec, "syncPolicy", "automated")
    prune = get(automated, "prune")
    if not is_true(prune) or is_true(get(automated, "enabled")) is False:
        return
    empty = get(automated, "allowEmpty")
    if is_true(empty):
        words = f"{one.name} removes all that it made when its source renders to nothing, as a wrong path does: allowEmpty is on"
        yield Hit(one.at(empty), words, (one.name, "empty"), Severity.HIGH)
    project = string(get(spec, "project"))
    if not is_true(get(automated, "selfHeal")) and project not in windows and "{{" not in project:
        words = f"{one.name} removes by itself and mends nothing: prune is on, selfHeal is not, and no window of its project says when"
        yield Hit(one.at(prune), words, (one.name, "prune"), confidence=0.8)


def _kustomization(one: Object, awaited: set[str]) -> Iterator[Hit]:
    if (
        is_true(one.get("spec", "wait"))
        or sequence(one.get("spec", "healthChecks"))
        or is_true(one.get("spec", "suspend"))
    ):
        return
    if one.path.endswith("gotk-sync.yaml"):
        return  # Flux writes this file itself
    place = one.at(one.get("metadata", "name"))
    if one.name in awaited:
        words = (
            f"others wait for {one.name}, which is ready as soon as it is applied: it has neither wait nor healthChecks"
        )
        yield Hit(place, words, (one.name,), Severity.MEDIUM)
    else:
        words = f"{one.name} is called ready as soon as it is applied, whether its pods start or not: it has neither wait nor healthChecks"
        production = _PRODUCTION.search(f"{one.path} {one.name} {string(one.get('spec', 'path'))}".lower())
        yield Hit(place, words, (one.name,), None, 0.8, Persona.REGULAR if production else Persona.AUDITOR)


RULE = Rule(
    id="gitops-sync-without-checks",
    number="SAF-36",
    title="A reconciler changes the cluster and does not look what came of it",
    why="A release that never starts is reported as done, and what depends on it goes on; a wrong path removes what was running.",
    advice="`wait: true` with a timeout in Flux; selfHeal and sync windows in Argo CD; `allowEmpty` off.",
    severity=Severity.LOW,
    confidence=0.9,
    impact=Impact("cfr"),
    effort="S",
    refs=(
        "Argo CD: automated sync policy",
        "Flux: Kustomization, health assessment",
        "OpenGitOps principles v1.0: continuously reconciled",
    ),
    kinds=frozenset({Kind.KUBERNETES}),
    survey=survey,
)
