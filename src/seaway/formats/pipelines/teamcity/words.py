"""Words of TeamCity's DSL: where each stands and where it is imported from. Asked by the writer and its tests.

`WRITTEN` lists every name that the writer may use, with where it stands: a test holds what is written to it.
"""

from __future__ import annotations

from collections.abc import Mapping

# The blocks of a build configuration in the order in which they are written; "" holds its own properties.
BLOCKS = ("", "params", "vcs", "steps", "triggers", "failureConditions", "features", "dependencies", "requirements")


def block_of(key: str) -> str:
    """The block that a native of this key stands in."""
    block, dot, _ = key.partition(".")
    return block if block in BLOCKS and (dot or block in {"params", "dependencies"}) else ""


# Where words are imported from, below jetbrains.buildServer.configs.kotlin.
PACKAGES: Mapping[str, tuple[str, ...]] = {
    "buildSteps": (
        "ant", "dockerCommand", "dockerCompose", "dotnetBuild", "dotnetTest", "exec", "gradle", "maven", "nodeJS", "powerShell",
        "python", "qodana", "script",
    ),
    "triggers": ("finishBuildTrigger", "retryBuild", "schedule", "vcs"),
    "buildFeatures": (
        "approval", "buildCache", "commitStatusPublisher", "dockerSupport", "freeDiskSpace", "notifications", "parallelTests",
        "perfmon", "pullRequests", "sharedResources", "sshAgent", "swabra", "vcsLabeling", "xmlReport",
    ),
}  # fmt: skip
TYPES: Mapping[str, str] = {
    "PowerShellStep": "buildSteps", "ScheduleTrigger": "triggers", "VcsTrigger": "triggers", "XmlReport": "buildFeatures",
    "PullRequests": "buildFeatures", "Swabra": "buildFeatures",
}  # fmt: skip
RESERVED = frozenset(
    {"AbsoluteId", "BuildStep", "BuildType", "BuildTypeSettings", "DslContext", "FailureAction", "GitVcsRoot", "Project",
     "RelativeId", "ReuseBuilds", "Template", *TYPES}
)  # fmt: skip
_STEP = frozenset({"name", "id", "workingDir", "enabled", "executionMode", "conditions", "dockerImage"})
_TESTS = frozenset(
    {"equals", "doesNotEqual", "contains", "doesNotContain", "startsWith", "endsWith", "matches", "doesNotMatch", "moreThan",
     "noLessThan", "noMoreThan", "lessThan", "exists", "doesNotExist"}
)  # fmt: skip
WRITTEN: Mapping[str, frozenset[str]] = {
    "project": frozenset({"name", "params", "vcsRoot", "buildType", "template"}),
    "BuildType": frozenset(
        {"id", "name", "type", "templates", "artifactRules", "maxRunningBuilds", *(block for block in BLOCKS if block)}
    ),
    "GitVcsRoot": frozenset({"name", "url", "branch"}),
    "params": frozenset({"param", "password", "text", "checkbox", "select"}),
    "vcs": frozenset({"root", "branchFilter", "triggerRules"}),
    "steps": frozenset(
        {"script", "gradle", "maven", "nodeJS", "exec", "powerShell", "python", "dockerCommand", "step"}
    ),
    "script": _STEP | {"scriptContent", "content"},
    "gradle": _STEP | {"tasks", "useGradleWrapper"},
    "maven": _STEP | {"goals"},
    "nodeJS": _STEP | {"shellScript"},
    "exec": _STEP | {"path", "arguments"},
    "powerShell": _STEP | {"edition", "scriptMode"},
    "python": _STEP | {"command"},
    "dockerCommand": _STEP | {"commandType"},
    "step": _STEP | {"type", "param"},
    "file": frozenset({"filename", "scriptArguments"}),
    "module": frozenset({"module", "scriptArguments"}),
    "push": frozenset({"namesAndTags", "removeImageAfterPush"}),
    "other": frozenset({"subCommand", "commandArgs"}),
    "conditions": _TESTS,
    "requirements": _TESTS,
    "triggers": frozenset({"vcs", "schedule", "finishBuildTrigger", "retryBuild"}),
    "schedule": frozenset({"schedulingPolicy", "branchFilter", "triggerBuild", "withPendingChangesOnly"}),
    "daily": frozenset({"hour", "minute", "timezone"}),
    "weekly": frozenset({"dayOfWeek", "hour", "minute", "timezone"}),
    "cron": frozenset({"minutes", "hours", "dayOfMonth", "month", "dayOfWeek", "timezone"}),
    "finishBuildTrigger": frozenset({"buildType", "successfulOnly", "branchFilter"}),
    "retryBuild": frozenset({"attempts"}),
    "failureConditions": frozenset({"executionTimeoutMin"}),
    "features": frozenset(
        {"matrix", "parallelTests", "approval", "sharedResources", "buildCache", "xmlReport", "pullRequests"}
    ),
    "matrix": frozenset({"param"}),
    "parallelTests": frozenset({"numberOfBatches"}),
    "approval": frozenset({"approvalRules"}),
    "sharedResources": frozenset({"writeLock"}),
    "buildCache": frozenset({"name", "rules"}),
    "xmlReport": frozenset({"reportType", "rules"}),
    "pullRequests": frozenset({"vcsRootExtId", "provider"}),
    "github": frozenset({"authType"}),
    "dependencies": frozenset({"snapshot", "artifacts", "dependency"}),
    "dependency": frozenset({"snapshot", "artifacts"}),
    "snapshot": frozenset({"onDependencyFailure"}),
    "artifacts": frozenset({"artifactRules"}),
}
