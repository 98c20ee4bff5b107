"""Words of TeamCity's DSL, and the names that XML settings have for the same things. Asked by `xml`, the writer and its tests.

`WRITTEN` lists every name that the writer may use, with where it stands: a test holds what is written to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from seaway.formats.pipelines.teamcity.values import Item, Symbol, Value


@dataclass(frozen=True, slots=True)
class Property:
    """A word of the DSL for a parameter of XML; "" drops what is only XML's bookkeeping."""

    word: str
    value: Callable[[str], Value] = str


def _truth(text: str) -> Value:
    return text == "true"


def _inside(kind: str, key: str) -> Callable[[str], Value]:
    """`scriptMode = script { content = ... }`."""
    return lambda text: Item(kind, items=[Item(key, [text], assigned=True)])


def _enum(prefix: str) -> Callable[[str], Value]:
    return lambda text: Symbol(f"{prefix}.{text.upper()}")


_MODES = {
    "default": "DEFAULT",
    "execute_if_success": "RUN_ON_SUCCESS",
    "execute_if_failed": "RUN_ON_FAILURE",
    "execute_always": "ALWAYS",
}


def _mode(text: str) -> Value:
    return Symbol(f"BuildStep.ExecutionMode.{_MODES.get(text, text.upper())}")


_COMMON = {
    "teamcity.build.workingDir": Property("workingDir"),
    "teamcity.step.mode": Property("executionMode", _mode),
    "plugin.docker.imageId": Property("dockerImage"),
}
RUNNERS: Mapping[str, tuple[str, dict[str, Property]]] = {
    "simpleRunner": ("script", {
        "script.content": Property("scriptContent"), "use.custom.script": Property(""), **_COMMON,
    }),
    "gradle-runner": ("gradle", {
        "ui.gradleRunner.gradle.tasks.names": Property("tasks"),
        "ui.gradleRunner.gradle.build.file": Property("buildFile"),
        "ui.gradleRunner.additional.gradle.cmd.params": Property("gradleParams"),
        "ui.gradleRunner.gradle.wrapper.useWrapper": Property("useGradleWrapper", _truth),
        "target.jdk.home": Property("jdkHome"), **_COMMON,
    }),
    "Maven2": ("maven", {
        "goals": Property("goals"), "pomLocation": Property("pomLocation"), "runnerArgs": Property("runnerArgs"),
        "target.jdk.home": Property("jdkHome"), **_COMMON,
    }),
    "nodejs-runner": ("nodeJS", {"shellScript": Property("shellScript"), **_COMMON}),
    "jetbrains_powershell": ("powerShell", {
        "jetbrains_powershell_script_code": Property("scriptMode", _inside("script", "content")),
        "jetbrains_powershell_script_file": Property("scriptMode", _inside("file", "path")),
        "jetbrains_powershell_script_mode": Property(""), **_COMMON,
    }),
}  # fmt: skip
_FILTER = {"branchFilter": Property("branchFilter")}
TRIGGERS: Mapping[str, tuple[str, dict[str, Property]]] = {
    "vcsTrigger": ("vcs", {
        **_FILTER, "triggerRules": Property("triggerRules"), "perCheckinTriggering": Property("perCheckinTriggering", _truth),
        "groupCheckinsByCommitter": Property("groupCheckinsByCommitter", _truth),
        "enableQueueOptimization": Property("enableQueueOptimization", _truth),
    }),
    "schedulingTrigger": ("schedule", {
        **_FILTER, "schedulingPolicy": Property("schedulingPolicy"), "hour": Property("hour"), "minute": Property("minute"),
        "timezone": Property("timezone"), "dayOfWeek": Property("dayOfWeek"), "triggerRules": Property("triggerRules"),
        "cronExpression_sec": Property("seconds"), "cronExpression_min": Property("minutes"),
        "cronExpression_hour": Property("hours"), "cronExpression_dm": Property("dayOfMonth"),
        "cronExpression_month": Property("month"), "cronExpression_dw": Property("dayOfWeek"),
        "cronExpression_year": Property("year"),
        "triggerBuildWithPendingChangesOnly": Property("withPendingChangesOnly", _truth),
    }),
    "buildDependencyTrigger": ("finishBuildTrigger", {
        **_FILTER, "dependsOn": Property("buildType"), "afterSuccessfulBuildOnly": Property("successfulOnly", _truth),
    }),
}  # fmt: skip
FEATURES: Mapping[str, tuple[str, dict[str, Property]]] = {
    "perfmon": ("perfmon", {}),
    "pullRequests": ("pullRequests", {}),
    "parallelTests": ("parallelTests", {"numberOfBatches": Property("numberOfBatches", lambda text: int(text) if text.isdigit() else text)}),
    "xml-report-plugin": ("xmlReport", {
        "xmlReportParsing.reportType": Property("reportType", _enum("XmlReport.XmlReportType")),
        "xmlReportParsing.reportDirs": Property("rules"),
    }),
}  # fmt: skip
ENUMS: Mapping[str, Mapping[str, str]] = {
    "failure": {
        "MAKE_FAILED_TO_START": "FAIL_TO_START",
        "RUN_ADD_PROBLEM": "ADD_PROBLEM",
        "RUN": "IGNORE",
        "CANCEL": "CANCEL",
    }
}

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
