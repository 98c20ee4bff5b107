"""Caches and artifacts of another system -> steps that keep, send and fetch files. Called by `lower_jobs` and `lower_steps`."""

from __future__ import annotations

import dataclasses
import posixpath
import re

from seaway.formats.pipelines.expand import shown
from seaway.formats.pipelines.files import rooted
from seaway.formats.pipelines.github_actions.lower_values import Around, Place, Scope
from seaway.model.expression import Call, Condition, Expr, Literal, Phase, Ref, Template, Text, parts
from seaway.model.pipeline import Artifact, Cache, Job, Step, System, Variable
from seaway.model.span import Span

_LAYER = "workspace-"  # begins the names of what several jobs put into one store: whoever wants it fetches all of them

# When files are sent -> what GitHub is asked.
_WHEN = {"always": Call("always"), "failure": Call("failure")}


def cache(work: Cache, scope: Scope, step: Step | None = None) -> Cache:
    """A cache whose key, where it has files, is the hash of them; where it has none, the other system's key."""
    losses = scope.losses
    span = step.span if step else None
    key = scope.text(work.key, Place.STEP, span)
    hashed = Call("hash_files", tuple(Literal(name) for name in work.files)) if work.files else None
    fallbacks = tuple(scope.text(one, Place.STEP, span) for one in work.fallbacks)
    if hashed is not None and not _hashes(key):
        start = (*parts(key), "-") if key else (Ref("runner", ("os",)), "-cache-")
        fallbacks = fallbacks or (_template(start),)
        key = _template((*start, hashed))
    elif not key:
        key = Template((Ref("runner", ("os",)), "-cache-", Ref("run", ("job",))))
    if hashed is None and not _changes(key):
        why = "GitHub never overwrites a cache: with a key that does not change it keeps what the first run saved"
        losses.approximated("cache key", why, "put the hash of the lock file into the key", span)
    if work.when not in {"success", ""}:
        losses.approximated(
            "cache `when`", "GitHub saves a cache when the job succeeds", "use actions/cache/save with `if`", span
        )
    return dataclasses.replace(
        work, key=key, fallbacks=fallbacks, paths=tuple(scope.text(one, Place.STEP, span) for one in work.paths),
        when="success", component=None, inputs=(), tool="",
    )  # fmt: skip


def _hashes(key: Text) -> bool:
    return any(isinstance(part, Call) and part.name == "hash_files" for part in parts(key))


def _changes(key: Text) -> bool:
    return any(not isinstance(part, str) for part in parts(key)) and key != Template(
        (Ref("runner", ("os",)), "-cache-", Ref("run", ("job",)))
    )


def _template(pieces: tuple[str | Expr, ...]) -> Text:
    return Template(pieces) if any(not isinstance(one, str) for one in pieces) else "".join(str(one) for one in pieces)


def artifact(work: Artifact, scope: Scope, span: Span | None = None) -> Artifact:
    """An upload or a download. Azure gives each download a folder of its name; reports are files like others here."""
    if work.direction == "down":
        return _fetched(work, scope, span)
    for kind, _ in work.reports:
        why = "GitHub shows no reports of this kind: the file is kept with the artifacts"
        scope.losses.approximated(f"report {kind}", why, "add an action that shows it", span)
    work = rooted(work)
    paths = [scope.text(one, Place.STEP) for one in (*work.paths, *(path for _, path in work.reports))]
    return dataclasses.replace(
        work,
        name=scope.text(work.name, Place.STEP),
        paths=tuple(paths),
        exclude=tuple(scope.text(one, Place.STEP) for one in work.exclude),
        reports=(),
        component=None,
        inputs=(),
    )


def _fetched(work: Artifact, scope: Scope, span: Span | None) -> Artifact:
    into = work.into or (work.name if scope.system is System.AZURE_PIPELINES else "")
    stash = scope.stashes.get(work.name) if work.layer and isinstance(work.name, str) else None
    if stash is not None and not into:
        into = artifact_root(rooted(stash).paths)
    if work.paths:
        why = "GitHub fetches an artifact whole, where only some of its files were asked for"
        named = ", ".join(shown(one) for one in work.paths)
        scope.losses.approximated(f"artifact files {named}", why, "", span)
    layers = work.layer and not work.name
    inputs = (Variable("pattern", f"{_LAYER}*"), Variable("merge-multiple", "true")) if layers else ()
    return dataclasses.replace(
        work, name=scope.text(work.name, Place.STEP), paths=(), exclude=(), into=scope.text(into, Place.STEP),
        component=None, inputs=inputs,
    )  # fmt: skip


