"""Steps of another system -> steps that Jenkins knows, and what stands after the job. Called by `lower_jobs`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from seaway.formats.pipelines import approvers, shell
from seaway.formats.pipelines.expand import shown
from seaway.formats.pipelines.jenkins import lower_words, write_known
from seaway.formats.pipelines.jenkins.quoting import Unprintable, printed, quoted, value
from seaway.formats.pipelines.losses import Losses
from seaway.model.expression import Condition, Expr, Literal, Phase, Ref, Template, Text
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Cache,
    Checkout,
    Image,
    Job,
    Native,
    Opaque,
    Pipeline,
    Post,
    Retry,
    Run,
    Step,
    System,
    Use,
    Variable,
)

_CMD = frozenset({"cmd", "bat", "batch"})
_POSTS = {"always": "always", "failure": "failure", "cancelled": "aborted"}


@dataclass(slots=True)
class Lowered:
    """What became of a job's steps."""

    steps: list[Step] = field(default_factory=list)
    posts: dict[str, list[Step]] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    checked_out: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """What holds for all steps of a job. `consumed`: names of artifacts that another job fetches, None for any."""

    pipeline: Pipeline
    job: Job
    losses: Losses
    consumed: frozenset[str]
    everything: bool


def lower(steps: tuple[Step, ...], around: Around) -> Lowered:
    """The steps in order; those that ask how the others ended stand behind the job."""
    found = Lowered()
    for step in _merged(steps):
        made = _step(step, around, found)
        if made is None:
            continue
        if found.notes:
            comment = "\n".join([*found.notes, made.comment]).strip()
            made = dataclasses.replace(made, comment=comment)
            found.notes = []
        _place(made, step, around, found)
    return found


def posts(found: Lowered) -> tuple[Post, ...]:
    """`post { }` in Jenkins' order."""
    return tuple(Post(when, tuple(steps)) for when, steps in found.posts.items() if steps)


def _merged(steps: tuple[Step, ...]) -> list[Step]:
    """Scripts that go on in the shell of the one before are one script."""
    found: list[Step] = []
    for step in steps:
        last = found[-1] if found else None
        if (
            last is not None
            and isinstance(step.work, Run)
            and isinstance(last.work, Run)
            and step.work.continues
            and step.condition == last.condition
        ):
            script = _lines(last.work.script, step.work.script)
            found[-1] = dataclasses.replace(last, work=dataclasses.replace(last.work, script=script))
        else:
            found.append(step)
    return found


def _lines(one: Text, two: Text) -> Text:
    if isinstance(one, str) and isinstance(two, str):
        return f"{one.rstrip()}\n{two}"
    left = one.parts if isinstance(one, Template) else (one,)
    right = two.parts if isinstance(two, Template) else (two,)
    return Template((*left, "\n", *right))


def _place(made: Step, step: Step, around: Around, found: Lowered) -> None:
    asked = step.condition
    status = lower_words.has_status(asked.expr if asked else None) - {"success"}
    lower_words.phase_crossed(asked, step.name or "a step", around.losses)
    if not status or asked is None:
        condition = lower_words.condition(
            Condition(_plain(asked.expr), Phase.RUN, asked.text, asked.span) if asked else None
        )
        found.steps.append(_asking(made, condition, step, around.losses))
        return
    rest = lower_words.without_status(asked.expr)
    when = "always" if "always" in status or len(status) > 1 else _POSTS[next(iter(status))]
    left = Condition(rest, Phase.RUN, asked.text, asked.span) if rest is not None else None
    behind = _asking(made, left, step, around.losses)
    found.posts.setdefault(when, []).append(behind)
    if rest is not None:
        why = "what asks how the steps before ended stands in `post`, where all of the job is over"
        around.losses.approximated(f"condition {asked.text}".strip(), why, "check its order", asked.span)


def _asking(made: Step, asked: Condition | None, step: Step, losses: Losses) -> Step:
    """The step under its condition, with a comment where Jenkins cannot ask all of it."""
    if asked is None:
        return made
    what = f"step {step.name}" if step.name else "a step"
    expr = lower_words.askable(asked.expr, what, losses, asked.span or step.span)
    condition = dataclasses.replace(asked, expr=expr)
    comment = f"{made.comment}\n{lower_words.unsaid(asked, condition)}".strip()
    return dataclasses.replace(made, condition=condition, comment=comment)


