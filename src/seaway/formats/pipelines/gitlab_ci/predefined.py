"""What GitLab's predefined variables mean, in the neutral words of `model.expression`. Called by `expressions` and by writers of
other systems, which give scripts these values under their old names.
"""

from __future__ import annotations

from seaway.model.expression import Expr, Ref, Template

GITLAB_URL = Ref("native", ("CI_SERVER_URL",))

VARIABLES: dict[str, Expr | Template] = {
    "CI_COMMIT_BRANCH": Ref("git", ("branch",)),
    "CI_COMMIT_TAG": Ref("git", ("tag",)),
    "CI_COMMIT_REF_NAME": Ref("git", ("ref_name",)),
    "CI_COMMIT_SHA": Ref("git", ("sha",)),
    "CI_COMMIT_SHORT_SHA": Ref("git", ("short_sha",)),
    "CI_COMMIT_MESSAGE": Ref("git", ("message",)),
    "CI_COMMIT_TITLE": Ref("git", ("title",)),
    "CI_COMMIT_AUTHOR": Ref("git", ("author",)),
    "CI_COMMIT_BEFORE_SHA": Ref("git", ("before_sha",)),
    "CI_DEFAULT_BRANCH": Ref("git", ("default_branch",)),
    "CI_PROJECT_PATH": Ref("git", ("repository",)),
    "CI_PROJECT_URL": Ref("git", ("url",)),
    "CI_PIPELINE_SOURCE": Ref("event", ("kind",)),
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": Ref("event", ("source_branch",)),
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": Ref("event", ("target_branch",)),
    "CI_MERGE_REQUEST_IID": Ref("event", ("number",)),
    "CI_MERGE_REQUEST_TITLE": Ref("event", ("title",)),
    "GITLAB_USER_LOGIN": Ref("event", ("actor",)),
    "CI_PIPELINE_ID": Ref("run", ("id",)),
    "CI_PIPELINE_IID": Ref("run", ("number",)),
    "CI_PIPELINE_URL": Ref("run", ("url",)),
    "CI_PROJECT_DIR": Ref("run", ("workspace",)),
    "CI_JOB_NAME": Ref("run", ("job",)),
    "CI_JOB_STAGE": Ref("run", ("stage",)),
}

NAMES: dict[Expr | Template, str] = {meaning: name for name, meaning in VARIABLES.items()}

# Set by GitLab without a neutral meaning: they stay `native`, so that another system's writer names them as lost.
ONLY_HERE_PREFIXES = ("CI_", "GITLAB_")
ONLY_HERE = frozenset({"CI", "CHAT_CHANNEL", "CHAT_INPUT", "CHAT_USER_ID", "TRIGGER_PAYLOAD", "KUBECONFIG"})

# `$CI_PIPELINE_SOURCE` -> the neutral kind of event, where the words differ.
SOURCES = {
    "merge_request_event": "pull_request",
    "external_pull_request_event": "pull_request",
    "web": "manual",
    "pipeline": "upstream",
    "parent_pipeline": "call",
    "trigger": "api",
}
SOURCE_NAMES = {
    "pull_request": "merge_request_event",
    "manual": "web",
    "upstream": "pipeline",
    "call": "parent_pipeline",
}
