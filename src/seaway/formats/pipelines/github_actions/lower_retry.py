"""A job that is tried again: GitHub repeats nothing by itself, so its script is repeated in its own step. Called by `lower_jobs`."""

from __future__ import annotations

import dataclasses

from seaway.formats.pipelines import shell
from seaway.formats.pipelines.github_actions.lower_values import Scope
from seaway.model.pipeline import Job, Run, Step

_FAILURES = frozenset({"always", "script_failure"})  # reasons that are the script's own
_SHELLS = frozenset({"", "bash", "sh"})


def repeated(job: Job, steps: tuple[Step, ...], scope: Scope) -> tuple[Step, ...]:
    """The steps of the job, its one script in a loop; a job of several scripts cannot be repeated as a whole."""
    if job.retry is None:
        return steps
    span = job.retry.span or job.span
    runs = [step for step in steps if isinstance(step.work, Run)]
    if job.retry.when and not set(job.retry.when) & _FAILURES:
        why = "GitHub does not repeat a job whose machine was lost"
        scope.losses.dropped("retry", why, "run it again by hand", span, mark=job.span)
        return steps
    if len(runs) != 1 or _shell(runs[0]) not in _SHELLS:
        fix = "repeat the command in its script, where it is safe to run twice"
        scope.losses.dropped("retry", "GitHub does not repeat a job by itself", fix, span, mark=job.span)
        return steps
    why = "the script is repeated in its step: on the same machine, with the files that the first attempt left"
    scope.losses.approximated("retry", why, "", span, mark=job.span)
    return tuple(_looped(step, job.retry.attempts) if step is runs[0] else step for step in steps)


def _shell(step: Step) -> str:
    return step.work.shell if isinstance(step.work, Run) else ""


def _looped(step: Step, attempts: int) -> Step:
    """The attempt is a subshell of its own; as part of a condition, it would not stop at its first failure."""
    work = step.work
    if not isinstance(work, Run) or not isinstance(work.script, str):
        return step
    body = work.script.rstrip("\n")
    numbers = " ".join(str(number) for number in range(1, attempts + 2))
    attempt = shell.indented(f"(\n{shell.indented(f'set -eo pipefail{chr(10)}{body}')}\n)")
    script = (
        f"set +e\nfor attempt in {numbers}; do\n{attempt}\n  status=$?\n"
        '  [ "$status" -ne 0 ] || break\n  echo "attempt $attempt failed"\ndone\nexit "$status"\n'
    )
    made = Run(script, "bash", work.cwd, work.continues)
    return dataclasses.replace(step, work=made)
