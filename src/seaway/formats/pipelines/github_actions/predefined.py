"""Variables that GitHub sets for every job -> what they mean, in the neutral words of `model.expression`. Asked by `shell`."""

from __future__ import annotations

from seaway.model.expression import Expr, Ref, Template


def _native(name: str) -> Ref:
    return Ref("native", ("github", name))


VARIABLES: dict[str, Expr | Template] = {
    "GITHUB_SHA": Ref("git", ("sha",)),
    "GITHUB_REF": Ref("git", ("ref",)),
    "GITHUB_REF_NAME": Ref("git", ("ref_name",)),
    "GITHUB_REPOSITORY": Ref("git", ("repository",)),
    "GITHUB_EVENT_NAME": Ref("event", ("kind",)),
    "GITHUB_HEAD_REF": Ref("event", ("source_branch",)),
    "GITHUB_BASE_REF": Ref("event", ("target_branch",)),
    "GITHUB_ACTOR": Ref("event", ("actor",)),
    "GITHUB_TRIGGERING_ACTOR": Ref("event", ("actor",)),
    "GITHUB_RUN_ID": Ref("run", ("id",)),
    "GITHUB_RUN_NUMBER": Ref("run", ("number",)),
    "GITHUB_RUN_ATTEMPT": Ref("run", ("attempt",)),
    "GITHUB_WORKSPACE": Ref("run", ("workspace",)),
    "GITHUB_JOB": Ref("run", ("job",)),
    "RUNNER_OS": Ref("runner", ("os",)),
    "RUNNER_ARCH": Ref("runner", ("arch",)),
    "RUNNER_TEMP": Ref("runner", ("temp",)),
    # Without a neutral meaning: other systems' writers name them as lost.
    "GITHUB_TOKEN": _native("token"),
    "GITHUB_REF_TYPE": _native("ref_type"),
    "GITHUB_REPOSITORY_OWNER": _native("repository_owner"),
    "GITHUB_SERVER_URL": _native("server_url"),
    "GITHUB_API_URL": _native("api_url"),
    "GITHUB_WORKFLOW": _native("workflow"),
    "GITHUB_ACTION": _native("action"),
    "GITHUB_ACTION_PATH": _native("action_path"),
    "GITHUB_EVENT_PATH": _native("event_path"),
    "GITHUB_ENV": _native("env"),
    "GITHUB_OUTPUT": _native("output"),
    "GITHUB_PATH": _native("path"),
    "GITHUB_STEP_SUMMARY": _native("step_summary"),
    "RUNNER_TOOL_CACHE": Ref("native", ("runner", "tool_cache")),
    "RUNNER_NAME": Ref("native", ("runner", "name")),
}
