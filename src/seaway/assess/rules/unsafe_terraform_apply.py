"""SAF-34: infrastructure is changed without a plan that somebody saw, without a lock, or with nothing that protects its data.

Run by `assess.examine`. Environments for a test or a preview may come and go as they like.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from seaway.assess.aside import quietly
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Case, Hit, Rule, Script, flat
from seaway.assess.shipping import inputs_of, within_line
from seaway.formats.infrastructure.terraform import Block
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import Job, TriggerKind, Use

_APPLY = re.compile(
    r"\b(?:terraform|tofu|terragrunt)\b(?P<before>(?:\s+[-\w./=$\"'{}]+){0,6}?)\s+apply\b(?P<rest>[^\n;&|]*)"
)
_VALUED = frozenset(
    ["-var", "-var-file", "-target", "-replace", "-lock-timeout", "-parallelism", "-state", "-state-out", "-backup"]
)
_PASSING = re.compile(
    r"(?:^|[^a-z])(?:preview|review|ephemeral|test|tests|testing|e2e|dev|develop|sandbox|integration|staging|stage|pr|ci|smoke|demo)(?:[^a-z]|$)"
)
_APPLIERS = frozenset({"dflook/terraform-apply", "dflook/tofu-apply"})
_PROTECTED = {
    "aws_db_instance": "deletion_protection",
    "aws_rds_cluster": "deletion_protection",
    "aws_docdb_cluster": "deletion_protection",
    "aws_neptune_cluster": "deletion_protection",
    "google_sql_database_instance": "deletion_protection",
}
_ON_BY_DEFAULT = frozenset({"google_sql_database_instance"})


def survey(estate: Estate) -> list[Hit] | None:
    """`apply -auto-approve` in a pipeline without a saved plan, or with the lock switched off; a state in S3 or behind HTTP without a lock; databases that
    `destroy` deletes with all they hold. An auditor is also shown databases whose last snapshot is all that would be left.
    """
    blocks = estate.all(Block)
    applied = [
        (case, script) for case, script in estate.scripts if "apply" in script.text and _APPLY.search(script.text)
    ]
    found = [hit for case, script in applied for hit in _applied(case, script)]
    found += [hit for case in estate.cases for hit in _by_component(case)]
    partial = any("-backend-config" in script.text for _, script in estate.scripts)
    for block in blocks:
        if block.kind == "terraform":
            for backend in block.inner("backend"):
                found += _unlocked(backend, partial=partial, applied=bool(applied))
        elif block.kind == "resource" and block.labels and block.labels[0] in _PROTECTED:
            found += _unprotected(block)
    return quietly(found) if blocks or applied else None


def _may_pass(case: Case, job: Job | None) -> bool:
    """What the job makes is for a test or a preview, or the pipeline serves pull requests alone."""
    named = f"{job.id} {flat(job.environment.name) if job.environment else ''}".lower() if job is not None else ""
    if _PASSING.search(named):
        return True
    return bool(case.pipeline.triggers) and all(one.kind is TriggerKind.PULL_REQUEST for one in case.pipeline.triggers)


def _by_component(case: Case) -> Iterator[Hit]:
    """Actions that apply, which are told to make a plan of their own."""
    for job, step in case.steps:
        if not isinstance(step.work, Use) or step.work.ref.name.lower() not in _APPLIERS or step.span is None:
            continue
        if inputs_of(step.work).get("auto_approve") == "true" and not _may_pass(case, job):
            name = step.work.ref.name
            words = f"{name} plans again and applies what nobody saw: auto_approve is on"
            yield Hit(case.within(step.span, "auto_approve", job), words, (job.id if job else "", name))


def _applied(case: Case, script: Script) -> Iterator[Hit]:
    job = script.job
    if _may_pass(case, job) or "destroy" in (case.scripts_of(job) if job else script.text):
        return
    for line in script.lines:
        match = _APPLY.search(line) if "apply" in line else None
        if match is None:
            continue
        words, rest = match[0].strip(), match["rest"]
        span = within_line(case, job, script.step, line, words)
        if "-lock=false" in rest:
            said = f"`{_short(words)}` changes infrastructure without the lock, so two runs can write one state"
            yield Hit(span, said, (*script.place, "no lock"), Severity.HIGH)
        elif _auto(words) and not _plan(rest):
            said = f"`{_short(words)}` plans again and applies what nobody saw: it is given no saved plan"
            yield Hit(span, said, (*script.place, "no plan"))


def _auto(words: str) -> bool:
    return "-auto-approve" in words and "-auto-approve=false" not in words


def _plan(rest: str) -> str:
    """The saved plan that is applied, or whatever may be one; "" where there is none for sure."""
    try:
        tokens = shlex.split(rest.split(">", maxsplit=1)[0])
    except ValueError:
        return rest
    skip = False
    for token in tokens:
        if skip or token.startswith("-"):
            skip = not skip and "-" + token.lstrip("-") in _VALUED
        elif token not in {"2", "\\", "}", ")", "fi"}:
            return token
    return ""


def _unlocked(backend: Block, *, partial: bool, applied: bool) -> Iterator[Hit]:
    kind = backend.labels[0] if backend.labels else ""
    if kind == "s3" and not partial and {"bucket", "key"} <= backend.values.keys():
        locks = "dynamodb_table" in backend.values or backend.literal("use_lockfile") not in {"", "false"}
        if not locks:
            words = "the state in S3 has no lock, so two runs can write it at once: neither use_lockfile nor dynamodb_table is set"
            yield Hit(backend.head, words, ("backend", kind), Severity.HIGH, 0.95)
    elif kind == "http" and not partial and "address" in backend.values and "lock_address" not in backend.values:
        words = "the state behind HTTP has no lock, so two runs can write it at once: lock_address is not set"
        yield Hit(backend.head, words, ("backend", kind), Severity.HIGH)
    elif kind == "local" and applied:
        words = "the state is a local file, and a pipeline applies: each run begins without knowing what is there"
        yield Hit(backend.head, words, ("backend", kind), Severity.HIGH)


def _unprotected(block: Block) -> Iterator[Hit]:
    kind, attribute = block.labels[0], _PROTECTED[block.labels[0]]
    given = block.literal(attribute)
    exposed = given == "false" or (given == "" and kind not in _ON_BY_DEFAULT)
    kept = any(inner.literal("prevent_destroy") == "true" for inner in block.inner("lifecycle"))
    if not exposed or kept or _PASSING.search(f"{block.path} {block.name}".lower().replace("_", " ")):
        return
    lost = block.literal("skip_final_snapshot") == "true" or kind in _ON_BY_DEFAULT
    if lost:
        words = f"{block.name} is deleted with all its data by one wrong plan: it has neither {attribute} nor prevent_destroy, and no last snapshot"
        yield Hit(block.head, words, (block.name,), confidence=0.85)
    else:
        words = f"{block.name} is deleted by one wrong plan: it has neither {attribute} nor prevent_destroy"
        yield Hit(block.head, words, (block.name,), Severity.LOW, 0.7, Persona.AUDITOR)


def _short(words: str) -> str:
    return words if len(words) <= 80 else words[:77] + "..."


RULE = Rule(
    id="unsafe-terraform-apply",
    number="SAF-34",
    title="Infrastructure is changed unseen, unlocked or unprotected",
    why="Between plan and apply the world changes, two runs corrupt one state, and a renamed database is a deleted one.",
    advice="`plan -out=FILE`, a look at it, `apply FILE`; a backend that locks; deletion protection on whatever holds data.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("cfr"),
    effort="M",
    refs=(
        "Terraform: running Terraform in automation",
        "Terraform: S3 backend, state locking",
        "DORA: deployment automation",
    ),
    kinds=frozenset({Kind.TERRAFORM}),
    survey=survey,
)
