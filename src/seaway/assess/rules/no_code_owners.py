"""SEC-55: nobody has to be asked about a change of what deploys. Run by `assess.examine`.

Whether the branch asks for the owners' word is a setting of the server. So even where every path has an owner, the answer is unknown.
"""

from __future__ import annotations

from seaway.assess import shipping
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Answer, Hit, Rule, Unclear
from seaway.formats.infrastructure.code_owners import Owners
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import System

_PLACES = ("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_HOSTS = frozenset({System.GITHUB_ACTIONS, System.GITLAB_CI})
_INFRASTRUCTURE = frozenset({Kind.TERRAFORM, Kind.KUBERNETES, Kind.ANSIBLE})


def survey(estate: Estate) -> Answer:
    """Pipelines that ship, and folders of infrastructure, without an owner; for auditors, no CODEOWNERS at all."""
    shipped = shipping.shipments(estate) if estate.whole else []
    if not shipped:
        return None
    owners = next((one for place in _PLACES for one in estate.all(Owners) if one.path == place), None)
    if owners is None:
        if not any(case.system in _HOSTS for case in shipping.live(estate)):
            return Unclear("which server keeps this repository, and whom it asks about changes, no file says")
        first = next((one for one in shipped if one.case.system in _HOSTS), shipped[0])
        words = (
            f"whoever may push can change what `{first.shown}` ships: no CODEOWNERS names anybody who has to be asked"
        )
        return [Hit(first.span, words, ("",), persona=Persona.AUDITOR)]
    found = [*_pipelines(estate, owners), *_infrastructure(estate, owners)]
    return found or Unclear(
        "whether a change waits for the owners' word is a setting of the branch, which no file shows"
    )


def _pipelines(estate: Estate, owners: Owners) -> list[Hit]:
    paths = dict.fromkeys(one.case.pipeline.path for one in shipping.shipments(estate))
    return [
        Hit(
            estate.top(path),
            f"this pipeline ships, and {owners.path} names nobody who has to be asked about a change of it",
            (path,),
        )
        for path in paths
        if not owners.of(path)
    ]


def _infrastructure(estate: Estate, owners: Owners) -> list[Hit]:
    """One per folder."""
    found: dict[str, Hit] = {}
    for path in sorted(path for path, kind in estate.kinds.items() if kind in _INFRASTRUCTURE):
        folder = "/".join(path.split("/")[:-1][:2]) or "."
        if folder not in found and not owners.of(path) and path in estate.texts:
            words = f"{folder} holds infrastructure, and {owners.path} names nobody who has to be asked about a change of it"
            found[folder] = Hit(estate.top(path), words, (folder,))
    return list(found.values())


RULE = Rule(
    id="no-code-owners",
    number="SEC-55",
    title="Nobody has to be asked about a change of what deploys",
    why="A pipeline has every right that a deployment needs, so one careless or stolen commit to it is a way into production.",
    advice="CODEOWNERS for the pipelines and the infrastructure, and a branch that waits for the owners' review.",
    severity=Severity.LOW,
    confidence=0.85,
    impact=Impact("risk"),
    effort="S",
    refs=(
        "OpenSSF Scorecard: Branch-Protection",
        "OpenSSF Scorecard: Code-Review",
        "OWASP CI/CD: CICD-SEC-1",
        "NIST SSDF PO.5.1",
    ),
    kinds=frozenset({Kind.REPOSITORY}),
    survey=survey,
)
