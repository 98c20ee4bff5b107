"""SAF-29: after a deployment nobody asks whether it works. Run by `assess.examine`.

Only deployments whose command returns before anything was asked are judged. Any sign of a question in the pipeline, from the
deploying job on, counts; so does a job of another pipeline that is started after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import places, shipping
from seaway.assess.rule import MAX_LINE, Case, Hit, Rule, flat
from seaway.assess.shipping import Shipment, What
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Job, Opaque, Run, Step, System, Use

_JUDGED = re.compile(r"kubectl\b|helm\b|aws\s+ecs\b|az\s+(?:webapp|functionapp|containerapp)\b")
_TOOLS = (
    "terraform",
    "pulumi",
    "ansible",
    "cloudformation",
    "cdk",
    "sam ",
    "serverless",
    "sls",
    "fly",
    "kamal",
    "gcloud",
    "vercel",
    "netlify",
    "firebase",
    "cap ",
    "helmfile",
    "lambda",
    "google-github-actions",
)
_ASKS = re.compile(
    r"smoke|health|verif|rollout\s+status|\bwait\b|--wait\b|--atomic\b|--rollback-on-failure|e2e|end-to-end|playwright|cypress|newman|\bk6\b|postman"
    r"|services-stable|probe|synthetic|acceptance|argo\s+rollouts|lighthouse|\bping\b|sanity|post-?deploy|\bcheck|helm\s+test|pytest|npm\s+(?:run\s+)?test|monitor|\btest\b|argocd|locust|jmeter|gatling|selenium|robot\b",
    re.IGNORECASE,
)  # fmt: skip
_MOST = 20_000  # characters of a step that are looked at
_REQUEST = re.compile(r"\b(?:curl|wget|httpie?|Invoke-WebRequest|Invoke-RestMethod)\b", re.IGNORECASE)
_TELLS = re.compile(  # requests that bring something, or fetch a tool, and ask nothing of what was deployed
    r"\s(?:-X|--request)[ =]?[\"']?(?:POST|PUT|PATCH|DELETE)|\s(?:-d|--data\S*|--upload-file|-T|--json|-F|--form)[ =]|-Method\s+(?:Post|Put)|hooks?\.|webhook|slack|\.(?:tgz|zip|tar|deb|sh)\b"
    r"|/releases/|raw\.github|get\.|dl\.|download",
    re.IGNORECASE,
)


def check(case: Case) -> list[Hit] | None:
    """Deployments by kubectl, Helm, ECS or a platform's task, and nothing behind them that asks whether it works."""
    shipped = [one for one in shipping.shipments_of(case) if one.what is What.DEPLOYMENT and _is_judged(one)]
    if not shipped:
        return None
    last: dict[str, Shipment] = {one.key[0]: one for one in shipped}
    found = []
    for one in last.values():
        if one.job is None or _is_asked(case, one):
            continue
        words = f"nobody asks whether it works after `{one.shown}`: no request, no health check and no test follows in this pipeline"
        found.append(Hit(one.span, words, one.key))
    return found


def _is_judged(one: Shipment) -> bool:
    said = one.words.lower()
    return (not one.line or _JUDGED.search(said) is not None) and not said.startswith(_TOOLS)


def _is_asked(case: Case, one: Shipment) -> bool:
    """Something from the deployment on speaks of a question, or is another pipeline or the repository's own component."""
    early = places.before(case, one.job) if one.job else set()
    later = [job for job in case.jobs if job is not one.job and job.id not in early]
    if any(job.calls is not None for job in later):
        return True
    said = [f"{job.id} {flat(job.name)}" for job in later]
    said += [words for job, words in _following(case, one) if job is None or job.id not in early]
    text = "\n".join(said)
    return _ASKS.search(text) is not None or any(
        _REQUEST.search(line) and not _TELLS.search(line) for line in text.split("\n") if len(line) <= MAX_LINE
    )


def _following(case: Case, one: Shipment) -> Iterator[tuple[Job | None, str]]:
    """What steps of other jobs say, and those of its own from the deployment on; so also in other jobs that deploy."""
    shipped = [each for each in shipping.shipments_of(case) if each.what is What.DEPLOYMENT]
    first = {each.key[0]: each for each in reversed(shipped)}
    first[one.key[0]] = one
    begun: set[str] = set()
    for job, step in case.steps:
        name = job.id if job is not None else ""
        own = first.get(name)
        if own is not None and step is own.step:
            begun.add(name)
            yield job, _after(step, own)
        elif own is None or name in begun:
            yield job, _words(step)


def _after(step: Step, one: Shipment) -> str:
    """A deploying step from its deployment on; of a component, what it is given."""
    if isinstance(step.work, Use):
        return " ".join(f"{name} {value}" for name, value in shipping.inputs_of(step.work).items())
    text = flat(step.work.script)[:_MOST] if isinstance(step.work, Run) else ""
    return f"{step.name}\n{text[max(text.find(one.words), 0) :]}"


def _words(step: Step) -> str:
    work = step.work
    if isinstance(work, Run):
        return f"{step.name}\n{flat(work.script)[:_MOST]}"
    if isinstance(work, Use):
        own = "its own check" if work.ref.text.startswith(("./", "../")) else ""
        return f"{step.name} {work.ref.text} {own}"
    return work.text[:_MOST] if isinstance(work, Opaque) else ""


RULE = Rule(
    id="no-smoke-test",
    number="SAF-29",
    title="After a deployment nobody asks whether it works",
    why="The pipeline is green when the command returned; that the service does not start is found out by its users.",
    advice="One request to what was deployed, with the answer checked (`curl --fail --retry`), or the platform's own wait: it can then be taken back at once.",
    severity=Severity.MEDIUM,
    confidence=0.75,
    impact=Impact("cfr"),
    effort="S",
    refs=("DORA: deployment automation", "DORA: test automation"),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
)