def _plain(expr: Expr) -> Expr:
    found = lower_words.without_status(expr) if lower_words.has_status(expr) else expr
    return lower_words.YES if found is None else found


def _step(step: Step, around: Around, found: Lowered) -> Step | None:
    losses, work = around.losses, step.work
    for native in step.natives:
        losses.dropped(native.key, "Jenkins has no counterpart", "", native.span or step.span)
    made: Step | None
    if isinstance(work, Run):
        made = _run(step, work, around, found)
    elif isinstance(work, Checkout):
        made = _checkout(step, work, found, losses)
    elif isinstance(work, Cache):
        cached(work, losses, step)
        made = None
    elif isinstance(work, Artifact):
        made = _artifact(step, work, around)
    elif isinstance(work, Approval):
        made = _kept(
            step,
            dataclasses.replace(
                work,
                instructions=lower_words.text(work.instructions) or "Go on?",
                who=approvers.names(work.who),
                holds_runner=True,
            ),
        )
    elif isinstance(work, Use):
        made = _use(step, work, found, losses)
    else:
        made = _missing(step, work.text, losses)
    lacking = write_known.lacks(made) if made is not None else ""
    if lacking:
        made = _missing(step, f"a {work.kind} step that needs {lacking}", losses)
    if made is not None and step.container is not None and _is_printable(lower_words.text(step.container.name)):
        image = lower_words.text(step.container.name)
        native = Native("around.1.docker.image().inside", f"docker.image({value(image)}).inside")
        made = dataclasses.replace(made, natives=(*made.natives, native), container=Image(image))
    return None if made is None else _settings(made, step, losses)


def _kept(step: Step, work: Run | Checkout | Artifact | Approval) -> Step:
    native = {"checkout": "checkout", "approval": "input"}.get(work.kind, "")
    return Step(work, native=native, comment=step.comment, span=step.span)


def _settings(made: Step, step: Step, losses: Losses) -> Step:
    """Limits, tries and variables of a step."""
    retry = step.retry
    if retry is not None and retry.when:
        losses.approximated("retry", f"it was only for {', '.join(retry.when)}", "", retry.span or step.span)
        retry = Retry(retry.attempts)
    tolerant = step.continue_on_error
    if isinstance(tolerant, Condition):
        losses.approximated("continue on error", "its condition is left out", "", tolerant.span or step.span)
    return dataclasses.replace(
        made,
        env=tuple(
            sorted((*made.env, *lower_words.variables(step.env, losses, step.span)), key=lambda one: not one.secret)
        ),
        timeout=step.timeout,
        idle_timeout=step.idle_timeout if step.timeout is None else None,
        retry=retry if retry is not None and retry.attempts > 0 else None,
        continue_on_error=bool(tolerant),
    )


# --- scripts -----------------------------------------------------------------------------------------------------------


def _run(step: Step, work: Run, around: Around, found: Lowered) -> Step:
    job, pipeline, losses = around.job, around.pipeline, around.losses
    word = work.shell or job.shell or pipeline.shell
    name = _shell(word, job, losses, step)
    env: dict[str, Variable] = {}

    def variable(expr: Expr) -> str | None:
        return _variable(lower_words.words(expr), env)

    command, said = shell.program(name), _with_literals(work.script)
    if command and isinstance(said, Template):  # a shell puts the values into its text
        script, lost = shell.here_document(command, said, variable)
        name = ""
    else:
        script, lost = shell.script_text(said, variable, name)
    for expr in lost:
        why = "Jenkins has no such value" if variable(expr) is None else f"{name} reads no variable in single quotes"
        losses.dropped(f"`{expr_name(expr)}` in a script", why, "give the script another one", step.span)
    _export(script, name, around, found, step)
    cwd = lower_words.text(work.cwd or job.cwd or pipeline.cwd)
    if not _is_printable(cwd):
        losses.dropped("working folder", "Jenkins has no word for it", "add dir() by hand", step.span)
        cwd = ""
    made = Run(script.strip("\n").rstrip() or ":", name, cwd)
    native = {"cmd": "bat", "pwsh": "pwsh", "powershell": "powershell"}.get(name, "sh")
    return Step(made, name=step.name, env=tuple(env.values()), native=native, comment=step.comment, span=step.span)


