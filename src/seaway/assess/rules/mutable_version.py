"""ART-59: a version that was released can be another one tomorrow. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import shipping
from seaway.assess.rule import Case, Hit, Rule
from seaway.assess.shipping import Shipment, What
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import System, TriggerKind

_WORDS = "latest|main|master|develop|dev|staging|nightly|edge|production|prod|snapshot"
_MOVING = re.compile(
    rf":(?P<tag>{_WORDS})(?![\w./:-])|(?P<set>\b(?:image\.tag|imageTag|tag)=[\"']?)(?P<tag2>{_WORDS})(?![\w./:-])"
)
_NAME = re.compile(r"[\w./:-]+\Z")
_DEVEL = re.compile(r"helm\b.*\s(--devel)\b")
_SNAPSHOT = re.compile(r"[\w./:-]*\d-SNAPSHOT\b")
_PUSHED = re.compile(r"\bpush\s+(?:-\S+\s+)*[\"']?([\w./:-]+)")
_FIXED = re.compile(r"v?\d+(?:\.\d+)*")
_CLOBBER = re.compile(r"gh\s+release\s+upload\b.*\s(--clobber)\b")
_MOVED = (
    "deploys whatever {} is at that moment: two instances may run different images, and a rollback brings the same name"
)


def check(case: Case) -> list[Hit] | None:
    """Deployments of a moving tag or a snapshot, pushes of one fixed version by every run, and releases whose files are replaced."""
    shipped = [one for one in shipping.shipments_of(case) if one.line]
    found = [hit for one in shipped for hit in _judged(case, one)]
    return found if shipped else None


def _judged(case: Case, one: Shipment) -> Iterator[Hit]:
    line = one.line
    if one.what is What.DEPLOYMENT:
        match = _MOVING.search(line)
        if match:
            tag = match["tag"] or match["tag2"]
            name = _NAME.search(line[: match.start()]) if match["tag"] else None
            words = line[name.start() if name else match.start() : match.end()]
            yield _hit(one, words.lstrip(":"), _MOVED.format(tag))
        unfinished = _DEVEL.search(line) or (_SNAPSHOT.search(line) if "-SNAPSHOT" in line else None)
        if unfinished:
            words = unfinished[unfinished.lastindex or 0]
            yield _hit(
                one,
                words,
                "deploys a version that is still being worked on: the same name is another program tomorrow",
            )
    elif one.what is What.IMAGE:
        pushed = _PUSHED.search(line)
        if pushed and _FIXED.fullmatch(pushed[1].rpartition(":")[2]) and ":" in pushed[1] and _by_every_push(case, one):
            yield _hit(one, pushed[1], "is overwritten by every run: one version stands for many images", Severity.LOW)
    elif clobbers := _CLOBBER.search(line):
        yield _hit(one, clobbers[1], "replaces files of a release that somebody may have checked already", Severity.LOW)


def _by_every_push(case: Case, one: Shipment) -> bool:
    """Commits to branches start it, and not only tags or people."""
    if one.job is None or one.job.manual or (one.job.condition is not None and "tag" in one.job.condition.text.lower()):
        return False
    pushes = [each for each in case.pipeline.triggers if each.kind is TriggerKind.PUSH]
    return any(each.branches.include or not each.tags.include for each in pushes) or not case.pipeline.triggers


def _hit(one: Shipment, words: str, what: str, severity: Severity | None = None) -> Hit:
    return Hit(one.at(words), f"`{words}` {what}", (one.key[0], words), severity)


RULE = Rule(
    id="mutable-version",
    number="ART-59",
    title="What a version stands for can change after it was released",
    why="What was tested under a name is not what runs under it, and going back to the name does not go back to the program.",
    advice="Deploy by digest, or by a tag that is written once (the commit); publish each version once, and snapshots only outside production.",
    severity=Severity.MEDIUM,
    confidence=0.85,
    impact=Impact("cfr"),
    effort="S",
    refs=("NIST SSDF PS.3.1", "SLSA 1.0: Build L1"),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
)
