"""Variables that every Jenkins job finds in its environment, and what they mean. Asked by `pipelines.shell` and `expressions`."""

from __future__ import annotations

from collections.abc import Mapping

from seaway.model.expression import Expr, Ref, Template

_PLAIN = {
    "BRANCH_NAME": ("git", "branch"),
    "TAG_NAME": ("git", "tag"),
    "GIT_COMMIT": ("git", "sha"),
    "GIT_URL": ("git", "url"),
    "CHANGE_ID": ("event", "number"),
    "CHANGE_BRANCH": ("event", "source_branch"),
    "CHANGE_TARGET": ("event", "target_branch"),
    "CHANGE_TITLE": ("event", "title"),
    "CHANGE_AUTHOR": ("event", "actor"),
    "BUILD_NUMBER": ("run", "number"),
    "BUILD_ID": ("run", "id"),
    "BUILD_URL": ("run", "url"),
    "JOB_NAME": ("run", "job"),
    "STAGE_NAME": ("run", "stage"),
    "WORKSPACE": ("run", "workspace"),
}
_NATIVE = (
    "BUILD_DISPLAY_NAME BUILD_TAG CHANGE_AUTHOR_DISPLAY_NAME CHANGE_AUTHOR_EMAIL CHANGE_FORK CHANGE_URL CI EXECUTOR_NUMBER"
    " GIT_AUTHOR_EMAIL GIT_AUTHOR_NAME GIT_BRANCH GIT_LOCAL_BRANCH GIT_PREVIOUS_COMMIT GIT_PREVIOUS_SUCCESSFUL_COMMIT"
    " HUDSON_URL JENKINS_HOME JENKINS_URL JOB_BASE_NAME JOB_URL NODE_LABELS NODE_NAME RUN_DISPLAY_URL TAG_DATE"
    " TAG_TIMESTAMP TAG_UNIXTIME WORKSPACE_TMP"
)

VARIABLES: Mapping[str, Expr | Template] = {
    **{name: Ref(context, (part,)) for name, (context, part) in _PLAIN.items()},
    **{name: Ref("native", (f"env.{name}",)) for name in _NATIVE.split()},
}
REFERENCES: Mapping[str, Expr] = {
    name: value for name, value in VARIABLES.items() if isinstance(value, Ref) and value.context != "native"
}
NAMES: Mapping[tuple[str, str], str] = {place: name for name, place in _PLAIN.items()}