def _with_literals(script: Text) -> Text:
    """What an unrolled matrix knows already stands in the script as text."""
    if isinstance(script, str):
        return script
    pieces = [lower_words.text(Template((one,))) if isinstance(one, Literal) else one for one in script.parts]
    plain = [one for one in pieces if isinstance(one, str)]
    flat = tuple(one for piece in pieces for one in (piece.parts if isinstance(piece, Template) else (piece,)))
    return "".join(plain) if len(plain) == len(pieces) else Template(flat)


def _export(script: str, name: str, around: Around, found: Lowered, step: Step) -> None:
    """Variables that only the old system sets, under their old names; those that Jenkins has no value for are told."""
    system = around.pipeline.system
    table = shell.predefined(system)
    lacking = []
    for one, meant in shell.exports(script, table, name).items():
        text = lower_words.text(meant if isinstance(meant, Template) else Template((meant,)), exact=True)
        if one in _OURS:
            continue
        if _is_printable(text):
            found.variables[one] = Variable(one, text)
        else:
            lacking.append(one)
    for one in lacking:
        why = f"only {spelled(system)} sets it"
        around.losses.manual(f"${one}", why, "set it in `environment`", step.span)


_OURS = frozenset({"WORKSPACE", "BUILD_NUMBER", "BRANCH_NAME", "GIT_COMMIT", "CI"})


def spelled(system: System) -> str:
    """A system's name for people."""
    return " ".join(word.capitalize() for word in system.value.split("_"))


def _shell(word: str, job: Job, losses: Losses, step: Step) -> str:
    words = word.split()
    program = words[-1 if shell.program(word) else 0].rsplit("/", 1)[-1] if words else ""
    program = "python" if program == "python3" else program
    if not program:
        return "pwsh" if job.runner.os == "windows" else ""
    if program in _CMD:
        return "cmd"
    if program in {"bash", "pwsh", "powershell", "python"} or shell.program(word):
        return program
    if program == "sh":
        return ""
    losses.approximated(f"shell {word}", "it becomes the first line of the script", "", step.span)
    return program


def expr_name(expr: Expr) -> str:
    """A value for people."""
    return ".".join((expr.context, *map(str, expr.path))) if isinstance(expr, Ref) else type(expr).__name__.lower()


def _variable(expr: Expr, env: dict[str, Variable]) -> str | None:
    """The shell's name of a value; what the environment does not have yet is added to it."""
    if not isinstance(expr, Ref):
        return _added("VALUE", Template((expr,)), env)
    path = expr.path
    if len(path) != 1 or not isinstance(path[0], str):
        return None
    if expr.context in {"env", "matrix", "input"} and path[0].isidentifier():
        return f"${{{path[0]}}}"
    if expr.context == "secret":
        name = lower_words.name(path[0]).upper()
        env[name] = Variable(name, Template((expr,)), secret=True)
        return f"${{{name}}}"
    try:
        word = printed(expr)
    except Unprintable:
        return None
    plain = word.removeprefix("env.")
    return (
        f"${{{plain}}}"
        if word.startswith("env.") and plain.isidentifier()
        else _added(path[0].upper(), Template((expr,)), env)
    )


def _added(name: str, text: Template, env: dict[str, Variable]) -> str | None:
    if not _is_printable(text):
        return None
    found, number = name, 1
    while found in env and env[found].value != text:
        number += 1
        found = f"{name}_{number}"
    env[found] = Variable(found, text)
    return f"${{{found}}}"


def _is_printable(text: Text) -> bool:
    try:
        for part in text.parts if isinstance(text, Template) else ():
            if not isinstance(part, str):
                printed(part)
    except Unprintable:
        return False
    return True


# --- everything else ------------------------------------------------------------------------------------------------------


def _checkout(step: Step, work: Checkout, found: Lowered, losses: Losses) -> Step | None:
    if work.implicit or not (work.depth or work.ref or work.repository or work.path or work.submodules or work.lfs):
        found.checked_out = True
        return None
    if work.repository and "://" not in str(work.repository) and "@" not in str(work.repository):
        losses.manual("checkout of another repository", "Jenkins wants its address", "complete the url", step.span)
    plain = dataclasses.replace(
        work,
        depth=work.depth or None,
        ref=lower_words.text(work.ref),
        repository=lower_words.text(work.repository),
        path=lower_words.text(work.path),
        credentials=None,
        component=None,
        inputs=(),
    )
    made = _kept(step, plain)
    return dataclasses.replace(made, native="git") if write_known.is_plain_clone(plain) else made


