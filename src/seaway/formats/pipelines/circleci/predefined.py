"""What CircleCI sets itself: variables of a job's environment and values of a pipeline, and what they mean in neutral words.

Source: CircleCI's documentation of built-in environment variables and of pipeline values. VARIABLES is also read by writers of
other systems that keep a script which uses one.
"""

from __future__ import annotations

from typing import Final

from seaway.model.expression import Ref

VARIABLES: Final[dict[str, Ref]] = {
    "CIRCLE_BRANCH": Ref("git", ("branch",)),
    "CIRCLE_TAG": Ref("git", ("tag",)),
    "CIRCLE_SHA1": Ref("git", ("sha",)),
    "CIRCLE_REPOSITORY_URL": Ref("git", ("url",)),
    "CIRCLE_USERNAME": Ref("event", ("actor",)),
    "CIRCLE_PR_NUMBER": Ref("event", ("number",)),
    "CIRCLE_BUILD_NUM": Ref("run", ("number",)),
    "CIRCLE_PIPELINE_ID": Ref("run", ("id",)),
    "CIRCLE_WORKFLOW_ID": Ref("run", ("id",)),
    "CIRCLE_BUILD_URL": Ref("run", ("url",)),
    "CIRCLE_WORKING_DIRECTORY": Ref("run", ("workspace",)),
    "CIRCLE_JOB": Ref("run", ("job",)),
}
VARIABLE_NAMES: Final[dict[Ref, str]] = {ref: name for name, ref in reversed(VARIABLES.items())}
# Values that stand between `<<` and `>>`. The first name of a meaning is the one that is written.
VALUES: Final[dict[str, Ref]] = {
    "pipeline.git.branch": Ref("git", ("branch",)),
    "pipeline.git.tag": Ref("git", ("tag",)),
    "pipeline.git.revision": Ref("git", ("sha",)),
    "pipeline.project.git_url": Ref("git", ("url",)),
    "pipeline.number": Ref("run", ("number",)),
    "pipeline.id": Ref("run", ("id",)),
    "pipeline.trigger_parameters.github_app.user_username": Ref("event", ("actor",)),
}
NAMES: Final[dict[Ref, str]] = {ref: name for name, ref in reversed(VALUES.items())}
# The same in the template language of cache keys.
KEYS: Final[dict[str, Ref]] = {
    ".Branch": Ref("git", ("branch",)),
    ".Revision": Ref("git", ("sha",)),
    ".BuildNum": Ref("run", ("number",)),
    "arch": Ref("runner", ("arch",)),
}
KEY_NAMES: Final[dict[Ref, str]] = {ref: name for name, ref in KEYS.items()}
