"""Triggers of any system -> `workflow:rules`. Called by `write`.

GitLab starts a pipeline for every push of a branch or tag unless rules say otherwise. Schedules, API tokens and upstream
pipelines are set up in the project, so each is something for a person.
"""

from __future__ import annotations

import re

from seaway.formats.pipelines.gitlab_ci.writing import Data, Writing
from seaway.model.pipeline import Globs, Trigger, TriggerKind

_SIGNS = re.compile(r"([.+^${}()|\[\]\\/])")
_SOURCES = {
    TriggerKind.SCHEDULE: "schedule",
    TriggerKind.MANUAL: "web",
    TriggerKind.API: "api",
    TriggerKind.UPSTREAM: "pipeline",
    TriggerKind.CALL: "parent_pipeline",
}
_MR = '$CI_PIPELINE_SOURCE == "merge_request_event"'


def workflow(writing: Writing) -> Data:
    """The rules of `workflow`, or nothing where GitLab's own habit is the same."""
    triggers = writing.pipeline.triggers
    rules: list[Data] = []
    for one in triggers:
        rules += _rules(one, writing)
        _said(one, writing)
    plain = {rule["if"] for rule in rules if len(rule) == 1}
    every = {"$CI_COMMIT_BRANCH", "$CI_COMMIT_TAG"}
    if not rules or (plain == every and len(rules) == len(plain)):
        return {}
    unique: list[Data] = []
    for rule in rules:
        narrower = rule["if"].startswith("$CI_COMMIT_BRANCH ") and {"if": "$CI_COMMIT_BRANCH"} in rules
        if rule not in unique and not narrower:
            unique.append(rule)
    return {"rules": unique}


def _rules(one: Trigger, writing: Writing) -> list[Data]:
    paths: Data = {"changes": list(one.paths.include)} if one.paths.include else {}
    if one.paths.exclude:
        why = "GitLab's `changes` has no exceptions"
        writing.losses.dropped("paths-ignore", why, "list the paths that count", one.span)
    if one.kind is TriggerKind.PUSH:
        return [{"if": _named("CI_COMMIT_BRANCH", one.branches), **paths}]
    if one.kind is TriggerKind.TAG:
        return [{"if": _named("CI_COMMIT_TAG", one.tags), **paths}]
    if one.kind is TriggerKind.PULL_REQUEST:
        target = _named("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", one.branches) if one.branches != Globs() else ""
        target = f"({target})" if "||" in target else target
        return [{"if": f"{_MR} && {target}" if target else _MR, **paths}]
    if one.kind in _SOURCES:
        return [{"if": f'$CI_PIPELINE_SOURCE == "{_SOURCES[one.kind]}"'}]
    return []


def _named(variable: str, globs: Globs) -> str:
    """A condition on a name, by patterns."""
    if not globs.exclude and (not globs.include or set(globs.include) & {"**", "/.*/"}):
        return f"${variable}"
    wanted = [_matches(variable, glob) for glob in globs.include]
    refused = [_matches(variable, glob, no=True) for glob in globs.exclude]
    first = " || ".join(wanted)
    if not refused:
        return first
    parts = [f"({first})" if len(wanted) > 1 else first or f"${variable}", *refused]
    return " && ".join(parts)


def _matches(variable: str, glob: str, *, no: bool = False) -> str:
    if not set(glob) & set("*?[+!"):
        return f'${variable} {"!=" if no else "=="} "{glob}"'
    parts = re.split(r"(\*\*|\*|\?)", glob)
    words = {"**": ".*", "*": "[^\\/]*", "?": "[^\\/]"}
    pattern = "".join(words.get(part, _SIGNS.sub(r"\\\1", part)) for part in parts)
    return f"${variable} {'!~' if no else '=~'} /^{pattern}$/"


def _said(one: Trigger, writing: Writing) -> None:
    """What a person must set up, or what GitLab does not know."""
    losses = writing.losses
    word = one.native or one.kind.value
    if one.kind is TriggerKind.SCHEDULE:
        fix = f"add a pipeline schedule with `{one.cron}`{f' ({one.timezone})' if one.timezone else ''} (Build, Pipeline schedules)"
        losses.manual(f"{word} {one.cron}".strip(), "schedules are kept outside the file", fix, one.span)
    elif one.kind in {TriggerKind.API, TriggerKind.UPSTREAM}:
        fix = "add a trigger token, or a job with `trigger` in the other project"
        losses.manual(word, "who may start the pipeline is set outside the file", fix, one.span)
    elif one.kind in {TriggerKind.COMMENT, TriggerKind.MERGE_QUEUE, TriggerKind.OTHER}:
        losses.dropped(word, "nothing of this kind starts a pipeline in GitLab", "start it over the API", one.span)
    if one.native == "pull_request_target":
        why = "it ran with the target's secrets; a merge request pipeline of a fork has none"
        losses.approximated(word, why, "check what the jobs need, and who may start them", one.span)
    elif one.types and one.kind is TriggerKind.PULL_REQUEST:
        why = "a merge request pipeline starts with every push to it, for no other event"
        losses.approximated(f"{word} types", why, "", one.span)