def cached(work: Cache, losses: Losses, step: Step | Job) -> None:
    """Jenkins has no cache of its own."""
    what = work.tool or (shown(work.paths[0]) if work.paths else "files")
    fix = "add the Job Cacher plugin, or mount a folder of the agent"
    losses.dropped(f"cache of {what}", "Jenkins keeps nothing between runs by itself", fix, step.span)


def _artifact(step: Step, work: Artifact, around: Around) -> Step | None:
    losses = around.losses
    if work.expires is not None:
        losses.dropped(
            "how long an artifact is kept", "Jenkins keeps what the build keeps", "set buildDiscarder", step.span
        )
    if work.reports and not work.paths:
        found = report(work.reports, losses, step)
        return dataclasses.replace(found, span=step.span) if found is not None else None
    if work.direction == "down":
        return _fetched(step, work, around)
    paths = tuple(one for path in work.paths for one in with_folder(path))
    name = lower_words.text(work.name) or around.job.id
    if around.everything or (isinstance(name, str) and name in around.consumed):
        return Step(
            Artifact("up", name, paths, work.exclude, layer=True), native="stash", comment=step.comment, span=step.span
        )
    return Step(
        Artifact("up", paths=paths, exclude=work.exclude),
        native="archiveArtifacts",
        comment=step.comment,
        span=step.span,
    )


def report(reports: tuple[tuple[str, str], ...], losses: Losses, source: Step | Job) -> Step | None:
    """Results of tests; Jenkins shows other reports only with a plugin for each."""
    for kind, path in reports:
        if kind != "junit":
            losses.dropped(
                f"report {kind} {path}",
                "Jenkins shows it with a plugin only",
                "use recordCoverage or recordIssues",
                source.span,
            )
    known = tuple(one for one in reports if one[0] == "junit")
    return Step(Artifact("up", reports=known, when="always"), native="junit") if known else None


def with_folder(path: Text) -> tuple[Text, ...]:
    """A path that may be a folder means all that is in it."""
    if not isinstance(path, str):
        return (lower_words.text(path),)
    plain = path.strip().removeprefix("./")
    if plain.endswith("/"):
        return (f"{plain}**",)
    last = plain.rsplit("/", 1)[-1]
    return (plain,) if "*" in last or "." in last else (plain, f"{plain}/**")


def _fetched(step: Step, work: Artifact, around: Around) -> Step | None:
    if not work.name:
        around.losses.manual(
            "download of all artifacts", "Jenkins fetches them by name", "add an unstash for each", step.span
        )
        return None
    return Step(
        Artifact("down", lower_words.text(work.name), layer=True),
        native="unstash",
        comment=step.comment,
        span=step.span,
    )


def _use(step: Step, work: Use, found: Lowered, losses: Losses) -> Step | None:
    inputs = ", ".join(f"{one.name}: {one.value}" for one in work.inputs if isinstance(one.value, str))
    text = f"{work.ref.text}{f' with {inputs}' if inputs else ''}"
    name = work.ref.name.rsplit("/", 1)[-1]
    if name.startswith("setup-"):
        found.notes.append(
            f"Here {text} got ready; Jenkins takes tools from its agents, from `tools` or from an image."
        )
        fix = "name the tool in `tools`, or use an image that has it"
        losses.manual(work.ref.text, "Jenkins takes tools from its agents", fix, step.span)
        return None
    return _missing(step, text, losses, work.ref.text)


def _missing(step: Step, text: str, losses: Losses, word: str = "") -> Step:
    """Something that nobody can convert: the run says so, and is unstable."""
    short = (word or step.name or text.split("\n", 1)[0]).strip()
    losses.opaque(short, "only its own system knows what it does", "write what it does", step.span)
    comment = "\n".join(["Not converted:", *(f"  {line}" for line in text.splitlines())])
    work = Opaque(f"unstable {quoted(f'Not converted: {short}')}")
    return Step(work, native="unstable", comment=f"{step.comment}\n{comment}".strip(), span=step.span)
