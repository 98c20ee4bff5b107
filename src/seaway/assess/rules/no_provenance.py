"""SEC-49: nothing proves from which source, and by whom, what is published was built. Run by `assess.examine`.

The levels are those of the build track of SLSA 1.0: 1 = provenance exists, 2 = a hosted builder signs it, 3 = the jobs of a build
cannot reach its key. What a server does by itself (Tekton Chains, a registry that signs) no file shows.
"""

from __future__ import annotations

from seaway.assess import shipping
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Answer, Hit, Rule
from seaway.assess.shipping import PUBLISHED, Shipment
from seaway.assess.signs import Signs
from seaway.model.finding import Impact, Persona, Severity

_ISOLATED = Signs(r"slsa-framework/slsa-github-generator|\bwitness run\b|chains\.tekton\.dev")
_ATTESTED = Signs(
    r"attest-build-provenance|actions/attest\b|cosign attest|--provenance(?!=false)|attestations: ?[\"']?true|generate-provenance"
    r"|runner_generate_artifacts_metadata|\bin-toto|gcloud builds submit|sigstore/gh-action|provenance-path|attestation"
)
_TRUSTED = Signs(r"gh-action-pypi-publish|\bnpm publish\b|semantic-release|\buv publish\b")
_UNSIGNED = Signs(r"provenance: ?[\"']?(?:true|mode=)|docker/build-push-action")
_SIGNED = Signs(
    r"\bcosign\b|\bnotation sign|sigstore|gpg2?\s[^\n]{0,200}(?:--detach|--sign|-s\b|-b\b|--clearsign)|\bjarsigner\b|\bsigntool\b|\bminisign\b|dotnet nuget sign"
    r"|docker trust|docker_content_trust|rpmsign|dpkg-sig|helm package[^\n]{0,200}--sign|codesign|mvn[^\n]{0,200}gpg|signing"
)  # fmt: skip


def survey(estate: Estate) -> Answer:
    """Repositories that publish, and whose pipelines make no provenance that a hosted builder has signed."""
    shipped = shipping.shipments(estate, PUBLISHED) if estate.whole else []
    if not shipped:
        return None
    text = shipping.words(estate)
    level = _level(text)
    if level > 1:
        return []
    return shipping.closed(estate) or [_said(shipped[0], level, bool(_SIGNED.search(text)))]


def _level(text: str) -> int:
    """The SLSA build level that these pipelines can reach."""
    if _ISOLATED.search(text):
        return 3
    by_identity = "id-token: write" in text or "id_tokens:" in text
    if _ATTESTED.search(text) or (by_identity and _TRUSTED.search(text) and "password" not in text):
        return 2
    return 1 if _UNSIGNED.search(text) else 0


def _said(one: Shipment, level: int, signed: bool) -> Hit:
    if level:
        words = f"what `{one.shown}` publishes has provenance that nobody signed: SLSA build level 1 of 3, an estimate from the pipelines"
    elif signed:
        words = f"what `{one.shown}` publishes is signed, and nothing says what it was built from: SLSA build level 0 of 3, an estimate from the pipelines"
    else:
        words = f"nothing proves what `{one.shown}` publishes was built from: SLSA build level 0 of 3, an estimate from the pipelines"
    return Hit(one.span, words, one.key, Severity.LOW if level or signed else None, persona=Persona.AUDITOR)


RULE = Rule(
    id="no-provenance",
    number="SEC-49",
    title="Nothing proves where a release was built, and from what",
    why="Whoever gets hold of a registry's token publishes in the project's name, and nobody who installs it can see the difference.",
    advice="Attest in the pipeline (actions/attest-build-provenance, `npm publish --provenance`, cosign attest), and verify before it is deployed.",
    severity=Severity.MEDIUM,
    confidence=0.8,
    impact=Impact("risk"),
    effort="M",
    refs=("SLSA 1.0: Build L1 to L3", "OpenSSF Scorecard: Signed-Releases", "NIST SSDF PS.2.1", "NIST SSDF PS.3.2"),
    kinds=frozenset({Kind.REPOSITORY}),
    survey=survey,
    auditor=True,
)
