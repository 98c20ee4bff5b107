"""Faults between manifests: environments that drifted apart, policies that ask nobody, monitors that choose others. As `faults`.

Each has its look-alikes here as well, because those stand in the same files.
"""

from __future__ import annotations

import re
from random import Random

from bench.labelled import estate
from bench.labelled.decoys import decoy
from bench.labelled.draft import Draft, Label
from bench.labelled.faults import GITHUB, GITLAB, fault

_ONE = (GITHUB, GITLAB)
_VALUES = """\
replicaCount: {replicas}
image:
  repository: ghcr.io/acme/app
  tag: {tag}
readinessProbe:
  httpGet:
    path: /ready
    port: http
  periodSeconds: {seconds}
podSecurityContext:
  runAsNonRoot: true
ingress:
  host: {host}
"""
_POLICY = """\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: {name}
spec:
  rules:
    - name: {name}
      match:
        any:
          - resources:
              kinds: [Pod]
      {what}
"""
_LABELS = "validate:\n        pattern:\n          metadata:\n            labels:\n              team: '?*'"
_SIGNED = "verifyImages:\n        - imageReferences: ['ghcr.io/acme/*']"


def _environments(dice: Random) -> dict[str, str]:
    """Two that differ in what may differ."""
    folder = dice.choice(("chart", "deploy/chart", "helm/app"))
    rows = (("staging", 1, "main", 5, "staging.acme.example"), ("production", 4, "1.8.0", 10, "acme.example"))
    return {
        f"{folder}/values-{name}.yaml": _VALUES.format(replicas=count, tag=tag, seconds=seconds, host=host)
        for name, count, tag, seconds, host in rows
    }


@fault("environment-drift", *_ONE)
def drifted(draft: Draft, dice: Random) -> bool:
    files = _environments(dice)
    path = next(one for one in files if "production" in one)
    old, new = dice.choice(
        (
            ("acme/app", "acme/app-fast"),
            ("runAsNonRoot: true", "runAsNonRoot: false"),
            ("path: /ready", "path: /"),
        )
    )
    at = {"acme/app": "  repository: ", "path: /ready": "readinessProbe:", "runAsNonRoot: true": "podSecurityContext:"}
    lines = files[path].replace(old, new).split("\n")
    for number, line in enumerate(lines):
        if line.startswith(at[old]):
            lines[number] += " #@environment-drift"
    draft.files |= {**files, path: "\n".join(lines)}
    return True


@decoy(*_ONE)
def alike(draft: Draft, dice: Random) -> None:
    if not any("values-" in path for path in draft.files):
        draft.files |= _environments(dice)


@fault("no-admission-verification", *_ONE)
def nobody_asked(draft: Draft, dice: Random) -> bool:
    path = dice.choice(("cluster/policies.yaml", "policies/labels.yaml"))
    draft.files[path] = _POLICY.format(name="team", what=_LABELS)
    draft.labels.append(Label("no-admission-verification", path, 0))
    return True


@decoy(*_ONE)
def somebody_asked(draft: Draft, dice: Random) -> None:
    if not any("kyverno.io" in text for text in draft.files.values()):
        both = [_POLICY.format(name="team", what=_LABELS), _POLICY.format(name="signed", what=_SIGNED)]
        dice.shuffle(both)
        draft.files["cluster/signed.yaml"] = "---\n".join(both)


@fault("not-scraped", *_ONE)
def others_are_watched(draft: Draft, dice: Random) -> bool:
    """The monitor beside the workload chooses another's service, as after a new name."""
    before, kind, after = draft.files.get(estate.WORKLOAD, "").partition("kind: ServiceMonitor\n")
    if not kind:
        return False
    other = dice.choice(("another", "legacy", "template"))
    draft.files[estate.WORKLOAD] = (
        before + kind + re.sub(r"^      app: .*$", f"      app: {other}", after, flags=re.MULTILINE)
    )
    draft.labels.append(Label("not-scraped", estate.WORKLOAD, 0))
    return True
