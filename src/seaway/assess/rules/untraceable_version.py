"""ART-58: an image's name leads back to no commit. Run by `assess.examine`.

A variable may hold anything, so only names of fixed words, of branches, dates and numbers of builds are judged, and only where
nothing else in the pipeline writes the commit down (a label, an argument, an attestation).
"""

from __future__ import annotations

import re

from seaway.assess import building, shipping
from seaway.assess.rule import OPEN, Case, Hit, Rule
from seaway.assess.shipping import Shipment, What
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import System, Use

_NAMED = re.compile(r"(?:\s|^)(?:-t|--tag|--destination|-d)[= ]\s*(\S+)")
_PUSHED = re.compile(r"\bpush\s+(?:-\S+\s+)*(\S+)")
_TAGGED = re.compile(r"\bdocker\s+(?:image\s+)?tag\s+\S+\s+(\S+)")
_WRITTEN = re.compile(
    r"image\.revision|vcs[-_.]ref|git[-_.]?(?:commit|sha|rev)|metadata-action|attest|--provenance(?!=false)|commit[-_]sha|--git-|\bsource[-_]?commit|build_vcs|rev-parse|git\s+describe"
    r"|--build-arg[= ]\S*(?:sha|commit|revision|version)",
    re.IGNORECASE,
)
_DATE = re.compile(r"\$\(date[^)]*\)|`date[^`]*`")
_COUNTED = re.compile(
    r"\$\{?\w*(?:BUILD_NUMBER|BUILD_ID|BUILDNUMBER|RUN_NUMBER|PIPELINE_IID|PIPELINE_ID|BUILD_NUM)\b\}?|\$\(Build\.BuildId\)|%build\.number%|\u27e6run\.(?:number|id)\u27e7",
    re.IGNORECASE,
)
_BRANCH = re.compile(
    r"\$\{?(?:CI_COMMIT_BRANCH|CI_COMMIT_REF_SLUG|CI_COMMIT_REF_NAME|BRANCH_NAME|GITHUB_REF_NAME|CIRCLE_BRANCH|GIT_BRANCH)\b\}?|\u27e6git\.(?:branch|ref_name)\u27e7"
)


def check(case: Case) -> list[Hit] | None:
    """Pushed images whose names are all of such words."""
    pushed = [
        one for one in shipping.shipments_of(case) if one.what is What.IMAGE and one.line and "docker" in one.words
    ]
    if not pushed or not any(one.image for one in building.builds(case)):
        return None
    text = _DATE.sub("<date>", "\n".join(script.text for script in case.scripts))
    named = [*_NAMED.findall(text), *_PUSHED.findall(text), *_TAGGED.findall(text)]
    if (
        not named
        or _WRITTEN.search(text)
        or any(isinstance(step.work, Use) and _WRITTEN.search(step.work.ref.text) for _, step in case.steps)
    ):
        return []
    kinds = [_kind(name) for name in named]
    if not all(kinds):
        return []
    counted = "a number of a build" in kinds
    return [_said(one, ", ".join(sorted(set(kinds))), counted) for one in _first(pushed)]


def _first(pushed: list[Shipment]) -> list[Shipment]:
    """One per job."""
    return list({one.key[0]: one for one in reversed(pushed)}.values())[::-1]


def _kind(name: str) -> str:
    """What the tag of this name is, "" where it may well be the commit."""
    name = name.strip("\"'")
    if name.startswith("-"):
        return "" if name != "-" else "nothing"
    name, counted = _COUNTED.subn("<count>", name)
    name, branched = _BRANCH.subn("<branch>", name)
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return "" if name.startswith(("$", OPEN, "%")) else "latest, as nobody says another"
    if "$" in tag or OPEN in tag or "%" in tag:
        return ""
    if counted and "<count>" in tag:
        return "a number of a build"
    if "<date>" in tag:
        return "a date"
    return "a branch" if branched and "<branch>" in tag else f"the fixed word {tag}" if head else ""


def _said(one: Shipment, what: str, counted: bool) -> Hit:
    words = f"`{one.shown}` publishes an image that leads back to no commit: its tag is {what}, and no label or attestation says more"
    return Hit(one.span, words, one.key, persona=Persona.AUDITOR if counted else Persona.REGULAR)


RULE = Rule(
    id="untraceable-version",
    number="ART-58",
    title="An image's name leads back to no commit",
    why="In an incident nobody knows which source runs, and what changed since the release before cannot be listed.",
    advice="A tag with the commit, and the label `org.opencontainers.image.revision` (docker/metadata-action writes both).",
    severity=Severity.MEDIUM,
    confidence=0.85,
    impact=Impact("recovery"),
    effort="S",
    refs=("OCI image specification: annotations", "SLSA 1.0: Build L1", "NIST SSDF PS.3.1"),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
)
