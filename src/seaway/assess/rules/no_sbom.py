"""SEC-48: nobody can tell what is in what is published. Run by `assess.examine`."""

from __future__ import annotations

import re

from seaway.assess import shipping
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Answer, Hit, Rule
from seaway.assess.shipping import PUBLISHED, Shipment
from seaway.assess.signs import Signs
from seaway.model.finding import Impact, Persona, Severity

_SIGNS = Signs(r"sbom|cyclonedx|spdx|\bsyft\b|\bbom\b|bill.of.materials|dependency-?track|\bko (?:build|publish)\b")
_FILES = re.compile(r"sbom|(?:^|/)\.?syft\.ya?ml$|(?:^|/)bom\.(?:json|xml)$", re.IGNORECASE)


def survey(estate: Estate) -> Answer:
    """Repositories that publish images or packages, and whose pipelines speak of no list of components in any way."""
    return shipping.absent(estate, PUBLISHED, _SIGNS, _said, _FILES)


def _said(one: Shipment) -> Hit:
    words = f"`{one.shown}` publishes without a list of what is inside (an SBOM): nobody can tell later which releases hold a vulnerable part"
    return Hit(one.span, words, one.key, persona=Persona.AUDITOR)


RULE = Rule(
    id="no-sbom",
    number="SEC-48",
    title="What is published comes without a list of its parts",
    why="When a library turns out to be vulnerable, somebody has to take every release apart to find those that hold it.",
    advice="Let the build write one (syft, CycloneDX, `docker buildx build --sbom=true`) and attach it to what is published.",
    severity=Severity.LOW,
    confidence=0.8,
    impact=Impact("risk"),
    effort="S",
    refs=("OpenSSF Scorecard: SBOM", "NIST SSDF PS.3.2", "NTIA: the minimum elements for a software bill of materials"),
    kinds=frozenset({Kind.REPOSITORY}),
    survey=survey,
    auditor=True,
)
