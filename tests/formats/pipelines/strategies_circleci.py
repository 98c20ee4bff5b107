"""CircleCI's pipelines at random, in the shape that their reader gives them."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import strategies as st

from formats.pipelines.strategies import NAMES, PATHS, SCRIPTS, TIMEOUTS, WORDS, templates, tuples
from seaway.formats.pipelines.circleci import started, values
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Template, Unary, walk
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Axis,
    Cache,
    Checkout,
    Component,
    Concurrency,
    Image,
    Job,
    Matrix,
    Native,
    Need,
    Parameter,
    Pin,
    Pipeline,
    Retry,
    Run,
    Runner,
    Stage,
    Step,
    System,
    Trigger,
    TriggerKind,
    Unresolved,
    Use,
    Variable,
)

CIRCLE_NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
CIRCLE_REFS = st.one_of(
    st.builds(lambda name: Ref("input", (name,)), CIRCLE_NAMES),
    st.sampled_from([Ref("git", ("branch",)), Ref("git", ("sha",)), Ref("native", ("pipeline", "project", "slug"))]),
)
CIRCLE_WORDS = WORDS.filter(lambda text: "{{" not in text and not text.startswith(("[", "{", "- ")))
CIRCLE_TEXTS = templates(CIRCLE_REFS, CIRCLE_WORDS)
CIRCLE_LOGIC: st.SearchStrategy[Expr] = st.recursive(
    st.one_of(
        st.builds(lambda name: Ref("input", (name,)), CIRCLE_NAMES),
        st.builds(lambda ref, word: Binary("==", ref, Literal(word)), CIRCLE_REFS, CIRCLE_NAMES),
        st.builds(lambda ref: Call("matches", (ref, Literal("^v.*$"))), CIRCLE_REFS),
    ),
    lambda inner: st.one_of(
        inner.map(lambda one: Unary("!", one)),
        st.builds(Binary, st.sampled_from(["&&", "||"]), inner, inner),
    ),
    max_leaves=4,
)
CIRCLE_OUTCOMES = st.sampled_from([Call("always"), Call("failure")])
CIRCLE_CONDITIONS = st.one_of(
    st.none(),
    CIRCLE_OUTCOMES.map(lambda expr: Condition(expr, Phase.RUN)),
    CIRCLE_LOGIC.map(lambda expr: Condition(expr, Phase.COMPILE)),
    st.builds(lambda one, two: Condition(Binary("&&", one, two), Phase.COMPILE), CIRCLE_LOGIC, CIRCLE_OUTCOMES),
)
CIRCLE_VARIABLES = tuples(st.builds(Variable, NAMES, CIRCLE_TEXTS), by=lambda one: one.name)
CIRCLE_KEYS = st.one_of(
    CIRCLE_NAMES,
    st.builds(lambda name, ref: Template((f"{name}-", ref)), CIRCLE_NAMES, st.sampled_from([Ref("git", ("branch",)), Ref("var", ("X",)), Ref("input", ("p",))])),
)  # fmt: skip


def _circle_cache(key: Any, files: tuple[str, ...], more: Any, paths: Any, *, save: bool) -> Cache:
    parts = [key] if isinstance(key, str) else list(key.parts)
    for file in files:
        parts += ["-", Call("hash_files", (Literal(file),))]
    if save:
        return Cache(values.joined(parts), files, paths, action="save")
    return Cache(values.joined(parts), files, fallbacks=more, action="restore")


CIRCLE_WORK = st.one_of(
    st.builds(Run, templates(CIRCLE_REFS, SCRIPTS), st.sampled_from(["", "bash -e"]), st.just("") | PATHS),
    st.builds(Checkout, path=st.just("") | PATHS),
    st.builds(_circle_cache, CIRCLE_KEYS, tuples(PATHS, 2, by=str), tuples(CIRCLE_KEYS, 2), tuples(PATHS, least=1), save=st.booleans()),
    st.builds(lambda name, path: Artifact("up", name, (path,)), st.just("") | CIRCLE_NAMES, PATHS),
    st.builds(lambda path: Artifact("up", reports=(("junit", path),)), PATHS),
    st.builds(lambda paths, root: Artifact("up", paths=paths, into=root, layer=True), tuples(PATHS, least=1), PATHS),
    st.builds(lambda at: Artifact("down", into=at, layer=True), PATHS),
    st.builds(lambda inputs: Use(Component("setup_remote_docker", "setup_remote_docker"), inputs), tuples(st.just(Variable("version", "default")), 1)),
    st.builds(lambda inputs: Use(Component("node/install", "circleci/node/install", "5.1", Pin.TAG), inputs), tuples(st.builds(Variable, CIRCLE_NAMES, CIRCLE_TEXTS), by=lambda one: one.name)),
)  # fmt: skip
CIRCLE_STEPS = st.builds(
    Step,
    CIRCLE_WORK,
    name=st.just("") | CIRCLE_NAMES,
    condition=CIRCLE_CONDITIONS,
    env=CIRCLE_VARIABLES,
    idle_timeout=st.none() | TIMEOUTS,
    retry=st.none() | st.integers(1, 5).map(Retry),
    natives=st.sampled_from([(), (Native("background", "true"),)]),
).map(lambda step: step if step.work.kind == "run" else _named_only(step))


def _named_only(step: Step) -> Step:
    """What is no script has a name and a `when` at most; what comes from an orb not even these."""
    kept = step.work.kind not in {"use", "checkout"}
    status = step.condition and step.condition.phase is Phase.COMPILE and step.condition.expr
    if isinstance(status, Binary) and status.right in (Call("always"), Call("failure")):
        status = status.left
    condition = step.condition if step.work.kind == "artifact" else Condition(status, Phase.COMPILE) if status else None
    return Step(step.work, name=step.name if kept else "", condition=condition)


CIRCLE_IMAGES = st.builds(
    Image,
    st.from_regex(r"[a-z]{1,6}:[0-9]{1,4}", fullmatch=True),
    alias=st.just("") | CIRCLE_NAMES,
    env=CIRCLE_VARIABLES,
    command=st.none() | tuples(CIRCLE_NAMES, least=1),
    natives=st.sampled_from([(), (Native("docker.user", "root"),)]),
)
BRANCHES = st.one_of(
    CIRCLE_NAMES.map(lambda name: Binary("==", Ref("git", ("branch",)), Literal(name))),
    CIRCLE_NAMES.map(lambda name: Call("matches", (Ref("git", ("branch",)), Literal(f"^{name}.*$")))),
)
TAGS = st.one_of(
    CIRCLE_NAMES.map(lambda name: Call("matches", (Ref("git", ("tag",)), Literal(f"^{name}.*$")))),
    st.just(Binary("!=", Ref("git", ("tag",)), Literal(""))),
)
CIRCLE_FILTERS = st.one_of(
    BRANCHES,
    TAGS,
    st.builds(lambda one, two: Binary("||", one, two), BRANCHES, BRANCHES),
    st.builds(lambda one, two: Unary("!", Binary("||", one, two)), BRANCHES, BRANCHES),
    st.builds(lambda one, two: Binary("||", one, two), BRANCHES, TAGS),
    TAGS.map(lambda one: Binary("||", Binary("==", Ref("git", ("tag",)), Literal("")), one)),
)


@st.composite
def circle_jobs(draw: Any, name: str, stage: str, earlier: tuple[str, ...]) -> Job:
    """A job or an approval of a workflow."""
    outcomes = st.sampled_from(["success", "failure", "always", "failed canceled"])
    needs = draw(tuples(st.builds(Need, st.sampled_from(earlier), outcomes), by=lambda one: one.job)) if earlier else ()
    common: dict[str, Any] = {
        "stage": stage,
        "needs": needs,
        "condition": draw(st.none() | CIRCLE_FILTERS.map(lambda expr: Condition(expr, Phase.COMPILE))),
    }
    kind = draw(st.sampled_from(["docker", "docker", "machine", "macos", "approval"]))
    if kind == "approval":
        return Job(name, **common, approval=Approval())
    images = draw(tuples(CIRCLE_IMAGES, 3, 1))
    runner = {
        "docker": Runner(os="linux"),
        "machine": draw(st.sampled_from([Runner(os="linux"), Runner(("ubuntu-2404:current",), os="linux")])),
        "macos": Runner(("15.4.0",), os="macos"),
    }[kind]
    axes = draw(tuples(st.builds(Axis, CIRCLE_NAMES, tuples(CIRCLE_NAMES, least=1)), 2, 1, by=lambda one: one.name))
    return Job(
        name,
        **common,
        runner=dataclasses.replace(runner, size=draw(st.sampled_from(["", "large"]))),
        container=images[0] if kind == "docker" else None,
        services=images[1:] if kind == "docker" else (),
        matrix=draw(st.none() | st.just(Matrix(axes, exclude=draw(st.sampled_from([(), (((axes[0].name, "x"),),)]))))),
        parallel=draw(st.none() | st.integers(2, 9)),
        variables=draw(CIRCLE_VARIABLES),
        steps=draw(tuples(CIRCLE_STEPS, 4, 1)),
        cwd=draw(st.just("") | PATHS),
        concurrency=draw(st.none() | CIRCLE_TEXTS.map(lambda group: Concurrency(group, queue=True))),
        natives=draw(st.sampled_from([(), (Native(f"jobs.{name}.context", "[a, b]"),), (Native(f"jobs.{name}.circleci_ip_ranges", "true"),)])),
    )  # fmt: skip


@st.composite
def circle_pipelines(draw: Any) -> Pipeline:
    """A pipeline as `circleci.parse` gives it."""
    names = draw(st.lists(CIRCLE_NAMES, min_size=1, max_size=4, unique=True))
    staged = draw(st.booleans())
    of = {name: draw(st.sampled_from(["one", "two"])) if staged else "" for name in names}
    ordered = sorted(names, key=lambda name: of[name])
    jobs = tuple(
        draw(circle_jobs(name, of[name], tuple(one for one in ordered[:at] if of[one] == of[name])))
        for at, name in enumerate(ordered)
    )
    conditions = CIRCLE_LOGIC.map(lambda expr: Condition(expr, Phase.COMPILE))
    stages = tuple(
        Stage(name, needs=(), condition=draw(conditions)) for name in dict.fromkeys(of[name] for name in ordered)
    )  # fmt: skip
    triggers = [Trigger(TriggerKind.PUSH, "project")]
    if any(job.condition and Ref("git", ("tag",)) in walk(job.condition.expr) for job in jobs):
        triggers.append(Trigger(TriggerKind.TAG, "filters"))
    clock = [Trigger(TriggerKind.SCHEDULE, name, cron="0 3 * * *") for name in ("one", "two") if draw(st.booleans())]
    clock = [one for one in clock if staged and one.native in set(of.values())]
    jobs = tuple(started.by_tags(list(jobs), clock)) if started.asks_for_tags(jobs) else jobs
    if clock:
        stages = started.by_the_clock(stages, clock)
        triggers[:1] = triggers[:1] * (len(clock) < len(stages)) + clock
    kinds = st.sampled_from([("string", "x"), ("boolean", "true"), ("number", "3")])
    parameter = st.builds(
        lambda name, kind, words: Parameter(name, *kind, words), CIRCLE_NAMES, kinds, st.just("") | CIRCLE_WORDS
    )
    orb = Unresolved(
        "circleci/node@5.1", "orbs are kept in CircleCI's registry; name a folder with its orb.yml by --library"
    )
    return Pipeline(
        System.CIRCLECI,
        "x.yml",
        name="" if staged else draw(CIRCLE_NAMES),
        triggers=tuple(triggers),
        parameters=draw(tuples(parameter, by=lambda one: one.name)),
        stages=stages if staged else (),
        jobs=jobs,
        natives=(Native("orbs.node", "circleci/node@5.1"),),
        unresolved=(orb,),
    )
