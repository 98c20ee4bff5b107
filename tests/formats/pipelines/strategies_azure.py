"""Azure pipelines at random, in the shape that their reader gives them."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import strategies as st

from formats.pipelines.strategies import NAMES, PATHS, SCRIPTS, TIMEOUTS, WORDS, templates, tuples
from seaway.formats.pipelines.azure_pipelines import expressions as azure_expressions
from seaway.formats.pipelines.azure_pipelines import printer as azure_printer
from seaway.formats.pipelines.azure_pipelines import tasks as azure_tasks
from seaway.model.expression import Binary, Call, Condition, Expr, Literal, Phase, Ref, Template, Unary
from seaway.model.pipeline import (
    Approval,
    Artifact,
    Cache,
    Checkout,
    DeployTarget,
    Globs,
    Image,
    Job,
    Matrix,
    Native,
    Need,
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
    Use,
    Variable,
)

AZURE_NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True).filter(
    lambda name: name not in {"true", "false", "null"}
)
AZURE_REFS = st.one_of(
    st.builds(lambda name: Ref("var", (name,)), NAMES),
    st.builds(lambda name: Ref("input", (name,)), AZURE_NAMES),
    st.sampled_from([Ref("git", ("sha",)), Ref("run", ("id",)), Ref("native", ("Build.ArtifactStagingDirectory",))]),
)
AZURE_WORDS = WORDS.filter(lambda text: "$" not in text and "|" not in text)
AZURE_TEXTS = templates(AZURE_REFS, AZURE_WORDS)
AZURE_EXPRESSIONS: st.SearchStrategy[Expr] = st.recursive(
    st.one_of(AZURE_REFS, st.booleans().map(Literal), st.integers(0, 99).map(Literal)),
    lambda inner: st.one_of(
        inner.map(lambda one: Unary("!", one)),
        st.builds(Binary, st.sampled_from(["&&", "||", "<"]), inner, inner),
        st.builds(lambda one, two: Call("contains", (one, two)), inner, inner),
        st.builds(lambda ref, word: Binary("==", ref, Literal(word)), AZURE_REFS, AZURE_WORDS),
    ),
    max_leaves=5,
)
AZURE_STATUS = st.sampled_from([Call("failure"), Call("always"), Unary("!", Call("cancelled"))])
AZURE_CONDITIONS = st.one_of(
    AZURE_EXPRESSIONS.filter(lambda expr: not isinstance(expr, Literal)),
    AZURE_STATUS,
    st.builds(lambda one, two: Binary("&&", one, two), AZURE_STATUS, AZURE_EXPRESSIONS),
)


def _azure_conditions(phase: Phase) -> st.SearchStrategy[Condition | None]:
    return st.none() | AZURE_CONDITIONS.map(lambda expr: Condition(once(expr), phase))


def once(expr: Expr) -> Expr:
    """Azure's `in(a, 1, 1)` names each value once."""
    text = azure_printer.expression(expr)
    return azure_expressions.parse(text)


def _azure_variables(names: st.SearchStrategy[str] = AZURE_NAMES, *, env: bool = False) -> st.SearchStrategy[Any]:
    plain = st.builds(Variable, names, AZURE_WORDS if env else AZURE_TEXTS)
    secret = names.map(lambda name: Variable(name, Template((Ref("secret", (f"s{name}",)),)), secret=True))
    return tuples(plain | secret if env else plain, by=lambda one: one.name)


def _azure_cache(key: str, files: tuple[str, ...], path: str, more: tuple[str, ...]) -> Cache:
    hashes = [part for file in files for part in ("-", Call("hash_files", (Literal(file),)))]
    whole = Template((f"{key}-", *hashes[1:])) if files else key
    return Cache(whole, files, (path,), more, component=azure_tasks.component("Cache@2"))


