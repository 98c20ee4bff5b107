"""SAF-28: a deployment that fails stays as it is. Run by `assess.examine`.

Only commands of Helm and kubectl are judged: most platforms' own deployments go back by themselves, or by a setting that no file
of the pipeline shows.
"""

from __future__ import annotations

import re

from seaway.assess import shipping
from seaway.assess.rule import Case, Edits, Hit, Rule
from seaway.assess.shipping import Shipment, What
from seaway.formats.yaml.patch import Edit
from seaway.model.finding import Impact, Persona, Severity
from seaway.model.pipeline import System, Use

_HELM = re.compile(r"helm\b.*\s(?:upgrade|install)\b")
_UPGRADE = re.compile(r"(?:\S+=\S+\s+)*helm\s[^\n]*?(?<!\S)upgrade(?!\S)")
_KUBECTL = re.compile(r"kubectl\b.*\s(?:set\s+image|rollout\s+restart|apply)\b")
_BACK = re.compile(
    r"--atomic\b|--rollback-on-failure\b|helm\s+rollback|rollout\s+undo|rollout\s+status|kubectl\s[^\n]*\bwait\b|argo\s+rollouts|flagger|kubectl-argo"
)
_FLAGS = re.compile(r"--(?:atomic|rollback-on-failure)\b(?!=false)|helm\s+rollback")


def check(case: Case) -> list[Hit] | None:
    """`helm upgrade` without `--atomic`, and kubectl's changes that nobody waits for, with no way back in the pipeline."""
    shipped = [one for one in shipping.shipments_of(case) if one.what is What.DEPLOYMENT and _tool(one)]
    if not shipped:
        return None
    texts: dict[str, str] = {}
    for script in case.scripts:
        name = script.job.id if script.job else ""
        texts[name] = f"{texts.get(name, '')}\n{script.text}"
    everything = "\n".join(texts.values())
    return [hit for one in shipped for hit in _judged(one, texts.get(one.key[0], ""), everything)]


def _tool(one: Shipment) -> str:
    if isinstance(one.step.work, Use):
        return "task" if one.step.work.ref.name.lower() == "helmdeploy" else ""
    return "helm" if _HELM.search(one.line) else "kubectl" if _KUBECTL.search(one.line) else ""


def _judged(one: Shipment, own: str, everything: str) -> list[Hit]:
    tool = _tool(one)
    if tool == "kubectl":
        if _BACK.search(own) or "rollout undo" in everything or "rollout status" in everything:
            return []
        words = f"nobody waits for what `{one.shown}` begins: a release that does not start stays there, and the pipeline is green"
        applied = "apply" in one.words
        persona = Persona.AUDITOR if applied else Persona.REGULAR
        return [Hit(one.span, words, one.key, confidence=0.6 if applied else None, persona=persona)]
    if isinstance(one.step.work, Use):
        given = shipping.inputs_of(one.step.work)
        safe = any(_FLAGS.search(value) for value in given.values())
    else:
        safe = _FLAGS.search(one.line) is not None or "helm rollback" in everything
    if safe:
        return []
    words = (
        f"a release that fails stays half done: `{one.shown}` has no --atomic, and no step of the pipeline goes back"
    )
    return [Hit(one.span, words, one.key, fix=lambda: _atomic(one) if tool == "helm" else ())]


def _atomic(one: Shipment) -> Edits:
    """`--atomic` behind the command's word, where the file has it as it is run."""
    span = one.span
    text = one.case.texts[span.path]
    command = _UPGRADE.match(one.words)
    if command is None or text[span.start : span.end] != one.words:
        return ()
    at = span.start + command.end()
    return [Edit(at, at, " --atomic")]


RULE = Rule(
    id="no-automatic-rollback",
    number="SAF-28",
    title="A deployment that fails is not taken back",
    why="Until somebody notices and knows the command by heart, users get what the failed release left behind.",
    advice="`helm upgrade --atomic` (from Helm 4 on `--rollback-on-failure`); after kubectl, `rollout status` with a timeout, and `rollout undo` when it fails.",
    patch="Helm: adds `--atomic` to `helm upgrade`.",
    severity=Severity.MEDIUM,
    confidence=0.85,
    impact=Impact("recovery"),
    effort="S",
    refs=("DORA: deployment automation", "Helm: helm upgrade --atomic", "Kubernetes: kubectl rollout status"),
    systems=frozenset(System) - {System.SEAWAY},
    check=check,
)
