"""Pipelines at random, in the shape that the reader of Jenkinsfiles gives them."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import strategies as st

from formats.pipelines.strategies import NAMES, PATHS, SCRIPTS, TIMEOUTS, WORDS, templates, tuples
from seaway.formats.pipelines.jenkins import globs
from seaway.formats.pipelines.jenkins.agent import labelled
from seaway.formats.pipelines.jenkins.options import RUN
from seaway.formats.pipelines.jenkins.scripts import cleaned
from seaway.formats.pipelines.jenkins.stages import axes, slug, with_files
from seaway.formats.pipelines.jenkins.wrappers import ordered, secret
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Unary
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Axis,
    Checkout,
    Concurrency,
    Image,
    Job,
    Matrix,
    Native,
    Need,
    Opaque,
    Parameter,
    Pipeline,
    Post,
    Retry,
    Run,
    Runner,
    Stage,
    Step,
    System,
    Trigger,
    TriggerKind,
    Variable,
)

TITLES = st.from_regex(r"[A-Z][a-z]{1,4}( [a-z0-9]{1,4})?", fullmatch=True)
PLAIN = st.text("abc XYZ'\"\\$-_/.{}%\u00e9\u4e2d", min_size=1, max_size=10)
REFS = st.sampled_from(
    [
        Ref("git", ("branch",)),
        Ref("git", ("sha",)),
        Ref("run", ("number",)),
        Ref("env", ("HOME",)),
        Ref("input", ("TARGET",)),
        Ref("native", ("local",)),
        Ref("native", ("currentBuild.result",)),
        Ref("event", ("number",)),
    ]
)
LITERALS = st.one_of(st.booleans(), st.integers(0, 99), PLAIN).map(Literal)
ASKED = st.one_of(
    REFS,
    st.builds(Binary, st.sampled_from(["==", "!=", "<", ">="]), REFS, LITERALS),
    st.builds(lambda one, two: Call("contains", (one, Literal(two))), REFS, PLAIN),
    st.builds(lambda one: Binary("=~", one, Literal("^v[0-9]+$")), REFS),
)
EXPRESSIONS: st.SearchStrategy[Expr] = st.recursive(
    ASKED,
    lambda inner: st.one_of(
        inner.map(lambda one: Unary("!", one)),
        st.builds(Binary, st.sampled_from(["&&", "||"]), inner, inner),
    ),
    max_leaves=4,
)
KIND = Ref("event", ("kind",))
BRANCHES = st.sampled_from(["main", "release/*", "**/x?", "a.b"])
BUILTIN: st.SearchStrategy[Expr] = st.one_of(
    BRANCHES.map(
        lambda one: (
            Binary("=~", Ref("git", ("branch",)), Literal(globs.pattern(one)))
            if globs.is_pattern(one)
            else Binary("==", Ref("git", ("branch",)), Literal(one))
        )
    ),
    st.sampled_from(["tag", "pull_request", "schedule", "manual"]).map(lambda one: Binary("==", KIND, Literal(one))),
    PATHS.map(lambda one: Call("changed", (Literal(one),))),
    st.builds(lambda name, text: Binary("==", Ref("env", (name,)), Literal(text)), NAMES, PLAIN),
    st.just(
        Binary(
            "&&",
            Binary("==", KIND, Literal("pull_request")),
            Binary("==", Ref("event", ("target_branch",)), Literal("main")),
        )
    ),
    EXPRESSIONS,
)
WHEN: st.SearchStrategy[Expr] = st.recursive(
    BUILTIN,
    lambda inner: st.one_of(
        inner.map(lambda one: Unary("!", one)),
        st.builds(Binary, st.sampled_from(["&&", "||"]), inner, inner),
    ),
    max_leaves=4,
)
TEXTS = templates(REFS, PLAIN)
SHELLS = {"sh": "", "bat": "cmd", "pwsh": "pwsh", "powershell": "powershell"}


def conditions(asked: st.SearchStrategy[Expr]) -> st.SearchStrategy[Condition | None]:
    return st.one_of(st.none(), asked.map(lambda one: Condition(one, Phase.RUN)))


def _normal(text: Any) -> bool:
    first = text if isinstance(text, str) else text.parts[0]
    return cleaned(text) == text and not (isinstance(first, str) and first.startswith("#!"))


@st.composite
def shells(draw: Any) -> Step:
    native = draw(st.sampled_from(list(SHELLS)))
    script = draw(st.one_of(SCRIPTS.map(str.strip), templates(REFS, SCRIPTS.map(str.strip))).filter(_normal))
    shell = draw(st.sampled_from(["", "bash", "ruby"])) if native == "sh" else SHELLS[native]
    return Step(
        Run(script, shell, draw(st.sampled_from(["", "sub", "a/b"]))), name=draw(st.just("") | WORDS), native=native
    )


def _echo(text: str) -> Step:
    escaped = "".join("\\" + char if char in '\\"$`' else char for char in text)
    return Step(Run(f'echo "{escaped}"'), native="echo")


OPAQUE = {
    "slackSend channel: '#a'": "slackSend",
    "deleteDir()": "deleteDir",
    "def x = 1": "",
    "x.each { echo it }": "x.each",
    "env.A = 'b'": "",
}
OTHERS = st.one_of(
    PLAIN.map(_echo),
    tuples(PATHS, least=1).map(lambda paths: Step(Artifact("up", paths=paths), native="archiveArtifacts")),
    PATHS.map(lambda path: Step(Artifact("up", reports=(("junit", path),), when="always"), native="junit")),
    st.builds(lambda name, paths: Step(Artifact("up", name, paths, layer=True), native="stash"), WORDS, tuples(PATHS)),
    WORDS.map(lambda name: Step(Artifact("down", name, layer=True), native="unstash")),
    st.just(Step(Checkout(), native="checkout")),
    st.builds(lambda ref: Step(Checkout(ref=ref, repository="https://git.example.org/a"), native="git"), PATHS),
    st.sampled_from(sorted(OPAQUE)).map(lambda text: Step(Opaque(text), native=OPAQUE[text])),
)


def _variables(most: int = 2) -> st.SearchStrategy[tuple[Variable, ...]]:
    plain = st.builds(Variable, NAMES, TEXTS)
    hidden = st.builds(
        lambda name, key, part: Variable(name, secret(key.lower(), part), secret=True),
        NAMES,
        NAMES,
        st.sampled_from(["", "file"]),
    )
    return tuples(st.one_of(plain, hidden), most, by=lambda one: one.name).map(ordered).filter(_distinct)


def _distinct(found: tuple[Variable, ...]) -> bool:
    keys = [str(one.value) for one in found if one.secret]
    return len(keys) == len(set(keys))


@st.composite
def steps(draw: Any) -> Step:
    step: Step = draw(st.one_of(shells(), shells(), OTHERS))
    if isinstance(step.work, Opaque) and step.native in {"", "x.each"}:
        return step
    limit = draw(st.sampled_from(["", "", "timeout", "idle_timeout"]))
    return dataclasses.replace(
        step,
        condition=draw(conditions(EXPRESSIONS)),
        env=draw(_variables()) if draw(st.booleans()) else (),
        retry=draw(st.none() | st.integers(1, 4).map(Retry)),
        continue_on_error=draw(st.booleans()),
        **({limit: draw(TIMEOUTS)} if limit else {}),
    )


@st.composite
def bodies(draw: Any, least: int = 0) -> tuple[Step, ...]:
    """Steps, some of them in a block around them."""
    found: list[Step] = []
    blocks = 0
    for _ in range(draw(st.integers(max(least, 0), 3))):
        some = draw(st.lists(steps(), min_size=1, max_size=2))
        if draw(st.integers(0, 3)) == 0:
            blocks += 1
            head = draw(st.sampled_from(["timestamps", "sshagent(['a'])", "lock('b')"]))
            native = Native(f"around.{blocks}.{head.split('(')[0]}", head)
            some = [dataclasses.replace(one, natives=(native,)) for one in some]
        found += some
    return tuple(found)


POSTS = tuples(
    st.builds(
        Post, st.sampled_from(["always", "failure", "success", "changed", "fixed", "unstable", "cleanup"]), bodies(1)
    ),
    2,
    by=lambda one: one.when,
)
LABELS = st.sampled_from(["", "linux", "linux && docker", "a || b", "windows"])
AGENTS = st.tuples(
    LABELS.map(lambda one: labelled(one) if one else Runner()),
    st.none() | st.builds(Image, st.sampled_from(["maven:3", "node:20"]), options=st.sampled_from(["", "-v a:b"])),
)


@st.composite
def jobs(draw: Any, title: str, top: Any, *, alone: bool) -> Job:
    inherits = draw(st.booleans()) if not alone else True
    nobody = not alone and draw(st.integers(0, 5)) == 0
    runner, container = top if inherits else draw(AGENTS)
    first = (Step(Checkout(implicit=True)),) if not nobody and draw(st.integers(0, 3)) else ()
    body = draw(bodies(1))
    if any(step.work == Checkout() and step.condition is None for step in body):
        first = ()
    approval = None
    if draw(st.integers(0, 3)) == 0:
        approval = Approval(draw(WORDS), draw(tuples(NAMES, 2)), holds_runner=inherits and not nobody)
    return Job(
        slug(title),
        title,
        condition=draw(conditions(WHEN)),
        runner=Runner() if nobody else runner,
        container=None if nobody else container,
        variables=draw(tuples(st.builds(Variable, NAMES, PLAIN), 2, by=lambda one: one.name)),
        steps=first + body,
        timeout=draw(st.none() | TIMEOUTS),
        retry=draw(st.none() | st.integers(1, 3).map(Retry)),
        concurrency=draw(st.none() | WORDS.map(lambda one: Concurrency(one, queue=True))),
        approval=approval,
        post=draw(POSTS),
        natives=(Native("agent", "none"),)
        if nobody
        else draw(st.sampled_from([(), (Native("options.quietPeriod", "quietPeriod(5)"),)])),
        workspace="pipeline" if inherits and not nobody else "",
    )


@st.composite
def pipelines(draw: Any) -> Pipeline:
    """A declarative pipeline as `jenkins.parse` gives it."""
    titles = iter(draw(st.lists(TITLES, min_size=14, max_size=14, unique_by=slug)))
    top = draw(AGENTS)
    alone = draw(st.integers(0, 3)) == 0
    found: list[Job] = []
    stages: list[Stage] = []
    for _ in range(1 if alone else draw(st.integers(1, 3))):
        shape = "leaf" if alone else draw(st.sampled_from(["leaf", "leaf", "parallel", "sequence", "matrix"]))
        name = next(titles)
        if shape == "leaf":
            stages.append(Stage(name))
            found.append(dataclasses.replace(draw(jobs(name, top, alone=alone)), stage=name, needs=()))
            continue
        stages.append(_around(draw, name))
        if shape == "matrix":
            matrix = draw(matrices())
            job = draw(jobs(next(titles), top, alone=False))
            found.append(
                dataclasses.replace(job, stage=name, needs=(), matrix=matrix, variables=(*axes(matrix), *job.variables))
            )
            continue
        last: tuple[Need, ...] = ()
        for _ in range(2):
            inner, place = name, draw(st.integers(0, 2))
            if shape == "parallel" and place == 0:
                inner = next(titles)
                stages.append(Stage(inner, (), parent=name))
                first = draw(jobs(next(titles), top, alone=False))
                found.append(dataclasses.replace(first, stage=inner, needs=()))
                second = draw(jobs(next(titles), top, alone=False))
                found.append(dataclasses.replace(second, stage=inner, needs=(Need(first.id),)))
                continue
            job = draw(jobs(next(titles), top, alone=False))
            found.append(dataclasses.replace(job, stage=inner, needs=last))
            last = (Need(job.id),) if shape == "sequence" else ()
    return _whole(draw, stages, found)


def _around(draw: Any, name: str) -> Stage:
    return Stage(
        name,
        condition=draw(conditions(WHEN)),
        variables=draw(tuples(st.builds(Variable, NAMES, PLAIN), 1)),
        post=draw(POSTS) if draw(st.booleans()) else (),
        natives=draw(st.sampled_from([(), (Native("failFast", "true"),)])),
    )


@st.composite
def matrices(draw: Any) -> Matrix:
    names = draw(st.lists(NAMES, min_size=1, max_size=2, unique=True))
    found = tuple(Axis(name, draw(tuples(PLAIN, 3, 1, by=lambda one: one))) for name in names)
    rows = tuples(st.sampled_from(names).flatmap(lambda name: PLAIN.map(lambda one: ((name, one),))), 2)
    return Matrix(found, exclude=draw(rows))


def _whole(draw: Any, stages: list[Stage], found: list[Job]) -> Pipeline:
    shared = [job for job in found if job.workspace == "pipeline"]
    single = len(found) == 1 and found[0].matrix is None
    if len(shared) < 2:
        held = single and not any(one.key == "agent" for one in found[0].natives)
        found = [_alone(job, held=held) for job in found]
    found = with_files(found)
    post = draw(POSTS) if draw(st.booleans()) else ()
    return Pipeline(
        System.JENKINS,
        "Jenkinsfile",
        triggers=draw(st.sampled_from([(), (Trigger(TriggerKind.SCHEDULE, "cron", cron="H 4 * * *"),)])),
        parameters=draw(tuples(PARAMETERS, 2, by=lambda one: one.name)),
        variables=draw(tuples(st.builds(Variable, NAMES, PLAIN), 2, by=lambda one: one.name)),
        concurrency=draw(st.none() | st.booleans().map(lambda cancel: Concurrency(RUN, cancel, queue=not cancel))),
        stages=tuple(stages),
        jobs=tuple(found),
        post=post,
        timeout=draw(st.none() | TIMEOUTS),
        natives=draw(
            st.sampled_from([(), (Native("groovy.before", "def x = 1"), Native("options.timestamps", "timestamps()"))])
        ),
    )


def _alone(job: Job, *, held: bool) -> Job:
    """A workspace that nobody shares has no name; only an agent around the stage is held while it asks."""
    approval = dataclasses.replace(job.approval, holds_runner=held) if job.approval is not None else None
    return dataclasses.replace(job, workspace="", approval=approval)


PARAMETERS = st.one_of(
    st.builds(
        Parameter, st.sampled_from(["TARGET", "OTHER"]), st.just("string"), st.none() | PLAIN, st.just("") | WORDS
    ),
    st.builds(lambda name: Parameter(name, "boolean", "true"), NAMES),
    st.builds(
        lambda name, options: Parameter(name, "choice", options=options), NAMES, tuples(PLAIN, 3, 1, by=lambda one: one)
    ),
)
