"""Parameters and variables that TeamCity sets by itself, and what they mean. Asked by `expressions` and `pipelines.shell`."""

from __future__ import annotations

from collections.abc import Mapping

from seaway.model.expression import Expr, Ref, Template

# Parameters, as `%name%`.
_PLAIN = {
    "build.number": ("run", "number"),
    "teamcity.build.id": ("run", "id"),
    "teamcity.build.url": ("run", "url"),
    "teamcity.build.branch": ("git", "branch"),
    "build.vcs.number": ("git", "sha"),
    "vcsroot.url": ("git", "url"),
    "vcsroot.branch": ("git", "ref"),
    "teamcity.build.checkoutDir": ("run", "workspace"),
    "teamcity.build.tempDir": ("runner", "temp"),
    "teamcity.build.triggeredBy.username": ("event", "actor"),
    "teamcity.pullRequest.number": ("event", "number"),
    "teamcity.pullRequest.title": ("event", "title"),
    "teamcity.pullRequest.source.branch": ("event", "source_branch"),
    "teamcity.pullRequest.target.branch": ("event", "target_branch"),
    "teamcity.agent.jvm.os.name": ("runner", "os"),
    "teamcity.agent.jvm.os.arch": ("runner", "arch"),
    "system.teamcity.buildType.id": ("run", "job"),
}
_ENVIRONMENT = {
    "BUILD_NUMBER": ("run", "number"),
    "BUILD_VCS_NUMBER": ("git", "sha"),
    "BUILD_URL": ("run", "url"),
}
_NATIVE = (
    "TEAMCITY_VERSION TEAMCITY_PROJECT_NAME TEAMCITY_BUILDCONF_NAME TEAMCITY_BUILD_PROPERTIES_FILE TEAMCITY_GIT_PATH"
    " TEAMCITY_PROCESS_FLOW_ID TEAMCITY_JRE BUILD_IS_PERSONAL"
)

PARAMETERS: Mapping[str, Expr] = {name: Ref(context, (part,)) for name, (context, part) in _PLAIN.items()}
SPELLINGS: Mapping[tuple[str, str], str] = {place: name for name, place in _PLAIN.items()}
VARIABLES: Mapping[str, Expr | Template] = {
    **{name: Ref(context, (part,)) for name, (context, part) in _ENVIRONMENT.items()},
    **{name: Ref("native", (f"env.{name}",)) for name in _NATIVE.split()},
}