AZURE_WORK = st.one_of(
    st.builds(Run, templates(AZURE_REFS, SCRIPTS.filter(lambda text: "$" not in text)), st.sampled_from(["", "bash", "pwsh", "powershell"]), st.just("") | PATHS),
    st.builds(Checkout, depth=st.none() | st.integers(0, 9), lfs=st.booleans(), submodules=st.sampled_from(["", "true", "recursive"]), path=st.just("") | PATHS, credentials=st.none() | st.booleans()),
    st.builds(_azure_cache, AZURE_NAMES, tuples(st.sampled_from(["a/lock.json", "b.lock"]), by=str), PATHS, tuples(AZURE_NAMES)),
    st.builds(lambda name, path: Artifact("up", name, (path,)), st.just("") | AZURE_NAMES, AZURE_TEXTS),
    st.builds(lambda name, paths: Artifact("down", name, paths), st.just("") | AZURE_NAMES, tuples(PATHS)),
    st.builds(lambda name, paths, into: Artifact("down", name, paths, into=into, component=azure_tasks.component("DownloadPipelineArtifact@2")), st.just("") | AZURE_NAMES, tuples(PATHS), st.just("") | PATHS),
    st.builds(lambda path: Artifact("up", reports=(("junit", path),), component=azure_tasks.component("PublishTestResults@2")), PATHS),
    st.builds(
        lambda name, value: Use(azure_tasks.component(name), (Variable("versionSpec", value),)),
        st.sampled_from(["NodeTool@0", "UsePythonVersion@0"]),
        AZURE_TEXTS,
    ),
)  # fmt: skip
AZURE_STEPS = st.builds(
    Step,
    AZURE_WORK,
    name=st.just("") | AZURE_WORDS,
    condition=_azure_conditions(Phase.RUN),
    env=_azure_variables(env=True),
    timeout=st.none() | TIMEOUTS,
    retry=st.none() | st.integers(1, 9).map(Retry),
    continue_on_error=st.booleans(),
    natives=st.sampled_from([(), (Native("enabled", "false"),)]),
).map(lambda step: step if step.work.kind in {"run", "use"} else dataclasses.replace(step, retry=None))
AZURE_POOLS = st.sampled_from(
    [
        Runner(),
        Runner(("ubuntu-latest",), os="linux"),
        Runner(("windows-2022",), os="windows"),
        Runner(group="Own machines"),
    ]
)
AZURE_FILES = st.from_regex(r"[a-z][a-z0-9.-]{0,4}(/[a-z*]{1,3})?", fullmatch=True)
AZURE_GLOBS = st.one_of(st.just(Globs()), st.builds(Globs, tuples(AZURE_FILES, least=1), tuples(AZURE_FILES, 2)))
AZURE_IMAGES = st.builds(
    Image,
    st.from_regex(r"[a-z]{1,6}:[0-9]{1,4}", fullmatch=True),
    env=_azure_variables(),
    ports=tuples(st.from_regex(r"[1-9][0-9]{1,3}:80", fullmatch=True)),
    options=st.sampled_from(["", "--cpus 2"]),
)


