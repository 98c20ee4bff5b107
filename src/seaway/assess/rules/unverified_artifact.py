"""ART-62: a job ships files that it fetched, and asks nothing about them. Run by `assess.examine`.

Files of the same run come over the system's own store, so they are for auditors. Those of another run or another pipeline may be
somebody else's, and so may those that a script takes out of a bucket and names again where it ships.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import shipping
from seaway.assess.rule import Case, Hit, Rule, Script
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import Artifact, Job, Opaque, Step, System, Use

_ASKS = re.compile(
    r"sha(?:256|512|1)?sum|shasum|checksum|cosign\s+verify|attestation\s+verify|slsa-verifier|gpg2?\s[^\n]{0,200}--verify|minisign\s+-V|notation\s+verify|signtool\s+verify|in-toto-verify"
    r"|verify-attestation|get-filehash|certutil\s+-hashfile|openssl\s+dgst|b2sum|verify",
    re.IGNORECASE,
)
_FOREIGN = ("action-download-artifact", "copyartifacts", "downloadbuildartifacts")
_TAKEN = re.compile(
    r"\b(?:aws\s+s3\s+(?:cp|sync|mv)|gsutil\s+(?:-m\s+)?(?:cp|rsync)|gcloud\s+storage\s+(?:cp|rsync))\s+(?:-\S+\s+){0,8}[\"']?(?:s3|gs)://(?P<source>[^\s\"']{1,300})[\"']?\s+(?:-\S+\s+){0,8}"
    r"[\"']?(?P<place>(?!s3://|gs://|-)[^\s\"']{1,300})|\bgh\s+run\s+download\b"
)
_NOT_SHIPPED = re.compile(
    r"kubeconfig|\.kube|\.env\b|credentials|secret|tfstate|tfvars|\.(?:pem|key|crt)\b", re.IGNORECASE
)
_OTHER_RUN = ("run-id", "runid", "buildid", "runversion", "repository", "workflow", "project")


def check(case: Case) -> list[Hit] | None:
    """Jobs that fetch files and ship, with no checksum, signature or attestation asked in between: by default files of another run, another
    pipeline or a bucket, for auditors also those of an earlier job of the same run.
    """
    sent: dict[str, str] = {}
    for one in shipping.shipments_of(case):
        sent[one.key[0]] = f"{sent.get(one.key[0], '')}\n{one.line}"
    found: list[Hit] = []
    asked = False
    for job in case.jobs:
        if job.id not in sent:
            continue
        hits = [*_said(case, job), *_taken(case, job, sent[job.id])]
        asked = asked or bool(hits)
        found += [] if _asks(case, job) else hits
    return found if asked else None


def _taken(case: Case, job: Job, sent: str) -> Iterator[Hit]:
    """Of a store that others write to, by a command; and what is shipped has that name."""
    for script in case.scripts:
        for line in script.lines if script.job is job else ():
            match = _TAKEN.search(line)
            if match and _is_shipped(match, sent):
                yield _taken_hit(case, script, job, match[0], line)


def _is_shipped(match: re.Match[str], sent: str) -> bool:
    if match["place"] is None:
        return True
    places = (match["place"], match["source"])
    if any(_NOT_SHIPPED.search(place) for place in places):
        return False
    name = next((last for place in places if (last := place.strip("/.").rpartition("/")[2].strip("*"))), "")
    return bool(name) and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", sent) is not None


def _taken_hit(case: Case, script: Script, job: Job, words: str, line: str) -> Hit:
    span = shipping.within_line(case, job, script.step, line, words)
    told = f"{job.id} ships files of another place as they come: no checksum, signature or attestation is asked"
    return Hit(span, told, (job.id, "taken", words), Severity.MEDIUM)


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
