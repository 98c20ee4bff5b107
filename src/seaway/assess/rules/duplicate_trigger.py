"""VEL-20: one push starts the same pipeline twice. Run by `assess.examine`."""

from __future__ import annotations

from seaway.assess.rule import Case, Hit, Rule
from seaway.model.expression import Binary, Condition, Expr, Literal, Ref, Unary, walk
from seaway.model.finding import Impact, Severity
from seaway.model.pipeline import Job, System, TriggerKind
from seaway.model.pipeline import Rule as JobRule

_ALL = frozenset({"*", "**", "**/*"})


def check(case: Case) -> list[Hit] | None:
    """GitHub: `push` on every branch beside `pull_request`. GitLab: a job for both kinds of pipeline without `workflow`."""
    return _github(case) if case.system is System.GITHUB_ACTIONS else _gitlab(case)


def _github(case: Case) -> list[Hit] | None:
    triggers = case.pipeline.triggers
    push = next((one for one in triggers if one.kind is TriggerKind.PUSH), None)
    request = next((one for one in triggers if one.native == "pull_request"), None)
    if push is None or request is None:
        return None
    branches = push.branches
    everywhere = not branches.include or bool(_ALL & set(branches.include))
    if not everywhere or branches.exclude or push.paths != request.paths or not _on_push_of_request(request.types):
        return []
    if all(_asks_event(job.condition) for job in case.jobs):
        return []
    span = push.span or request.span
    words = "a push to a branch with an open pull request starts this workflow twice; let push run on the default branch only"
    return [] if span is None else [Hit(case.within(span, ""), words, ("",))]


def _on_push_of_request(types: tuple[str, ...]) -> bool:
    return not types or "synchronize" in types


def _asks_event(condition: Condition | None) -> bool:
    """The job itself tells the two apart."""
    return condition is not None and any(
        mark in condition.text for mark in ("event_name", "head.repo", "github.event.pull_request")
    )


def _gitlab(case: Case) -> list[Hit] | None:
    jobs = [job for job in case.jobs if job.rules]
    if not jobs:
        return None
    if case.pipeline.rules or "workflow:" in case.texts.get(case.pipeline.path, "") or case.pipeline.unresolved:
        return []
    twice = next((job for job in jobs if _runs_twice(job)), None)
    if twice is None or twice.key_span is None:
        return []
    words = f"{twice.id} runs in the pipeline of a branch and in that of its merge request: one push, two runs; `workflow: rules` picks one"
    return [Hit(twice.key_span, words, ("",))]


def _runs_twice(job: Job) -> bool:
    running = [rule for rule in job.rules if rule.when in {"on_success", "always"} and not rule.exists]
    request = any(_says(rule, "pull_request") for rule in running)
    branch = any(_any_branch(rule) for rule in running)
    never = any(rule.when == "never" and rule.condition is not None for rule in job.rules)
    return request and branch and not never


def _says(rule: JobRule, kind: str) -> bool:
    return rule.condition is not None and any(
        isinstance(one, Binary) and one.op == "==" and _is_kind(one.left) and one.right == Literal(kind)
        for one in walk(rule.condition.expr)
    )


def _is_kind(expr: Expr) -> bool:
    return expr == Ref("event", ("kind",))


def _any_branch(rule: JobRule) -> bool:
    """It fits a push to any branch: no condition, a push as such, or merely that there is a branch."""
    if rule.condition is None:
        return True
    expr = rule.condition.expr
    if isinstance(expr, Binary) and expr.op == "==" and _is_kind(expr.left) and expr.right == Literal("push"):
        return True
    there = (
        expr.left
        if isinstance(expr, Binary) and expr.op == "!=" and expr.right in {Literal(None), Literal("")}
        else expr
    )
    return not isinstance(there, Unary) and there == Ref("git", ("branch",))


RULE = Rule(
    id="duplicate-trigger",
    number="VEL-20",
    title="One push starts the pipeline twice",
    why="Half of the runners' time goes into the same answer, and the second answer may differ from the first.",
    advice="GitHub: `push` on the default branch only. GitLab: `workflow: rules` that leave out the branch's pipeline while a merge request is open.",
    severity=Severity.LOW,
    confidence=0.9,
    impact=Impact("cost"),
    effort="S",
    refs=("DORA: continuous integration, fast feedback",),
    systems=frozenset({System.GITHUB_ACTIONS, System.GITLAB_CI}),
    check=check,
)
