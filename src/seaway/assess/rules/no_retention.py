"""ART-60: images are kept for ever. Run by `assess.examine`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from seaway.assess.aside import quietly
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Hit, Rule
from seaway.formats.infrastructure.terraform import Block
from seaway.model.finding import Impact, Severity

_REFERENCE = re.compile(r"aws_ecr_repository\.([\w-]+)")


def survey(estate: Estate) -> list[Hit] | None:
    """Repositories of Amazon ECR that no lifecycle policy names, and of Google's Artifact Registry without cleanup policies. Where a policy gets
    its repository from a variable or a module, nothing is said of its folder.
    """
    blocks = [one for one in estate.all(Block) if one.kind == "resource"]
    ecr = [one for one in blocks if one.labels[:1] == ("aws_ecr_repository",)]
    google = [one for one in blocks if one.labels[:1] == ("google_artifact_registry_repository",)]
    policies = [one for one in blocks if one.labels[:1] == ("aws_ecr_lifecycle_policy",)]
    covered = _Covered()
    for policy in policies:
        covered.add(policy)
    found = []
    for one in ecr:
        if not covered.may_hold(one):
            words = f"{one.name}: no lifecycle policy removes old images, so they are kept and paid for ever"
            found.append(Hit(one.head, words, (one.name,)))
    for one in google:
        if one.literal("mode") in {"", "STANDARD_REPOSITORY"} and not one.inner("cleanup_policies"):
            words = f"{one.name}: no cleanup policy removes old artifacts, so they are kept and paid for ever"
            found.append(Hit(one.head, words, (one.name,)))
    return quietly(found) if ecr or google else None


@dataclass(slots=True)
class _Covered:
    """Repositories that a policy names, as far as can be read. `anywhere`: a policy is for one of a module; `open`: folders with one that a variable decides."""

    anywhere: bool = False
    open: set[str] = field(default_factory=set)
    named: set[tuple[str, str]] = field(default_factory=set)  # folder, the block's or the repository's name

    def add(self, policy: Block) -> None:
        """A policy's repository."""
        folder, value = policy.path.rpartition("/")[0], policy.values.get("repository")
        if value is None or "module." in value.text:
            self.anywhere = True
            return
        names = _REFERENCE.findall(value.text) or [value.literal]
        self.named |= {(folder, name) for name in names if name}
        if None in names:
            self.open.add(folder)

    def may_hold(self, one: Block) -> bool:
        """Whether some policy is the repository's, or may be."""
        folder = one.path.rpartition("/")[0]
        own = {(folder, one.labels[-1]), (folder, one.literal("name") or "")}
        return self.anywhere or folder in self.open or bool(own & self.named)


RULE = Rule(
    id="no-retention",
    number="ART-60",
    title="Images are kept for ever",
    why="The bill grows with every build, and images with old faults stay one typing error away from production.",
    advice="A lifecycle policy that keeps what is deployed and the last releases, and removes the rest.",
    severity=Severity.LOW,
    confidence=0.9,
    impact=Impact("cost"),
    effort="S",
    refs=("AWS Security Hub: ECR.3",),
    kinds=frozenset({Kind.TERRAFORM}),
    survey=survey,
)
