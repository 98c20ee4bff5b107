"""Words of the DSL <-> parameters of XML settings, in one table for both ways. Asked by `xml` and `write_xml`.

The names of the parameters are those that the DSL's own classes give them. A parameter that no word stands for stays
`param("name", "value")`, which the DSL has as well; a word that no parameter stands for cannot be written, and is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from seaway.formats.pipelines.teamcity.values import Item, Mixed, Symbol, Value, shown


@dataclass(frozen=True, slots=True)
class Field:
    """`word = value`. `names` of an enum: the text in XML -> the name in the DSL; empty: they are equal; `prefix`: its class.

    `truth` is empty in XML where it is false, `flag` is `false`.
    """

    word: str
    param: str
    kind: Literal["text", "truth", "flag", "number", "enum"] = "text"
    prefix: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    def read(self, text: str) -> Value:
        """The DSL's value."""
        if self.kind in {"truth", "flag"}:
            return text == "true"
        if self.kind == "number" and text.isdigit():
            return int(text)
        if self.kind == "enum":
            return Symbol(f"{self.prefix}.{self.names.get(text, text)}")
        return text

    def written(self, value: Value) -> str | None:
        """The text in XML; None for a value that is not known."""
        if self.kind in {"truth", "flag"}:
            false = "false" if self.kind == "flag" else ""
            return ("true" if value else false) if isinstance(value, bool) else None
        if self.kind == "enum":
            name = value.text.rpartition(".")[2] if isinstance(value, Symbol) else None
            return next((text for text, known in self.names.items() if known == name), None) if self.names else name
        if isinstance(value, (Symbol, Mixed)):
            return of_symbol(value)
        return shown(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Choice:
    """`word = option { ... }`. `options`: the DSL's word -> the text of `param` in XML, and what may stand within."""

    word: str
    param: str
    options: Mapping[str, tuple[str, Fields]]

    def params(self) -> set[str]:
        """Every parameter of every option."""
        return {self.param} | {name for _, inner in self.options.values() for name in names(inner)}


Fields: TypeAlias = "tuple[Field | Choice, ...]"


@dataclass(frozen=True, slots=True)
class Kind:
    """A runner, a trigger or a feature. `fixed`: parameters that it always has with this value."""

    word: str
    type: str
    fields: Fields = ()
    fixed: Mapping[str, str] = field(default_factory=dict)


def names(fields: Fields) -> Iterator[str]:
    """The parameters that these words stand for."""
    for one in fields:
        yield from one.params() if isinstance(one, Choice) else (one.param,)


def of_symbol(value: Symbol | Mixed) -> str | None:
    """The id that a name stands for: `AbsoluteId("App_Main")`, `"${App_Main.id}"`, `App_Main`. "" is the first VCS root's."""
    text = value.text if isinstance(value, Symbol) else f'"{shown(value)}"'
    if text == '"${DslContext.settingsRoot.id}"':
        return ""
    for start, end in (('AbsoluteId("', '")'), ('RelativeId("', '")'), ('"${', '.id}"')):
        if text.startswith(start) and text.endswith(end):
            return text[len(start) : -len(end)]
    return text if text.replace("_", "").isalnum() else None


# --- XML -> words


def read(fields: Fields, found: Mapping[str, str]) -> Iterator[tuple[str, str, Value]]:
    """(parameter, word, value) for each that a word stands for, and (parameter, "", "") for what says nothing besides."""
    own = {one.param for one in fields if isinstance(one, Field)}
    others = {name: text for name, text in found.items() if name not in own}
    for one in fields:
        if isinstance(one, Field):
            if one.param in found:
                yield one.param, one.word, one.read(found[one.param])
            continue
        option = _option(one, others)
        if option is None:
            continue
        used = _used(one, option, others)
        _, inner = one.options[option]
        items = [Item(word, [value], assigned=True) for _, word, value in read(inner, others) if word]
        yield used[0], one.word, Item(option, items=items if inner else None)
        yield from ((param, "", "") for param in used[1:])


def _option(one: Choice, found: Mapping[str, str]) -> str | None:
    """The option that the parameters choose; where they name none, the one whose own first parameter is there."""
    if found.get(one.param):
        return next((word for word, (text, _) in one.options.items() if text == found[one.param]), None)
    return next(
        (word for word, (_, inner) in one.options.items() if inner and next(names(inner[:1])) in found), None
    )  # fmt: skip


def _used(one: Choice, option: str, found: Mapping[str, str]) -> list[str]:
    """What belongs to the choice, the options that were not chosen included: the server keeps their fields."""
    _, inner = one.options[option]
    own = [one.param, *names(inner)]
    return [name for name in dict.fromkeys([*own, *sorted(one.params())]) if name in found]


# --- words -> XML


def write(fields: Fields, items: Sequence[Item]) -> tuple[dict[str, str], list[Item]]:
    """The parameters of these words, and the words that have none."""
    params: dict[str, str] = {}
    rest: list[Item] = []
    known = {one.word: one for one in fields}
    for item in items:
        if item.word == "param" and len(item.args) == 2 and all(isinstance(one, str) for one in item.args):
            params[item.args[0]] = item.args[1]
            continue
        one = known.get(item.word)
        made = _written(one, item) if one is not None and item.assigned else None
        if made is None:
            rest.append(item)
        else:
            params |= made
    return params, rest


def _written(one: Field | Choice, item: Item) -> dict[str, str] | None:
    value = item.args[0]
    if isinstance(one, Field):
        text = one.written(value)
        return None if text is None else {one.param: text}
    if not isinstance(value, Item) or value.word not in one.options:
        return None
    text, inner = one.options[value.word]
    params, rest = write(inner, value.items or [])
    if rest or value.args:
        return None
    return {one.param: text, **params} if text else params


# --- the tables

_MODES = {
    "default": "DEFAULT",
    "execute_if_success": "RUN_ON_SUCCESS",
    "execute_if_failed": "RUN_ON_FAILURE",
    "execute_always": "ALWAYS",
}
_CWD = Field("workingDir", "teamcity.build.workingDir")
STEP: Fields = (
    _CWD,
    Field("executionMode", "teamcity.step.mode", "enum", "BuildStep.ExecutionMode", _MODES),
    Field("dockerImage", "plugin.docker.imageId"),
    Field("dockerPull", "plugin.docker.pull.enabled", "truth"),
    Field("dockerRunParameters", "plugin.docker.run.parameters"),
)
_STDERR = Field("formatStderrAsError", "log.stderr.as.errors", "truth")
_ARGUMENTS = Field("scriptArguments", "scriptArguments")
_TAGS = Field("namesAndTags", "docker.image.namesAndTags")
_DOCKER_ARGS = Field("commandArgs", "command.args")
EXEC = Kind("exec", "simpleRunner", (
    Field("path", "command.executable"), Field("arguments", "command.parameters"), _STDERR, *STEP,
), {"use.custom.script": ""})  # fmt: skip
RUNNERS: tuple[Kind, ...] = (
    Kind("script", "simpleRunner", (Field("scriptContent", "script.content"), _STDERR, *STEP), {"use.custom.script": "true"}),
    EXEC,
    Kind("gradle", "gradle-runner", (
        Field("tasks", "ui.gradleRunner.gradle.tasks.names"), Field("buildFile", "ui.gradleRunner.gradle.build.file"),
        Field("gradleParams", "ui.gradleRunner.additional.gradle.cmd.params"),
        Field("useGradleWrapper", "ui.gradleRunner.gradle.wrapper.useWrapper", "truth"),
        Field("jdkHome", "target.jdk.home"), *STEP,
    )),
    Kind("maven", "Maven2", (
        Field("goals", "goals"), Field("pomLocation", "pomLocation"), Field("runnerArgs", "runnerArgs"),
        Field("jdkHome", "target.jdk.home"), *STEP,
    )),
    Kind("nodeJS", "nodejs-runner", (Field("shellScript", "shellScript"), *STEP)),
    Kind("powerShell", "jetbrains_powershell", (
        Field("edition", "jetbrains_powershell_edition", "enum", "PowerShellStep.Edition"),
        Choice("scriptMode", "jetbrains_powershell_script_mode", {
            "script": ("CODE", (Field("content", "jetbrains_powershell_script_code"),)),
            "file": ("FILE", (Field("path", "jetbrains_powershell_script_file"),)),
        }),
        Field("scriptArgs", "jetbrains_powershell_scriptArguments"),
        Field("noProfile", "jetbrains_powershell_noprofile", "truth"), *STEP,
    )),
    Kind("python", "python-runner", (
        Choice("command", "command", {
            "script": ("script", (Field("content", "scriptContent"), _ARGUMENTS)),
            "file": ("file", (Field("filename", "scriptFile"), _ARGUMENTS)),
            "module": ("module", (Field("module", "module"), _ARGUMENTS)),
        }), *STEP,
    )),
    Kind("dockerCommand", "DockerCommand", (
        Choice("commandType", "docker.command.type", {
            "build": ("build", (
                Choice("source", "dockerfile.source", {
                    "file": ("PATH", (Field("path", "dockerfile.path"),)),
                    "url": ("URL", (Field("url", "dockerfile.url"),)),
                    "content": ("CONTENT", (Field("content", "dockerfile.content"),)),
                }),
                Field("contextDir", "dockerfile.contextDir"), _TAGS, _DOCKER_ARGS,
            )),
            "push": ("push", (_TAGS, Field("removeImageAfterPush", "docker.push.remove.image", "truth"), _DOCKER_ARGS)),
            "other": ("other", (Field("subCommand", "docker.sub.command"), _CWD, _DOCKER_ARGS)),
        }), *STEP,
    )),
)  # fmt: skip
_FILTER = Field("branchFilter", "branchFilter")
_RULES = Field("triggerRules", "triggerRules")
_ZONE = Field("timezone", "timezone")
_QUEUE = Field("enableQueueOptimization", "enableQueueOptimization", "truth")
_TIME: Fields = (Field("hour", "hour", "number"), Field("minute", "minute", "number"), _ZONE)
TRIGGERS: tuple[Kind, ...] = (
    Kind("vcs", "vcsTrigger", (
        _FILTER, _RULES, _QUEUE,
        Field("quietPeriodMode", "quietPeriodMode", "enum", "VcsTrigger.QuietPeriodMode"),
        Field("quietPeriod", "quietPeriod", "number"),
        Field("perCheckinTriggering", "perCheckinTriggering", "truth"),
        Field("groupCheckinsByCommitter", "groupCheckinsByCommitter", "truth"),
        Field("watchChangesInDependencies", "watchChangesInDependencies", "truth"),
    )),
    Kind("schedule", "schedulingTrigger", (
        Choice("schedulingPolicy", "schedulingPolicy", {
            "daily": ("daily", _TIME),
            "weekly": ("weekly", (Field("dayOfWeek", "dayOfWeek", "enum", "ScheduleTrigger.DAY"), *_TIME)),
            "cron": ("cron", (
                Field("seconds", "cronExpression_sec"), Field("minutes", "cronExpression_min"),
                Field("hours", "cronExpression_hour"), Field("dayOfMonth", "cronExpression_dm"),
                Field("month", "cronExpression_month"), Field("dayOfWeek", "cronExpression_dw"),
                Field("year", "cronExpression_year"), _ZONE,
            )),
        }),
        _FILTER, _RULES, _QUEUE,
        Choice("triggerBuild", "triggerBuildIfWatchedBuildChanges", {"always": ("", ())}),
        Field("withPendingChangesOnly", "triggerBuildWithPendingChangesOnly", "truth"),
    )),
    Kind("finishBuildTrigger", "buildDependencyTrigger", (
        Field("buildType", "dependsOn"), Field("successfulOnly", "afterSuccessfulBuildOnly", "truth"), _FILTER,
    )),
    Kind("retryBuild", "retryBuildTrigger", (
        Field("attempts", "retryAttempts", "number"), Field("delaySeconds", "enqueueTimeout", "number"),
        Field("moveToTheQueueTop", "moveToTheQueueTop", "truth"), _FILTER,
    )),
)  # fmt: skip
_REPORTS = {name.lower(): name for name in ("JUNIT", "NUNIT", "TRX", "CHECKSTYLE", "PMD")} | {"findBugs": "FINDBUGS"}
_AUTH = Choice("authType", "authenticationType", {
    "token": ("token", (Field("token", "secure:accessToken"),)), "vcsRoot": ("vcsRoot", ()),
})  # fmt: skip
_TARGETS: Fields = (
    Field("filterTargetBranch", "filterTargetBranch"),
    Field("filterSourceBranch", "filterSourceBranch"),
)
FEATURES: tuple[Kind, ...] = (
    Kind("perfmon", "perfmon"),
    Kind("parallelTests", "parallelTests", (Field("numberOfBatches", "numberOfBatches", "number"),)),
    Kind("approval", "approval-feature", (
        Field("approvalRules", "rules"), Field("timeout", "timeout", "number"),
        Field("manualRunsApproved", "manualStartIsApproval", "truth"),
    )),
    Kind("buildCache", "jetbrains.buildserver.feature.build.cache", (
        Field("name", "cache-name"), Field("rules", "rules"), Field("use", "use-cache", "truth"),
        Field("publish", "publish-cache", "truth"), Field("publishOnlyChanged", "publish-only-changed", "truth"),
    )),
    Kind("xmlReport", "xml-report-plugin", (
        Field("reportType", "xmlReportParsing.reportType", "enum", "XmlReport.XmlReportType", _REPORTS),
        Field("rules", "xmlReportParsing.reportDirs"), Field("verbose", "xmlReportParsing.verboseOutput", "truth"),
    )),
    Kind("pullRequests", "pullRequests", (
        Field("vcsRootExtId", "vcsRootId"),
        Choice("provider", "providerType", {
            "github": ("github", (
                Field("serverUrl", "serverUrl"), _AUTH, *_TARGETS,
                Field("filterAuthorRole", "filterAuthorRole", "enum", "PullRequests.GitHubRoleFilter"),
            )),
            "gitlab": ("gitlab", (Field("serverUrl", "serverUrl"), _AUTH, *_TARGETS)),
        }),
    )),
)  # fmt: skip
ROOT = Kind("GitVcsRoot", "jetbrains.git", (
    Field("url", "url"), Field("branch", "branch"), Field("branchSpec", "teamcity:branchSpec"), Field("pushUrl", "push_url"),
    Choice("authMethod", "authMethod", {"anonymous": ("ANONYMOUS", ())}),
))  # fmt: skip
# Options of a build configuration: the name in XML -> the block and the word of the DSL.
OPTIONS: Mapping[str, tuple[str, Field]] = {
    "executionTimeoutMin": ("failureConditions", Field("executionTimeoutMin", "executionTimeoutMin", "number")),
    "shouldFailBuildOnAnyErrorMessage": ("failureConditions", Field("errorMessage", "shouldFailBuildOnAnyErrorMessage", "flag")),
    "shouldFailBuildOnBadExitCode": ("failureConditions", Field("nonZeroExitCode", "shouldFailBuildOnBadExitCode", "flag")),
    "shouldFailBuildIfTestsFailed": ("failureConditions", Field("testFailure", "shouldFailBuildIfTestsFailed", "flag")),
    "shouldFailBuildOnOOMEOrCrash": ("failureConditions", Field("javaCrash", "shouldFailBuildOnOOMEOrCrash", "flag")),
    "branchFilter": ("vcs", Field("branchFilter", "branchFilter")),
    "checkoutMode": ("vcs", Field("checkoutMode", "checkoutMode", "enum", "CheckoutMode")),
    "checkoutDirectory": ("vcs", Field("checkoutDir", "checkoutDirectory")),
    "cleanBuild": ("vcs", Field("cleanCheckout", "cleanBuild", "flag")),
    "buildConfigurationType": ("", Field("type", "buildConfigurationType", "enum", "BuildTypeSettings.Type")),
    "publishArtifactCondition": ("", Field("publishArtifacts", "publishArtifactCondition", "enum", "PublishMode")),
    "artifactRules": ("", Field("artifactRules", "artifactRules")),
    "buildNumberPattern": ("", Field("buildNumberPattern", "buildNumberPattern")),
    "maxRunningBuilds": ("", Field("maxRunningBuilds", "maxRunningBuilds", "number")),
    "allowExternalStatus": ("", Field("allowExternalStatus", "allowExternalStatus", "flag")),
    "enableHangingBuildsDetection": ("", Field("enableHangingBuildsDetection", "enableHangingBuildsDetection", "flag")),
}  # fmt: skip
# Options of a snapshot dependency.
_FAILURE = {
    "MAKE_FAILED_TO_START": "FAIL_TO_START",
    "RUN_ADD_PROBLEM": "ADD_PROBLEM",
    "RUN": "IGNORE",
    "CANCEL": "CANCEL",
}
DEPENDENCY: tuple[Field, ...] = (
    Field("onDependencyFailure", "run-build-if-dependency-failed", "enum", "FailureAction", _FAILURE),
    Field("onDependencyCancel", "run-build-if-dependency-failed-to-start", "enum", "FailureAction", _FAILURE),
    Field("runOnSameAgent", "run-build-on-the-same-agent", "flag"),
    Field("synchronizeRevisions", "sync-revisions", "flag"),
)
REUSE: Mapping[str, tuple[str, str]] = {
    "SUCCESSFUL": ("true", "true"),
    "ANY": ("true", "false"),
    "NO": ("false", "false"),
}  # fmt: skip of `reuseBuilds`: take-started-build-with-same-revisions, take-successful-builds-only
RULE = "sameChainOrLastFinished"  # the artifacts' rule where none is written