def artifact_root(paths: tuple[Text, ...]) -> str:
    """The folder that GitHub takes as the root of an upload: a download goes into it again. "" is the work folder."""
    roots = [_search_root(path) for path in paths if isinstance(path, str)]
    if not roots or len(roots) != len(paths):
        return ""
    found = posixpath.commonpath(roots) if len({root.startswith("/") for root in roots}) == 1 else ""
    return "" if found == "." else found


def _search_root(path: str) -> str:
    whole = posixpath.normpath(path)
    if re.search(r"[*?\[]", whole):
        kept = []
        for part in whole.split("/"):
            if re.search(r"[*?\[]", part):
                break
            kept.append(part)
        return "/".join(kept) or "."
    if path.endswith("/") or "." not in posixpath.basename(whole):
        return whole
    return posixpath.dirname(whole) or "."


def upload_condition(work: Artifact) -> Condition | None:
    """When an upload is made: as the other system says."""
    asked = _WHEN.get(work.when)
    return Condition(asked, Phase.RUN) if asked else None


def upload_name(job_id: str, artifact: Artifact, *, matrix: bool) -> Text:
    """Names are unique in a run: an artifact without one is called after its job, and its number in the matrix."""
    start = artifact.name or job_id
    pieces = start.parts if isinstance(start, Template) else (start,)
    if any(isinstance(part, Ref) and part.context == "matrix" for part in pieces):
        return start
    return Template((*pieces, "-", Ref("native", ("strategy", "job-index")))) if matrix else start


def named(steps: tuple[Step, ...], job: Job) -> tuple[Step, ...]:
    """Uploads among a job's steps that have no name get one: GitHub refuses a second artifact of the same name in a run."""
    found: list[Step] = []
    count = 0
    for step in steps:
        work = step.work
        if isinstance(work, Artifact) and work.direction == "up" and not work.name:
            count += 1
            start = f"{_LAYER if work.layer else ''}{job.id}{f'-{count}' if count > 1 else ''}"
            name = _file_name(upload_name(start, work, matrix=job.matrix is not None or bool(job.parallel)))
            step = dataclasses.replace(step, work=dataclasses.replace(work, name=name))  # noqa: PLW2901 - with its name
        found.append(step)
    return tuple(found)


def uploads(kept: Artifact, job: Job, scope: Scope) -> list[Step]:
    """The step that sends a job's files: its reports with them, which GitHub shows nowhere."""
    for kind, path in kept.reports:
        if kind == "dotenv":
            fix = "write the lines to $GITHUB_OUTPUT and name them in the job's `outputs`"
            scope.losses.manual(
                f"report dotenv {path}", "variables for later jobs are outputs at GitHub", fix, job.span, mark=job.span
            )
        else:
            why = "GitHub shows no reports of this kind: the file is kept with the artifacts"
            scope.losses.approximated(f"report {kind}", why, "add an action that shows it", job.span, mark=job.span)
    made = artifact(dataclasses.replace(kept, reports=()), scope)
    paths = (*made.paths, *(path for _, path in kept.reports if path not in made.paths))
    if not paths:
        return []
    matrix = job.matrix is not None or bool(job.parallel)
    made = dataclasses.replace(
        made, paths=paths, name=upload_name(job.id, made, matrix=matrix), reports=(), when="success"
    )
    made = dataclasses.replace(made, name=_file_name(made.name))
    return [Step(made, condition=upload_condition(kept))]


def _file_name(name: Text) -> Text:
    """Characters that GitHub refuses in names of artifacts are dashes."""
    if isinstance(name, str):
        return re.sub(r"[\"':<>|*?\\/\r\n]+", "-", name)
    return Template(
        tuple(re.sub(r"[\"':<>|*?\\/\r\n]+", "-", part) if isinstance(part, str) else part for part in name.parts)
    )


def downloads(job: Job, around: Around) -> list[Step]:
    """The files of the jobs before it that its system would have put there, each back in its folder."""
    return [
        _download(name, one, matrix=name in around.matrices, maybe=name in around.optional)
        for name in around.files.get(job.id, ())
        for one in around.uploads.get(name, ())
    ]


def _download(job_id: str, one: Artifact, *, matrix: bool, maybe: bool) -> Step:
    into = artifact_root((*one.paths, *(path for _, path in one.reports)))
    name = _file_name(upload_name(job_id, one, matrix=False))
    inputs: tuple[Variable, ...] = ()
    if matrix:
        shown = name if isinstance(name, str) else job_id
        inputs = (Variable("pattern", f"{shown}-*"), Variable("merge-multiple", "true"))
        name = ""
    # An artifact need not be there: its job may have been left out, or has made no files.
    return Step(Artifact("down", name=name, into=into, inputs=inputs), continue_on_error=maybe or one.when == "failure")
