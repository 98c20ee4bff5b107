"""SAF-37: a pipeline goes to production, and nothing on the way can hold it or bring it back. Run by `assess.examine`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seaway.assess import commands
from seaway.assess.aside import quietly
from seaway.assess.estate import Estate, Kind
from seaway.assess.rule import Case, Hit, Rule
from seaway.formats.infrastructure.spinnaker import SpinnakerPipeline, Stage
from seaway.formats.yaml.tree import Node, get, items, sequence, string
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import System

_DEPLOYS = frozenset({"deploy", "deployManifest", "deployCloudFormation", "createServerGroup", "cloneServerGroup"})
_HOLDS = frozenset(
    {
        "manualJudgment",
        "kayentaCanary",
        "undoRolloutManifest",
        "rollbackCluster",
        "rollbackServerGroup",
        "checkPreconditions",
    }
)
_PRODUCTION = re.compile(r"(?:^|[^a-z])(?:prod|production|live|prd)(?:[^a-z]|$)")
_ENDLESS = re.compile(r"0+(?:\.0+)?(?:[smh]0*)*")


def check(case: Case) -> list[Hit] | None:
    """Runs of Tekton whose timeout is 0, so that they never end, and pipelines that deploy with no `finally`."""
    found: list[Hit] = []
    judged = False
    for document in case.tree(case.pipeline.path).documents:
        kind, spec = string(get(document, "kind")), get(document, "spec")
        name = string(get(document, "metadata", "name")) or string(get(document, "metadata", "generateName"))
        inner = get(spec, "pipelineSpec") if kind == "PipelineRun" else spec
        if kind in {"PipelineRun", "TaskRun"}:
            judged = True
            found += _endless(case, name, spec)
        if kind in {"Pipeline", "PipelineRun"} and get(inner, "tasks") is not None and _deploys(case, inner):
            judged = True
            if not sequence(get(inner, "finally")):
                key = next(key for known, key, _ in items(inner) if known == "tasks")
                words = f"{name} deploys, and nothing runs when it fails: it has no finally, so nobody is told and nothing is brought back"
                found.append(Hit(case.tree(case.pipeline.path).span(key), words, (name, "finally"), Severity.LOW, 0.75))
    return found if judged else None


def _endless(case: Case, name: str, spec: Node) -> Iterator[Hit]:
    for keys in (("timeouts", "pipeline"), ("timeouts", "tasks"), ("timeout",)):
        node = get(spec, *keys)
        if node is not None and _ENDLESS.fullmatch(string(node)):
            words = f"{name} may run for ever: its timeout is 0, which means none"
            yield Hit(case.tree(case.pipeline.path).span(node), words, (name, *keys))


def _deploys(case: Case, spec: Node) -> bool:
    names = {string(get(task, "name")) for task in sequence(get(spec, "tasks"))}
    jobs = [job for job in case.jobs if job.id.rpartition("/")[2] in names]
    return any(commands.deploys(case.scripts_of(job)) for job in jobs)


def survey(estate: Estate) -> list[Hit] | None:
    """Pipelines of Spinnaker with a stage that deploys to production and no judgment, canary, condition, window or rollback on the way or in the stage."""
    pipelines = estate.all(SpinnakerPipeline)
    found = []
    for one in pipelines:
        for stage in one.stages:
            if stage.type in _DEPLOYS and _is_production(one, stage) and not _is_guarded(one, stage):
                words = f"{one.name or one.application}: {stage.name or stage.type} goes to production with no judgment, canary, window or rollback on the way"
                place = stage.at(stage.get("name") or stage.get("type"))
                found.append(Hit(place, words, (one.application, one.name, stage.ref), confidence=0.85))
    return quietly(found) if pipelines else None


def _is_production(one: SpinnakerPipeline, stage: Stage) -> bool:
    accounts = [
        stage.string("account"),
        *(string(get(cluster, "account")) for cluster in sequence(stage.get("clusters"))),
    ]
    return _PRODUCTION.search(" ".join((one.name, stage.name, *accounts)).lower()) is not None


def _is_guarded(one: SpinnakerPipeline, stage: Stage) -> bool:
    if (
        any(stage.get(name) is not None for name in ("rollback", "stageEnabled"))
        or stage.string("restrictExecutionDuringTimeWindow") == "true"
    ):
        return True
    around = [each for each in one.stages if each.type in _HOLDS]
    before = one.before(stage)
    return any(each in before or stage in one.before(each) for each in around)


RULE = Rule(
    id="pipeline-without-safeguards",
    number="SAF-37",
    title="A pipeline goes to production, and nothing can hold it or bring it back",
    why="Whatever is merged at night reaches every customer, and the way back is found by hand while they wait.",
    advice="A judgment or a canary before production, a window, a rollback stage on failure; in Tekton `finally` and a timeout.",
    severity=Severity.MEDIUM,
    confidence=0.9,
    impact=Impact("recovery"),
    effort="M",
    refs=("Spinnaker: pipeline stages", "Tekton: pipelines, finally tasks and timeouts", "DORA: deployment automation"),
    systems=frozenset({System.TEKTON}),
    check=check,
    kinds=frozenset({Kind.SPINNAKER}),
    survey=survey,
)
