"""ART-62: a job ships files that it fetched, and asks nothing about them. Run by `assess.examine`.

Files of the same run come over the system's own store, so they are for auditors. Those of another run or another pipeline may be
somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import shipping
from seaway.assess.rule import Case, Hit, Rule
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import Artifact, Job, Opaque, Step, System, Use

_ASKS = re.compile(
    r"sha(?:256|512|1)?sum|shasum|checksum|cosign\s+verify|attestation\s+verify|slsa-verifier|gpg2?\s[^\n]{0,200}--verify|minisign\s+-V|notation\s+verify|signtool\s+verify|in-toto-verify"
    r"|verify-attestation|get-filehash|certutil\s+-hashfile|openssl\s+dgst|b2sum|verify",
    re.IGNORECASE,
)
_FOREIGN = ("action-download-artifact", "copyartifacts", "downloadbuildartifacts")
_OTHER_RUN = ("run-id", "runid", "buildid", "runversion", "repository", "workflow", "project")


def check(case: Case) -> list[Hit] | None:
    """Jobs that fetch files and ship, with no checksum, signature or attestation asked in between."""
    shipped = {one.key[0] for one in shipping.shipments_of(case)}
    jobs = [job for job in case.jobs if job.id in shipped and any(_fetches(step, job) for step in job.steps)]
    if not jobs:
        return None
    return [hit for job in jobs if not _asks(case, job) for hit in _said(case, job)]


def _asks(case: Case, job: Job) -> bool:
    used = " ".join(step.work.ref.text for step in job.steps if isinstance(step.work, Use))
    names = " ".join(step.name for step in job.steps)
    return _ASKS.search(f"{case.scripts_of(job)} {used} {names}") is not None


def _fetches(step: Step, job: Job) -> bool:
    """It says so itself: a deployment of Azure gets all files of its run unasked."""
    work = step.work
    if isinstance(work, Artifact):
        return work.direction == "down" and step.span is not None and step.span != job.span
    name = (
        work.ref.name.lower() if isinstance(work, Use) else work.text[:40].lower() if isinstance(work, Opaque) else ""
    )
    return any(one in name for one in _FOREIGN)


def _is_foreign(step: Step) -> bool:
    work = step.work
    if not isinstance(work, Artifact):
        return True
    inputs = {one.name.lower(): one.value for one in work.inputs}
    return any(inputs.get(name) for name in _OTHER_RUN) and inputs.get("source", "specific") != "current"


def _said(case: Case, job: Job) -> Iterator[Hit]:
    for step in job.steps:
        if _fetches(step, job):
            foreign = _is_foreign(step)
            where = "of another run" if foreign else "of an earlier job"
            words = f"{job.id} ships files {where} as they come: no checksum, signature or attestation is asked"
            span = case.within(step.span, "", job)
            yield Hit(
                span,
                words,
                (job.id, step.name or step.native),
                Severity.MEDIUM if foreign else None,
                persona=Persona.REGULAR if foreign else Persona.AUDITOR,
            )


RULE = Rule(
    id="unverified-artifact",
    number="ART-62",
    title="Files are shipped as they were fetched, with nothing asked about them",
    why="Whoever can write to the store between two jobs, or start the run that it takes the files of, decides what is released.",
    advice="Attest where it is built and verify where it is shipped (`gh attestation verify`, `cosign verify-blob`), or hand the checksum over as an output.",
    severity=Severity.LOW,
    confidence=0.8,
    impact=Impact("risk"),
    effort="M",
    refs=("SLSA 1.0: verifying artifacts", "OWASP CI/CD: CICD-SEC-9", "NIST SSDF PS.2.1"),
    systems=frozenset({System.GITHUB_ACTIONS, System.AZURE_PIPELINES, System.CIRCLECI, System.JENKINS}),
    check=check,
)