@st.composite
def azure_jobs(draw: Any, name: str, stage: str, earlier: tuple[str, ...]) -> Job:
    """A job, a deployment job or an approval, of a stage."""
    kind = draw(st.sampled_from(["job", "job", "deployment", "approval"]))
    common: dict[str, Any] = {
        "name": draw(st.just("") | AZURE_WORDS),
        "stage": stage,
        "needs": draw(st.none() | tuples(st.sampled_from(earlier).map(Need), by=str)) if earlier else None,
        "condition": draw(_azure_conditions(Phase.QUEUE)),
    }
    if kind == "approval":
        return Job(name, **common, approval=Approval(draw(AZURE_TEXTS), draw(tuples(AZURE_NAMES))))
    steps = draw(tuples(AZURE_STEPS, 3))
    if kind == "job" and not any(isinstance(step.work, Checkout) for step in steps) and draw(st.booleans()):
        steps = (Step(Checkout(implicit=True)), *steps)
    if kind == "deployment" and not any(
        step.work.kind == "artifact" and step.work.direction == "down" for step in steps
    ):
        steps = (Step(Artifact("down"), native="automatic download"), *steps) if draw(st.booleans()) else steps
    rows = draw(
        st.lists(
            st.tuples(AZURE_NAMES, tuples(st.tuples(AZURE_NAMES, AZURE_WORDS), 2, 1, by=lambda one: one[0])),
            min_size=1,
            max_size=2,
            unique_by=lambda one: one[0],
        )
    )
    image, alias = draw(AZURE_IMAGES), draw(AZURE_NAMES)
    return Job(
        name,
        **common,
        runner=draw(AZURE_POOLS),
        container=draw(st.none() | AZURE_IMAGES),
        services=(dataclasses.replace(image, alias=f"{name}{alias}"),) if draw(st.booleans()) else (),
        matrix=draw(st.none() | st.builds(Matrix, named=st.just(tuple(rows)), max_parallel=st.none() | st.integers(1, 9))) if kind == "job" else None,
        variables=draw(_azure_variables(NAMES.map(lambda one: f"J{one}"))),
        steps=steps,
        timeout=draw(st.none() | TIMEOUTS),
        continue_on_error=draw(st.booleans()),
        environment=draw(st.builds(DeployTarget, AZURE_TEXTS)) if kind == "deployment" else None,
        post=draw(st.sampled_from([(), (Post("failure", (Step(Run("undo")),)),)])) if kind == "deployment" else (),
        natives=draw(st.sampled_from([(), (Native(f"jobs.{name}.workspace", "clean: all"),)])),
    )  # fmt: skip


@st.composite
def azure_pipelines(draw: Any) -> Pipeline:
    """A pipeline as `azure_pipelines.parse` gives it."""
    names = draw(st.lists(AZURE_NAMES, min_size=1, max_size=4, unique=True))
    staged = draw(st.booleans())
    of = {name: draw(st.sampled_from(["one", "two"])) if staged else "" for name in names}
    ordered = sorted(names, key=lambda name: of[name])
    jobs = [
        draw(azure_jobs(name, of[name], tuple(one for one in ordered[:at] if of[one] == of[name])))
        for at, name in enumerate(ordered)
    ]
    stages = [
        Stage(
            name,
            needs=draw(st.none() | st.just(())),
            condition=draw(_azure_conditions(Phase.QUEUE)),
            variables=draw(_azure_variables(NAMES.map(lambda one: f"S{one}"))),
            natives=draw(st.sampled_from([(), (Native(f"stages.{name}.displayName", "A name"),)])),
        )
        for name in dict.fromkeys(of[name] for name in ordered)
    ]
    kinds = (("trigger", TriggerKind.PUSH), ("pr", TriggerKind.PULL_REQUEST))
    triggers = [
        Trigger(kind, key, draw(AZURE_GLOBS), paths=draw(AZURE_GLOBS)) for key, kind in kinds if draw(st.booleans())
    ]
    if draw(st.booleans()):
        triggers.append(Trigger(TriggerKind.SCHEDULE, "schedules", draw(AZURE_GLOBS), cron="0 4 * * 1"))
    kept = [
        Native("variables.group", "outside"),
        Native("name", "$(Rev:r)"),
        Native("resources.repositories", "- repository: x\n  type: git\n  name: a/b"),
    ]
    parameter = st.builds(Parameter, AZURE_NAMES, st.just("string"), AZURE_WORDS, st.just("") | AZURE_WORDS)
    return Pipeline(
        System.AZURE_PIPELINES,
        "x.yml",
        triggers=tuple(triggers),
        parameters=draw(tuples(parameter, by=lambda one: one.name)),
        variables=draw(_azure_variables(NAMES.map(lambda one: f"P{one}"))),
        stages=tuple(stages) if staged else (),
        jobs=tuple(jobs),
        natives=tuple(one for one in kept if draw(st.booleans())),
    )
