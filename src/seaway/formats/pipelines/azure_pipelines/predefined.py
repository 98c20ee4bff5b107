"""Variables that Azure Pipelines sets itself, and what they mean in neutral words. Read by the expressions both ways, and by writers
of other systems that keep a script which uses one.

Source: the list of predefined variables in Azure DevOps' documentation. In a shell, `Build.SourceBranch` is BUILD_SOURCEBRANCH.
"""

from __future__ import annotations

from typing import Final

from seaway.model.expression import Ref

# The first name of a meaning is the one that is written.
MACROS: Final[dict[str, Ref]] = {
    "Build.SourceBranch": Ref("git", ("ref",)),
    "Build.SourceBranchName": Ref("git", ("branch",)),
    "Build.SourceVersion": Ref("git", ("sha",)),
    "Build.SourceVersionMessage": Ref("git", ("message",)),
    "Build.Repository.Name": Ref("git", ("repository",)),
    "Build.Repository.Uri": Ref("git", ("url",)),
    "Build.Reason": Ref("event", ("kind",)),
    "Build.RequestedFor": Ref("event", ("actor",)),
    "System.PullRequest.SourceBranch": Ref("event", ("source_branch",)),
    "System.PullRequest.TargetBranch": Ref("event", ("target_branch",)),
    "System.PullRequest.TargetBranchName": Ref("event", ("target_branch",)),
    "System.PullRequest.PullRequestNumber": Ref("event", ("number",)),
    "System.PullRequest.PullRequestId": Ref("event", ("number",)),
    "Build.BuildId": Ref("run", ("id",)),
    "Build.BuildNumber": Ref("run", ("number",)),
    "System.JobAttempt": Ref("run", ("attempt",)),
    "Build.SourcesDirectory": Ref("run", ("workspace",)),
    "System.DefaultWorkingDirectory": Ref("run", ("workspace",)),
    "Build.Repository.LocalPath": Ref("run", ("workspace",)),
    "Agent.JobName": Ref("run", ("job",)),
    "System.JobName": Ref("run", ("job",)),
    "System.StageName": Ref("run", ("stage",)),
    "Agent.OS": Ref("runner", ("os",)),
    "Agent.OSArchitecture": Ref("runner", ("arch",)),
    "Agent.TempDirectory": Ref("runner", ("temp",)),
    "System.AccessToken": Ref("secret", ("System.AccessToken",)),
}

BY_LOWER: Final[dict[str, Ref]] = {name.lower(): ref for name, ref in MACROS.items()}
NAMES: Final[dict[Ref, str]] = {ref: name for name, ref in reversed(MACROS.items())}
NAMES[Ref("event", ("cron",))] = "Build.CronSchedule.DisplayName"  # the writer gives a schedule its time as its name
VARIABLES: Final[dict[str, Ref]] = {name.upper().replace(".", "_"): ref for name, ref in MACROS.items()}

# Azure's own word and the neutral one, for values that conditions compare with.
REASONS: Final[dict[str, str]] = {
    "pullrequest": "pull_request",
    "individualci": "push",
    "batchedci": "push",
    "schedule": "schedule",
    "manual": "manual",
    "resourcetrigger": "upstream",
    "buildcompletion": "upstream",
}
REASON_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "pull_request": ("PullRequest",),
    "push": ("IndividualCI", "BatchedCI"),
    "schedule": ("Schedule",),
    "manual": ("Manual",),
    "upstream": ("ResourceTrigger", "BuildCompletion"),
}
RESULTS: Final[dict[str, str]] = {
    "succeeded": "success",
    "failed": "failure",
    "canceled": "cancelled",
    "skipped": "skipped",
}
RESULT_NAMES: Final[dict[str, str]] = {
    "success": "Succeeded",
    "failure": "Failed",
    "cancelled": "Canceled",
    "skipped": "Skipped",
}
_RESERVED = (
    "agent.",
    "build.",
    "system.",
    "pipeline.",
    "environment.",
    "strategy.",
    "resources.",
    "release.",
    "common.",
)


def is_reserved(name: str) -> bool:
    """Azure sets the variable itself, or would."""
    return name.lower().startswith(_RESERVED)
