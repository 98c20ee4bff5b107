"""SEC-50: a cluster checks much, and not who made what it runs. Run by `assess.examine`."""

from __future__ import annotations

from seaway.assess import clusters
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.kubernetes import Object
from seaway.formats.yaml import tree as yaml
from seaway.formats.yaml.tree import get
from seaway.model.finding import Impact, Persona, Severity

_POLICIES = frozenset({"ClusterPolicy", "Policy"})  # of Kyverno
_VERIFIES = frozenset(
    {"ClusterImagePolicy", "TrustRoot", "ImageValidatingPolicy", "ImageVerificationPolicy", "ImagePolicy", "Verifier"}
)
_SYNCS = frozenset({"Application", "ApplicationSet", "HelmRelease", "GitRepository", "OCIRepository"})
_GATEKEEPER = ("constraints.gatekeeper.sh/", "templates.gatekeeper.sh/")


def survey(estate: Estate) -> list[Hit] | None:
    """Policies of Kyverno or Gatekeeper, none of which verifies signatures of images (`verifyImages`, a ClusterImagePolicy, Ratify); for an
    auditor a repository of Argo CD or Flux without any policy. Elsewhere nothing is judged: the cluster's policies live in another repository.
    """
    objects = [one for one in estate.all(Object) if not clusters.is_aside(one)]
    policies = [one for one in objects if _is_policy(one)]
    syncs = [one for one in objects if one.kind in _SYNCS and ("argoproj.io" in one.api or "fluxcd.io" in one.api)]
    if not (policies or syncs) or not estate.whole:
        return None
    if any(_verifies(one) for one in objects):
        return []
    if policies:
        words = (
            f"{policies[0].title} and the other policies here ask nobody who made an image: none verifies signatures"
        )
        return [clusters.hit(estate, policies[0], policies[0].get("kind"), words, "verify")]
    words = "whatever the repository names is run: no policy here verifies the signature of an image"
    return [
        clusters.hit(estate, syncs[0], syncs[0].get("kind"), words, "verify", confidence=0.6, persona=Persona.AUDITOR)
    ]


def _is_policy(one: Object) -> bool:
    return (one.kind in _POLICIES and "kyverno.io" in one.api) or one.api.startswith(_GATEKEEPER)


def _verifies(one: Object) -> bool:
    if one.kind in _VERIFIES or "ratify" in one.kind.lower() or "ratify" in one.name.lower():
        return True
    if one.kind in {"OCIRepository", "HelmChart"} and one.get("spec", "verify") is not None:
        return True
    return any(get(rule, "verifyImages") is not None for rule in yaml.sequence(one.get("spec", "rules")))


RULE = Rule(
    id="no-admission-verification",
    number="SEC-50",
    title="The cluster does not ask who made what it runs",
    why="Whoever can push an image, or name one, runs it in production: signatures that nobody verifies protect nobody.",
    advice="A policy that verifies images at admission: Kyverno's verifyImages, Sigstore's policy controller, or Gatekeeper with Ratify.",
    severity=Severity.MEDIUM,
    confidence=0.8,
    impact=Impact("risk"),
    effort="M",
    refs=("SLSA: verifying artifacts", "NIST SSDF PS.2.1", "CIS Kubernetes Benchmark 5.5"),
    kinds=frozenset({Kind.KUBERNETES}),
    survey=survey,
)
